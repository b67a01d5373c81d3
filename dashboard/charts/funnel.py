"""The funnel by one or two dimensions: aligned step bars, what left at each step, and both periods side by side."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import holoviews as hv
import pandas as pd
import param

from dashboard.body import Action
from dashboard.cards import Context, Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.bar_rows import EDGES, ROOM, lines, room_for, short_labels, texts
from dashboard.charts.chosen import comparison_note, is_filtered
from dashboard.charts.funnel_layers import (
    SLOTS,
    Bar,
    Head,
    Scene,
    layers,
    legend,
    log_start,
    log_ticks,
    places,
)
from dashboard.charts.funnel_rows import (
    BEFORE,
    BY_TITLE,
    DEVICE,
    NOTHING,
    STEP_TITLE,
    Segments,
    action_of,
    chosen_dimensions,
    frame_of,
    funnel_needs,
    kept_of,
    label_of,
    merged,
    reach_of,
    rows_from,
    segments_in,
    sessions_of,
)
from dashboard.charts.funnel_words import chosen_of, heading
from dashboard.charts.words import Row, empty_sentence, part_of
from dashboard.format import DASH, THIN, count, date_range, exact, rate, rate_range
from dashboard.look import by, framed, mark, narrow
from dashboard.panels import Axis, Panel
from queries.engine import Result
from queries.vocabulary import TITLES

LINE, ENDS = 26, 44
"""Pixels of a bar with its room, and of the legend and the ends of the picture."""
RIGHT = 340
"""Pixels for all columns at the right of the bars."""
LINEAR, LOG = "Linear", "Log"
NOTE = (
    "Bars start at 0 and share one scale: the share of each group's own first step. Reached is cumulative: a later "
    "step implies the earlier ones, so a buyer with three pageviews counts at every step."
)
LOG_NOTE = (
    "On a log scale the length of a bar would mean nothing, so dots with their intervals stand for the shares. Reached "
    "is cumulative: a later step implies the earlier ones."
)


class Funnel(ChartView):
    """Share of each segment's sessions that reach a step, with 95 % Wilson intervals.

    Frame: one row a step and segment, steps first: `step`, its `definition` and `position` (from 1), `segment` (its
    label), a column for each dimension it is split by, `reached` (sessions, cumulative), `share_of_first` and
    `completion_rate` (to the next step) with `_low` and `_high` (0-1), `abandonments`, `abandonment_rate`; the same of
    the compared period with `_before`. `attrs`: "sessions" of the selection, "smaller" groups that stand together, and
    whether something is "compared".
    """

    by = param.Selector(default=TITLES[DEVICE], objects=list(BY_TITLE), doc="The dimension that splits the sessions.")
    also = param.Selector(default=NOTHING, objects=[NOTHING, *BY_TITLE], doc="A second dimension.")
    scale = param.Selector(default=LINEAR, objects=[LINEAR, LOG], doc="Bars from 0, or dots on a log scale.")

    key = "funnel"
    label = "Reached, share of each group's sessions"
    own_settings = ("by", "also", "scale")
    page_names: ClassVar[Mapping[str, str]] = {"also": "and"}
    height = 480

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Return the one or two dimensions that split the sessions."""
        return chosen_dimensions(self.settings)

    def needs(self) -> tuple[Need, ...]:
        """Ask for the funnel of each segment in both periods, whatever is filtered of its dimensions; all sessions."""
        return funnel_needs(self.dimensions)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the largest segments, those that a filter wants, and the rest together."""
        reach, earlier = reach_of(results[0]), reach_of(results[2])
        kept, funnel = kept_of(reach, self.dimensions, self.context.filters), self.context.funnel
        before = rows_from(merged(earlier, kept), funnel) if earlier else {}
        frame = frame_of(rows_from(merged(reach, kept), funnel), before, self.dimensions)
        smaller = len(reach) - len(kept)
        frame.attrs = {"sessions": sessions_of(results[1]), "smaller": smaller, "compared": bool(before)}
        return frame

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return the steps from top to bottom, on one scale of shares."""
        scene = self._scene(frame)
        names = {bar.values: bar.label for bar in scene.bars}
        labels = dict(zip(names, short_labels(list(names.values())), strict=True))
        number = 1.2 - min((bar.y for bar in scene.bars), default=0.0)
        ticks = [] if scene.log_min is None else log_ticks(scene.log_min)
        filters = [action_of(self.dimensions, bar.values) for bar in scene.bars]
        return [
            Panel(
                layers(scene, self.colors),
                Axis(0.0, 1.0, [scene.place(share) for share, _ in ticks], [label for _, label in ticks]),
                lines({bar.y: labels[bar.values] for bar in scene.bars}, 0.7 - number, 0.7),
                height=round(LINE * number) + ENDS,
                left=scene.left,
                taps={"targets": filters, "step targets": [Action(step=head.step.name) for head in scene.heads]},
                legend=legend(scene, names),
            )
        ]

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return bars over what left and over the whole, or dots with intervals; figures at their right."""
        at, look = panel.table, self.colors
        ends = ["from_row", "from_place", "to_row", "to_place"]
        thick = {"height": 0.62, "border_radius": 2}
        hidden: dict[str, Any] = {"fill_alpha": 0, "line_color": None}

        def bars(name: str, series: str = "", **style: Any) -> Any:
            drawn = at(name).hvplot.barh("row", "length", hover_cols=["color"] if "color" in at(name) else [])
            return mark(name, drawn, series=series, line_color=None, glyph=thick, **style)

        def dots(slot: int) -> Any:
            drawn = at(f"dots {slot}").hvplot.scatter("row", "place", hover_cols=["share", "color", "shape"])
            shape = {"marker": by("shape")}
            return mark(f"dots {slot}", drawn, series=f"dots {slot}", size=10, fill_color=by("color"),
                        line_color=look.surface, glyph=shape, beyond=True)  # fmt: skip

        drawn = [
            bars("track", fill_color=look.sunken),
            bars("left", "left", fill_color=look.left_at_step),
            *(bars(f"bars {slot}", f"bars {slot}", fill_color=by("color")) for slot in range(SLOTS)),
            mark("before", hv.Segments(at("before"), ends), series="before", line_color=look.previous, line_width=3),
            mark("whiskers", hv.Segments(at("whiskers"), ends, ["color"]), line_color=by("color"), line_width=2.5),
            *(dots(slot) for slot in range(SLOTS)),
            texts("steps", at("steps"), look, text_font_size="14px"),
            texts("texts", at("texts"), look),
            texts("wide texts", at("wide texts"), look),
            mark("targets", hv.Rectangles(at("targets"), EDGES, ["title"]), **hidden),
            mark("step targets", hv.Rectangles(at("step targets"), EDGES, ["title"]), **hidden),
        ]
        picture = framed(
            drawn, panel, look, name=self.key, hover=["targets", "step targets"], grid="x", right=RIGHT,
            hooks=[narrow(["wide texts"], ROOM)],
        )  # fmt: skip
        return picture.opts(invert_axes=True)

    def say(self, frame: pd.DataFrame) -> Words:
        """Return the largest leak, and how the bars are read."""
        context, dimensions = self.context, self.dimensions
        segments = self.once(segments_in, frame, dimensions)
        if not segments:
            return Words("No sessions to follow", empty=empty_sentence(context))
        filtered = any(is_filtered(context.filters, name) for name in dimensions)
        beside = comparison_note(context.filters, dimensions) if len(dimensions) > 1 else ""
        outside = "" if filtered else never_entered(segments, frame.attrs.get("sessions", 0))
        parts = [beside, LOG_NOTE if self.scale == LOG else NOTE, outside]
        if smaller := frame.attrs.get("smaller"):
            parts.append(f"The {count(smaller)} smaller groups stand together as others.")
        return Words(heading(segments, dimensions, context), " ".join(filter(None, parts)))

    def table(self, frame: pd.DataFrame) -> TableTwin | None:
        """Return every count and rate of each step and segment."""
        before = self.once(segments_in, frame, self.dimensions, BEFORE)
        segments = self.once(segments_in, frame, self.dimensions)
        compared = compared_label(self.context) if frame.attrs.get("compared") else ""
        return table_twin(segments, before, self.dimensions, compared) if segments else None

    def _scene(self, frame: pd.DataFrame) -> Scene:
        dimensions, context = self.dimensions, self.context
        segments, before = self.once(segments_in, frame, dimensions), self.once(segments_in, frame, dimensions, BEFORE)
        chosen = chosen_of(segments, dimensions, context.filters)
        labels = {values: label_of(dimensions, values) for values in segments}
        steps = context.funnel.steps if segments else ()
        asked = {step.name for step in (*context.filters.reached[:1], *context.filters.missed[:1])}
        compared = compared_label(context) if frame.attrs.get("compared") else ""
        heads, bars = [], []
        for place, (y, ys) in enumerate(places(len(steps), len(segments))):
            step = steps[place]
            left = sum(rows[place - 1]["abandonments"] or 0 for rows in chosen.values()) if place else None
            heads.append(Head(y, step, left, step.name in asked, STEP_TITLE.format(step.name)))
            for bar_y, (values, rows) in zip(ys, segments.items(), strict=True):
                past = before.get(values)
                previous = rows[place - 1] if place else None
                title = row_title(labels[values], rows[place], previous)
                if compared:
                    title += f" Compared: {past_words(past, place)}."
                shown = not chosen or values in chosen
                row = rows[place], previous, past[place] if past else None
                bars.append(Bar(bar_y, values, labels[values], *row, shown, title))
        log_min = log_start(segments) if self.scale == LOG else None
        return Scene(heads, bars, dimensions, log_min, compared, room_for(short_labels(list(labels.values()))))


def never_entered(segments: Segments, sessions: int) -> str:
    """Return how many sessions of the selection reach no step at all: 3 of 10,000 sessions reached no step."""
    outside = sessions - sum(rows[0]["reached"] for rows in segments.values())
    return f"{part_of(outside, sessions)} sessions reached no step." if outside > 0 else ""


def compared_label(context: Context) -> str:
    """Return the compared days as the head of a column."""
    days = context.compared
    return date_range(days.date_from, days.date_to).rsplit(" ", 1)[0] if days else ""


def past_words(before: Sequence[Row] | None, place: int) -> str:
    """Return how many of a segment reached a step in the compared days: 20 reached it in the compared days."""
    if before is None:
        return "no session in the compared days"
    went_on = f", {rate(before[place - 1]['completion_rate'])} of the step before" if place else ""
    share = rate(before[place]["share_of_first"])
    return f"{exact(before[place]['reached'])} reached it in the compared days ({share} of the first step){went_on}"


def row_title(label: str, row: Row, before: Row | None) -> str:
    """Return the hover text of one bar: who, how many, how many went on and how many left before."""
    text = f"{label}: {exact(row['reached'])} reached {row['step']}"
    if before is None:
        return text
    interval = rate_range(row["share_of_first_low"], row["share_of_first_high"])
    left = part_of(before["abandonments"] or 0, before["reached"])
    return (
        f"{text}, {rate(row['share_of_first'])} of the first step ({interval}). Of those at {before['step']}, "
        f"{rate(before['completion_rate'])} went on and {rate(before['abandonment_rate'])} left ({left})."
    )


def table_twin(segments: Segments, before: Segments, dimensions: tuple[str, ...], compared: str) -> TableTwin:
    """Return every count and rate as text, per step and segment, with those of the compared period if there is one."""
    lines = []
    for place in range(len(next(iter(segments.values())))):
        for values, steps in segments.items():
            row = steps[place]
            line = [
                row["step"],
                label_of(dimensions, values),
                exact(row["reached"]),
                rate(row["share_of_first"]),
                rate_range(row["share_of_first_low"], row["share_of_first_high"]),
                rate(row["completion_rate"]),
                exact(row["abandonments"]),
                rate(row["abandonment_rate"]),
            ]
            if compared:
                past = before[values][place] if values in before else None
                line += [exact(past["reached"]), rate(past["share_of_first"])] if past else [DASH, DASH]
                line.append(rate(past["completion_rate"]) if past else DASH)
            lines.append(tuple(line))
    name = " and ".join(TITLES[name].lower() for name in dimensions)
    headers = ["Step", name[0].upper() + name[1:], "Reached", "Share of first", f"95{THIN}% interval"]
    headers += ["Completion", "Left", "Abandonment"]
    if compared:
        headers += [f"{what}, {compared}" for what in ("Reached", "Share", "Completion")]
    return TableTwin(f"Funnel by {name}", tuple(headers), tuple(lines), (False, False, *(True,) * (len(headers) - 2)))
