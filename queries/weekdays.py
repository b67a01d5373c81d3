"""What weekdays do to the values of a dimension: some buy on Sundays, others on Mondays, week after week."""

import datetime as dt
from collections.abc import Sequence

import numpy as np

from queries.baseline import Codes, Floats
from queries.daily_cells import DailyCells

WEEK = 7
ROUNDS = 2


def weekday_factors(daily: DailyCells, row_due: Floats, left_out: Sequence[dt.date] = ()) -> Floats:
    """Return by how much its weekday multiplies what main effects make due of each row of (cell, day).

    For each dimension, value and weekday it is the ratio of conversions to those due, where the value has its own over
    all days: a fall touches all weekdays alike. What the weekday does to the whole shop cancels out. Days left out say
    nothing.
    """
    factors = np.ones_like(row_due)
    weekday = (daily.day + daily.first_day.weekday()) % WEEK
    kept = ~np.isin(daily.day, [(date - daily.first_day).days for date in left_out])
    every, had = daily.total(daily.conversions), daily.conversions * kept
    for _ in range(ROUNDS):
        for codes, size in zip(daily.cells.codes.T, daily.cells.sizes, strict=True):
            due = row_due * factors
            total = daily.total(due)
            due *= np.divide(every, total, out=np.ones_like(total), where=total > 0)[daily.day] * kept
            places = codes[daily.cell] * WEEK + weekday
            factors *= shrunk(_table(places, had, size), _table(places, due, size)).ravel()[places]
    return factors


def _table(places: Codes, column: Floats, size: int) -> Floats:
    return np.bincount(places, column, minlength=size * WEEK).reshape(size, WEEK).astype(float)


def shrunk(had: Floats, due: Floats) -> Floats:
    """Return the ratio of each weekday of a value to what is due of it, shrunk to 1 (values x weekdays).

    `due` is made to add up to `had` over each value first. The variance of the ratios beyond that of counts is
    sum((had - due)^2 - noise) / sum(due^2), by moments, and 1 / it conversions speak for the ratio 1 (empirical Bayes);
    all are 1 where chance alone explains them.
    """
    whole, every = due.sum(axis=1, keepdims=True), max(float(had.sum()), 1.0)
    due = due * np.divide(had.sum(axis=1, keepdims=True), whole, out=np.zeros_like(whole), where=whole > 0)
    of_value, of_day = (
        np.divide(due, due.sum(axis=axis, keepdims=True), out=np.zeros_like(due), where=due > 0) for axis in (1, 0)
    )
    noise = due * (1.0 - of_value) * (1.0 - of_day)
    spread = float(((had - due) ** 2 - noise).sum() / max((due**2).sum(), 1.0 / every))
    if spread <= 0:
        return np.ones_like(due)
    return (had + 1.0 / spread) / (due + 1.0 / spread)
