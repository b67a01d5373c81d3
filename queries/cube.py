"""Ask for the cell table: one GROUP BY over the chosen dimensions, each cut to its largest values plus "(other)"."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from typing import Any

import numpy as np
from sqlglot import exp

from queries.baseline import Floats
from queries.cells import CUTS, OTHER, Cells
from queries.compose import Counts, Question, Shape, filter_values, sessions_relation
from queries.cube_statements import SUMS, compose_cells, compose_labels, compose_orders
from queries.engine import AT_ONCE, Cancel, Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT, Funnel
from queries.metrics import QuestionError
from queries.threads import at_once

CELL_DIMENSIONS = ("device_category", "country", "channel_group", "source", "browser", "visitor_type", "landing_page")
BESIDE = (
    ("device_category", "channel_group", "source", "visitor_type", "campaign"),
    ("device_category", "country", "region"),
    ("device_category", "channel_group", "visitor_type", "landing_page", "page_folder"),
)
"""Smaller tables for dimensions that would break the cells of the large one up: with those that they lie in or hold,
and those that explain most; their last dimension is the one that they are there for. Rollups answer them."""
TOP_VALUES, TOP_BESIDE = 30, 100
SEVERAL = 2
MOST_CELLS = 100_000
FEW_SESSIONS = 1_000_000
MOST_COMBINATIONS = 2_000_000
SMALLEST_SHARE = 0.002


def ask_cells(
    engine: Engine,
    dimensions: Sequence[str] = CELL_DIMENSIONS,
    filters: Filters | None = None,
    *,
    funnel: Funnel = ENGAGEMENT,
    step: str | None = None,
    top: int = TOP_VALUES,
    cancel: Cancel | None = None,
) -> Cells:
    """Return the cells of the sessions that pass the filters, and a sample of their order values.

    `step` names the funnel step whose completion is asked: sessions that reached it, and of them those that reached
    the next; without it all sessions, and of them those that reached the last step. `top` is the number of values
    that each dimension keeps at most, of those with 0.2 % of the sessions or more; fewer in a store of millions, so
    that there are about 100,000 cells at most. Raises QuestionError for a step that is none or the last, FilterError
    for a dimension.
    """
    filters = filters or Filters()
    reached, completed = _positions(funnel, step)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sample = pool.submit(_orders, engine, filters, funnel, cancel)
        counted = list(pool.map(lambda name: _values(engine, name, filters, funnel, reached, top, cancel), dimensions))
        labels = _labels(counted, top)
        question = compose_cells(dimensions, labels, filters, funnel, reached, completed)
        columns = engine.arrays("cells", question, filters, cancel)
        orders = sample.result()
    codes = np.column_stack(np.unravel_index(columns["key"].astype(np.int64), [len(names) + 1 for names in labels]))
    sessions, completions, converted, revenue = (np.ma.filled(columns[name], 0).astype(float) for name in SUMS)
    onward = float(converted.sum() / completions.sum()) if completions.sum() else 1.0
    if orders.sum():
        orders = orders * (revenue.sum() / converted.sum() / orders.mean())
    return Cells.of_codes(
        dimensions, [[OTHER, *names] for names in labels], codes, sessions, completions, revenue, orders, onward
    ).coarsened(MOST_CELLS, OTHER)


def _values(
    engine: Engine, name: str, filters: Filters, funnel: Funnel, reached: int, top: int, cancel: Cancel | None
) -> dict[str, Any]:
    """Return the largest values of a dimension: as many as any table wants, so that all of them ask but once."""
    question = compose_labels(name, filters, funnel, reached, most := max(top, TOP_BESIDE))
    key = engine.snapshot.version, name, filters, funnel, reached, most
    return engine.values.get(key, lambda: engine.arrays("labels", question, filters, cancel))


def _orders(engine: Engine, filters: Filters, funnel: Funnel, cancel: Cancel | None) -> Floats:
    """Return a sample of the order values, the same for all tables."""
    question, key = compose_orders(filters, funnel), (engine.snapshot.version, filters, funnel)
    asked = engine.values.get(key, lambda: engine.arrays("orders", question, filters, cancel))
    return np.asarray(asked["revenue"], float)


def kept_cells(
    engine: Engine,
    dimensions: tuple[str, ...],
    filters: Filters,
    *,
    funnel: Funnel = ENGAGEMENT,
    step: str | None = None,
    top: int = TOP_VALUES,
    cancel: Cancel | None = None,
) -> Cells:
    """Return the cells as `ask_cells` does, asked once: the leak list and what moved look at the same days.

    The engine keeps the newest of one version of the store. Nobody may change them. Raises what `ask_cells` raises.
    """

    def ask() -> Cells:
        return ask_cells(engine, dimensions, filters, funnel=funnel, step=step, top=top, cancel=cancel)

    return engine.cells.get((engine.snapshot.version, dimensions, filters, funnel, step, top), ask)


def kept_beside(
    engine: Engine,
    filters: Filters,
    *,
    funnel: Funnel = ENGAGEMENT,
    step: str | None = None,
    cancel: Cancel | None = None,
) -> list[Cells]:
    """Return the cells of each smaller table whose own dimension has several values: not every export gives it.

    Raises as `ask_cells` does.
    """
    reached, _ = _positions(funnel, step)

    def ask(dimensions: tuple[str, ...]) -> Cells | None:
        own = dimensions[-1]
        if len(filters.values(own)) == 1:
            return None
        if len(_values(engine, own, filters, funnel, reached, TOP_BESIDE, cancel)["label"]) < SEVERAL:
            return None
        return kept_cells(engine, dimensions, filters, funnel=funnel, step=step, top=TOP_BESIDE, cancel=cancel)

    return [cells for cells in at_once(ask, BESIDE) if cells is not None]


def ask_days(engine: Engine, filters: Filters, cancel: Cancel | None = None) -> int:
    """Return the number of days with sessions in the date range of the filters, whatever else they ask for."""
    dates = Filters(filters.date_from, filters.date_to, left_out=filters.left_out)
    sessions, values = sessions_relation({"session_date"}, Shape.of(dates), ENGAGEMENT)
    days = exp.Count(this=exp.Distinct(expressions=[exp.column("session_date")]))
    statement = exp.select(exp.alias_(days, "days")).from_("sessions").with_("sessions", as_=sessions)
    counts = Counts(frozenset({"session_date"}), ENGAGEMENT)
    sql = statement.sql(dialect="duckdb", pretty=True)
    asked = Question(sql, {**values, **filter_values(dates)}, counts)
    return int(engine.arrays("days", asked, dates, cancel)["days"][0])


def _positions(funnel: Funnel, step: str | None) -> tuple[int, int]:
    if step is None:
        return 0, len(funnel.steps)
    names = [each.name for each in funnel.steps]
    if step not in names[:-1]:
        raise QuestionError(
            f'"{step}" is no step of the {funnel.name} funnel that can be completed; choose one of: '
            f"{', '.join(names[:-1])}"
        )
    return names.index(step) + 1, names.index(step) + 2


def _labels(counted: Sequence[dict[str, Any]], top: int) -> list[list[str]]:
    """Return the values that each dimension keeps, the largest first: fewer where many sessions fill many cells."""
    total = max((float(sizes["total"][0]) for sizes in counted if len(sizes["total"])), default=0.0)
    labels: list[list[str]] = []
    for share in (SMALLEST_SHARE, *CUTS):
        labels = [
            [str(label) for label in sizes["label"][sizes["sessions"] >= share * total] if label != OTHER][:top]
            for sizes in counted
        ]
        if total <= FEW_SESSIONS or prod(len(values) + 1 for values in labels) <= MOST_COMBINATIONS:
            break
    return labels
