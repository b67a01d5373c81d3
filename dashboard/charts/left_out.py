"""What each chart leaves out of the sessions shown, and why: nothing is dropped without being said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.body import Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.words import Row, empty_sentence, part_of
from dashboard.format import count, exact, rate
from queries.compose import EVERYTHING
from queries.engine import Result
from queries.vocabulary import NOT_SET

NOTE = (
    "Key figures, trend and leaderboards count every session shown. The others leave out what they cannot place, and "
    "say so here."
)
SMALL_COUNTRY = 100


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Hold how many sessions a chart leaves out, and why."""

    chart: str
    why: str
    sessions: int


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for what each chart cannot place."""
    return (
        Need("overview"),
        Need("countries", options=(("min_sessions", SMALL_COUNTRY),)),
        Need("durations"),
        Need("funnel"),
        Need("converted_vs_engaged"),
        Need("segments", by="device_category"),
        Need("sources_by_device"),
    )


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a line for each chart and reason, the largest part first."""
    sessions = results[0].rows[0]["sessions"] if results[0].rows else 0
    if not sessions:
        return CardState("No sessions to leave out", empty=empty_sentence(context))
    lines = sorted(left_out(sessions, *(result.rows for result in results[1:])), key=lambda line: -line.sessions)
    rows = [
        BodyRow(
            cells=[
                Cell(text=line.chart),
                Cell(text=line.why, tone="muted"),
                Cell(text=count(line.sessions), title=exact(line.sessions)),
                Cell(text=rate(line.sessions / sessions)),
            ]
        )
        for line in lines
    ]
    columns = [
        TableColumn(label="Card"),
        TableColumn(label="Leaves out"),
        TableColumn(label="Sessions", align="right"),
        TableColumn(label="Of those shown", align="right"),
    ]
    table = TableTwin(
        "What each chart leaves out",
        ("Card", "Leaves out", "Sessions", "Share"),
        tuple((line.chart, line.why, exact(line.sessions), rate(line.sessions / sessions)) for line in lines),
        (False, False, True, True),
    )
    body = Table(caption=table.caption, columns=columns, rows=rows, dense=True)
    return CardState(heading(lines, sessions), NOTE, body=body, table=table)


def left_out(
    sessions: int, countries: Sequence[Row], durations: Sequence[Row], steps: Sequence[Row], groups: Sequence[Row],
    devices: Sequence[Row], sources: Sequence[Row],
) -> list[LeftOut]:  # fmt: skip
    """Return what each chart leaves out of so many sessions."""
    nowhere = sum(row["sessions"] for row in countries if row["country"] == NOT_SET)
    small = sum(row["sessions"] for row in countries if not row["enough"] and row["country"] != NOT_SET)
    unmeasured = sum(row["sessions"] for row in durations if row["position"] == 1)
    entered = steps[0]["reached"] if steps else 0
    compared = sum(row["sessions"] for row in groups)
    no_device = sum(row["sessions"] for row in devices if row["segment"] == NOT_SET)
    more = sum(row["sessions"] for row in sources if row["row_kind"] == "more" and row["device_category"] == EVERYTHING)
    return [
        LeftOut("Country map", "sessions without a country: no place on the map", nowhere),
        LeftOut(
            "Country map", f"countries under {SMALL_COUNTRY} sessions or one expected order: hatched, no colour", small
        ),
        LeftOut("Session duration", "one hit or no times: not measured, shown apart at 0 s", unmeasured),
        LeftOut("Funnel", "sessions that reach no step", sessions - entered),
        LeftOut("Converted against engaged", "under five pages and no order", sessions - compared),
        LeftOut("Funnel by device", "sessions without a device: a row of their own", no_device),
        LeftOut("Sources", "sources after the ten largest: one row together", more),
    ]


def heading(lines: Sequence[LeftOut], sessions: int) -> str:
    """Return the chart that leaves out most."""
    most = lines[0]
    if not most.sessions:
        return "No chart leaves a session out"
    return f"{most.chart} leaves out most: {part_of(most.sessions, sessions)} sessions"


CHART = Card("left_out", "What each chart leaves out", needs, update, renderer="rows", span=12, height=240)
