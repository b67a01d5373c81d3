"""Rejected rows by reason, with examples: which file, which row, what stood there."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard.body import Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Need, TableTwin
from dashboard.chart import Words
from dashboard.charts.bars import Bar, BarView
from dashboard.charts.ingests import NEED, SUMS
from dashboard.findings import Nothing
from dashboard.format import count, plural
from dashboard.panels import Panel
from queries.engine import Result
from queries.judged import found_of
from queries.store import Rejected

SHOWN = 12
NOTE = (
    "Only the newest 500 kept rows are counted here; the ingest report has the count of all. What stood at fault "
    "is shown unless it "
    "is an id. All fields lie in the store's folder, under rejects."
)


class Rejects(BarView):
    """Rejected rows by reason.

    Frame: one row a kept rejected row, in the order in which they are kept: `file`, `row` (1: the first after the
    header), `reason`, `value` (what stood at fault; empty for an id). `attrs["sums"]` has what became of all rows of
    all ingests, by fate.
    Text on the page: what helps is the example beside each reason, a file and a row to look at.
    """

    key = "rejects"
    label = "Rejected rows"
    renderer = "rows"
    span = 5
    height = 160

    def needs(self) -> tuple[Need, ...]:
        """Ask for the kept rejected rows."""
        return (NEED,)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the kept rejected rows."""
        rejected: Sequence[Rejected] = found_of(results[0]) or []
        rows = [(row.file, row.row, row.reason, value_of(row)) for row in rejected]
        frame = pd.DataFrame(rows, columns=["file", "row", "reason", "value"])
        frame.attrs["sums"] = {name: sum(row[name] for row in results[0].rows) for name in SUMS}
        return frame

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return a bar for each reason, the most frequent on top."""
        return self.bars(
            [
                Bar(reason, len(rows), count(len(rows)), f"{reason}: {plural(len(rows), 'row')}, as {example(rows[0])}")
                for reason, rows in reasons_of(self.lines(frame))[:SHOWN]
            ]
        )

    def say(self, frame: pd.DataFrame) -> Words:
        """Return the most frequent reason; where none is kept, how many rows were rejected."""
        total = frame.attrs["sums"]["rejected"]
        if not frame.empty:
            most, rows = reasons_of(self.lines(frame))[0]
            look = f"{plural(len(frame), 'row')} to look at"
            return Words(f"{look}: most often, {most} ({count(len(rows))})", NOTE)
        if total:
            said = f"{plural(total, 'row')} rejected; none was kept to look at"
            return Words(said, empty=f"{said}.")
        return Words("No row was rejected")

    def body(self, frame: pd.DataFrame) -> Mapping[str, Any]:
        """Return a line for each reason with an example, the most frequent first."""
        if frame.empty:
            return {"nothing": all_taken(frame.attrs["sums"])}
        columns = [
            TableColumn(label="Reason"),
            TableColumn(label="Rows", align="right"),
            TableColumn(label="For example"),
        ]
        rows = [
            BodyRow(cells=[Cell(text=reason), Cell(text=count(len(rows))), Cell(text=example(rows[0]), tone="muted")])
            for reason, rows in reasons_of(self.lines(frame))[:SHOWN]
        ]
        return Table(caption="Rejected rows by reason", columns=columns, rows=rows, dense=True)

    def table(self, frame: pd.DataFrame) -> TableTwin | None:
        """Return every kept row as text."""
        if frame.empty:
            return None
        lines = tuple((row.file, str(row.row), row.reason, row.value) for row in self.lines(frame))
        return TableTwin("Rejected rows", ("File", "Row", "Reason", "Value"), lines, (False, True, False, False))


def reasons_of(kept: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """Return the rows of each reason, the most frequent first."""
    reasons: dict[str, list[Any]] = {}
    for row in kept:
        reasons.setdefault(row.reason, []).append(row)
    return sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))


def all_taken(sums: Mapping[str, int]) -> Nothing:
    """Return what became of the rows where none was rejected, each fate that there was ticked off."""
    fates = {
        "added": "added",
        "replaced": "took the place of an older version",
        "duplicates": "in the store already",
    }
    said = [f"{plural(sums[name], 'row')} {fate}" for name, fate in fates.items() if sums[name]]
    return Nothing(icon="check", sound=said) if said else Nothing(icon="none", text="Nothing was ingested yet.")


def value_of(row: Rejected) -> str:
    """Return the text at fault, unless it is an id of a visitor or a session."""
    return "" if " id" in row.reason or row.reason.startswith("id") else row.value[:80]


def example(row: Any) -> str:
    """Return where a row stood and what it said."""
    return f"{row.file}, row {row.row:,}" + (f": {row.value}" if row.value else "")
