"""Which segments fall, since which day: the day's scan of all segments and onsets.

A scan statistic over segments and onsets (Kulldorff 2001, prospective; the likelihood ratio of a fall, Poisson counts
given the total of each day). What all segments do together, weekdays, promotions, a trend, cancels out: a segment's
due is its share of what main effects expect of the day, times the conversions of the day, times its own past ratio.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import xlogy

from queries.baseline import Codes, Design, Floats
from queries.daily_cells import DailyCells
from queries.local_level import kept_a_day, walked, weighted_sums
from queries.main_effects import main_effect_rates
from queries.odd_days import OddDay, is_told, usual_days
from queries.scan import Candidates

WINDOW = 28
"""An onset is looked for within so many days; as many before it are needed."""
BASE = 182
"""So many days before the window say what is usual of a segment."""
PRIOR = 20.0
"""Conversions that speak for the ratio 1 of a segment to main effects, beside its own."""
LEAST_EXPECTED = 10.0
"""A segment of fewer conversions in 28 days could not reach the threshold with all of them gone."""
LARGEST_SHARE = 0.9
HALF = 0.5
SMALLEST = 1e-9
LARGEST_PART = 0.98


def fall(observed: Floats, due: Floats, every: Floats) -> Floats:
    """Return the log-likelihood ratio of a fall: O of the T conversions fell to a segment where E were due.

    O ln(O / E) + (T - O) ln((T - O) / (T - E)) where O < E, else 0: binomial given the total T, and the Poisson ratio
    O ln(O / E) - (O - E) where the segment is a small part of it.
    """
    rest, rest_due = every - observed, np.maximum(every - due, 1e-9)
    gain = xlogy(observed, observed / np.maximum(due, 1e-12)) + xlogy(rest, rest / rest_due)
    return np.where(observed < due, np.maximum(gain, 0.0), 0.0)


def odds_ratio(observed: Floats, due: Floats, every: Floats) -> Floats:
    """Return how a segment converts against its due once all others are taken as they are: 1 where it is as due."""
    held = np.maximum(observed, HALF)
    return held / due * (every - due) / np.maximum(every - observed, HALF)


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Hold running sums over the days (segments x days + 1) of conversions and of what main effects make due of them.

    `every` are those of all conversions; `largest` is the largest share of a day's that is due in a segment. `own` is
    before each day the usual ratio of the segment to main effects, `known` the conversions that say so; `walk` the
    variance of its logarithm a day (segments).
    """

    had: Floats
    due: Floats
    every: Floats
    largest: Floats
    own: Floats
    known: Floats
    walk: Floats

    @classmethod
    def of(cls, had: Floats, due: Floats, every: Floats, walk: Floats) -> "Sums":
        """Add up days."""
        largest = (due / np.maximum(every, 1.0)).max(axis=1, initial=0.0)
        kept = kept_a_day(walk, had.sum(axis=1) / max(np.count_nonzero(every), 1))
        prior = PRIOR * kept[:, None] ** np.arange(had.shape[1] + 1)
        known = weighted_sums(had, kept, BASE) + prior
        own = known / (weighted_sums(due, kept, BASE) + prior)
        return cls(running(had), running(due), running(every), largest, own, known, walk)


