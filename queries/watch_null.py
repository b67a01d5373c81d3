"""What chance alone does to a watch: how restless all segments are, and how high a score grows where nothing falls."""

from dataclasses import replace

import numpy as np

from queries.baseline import Floats
from queries.null import MEDIAN_CHI_SQUARE
from queries.watch_scan import BASE, SMALLEST, WINDOW, Watched, Windows, best_of, running

REPLICATES = 24
HORIZONS = (7, 28)
LEAST_DUE = 5.0
MEDIAN_ERROR = 2.33
"""The standard error of the median of n draws of a chi-square, over that median, is 2.33 / sqrt(n)."""


def unrest(watched: Watched) -> float:
    """Return how much further segments move from week to week, or month to month, than chance makes them; at least 1.

    The median of (O - E)^2 / V over segments and blocks of 7 and of 28 days, over that of a chi-square, less its
    standard error: few segments tell little. Only of those above what is due, since falls lie below.
    """
    ratios, singles = [1.0], max(1, int((watched.cost == watched.cost.min()).sum()))
    for length in HORIZONS:
        found, blocks = [], 0
        for last in range(WINDOW + length - 1, watched.daily.days, length):
            moves = _moves(watched, last - length + 1, last)
            found.append(moves)
            blocks += len(moves) > 0
        held = np.concatenate(found) if found else np.zeros(0)
        if len(held):
            error = MEDIAN_ERROR / np.sqrt(max(1.0, blocks * singles / 2))
            ratios.append(float(np.median(held)) / MEDIAN_CHI_SQUARE - error)
    return max(ratios)


def _moves(watched: Watched, first: int, last: int) -> Floats:
    """Return (O - E)^2 / V of the segments that have more than is due on these days."""
    block = Windows.every_onset(watched.sums, (max(0, first - BASE), first), slice(first, first + 1), last)
    above = (block.had > block.due) & (block.due >= LEAST_DUE)
    rest = np.maximum(block.every - block.due, SMALLEST)
    return ((block.due - block.had) ** 2 * block.every / (block.due * rest * block.doubt))[above]


def threshold(watched: Watched, chance: float, rng: np.random.Generator, replicates: int = REPLICATES) -> float:
    """Return the score that is reached at all, in as many days, with this chance where nothing leaks.

    A parametric bootstrap on these cells: the conversions of each day fall to its cells as main effects say, and the
    highest score of each replicate is kept. A Gumbel distribution is fitted to these by its first two moments.
    """
    highest = np.array([_highest(watched, _drawn(watched, rng)) for _ in range(replicates)])
    scale = max(float(highest.std(ddof=1)) * np.sqrt(6.0) / np.pi, 1e-9)
    middle = float(highest.mean()) - np.euler_gamma * scale
    return middle - scale * float(np.log(-np.log(1.0 - chance)))


def _drawn(watched: Watched, rng: np.random.Generator) -> Floats:
    """Draw the conversions of each watched segment and day where nothing leaks (segments x days)."""
    daily = watched.daily
    mass = np.concatenate([[0.0], np.cumsum(watched.row_due)])
    ends = np.searchsorted(daily.day, np.arange(daily.days + 1))
    low, high = mass[ends[:-1]], mass[ends[1:]]
    day = np.repeat(np.arange(daily.days), watched.every.astype(int))
    wanted = low[day] + rng.random(len(day)) * (high - low)[day]
    rows = np.clip(np.searchsorted(mass, wanted, side="right") - 1, ends[day], ends[day + 1] - 1)
    return watched.by_day(np.ones(len(rows)), rows)


def _highest(watched: Watched, had: Floats) -> float:
    sums = replace(watched.sums, had=running(had))
    highest = 0.0
    for day in range(WINDOW, watched.daily.days):
        found = best_of(sums, day, watched.cost, 1.0, highest)
        highest = found.score if found else highest
    return highest
