"""The cell table by day: what each combination of values had on each day of the store, for what must be dated."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from queries.baseline import Codes, Floats
from queries.cells import OTHER, Cells
from queries.compose import Counts, Question, Shape, filter_values, sessions_relation
from queries.cube import CELL_DIMENSIONS, TOP_BESIDE, TOP_VALUES, kept_beside, kept_cells
from queries.cube_statements import compose_cells
from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT, Funnel
from queries.threads import at_once

MOST_ROWS = 1_500_000
"""Cells times the days on which they have sessions: what is kept of a large store is coarser."""

FEWER_CELLS = (100_000, 60_000, 40_000, 25_000, 15_000, 10_000, 6_000, 4_000, 2_500, 1_500, 1_000)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class DailyCells:
    """Hold cells and one row for each day on which one of them has sessions, in the order of the days.

    `cells` are the sums over all days; per row `cell` is the place of its cell, `day` the number of its day from
    `first_day`, and `sessions` and `conversions` are counts. `days` are calendar days, some perhaps without a row.
    """

    cells: Cells
    first_day: dt.date
    days: int
    cell: Codes
    day: Codes
    sessions: Floats
    conversions: Floats

    @classmethod
    def of(
        cls, cells: Cells, first_day: dt.date, days: int, cell: Codes, day: Codes, sessions: Floats, conversions: Floats
    ) -> Self:
        """Add up rows of the same cell and day, and put the sums over all days into the cells."""
        keys, rows = np.unique(day * len(cells.codes) + cell, return_inverse=True)
        counted = [np.bincount(rows, column, minlength=len(keys)).astype(float) for column in (sessions, conversions)]
        number, place = np.divmod(keys, len(cells.codes))
        sums = [np.bincount(place, column, minlength=len(cells.codes)).astype(float) for column in counted]
        together = replace(cells, sessions=sums[0], conversions=sums[1])
        return cls(together, first_day, days, place, number, *counted)

    def date(self, place: int) -> dt.date:
        """Return a day by its number."""
        return self.first_day + dt.timedelta(days=int(place))

    def total(self, column: Floats) -> Floats:
        """Return the sum of a column of the rows by day (days)."""
        return np.bincount(self.day, column, minlength=self.days).astype(float)

    def without(self, dates: Sequence[dt.date]) -> "DailyCells":
        """Return the same cells as if no export held these days; the same object for the same days."""
        places = tuple(sorted((date - self.first_day).days for date in dates))
        if places not in (known := _WITHOUT.setdefault(self, {})):
            kept = ~np.isin(self.day, places)
            if kept.all():
                return self
            known[places] = self._with(kept)
        return known[places]

    def _with(self, kept: NDArray[np.bool_]) -> "DailyCells":
        return DailyCells.of(
            self.cells, self.first_day, self.days, self.cell[kept], self.day[kept], self.sessions[kept],
            self.conversions[kept],
        )  # fmt: skip


_WITHOUT: WeakKeyDictionary[DailyCells, dict[tuple[int, ...], DailyCells]] = WeakKeyDictionary()


def ask_daily_cells(
    engine: Engine,
    dimensions: Sequence[str] = CELL_DIMENSIONS,
    filters: Filters | None = None,
    *,
    funnel: Funnel = ENGAGEMENT,
    top: int = TOP_VALUES,
    cancel: Cancel | None = None,
) -> DailyCells | None:
    """Return the cells by day of the sessions that pass the filters; None where there are none.

    The values of each dimension are those of `ask_cells`, the rare ones under "(other)" until there are at most 1.5
    million rows: what is rarer than that cannot be dated. Raises as `ask_cells` does.
    """
    filters = filters or Filters()
    span = _ask_span(engine, filters, cancel)
    if span is None:
        return None
    first, days = span[0], (span[1] - span[0]).days + 1
    whole = kept_cells(engine, tuple(dimensions), filters, funnel=funnel, top=top, cancel=cancel)
    cells = dated(whole, days)
    labels = [[name for name in names if name != OTHER] for names in cells.labels]
    question = compose_cells(dimensions, labels, filters, funnel, 0, len(funnel.steps), (first, days))
    columns = engine.arrays("daily_cells", question, filters, cancel)
    keys, places = np.divmod(columns["key"].astype(np.int64), days)
    keys, rows = np.unique(keys, return_inverse=True)
    sizes = [len(names) + 1 for names in labels]
    codes = recoded(np.column_stack(np.unravel_index(keys, sizes)), [[OTHER, *names] for names in labels], cells)
    counted = [np.ma.filled(columns[name], 0).astype(float) for name in ("sessions", "completions")]
    return spread(cells, codes, rows, places, first, days, *counted)


def kept_daily_cells(
    engine: Engine,
    dimensions: tuple[str, ...],
    filters: Filters,
    *,
    funnel: Funnel = ENGAGEMENT,
    top: int = TOP_VALUES,
    cancel: Cancel | None = None,
) -> DailyCells | None:
    """Return the cells by day as `ask_daily_cells` does, asked once: the watch and the register look at the same.

    The engine keeps the newest of one version of the store. Nobody may change them. Raises as `ask_daily_cells` does.
    """

    def ask() -> DailyCells | None:
        return ask_daily_cells(engine, dimensions, filters, funnel=funnel, top=top, cancel=cancel)

    return engine.cells.get((engine.snapshot.version, "daily", dimensions, filters, funnel, top), ask)


def kept_daily_beside(
    engine: Engine, filters: Filters, *, funnel: Funnel = ENGAGEMENT, cancel: Cancel | None = None
) -> list[DailyCells]:
    """Return the smaller tables of `kept_beside` by day. Raises as `ask_daily_cells` does."""
    asked = [cells.dimensions for cells in kept_beside(engine, filters, funnel=funnel, cancel=cancel)]

    def ask(each: tuple[str, ...]) -> DailyCells | None:
        return kept_daily_cells(engine, each, filters, funnel=funnel, top=TOP_BESIDE, cancel=cancel)

    return [daily for daily in at_once(ask, asked) if daily is not None]


def dated(cells: Cells, days: int) -> Cells:
    """Return cells so coarse that with so many days they have at most 1.5 million rows."""
    for most in FEWER_CELLS:
        coarse = cells.coarsened(most)
        if np.minimum(coarse.sessions, days).sum() <= MOST_ROWS:
            return coarse
    return coarse


def recoded(codes: NDArray, labels: Sequence[Sequence[str]], cells: Cells) -> Codes:
    """Return codes of other labels as codes of the labels of cells; what these do not name is "(other)"."""
    columns = []
    for place, (old, new) in enumerate(zip(labels, cells.labels, strict=True)):
        known = {name: code for code, name in enumerate(new)}
        rest = known.get(OTHER, 0)
        columns.append(np.array([known.get(name, rest) for name in old], dtype=np.intp)[codes[:, place]])
    return np.column_stack(columns)


def spread(
    cells: Cells,
    codes: Codes,
    rows: Codes,
    places: Codes,
    first_day: dt.date,
    days: int,
    sessions: Floats,
    conversions: Floats,
) -> DailyCells:
    """Lay rows of (combination, day) out over the cells; a combination of `codes` that is none of them is left out."""
    known = np.ravel_multi_index(tuple(cells.codes.T), cells.sizes)
    wanted = np.ravel_multi_index(tuple(codes.T), cells.sizes)
    cell = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    held = (known[cell] == wanted)[rows]
    return DailyCells.of(cells, first_day, days, cell[rows][held], places[held], sessions[held], conversions[held])


def _ask_span(engine: Engine, filters: Filters, cancel: Cancel | None) -> tuple[dt.date, dt.date] | None:
    sessions, values = sessions_relation({"session_date"}, Shape.of(filters), ENGAGEMENT)
    days = exp.select("session_date").distinct().from_("sessions").order_by("session_date")
    sql = days.with_("sessions", as_=sessions).sql(dialect="duckdb", pretty=True)
    asked = Question(sql, {**values, **filter_values(filters)}, Counts(frozenset({"session_date"}), ENGAGEMENT))
    found = engine.arrays("days", asked, filters, cancel)["session_date"].astype("datetime64[D]")
    return (found[0].item(), found[-1].item()) if len(found) else None
