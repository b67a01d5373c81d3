"""What the store holds day by day: sessions, with days that no export holds hatched and odd days marked."""

from collections.abc import Sequence

import pandas as pd

from dashboard.boards import Heat, HeatCell, HeatRow
from dashboard.body import LegendItem
from dashboard.cards import Need, TableTwin
from dashboard.chart import Words
from dashboard.charts.cells import CellView, Square
from dashboard.charts.check_words import columns_words
from dashboard.charts.checks import NEED as CHECKS
from dashboard.charts.strips import Part, action_of, labels_of, parts_of, reason_of
from dashboard.charts.words import blank_days, blank_word, days_of, empty_sentence, stretch_label
from dashboard.format import DASH, count, day, exact, plural
from dashboard.panels import Panel
from queries.check import Check
from queries.engine import Result
from queries.judged import found_of

NOTE = (
    "A stronger colour means more sessions; hatched: no export holds the day. An exclamation mark stands on days "
    "that a data check is about. Days are those of the property's own time zone."
)
LACKS = "a column is not in the export"
MARK = "!"
ROWS = {"sessions": "Sessions", "conversions": "Converted sessions"}


class DaysHeld(CellView):
    """Sessions and converted sessions of every day.

    Frame: one row a day asked about: `day`, `sessions`, `conversions` (0 on a day without any), `blank` (why nothing is
    shown of it: "no export" or "left out", else empty), `odd` (a data check is about it), `lacks` (the columns that its
    export does not have, with commas).
    Text on the page: two strips of days, each read one by one with its hover text, fit a phone only as text.
    """

    key = "days_held"
    label = "Days in the store"
    renderer = "heat"
    height = 90

    def needs(self) -> tuple[Need, ...]:
        """Ask for the days of the selection and for the data checks."""
        return Need("trend"), CHECKS

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return every day asked about; none where no day has sessions."""
        held = {row["session_date"]: row for row in results[0].rows}
        checks: Sequence[Check] = found_of(results[1]) or []
        blank = blank_days(self.context, set(held)) if held else set()
        rows = []
        for date in (days_of(self.context) or sorted(held)) if held else ():
            here = [check for check in checks if check.first <= date <= check.last]
            lacks = [check.dimension for check in here if check.kind == "not exported"]
            odd = any(check.verdict != "missing" or check.kind == "missing" for check in here)
            counts = [held[date][name] if date in held else 0 for name in ROWS]
            rows.append(
                (date, *counts, blank_word(self.context, [date]) if date in blank else "", odd, ",".join(lacks))
            )
        return pd.DataFrame(rows, columns=["day", *ROWS, "blank", "odd", "lacks"])

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return a strip for sessions and one for converted sessions."""
        parts = self._parts(frame)
        squares = [
            Square(place, row, self.shade(cell["level"]), cell.get("mark", ""), cell["title"], action_of(part))
            for row, line in enumerate(strips_of(self._parts(frame)))
            for place, (part, cell) in enumerate(zip(parts, line["cells"], strict=True))
        ]
        return self.cells(squares, labels_of(parts), list(ROWS.values()))

    def say(self, frame: pd.DataFrame) -> Words:
        """Return how many days the store holds."""
        if frame.empty:
            return Words("No days to show", empty=empty_sentence(self.context))
        each = len(self._parts(frame)[0])
        note = NOTE if each == 1 else f"A cell is {each} days, coloured by their mean. {NOTE}"
        missing, left_out = (int((frame["blank"] == why).sum()) for why in ("no export", "left out"))
        return Words(heading(int((frame["sessions"] > 0).sum()) + left_out, missing, left_out), note)

    def body(self, frame: pd.DataFrame) -> Heat:
        """Return one strip for sessions and one for converted sessions."""
        legend = [
            LegendItem(label="fewest", color="sequential-0"),
            LegendItem(label="most", color="sequential-6"),
            LegendItem(
                label="no export, or left out" if "left out" in set(frame["blank"]) else "no export", shape="hatch"
            ),
        ]
        if frame["lacks"].any():
            legend.append(LegendItem(label=LACKS, shape="line"))
        return Heat(
            caption=self.label, columns=labels_of(self._parts(frame)), rows=strips_of(self._parts(frame)), legend=legend
        )

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return every day as text."""
        lines = tuple(
            (day(row.day, year=True), *(exact(getattr(row, name)) if row.sessions else DASH for name in ROWS))
            for row in self.lines(frame)
        )
        return TableTwin(self.label, ("Day", "Sessions", "Converted"), lines, (False, True, True))

    def _parts(self, frame: pd.DataFrame) -> list[Part]:
        return parts_of(self.lines(frame))


def strips_of(parts: Sequence[Part]) -> list[HeatRow]:
    """Return the strips: the sum of each stretch of days, its class by their mean."""
    rows = []
    for name, label in ROWS.items():
        sums = [sum(getattr(row, name) for row in part) for part in parts]
        means = [total / max(sum(row.sessions > 0 for row in part), 1) for total, part in zip(sums, parts, strict=True)]
        top = max(means, default=0) or 1
        cells = []
        for part, number, mean in zip(parts, sums, means, strict=True):
            when = stretch_label([row.day for row in part])
            if why := reason_of(part):
                cells.append(HeatCell(level=None, title=f"{when}: {why}"))
                continue
            cell = HeatCell(level=min(6, int(7 * mean / top)), title=f"{when}: {exact(number)} {label.lower()}")
            if any(row.odd for row in part):
                cell["mark"] = MARK
                cell["title"] += ", see the data checks"
            if bare := [name for row in part if row.lacks for name in row.lacks.split(",")]:
                cell["lacks"] = True
                cell["title"] += f"; no session has {columns_words(bare)}: not in the export"
            cells.append(cell)
        rows.append(HeatRow(label=label, cells=cells, text=count(sum(sums))))
    return rows


def heading(held: int, missing: int, left_out: int = 0) -> str:
    """Return how many days have sessions, how many are missing, and how many are left out."""
    if left_out:
        return f"{heading(held, missing)}; {count(left_out)} {'is' if left_out == 1 else 'are'} left out here"
    if missing:
        return (
            f"{count(held)} of {plural(held + missing, 'day')} are in the store, {count(missing)} "
            f"{'is' if missing == 1 else 'are'} missing"
        )
    return f"All {plural(held, 'day')} are in the store" if held > 1 else "One day is in the store"
