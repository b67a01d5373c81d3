"""Ask for the cell table: one GROUP BY over the chosen dimensions, each cut to its largest values plus "(other)"."""

import datetime as dt
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from sqlglot import exp

from queries.baseline import Floats
from queries.cells import CUTS, OTHER, Cells
from queries.compose import STATEMENTS, Counts, Question, Shape, filter_values, sessions_relation
from queries.engine import AT_ONCE, Cancel, Engine
from queries.filters import Filters, check_dimension
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
LARGEST_KEY, LARGEST_INTEGER = 2**62, 2**31
FEW_SESSIONS = 1_000_000
MOST_COMBINATIONS = 2_000_000
SMALLEST_SHARE = 0.002
ORDER_SAMPLE = 5000
SUMS = ("sessions", "completions", "converted", "revenue")


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
    asked = {check_dimension(name): None for name in dimensions}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sample = pool.submit(_orders, engine, filters, funnel, cancel)
        counted = list(pool.map(lambda name: _values(engine, name, filters, funnel, reached, top, cancel), asked))
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
    return engine.labels.get(key, lambda: engine.arrays("labels", question, filters, cancel))


def _orders(engine: Engine, filters: Filters, funnel: Funnel, cancel: Cancel | None) -> Floats:
    """Return a sample of the order values, the same for all tables."""
    question, key = compose_orders(filters, funnel), (engine.snapshot.version, filters, funnel)
    asked = engine.labels.get(key, lambda: engine.arrays("orders", question, filters, cancel))
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


def _inside(
    columns: Set[str], shape: Shape, funnel: Funnel, from_a_step: bool
) -> tuple[exp.Select, exp.Select, Mapping[str, Any]]:
    sessions, values = sessions_relation(columns | {"step"} if from_a_step else columns, shape, funnel)
    inside = exp.select("*").from_("sessions")
    if from_a_step:
        inside = inside.where(exp.GTE(this=exp.column("step"), expression=exp.Placeholder(this="reached")))
    return sessions, inside, values


def _bound(values: Mapping[str, Any], filters: Filters, reached: int, **others: Any) -> dict[str, Any]:
    return {**values, **filter_values(filters), **({"reached": reached} if reached else {}), **others}


def compose_labels(dimension: str, filters: Filters, funnel: Funnel, reached: int, top: int) -> Question:
    """Return the statement of the largest values of a dimension: grain label, largest first, and the `total` of all."""
    name = check_dimension(dimension)
    sql, values = _labels_statement(name, Shape.of(filters), funnel, reached > 0)
    counts = Counts(frozenset({name, "step"} if reached else {name}), funnel)
    return Question(sql, _bound(values, filters, reached, top=top + 1), counts)


@lru_cache(STATEMENTS)
def _labels_statement(name: str, shape: Shape, funnel: Funnel, from_a_step: bool) -> tuple[str, Mapping[str, Any]]:
    sessions, inside, values = _inside({name}, shape, funnel, from_a_step)
    whole = exp.Window(this=exp.Sum(this=_total("sessions")))
    label, total = exp.alias_(exp.column(name), "label"), exp.alias_(whole, "total")
    largest = exp.Ordered(this=exp.column("sessions"), desc=True, nulls_first=False)
    counted = exp.select(label, exp.alias_(_total("sessions"), "sessions"), total).from_("inside").group_by(name)
    statement = exp.select("*").from_(counted.subquery("counted")).order_by(largest, "label")
    statement = statement.limit(exp.Placeholder(this="top")).with_("sessions", as_=sessions).with_("inside", as_=inside)
    return statement.sql(dialect="duckdb", pretty=True), values


def compose_cells(
    dimensions: Sequence[str],
    labels: Sequence[Sequence[str]],
    filters: Filters,
    funnel: Funnel,
    reached: int,
    completed: int,
    calendar: tuple[dt.date, int] | None = None,
) -> Question:
    """Return the statement of the cell table: grain cell, whose `key` holds one digit per dimension, the first highest.

    With a `calendar` (a first day and a number of days) the grain is cell and day: one digit more, the last, counts the
    days from the first, and there are only sessions and completions.

    A digit is the place of the value among the labels, from 1, or 0 for any other, to the base of their number + 1.
    Rows are grouped by one packed integer, and functions such as list_position and greatest are worked out once per
    dictionary entry of a Parquet column: coalesce is not, and grouping by the texts themselves, or joining them, takes
    many times as long.
    """
    first_day, days = calendar or (None, 1)
    combinations = days * prod(len(names) + 1 for names in labels)
    if combinations > LARGEST_KEY:
        raise QuestionError(f"{len(labels)} dimensions are too many for one cell table: ask for fewer")
    integer = "integer" if combinations < LARGEST_INTEGER else "bigint"
    by_day = first_day is not None
    orders = completed == len(funnel.steps) and funnel.ends_with_an_order
    sql, values = _cells_statement(tuple(dimensions), integer, Shape.of(filters), funnel, reached > 0, by_day, orders)
    known: dict[str, Any] = {f"labels_{place}": list(names) for place, names in enumerate(labels)}
    bases = {f"base_{place}": len(names) + 1 for place, names in enumerate(labels)}
    known |= {"first_day": first_day, "days": days} if by_day else {}
    summed = {"session_date"} if by_day else {"revenue", "converted"}
    steps = set() if orders and not reached else {"step"}
    known |= {} if orders else {"completed": completed}
    counts = Counts(frozenset({*dimensions, *summed, *steps}), funnel)
    return Question(sql, _bound(values, filters, reached, **known, **bases), counts)


