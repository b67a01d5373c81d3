"""Compose the statement of a question: the metric's SQL over the relations `sessions` and `steps`, built with sqlglot.

Every value is a bound parameter, every identifier comes from the vocabulary. A statement depends on the shape of the
filters only (which columns, how many values), so it is composed once a shape; composing costs as much as a small query.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Literal

import sqlglot
import sqlglot.dialects.duckdb  # two threads that ask for it at once may get half of it
from sqlglot import exp

from queries.derived import SOURCES, read_column
from queries.filters import Filters, check_dimension
from queries.funnel import Funnel, Step
from queries.metrics import Metric, metric_named
from queries.vocabulary import COLUMN_NAMES

EVERYTHING = "(all)"
STATEMENTS = 2048
OF_ONE_SESSION = {"total_pageviews": "pageviews", "largest_revenue": "revenue"}
"""Totals that are the session's own column where each row is one session."""

SUPPLIED = {*COLUMN_NAMES, *SOURCES, *OF_ONE_SESSION, "sessions", "conversions", "segment", "step"}
"""The columns that the relation `sessions` can have."""

VISITOR, VISITOR_NUMBER, MOST_VISITORS = "visitor_id", "visitor_number", "most_visitors"
COUNTED_VISITORS = "COUNT(DISTINCT visitor_id)"

Reads = Literal["files", "rows", "totals"]
"""What a statement reads: the store's `$files`; a `$table` of sessions; a `$table` whose rows stand for many."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Promise that a statement only adds up these columns of its relation `sessions`, per step and dimension.

    Add "converted" where it tells converted sessions from others by more than their `conversions`.
    """

    columns: frozenset[str]
    funnel: Funnel


@dataclass(frozen=True, slots=True)
class Question:
    """Hold one composed statement: SQL text and its bound values (the list of files or the table's name apart).

    With `counts` it may be answered from a rollup. `of_orders` promises that it leaves out sessions without revenue.
    """

    sql: str
    parameters: dict[str, Any] = field(default_factory=dict)
    counts: Counts | None = None
    of_orders: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """Hold what the SQL of filters depends on: which dates are given, how many values of which dimensions, which steps.

    `left_out` is the number of spans of days left out. Of a step it holds the column and the comparison; its number is
    bound.
    """

    date_from: bool
    date_to: bool
    include: tuple[tuple[str, int], ...]
    exclude: tuple[tuple[str, int], ...]
    reached: tuple[Step, ...] = ()
    missed: tuple[Step, ...] = ()
    left_out: int = 0

    @classmethod
    def of(cls, filters: Filters) -> "Shape":
        """Return the shape of filters."""
        include, exclude = (
            tuple((check_dimension(dimension), len(values)) for dimension, values in pairs)
            for pairs in (filters.include, filters.exclude)
        )
        reached, missed = (
            tuple(Step("", "", step.column, step.operator) for step in steps)
            for steps in (filters.reached, filters.missed)
        )
        dates = filters.date_from is not None, filters.date_to is not None
        return cls(*dates, include, exclude, reached, missed, len(filters.left_out))


def compose(
    metric: Metric,
    filters: Filters,
    by: str | None,
    funnel: Funnel,
    options: Mapping[str, int],
    reads: Reads = "files",
) -> Question:
    """Return the metric's SQL with its relations `sessions` and `steps` put before it, and the values to bind."""
    sql, values = _statement(metric.name, Shape.of(filters), by, funnel, reads)
    return Question(sql, {**filter_values(filters), **dict(values), **options})


@lru_cache(STATEMENTS)
def _statement(
    name: str, shape: Shape, by: str | None, funnel: Funnel, reads: Reads
) -> tuple[str, tuple[tuple[str, Any], ...]]:
    query = _parsed(name).copy()
    wanted = columns_of(name)
    if reads == "rows" and VISITOR in wanted:
        query = query.transform(_number_visitors, copy=False)
        wanted = wanted - {VISITOR} | {VISITOR_NUMBER}
    sessions, values = _relation(wanted, shape, by, funnel, reads)
    supplied = [exp.CTE(this=sessions, alias=exp.TableAlias(this=exp.to_identifier("sessions")))]
    if any(table.name == "steps" for table in query.find_all(exp.Table)):
        steps, named = _steps(funnel)
        values |= named
        supplied.insert(0, exp.CTE(this=steps, alias=exp.TableAlias(this=exp.to_identifier("steps"))))
    own = query.args.get("with_") or exp.With(expressions=[])
    query.set("with_", exp.With(expressions=[*supplied, *own.expressions]))
    return query.sql(dialect="duckdb", pretty=True, copy=False), tuple(values.items())


