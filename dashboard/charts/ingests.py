"""What was read into the store: rows accepted, replaced, seen before and rejected, ingest by ingest."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.body import Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.format import THIN, count, day, exact, plural, share
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
SUMS = ("added", "replaced", "duplicates", "rejected")


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the commits of the store, whatever is filtered."""
    return (NEED,)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a line for each commit, newest first, and the sums."""
    rows = results[0].rows
    if not rows:
        return CardState("Nothing was ingested yet", empty="The store has no history: ingest exports first.")
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
    lines = [_line(row) for row in rows[:SHOWN]]
    sums = {name: sum(row[name] for row in rows) for name in SUMS}
    total = [Cell(text="All"), Cell(text=f"{len(rows)}{THIN}versions" if len(rows) > 1 else "one version")]
    total += [Cell(text=count(sums[name]), title=exact(sums[name])) for name in SUMS]
    table = TableTwin(
        "Ingest history",
        ("Version", "When", "What", "Files", "Added", "Replaced", "Seen before", "Rejected"),
        tuple(_twin_line(row) for row in rows),
        (False, False, False, False, True, True, True, True),
    )
    lines.append(BodyRow(cells=total, kind="total"))
    body = Table(caption="Ingest history", columns=columns, rows=lines, dense=True)
    return CardState(heading(sums), NOTE, body=body, table=table)


def heading(sums: Mapping[str, int]) -> str:
    """Return what part of the rows was rejected."""
    read = sum(sums.values())
    if not read:
        return "No rows were read"
    if not sums["rejected"]:
        return f"{plural(read, 'row')} read, none rejected"
    return f"{plural(read, 'row')} read, {share(sums['rejected'] / read)} rejected ({exact(sums['rejected'])})"


def _twin_line(row: Mapping[str, Any]) -> tuple[str, ...]:
    when, files = f"{row['at']:%Y-%m-%d %H:%M} UTC", ", ".join(row["files"])
    return str(row["version"]), when, row["operation"], files, *(exact(row[name]) for name in SUMS)


def shortened(name: str) -> str:
    """Return a long file name with its middle left out, so that the counts beside it stay in sight."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 14]}…{name[-13:]}"


def _line(row: Mapping[str, Any]) -> BodyRow:
    files = row["files"]
    what = files[0] if files else row["operation"]
    if len(files) > 1:
        what += f" and {row['file_count'] - 1} more"
    when = Cell(text=day(row["at"].date(), year=True), tone="muted")
    when["title"] = f"{row['at']:%H:%M} UTC, version {row['version']}"
    cells = [when, Cell(text=shortened(what), title=", ".join(files))]
    cells += [
        Cell(text=count(row[name]), title=exact(row[name]), tone="loss" if name == "rejected" and row[name] else "")
        for name in SUMS
    ]
    return BodyRow(cells=cells)


CHART = Card("ingests", "What was loaded", needs, update, renderer="rows", span=7, height=160)
