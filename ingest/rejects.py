"""The rejected rows, for a person to look at: which file, which row, why, and what stood there."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from ingest.engine import run
from ingest.mend import Lost, row_in_file
from ingest.report import FileReport

MOST_ROWS = 1_000
"""At most so many rejected rows of a file are kept; the report has the count of all."""

HEADER = ("file", "row", "reason", "value", "fields_or_text")


class RejectsFile:
    """Collect rejected rows in a run's folder; `keep` moves them into the store when there are any.

    The visitor's and the session's id are left out of the fields. A line that is no row at all is kept as the text it
    is, so only the owner may read the file.
    """

    def __init__(self, folder: Path) -> None:
        """Begin the file in a run's folder."""
        self.path = folder / "rejects.csv"
        self.rows = 0

    def __enter__(self) -> Self:
        """Open the file."""
        self.file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8", newline="")
        self.writer = csv.writer(self.file, lineterminator="\n")
        self.writer.writerow(HEADER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.file.close()

    def add(
        self, connection: duckdb.DuckDBPyConnection, staged: str, report: FileReport, unreadable: Iterable[Lost]
    ) -> None:
        """Write the first rejected rows of a staged file, and those lines of it that never became rows."""
        if not report.rejected:
            return
        lost = list(unreadable)
        numbers = [row for row, _, _ in lost]
        shown = [(row, reason, "", text) for row, reason, text in lost[:MOST_ROWS]]
        for row, reason, value, fields in run(connection, "rejected_rows", {"staged": staged, "most": MOST_ROWS}):
            shown.append((row_in_file(row, numbers), reason, value, fields))
        shown = sorted(shown, key=lambda line: line[0])[:MOST_ROWS]
        self.writer.writerows((report.path, *line) for line in shown)
        self.rows += len(shown)
        if report.rows_rejected > len(shown):
            report.notes.append(
                f"the first {len(shown):,} of its {report.rows_rejected:,} rejected rows are kept to look at"
            )

    def keep(self, store: Path, run_id: str) -> str | None:
        """Move the file to `rejects/` in the store and return its path; None when nothing was rejected."""
        self.file.close()
        if not self.rows or not (store / "sessions").exists():
            return None
        kept = store / "rejects" / f"{run_id}.csv"
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        self.path.replace(kept)
        return str(kept)
