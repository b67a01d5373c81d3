"""Publish staged sessions: month by month, then one atomic commit."""

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
from deltalake import CommitProperties, Field, Schema
from deltalake.exceptions import DeltaError
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from ingest.engine import glob_safe, run, watched
from ingest.merge import merge_sessions, name_stored
from ingest.report import FileReport, IngestError, Progress
from ingest.runs import PARTITION
from queries.store import Store
from queries.vocabulary import SESSION_COLUMNS

DELTA_TYPES = {
    "BIGINT": "long",
    "INTEGER": "integer",
    "SMALLINT": "short",
    "DATE": "date",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "DECIMAL(18, 6)": "decimal(18,6)",
}


@dataclass(frozen=True, slots=True)
class Month:
    """Name one month with staged sessions, the store's files of it, and the new file that is to replace them."""

    name: str
    first_day: str
    sessions: int
    stored: tuple[str, ...]
    part: str


NO_FILE = 2**31 - 1
"""A number that no staged file has: no session was put together anew."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Say what is written of a month, as (file number, outcome, sessions), and by which statement (None: nothing)."""

    outcomes: tuple[tuple[int, str, int], ...]
    statement: str | None


def publish(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    store: Store,
    staged: dict[int, FileReport],
    watch: Callable[[Progress], None],
) -> None:
    """Write the staged files' sessions into the months they touch and commit once; no commit when nothing changes.

    `staged` is file number -> report; the reports are given their counts of added, replaced and duplicate sessions.
    """
    stored = stored_files(store)
    merged = merge_sessions(connection, folder, staged, [file for files in stored.values() for file in files], watch)
    first_merged = max(staged) + 1
    paths = [glob_safe(folder / f"{number}.parquet") for number in (*staged, *merged.files)]
    months = _months(connection, paths, stored, folder.name)
    total, done = sum(month.sessions for month in months), 0
    actions: list[AddAction | RemoveAction] = []
    changed = []
    for report in staged.values():
        report.duplicates = report.rows - report.rows_rejected
    for number, outcome, sessions in merged.outcomes:
        _count(staged[number], outcome, sessions)
    for month in months:
        tick = partial(_tick, watch, month, done, total)
        tick(0)
        plan = _plan(connection, paths, month, first_merged if merged.files else None)
        for number, outcome, sessions in plan.outcomes:
            if number < first_merged:
                _count(staged[number], outcome, sessions)
        if plan.statement:
            actions += _write(connection, paths, store, month, plan.statement, tick)
            changed.append(month.name)
        done += month.sessions
    watch(Progress("publish", str(store.path), total, total))
    if changed:
        commit_files(store, actions, changed, _summary(folder.name, staged.values(), changed))


def _tick(watch: Callable[[Progress], None], month: Month, done: int, total: int, share: float) -> None:
    watch(Progress("publish", month.name, done + int(share * month.sessions), total))


def stored_files(store: Store) -> dict[str, list[str]]:
    """Return month -> the store's files of it."""
    stored: dict[str, list[str]] = {}
    if store.exists:
        actions = store.table().get_add_actions(flatten=True)
        for path, month in zip(actions["path"].to_pylist(), actions[f"partition.{PARTITION}"].to_pylist(), strict=True):
            stored.setdefault(month, []).append(glob_safe(store.sessions / path))
    return stored


def _months(
    connection: duckdb.DuckDBPyConnection, paths: list[str], stored: Mapping[str, Sequence[str]], run_id: str
) -> list[Month]:
    months = []
    for name, first_day, sessions in run(connection, "months", {"staged": paths}):
        part = f"{PARTITION}={name}/part-{run_id}.parquet"
        months.append(Month(name, first_day, sessions, tuple(stored.get(name, ())), part))
    return months


