"""What happens where nothing falls: how far segments walk by themselves, and how high a score grows by chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from queries.baseline import Codes, Floats
from queries.gumbel import Gumbel
from queries.local_level import walk_of
from queries.threads import at_once
from queries.watch_scan import BASE, LARGEST_PART, PRIOR, SMALLEST, WINDOW, Watched, Windows, first_onset

Counts = NDArray[np.float32]
Mask = NDArray[np.bool_]
Past = tuple[Counts, Counts, Counts, Floats]

BLOCKS = (14, 28)
LEAST_DUE, HALF_WEIGHT = 5.0, 200.0
"""A block counts from so many expected conversions on, half from so many on: only large segments show a small walk."""
REPLICATES = 200
FEWEST_DRAWS, MOST_DRAWS, DRAWN = 24, 50, 1_000_000
"""A day is drawn so many times, fewer where conversions are many: about as many of them in all. A replicate takes one
draw of each day, since days do not depend on each other."""
AT_ONCE = 256_000
"""Segments times replicates that are scanned together: what a day has of them stays in the processor's cache."""
NIGHTS = 91
"""So many nights of a replicate are scanned, the last: a night is like the next one, and a year's follow from them."""
SCALE = 1.0
"""Far out a likelihood ratio is as rare as exp(-x) (Wilks 1938), whatever a few replicates of a few nights show."""
SLACK = 1.0 - 1e-5
"""Single precision decides only which windows are reckoned in full."""


def walks(watched: Watched) -> Floats:
    """Return how far the logarithm of each segment's ratio walks a day (variance), one for each number of values.

    From block to block of 14 and of 28 days a ratio moves by chance, and by 2 q L / 3 where it walks. The weighted
    median of the squared moves says which q; of rises alone, since falls are what is looked for.
    """
    blocks = [
        _rises(watched, end - 2 * length, length)
        for length in BLOCKS
        for end in range(watched.daily.days, 2 * length - 1, -length)
    ]
    walk = np.zeros(len(watched))
    for order in np.unique(watched.orders) if blocks else ():
        chosen = watched.orders == order
        found = np.concatenate([rises[:, chosen & (rises[3] > 0)] for rises in blocks], axis=1)
        walk[chosen] = walk_of(*found)
    return walk


def _rises(watched: Watched, start: int, length: int) -> Floats:
    """Return the rise of each segment from one block to the next: rise, noise, walk, weight; weight 0 where it fell."""
    sums, middle, end = watched.sums, start + length, start + 2 * length
    own = (sums.had[:, -1] + PRIOR) / (sums.due[:, -1] + PRIOR)
    had = sums.had[:, middle] - sums.had[:, start]
    due = own * (sums.due[:, middle] - sums.due[:, start])
    after = own * (sums.due[:, end] - sums.due[:, middle]) * (had + PRIOR) / (due + PRIOR)
    total = max(float(sums.every[end] - sums.every[middle]), 1.0)
    rest = np.maximum(1.0 - after / total, 1.0 - LARGEST_PART)
    rise = sums.had[:, end] - sums.had[:, middle] - after
    noise = np.maximum(after * rest * (1.0 + after / (had + PRIOR)), SMALLEST)
    walk = (after * had / (had + PRIOR)) ** 2 * 2.0 * length / 3.0
    return np.stack(
        [rise, noise, walk, np.where((rise > 0) & (after >= LEAST_DUE), after / (after + HALF_WEIGHT), 0.0)]
    )


