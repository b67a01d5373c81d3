"""Build the rollup file of a snapshot: a narrow copy of the sessions, then each rollup from the smallest that fits."""

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock
from sqlglot import exp

from queries.compose import VISITOR, VISITOR_NUMBER
from queries.derived import SOURCES, read_column
from queries.rollup import (
    CLASSES,
    CONVERTED,
    COPIED,
    COPY,
    DAY,
    ENGAGED,
    ENGAGED_PAGEVIEWS,
    FLAGS,
    LOCK,
    ORDERS,
    ROLLUPS,
    SUMS,
    Rollup,
    covering,
    file_of,
    folder_of,
)
from queries.store import Snapshot
from queries.vocabulary import DIMENSIONS

UNFINISHED = {".part", ".wal", ".spill"}
MEMORY = "1GB"
LARGEST_DICTIONARY = 60_000
"""A dimension with more values than this is copied as text."""

SMALLEST_STORE = 200_000
"""Below this many sessions, reading them costs no more than planning the question: only the copy is made."""

WORTH_IT, ALL_TOGETHER = 1 / 6, 2.0
"""The most rows that one rollup and all rollups may have, as a share of the sessions."""

MOST_VALUES = 10_000
"""Of each dimension, this many of the largest values are counted, to foresee what a filter leaves."""


def build(snapshot: Snapshot, watch: Callable[[duckdb.DuckDBPyConnection], object] = lambda _: None) -> Path:
    """Build the file of a snapshot's rollups unless it is there, and drop those of other versions; return its path.

    One process builds at a time, others wait. `watch` is given the connection, for interrupting it. Raises OSError
    when the folder cannot be written, duckdb.Error when the sessions cannot be read or the building is interrupted.
    """
    target = file_of(snapshot)
    folder = folder_of(snapshot.store)
    folder.mkdir(exist_ok=True)
    with FileLock(folder / LOCK):
        if not target.exists():
            begun = folder / f"{target.stem}.part"
            _remove(path for path in folder.iterdir() if path.suffix in UNFINISHED)
            try:
                _fill(begun, snapshot, watch)
                begun.rename(target)
            finally:
                _remove(path for path in folder.iterdir() if path.suffix in UNFINISHED)
        _remove(path for path in folder.glob("*.duckdb") if path != target)
    return target


def _fill(path: Path, snapshot: Snapshot, watch: Callable[[duckdb.DuckDBPyConnection], object]) -> None:
    config: dict[str, Any] = {
        "threads": max(1, (os.cpu_count() or 2) - 1),
        "memory_limit": MEMORY,
        "temp_directory": str(path.with_suffix(".spill")),
        "autoinstall_known_extensions": "false",
        "disabled_optimizers": "join_order,build_side_probe_side",
    }
    with duckdb.connect(str(path), config=config) as connection:
        watch(connection)
        columns = _values(connection, list(snapshot.files))
        _copy(connection, list(snapshot.files), columns)
        connection.execute(_sql(_table(ORDERS, _orders(columns))), {"files": list(snapshot.files)})
        connection.execute(_sql(_table(ENGAGED, _engaged())))
        sessions = rows_of(connection)[COPY]
        _count_values(connection)
        if sessions >= SMALLEST_STORE:
            _roll_up(connection, sessions)


def _stored() -> exp.Table:
    return exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[
        exp.Placeholder(this="files"),
        exp.PropertyEQ(this=exp.to_identifier("hive_partitioning"), expression=exp.false()),
    ]))  # fmt: skip


def _values(connection: duckdb.DuckDBPyConnection, files: list[str]) -> list[exp.Expr]:
    """Return the columns that are copied of the table `stored`: dimensions as dictionaries, which are made."""
    counts = [exp.Anonymous(this="approx_count_distinct", expressions=[read_column(name)]) for name in DIMENSIONS]
    [sizes] = connection.execute(_sql(exp.select(*counts).from_(_stored())), {"files": files}).fetchall()
    columns: list[exp.Expr] = []
    for name in COPIED:
        column: exp.Expr = exp.column(name, table="stored") if name not in SOURCES else read_column(name)
        if name in DIMENSIONS and sizes[DIMENSIONS.index(name)] <= LARGEST_DICTIONARY:
            known = read_column(name)
            values = exp.select(known).distinct().from_(_stored()).where(known.is_(exp.null()).not_()).order_by("1")
            listed = exp.Anonymous(this="enum", expressions=[exp.Subquery(this=values)])
            kind = exp.Create(this=exp.to_table(f"{name}_value"), kind="TYPE", expression=listed)
            connection.execute(_sql(kind), {"files": files})
            column = exp.cast(column, exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=f"{name}_value"))
        columns.append(exp.alias_(column, name))
    return columns


def _copy(connection: duckdb.DuckDBPyConnection, files: list[str], columns: Sequence[exp.Expr]) -> None:
    """Copy the sessions in their order, visitors numbered.

    `visitor_number` is 0 for a visitor with one session in the whole store, NULL for an unknown one; so that distinct
    visitors are the zeros plus the distinct other numbers, of which there are few.
    """
    visitor = exp.column(VISITOR)
    number = exp.Window(this=exp.RowNumber())
    returning = (
        exp.select(visitor, exp.alias_(number, "number")).from_(_stored())
        .group_by(visitor).having(exp.GT(this=exp.Count(this=visitor), expression=exp.Literal.number(1)))
    )  # fmt: skip
    numbered = exp.Case().when(
        exp.column(VISITOR, table="stored").is_(exp.null()).not_(),
        exp.Coalesce(this=exp.column("number", table="returning"), expressions=[exp.Literal.number(0)]),
    )
    visitor_number = exp.alias_(exp.cast(numbered, "integer"), VISITOR_NUMBER)
    same = exp.EQ(this=exp.column(VISITOR, table="returning"), expression=exp.column(VISITOR, table="stored"))
    copied = (
        exp.select(*columns, visitor_number)
        .from_(exp.alias_(_stored(), "stored", table=True))
        .join(exp.alias_(exp.Subquery(this=returning), "returning", table=True), on=same, join_type="left")
    )
    connection.execute(_sql(_table(COPY, copied)), {"files": files})


