"""Completion of each step, split as the funnel is: a panel a transition, a dot with its 95 % interval a value."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import holoviews as hv
import pandas as pd
import param

from dashboard.body import LegendItem
from dashboard.cards import Context, Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.bar_rows import lines, room_for, short_labels
from dashboard.charts.chosen import plural_of
from dashboard.charts.completion_figure import ABOVE, MOST, RIGHT, height_of, layers, scale_end
from dashboard.charts.completion_words import compared_words, heading, verdict
from dashboard.charts.funnel import compared_label
from dashboard.charts.funnel_rows import (
    BEFORE,
    BY_TITLE,
    DEVICE,
    NOTHING,
    action_of,
    chosen_dimensions,
    frame_of,
    kept_of,
    label_of,
    merged,
    reach_of,
    rows_from,
    segments_in,
)
from dashboard.charts.words import FEW_SESSIONS, Row, device_color, device_shape, empty_sentence, transition
from dashboard.format import DASH, THIN, exact, plural, rate, rate_range
from dashboard.look import by, framed, mark, rate_ticks, words
from dashboard.panels import Axis, Panel
from queries.engine import Result
from queries.pivot import OTHERS
from queries.vocabulary import TITLES

ROOM = 0.05
"""So much of the scale is left free at both its ends, where a mark at 0 or at the last tick has its other half."""
NOTE = (
    f"Share of the sessions at a step that went on to the next, with 95{THIN}% intervals; each panel has its own scale "
    f"from 0. {{}} with fewer than {FEW_SESSIONS} sessions at a step are faded and never named; one is named where its "
    "interval does not meet another's, and chance does not set so many pairs so far apart."
)
Values = Mapping[str, Sequence[Row]]
"""The funnel of each value that is shown, by the value."""


class Completion(ChartView):
    """Share of the sessions at a step that go on to the next, for each value of the funnel's first dimension.

    Frame: the one of `Funnel`, split by one dimension: one row a step and value; `completion_rate` is from that step to
    the next, with `_low` and `_high` (0-1), none at the last step; the compared period ends in `_before`.
    """

    by = param.Selector(default=TITLES[DEVICE], objects=list(BY_TITLE), doc="The dimension that splits the sessions.")
    also = param.Selector(
        default=NOTHING, objects=[NOTHING, *BY_TITLE], doc="The funnel's second dimension, not shown."
    )

    key = "completion"
    label = "Completion of each step"
    followed = ("by", "also")
    page_names: ClassVar[Mapping[str, str]] = {"also": "and"}
    height = 190
    most_panels = MOST
    traits: ClassVar[Mapping[str, Any]] = {"follows": "funnel"}

    @property
    def dimension(self) -> str:
        """Return the dimension that splits the sessions."""
        return chosen_dimensions(self.settings)[0]

    def needs(self) -> tuple[Need, ...]:
        """Ask for the funnel of each value in both periods, whatever value is filtered."""
        every = Need("funnel", by=self.dimension, shows=self.dimension, shows_steps=True)
        return every, replace(every, compared=True)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the largest values, those that a filter wants, and the rest together."""
        by, (reach, earlier) = (self.dimension,), map(reach_of, results)
        kept, funnel = kept_of(reach, by, self.context.filters), self.context.funnel
        shown, before = (rows_from(merged(part, kept), funnel) if part else {} for part in (reach, earlier))
        frame = frame_of(shown, before, by)
        frame.attrs = {"smaller": len(reach) - len(kept), "compared": bool(before)}
        return frame

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return a picture a transition, each on its own scale from 0."""
        held, before, by = self._values(frame), self._values(frame, BEFORE), self.dimension
        if not held:
            return [
                Panel(layers([], {}, by, 1.0, self.context, self.colors), title=" ", verdict=" ", taps={"dots": ()})
            ]
        named = {value: rows for value, rows in held.items() if value != OTHERS}
        of = compared_words(frame.attrs.get("smaller", 0), self.context, by)
        labels = short_labels([label_of((by,), (value,)) for value in held])
        left, steps = room_for(labels), self.context.funnel.steps
        found = []
        for place in range(min(len(steps) - 1, MOST)):
            rows = [part[place] for part in held.values()]
            past = {value: part[place] for value, part in before.items()}
            ticks, said = rate_ticks(scale_end([*rows, *past.values()]))
            end = (1 + ROOM) * ticks[-1]
            found.append(
                Panel(
                    layers(rows, past, by, end, self.context, self.colors),
                    Axis(-ROOM * ticks[-1], end, ticks, said),
                    lines({-float(line): label for line, label in enumerate(labels)}, 0.5 - len(rows), 0.5),
                    transition(steps[place].name, steps[place + 1].name),
                    verdict(
                        [part[place] for part in named.values()], "completion_rate", "reached", by, of, len(steps) - 1
                    ),
                    height=height_of(len(labels)),
                    left=left,
                    min_width=192 + left,
                    taps={"dots": [action_of((by,), (row["segment"],)) for row in rows]},
                )
            )
        return found

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return a dot with its interval a value, hollow ones of the compared period, and figures at the right."""
        at, look = panel.table, self.colors
        dot, ends = ("completion_rate", "row"), ["low", "row", "high", "row_too"]
        shape, beside = {"marker": by("shape")}, {"x_offset": 10, "y_offset": 1}
        drawn = [
            mark("whiskers", hv.Segments(at("whiskers"), ends, ["color", "alpha", "title"]), line_color=by("color"),
                 line_alpha=by("alpha"), line_width=2.5),
            mark("dots", at("dots").hvplot.scatter(*dot, hover_cols=["color", "shape", "alpha", "title"]), size=10,
                 fill_color=by("color"), fill_alpha=by("alpha"), line_color=look.surface, line_alpha=1, glyph=shape),
            mark("whiskers before", hv.Segments(at("whiskers before"), ends, ["title"]), line_color=look.previous,
                 line_width=1.5),
            mark("dots before", at("dots before").hvplot.scatter(*dot, hover_cols=["shape", "title"]),
                 size=8, fill_color=look.surface, line_color=look.previous, line_width=1.5, glyph=shape),
            words("rates", at("rates").hvplot.labels("end", "row", "label"), look, text_color=look.text,
                  text_align="left", text_baseline="bottom", glyph=beside, beyond=True),
            words("counts", at("counts").hvplot.labels("end", "row", "label"), look, text_align="left",
                  text_baseline="top", glyph=beside, beyond=True),
        ]  # fmt: skip
        hover = ["dots", "whiskers", "dots before", "whiskers before"]
        return framed(drawn, panel, look, name=self.key, hover=hover, grid="x", right=RIGHT, above=ABOVE)

    def say(self, frame: pd.DataFrame) -> Words:
        """Return where the values differ most, and how the pictures are read."""
        held, context, by = self._values(frame), self.context, self.dimension
        if not held:
            return Words("No sessions to follow", empty=empty_sentence(context))
        more, compares = frame.attrs.get("smaller", 0), bool(frame.attrs.get("compared"))
        named = {value: rows for value, rows in held.items() if value != OTHERS}
        said = heading(named, context, by, compared_words(more, context, by))
        return Words(said, note(context, compares, more), legend=_legend(list(held), context, compares, by))

    def table(self, frame: pd.DataFrame) -> TableTwin | None:
        """Return completion and abandonment of every transition and value."""
        held, before = self._values(frame), self._values(frame, BEFORE)
        compared = compared_label(self.context) if frame.attrs.get("compared") else ""
        return table_twin(held, before, self.context, self.dimension, compared) if held else None

    def _values(self, frame: pd.DataFrame, suffix: str = "") -> dict[str, list[Row]]:
        return {values[0]: rows for values, rows in self.once(segments_in, frame, (self.dimension,), suffix).items()}


