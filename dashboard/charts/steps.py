"""The funnel of the sessions shown, small: how many reached each step, how many went on, how many left."""

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import pandas as pd

from dashboard.body import Action
from dashboard.cards import Context, Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.bar_rows import (
    BAR,
    EDGES,
    FIRST,
    ROOM,
    SECOND,
    TARGET,
    TEXT,
    lines,
    room_for,
    short_labels,
    target,
    text,
    texts,
)
from dashboard.charts.funnel_rows import ALL, STEP_TITLE, frame_of, segments_in
from dashboard.charts.words import Row, empty_sentence, leaving, part_of, sessions_at
from dashboard.format import count, exact, rate, share
from dashboard.look import framed, mark
from dashboard.panels import Panel, columns
from queries.engine import Result

NOTE = "Reached is cumulative: an order implies the earlier steps."
LINE, HEADS = 42, 0.7
"""Pixels of a step, and how far above the first one the heads stand, in steps."""
LAYERS = {"chosen": TARGET, "track": BAR, "bars": BAR, "texts": TEXT, "below": TEXT, "targets": TARGET}


class Steps(ChartView):
    """Sessions that reached each step, and how many went on and left there.

    Frame: the one of `Funnel` without dimensions: one row a step with `reached`, `share_of_first` and `completion_rate`
    (0-1), `abandonments`. `attrs`: all "sessions", those outside the funnel too.
    """

    key = "steps"
    label = "Funnel of the sessions shown"
    span = 5
    height = 230

    def needs(self) -> tuple[Need, ...]:
        """Ask for the funnel and for how many sessions there are."""
        return Need("funnel", shows_steps=True), Need("overview", shows_steps=True)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the steps; none without sessions."""
        sessions = results[1].rows[0]["sessions"] if results[1].rows else 0
        frame = frame_of({ALL: results[0].rows} if sessions and results[0].rows else {}, {}, ())
        frame.attrs = {"sessions": sessions}
        return frame

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return the steps from top to bottom, as shares of the first."""
        steps, look = self.once(steps_in, frame), self.colors
        chosen = {step.name for step in (*self.context.filters.reached[:1], *self.context.filters.missed[:1])}
        drawn: dict[str, list[dict[str, Any]]] = {name: [] for name in LAYERS}
        drawn["texts"] += [
            text(HEADS, "Share of the first step", 0, look.text_tertiary, at=0.0, align="left"),
            text(HEADS, "Sessions", FIRST, look.text_tertiary),
            text(HEADS, "Share", SECOND, look.text_tertiary),
        ]
        for place, row in enumerate(steps):
            y = -float(place)
            here = target(y - 0.12, 0.5, STEP_TITLE.format(row["step"]))
            drawn["targets"].append(here)
            drawn["chosen"] += [here] if row["step"] in chosen else []
            drawn["track"].append({"row": y, "length": 1.0})
            drawn["bars"].append({"row": y, "length": row["share_of_first"] or 0.0})
            drawn["texts"].append(text(y, count(row["reached"]), FIRST, look.text))
            drawn["texts"].append(text(y, rate(row["share_of_first"]), SECOND, look.text_secondary))
            if row["completion_rate"] is not None:
                went_on = f"{rate(row['completion_rate'])} go on, {count(row['abandonments'])} leave"
                drawn["below"].append(text(y - 0.2, went_on, 0, look.text_tertiary, align="left", at=0.0))
        labels = short_labels([row["step"] for row in steps])
        number = len(steps) - 1 + HEADS + 0.3 + 0.65
        rows = {-float(place): label for place, label in enumerate(labels)}
        return [
            Panel(
                {name: columns(drawn[name], **kinds) for name, kinds in LAYERS.items()},
                y=lines(rows, HEADS + 0.3 - number, HEADS + 0.3),
                height=round(LINE * number) + 8,
                left=room_for(labels),
                taps={"targets": [Action(step=row["step"]) for row in steps]},
            )
        ]

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return bars over the whole, with figures below and at their right."""
        at, look = panel.table, self.colors
        bar: dict[str, Any] = {"line_color": None, "glyph": {"height": 0.32, "border_radius": 2}}
        drawn = [
            mark("chosen", hv.Rectangles(at("chosen"), EDGES, ["title"]), fill_color=look.accent_weak, line_color=None),
            mark("track", at("track").hvplot.barh("row", "length"), fill_color=look.sunken, **bar),
            mark("bars", at("bars").hvplot.barh("row", "length"), fill_color=look.accent, **bar),
            texts("texts", at("texts"), look),
            texts("below", at("below"), look, text_baseline="top"),
            mark("targets", hv.Rectangles(at("targets"), EDGES, ["title"]), fill_alpha=0, line_color=None),
        ]
        picture = framed(drawn, panel, look, name=self.key, hover=["targets"], grid="", right=ROOM)
        return picture.opts(invert_axes=True)

    def say(self, frame: pd.DataFrame) -> Words:
        """Return the shares that leave, and which sessions are not in the funnel."""
        steps = self.once(steps_in, frame)
        if not steps:
            return Words("No session entered the funnel", empty=empty_sentence(self.context))
        return Words(heading(steps, self.context), note(steps[0], frame.attrs.get("sessions", steps[0]["reached"])))

    def table(self, frame: pd.DataFrame) -> TableTwin | None:
        """Return a line a step."""
        steps = self.once(steps_in, frame)
        cells = tuple(
            (row["step"], exact(row["reached"]), rate(row["share_of_first"]), rate(row["completion_rate"]),
             exact(row["abandonments"]))
            for row in steps
        )  # fmt: skip
        headers = ("Step", "Reached", "Share of first", "Went on", "Left")
        actions = tuple(Action(step=row["step"]) for row in steps)
        return TableTwin(self.label, headers, cells, (False, True, True, True, True), actions) if steps else None


def steps_in(frame: pd.DataFrame) -> list[Row]:
    """Return the steps of a frame."""
    return segments_in(frame, ()).get(ALL, [])


def note(first: Row, sessions: int) -> str:
    """Return the rule of the steps, and how many sessions are not in the funnel because they lack its first step."""
    outside = sessions - first["reached"]
    if not outside:
        return NOTE
    return f"{NOTE} {part_of(outside, sessions)} sessions did not reach {first['step']}: shares leave them out."


def heading(steps: Sequence[Row], context: Context) -> str:
    """Return the shares that leave at the first and at the last step: 82 % leave before a fifth page; 83 % of ..."""
    following = context.funnel.steps
    if not steps[0]["reached"]:
        return "No session entered the funnel"
    losing = [place for place, row in enumerate(steps[:-1]) if row["abandonments"]]
    if not losing:
        return "Every session that entered went on to the end"
    first = losing[0]
    said = f"{share(steps[first]['abandonment_rate'])} {leaving(following[first + 1])}"
    last = losing[-1]
    if last == first:
        return said
    who = f"{share(steps[last]['abandonment_rate'])} of {sessions_at(following[last])}"
    return f"{said}; {who} {leaving(following[last + 1])}"
