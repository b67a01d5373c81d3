"""Time on site by the last step reached: how long those stayed who left there, where the export measures it."""

from collections.abc import Mapping, Sequence
from typing import Any

import holoviews as hv
import pandas as pd

from dashboard.cards import Context, Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.bar_rows import BAR, EDGES, TARGET, TEXT, lines, room_for, short_labels, target, text, texts
from dashboard.charts.words import FEW_SESSIONS, empty_sentence
from dashboard.format import DASH, count, exact, plural, rate, seconds
from dashboard.look import by, framed, mark, narrow
from dashboard.panels import Panel, columns, frame_of_rows, rows_of
from queries.engine import Result

NOTE = (
    "Time from the first to the last hit of the whole session, not to the step: this store holds no times of "
    "steps. Sessions of one "
    "hit have no measured time and are left out. Longer is not better: each step takes time itself."
)
NO_STEP = "No step"
LINE, HEADS = 32, 0.85
"""Pixels of a step, and how far above the first one the heads stand, in steps."""
SESSIONS, MEASURED = 64, 136
"""Pixels from the bars to the right ends of the figures."""
LONGEST_BAR = 0.58
"""Of the width: the longest bar, whose time stands at its right."""
LAYERS = {"bars": {**BAR, "seconds": "number", "color": "text"}, "texts": TEXT, "wide texts": TEXT, "targets": TARGET}