@cache
def columns_of(name: str) -> frozenset[str]:
    """Return the columns that a metric's SQL takes from the relation `sessions`."""
    taken: set[str] = set()
    for select in _parsed(name).find_all(exp.Select):
        if any(table.name == "sessions" for table in select.find_all(exp.Table) if table.parent_select is select):
            own = (column for column in select.find_all(exp.Column) if column.parent_select is select)
            taken |= {column.name for column in own if column.table in {"", "sessions"}}
    return frozenset(taken & SUPPLIED)


@cache
def _parsed(name: str) -> exp.Query:
    query = sqlglot.parse_one(metric_named(name).sql, dialect="duckdb")
    if not isinstance(query, exp.Query):
        raise TypeError(f"sql/{name}.sql is not a query")
    return query


def sessions_relation(wanted: Set[str], shape: Shape, funnel: Funnel) -> tuple[exp.Select, dict[str, Any]]:
    """Return the relation `sessions` with the wanted columns, filtered, and the steps' values to bind."""
    return _relation(frozenset(wanted), shape, None, funnel, "files")


def _relation(
    wanted: frozenset[str], shape: Shape, by: str | None, funnel: Funnel, reads: Reads
) -> tuple[exp.Select, dict[str, Any]]:
    chosen, values = _weights(wanted, reads), {}
    if "segment" in wanted:
        segment = _column(check_dimension(by), reads) if by else exp.Literal.string(EVERYTHING)
        chosen.append(exp.alias_(segment, "segment"))
    if "step" in wanted:
        step, values = funnel.deepest_step()
        chosen.append(exp.alias_(step, "step"))
    chosen += [exp.column(name) for name in (*COLUMN_NAMES, VISITOR_NUMBER) if name in wanted]
    chosen += [exp.alias_(_column(name, reads), name) for name in SOURCES if name in wanted]
    relation = exp.select(*chosen, copy=False).from_(_read(reads), copy=False)
    return relation.where(*_conditions(shape, reads), copy=False), dict(values)


def _column(name: str, reads: Reads) -> exp.Expr:
    """Return a column: the copy of the sessions holds the derived ones, files and totals do not."""
    return exp.column(name) if reads == "rows" else read_column(name)


def _number_visitors(node: exp.Expression) -> exp.Expression:
    """Count distinct visitors by their numbers: those with one session at all (0), and the others in a bit each.

    Ten times as fast as a hash of all ids; DuckDB only, so the SQL that is shown stays the portable one.
    """
    if not (isinstance(node, exp.Count) and node.sql() == COUNTED_VISITORS):
        return node
    number, none, one = exp.column(VISITOR_NUMBER), exp.Literal.number(0), exp.Literal.number(1)
    returning = exp.Anonymous(this="nullif", expressions=[number, none])
    bits = exp.Anonymous(this="bitstring_agg", expressions=[returning, one, exp.Placeholder(this=MOST_VISITORS)])
    counted = exp.Coalesce(this=exp.Anonymous(this="bit_count", expressions=[bits]), expressions=[none.copy()])
    single = exp.Case().when(exp.EQ(this=number.copy(), expression=none.copy()), one.copy())
    return exp.Paren(this=exp.Add(this=counted, expression=exp.Count(this=single)))


def _weights(wanted: frozenset[str], reads: Reads) -> list[exp.Expr]:
    if reads == "totals":
        return [exp.column(name) for name in ("sessions", "conversions", *OF_ONE_SESSION)]
    converted = exp.GT(this=exp.column("transactions"), expression=exp.Literal.number(0))
    conversions = exp.Case().when(converted, exp.Literal.number(1)).else_(exp.Literal.number(0))
    named = [exp.alias_(exp.column(column), name) for name, column in OF_ONE_SESSION.items() if name in wanted]
    return [exp.alias_(exp.Literal.number(1), "sessions"), exp.alias_(conversions, "conversions"), *named]


def _read(reads: Reads) -> exp.Table:
    if reads != "files":
        return exp.Table(this=exp.Anonymous(this="query_table", expressions=[exp.Placeholder(this="table")]))
    plain = exp.PropertyEQ(this=exp.to_identifier("hive_partitioning"), expression=exp.false())
    return exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[exp.Placeholder(this="files"), plain]))


