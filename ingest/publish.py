"""Publish staged sessions: month by month, then one atomic commit; undo it; clean up after dead runs."""

import json
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
from deltalake import CommitProperties, Field, Schema
from deltalake.exceptions import DeltaError
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from ingest.engine import glob_safe, run
from ingest.lock import only_writer
from ingest.report import FileReport, IngestError, Progress
from queries.store import Commit, Store
from queries.vocabulary import SESSION_COLUMNS

PARTITION = "session_month"
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
NOTHING = -1
"""The version that an undo of the first ingest goes back to: none, an empty store."""


@dataclass(frozen=True, slots=True)
class Month:
    """Name one month with staged sessions, the store's files of it, and the new file that is to replace them."""

    name: str
    first_day: str
    sessions: int
    stored: tuple[str, ...]
    part: str


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
    paths = [glob_safe(folder / f"{number}.parquet") for number in staged]
    months = _months(connection, paths, store, folder.name)
    total, done = sum(month.sessions for month in months), 0
    actions: list[AddAction | RemoveAction] = []
    changed = []
    for report in staged.values():
        report.duplicates = report.rows - report.rows_rejected
    for month in months:
        watch(Progress("publish", month.name, done, total))
        if outcomes := _decide(connection, paths, month):
            for number, outcome, sessions in outcomes:
                _count(staged[number], outcome, sessions)
            actions.append(_write(connection, paths, store, month))
            changed.append(month.name)
        done += month.sessions
    watch(Progress("publish", str(store.path), total, total))
    if actions:
        _commit(store, actions, changed, _summary(folder.name, staged.values(), changed))


def undo(store: Store) -> Commit:
    """Go back to what the store held before the last ingest that still counts; return the new commit.

    Undoing twice goes back two ingests; undoing the first leaves an empty store. Raises IngestError when there is
    nothing to undo, StoreError when there is no store.
    """
    store.table()
    with only_writer(store.path):
        table = store.table()
        forget_dead_runs(store)
        current = _content_version(store)
        if current == NOTHING:
            raise IngestError(f"{store.path} is empty: every ingest was undone already.")
        target = current - 1 if current > 0 else NOTHING
        properties = _properties({"operation": "undo", "undone_version": current, "restored_version": target})
        if target == NOTHING:
            table.create_write_transaction([], "overwrite", table.schema(), commit_properties=properties)
        else:
            table.restore(target, commit_properties=properties)
    return store.history(1)[0]


def withdraw(store: Store, run_id: str) -> None:
    """Remove the part files of a run that was not committed."""
    if not _is_committed(store, run_id):
        for part in store.sessions.glob(f"{PARTITION}=*/part-{run_id}.parquet"):
            part.unlink(missing_ok=True)
        for month in store.sessions.glob(f"{PARTITION}=*"):
            if not any(month.iterdir()):
                month.rmdir()


def forget_dead_runs(store: Store) -> None:
    """Remove what runs that died have left: their part files and staging folders (call it under the lock)."""
    for folder in sorted((store.path / "staging").glob("*")):
        withdraw(store, folder.name)
        shutil.rmtree(folder, ignore_errors=True)


def _months(connection: duckdb.DuckDBPyConnection, paths: list[str], store: Store, run_id: str) -> list[Month]:
    stored: dict[str, list[str]] = {}
    if store.exists:
        actions = store.table().get_add_actions(flatten=True)
        for path, month in zip(actions["path"].to_pylist(), actions[f"partition.{PARTITION}"].to_pylist(), strict=True):
            stored.setdefault(month, []).append(glob_safe(store.sessions / path))
    months = []
    for name, first_day, sessions in run(connection, "months", {"staged": paths}):
        part = f"{PARTITION}={name}/part-{run_id}.parquet"
        months.append(Month(name, first_day, sessions, tuple(stored.get(name, ())), part))
    return months


def _decide(connection: duckdb.DuckDBPyConnection, paths: list[str], month: Month) -> list[tuple[int, str, int]]:
    run(connection, "create_winners", {"staged": paths, "first_day": month.first_day})
    if month.stored:
        run(connection, "decide_month", {"stored": list(month.stored)})
    else:
        run(connection, "decide_new_month")
    return [(number, outcome, sessions) for number, outcome, sessions in run(connection, "count_decided")]


def _count(report: FileReport, outcome: str, sessions: int) -> None:
    report.duplicates -= sessions
    if outcome == "added":
        report.sessions_added += sessions
    else:
        report.sessions_replaced += sessions


def _write(connection: duckdb.DuckDBPyConnection, paths: list[str], store: Store, month: Month) -> AddAction:
    target = store.sessions / month.part
    target.parent.mkdir(parents=True, exist_ok=True)
    parameters = {"staged": paths, "first_day": month.first_day, "part": str(target)}
    if month.stored:
        ((_, rows, size, _, columns, *_),) = run(connection, "write_month", parameters | {"stored": list(month.stored)})
    else:
        ((_, rows, size, _, columns, *_),) = run(connection, "write_new_month", parameters)
    dates = columns['"session_date"']
    statistics = {
        "numRecords": rows,
        "minValues": {"session_date": dates["min"]},
        "maxValues": {"session_date": dates["max"]},
        "nullCount": {"session_date": 0},
    }
    now = int(time.time() * 1000)
    return AddAction(month.part, size, {PARTITION: month.name}, now, True, json.dumps(statistics))


def _commit(store: Store, actions: list[AddAction | RemoveAction], months: list[str], summary: dict) -> None:
    properties = _properties(summary)
    try:
        if not store.exists:
            create_table_with_add_actions(
                str(store.sessions),
                _schema(),
                [action for action in actions if isinstance(action, AddAction)],
                partition_by=[PARTITION],
                name="sessions",
                commit_properties=properties,
            )
            return
        table = store.table()
        table.create_write_transaction(
            actions,
            "overwrite",
            table.schema(),
            partition_by=[PARTITION],
            partition_filters=[(PARTITION, "in", months)],
            commit_properties=properties,
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


def _properties(summary: dict) -> CommitProperties:
    return CommitProperties(custom_metadata={"silent_leak": summary})


def _schema() -> Schema:
    fields = [Field(column.name, PrimitiveType(DELTA_TYPES[column.sql_type])) for column in SESSION_COLUMNS]
    return Schema([*fields, Field(PARTITION, PrimitiveType("string"))])


def _content_version(store: Store) -> int:
    """Return the version whose content the store shows: through undo commits, back to an ingest."""
    summaries = {commit.version: commit.summary for commit in store.history()}
    version = max(summaries)
    while version >= 0 and summaries[version].get("operation") != "ingest":
        version = summaries[version].get("restored_version", version - 1)
    return version


def _is_committed(store: Store, run_id: str) -> bool:
    return store.exists and any(commit.summary.get("run") == run_id for commit in store.history())
