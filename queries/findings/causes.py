"""Which results of several engines are one cause: those that miss the same orders."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from queries.baseline import Design, Floats, fit_baseline
from queries.daily_cells import DailyCells

SAME = 0.6
"""Of the orders that a result misses, the share that a finding must explain to be its cause."""
DAYS_APART = 7
"""So many days apart two falls may begin and be one."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Hold where and since when orders are missing, and how many; `onset` None for all days, `until` None to the last.

    `dated` says that the onset was found; otherwise it is only where somebody began to look.
    """

    segment: Mapping[str, str]
    missing: float
    onset: dt.date | None = None
    until: dt.date | None = None
    dated: bool = True


class Ground:
    """Hold what is due on each day in each cell, on which the missing orders of all engines are laid out."""

    def __init__(self, daily: DailyCells) -> None:
        """Remember the days: what is missing in a segment is spread over its cells and days as its orders are."""
        self.daily = daily
        self._inside: dict[tuple[tuple[str, str], ...], np.ndarray] = {}

    @cached_property
    def due(self) -> Floats:
        """Return what main effects make due of each row; fitted once, where anything is laid out at all."""
        cells = self.daily.cells
        rate = fit_baseline(Design.of(cells.codes, cells.sizes), cells.sessions, cells.conversions).rate
        return self.daily.sessions * rate[self.daily.cell]

    def rows(self, cause: Cause) -> np.ndarray:
        """Say which rows (cell and day) a cause touches; none for a value that the cells do not tell apart."""
        key = tuple(sorted(cause.segment.items()))
        if key not in self._inside:
            self._inside[key] = self._cells(cause.segment)[self.daily.cell]
        inside = self._inside[key]
        first, day = self.daily.first_day, self.daily.day
        if cause.onset is not None:
            inside = inside & (day >= (cause.onset - first).days)
        return inside & (day < (cause.until - first).days) if cause.until is not None else inside

    def _cells(self, segment: Mapping[str, str]) -> np.ndarray:
        cells = self.daily.cells
        inside = np.ones(len(cells.codes), dtype=bool)
        for dimension, value in segment.items():
            if dimension not in cells.dimensions or value not in cells.labels[cells.dimensions.index(dimension)]:
                return np.zeros(len(cells.codes), dtype=bool)
            place = cells.dimensions.index(dimension)
            inside &= cells.codes[:, place] == cells.labels[place].index(value)
        return inside

    def laid(self, cause: Cause) -> Floats:
        """Return the missing orders of a cause over the rows; they add up to it."""
        rows = self.rows(cause)
        due = np.where(rows, self.due, 0.0)
        whole = due.sum()
        return due * (cause.missing / whole) if whole > 0 else due

    def shared(self, one: Cause, other: Cause) -> float:
        """Return how many of the orders that `other` misses are those that `one` misses.

        What is lost in the cells and days of both shows in `other` too, whatever else it misses.
        """
        return float(min(self.laid(one)[self.rows(other)].sum(), max(other.missing, 0.0)))

    def explains(self, finding: Cause, result: Cause) -> float:
        """Return the share of the orders that a result misses which a finding explains (0 to 1).

        Two falls that begin more than a week apart are two.
        """
        if finding.onset and result.onset and result.dated and abs((finding.onset - result.onset).days) > DAYS_APART:
            return 0.0
        return min(1.0, self.shared(finding, result) / result.missing) if result.missing > 0 else 0.0


def explained_by(ground: Ground, findings: Sequence[Cause], result: Cause) -> tuple[int | None, float, float]:
    """Return which finding explains most of a result, which share of it, and which share all of them explain."""
    shares = [ground.explains(finding, result) for finding in findings]
    if not shares:
        return None, 0.0, 0.0
    place = int(np.argmax(shares))
    return place, shares[place], min(1.0, sum(shares))
