"""Keep a store small and quick: take ingests back, put a month's files together, remove files of old versions."""

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction

from ingest.engine import connect, run
from ingest.lock import only_writer
from ingest.merge import name_stored
from ingest.publish import added, commit_files, properties, stored_files
from ingest.report import IngestError
from ingest.runs import PARTITION, forget_dead_runs, remove_empty_months, run_folder
from queries.store import Commit, Store, StoreError

NOTHING = -1
"""The version that an undo of the first ingest goes back to: none, an empty store."""

KEPT_DAYS = 7
"""Undo goes back to every version that was current within so many days, and always over the last ingest."""

GRACE = dt.timedelta(hours=1)
"""A reader may still be reading a version that was current so long ago."""


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """Say what a vacuum removed: files, their bytes, and the oldest version that undo can still go back to."""

    files: int
    bytes: int
    oldest_version: int


def undo(store: Store, wait: float = 0) -> Commit:
    """Go back to what the store held before the last ingest that still counts; return the new commit.

    Undoing twice goes back two ingests; undoing the first leaves an empty store. Raises IngestError when there is
    nothing to undo or its files were vacuumed, StoreError when there is no store.
    """
    store.table()
    with only_writer(store.path, wait):
        table = store.table()
        forget_dead_runs(store)
        current = content_version(store.history())
        if current == NOTHING:
            raise IngestError(f"{store.path} is empty: every ingest was undone already.")
        target = current - 1 if current > 0 else NOTHING
        if missing := [file for file in _files_of(store, target) if not file.exists()]:
            raise IngestError(
                f"version {target} of {store.path} cannot come back: a vacuum removed {len(missing):,} of its files. "
                "Vacuum keeps what undo needs for --keep-days."
            )
        told = properties({"operation": "undo", "undone_version": current, "restored_version": target})
        try:
            if target == NOTHING:
                table.create_write_transaction([], "overwrite", table.schema(), commit_properties=told)
            else:
                table.restore(target, commit_properties=told)
        except (DeltaError, OSError) as error:
            raise IngestError(f"{store.path} could not be undone, it is as it was: {error}") from error
    return store.history(1)[0]


def optimize(store: Store, *, wait: float = 0, memory_limit: str | None = None) -> Commit | None:
    """Put together the files of each month that has several, as one commit; return None when no month has.

    Readers keep the files of their version. Raises StoreError when there is no store.
    """
    store.table()
    try:
        with only_writer(store.path, wait), run_folder(store) as folder, connect(folder, memory_limit) as connection:
            return _put_months_together(store, connection, folder)
    except (duckdb.OutOfMemoryException, duckdb.IOException, OSError) as error:
        raise IngestError(f"{store.path} is as it was, its files could not be put together: {error}") from error


def _put_months_together(store: Store, connection: duckdb.DuckDBPyConnection, folder: Path) -> Commit | None:
    scattered = {month: files for month, files in stored_files(store).items() if len(files) > 1}
    store.table().create_checkpoint()
    if not scattered:
        return None
    actions: list[AddAction] = []
    for month, files in sorted(scattered.items()):
        part = f"{PARTITION}={month}/part-{folder.name}.parquet"
        target = store.sessions / part
        name_stored(connection, files)
        actions.append(added(target, month, part, run(connection, "write_compacted", {"part": str(target)})))
    summary = {
        "operation": "optimize",
        "run": folder.name,
        "months": sorted(scattered),
        "files_before": sum(map(len, scattered.values())),
        "files_after": len(actions),
    }
    commit_files(store, actions, sorted(scattered), summary)
    return store.history(1)[0]


def vacuum(store: Store, keep_days: float = KEPT_DAYS, *, wait: float = 0) -> Vacuumed:
    """Remove the files of versions that are not current, were not within `keep_days`, and undo does not need.

    The state before the last ingest is always kept, and what was current within the last hour, for its readers.
    Raises StoreError when there is no store.
    """
    if keep_days < 0:
        raise IngestError(f"files cannot be kept for {keep_days:g} days: name a number of days from 0 on.")
    store.table()
    with only_writer(store.path, wait):
        forget_dead_runs(store)
        commits = store.history()
        kept = kept_versions(commits, dt.datetime.now(dt.UTC) - max(dt.timedelta(days=keep_days), GRACE))
        needed = {file for version in kept for file in _files_of(store, version)}
        old = [file for file in store.sessions.glob(f"{PARTITION}=*/*.parquet") if file not in needed]
        size = sum(file.stat().st_size for file in old)
        for file in old:
            file.unlink()
        remove_empty_months(store)
    return Vacuumed(len(old), size, min(kept))


def kept_versions(commits: Iterable[Commit], since: dt.datetime) -> set[int]:
    """Return the versions to keep: the current, those current at or after `since`, and what one undo goes back to.

    `commits` are a store's whole history.
    """
    ordered = sorted(commits, key=lambda commit: commit.version)
    kept = {ordered[-1].version}
    for commit, successor in itertools.pairwise(ordered):
        if successor.at >= since:
            kept.add(commit.version)
    before = content_version(ordered) - 1
    return kept | ({before} if before > NOTHING else set())


def content_version(commits: Iterable[Commit]) -> int:
    """Return the version whose content a store shows: through undo and optimize commits, back to an ingest."""
    summaries = {commit.version: commit.summary for commit in commits}
    version = max(summaries)
    while version >= 0 and summaries[version].get("operation") != "ingest":
        version = summaries[version].get("restored_version", version - 1)
    return version


def _files_of(store: Store, version: int) -> list[Path]:
    if version == NOTHING:
        return []
    try:
        table: DeltaTable = store.table(version)
        return [store.sessions / path for path in table.get_add_actions(flatten=True)["path"].to_pylist()]
    except (DeltaError, StoreError) as error:
        raise IngestError(f"version {version} of {store.path} cannot be read any more: {error}") from error