@lru_cache(STATEMENTS)
def _cells_statement(
    dimensions: tuple[str, ...],
    integer: str,
    shape: Shape,
    funnel: Funnel,
    from_a_step: bool,
    by_day: bool,
    orders_complete: bool,
) -> tuple[str, Mapping[str, Any]]:
    summed = {"session_date"} if by_day else {"revenue"}
    steps = set() if orders_complete else {"step"}
    sessions, inside, values = _inside({*dimensions, *summed, *steps}, shape, funnel, from_a_step)
    key: exp.Expr = exp.cast(exp.Literal.number(0), integer)
    for place, name in enumerate(dimensions):
        known = exp.cast(exp.Placeholder(this=f"labels_{place}"), "varchar[]")
        found = exp.Anonymous(this="list_position", expressions=[known, exp.column(name)])
        position = exp.Anonymous(this="greatest", expressions=[found, exp.Literal.number(0)])
        base = exp.cast(exp.Placeholder(this=f"base_{place}"), integer)
        key = exp.Add(this=exp.Mul(this=exp.Paren(this=key), expression=base), expression=position)
    if by_day:
        first = exp.cast(exp.Placeholder(this="first_day"), "date")
        number = exp.cast(exp.Paren(this=exp.Sub(this=exp.column("session_date"), expression=first)), integer)
        days = exp.cast(exp.Placeholder(this="days"), integer)
        key = exp.Add(this=exp.Mul(this=exp.Paren(this=key), expression=days), expression=number)
    completes = exp.GTE(this=exp.column("step"), expression=exp.Placeholder(this="completed"))
    orders = exp.GT(this=exp.column("conversions"), expression=exp.Literal.number(0))
    completions = _total("conversions") if orders_complete else _filtered(_total("sessions"), completes)
    sums = [_total("sessions"), completions]
    if not by_day:
        sums.append(_filtered(_total("conversions"), orders))
        sums.append(exp.cast(_filtered(exp.Sum(this=exp.column("revenue")), orders), "double"))
    named = [exp.alias_(value, name) for name, value in zip(SUMS, sums, strict=False)]
    statement = exp.select(exp.alias_(key, "key"), *named).from_("inside").group_by("1")
    statement = statement.with_("sessions", as_=sessions).with_("inside", as_=inside)
    return statement.sql(dialect="duckdb", pretty=True), values


def _total(column: str) -> exp.Sum:
    return exp.Sum(this=exp.cast(exp.column(column), "double"))


def _filtered(total: exp.Expr, condition: exp.Expr) -> exp.Filter:
    return exp.Filter(this=total, expression=exp.Where(this=condition))


def compose_orders(filters: Filters, funnel: Funnel) -> Question:
    """Return the statement of a repeatable sample of order values: session ids are hashes, so the first are random."""
    sql, values = _orders_statement(Shape.of(filters), funnel)
    return Question(sql, {**values, **filter_values(filters), "orders": ORDER_SAMPLE}, of_orders=True)


@lru_cache(STATEMENTS)
def _orders_statement(shape: Shape, funnel: Funnel) -> tuple[str, Mapping[str, Any]]:
    sessions, values = sessions_relation({"revenue", "transactions", "session_id"}, shape, funnel)
    statement = (
        exp.select(exp.alias_(exp.cast(exp.column("revenue"), "double"), "revenue"))
        .from_("sessions")
        .where(exp.GT(this=exp.column("transactions"), expression=exp.Literal.number(0)))
        .where(exp.GT(this=exp.column("revenue"), expression=exp.Literal.number(0)))
        .order_by("session_id")
        .limit(exp.Placeholder(this="orders"))
        .with_("sessions", as_=sessions)
    )
    return statement.sql(dialect="duckdb", pretty=True), values
