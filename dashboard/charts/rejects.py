"""Rejected rows by reason, with examples: which file, which row, what stood there."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.body import Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.ingests import NEED
from dashboard.findings import Nothing
from dashboard.format import count, plural
from queries.engine import Result
from queries.judged import found_of
from queries.store import Rejected

SHOWN = 12
NOTE = (
    "Only the newest 500 kept rows are counted here; the ingest report has the count of all. What stood at fault "
    "is shown unless it "
    "is an id. All fields lie in the store's folder, under rejects."
)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the kept rejected rows."""
    return (NEED,)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a line for each reason with an example, the most frequent first."""
    rejected: Sequence[Rejected] = found_of(results[0]) or []
    total = sum(row["rejected"] for row in results[0].rows)
    reasons: dict[str, list[Rejected]] = {}
    for row in rejected:
        reasons.setdefault(row.reason, []).append(row)
    lines = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    if not lines:
        if total:
            said = f"{plural(total, 'row')} rejected; none was kept to look at"
            return CardState(said, empty=f"{said}.")
        return CardState("No row was rejected", body={"nothing": all_taken(results[0].rows)})
    columns = [
        TableColumn(label="Reason"),
        TableColumn(label="Rows", align="right"),
        TableColumn(label="For example"),
    ]
    rows = [
        BodyRow(cells=[Cell(text=reason), Cell(text=count(len(held))), Cell(text=example(held[0]), tone="muted")])
        for reason, held in lines[:SHOWN]
    ]
    table = TableTwin(
        "Rejected rows",
        ("File", "Row", "Reason", "Value"),
        tuple((row.file, str(row.row), row.reason, value_of(row)) for row in rejected),
        (False, True, False, False),
    )
    most, held = lines[0]
    return CardState(
        f"{plural(len(rejected), 'row')} to look at: most often, {most} ({count(len(held))})",
        NOTE,
        body=Table(caption="Rejected rows by reason", columns=columns, rows=rows, dense=True),
        table=table,
    )


def all_taken(commits: Sequence[Mapping[str, Any]]) -> Nothing:
    """Return what became of the rows where none was rejected, each fate that there was ticked off."""
    fates = {
        "added": "added",
        "replaced": "took the place of an older version",
        "duplicates": "in the store already",
    }
    sums = {fate: sum(row[name] for row in commits) for name, fate in fates.items()}
    said = [f"{plural(number, 'row')} {fate}" for fate, number in sums.items() if number]
    return Nothing(icon="check", sound=said) if said else Nothing(icon="none", text="Nothing was ingested yet.")


def value_of(row: Rejected) -> str:
    """Return the text at fault, unless it is an id of a visitor or a session."""
    return "" if " id" in row.reason or row.reason.startswith("id") else row.value[:80]


def example(row: Rejected) -> str:
    """Return where a row stood and what it said."""
    value = value_of(row)
    return f"{row.file}, row {row.row:,}" + (f": {value}" if value else "")


CHART = Card("rejects", "Rejected rows", needs, update, renderer="rows", span=5, height=160)