def _plan(connection: duckdb.DuckDBPyConnection, paths: list[str], month: Month, first_merged: int | None) -> Plan:
    """Decide what is to be written of the month; `first_merged` is the first file of sessions put together anew."""
    rows = {"staged": paths, "first_day": month.first_day}
    if not month.stored and first_merged is None:
        counted = run(connection, "count_unique", rows)
        if counted and sum(sessions for _, sessions, _ in counted) == counted[0][2]:
            outcomes = tuple((number, "added", sessions) for number, sessions, _ in counted)
            ((is_ordered,),) = run(connection, "is_ordered", rows)
            return Plan(outcomes, "write_ordered_month" if is_ordered else "write_whole_month")
    merged = {"first_merged": NO_FILE if first_merged is None else first_merged}
    run(connection, "create_winners", rows | merged)
    if month.stored:
        name_stored(connection, month.stored)
        run(connection, "decide_month", merged)
    else:
        run(connection, "decide_new_month")
    outcomes = tuple(run(connection, "count_decided"))
    ((removed,),) = run(connection, "count_removed", {"first_day": month.first_day})
    statement = "write_month" if month.stored else "write_new_month"
    return Plan(outcomes, statement if outcomes or removed else None)


def _count(report: FileReport, outcome: str, sessions: int) -> None:
    report.duplicates -= sessions
    if outcome == "added":
        report.sessions_added += sessions
    else:
        report.sessions_replaced += sessions


def _write(
    connection: duckdb.DuckDBPyConnection,
    paths: list[str],
    store: Store,
    month: Month,
    statement: str,
    tick: Callable[[float], None],
) -> list[AddAction]:
    """Write the month's new file; nothing stands for a month whose sessions all belong to another now."""
    target = store.sessions / month.part
    target.parent.mkdir(parents=True, exist_ok=True)
    parameters = {"staged": paths, "first_day": month.first_day, "part": str(target)}
    written = watched(connection, lambda: run(connection, statement, parameters), tick)
    return [added(target, month.name, month.part, written)] if written[0][1] else _nothing_left(target)


def added(target: Path, month: str, part: str, written: list[tuple]) -> AddAction:
    """Return the Delta action for a file that a COPY with RETURN_STATS has written, after it is safe on the disk."""
    ((_, rows, size, _, columns, *_),) = written
    _make_durable(target)
    dates = columns['"session_date"']
    statistics = {
        "numRecords": rows,
        "minValues": {"session_date": dates["min"]},
        "maxValues": {"session_date": dates["max"]},
        "nullCount": {"session_date": 0},
    }
    return AddAction(part, size, {PARTITION: month}, int(time.time() * 1000), True, json.dumps(statistics))


def _nothing_left(target: Path) -> list[AddAction]:
    target.unlink()
    return []


def _make_durable(file: Path) -> None:
    """Make a file survive a power cut, before a commit names it."""
    for path, flags in ((file, os.O_RDONLY), (file.parent, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(path, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def commit_files(store: Store, actions: Sequence[AddAction | RemoveAction], months: list[str], summary: dict) -> None:
    """Let files take the place of all files of some months, as one commit.

    Raises IngestError, with the store as it was, when the Delta log cannot be written.
    """
    told = properties(summary)
    try:
        if not store.exists:
            create_table_with_add_actions(
                str(store.sessions),
                _schema(),
                [action for action in actions if isinstance(action, AddAction)],
                partition_by=[PARTITION],
                name="sessions",
                commit_properties=told,
            )
            return
        table = store.table()
        table.create_write_transaction(
            list(actions),
            "overwrite",
            _schema(),
            partition_by=[PARTITION],
            partition_filters=[(PARTITION, "in", months)],
            commit_properties=told,
        )
    except DeltaError as error:
        raise IngestError(f"{store.path} could not be committed, it is as it was: {error}") from error


def _summary(run_id: str, reports: Iterable[FileReport], months: list[str]) -> dict:
    reports = list(reports)
    return {
        "operation": "ingest",
        "run": run_id,
        "files": [Path(report.path).name for report in reports][:100],
        "file_count": len(reports),
        "added": sum(report.sessions_added for report in reports),
        "replaced": sum(report.sessions_replaced for report in reports),
        "duplicates": sum(report.duplicates for report in reports),
        "rejected": sum(report.rows_rejected for report in reports),
        "months": months,
    }


def properties(summary: dict) -> CommitProperties:
    """Return a commit's summary as the Delta log keeps it."""
    return CommitProperties(custom_metadata={"silent_leak": summary})


def _schema() -> Schema:
    fields = [Field(column.name, PrimitiveType(DELTA_TYPES[column.sql_type])) for column in SESSION_COLUMNS]
    return Schema([*fields, Field(PARTITION, PrimitiveType("string"))])