def null_of(tables: Sequence[Watched], seed: int, replicates: int = REPLICATES) -> Gumbel:
    """Return how high the highest score of a night grows where nothing leaks and nothing walks.

    A parametric bootstrap on the cells of each table: the conversions of each day fall to them as main effects say; the
    highest score of up to 91 nights is taken down to one. The random numbers of a day depend on its date alone, so that
    one day more moves the outcome little. Tables of the same sessions are drawn apart, as if they shared no order:
    where they do, the highest is a little lower.
    """
    stack = Stack.of(tables)
    seeds = range(seed, seed + len(tables))
    parts = at_once(lambda watched, own: drawn_days(watched, own, replicates), tables, seeds)
    drawn, picks = np.concatenate([each for each, _ in parts], axis=1), parts[0][1]
    pieces = min(-(-replicates * len(stack.cost) // AT_ONCE), replicates)
    found = [highest(stack, drawn, some) for some in np.array_split(picks, pieces)]
    return Gumbel.fitted(np.concatenate(found), SCALE).over(1.0 / nights_scanned(tables[0]))


def nights_scanned(watched: Watched) -> int:
    """Return how many nights say what chance does."""
    return min(watched.nights, NIGHTS)


def first_night(watched: Watched) -> int:
    """Return the day of the first night that is scanned."""
    return int(np.nonzero(watched.every)[0][-nights_scanned(watched)])


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Hold the segments of several tables of the same sessions, each of the first table that watches it.

    `due` are running sums (segments x days + 1), `every` those of all conversions (days + 1). `first` is the first
    night that is scanned.
    """

    due: Floats
    largest: Floats
    cost: Floats
    typical: Floats
    every: Floats
    first: int

    @classmethod
    def of(cls, tables: Sequence[Watched]) -> Self:
        """Put the tables' own segments one below the other."""
        of_tables = [(each.sums.due, each.sums.largest, each.cost, each.typical) for each in tables]
        own = [[column[each.mine] for column in columns] for each, columns in zip(tables, of_tables, strict=True)]
        due, largest, cost, typical = (np.concatenate(columns) for columns in zip(*own, strict=True))
        return cls(due, largest, cost, typical, tables[0].sums.every, first_night(tables[0]))


def drawn_days(watched: Watched, seed: int, replicates: int) -> tuple[Counts, Codes]:
    """Draw the conversions of a table's own segments by day where nothing leaks, and which draws a replicate takes.

    Days that no scanned night looks back to are left out.
    Returns counts (days x segments x draws) and places of draws (replicates x days).
    """
    daily, first = watched.daily, watched.daily.first_day.toordinal()
    draws = int(np.clip(DRAWN / max(watched.every.sum(), 1.0), FEWEST_DRAWS, MOST_DRAWS))
    ends, seen_from = np.searchsorted(daily.day, np.arange(daily.days + 1)), first_night(watched) - WINDOW - BASE
    matrix = watched.matrix[np.nonzero(watched.mine)[0]].astype(np.float32).tocsc()
    inside, draw, own = _segments_of_cells(matrix), np.arange(draws)[:, None, None], matrix.shape[0]
    drawn = np.zeros((daily.days, own, draws), dtype=np.float32)
    picks = np.zeros((replicates, daily.days), dtype=np.intp)
    for day, (start, end) in enumerate(pairwise(ends)):
        if day < seen_from or not watched.every[day]:
            continue
        rng = np.random.default_rng([seed, first + day])
        due, count = watched.row_due[start:end], round(watched.every[day])
        if count > len(due):  # fewer rows than conversions: rows are drawn, not conversions
            had = rng.multinomial(count, due / due.sum(), size=draws).T
            drawn[day] = matrix[:, daily.cell[start:end]] @ had.astype(np.float32)
        else:
            mass = np.cumsum(due)
            rows = np.minimum(np.searchsorted(mass, rng.random((draws, count)) * mass[-1], side="right"), len(due) - 1)
            places = inside[daily.cell[start + rows]] * draws + draw
            drawn[day] = np.bincount(places.ravel(), minlength=(own + 1) * draws).reshape(-1, draws)[:-1]
        picks[:, day] = rng.integers(draws, size=replicates)
    return drawn, picks


def _segments_of_cells(matrix: sparse.csc_array) -> Codes:
    """Return the segments of each cell, filled up with their number (cells x the most of a cell)."""
    counts = np.diff(matrix.indptr)
    inside = np.full((len(counts), max(1, counts.max(initial=0))), matrix.shape[0], dtype=np.intp)
    cells = np.repeat(np.arange(len(counts)), counts)
    inside[cells, np.arange(len(cells)) - matrix.indptr[cells]] = matrix.indices
    return inside


def highest(stack: Stack, drawn: Counts, picks: Codes) -> Floats:
    """Return the highest score of each replicate, as `best_of` finds it day by day (replicates).

    Segments are in the order of what is due of them: for each onset only the first so many can reach a score at all,
    for with everything gone the likelihood ratio is no more than what was due, over the room.
    """
    order = np.argsort(-stack.typical / np.maximum(stack.cost, 1.0), kind="stable")
    due, cost, largest = stack.due[order].T, stack.cost[order, None], stack.largest[order, None].astype(np.float32)
    had = np.zeros((len(due), len(order), len(picks)), dtype=np.float32)
    for day, chosen in enumerate(picks.T):
        np.add(had[day], drawn[day][order].take(chosen, axis=1), out=had[day + 1])
    past: dict[int, Past] = {}
    found = np.zeros(len(picks))
    for day in range(first_onset(stack.first), len(due) - 1):
        first = first_onset(day)
        past[day] = _past(had, due, largest, day)
        past.pop(first - 1, None)
        if day < stack.first or stack.every[day + 1] == stack.every[day]:
            continue
        windows = due[day + 1] - due[first : day + 1]
        most, base = (np.array([past[onset][part] for onset in range(first, day + 1)]) for part in (2, 3))
        doubt = 1.0 + windows / base
        able = windows * most >= doubt * (cost[:, 0] + found.min())
        bar = (np.sqrt(found + cost) * SLACK).astype(np.float32)
        over = _may_be_higher(had, windows, np.sqrt(windows * doubt), able, bar, past, day)
        if not over:
            continue
        rows, columns = (np.concatenate([each[part] for each in over]) for part in (0, 1))
        onsets = np.repeat([onset for *_, onset in over], [len(places) for places, *_ in over])
        bases = np.maximum(0, onsets - BASE)
        known = (had[onsets, rows, columns] - had[bases, rows, columns]).astype(float) + PRIOR
        every = stack.every[day + 1] - stack.every[onsets]
        expected = known / (due[onsets, rows] - due[bases, rows] + PRIOR) * windows[onsets - first, rows]
        expected = np.clip(expected, SMALLEST, LARGEST_PART * every)
        counted = (had[day + 1, rows, columns] - had[onsets, rows, columns]).astype(float)
        falls = Windows(counted, expected, every, 1.0 + expected / known).falls()
        np.maximum.at(found, columns, falls - cost[rows, 0])
    return found


def _past(had: Counts, due: Floats, largest: Counts, onset: int) -> Past:
    """Return the usual ratio before an onset, the root of it times the room, the most of it over the room, the base.

    The base is what was due where what is expected is in doubt by its share of that; without end where a segment may
    be nearly all, whose expected is cut off.
    """
    first = max(0, onset - BASE)
    base = due[onset] - due[first] + PRIOR
    own = (had[onset] - had[first] + np.float32(PRIOR)) / base[:, None].astype(np.float32)
    part = own * largest
    room = np.maximum(1.0 - part, np.float32(1.0 - LARGEST_PART))
    return own, np.sqrt(room * own), (own / room).max(axis=1), np.where(part.max(axis=1) < LARGEST_PART, base, np.inf)


def _may_be_higher(
    had: Counts, windows: Floats, roots: Floats, able: Mask, bar: Counts, past: dict[int, Past], day: int
) -> list[tuple[Codes, Codes, int]]:
    """Return the segments and replicates whose windows from an onset to a day may score higher than all before.

    `windows` (onsets x segments) are what is due, `roots` those of it times its doubt, `able` says which can score at
    all; the likelihood ratio is never more than (E - O)^2 / (E (1 - E / T)).
    """
    over, first = [], day + 1 - len(windows)
    for onset, (window, root_due, can) in enumerate(zip(windows, roots, able, strict=True), first):
        if not can.any():
            break
        few = slice(len(can) - int(np.argmax(can[::-1])))
        own, root, *_ = past[onset]
        due = window[few, None].astype(np.float32)
        short, asked = own[few] * due, root[few] * bar[few]
        asked *= root_due[few, None].astype(np.float32)
        short -= asked
        short += had[onset][few]
        places = np.flatnonzero(short > had[day + 1][few])
        if len(places):
            over.append((*np.divmod(places, bar.shape[1]), onset))
    return over
