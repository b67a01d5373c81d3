"""What was read into the store: rows accepted, replaced, seen before and rejected, ingest by ingest."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from dashboard.body import Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Need, TableTwin
from dashboard.chart import Words
from dashboard.charts.bars import Bar, BarView
from dashboard.format import THIN, count, day, exact, plural, share
from dashboard.panels import Panel
from queries.engine import Result
from queries.judged import judged_ingests

NEED = Need("ingests", compute=judged_ingests)
SHOWN = 12
LONGEST = 36
NOTE = (
    "Every session of an export is added, takes the place of an older version of itself, or was there before; what "
    "is broken is "
    "rejected with its reason. Later exports win over earlier ones, fuller ones over poorer ones."
)
SUMS = ["added", "replaced", "duplicates", "rejected"]
COLUMNS = ["version", "at", "operation", "files", "file_count", *SUMS]


class Ingests(BarView):
    """What each ingest brought.

    Frame: one row a version of the store, the newest first: `version`, `at` (UTC), `operation`, the names of its
    `files` and how many they are (`file_count`), and its rows `added`, `replaced`, `duplicates` (seen before) and
    `rejected`.
    Text on the page: it is a log of few lines, read for file names and exact counts.
    """

    key = "ingests"
    label = "What was loaded"
    renderer = "rows"
    span = 7
    height = 160

    def needs(self) -> tuple[Need, ...]:
        """Ask for the commits of the store, whatever is filtered."""
        return (NEED,)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the commits, newest first."""
        return pd.DataFrame(results[0].rows, columns=COLUMNS)

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return a bar of the sessions that each of the newest ingests added."""
        return self.bars(
            [
                Bar(what(row), row.added, f"{count(row.added)} on {day(row.at.date(), year=True)}", _title(row))
                for row in self.lines(frame)[:SHOWN]
            ]
        )

    def say(self, frame: pd.DataFrame) -> Words:
        """Return what part of the rows was rejected."""
        if frame.empty:
            return Words("Nothing was ingested yet", empty="The store has no history: ingest exports first.")
        read, rejected = int(frame[SUMS].to_numpy().sum()), int(frame["rejected"].sum())
        if not read:
            return Words("No rows were read", NOTE)
        if not rejected:
            return Words(f"{plural(read, 'row')} read, none rejected", NOTE)
        return Words(f"{plural(read, 'row')} read, {share(rejected / read)} rejected ({exact(rejected)})", NOTE)

    def body(self, frame: pd.DataFrame) -> Table:
        """Return a line for each commit, newest first, and the sums."""
        columns = [
            TableColumn(label="When"),
            TableColumn(label="What"),
            TableColumn(label="Added", align="right"),
            TableColumn(label="Replaced", align="right", hide_narrow=True),
            TableColumn(
                label="Seen before", align="right", hide_narrow=True, title="the same session was in the store already"
            ),
            TableColumn(label="Rejected", align="right"),
        ]
        total = [
            Cell(text="All"),
            Cell(text=f"{len(frame)}{THIN}versions" if len(frame) > 1 else "one version"),
            *(Cell(text=count(number), title=exact(number)) for number in frame[SUMS].sum()),
        ]
        lines = [*map(_line, self.lines(frame)[:SHOWN]), BodyRow(cells=total, kind="total")]
        return Table(caption="Ingest history", columns=columns, rows=lines, dense=True)

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return every commit as text."""
        return TableTwin(
            "Ingest history",
            ("Version", "When", "What", "Files", "Added", "Replaced", "Seen before", "Rejected"),
            tuple(_twin_line(row) for row in self.lines(frame)),
            (False, False, False, False, True, True, True, True),
        )


def _twin_line(row: Any) -> tuple[str, ...]:
    when, files = f"{row.at:%Y-%m-%d %H:%M} UTC", ", ".join(row.files)
    return str(row.version), when, row.operation, files, *(exact(getattr(row, name)) for name in SUMS)


def shortened(name: str) -> str:
    """Return a long file name with its middle left out, so that the counts beside it stay in sight."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 14]}…{name[-13:]}"


def what(row: Any) -> str:
    """Return what an ingest read: its first file and how many more; without files what it did."""
    first = row.files[0] if row.files else row.operation
    return f"{first} and {row.file_count - 1} more" if len(row.files) > 1 else first


def _title(row: Any) -> str:
    sums = ", ".join(f"{exact(getattr(row, name))} {name}" for name in SUMS)
    return f"Version {row.version}, {row.at:%Y-%m-%d %H:%M} UTC: {sums}"


def _line(row: Any) -> BodyRow:
    when = Cell(text=day(row.at.date(), year=True), tone="muted")
    when["title"] = f"{row.at:%H:%M} UTC, version {row.version}"
    cells = [when, Cell(text=shortened(what(row)), title=", ".join(row.files))]
    for name in SUMS:
        number = getattr(row, name)
        cells.append(
            Cell(text=count(number), title=exact(number), tone="loss" if name == "rejected" and number else "")
        )
    return BodyRow(cells=cells)
