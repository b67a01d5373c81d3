"""The store: month-partitioned Parquet of sessions, kept as a Delta Lake table."""

import csv
import datetime as dt
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loaded with the first store that is opened, so that the command line's help need not wait for it
    from deltalake import DeltaTable

UNUSABLE_IN_PATHS = "%#?*[]"
"""deltalake 1.6 takes paths for URLs: it decodes, cuts or panics on these, and DuckDB takes some for globs."""


class StoreError(Exception):
    """Say which store cannot be used, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Hold one committed version of a store: what a reader sees, whatever a writer does meanwhile."""

    store: Path
    version: int
    files: tuple[str, ...]
    loaded_at: dt.datetime

    def files_between(self, first: dt.date | None, last: dt.date | None) -> list[str]:
        """Return the files that can hold sessions of these days: months outside them need not be opened."""
        months = f"{first:%Y-%m}" if first else "", f"{last:%Y-%m}" if last else "9999-12"
        inside = [file for file in self.files if months[0] <= _month_of(file) <= months[1]]
        return inside or list(self.files[:1])


@dataclass(frozen=True, slots=True)
class Rejected:
    """Describe one row of an export that was not taken: where it stood, why, and the text at fault."""

    file: str
    row: int
    reason: str
    value: str


@dataclass(frozen=True, slots=True)
class Commit:
    """Describe one line of a store's history."""

    version: int
    at: dt.datetime
    operation: str
    summary: dict


class Store:
    """Open a store folder; reading never waits for a writer and never changes anything."""

    def __init__(self, path: Path | str) -> None:
        """Name the folder; it need not exist yet. Raises StoreError for a path that deltalake cannot open."""
        self.path = Path(path).expanduser().resolve()
        if odd := [sign for sign in UNUSABLE_IN_PATHS if sign in str(self.path)]:
            raise StoreError(
                f'{self.path} has "{odd[0]}" in its path, which a store cannot have: choose another folder'
            )
        self.sessions = self.path / "sessions"

    @property
    def exists(self) -> bool:
        """Say whether anything was ever committed."""
        from deltalake import DeltaTable

        return DeltaTable.is_deltatable(str(self.sessions))

    def table(self, version: int | None = None) -> "DeltaTable":
        """Return the Delta table, at the newest version unless one is named.

        Raises StoreError when the folder holds no store.
        """
        from deltalake import DeltaTable
        from deltalake.exceptions import TableNotFoundError

        try:
            return DeltaTable(str(self.sessions), version=version)
        except TableNotFoundError:
            raise StoreError(
                f"{self.path} holds no sessions: ingest exports first (silent-leak ingest PATH --store {self.path})"
            ) from None

    def snapshot(self, version: int | None = None) -> Snapshot:
        """Return the committed state of the newest (or the named) version.

        Raises StoreError when the folder holds no store.
        """
        table = self.table(version)
        files = tuple(sorted(_local_path(uri) for uri in table.file_uris()))
        if not files:
            raise StoreError(f"{self.path} holds no sessions at version {table.version()}: ingest exports first")
        latest = table.history(1)[0]
        return Snapshot(self.path, table.version(), files, _moment(latest["timestamp"]))

    def history(self, limit: int | None = None) -> list[Commit]:
        """Return the commits, newest first."""
        commits = []
        for entry in self.table().history(limit):
            summary = entry.get("silent_leak") or {}
            commits.append(
                Commit(
                    entry["version"], _moment(entry["timestamp"]), summary.get("operation", entry["operation"]), summary
                )
            )
        return commits

    def rejected(self, limit: int = 500) -> list[Rejected]:
        """Return the newest kept rejected rows, at most so many; their other fields stay in the store's `rejects/`.

        Only the name of a file is told, not its folder.
        """
        found: list[Rejected] = []
        kept = sorted((self.path / "rejects").glob("*.csv"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept:
            with path.open(encoding="utf-8", newline="") as lines:
                for line in csv.DictReader(lines):
                    if len(found) == limit:
                        return found
                    file, value = Path(line["file"]).name, line["value"] or ""
                    found.append(Rejected(file, int(line["row"] or 0), line["reason"], value))
        return found


def _month_of(file: str) -> str:
    return file.rsplit("session_month=", 1)[-1][:7]


def _local_path(uri: str) -> str:
    return urllib.parse.unquote(uri.removeprefix("file://"))


def _moment(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC)
