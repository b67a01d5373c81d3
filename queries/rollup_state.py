"""Say how far the rollups of a store are, and build them in the background."""

import atexit
import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from queries.cancel import Cancel, Cancelled
from queries.rollup import LOCK, file_of, folder_of, is_worth_it
from queries.rollup_build import build
from queries.store import Snapshot

LOG = logging.getLogger(__name__)
FIRST_PAGE_SECONDS = 4.0
NICE = 10


@dataclass(frozen=True, slots=True)
class RollupState:
    """Hold one word (ready, building, missing, failed, not needed), why it failed, and the size of the file."""

    word: str
    reason: str = ""
    bytes: int = 0


def rollup_state(snapshot: Snapshot) -> RollupState:
    """Return what the disk tells of a snapshot's rollups; `building` by whichever process."""
    path = file_of(snapshot)
    try:
        return RollupState("ready", bytes=path.stat().st_size)
    except OSError:
        building = _is_locked(folder_of(snapshot.store) / LOCK)
    return RollupState("building" if building else "missing" if is_worth_it(snapshot) else "not needed")


def _is_locked(lock: Path) -> bool:
    if not lock.exists():
        return False
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


class Background:
    """Build rollups in a thread of low demands, one at a time, the newest snapshot that was asked for."""

    def __init__(self, built: Callable[[Snapshot], object]) -> None:
        """Take the function that is told of each snapshot whose rollups are ready."""
        self._built = built
        self._lock = threading.Lock()
        self._wanted: Snapshot | None = None
        self._thread: threading.Thread | None = None
        self._cancel = Cancel()
        self._begin = threading.Event()
        self.reason = ""

    def build(self, snapshot: Snapshot, *, at_once: bool = False) -> None:
        """Build a snapshot's rollups soon: a little later, unless at once, so that a first page comes first."""
        with self._lock:
            self._wanted = snapshot
            if at_once:
                self._begin.set()
            if not self._thread:
                self._thread = threading.Thread(target=self._work, name="rollups", daemon=True)
                self._thread.start()
                atexit.register(self.stop)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until nothing is being built."""
        if thread := self._thread:
            thread.join(seconds)

    def stop(self) -> None:
        """Interrupt the building: the process ends."""
        with suppress(duckdb.ConnectionException):  # it was just closed
            self._cancel.cancel()
        self._begin.set()
        self.wait(5)

    def _work(self) -> None:
        if sys.platform == "linux":  # where a thread has a priority of its own, which DuckDB's threads inherit
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        self._begin.wait(FIRST_PAGE_SECONDS)
        while snapshot := self._next():
            watched: list[duckdb.DuckDBPyConnection] = []
            try:
                build(snapshot, lambda connection, watched=watched: self._watch(connection, watched))
                self.reason = ""
                self._built(snapshot)
            except (Cancelled, duckdb.InterruptException):
                return
            except (OSError, duckdb.Error) as error:
                self.reason = str(error)
                LOG.warning("the rollups could not be built, questions read the sessions instead: %s", error)
            finally:
                for connection in watched:
                    self._cancel.release(connection)

    def _watch(self, connection: duckdb.DuckDBPyConnection, watched: list[duckdb.DuckDBPyConnection]) -> None:
        self._cancel.watch(connection)
        watched.append(connection)

    def _next(self) -> Snapshot | None:
        with self._lock:
            snapshot, self._wanted = self._wanted, None
            if not snapshot:
                self._thread = None
                atexit.unregister(self.stop)
            return snapshot
