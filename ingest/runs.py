"""One run of a writer: its scratch folder, and what is left of runs that died."""

import shutil
import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from queries.store import Store

PARTITION = "session_month"


@contextmanager
def run_folder(store: Store) -> Generator[Path]:
    """Give a run a folder of its own; whatever happens, leave neither it nor uncommitted part files behind.

    Call it under the lock: what runs that died have left is removed first.
    """
    forget_dead_runs(store)
    folder = store.path / "staging" / uuid.uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder
    except BaseException:
        withdraw(store, folder.name)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            folder.parent.rmdir()


def withdraw(store: Store, run_id: str) -> None:
    """Remove the part files of a run that was not committed."""
    if not _is_committed(store, run_id):
        for part in store.sessions.glob(f"{PARTITION}=*/part-{run_id}.parquet"):
            part.unlink(missing_ok=True)
        remove_empty_months(store)


def remove_empty_months(store: Store) -> None:
    """Remove the month folders that hold no file."""
    for month in store.sessions.glob(f"{PARTITION}=*"):
        with suppress(OSError):
            month.rmdir()


def forget_dead_runs(store: Store) -> None:
    """Remove what runs that died have left: their part files, staging folders and half-written commits."""
    for folder in sorted((store.path / "staging").glob("*")):
        withdraw(store, folder.name)
        shutil.rmtree(folder, ignore_errors=True)
    for unfinished in (store.sessions / "_delta_log").glob("*.tmp*"):
        unfinished.unlink(missing_ok=True)


def _is_committed(store: Store, run_id: str) -> bool:
    return store.exists and any(commit.summary.get("run") == run_id for commit in store.history())