def _orders(columns: Sequence[exp.Expr]) -> exp.Select:
    return (
        exp.select(*columns, exp.column("session_id", table="stored"))
        .from_(exp.alias_(_stored(), "stored", table=True))
        .where(exp.GT(this=exp.column("transactions"), expression=exp.Literal.number(0)))
        .where(exp.GT(this=exp.column("revenue"), expression=exp.Literal.number(0)))
        .order_by(exp.column("session_id", table="stored"))
    )


def _engaged() -> exp.Select:
    often = exp.GTE(this=exp.column("pageviews"), expression=exp.Literal.number(ENGAGED_PAGEVIEWS))
    bought = exp.GT(this=exp.column("transactions"), expression=exp.Literal.number(0))
    return exp.select("*").from_(COPY).where(exp.or_(often, bought))


def _count_values(connection: duckdb.DuckDBPyConnection) -> None:
    parts = []
    for name in (DAY, *DIMENSIONS):
        count = exp.Count(this=exp.Star())
        value = exp.cast(exp.column(name), "varchar")
        part = exp.select(exp.alias_(exp.Literal.string(name), "name"), exp.alias_(value, "value"),
                          exp.alias_(count, "sessions"))  # fmt: skip
        part = part.from_(COPY).group_by(exp.column(name)).order_by(exp.column("sessions").desc()).limit(MOST_VALUES)
        parts.append(exp.Subquery(this=part))
    every = exp.union(*(exp.select("*").from_(part) for part in parts), distinct=False)
    connection.execute(_sql(_table("value_counts", every)))


def _roll_up(connection: duckdb.DuckDBPyConnection, sessions: int) -> None:
    kept: dict[Rollup, int] = {}
    for rollup in ROLLUPS:
        source = min(covering(kept, set(rollup.keys)), key=lambda name: kept[name], default=None)
        connection.execute(_sql(_table(rollup.name, _added_up(rollup, source))))
        rows = rows_of(connection)[rollup.name]
        if rows > sessions * WORTH_IT or sum(kept.values()) + rows > sessions * ALL_TOGETHER:
            connection.execute(_sql(exp.Drop(kind="TABLE", tables=[exp.to_table(rollup.name)])))
        else:
            kept[rollup] = rows


def _added_up(rollup: Rollup, source: Rollup | None) -> exp.Select:
    """Return the rows of a rollup, from another one or from the copy, sorted by its keys."""
    converted = exp.GT(this=exp.column("transactions"), expression=exp.Literal.number(0))
    values: dict[str, exp.Expr] = {name: exp.column(name) for name in (*rollup.keys, *FLAGS, *SUMS, "largest_revenue")}
    if source:
        values |= {name: exp.column(name) for name in (*CLASSES, CONVERTED)}
    else:
        values |= {name: _class_of(name, bounds) for name, bounds in CLASSES.items()}
        values[CONVERTED] = exp.Coalesce(this=converted, expressions=[exp.false()])
        values["sessions"] = exp.Literal.number(1)
        values["conversions"] = exp.Case().when(converted.copy(), exp.Literal.number(1)).else_(exp.Literal.number(0))
        values |= {"total_pageviews": exp.column("pageviews"), "largest_revenue": exp.column("revenue")}
    keys = [exp.alias_(values[name], name) for name in rollup.keys]
    types = {"revenue": "decimal(18, 6)", "total_pageviews": "bigint"}
    sums = [
        exp.alias_(exp.cast(exp.Sum(this=values[name]), types.get(name, "integer")), name) for name in SUMS
    ]  # fmt: skip
    largest = exp.alias_(exp.Max(this=values["largest_revenue"]), "largest_revenue")
    places = [exp.Literal.number(place) for place in range(1, len(keys) + 1)]
    read = source.name if source else COPY
    return exp.select(*keys, *sums, largest).from_(read).group_by(*places).order_by(*(p.copy() for p in places))


def _class_of(column: str, bounds: tuple[int, ...]) -> exp.Case:
    case = exp.Case()
    for bound in reversed(bounds):
        reached = exp.GTE(this=exp.column(column), expression=exp.Literal.number(bound))
        case = case.when(reached, exp.Literal.number(bound))
    return case.else_(exp.Literal.number(0))


def rows_of(connection: duckdb.DuckDBPyConnection, database: str | None = None) -> dict[str, int]:
    """Return the tables of a rollup file with their number of rows; the connection's own file if none is named."""
    listed = (
        exp.select("table_name", "estimated_size")
        .from_(exp.Table(this=exp.Anonymous(this="duckdb_tables")))
        .where(exp.EQ(this=exp.column("database_name"), expression=exp.Anonymous(this="coalesce", expressions=[
            exp.Placeholder(this="database"), exp.Anonymous(this="current_database")])))
    )  # fmt: skip
    return dict(connection.execute(_sql(listed), {"database": database}).fetchall())


def _table(name: str, rows: exp.Query) -> exp.Create:
    return exp.Create(this=exp.to_table(name), kind="TABLE", expression=rows)


def _sql(statement: exp.Expression) -> str:
    return statement.sql(dialect="duckdb")


def _remove(paths: Iterable[Path]) -> None:
    """Remove files and folders as far as the system lets: another process may still read the old version."""
    for path in list(paths):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