def _conditions(shape: Shape, reads: Reads) -> list[exp.Expr]:
    conditions: list[exp.Expr] = []
    day = exp.column("session_date")
    if shape.date_from:
        conditions.append(exp.GTE(this=day.copy(), expression=exp.Placeholder(this="date_from")))
    if shape.date_to:
        conditions.append(exp.LTE(this=day.copy(), expression=exp.Placeholder(this="date_to")))
    for number in range(shape.left_out):
        ends = {end: exp.Placeholder(this=f"left_out_{end}_{number}") for end in ("from", "to")}
        conditions.append(exp.Not(this=exp.Between(this=day.copy(), low=ends["from"], high=ends["to"])))
    for dimension, count in shape.include:
        conditions.append(_one_of(dimension, "is", count, reads))
    for dimension, count in shape.exclude:
        conditions.append(exp.Not(this=_one_of(dimension, "not", count, reads)))
    if shape.reached:
        conditions.append(exp.or_(*(step.condition(f"reached_{place}") for place, step in enumerate(shape.reached))))
    if shape.missed:
        met = exp.or_(*(step.condition(f"missed_{place}") for place, step in enumerate(shape.missed)))
        known = exp.Coalesce(this=exp.paren(met), expressions=[exp.false()])
        conditions.append(exp.Not(this=known))
    return conditions


def kept(table: str, filters: Filters, columns: Sequence[str]) -> Question:
    """Return the statement that makes a table of some columns of a `$table` of sessions, as they are, filtered."""
    chosen = exp.select(*(exp.column(name) for name in columns))
    rows = chosen.from_(_read("rows")).where(*_conditions(Shape.of(filters), "rows"))
    made = exp.Create(this=exp.to_table(table), kind="TABLE", replace=True, expression=rows)
    return Question(made.sql(dialect="duckdb", copy=False), filter_values(filters))


@lru_cache(STATEMENTS)
def over_totals(sql: str, shape: Shape, counts: Counts) -> str:
    """Return a composed statement with its relation `sessions` read from a `$table` of totals."""
    statement = sqlglot.parse_one(sql, dialect="duckdb")
    for supplied in statement.find_all(exp.CTE):
        if supplied.alias == "sessions":
            supplied.set("this", _relation(counts.columns, shape, None, counts.funnel, "totals")[0])
    return statement.sql(dialect="duckdb", copy=False)


@lru_cache(STATEMENTS)
def over_table(sql: str, columns: tuple[str, ...]) -> str | None:
    """Return a composed statement with its `$files` replaced by a `$table`; None when that lacks a wanted column."""
    statement = sqlglot.parse_one(sql, dialect="duckdb")
    for table in list(statement.find_all(exp.Table)):
        if isinstance(table.this, exp.ReadParquet):
            select = table.parent_select
            if select is None or any(column.name not in columns for column in select.find_all(exp.Column)):
                return None
            table.replace(_read("rows"))
    return statement.sql(dialect="duckdb", copy=False)


def _one_of(dimension: str, word: str, count: int, reads: Reads) -> exp.In:
    places = [exp.Placeholder(this=f"{dimension}_{word}_{number}") for number in range(count)]
    return exp.In(this=_column(dimension, reads), expressions=places)


def filter_values(filters: Filters) -> dict[str, Any]:
    """Return the values that the conditions of these filters bind, by the name of their place."""
    values: dict[str, Any] = {}
    if filters.date_from:
        values["date_from"] = filters.date_from
    if filters.date_to:
        values["date_to"] = filters.date_to
    for number, (first, last) in enumerate(filters.left_out):
        values |= {f"left_out_from_{number}": first, f"left_out_to_{number}": last}
    for word, pairs in (("is", filters.include), ("not", filters.exclude)):
        for dimension, wanted in pairs:
            values |= {f"{dimension}_{word}_{number}": value for number, value in enumerate(wanted)}
    for word, steps in (("reached", filters.reached), ("missed", filters.missed)):
        numbered = enumerate(steps)
        values |= {f"{word}_{place}": step.value for place, step in numbered if step.operator != "is true"}
    return values


def _steps(funnel: Funnel) -> tuple[exp.Query, dict[str, Any]]:
    parameters: dict[str, Any] = {}
    rows: list[exp.Select] = []
    for position, step in enumerate(funnel.steps, start=1):
        parameters[f"step_name_{position}"] = step.name
        parameters[f"step_definition_{position}"] = step.definition
        rows.append(
            exp.select(
                exp.alias_(exp.Literal.number(position), "position"),
                exp.alias_(exp.Placeholder(this=f"step_name_{position}"), "step"),
                exp.alias_(exp.Placeholder(this=f"step_definition_{position}"), "definition"),
            )
        )
    return exp.union(*rows, distinct=False) if len(rows) > 1 else rows[0], parameters
