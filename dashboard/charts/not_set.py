"""Sessions without a value: the share of (not set) of each dimension, day by day."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard.boards import Heat, HeatCell, HeatRow
from dashboard.body import LegendItem
from dashboard.cards import Need, TableTwin
from dashboard.chart import Words
from dashboard.charts.cells import CellView, Square
from dashboard.charts.strips import Part, action_of, labels_of, parts_of, reason_of
from dashboard.charts.words import blank_days, blank_word, days_of, empty_sentence, joined, part_of, stretch_label
from dashboard.format import DASH, exact, rate, share
from dashboard.panels import Panel
from queries.engine import Result
from queries.vocabulary import STORED_DIMENSIONS, TITLES

BREAKS = (0.001, 0.01, 0.05, 0.2, 0.5, 0.95)
NOTE = (
    "A stronger colour means a larger share of sessions for which the export gives no value; the palest is none. "
    "Hatched: no export holds the day."
)


class NotSet(CellView):
    """Sessions without a value.

    Frame: one row a dimension and day asked about, the emptiest dimension first: `dimension`, `day`, `sessions`,
    `without` (sessions without a value of the dimension), `share` of them (0-1, NaN on a day without sessions), `blank`
    (why nothing is shown of the day: "no export" or "left out", else empty).
    Text on the page: up to twelve strips of days, each read one by one with its hover text, fit a phone only as text.
    """

    key = "not_set"
    label = "Sessions without a value"
    renderer = "heat"
    height = 300

    def needs(self) -> tuple[Need, ...]:
        """Ask for the sessions without a value."""
        return (Need("not_set_by_day"),)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return every dimension and day; none where no day has sessions."""
        days = {row["session_date"]: row for row in results[0].rows}
        blank = blank_days(self.context, set(days)) if days else set()
        asked = (days_of(self.context) or sorted(days)) if days else []
        why = [blank_word(self.context, [date]) if date in blank else "" for date in asked]
        sessions = [days[date]["sessions"] if date in days else 0 for date in asked]
        sums = {name: sum(row[name] for row in days.values()) for name in STORED_DIMENSIONS}
        rows = [
            (name, date, whole, part, part / whole if whole else None, blank)
            for name in sorted(STORED_DIMENSIONS, key=lambda name: -sums[name])
            for date, whole, blank in zip(asked, sessions, why, strict=True)
            for part in (days[date][name] if date in days else 0,)
        ]
        return pd.DataFrame(rows, columns=["dimension", "day", "sessions", "without", "share", "blank"])

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return a strip of days for each dimension that an export carries."""
        strips = strips_of(self._days(frame))
        squares = [
            Square(place, row, self.shade(cell["level"]), "", cell["title"], action_of(part))
            for row, name in enumerate(strips)
            for place, part in enumerate(strips[name])
            for cell in (_cell(name, part),)
        ]
        across = labels_of(next(iter(strips.values()), []))
        return self.cells(squares, across, [TITLES[name] for name in strips])

    def say(self, frame: pd.DataFrame) -> Words:
        """Return which dimensions no export carries, and the emptiest of the others."""
        if frame.empty:
            return Words("No sessions to look at", empty=empty_sentence(self.context))
        days = self._days(frame)
        shares, drawn = shares_of(days), strips_of(days)
        absent = [TITLES[name].lower() for name in shares if name not in drawn]
        note = f"{NOTE} In no export here, and so without a strip: {joined(absent)}." if absent else NOTE
        return Words(heading({name: shares[name] for name in STORED_DIMENSIONS}), note)

    def body(self, frame: pd.DataFrame) -> Heat:
        """Return a strip of days for each dimension, the emptiest first."""
        days = self._days(frame)
        shares, strips = shares_of(days), strips_of(days)
        rows = [
            HeatRow(label=TITLES[name], cells=[_cell(name, part) for part in parts], text=rate(shares[name]))
            for name, parts in strips.items()
        ]
        legend = [
            LegendItem(label="0 %", color="sequential-0"),
            LegendItem(label="5 to 20 %", color="sequential-3"),
            LegendItem(label="over 95 %", color="sequential-6"),
            LegendItem(label="no export", shape="hatch"),
        ]
        across = labels_of(next(iter(strips.values()), []))
        return Heat(caption="Share of sessions without a value", columns=across, rows=rows, legend=legend)

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return the sums of every dimension as text."""
        lines = []
        for name, days in self._days(frame).items():
            without, sessions = sums_of(days)
            lines.append((TITLES[name], exact(without), exact(sessions), rate(without / sessions)))
        headers = ("Dimension", "Sessions without", "Of sessions", "Share")
        return TableTwin(self.label, headers, tuple(lines), (False, True, True, True))

    def _days(self, frame: pd.DataFrame) -> dict[str, list[Any]]:
        days: dict[str, list[Any]] = {}
        for line in self.lines(frame):
            days.setdefault(line.dimension, []).append(line)
        return days


def sums_of(days: Part) -> tuple[int, int]:
    """Return the sessions without a value, and all."""
    return sum(row.without for row in days), sum(row.sessions for row in days)


def shares_of(days: Mapping[str, Part]) -> dict[str, float]:
    """Return the share of sessions without a value by dimension, the emptiest first."""
    return {name: without / sessions for name, (without, sessions) in ((name, sums_of(days[name])) for name in days)}


def strips_of(days: Mapping[str, Part]) -> dict[str, list[Part]]:
    """Return the stretches of days of each dimension that an export carries; of all where none is carried."""
    shares = shares_of(days)
    drawn = [name for name, fraction in shares.items() if fraction < 1] or list(shares)
    return {name: parts_of(days[name]) for name in drawn}


def _cell(name: str, part: Part) -> HeatCell:
    when = stretch_label([row.day for row in part])
    without, sessions = sums_of(part)
    if (why := reason_of(part)) or not sessions:
        return HeatCell(level=None, title=f"{when}: {why or 'no session'}")
    fraction = without / sessions
    title = f"{TITLES[name]}, {when}: {share(fraction)} without a value ({part_of(without, sessions)})"
    return HeatCell(level=sum(fraction >= edge for edge in BREAKS), title=title)


def heading(shares: Mapping[str, float]) -> str:
    """Return which dimensions no export carries, and the emptiest of the others."""
    absent = [TITLES[name].lower() for name, fraction in shares.items() if fraction >= 1]
    others = {name: fraction for name, fraction in shares.items() if fraction < 1}
    if not others:
        return "No dimension has a value in any session"
    worst = max(others, key=lambda name: others[name])
    if others[worst] == 0:
        rest = "Every session has a value in every dimension that the exports carry" if absent else (
            "Every session has a value in every dimension"
        )  # fmt: skip
    else:
        rest = f"{TITLES[worst]} is (not set) in {share(others[worst])} of sessions"
    if not absent:
        return rest if others[worst] == 0 else f"{rest}, more than any other dimension"
    names = joined(absent) if len(absent) <= 3 else f"{len(absent)} of {len(shares)} dimensions"
    return f"{rest}; {names} {'is' if len(absent) == 1 else 'are'} in no export here {DASH}".removesuffix(f" {DASH}")