def running(days: Floats) -> Floats:
    """Return the sums before each day, and that of all (one more than the days)."""
    return np.concatenate([np.zeros((*days.shape[:-1], 1)), np.cumsum(days, axis=-1)], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Hold windows from an onset to one day: conversions, what was due, all conversions (of one shape).

    `doubt` is by how much the past widens the variance: 1 + E (1 / known + .6 q L / 3) of L days.
    """

    had: Floats
    due: Floats
    every: Floats
    doubt: Floats

    @classmethod
    def every_onset(cls, sums: Sums, onsets: slice, day: int) -> "Windows":
        """Cut the windows of all segments from each onset to a day (segments x onsets)."""
        rows, columns = np.ogrid[: len(sums.had), : onsets.stop - onsets.start]
        return cls.of(sums, onsets, day, rows, columns)

    @classmethod
    def of(cls, sums: Sums, onsets: slice, day: int, rows: Codes, columns: Codes) -> "Windows":
        """Cut windows of some segments from some onsets to a day."""
        starts = onsets.start + columns
        had = sums.had[rows, day + 1] - sums.had[rows, starts]
        due = sums.own[rows, starts] * (sums.due[rows, day + 1] - sums.due[rows, starts])
        every = np.broadcast_to(sums.every[day + 1] - sums.every[starts], due.shape)
        due = np.clip(due, SMALLEST, np.maximum(LARGEST_PART * every, SMALLEST))
        doubt = 1.0 + due * (1.0 / sums.known[rows, starts] + walked(sums.walk[rows], day + 1 - starts))
        return cls(had, due, every, doubt)

    def falls(self) -> Floats:
        """Return the likelihood ratio of a fall in each window, over the doubt of its base."""
        return fall(self.had, self.due, self.every) / self.doubt

    def ratios(self) -> Floats:
        """Return the ratio of each window to its due, all others taken as they are."""
        return odds_ratio(self.had, self.due, self.every)


@dataclass(frozen=True, slots=True)
class Best:
    """Hold the highest score of a day: the segment, the onset, the ratio since then."""

    score: float
    segment: int
    onset: int
    ratio: float


def first_onset(day: int) -> int:
    """Return the first day that a fall seen on a day may have begun on."""
    return max(WINDOW, day - WINDOW + 1)


def best_of(sums: Sums, day: int, cost: Floats, least: float) -> Best | None:
    """Return the highest score of the windows that end on a day, if it is more than `least`.

    The score is the likelihood ratio of a fall, over the doubt of the past, less the `cost` of each segment: the
    logarithm of the number of segments of so many values. It is reckoned only where it may be so high: the ratio is
    never more than (E - O)^2 / (E (1 - E / T)).
    """
    onsets = slice(first_onset(day), day + 1)
    own = sums.own[:, onsets]
    due = own * (sums.due[:, day + 1, None] - sums.due[:, onsets])
    short = due - sums.had[:, day + 1, None]
    short += sums.had[:, onsets]
    room = np.maximum(1.0 - own * sums.largest[:, None], 1.0 - LARGEST_PART)
    np.maximum(due, SMALLEST, out=due)
    due *= room
    due *= (least + cost)[:, None]
    rows, columns = np.nonzero(short > np.sqrt(due))
    if not len(rows):
        return None
    windows = Windows.of(sums, onsets, day, rows, columns)
    scores = windows.falls() - cost[rows]
    place = int(np.argmax(scores))
    if scores[place] <= least:
        return None
    ratio = float(windows.ratios()[place])
    return Best(float(scores[place]), int(rows[place]), onsets.start + int(columns[place]), ratio)


class Watched:
    """Hold the segments that are watched, and what is due of them by day under the incidents known so far.

    `had` and `every` are the conversions that say something: those of days that are not `odd`; `had_counted` and
    `counted` are all of them. `mine` are the segments that no table before this one watches: only these are told, the
    others explain.
    """

    def __init__(self, daily: DailyCells, max_order: int = 2) -> None:
        """Fit main effects to all days once, and list the segments that are large enough to be dated."""
        cells = daily.cells
        self.daily, self.design = daily, Design.of(cells.codes, cells.sizes)
        rate = main_effect_rates(cells)
        self.row_due, odd = usual_days(daily, daily.sessions * rate[daily.cell])
        self.counted = daily.total(daily.conversions)
        self.cell_due = cells.sessions * rate
        in_window = self.cell_due * WINDOW / max(len(np.unique(daily.day)), 1)
        self.candidates = Candidates.of(cells, self.design, range(1, max_order + 1), 1.0)
        expected = self.candidates.sums(in_window)[:, 0]
        watched = (expected >= LEAST_EXPECTED) & (expected <= LARGEST_SHARE * in_window.sum())
        self.places, self.typical = np.nonzero(watched)[0], expected[watched]
        self.too_small = int((expected < LEAST_EXPECTED).sum())
        orders = self.candidates.orders[watched]
        self.cost = np.log(np.maximum(np.bincount(orders, minlength=max_order + 1), 1))[orders]
        self.mine = np.ones(len(self.places), dtype=bool)
        self.matrix = _membership(self.candidates, watched, len(cells.codes))
        self.orders = orders
        self.had_counted = self.by_day(daily.conversions)
        self.walk = np.zeros(len(self.places))
        self.set_odd(odd)
        self.reset()

    def __len__(self) -> int:
        """Return the number of watched segments."""
        return len(self.places)

    @property
    def nights(self) -> int:
        """Return how many days are watched: those with sessions after the first 28."""
        return max(1, int(np.count_nonzero(self.every)) - WINDOW)

    def reset(self) -> None:
        """Forget all incidents."""
        self.factors = np.ones_like(self.row_due)
        self.day_due = self.daily.total(self.row_due)
        self.segment_due = self.by_day(self.row_due)
        self._sums: Sums | None = None

    def set_odd(self, odd: tuple[OddDay, ...]) -> None:
        """Take the counts of these days as saying nothing."""
        self.odd, self.told = odd, is_told(self.daily, odd)
        self.every, self.had = self.counted * self.told, self.had_counted * self.told
        self._sums = None

    def set_walk(self, walk: Floats) -> None:
        """Take the logarithm of each segment's ratio as walking with so much variance a day (segments)."""
        self.walk, self._sums = walk, None

    def named(self, segment: int) -> dict[str, str]:
        """Return a watched segment by its names."""
        cells = self.daily.cells
        return {cells.dimensions[place]: cells.labels[place][value] for place, value in self.key(segment)}

    def members(self, segment: int) -> Codes:
        """Return the indices of the cells of a watched segment."""
        return self.candidates.members(int(self.places[segment]))

    def key(self, segment: int) -> tuple[tuple[int, int], ...]:
        """Return a watched segment as (dimension, value) codes."""
        return self.candidates.key(int(self.places[segment]))

    def multiply(self, segment: int, first: int, before: int, ratio: float) -> None:
        """Take a segment as converting at a ratio of what is due, from one day to before another."""
        rows = self.rows(segment, first, before)
        change = self.row_due[rows] * self.factors[rows] * (ratio - 1.0)
        self.factors[rows] *= ratio
        self.segment_due += self.by_day(change, rows)
        self.day_due += np.bincount(self.daily.day[rows], change, minlength=self.daily.days)
        self._sums = None

    def rows(self, segment: int, first: int, before: int) -> Codes:
        """Return the rows of a watched segment from one day to before another."""
        inside = np.zeros(len(self.cell_due), dtype=bool)
        inside[self.members(segment)] = True
        days = slice(*np.searchsorted(self.daily.day, [first, before]))
        return days.start + np.nonzero(inside[self.daily.cell[days]])[0]

    def by_day(self, column: Floats, rows: Codes | slice = slice(None)) -> Floats:
        """Return the sum of a column of these rows over each watched segment and day (segments x days)."""
        places = self.daily.cell[rows], self.daily.day[rows]
        table = sparse.csr_array((column, places), shape=(len(self.cell_due), self.daily.days))
        return np.asarray((self.matrix @ table).todense())

    @property
    def sums(self) -> Sums:
        """Return the running sums under the incidents known so far."""
        if self._sums is None:
            self._sums = Sums.of(self.had, self.due, self.every, self.walk)
        return self._sums

    @property
    def due(self) -> Floats:
        """Return per segment and day its share of what is due, times the conversions of the day."""
        return part_of(self.segment_due, self.day_due, self.every)


def watch_together(tables: Sequence[Watched]) -> None:
    """Leave each segment to the first table that watches it; each costs the logarithm of how many all tables watch.

    A day that is odd in one table is odd in all: they hold the same sessions.
    """
    odd = {each.date: each for watched in reversed(tables) for each in watched.odd}
    for watched in tables:
        watched.set_odd(tuple(odd[date] for date in sorted(odd)))
    seen: set[frozenset[tuple[str, str]]] = set()
    counts = np.zeros(1, dtype=np.intp)
    for watched in tables:
        names = [frozenset(watched.named(segment).items()) for segment in range(len(watched))]
        watched.mine = np.array([name not in seen for name in names], dtype=bool)
        seen.update(names)
        own = np.bincount(watched.orders[watched.mine], minlength=len(counts))
        counts = own + np.pad(counts, (0, len(own) - len(counts)))
    for watched in tables:
        watched.cost = np.log(np.maximum(counts, 1))[watched.orders]


def part_of(due: Floats, whole: Floats, every: Floats) -> Floats:
    """Return the conversions of each day that fall to what has so much of the whole; 0 on a day without sessions."""
    return due * np.divide(every, whole, out=np.zeros_like(every), where=whole > SMALLEST)


def _membership(candidates: Candidates, watched: np.ndarray, cells: int) -> sparse.csr_array:
    """Return which cells lie in which watched segment (segments x cells, ones)."""
    inside = [candidates.members(int(segment)) for segment in np.nonzero(watched)[0]]
    columns = np.concatenate(inside) if inside else np.zeros(0, int)
    rows = np.repeat(np.arange(len(inside)), [len(cells_inside) for cells_inside in inside])
    return sparse.csr_array((np.ones(len(columns)), (rows, columns)), shape=(len(inside), cells))