class StepTimes(ChartView):
    """Median time on site of the sessions that ended at each step.

    Frame: one row a last step, `position` 0 for sessions that reached none: `step`, `sessions`,
    `sessions_with_duration` (those measured), `median_duration_seconds`.
    """

    key = "step_times"
    label = "Time on site by last step reached"
    span = 6
    height = 220

    def needs(self) -> tuple[Need, ...]:
        """Ask for the time of sessions by their last step."""
        return (Need("step_times"),)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return every step of the funnel, and "No step" where sessions reached none."""
        by_step = {row["last_step"]: row for row in results[0].rows}
        names = [NO_STEP, *(step.name for step in self.context.funnel.steps)] if by_step else []
        nothing = {"sessions": 0, "sessions_with_duration": 0, "median_duration_seconds": None}
        rows = [{"position": place, "step": name, **by_step.get(place, nothing)} for place, name in enumerate(names)]
        shown = [row for row in rows if row["position"] or row["sessions"]]
        return frame_of_rows(shown, COLUMNS, numbers=["median_duration_seconds"])

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return a bar a step from 0; times of a handful of sessions are said to be too few and have none."""
        look, rows = self.colors, self.once(rows_of, frame)
        longest = max((row["median_duration_seconds"] for row in rows if not is_few(row)), default=0.0) or 1.0
        drawn: dict[str, list[dict[str, Any]]] = {name: [] for name in LAYERS}
        for layer, label, offset, align, at in (
            ("texts", "Median time", 0, "left", 0.0),
            ("texts", "Sessions", SESSIONS, "right", 1.0),
            ("wide texts", "Measured", MEASURED, "right", 1.0),
        ):
            drawn[layer].append(text(HEADS, label, offset, look.text_tertiary, align=align, at=at))
        for place, row in enumerate(rows):
            y, few, median = -float(place), is_few(row), row["median_duration_seconds"]
            length = 0.0 if few else LONGEST_BAR * median / longest
            color = look.text_tertiary if few else look.text
            drawn["bars"].append({"row": y, "length": length, "seconds": None if few else median, "color": look.accent})
            drawn["texts"].append(text(y, median_words(row), 6, color, at=length, align="left"))
            drawn["texts"].append(text(y, count(row["sessions"]), SESSIONS, look.text))
            drawn["wide texts"].append(text(y, measured_share(row), MEASURED, look.text_secondary))
            drawn["targets"].append(target(y, 0.5, title(row)))
        labels = short_labels([row["step"] for row in rows])
        number = len(rows) + HEADS
        named = {-float(place): label for place, label in enumerate(labels)}
        return [
            Panel(
                {name: columns(drawn[name], **kinds) for name, kinds in LAYERS.items()},
                y=lines(named, HEADS + 0.5 - number, HEADS + 0.5),
                height=round(LINE * number) + 8,
                left=room_for(labels),
            )
        ]

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return bars with their times, and figures at the right."""
        at, look = panel.table, self.colors
        bars = at("bars").hvplot.barh("row", "length", hover_cols=["seconds", "color"])
        drawn = [
            mark("bars", bars, fill_color=by("color"), line_color=None, glyph={"height": 0.5, "border_radius": 2}),
            texts("texts", at("texts"), look),
            texts("wide texts", at("wide texts"), look),
            mark("targets", hv.Rectangles(at("targets"), EDGES, ["title"]), fill_alpha=0, line_color=None),
        ]
        hooks = [narrow(["wide texts"], SESSIONS + 6, below=420)]
        picture = framed(drawn, panel, look, name=self.key, hover=["targets"], grid="", right=MEASURED + 6, hooks=hooks)
        return picture.opts(invert_axes=True)

    def say(self, frame: pd.DataFrame) -> Words:
        """Return how long buyers stayed and those who left a step earlier."""
        if frame.empty:
            return Words("No sessions to time", empty=empty_sentence(self.context))
        return Words(heading({row["position"]: row for row in self.once(rows_of, frame)}, self.context), NOTE)

    def table(self, frame: pd.DataFrame) -> TableTwin | None:
        """Return a line a step, with the exact median."""
        cells = tuple(
            (row["step"], exact(row["sessions"]), exact(row["sessions_with_duration"]),
             exact(row["median_duration_seconds"]))
            for row in self.once(rows_of, frame)
        )  # fmt: skip
        headers = ("Last step reached", "Sessions", "With a measured time", "Median seconds")
        return TableTwin(self.label, headers, cells, (False, True, True, True)) if cells else None


COLUMNS = ("position", "step", "sessions", "sessions_with_duration", "median_duration_seconds")


def is_few(row: Mapping[str, Any]) -> bool:
    """Say whether too few sessions of a step are measured to show their median."""
    return row["sessions_with_duration"] < FEW_SESSIONS


def median_words(row: Mapping[str, Any]) -> str:
    """Return the median time of a step in words."""
    if is_few(row):
        return "too few" if row["sessions_with_duration"] else DASH
    return seconds(row["median_duration_seconds"])


def measured_share(row: Mapping[str, Any]) -> str:
    """Return the share of a step's sessions whose time is measured."""
    return rate(row["sessions_with_duration"] / row["sessions"]) if row["sessions"] else DASH


def title(row: Mapping[str, Any]) -> str:
    """Return the hover text of a step."""
    measured = f"{plural(row['sessions_with_duration'], 'session')} measured"
    return f"{row['step']}: {median_words(row)}, {exact(row['sessions'])} sessions, {measured} ({measured_share(row)})"


def heading(by_step: Mapping[int, Mapping[str, Any]], context: Context) -> str:
    """Return how long buyers and those who left a step earlier stayed, or that it is not measured."""
    steps = context.funnel.steps
    last, earlier = by_step.get(len(steps)), by_step.get(len(steps) - 1)
    if not any(row["sessions_with_duration"] for row in by_step.values()):
        return "No time is measured in these sessions"
    large = [row for row in (last, earlier) if row and row["sessions_with_duration"] >= FEW_SESSIONS]
    if len(large) < 2:
        return "Too few measured sessions at the last step to say"
    return (
        f"Half of those who reach {steps[-1].name} stay {seconds(large[0]['median_duration_seconds'])} or longer, half "
        f"of those who leave at {steps[-2].name} {seconds(large[1]['median_duration_seconds'])}"
    )
