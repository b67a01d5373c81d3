"""Stop a question that nobody waits for any more."""

import threading

import duckdb


class Cancelled(Exception):  # noqa: N818 - it is no error: a newer question is on its way
    """Tell that a newer question made this one useless."""


class Cancel:
    """Let another thread stop a running question."""

    def __init__(self) -> None:
        """Start with nothing to stop."""
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        self._lock = threading.Lock()
        self.cancelled = False

    def cancel(self) -> None:
        """Interrupt whatever runs under this object now and refuse what comes later."""
        with self._lock:
            self.cancelled = True
            for cursor in self._cursors:
                cursor.interrupt()

    def watch(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Take a cursor into care; raises Cancelled when it is too late."""
        with self._lock:
            if self.cancelled:
                raise Cancelled
            self._cursors.add(cursor)

    def release(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Let go of a cursor that has finished."""
        with self._lock:
            self._cursors.discard(cursor)


def is_ending(error: Exception) -> bool:
    """Say whether an error only means that the process ends (Ctrl-C): no thread may begin anything any more."""
    return isinstance(error, RuntimeError) and "shutdown" in str(error)
