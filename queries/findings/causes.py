"""Which results of several engines are one cause: those that miss the same orders."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from queries.baseline import Floats
from queries.daily_cells import DailyCells
from queries.main_effects import main_effect_rates
from queries.overlap import inside_of, part_in, table_of

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
    """Hold what is due on each day in each cell, on which the missing orders of all engines are laid out.

    `tables` are the large table, then smaller ones of the same sessions.
    """

    def __init__(self, daily: DailyCells, beside: Sequence[DailyCells] = ()) -> None:
        """Remember the days: what is missing in a segment is spread over its cells and days as its orders are."""
        self.tables = (daily, *beside)
        self.cells = [table.cells for table in self.tables]
        self._inside: dict[tuple[int, tuple[tuple[str, str], ...]], np.ndarray] = {}

    @cached_property
    def dues(self) -> list[Floats]:
        """Return by table what main effects make due of each row; fitted once, where anything is laid out at all."""
        return [table.sessions * main_effect_rates(table.cells)[table.cell] for table in self.tables]

    def rows(self, cause: Cause, number: int = 0) -> np.ndarray:
        """Say which rows (cell and day) of a table a cause touches; none for a value that its cells do not know."""
        table, key = self.tables[number], (number, tuple(sorted(cause.segment.items())))
        if key not in self._inside:
            cells = inside_of(table.cells, cause.segment)
            self._inside[key] = np.zeros(len(table.cell), dtype=bool) if cells is None else cells[table.cell]
        return self._inside[key] & self._within(cause, number)

    def _within(self, cause: Cause, number: int) -> np.ndarray:
        first, day = self.tables[number].first_day, self.tables[number].day
        inside = np.ones(len(day), dtype=bool) if cause.onset is None else day >= (cause.onset - first).days
        return inside & (day < (cause.until - first).days) if cause.until is not None else inside

    def part(self, one: Cause, other: Cause) -> float:
        """Return the share of what is due where and when one cause is that is due where and when another is.

        Where no table tells both apart, their cells are related by the values that the tables share, and their days
        apart from these.
        """
        both = table_of(self.cells, one.segment, other.segment)
        number = table_of(self.cells, one.segment) if both is None else both
        if number is None:
            return 0.0
        due, own = self.dues[number], self.rows(one, number)
        whole = due[own].sum()
        if not whole > 0:
            return 0.0
        if both is not None:
            return float(due[own & self.rows(other, number)].sum() / whole)
        by_cell = [np.bincount(table.cell, rows, minlength=len(table.cells.codes)).astype(float)
                   for table, rows in zip(self.tables, self.dues, strict=True)]  # fmt: skip
        days = float(due[own & self._within(other, number)].sum() / whole)
        return days * part_in(self.cells, by_cell, one.segment, other.segment)

    def shared(self, one: Cause, other: Cause) -> float:
        """Return how many of the orders that `other` misses are those that `one` misses.

        What is lost in the cells and days of both shows in `other` too, whatever else it misses.
        """
        return min(one.missing * self.part(one, other), max(other.missing, 0.0))

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
