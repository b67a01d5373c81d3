"""What each chart leaves out of the sessions shown, and why: nothing is dropped without being said."""

from collections.abc import Sequence

import pandas as pd

from dashboard.body import Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Need, TableTwin
from dashboard.chart import Words
from dashboard.charts.bars import Bar, BarView
from dashboard.charts.words import Row, empty_sentence, part_of
from dashboard.format import count, exact, rate
from dashboard.panels import Panel
from queries.compose import EVERYTHING
from queries.engine import Result
from queries.vocabulary import NOT_SET

NOTE = (
    "Key figures, trend and leaderboards count every session shown. The others leave out what they cannot place, and "
    "say so here."
)
SMALL_COUNTRY = 100


class LeftOut(BarView):
    """Sessions that each chart leaves out, and why.

    Frame: one row a chart and reason, the largest part first: `chart`, `reason`, `sessions` left out, `share` of all
    sessions shown (0-1).
    Text on the page: the reasons are what is read, and a bar says no more than the count beside each.
    """

    key = "left_out"
    label = "What each chart leaves out"
    renderer = "rows"
    height = 240

    def needs(self) -> tuple[Need, ...]:
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

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return a row for each chart and reason; none where no session is shown."""
        whole, *others = (result.rows for result in results)
        sessions = whole[0]["sessions"] if whole else 0
        parts = left_out(sessions, *others) if sessions else []
        rows = [(*part, part[2] / sessions) for part in sorted(parts, key=lambda part: -part[2])]
        frame = pd.DataFrame(rows, columns=["chart", "reason", "sessions", "share"])
        frame.attrs["sessions"] = sessions
        return frame

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return a bar for each chart and reason."""
        return self.bars(
            [
                Bar(row.chart, row.sessions, f"{count(row.sessions)}, {rate(row.share)}", f"{row.chart}: {row.reason}")
                for row in self.lines(frame)
            ]
        )

    def say(self, frame: pd.DataFrame) -> Words:
        """Return the chart that leaves out most."""
        if frame.empty:
            return Words("No sessions to leave out", empty=empty_sentence(self.context))
        most = frame.iloc[0]
        if not most["sessions"]:
            return Words("No chart leaves a session out", NOTE)
        part = part_of(int(most["sessions"]), frame.attrs["sessions"])
        return Words(f"{most['chart']} leaves out most: {part} sessions", NOTE)

    def body(self, frame: pd.DataFrame) -> Table:
        """Return a line for each chart and reason."""
        rows = [
            BodyRow(
                cells=[
                    Cell(text=row.chart),
                    Cell(text=row.reason, tone="muted"),
                    Cell(text=count(row.sessions), title=exact(row.sessions)),
                    Cell(text=rate(row.share)),
                ]
            )
            for row in self.lines(frame)
        ]
        columns = [
            TableColumn(label="Card"),
            TableColumn(label="Leaves out"),
            TableColumn(label="Sessions", align="right"),
            TableColumn(label="Of those shown", align="right"),
        ]
        return Table(caption=self.label, columns=columns, rows=rows, dense=True)

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return the same as text."""
        lines = tuple((row.chart, row.reason, exact(row.sessions), rate(row.share)) for row in self.lines(frame))
        return TableTwin(self.label, ("Card", "Leaves out", "Sessions", "Share"), lines, (False, False, True, True))


def left_out(
    sessions: int, countries: Sequence[Row], durations: Sequence[Row], steps: Sequence[Row], groups: Sequence[Row],
    devices: Sequence[Row], sources: Sequence[Row],
) -> list[tuple[str, str, int]]:  # fmt: skip
    """Return what each chart leaves out of so many sessions: its name, why, and how many."""
    nowhere = sum(row["sessions"] for row in countries if row["country"] == NOT_SET)
    small = sum(row["sessions"] for row in countries if not row["enough"] and row["country"] != NOT_SET)
    unmeasured = sum(row["sessions"] for row in durations if row["position"] == 1)
    entered = steps[0]["reached"] if steps else 0
    compared = sum(row["sessions"] for row in groups)
    no_device = sum(row["sessions"] for row in devices if row["segment"] == NOT_SET)
    more = sum(row["sessions"] for row in sources if row["row_kind"] == "more" and row["device_category"] == EVERYTHING)
    return [
        ("Country map", "sessions without a country: no place on the map", nowhere),
        ("Country map", f"countries under {SMALL_COUNTRY} sessions or one expected order: hatched", small),
        ("Session duration", "one hit or no times: not measured, shown apart at 0 s", unmeasured),
        ("Funnel", "sessions that reach no step", sessions - entered),
        ("Converted against engaged", "under five pages and no order", sessions - compared),
        ("Funnel by device", "sessions without a device: a row of their own", no_device),
        ("Sources", "sources after the ten largest: one row together", more),
    ]
