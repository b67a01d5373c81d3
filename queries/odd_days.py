"""Odd days: up to a week on which orders fall to values of a dimension otherwise than before and after, as in a sale.

What lasts is like the days after it, so that a fall or a rise that goes on takes no day out. Such days say nothing of
what is usual, and a scan for what fell does not look at them; their counts and prices stay.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from queries.baseline import Codes, Floats
from queries.daily_cells import DailyCells
from queries.weekdays import weekday_factors

Mask = NDArray[np.bool_]
Run = tuple[float, int, int, int]

LONGEST = 7
"""So many days in a row may be odd: what is longer is a fall or a rise."""
BESIDE = 4
"""So many days on either side say how orders fall else: of what lasts two weeks, they hold all of one side."""
CHANCE = 2e-4
"""That of so odd a run of days in one dimension."""
ALONE = 0.01
"""That of what is left of it without the value that fell most."""
LEAST_DUE = 5.0
"""Values of fewer expected conversions are taken together."""
ROUNDS = 3
PRIOR = 5.0
"""Conversions that speak for the usual part of a value on each side, beside those counted: four days may have few."""
MEDIAN = 0.5


@dataclass(frozen=True, slots=True)
class OddDay:
    """Hold a day and the dimension to whose values orders fell otherwise on it than around it."""

    date: dt.date
    dimension: str


def usual_days(daily: DailyCells, row_due: Floats) -> tuple[Floats, tuple[OddDay, ...]]:
    """Return what is due in each row with what its weekday does to it, and the days that are odd even so.

    `row_due` are the conversions that main effects make due in each row of (cell, day).
    """
    due = row_due * weekday_factors(daily, row_due)
    odd = odd_days(daily, due)
    if odd:
        due = row_due * weekday_factors(daily, row_due, [each.date for each in odd])
        odd = odd_days(daily, due)
    return due, odd


def odd_days(daily: DailyCells, row_due: Floats) -> tuple[OddDay, ...]:
    """Return days in a row on which orders fell to values otherwise than on the days before and on those after.

    The chance is that of the chi-square of the counts of one to seven days given the four days before and the four
    after, mixed as fits best. Where nothing but the fall of one value is odd, the days are not: that is what a watch is
    for.
    """
    told = daily.total(daily.conversions) > 0
    tables = [_table(daily, row_due, place) for place in range(len(daily.cells.sizes))]
    found: dict[int, str] = {}
    for _ in range(ROUNDS):
        before = len(found)
        for _, first, length, place in sorted(_runs(tables, told)):
            days = slice(first, first + length)
            if told[days].all():
                told[days] = False
                found |= dict.fromkeys(range(first, first + length), daily.cells.dimensions[place])
        if len(found) == before:
            break
    return tuple(OddDay(daily.date(day), found[day]) for day in sorted(found))


def is_told(daily: DailyCells, odd: Collection[OddDay]) -> Mask:
    """Say which days are not odd (days)."""
    places = [(each.date - daily.first_day).days for each in odd]
    return np.isin(np.arange(daily.days), places, invert=True)


def _table(daily: DailyCells, row_due: Floats, place: int) -> tuple[Floats, Floats]:
    """Return conversions and their due of each value of a dimension by day (values x days), the smallest together."""
    codes, days = daily.cells.codes[daily.cell, place], daily.days
    in_a_run = np.bincount(codes, daily.conversions, minlength=daily.cells.sizes[place]) * LONGEST / days
    large = in_a_run >= LEAST_DUE / 2
    rows = np.where(large, np.cumsum(large) - 1, large.sum())
    places, size = rows[codes] * days + daily.day, int(large.sum()) + 1
    had, due = (
        np.bincount(places, column, minlength=size * days).reshape(size, days).astype(float)
        for column in (daily.conversions, row_due)
    )
    return had, due


def _runs(tables: list[tuple[Floats, Floats]], told: Mask) -> list[Run]:
    """Return the odd runs of days: chance, first day, length, dimension."""
    found = []
    for place, (had, due) in enumerate(tables):
        for length in range(1, min(LONGEST, len(told)) + 1):
            chances = oddness(had, due, told, length)
            found += [(float(chances[day]), int(day), length, place) for day in np.nonzero(chances < CHANCE)[0]]
    return found


def oddness(had: Floats, due: Floats, told: Mask, length: int) -> Floats:
    """Return the chance of each run of days given the days beside it, 1 where one side has none (first days).

    `had` and `due` are (values x days); of the days beside a run only those that are `told` count.
    """
    total, days = had.sum(axis=0), had.shape[1]
    due = due * np.divide(total, due.sum(axis=0), out=np.zeros(days), where=total > 0)
    sums = [np.concatenate([np.zeros((len(had), 1)), np.cumsum(each * told, axis=1)], axis=1) for each in (had, due)]
    first = np.arange(days - length + 1)
    last = first + length
    counts, usual = (each[:, last] - each[:, first] for each in sums)
    sides = [
        [each[:, end] - each[:, begin] for each in sums]
        for begin, end in ((np.maximum(first - BESIDE, 0), first), (last, np.minimum(last + BESIDE, days)))
    ]
    expected, noise = mixed(counts, *(_side(counts, usual, *side) for side in sides))
    beside = np.all([known.sum(axis=0) > 0 for known, _ in sides], axis=0)
    whole, rest = (_chance(squares, freedom, beside) for squares, freedom in squares_of(counts, expected, noise))
    return np.where(rest < ALONE, whole, 1.0)


def _chance(squares: Floats, freedom: Codes, beside: Mask) -> Floats:
    """Return the chance of so large a chi-square of each run, over the median of all where that is more than chance."""
    enough = (freedom > 0) & beside
    if not enough.any():
        return np.ones(len(squares))
    freedom = np.maximum(freedom, 1)
    unrest = max(1.0, float(np.median(squares[enough] / chi2.ppf(MEDIAN, freedom[enough]))))
    return np.where(enough, chi2.sf(squares / unrest, freedom), 1.0)


def _side(counts: Floats, usual: Floats, known: Floats, due: Floats) -> tuple[Floats, Floats]:
    """Return what is expected in each run as orders fell on one side of it, and its variance (values x runs)."""
    expected = scaled(usual * (known + PRIOR) / (due + PRIOR), counts.sum(axis=0))
    return expected, expected**2 / (known + PRIOR)


def scaled(values: Floats, totals: Floats) -> Floats:
    """Return columns made to add up to totals."""
    sums = values.sum(axis=0)
    return values * np.divide(totals, sums, out=np.zeros_like(sums), where=sums > 0)


def mixed(counts: Floats, before: tuple[Floats, Floats], after: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Return the mixture of both sides that is nearest to the counts of each run, and the variance of these.

    Days across the onset of what lasts are such a mixture. Its share is by least squares.
    """
    (old, old_noise), (new, new_noise) = before, after
    weights = 1.0 / np.maximum(old + new, PRIOR)
    step = (weights * (new - old) ** 2).sum(axis=0)
    along = (weights * (counts - old) * (new - old)).sum(axis=0)
    share = np.clip(np.divide(along, step, out=np.zeros_like(step), where=step > 0), 0.0, 1.0)
    expected = old + share * (new - old)
    return expected, expected + (1.0 - share) ** 2 * old_noise + share**2 * new_noise


def squares_of(counts: Floats, expected: Floats, noise: Floats) -> list[tuple[Floats, Codes]]:
    """Return chi-square and degrees of freedom of each run: of all values, and of those but the one that fell most.

    Values of fewer than five expected conversions are taken together.
    """
    small = expected < LEAST_DUE
    counts, expected, noise = (
        np.vstack([np.where(small, 0.0, each), np.where(small, each, 0.0).sum(axis=0)])
        for each in (counts, expected, noise)
    )
    large = expected >= LEAST_DUE
    lacks = np.where(large, (counts - expected) / np.sqrt(np.maximum(noise, PRIOR)), np.inf)
    others = large.copy()
    others[np.argmin(lacks, axis=0), np.arange(counts.shape[1])] = False
    found = []
    for chosen in (large, others):
        due = scaled(np.where(chosen, expected, 0.0), np.where(chosen, counts, 0.0).sum(axis=0))
        variance = np.divide(noise * due, expected, out=np.ones_like(due), where=chosen & (due > 0))
        squares = np.where(chosen, (counts - due) ** 2 / variance, 0.0).sum(axis=0)
        found.append((squares, chosen.sum(axis=0) - 1))
    return found
