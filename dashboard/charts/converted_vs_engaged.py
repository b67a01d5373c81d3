"""Converted sessions beside engaged ones without an order: pages seen and time spent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import holoviews as hv
import pandas as pd

from dashboard.body import Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Context, Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.words import FEW_SESSIONS, Row, empty_sentence
from dashboard.format import DASH, THIN, count, decimal, exact, plural, seconds
from dashboard.look import by, framed, mark, words
from dashboard.panels import Axis, Panel, columns, frame_of_rows, rows_of
from queries.engine import Result

GROUPS = CONVERTED, ENGAGED = "converted", "engaged, no order"
CAPTION = "Converted against engaged sessions without an order"
COLUMNS = (
    "visit_group", "sessions", "mean_pageviews", "median_pageviews", "mean_duration_seconds", "median_duration_seconds",
    "sessions_with_duration",
)  # fmt: skip
HEADROOM = 1.2
Format = Callable[[float | None], str]
NOTE = (
    "Engaged: five pageviews or more. Part of both differences is the checkout itself: its pages and its minutes are "
    "counted. A few long sessions pull an average up; a median is the session in the middle. Buying takes time, so "
    "this is no advice to keep people longer."
)
MEASURES: tuple[tuple[str, str, Format, Format], ...] = (
    ("Sessions", "sessions", count, exact),
    ("Mean pageviews", "mean_pageviews", decimal, lambda value: decimal(value, 2)),
    ("Median pageviews", "median_pageviews", lambda value: _median(value), lambda value: _median(value)),
    ("Mean duration", "mean_duration_seconds", seconds, lambda value: _exact_seconds(value)),
    ("Median duration", "median_duration_seconds", seconds, lambda value: _exact_seconds(value)),
)
PICTURES: tuple[tuple[str, str, float, Format], ...] = (
    ("Pageviews", "pageviews", 1.0, lambda value: decimal(value)),
    ("Time on site", "duration_seconds", 60.0, seconds),
)


class ConvertedVsEngaged(ChartView):
    """Pages seen and time spent in converted sessions, beside engaged ones without an order.

    On the page it is a table: five measures of two groups in three units are compared faster as numbers than as bars.
    Frame: one row a group (`visit_group`: "converted" or "engaged, no order"): `sessions`, `mean_pageviews`,
    `median_pageviews`, `mean_duration_seconds`, `median_duration_seconds` and `sessions_with_duration` (measured).
    """

    key = "converted_vs_engaged"
    label = "Converted against engaged without an order"
    renderer = "rows"
    span = 6
    height = 220
    most_panels = 2

    def needs(self) -> tuple[Need, ...]:
        """Ask for the two groups."""
        return (Need("converted_vs_engaged"),)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the groups that have sessions."""
        return frame_of_rows(results[0].rows, COLUMNS)

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return two pictures: pageviews, then minutes, each as mean and median of both groups."""
        groups = self.once(groups_of, frame)
        return [self._panel(groups, *picture) for picture in PICTURES]

    def _panel(self, groups: Mapping[str, Row], what: str, column: str, unit: float, said: Format) -> Panel:
        bars: list[dict[str, Any]] = [
            {
                "bar": f"{kind},\n{name}",
                "value": (_value(groups, group, f"{kind.lower()}_{column}") or 0) / unit,
                "label": said(_value(groups, group, f"{kind.lower()}_{column}")),
                "color": self.colors.accent if group == CONVERTED else self.colors.bars,
            }
            for kind in ("Mean", "Median")
            for group, name in ((CONVERTED, "converted"), (ENGAGED, "engaged"))
        ]
        top = max(bar["value"] for bar in bars) * HEADROOM or 1.0
        layers = {
            "bars": columns(bars, bar="text", value="number", color="text"),
            "values": columns(bars, bar="text", value="number", label="text"),
        }
        names = [bar["bar"] for bar in bars]
        return Panel(layers, Axis(factors=names), Axis(0.0, top), what, height=self.height, left=16)

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return bars with their values over them."""
        at, look = panel.table, self.colors
        drawn = [
            mark("bars", at("bars").hvplot.bar("bar", "value", hover_cols=["color"]), fill_color=by("color"),
                 line_color=None, bar_width=0.7),
            words("values", at("values").hvplot.labels("bar", "value", "label"), look, text_baseline="bottom",
                  text_color=look.text, glyph={"y_offset": -3}),
        ]  # fmt: skip
        return framed(drawn, panel, look, name=self.key, grid="", above=50)

    def say(self, frame: pd.DataFrame) -> Words:
        """Return the two means, and what is counted."""
        groups = self.once(groups_of, frame)
        if not groups:
            return Words("No engaged sessions to compare", empty=_empty(self.context))
        return Words(heading(groups), f"{NOTE} {unmeasured(groups)}".strip())

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return the two groups side by side, exactly."""
        groups = self.once(groups_of, frame)
        rows = [
            (label, *(full(_value(groups, group, column)) for group in GROUPS)) for label, column, _, full in MEASURES
        ]
        return TableTwin(CAPTION, ("Measure", "Converted", "Engaged, no order"), tuple(rows), (False, True, True))

    def body(self, frame: pd.DataFrame) -> Table:
        """Return the two groups side by side."""
        groups = self.once(groups_of, frame)
        rows = [
            BodyRow(
                cells=[
                    Cell(text=label),
                    *(
                        Cell(text=shown(_value(groups, group, column)), title=full(_value(groups, group, column)))
                        for group in GROUPS
                    ),
                ]
            )
            for label, column, shown, full in MEASURES
        ]
        heads = [
            TableColumn(label="Measure"),
            TableColumn(label="Converted", align="right"),
            TableColumn(label="Engaged, no order", align="right"),
        ]
        return Table(caption=CAPTION, columns=heads, rows=rows)


def groups_of(frame: pd.DataFrame) -> dict[str, Row]:
    """Return the rows by group."""
    return {row["visit_group"]: row for row in rows_of(frame)}


def heading(groups: Mapping[str, Row]) -> str:
    """Return the two means in words, or that one group is too small to be compared."""
    converted, engaged = groups.get(CONVERTED), groups.get(ENGAGED)
    if not converted:
        return (
            f"No session converted: {plural(engaged['sessions'] if engaged else 0, 'engaged session')} without an order"
        )
    if not engaged:
        return f"All {plural(converted['sessions'], 'engaged session')} converted: nothing to compare with"
    for row, what in ((converted, "converted session"), (engaged, "engaged session")):
        if row["sessions"] < FEW_SESSIONS:
            rest = " without an order" if row is engaged else ""
            return f"Only {plural(row['sessions'], what)}{rest}: too few to compare"
    ours, theirs = decimal(converted["mean_pageviews"], 0), decimal(engaged["mean_pageviews"], 0)
    if converted["mean_duration_seconds"] is None or engaged["mean_duration_seconds"] is None:
        return f"On average buyers look at {ours} pages, engaged others at {theirs}; durations are not in this export"
    long, short = _minutes(converted["mean_duration_seconds"]), _minutes(engaged["mean_duration_seconds"])
    return f"On average buyers look at {ours} pages and stay {long}; engaged others {theirs} pages, {short}"


def unmeasured(groups: Mapping[str, Row]) -> str:
    """Return how many sessions have no measured duration and are left out of its means; empty when all have one."""
    missing = sum(row["sessions"] - row["sessions_with_duration"] for row in groups.values())
    return f"Durations leave out {plural(missing, 'session')} without one." if missing else ""


def _value(groups: Mapping[str, Row], group: str, column: str) -> float | None:
    row = groups.get(group)
    return (0 if column == "sessions" else None) if row is None else row[column]


def _minutes(duration: float) -> str:
    minutes = round(duration / 60)
    return seconds(duration) if duration < 60 else "1 minute" if minutes == 1 else f"{minutes} minutes"


def _median(value: float | None) -> str:
    return decimal(value, 0 if value is None or float(value).is_integer() else 1)


def _exact_seconds(value: float | None) -> str:
    return DASH if value is None else f"{exact(value)}{THIN}s"


def _empty(context: Context) -> str:
    if context.filters.is_empty:
        return "No session has five pageviews or an order."
    return empty_sentence(context).replace("No sessions match", "No engaged or converted sessions match", 1)
