"""Compose the statement of a question: the metric's SQL over the relations `sessions` and `steps`, built with sqlglot.

Every value is a bound parameter, every identifier comes from the vocabulary.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp

from queries.filters import Filters, check_dimension
from queries.funnel import Funnel
from queries.metrics import Metric, metric_named
from queries.vocabulary import COLUMN_NAMES

EVERYTHING = "(all)"


@dataclass(frozen=True, slots=True)
class Question:
    """Hold one composed statement: SQL text and its bound values (the list of files apart)."""

    sql: str
    parameters: dict[str, Any] = field(default_factory=dict)


def compose(metric: Metric, filters: Filters, by: str | None, funnel: Funnel, options: Mapping[str, int]) -> Question:
    """Return the metric's SQL with its relations `sessions` and `steps` put before it, and the values to bind."""
    query = _parsed(metric.name).copy()
    wanted = {column.name for column in query.find_all(exp.Column)}
    sessions, parameters = sessions_relation(wanted, filters, by, funnel)
    parameters.update(options)
    supplied = [exp.CTE(this=sessions, alias=exp.TableAlias(this=exp.to_identifier("sessions")))]
    if any(table.name == "steps" for table in query.find_all(exp.Table)):
        steps, values = _steps(funnel)
        parameters.update(values)
        supplied.insert(0, exp.CTE(this=steps, alias=exp.TableAlias(this=exp.to_identifier("steps"))))
    own = query.args.get("with_") or exp.With(expressions=[])
    query.set("with_", exp.With(expressions=[*supplied, *own.expressions]))
    return Question(query.sql(dialect="duckdb", pretty=True), parameters)


@cache
def _parsed(name: str) -> exp.Query:
    query = sqlglot.parse_one(metric_named(name).sql, dialect="duckdb")
    if not isinstance(query, exp.Query):
        raise TypeError(f"sql/{name}.sql is not a query")
    return query


def sessions_relation(
    wanted: set[str], filters: Filters, by: str | None, funnel: Funnel
) -> tuple[exp.Select, dict[str, Any]]:
    """Return the relation `sessions` with the wanted columns, filtered, and the values to bind."""
    parameters: dict[str, Any] = {}
    converted = exp.GT(this=exp.column("transactions"), expression=exp.Literal.number(0))
    conversions = exp.Case().when(converted, exp.Literal.number(1)).else_(exp.Literal.number(0))
    chosen: list[exp.Expr] = [
        exp.alias_(exp.Literal.number(1), "sessions"),
        exp.alias_(conversions, "conversions"),
    ]
    if "segment" in wanted:
        segment = exp.column(check_dimension(by)) if by else exp.Literal.string(EVERYTHING)
        chosen.append(exp.alias_(segment, "segment"))
    if "step" in wanted:
        step, values = funnel.deepest_step()
        parameters.update(values)
        chosen.append(exp.alias_(step, "step"))
    chosen += [exp.column(name) for name in COLUMN_NAMES if name in wanted]
    plain = exp.PropertyEQ(this=exp.to_identifier("hive_partitioning"), expression=exp.false())
    files = exp.Anonymous(this="read_parquet", expressions=[exp.Placeholder(this="files"), plain])
    relation = exp.select(*chosen).from_(exp.Table(this=files))
    conditions, values = _conditions(filters)
    parameters.update(values)
    return relation.where(*conditions), parameters


def _conditions(filters: Filters) -> tuple[list[exp.Expr], dict[str, Any]]:
    conditions: list[exp.Expr] = []
    parameters: dict[str, Any] = {}

    def bound(name: str, value: Any) -> exp.Placeholder:
        parameters[name] = value
        return exp.Placeholder(this=name)

    day = exp.column("session_date")
    if filters.date_from:
        conditions.append(exp.GTE(this=day.copy(), expression=bound("date_from", filters.date_from)))
    if filters.date_to:
        conditions.append(exp.LTE(this=day.copy(), expression=bound("date_to", filters.date_to)))
    for dimension, values in filters.include:
        places = [bound(f"{dimension}_is_{number}", value) for number, value in enumerate(values)]
        conditions.append(exp.In(this=exp.column(check_dimension(dimension)), expressions=places))
    for dimension, values in filters.exclude:
        places = [bound(f"{dimension}_not_{number}", value) for number, value in enumerate(values)]
        conditions.append(exp.Not(this=exp.In(this=exp.column(check_dimension(dimension)), expressions=places)))
    return conditions, parameters


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
