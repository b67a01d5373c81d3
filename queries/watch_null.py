"""What chance alone does to a watch: how restless all segments are, and how high a score grows where nothing falls."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from queries.baseline import Codes, Floats
from queries.gumbel import Gumbel
from queries.null import MEDIAN_CHI_SQUARE
from queries.watch_scan import BASE, LARGEST_PART, PRIOR, SMALLEST, WINDOW, Watched, Windows, base_of

Counts = NDArray[np.float32]

REPLICATES = 200
FEWEST_DRAWS, MOST_DRAWS, DRAWN = 24, 100, 1_500_000
"""A day is drawn so many times, fewer where conversions are many: about as many of them in all. A replicate takes one
draw of each day, since days do not depend on each other."""
AT_ONCE = 64_000
"""Segments times replicates that are scanned together: what a day has of them stays in the processor's cache."""
SLACK = 1.0 - 1e-5
"""Single precision decides only which windows are reckoned in full."""
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


def null_of(watched: Watched, seed: int, replicates: int = REPLICATES) -> Gumbel:
    """Return how high the highest score of so many days grows where nothing leaks.

    A parametric bootstrap on these cells: the conversions of each day fall to its cells as main effects say. The random
    numbers of a day depend on its date alone, so that one day more moves the outcome little.
    """
    drawn, picks = drawn_days(watched, seed, replicates)
    size = max(1, AT_ONCE // len(watched))
    parts = [highest(watched, drawn, picks[first : first + size]) for first in range(0, replicates, size)]
    return Gumbel.fitted(np.concatenate(parts))


def drawn_days(watched: Watched, seed: int, replicates: int) -> tuple[Counts, Codes]:
    """Draw the conversions of each segment on each day where nothing leaks, and which of the draws a replicate takes.

    Returns counts (days x segments x draws) and places of draws (replicates x days).
    """
    daily, first = watched.daily, watched.daily.first_day.toordinal()
    draws = int(np.clip(DRAWN / max(watched.every.sum(), 1.0), FEWEST_DRAWS, MOST_DRAWS))
    ends = np.searchsorted(daily.day, np.arange(daily.days + 1))
    inside, draw = _segments_of_cells(watched), np.arange(draws)[:, None, None]
    drawn = np.zeros((daily.days, len(watched), draws), dtype=np.float32)
    picks = np.zeros((replicates, daily.days), dtype=np.intp)
    for day, (start, end) in enumerate(pairwise(ends)):
        if not watched.every[day]:
            continue
        rng = np.random.default_rng([seed, first + day])
        mass = np.cumsum(watched.row_due[start:end])
        wanted = rng.random((draws, round(watched.every[day]))) * mass[-1]
        rows = np.minimum(start + np.searchsorted(mass, wanted, side="right"), end - 1)
        places = inside[daily.cell[rows]] * draws + draw
        drawn[day] = np.bincount(places.ravel(), minlength=(len(watched) + 1) * draws).reshape(-1, draws)[:-1]
        picks[:, day] = rng.integers(draws, size=replicates)
    return drawn, picks


def _segments_of_cells(watched: Watched) -> Codes:
    """Return the watched segments of each cell, filled up with their number (cells x the most of a cell)."""
    matrix = watched.matrix.tocsc()
    counts = np.diff(matrix.indptr)
    inside = np.full((len(counts), max(1, counts.max(initial=0))), len(watched), dtype=np.intp)
    cells = np.repeat(np.arange(len(counts)), counts)
    inside[cells, np.arange(len(cells)) - matrix.indptr[cells]] = matrix.indices
    return inside


def highest(watched: Watched, drawn: Counts, picks: Codes) -> Floats:
    """Return the highest score of each replicate, as `best_of` finds it day by day (replicates).

    Segments are in the order of what is due of them: for each onset only the first so many can reach a score at all,
    for with everything gone the likelihood ratio is no more than what was due, over the room.
    """
    sums = watched.sums
    order = np.argsort(-watched.typical / np.maximum(watched.cost, 1.0), kind="stable")
    due, cost, largest = sums.due[order].T, watched.cost[order, None], sums.largest[order, None]
    had = np.zeros((len(due), len(order), len(picks)), dtype=np.float32)
    for day, chosen in enumerate(picks.T):
        np.add(had[day], drawn[day][order[:, None], chosen], out=had[day + 1])
    found = np.zeros(len(picks))
    for day in np.nonzero(watched.every[WINDOW:])[0] + WINDOW:
        first, end = base_of(int(day))
        known = had[end] - had[first] + PRIOR
        own = known / (due[end] - due[first] + PRIOR)[:, None]
        room = np.maximum(1.0 - own * largest, 1.0 - LARGEST_PART)
        bar = (np.sqrt((found + cost) * room * own) * SLACK).astype(np.float32)
        own32, last = own.astype(np.float32), had[day + 1]
        windows = due[day + 1] - due[end : day + 1]
        able = windows * (own / room).max(axis=1) >= cost[:, 0] + found.min()
        over: list[tuple[Codes, Codes, int]] = []
        for onset, (window, can) in enumerate(zip(windows, able, strict=True), end):
            if not can.any():
                break
            few = slice(len(can) - int(np.argmax(can[::-1])))
            window32 = window[few, None].astype(np.float32)
            short = own32[few] * window32
            short -= bar[few] * np.sqrt(window32)
            short += had[onset][few]
            places = np.flatnonzero(short > last[few])
            if len(places):
                over.append((*np.divmod(places, len(picks)), onset))
        if over:
            rows, columns = (np.concatenate([each[part] for each in over]) for part in (0, 1))
            onsets = np.repeat([onset for *_, onset in over], [len(places) for places, *_ in over])
            every = sums.every[day + 1] - sums.every[onsets]
            expected = np.clip(own[rows, columns] * windows[onsets - end, rows], SMALLEST, LARGEST_PART * every)
            counted = (last[rows, columns] - had[onsets, rows, columns]).astype(float)
            falls = Windows(counted, expected, every, 1.0 + expected / known[rows, columns]).falls()
            np.maximum.at(found, columns, falls - cost[rows, 0])
    return found
