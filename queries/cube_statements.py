"""The statements that ask for tables of cells: values of a dimension, cells, a sample of order values."""

import datetime as dt
from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from math import prod
from typing import Any

from sqlglot import exp

from queries.compose import STATEMENTS, Counts, Question, Shape, filter_values, sessions_relation
from queries.filters import Filters, check_dimension
from queries.funnel import Funnel
from queries.metrics import QuestionError

ORDER_SAMPLE = 5000
SUMS = ("sessions", "completions", "converted", "revenue")
LARGEST_KEY, LARGEST_INTEGER = 2**62, 2**31


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
