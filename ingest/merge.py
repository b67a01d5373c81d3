"""Sessions that several days, exports or the store add to: each day's part once, put together anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
from sqlglot import exp

from ingest.engine import glob_safe, name_relation, run
from ingest.report import FileReport, Progress
from ingest.sessionize import orders_of, parts_of, paths_of
from ingest.sources import staged_relation
from queries.vocabulary import SESSION_COLUMNS

SESSIONS_AT_ONCE = 200_000
"""Sessions that are put together anew at once, so that memory stays bounded."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Name the staged files of sessions put together anew, by number, and what they mean for each file's report."""

    files: tuple[int, ...] = ()
    outcomes: tuple[tuple[int, str, int], ...] = ()


def merge_sessions(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    staged: dict[int, FileReport],
    stored: Sequence[str],
    watch: Callable[[Progress], None],
) -> Merged:
    """Put together anew the sessions that more than one file, or the store's files `stored`, add to.

    Leaves the tables `merged_sessions` (whose rows in the staged files do not count) and `changed_sessions` (with the
    day under which the store has them, if it has). Whole sessions, as GA360 exports them, are never merged.
    """
    run(connection, "no_changed_sessions")
    numbers = [number for number in staged if parts_of(folder / f"{number}.parquet")]
    if not numbers or (len(numbers) == 1 and not stored):
        run(connection, "no_merged_sessions")
        return Merged()
    targets = [folder / f"{number}.parquet" for number in numbers]
    parts = [file for target in targets for file in parts_of(target)]
    name_relation(connection, "incoming_parts", staged_relation(paths_of(parts)))
    name_relation(connection, "incoming_orders", staged_relation(paths_of(map(orders_of, targets))))
    name_stored(connection, stored)
    for step in ("create_shared_sessions", "create_stored_orders", "create_affected_keys", "create_merged_sessions"):
        run(connection, step)
    ((sessions,),) = run(connection, "count_merged_sessions")
    if not sessions:
        return Merged()
    name_stored(connection, [file for (file,) in run(connection, "touched_files")])
    run(connection, "create_stored_sessions")
    shares = 1 + sessions // SESSIONS_AT_ONCE
    tell = partial(_tell, watch, sessions, 2 * shares)
    tell(0)
    _contribute(connection, folder, shares)
    files = _put_together(connection, folder, max(staged) + 1, shares, tell)
    for number, continued in run(connection, "count_continued"):
        goes = "goes" if continued == 1 else "go"
        staged[number].notes.append(
            f"{continued:,} of its sessions {goes} on in a later file of this ingest and are counted there"
        )
    return Merged(files, tuple(run(connection, "count_changed")))


def name_stored(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    """Name `stored` what some of the store's files hold: every session column, and the file's name.

    A column that a file does not have, because an older version wrote it, is NULL.
    """
    if not files:
        nothing = [exp.alias_(_nothing(column.sql_type), column.name) for column in SESSION_COLUMNS]
        name_relation(
            connection, "stored", exp.select(*nothing, exp.alias_(_nothing("VARCHAR"), "filename")).where(exp.false())
        )
        return
    relation = staged_relation(files, union_by_name=True, filename=True)
    found = {name for (name, *_) in connection.execute(relation.limit(0).sql(dialect="duckdb")).description or ()}
    columns = [
        exp.column(column.name) if column.name in found else exp.alias_(_nothing(column.sql_type), column.name)
        for column in SESSION_COLUMNS
    ]
    query = exp.select(*columns, "filename").from_(relation.subquery("files"))
    name_relation(connection, "stored", query)


def _nothing(sql_type: str) -> exp.Expr:
    return exp.cast(exp.null(), sql_type, dialect="duckdb")


def _contribute(connection: duckdb.DuckDBPyConnection, folder: Path, shares: int) -> None:
    target = folder / "contributions"
    run(connection, "stage_contributions", {"shares": shares, "target": str(target)})
    name_relation(
        connection, "contributions", staged_relation([f"{glob_safe(target)}/*/*.parquet"], hive_partitioning=True)
    )
    run(connection, "create_reexports")


def _tell(watch: Callable[[Progress], None], sessions: int, steps: int, done: int) -> None:
    watch(Progress("merge", "sessions of several files or days", sessions * done // steps, sessions))


def _put_together(
    connection: duckdb.DuckDBPyConnection, folder: Path, first: int, shares: int, tell: Callable[[int], None]
) -> tuple[int, ...]:
    run(connection, "no_staying_orders")
    for share in range(shares):
        run(connection, "create_staying_parts", {"share": share})
        name_relation(connection, "parts", exp.select("*").from_("staying_parts"))
        run(connection, "add_staying_orders")
        tell(share + 1)
    run(connection, "create_counted_orders")
    name_relation(connection, "all_orders", exp.select("*").from_("counted_orders"))
    for share in range(shares):
        if shares > 1:
            run(connection, "create_staying_parts", {"share": share})
        run(connection, "create_share_of_orders")
        name_relation(connection, "orders", exp.select("*").from_("share_of_orders"))
        run(connection, "create_assembled")
        run(connection, "add_changed_sessions", {"share": share})
        run(connection, "stage_changed", {"target": str(folder / f"{first + share}.parquet")})
        tell(shares + share + 1)
    return tuple(range(first, first + shares))
