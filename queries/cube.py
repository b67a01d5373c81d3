"""Ask for the cell table: one GROUP BY over the chosen dimensions, each cut to its largest values plus "(other)"."""

from collections.abc import Sequence

import numpy as np
from sqlglot import exp

from queries.cells import Cells
from queries.compose import Question, sessions_relation
from queries.engine import Cancel, Engine, QuestionError
from queries.filters import Filters, check_dimension
from queries.funnel import ENGAGEMENT, Funnel

CELL_DIMENSIONS = ("device_category", "country", "channel_group", "source", "browser", "visitor_type", "landing_page")
OTHER = "(other)"
TOP_VALUES = 30
MOST_CELLS = 100_000
LARGEST_KEY = 2**62
SMALLEST_SHARE = 0.002
SUMS = ("sessions", "completions", "converted", "revenue")
ORDER_SAMPLE = 5000


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
    that each dimension keeps at most; fewer where there would be more than 100,000 cells. Raises QuestionError for a
    step that is none or the last, FilterError for a dimension.
    """
    filters = filters or Filters()
    reached, completed = _positions(funnel, step)
    question = compose_cells(dimensions, filters, funnel, reached, completed, top)
    columns = engine.arrays("cells", question, filters, cancel)
    orders = engine.arrays("orders", compose_orders(filters, funnel), filters, cancel)["revenue"]
    kinds = columns["dimension"]
    labels: list[list[str]] = []
    for place in range(len(dimensions)):
        rows = kinds == place
        labels.append([*columns["label"][rows][np.argsort(columns["key"][rows])], OTHER])
    inside = kinds == -1
    codes = np.column_stack(np.unravel_index(columns["key"][inside].astype(np.int64), [top + 1] * len(dimensions)))
    codes = np.minimum(codes, [len(names) - 1 for names in labels])
    sessions, completions, converted = (
        columns[name][inside].astype(float) for name in ("sessions", "completions", "converted")
    )
    onward = float(converted.sum() / completions.sum()) if completions.sum() else 1.0
    return Cells.of_codes(
        dimensions, labels, codes, sessions, completions, columns["revenue"][inside], np.asarray(orders, float), onward
    ).coarsened(MOST_CELLS, OTHER)


def ask_days(engine: Engine, filters: Filters, cancel: Cancel | None = None) -> int:
    """Return the number of days with sessions in the date range of the filters, whatever else they ask for."""
    dates = Filters(filters.date_from, filters.date_to)
    sessions, parameters = sessions_relation({"session_date"}, dates, None, ENGAGEMENT)
    days = exp.Count(this=exp.Distinct(expressions=[exp.column("session_date")]))
    statement = exp.select(exp.alias_(days, "days")).from_("sessions").with_("sessions", as_=sessions)
    asked = Question(statement.sql(dialect="duckdb", pretty=True), parameters)
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


def compose_cells(
    dimensions: Sequence[str], filters: Filters, funnel: Funnel, reached: int, completed: int, top: int
) -> Question:
    """Return the statement of the cell table: label rows (`dimension` >= 0), then cell rows (`dimension` = -1).

    Each dimension is cut to its largest values first, so that rows are grouped by one packed integer: grouping by the
    texts themselves takes many times as long where there are many rare ones. A cell's key holds one digit to the base
    `top` + 1 per dimension, the first dimension highest.
    """
    chosen = [check_dimension(name) for name in dimensions]
    if (top + 1) ** len(chosen) > LARGEST_KEY:
        raise QuestionError(f"{len(chosen)} dimensions of {top} values are too many for one cell table: ask for fewer")
    sessions, parameters = sessions_relation({*chosen, "step", "revenue"}, filters, None, funnel)
    parameters |= {"completed": completed, "top": top, "other": OTHER, "least": SMALLEST_SHARE}
    if reached:
        parameters["reached"] = reached
    inside = exp.select("*").from_("sessions")
    if reached:
        inside = inside.where(exp.GTE(this=exp.column("step"), expression=exp.Placeholder(this="reached")))
    parts = [_labels(place) for place in range(len(chosen))]
    statement = exp.union(*parts, _cells(chosen, top), distinct=False)
    statement = statement.with_("sessions", as_=sessions).with_("inside", as_=inside, materialized=False)
    for place, name in enumerate(chosen):
        statement = statement.with_(f"largest_{place}", as_=_largest(name), materialized=True)
    return Question(statement.sql(dialect="duckdb", pretty=True), parameters)


def compose_orders(filters: Filters, funnel: Funnel) -> Question:
    """Return the statement of a repeatable sample of order values: session ids are hashes, so the first are random."""
    wanted = {"revenue", "transactions", "session_id"}
    sessions, parameters = sessions_relation(wanted, filters, None, funnel)
    statement = (
        exp.select(exp.alias_(exp.cast(exp.column("revenue"), "double"), "revenue"))
        .from_("sessions")
        .where(exp.GT(this=exp.column("transactions"), expression=exp.Literal.number(0)))
        .where(exp.GT(this=exp.column("revenue"), expression=exp.Literal.number(0)))
        .order_by("session_id")
        .limit(exp.Placeholder(this="orders"))
        .with_("sessions", as_=sessions)
    )
    return Question(statement.sql(dialect="duckdb", pretty=True), {**parameters, "orders": ORDER_SAMPLE})


def _largest(dimension: str) -> exp.Select:
    total = exp.Sum(this=exp.column("sessions"))
    order = exp.Order(
        expressions=[exp.Ordered(this=total, desc=True, nulls_first=False), exp.Ordered(this=exp.column(dimension))]
    )
    place = exp.Sub(this=exp.Window(this=exp.RowNumber(), order=order), expression=exp.Literal.number(1))
    share = exp.Div(this=total.copy(), expression=exp.Window(this=exp.Sum(this=total.copy())))
    ranked = (
        exp.select(exp.alias_(exp.column(dimension), "label"), exp.alias_(place, "code"), exp.alias_(share, "share"))
        .from_("sessions")
        .where(exp.NEQ(this=exp.column(dimension), expression=exp.Placeholder(this="other")))
        .group_by(dimension)
    )
    return (
        exp.select("label", "code")
        .from_(ranked.subquery("ranked"))
        .where(exp.LT(this=exp.column("code"), expression=exp.Placeholder(this="top")))
        .where(exp.GTE(this=exp.column("share"), expression=exp.Placeholder(this="least")))
    )


def _labels(place: int) -> exp.Select:
    zeros = [exp.alias_(exp.Literal.number(0), name) for name in SUMS]
    number = exp.alias_(exp.Literal.number(place), "dimension")
    key = exp.alias_(exp.column("code"), "key")
    return exp.select(number, "label", key, *zeros).from_(f"largest_{place}")


def _cells(dimensions: Sequence[str], top: int) -> exp.Select:
    key: exp.Expr = exp.cast(exp.Literal.number(0), "bigint")
    joined = exp.select().from_("inside")
    for place, name in enumerate(dimensions):
        table = f"largest_{place}"
        code = exp.Coalesce(this=exp.column("code", table=table), expressions=[exp.Placeholder(this="top")])
        key = exp.Add(this=exp.Paren(this=exp.Mul(this=exp.Paren(this=key), expression=exp.Literal.number(top + 1))),
                      expression=code)  # fmt: skip
        same = exp.EQ(this=exp.column("label", table=table), expression=exp.column(name, table="inside"))
        joined = joined.join(exp.to_table(table), on=same, join_type="left")
    completed = exp.GTE(this=exp.column("step"), expression=exp.Placeholder(this="completed"))
    completions = exp.Case().when(completed, exp.column("sessions", table="inside")).else_(exp.Literal.number(0))
    summed = (
        exp.column("sessions", table="inside"),
        completions,
        exp.column("conversions"),
        exp.cast(exp.column("revenue"), "double"),
    )
    sums = [
        exp.alias_(exp.cast(exp.Sum(this=column), "double"), name) for name, column in zip(SUMS, summed, strict=True)
    ]
    minus = exp.alias_(exp.Neg(this=exp.Literal.number(1)), "dimension")
    blank = exp.alias_(exp.cast(exp.Null(), "varchar"), "label")
    return joined.select(minus, blank, exp.alias_(key, "key"), *sums).group_by("3")