def note(context: Context, compares: bool, more: int = 0) -> str:
    """Return how the panels are read, by what they are split, and the compared days where there are any."""
    dimensions = chosen_dimensions(context.settings)
    values = plural_of(dimensions[0])
    parts = [NOTE.format(f"{values[0].upper()}{values[1:]}")]
    if dimensions != (DEVICE,):
        word = TITLES[dimensions[0]].lower()
        both = ", the first of its two dimensions" if len(dimensions) > 1 else ""
        parts.append(f"Split as the funnel above is: by {word}{both}.")
    if more:
        parts.append(f"The {plural(more, 'smaller one stands', 'smaller ones stand')} together as others.")
    if compares:
        parts.append(f"Hollow and grey: {compared_label(context)}.")
    return " ".join(parts)


def _legend(values: Sequence[str], context: Context, compares: bool, by: str) -> list[LegendItem]:
    past = [LegendItem(label=compared_label(context), color="previous", shape="outline")] if compares else []
    if by != DEVICE:
        return past
    looks = {value: ("bars" if value == OTHERS else device_color(value), device_shape(value)) for value in values}
    shown = [
        LegendItem(label=label_of((by,), (value,)), color=color, shape=shape) for value, (color, shape) in looks.items()
    ]
    return [*shown, *past]


def table_twin(held: Values, before: Values, context: Context, by: str, compared: str) -> TableTwin:
    """Return completion and abandonment of every transition and value, with the completion before if compared."""
    steps = context.funnel.steps
    lines = []
    for place in range(len(steps) - 1):
        for value, rows in held.items():
            row = rows[place]
            line = [
                transition(steps[place].name, steps[place + 1].name),
                label_of((by,), (value,)),
                exact(row["reached"]),
                exact(row["reached"] - row["abandonments"]),
                rate(row["completion_rate"]),
                rate_range(row["completion_rate_low"], row["completion_rate_high"]),
                exact(row["abandonments"]),
                rate(row["abandonment_rate"]),
            ]
            if compared:
                past = before[value][place] if value in before else None
                line += [exact(past["reached"]), rate(past["completion_rate"])] if past else [DASH, DASH]
            lines.append(tuple(line))
    headers = ["Step", TITLES[by], "Reached", "Went on", "Completion", f"95{THIN}% interval", "Left", "Abandonment"]
    if compared:
        headers += [f"{what}, {compared}" for what in ("Reached", "Completion")]
    numeric = (False, False, *(True,) * (len(headers) - 2))
    return TableTwin(f"Completion by step and {TITLES[by].lower()}", tuple(headers), tuple(lines), numeric)
