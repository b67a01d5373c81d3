"""Completion of each step by device: one small panel a transition, a dot with its 95 % interval a device."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from bokeh.layouts import row as side_by_side
from bokeh.models import ColumnDataSource
from bokeh.models import Row as BokehRow
from bokeh.plotting import figure

from dashboard.body import Extras, LegendItem
from dashboard.chart import CardState, Chart, Context, Need, TableTwin
from dashboard.charts import figures
from dashboard.charts.chosen import is_filtered, passes
from dashboard.charts.funnel import DEVICE, compared_label
from dashboard.charts.words import (
    FEW_SESSIONS,
    Lead,
    Row,
    by_segment,
    device_color,
    device_label,
    device_shape,
    empty_sentence,
    enough,
    lead,
    part_of,
    transition,
    verdict,
)
from dashboard.format import DASH, THIN, count, exact, rate, rate_range
from dashboard.theme import Theme
from queries.engine import Result

PANELS = 5
FADED = 0.45
BELOW = -0.3
"""How far below its device the compared mark stands, in parts of a line."""
NOTE = (
    f"Share of the sessions at a step that went on to the next, with 95{THIN}% intervals; each panel has its own scale "
    f"from 0. Devices with fewer than {FEW_SESSIONS} sessions at a step are faded and never named."
)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the funnel of each device in both periods, whatever device is filtered."""
    every = Need("funnel", by=DEVICE, shows=DEVICE, shows_steps=True)
    return every, replace(every, compared=True)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a panel per transition of the funnel, the rest of the panels hidden."""
    devices = by_segment(results[0].rows)
    if not devices:
        return CardState("No sessions to follow", empty=empty_sentence(context))
    before = by_segment(results[1].rows)
    steps = context.funnel.steps
    sources: dict[str, Mapping[str, Sequence[Any]]] = {}
    models: dict[str, Mapping[str, Any]] = {}
    for place in range(PANELS):
        shown = place < len(steps) - 1
        models[panel_name(place)] = {"visible": shown}
        if not shown:
            continue
        rows = [held[place] for held in devices.values()]
        past = {device: held[place] for device, held in before.items() if device in devices}
        ticks, labels = figures.rate_ticks(scale_end([*rows, *past.values()]))
        models[f"{panel_name(place)}-title"] = {"text": transition(steps[place].name, steps[place + 1].name)}
        models[f"{panel_name(place)}-verdict"] = {"text": verdict(rows, "completion_rate", "reached")}
        models[f"{panel_name(place)}-x"] = {"start": 0, "end": ticks[-1]}
        models[f"{panel_name(place)}-y"] = {"factors": [device_label(row["segment"]) for row in reversed(rows)]}
        models.update(figures.tick_models(f"{panel_name(place)}-x", ticks, labels))
        sources[f"{panel_name(place)}-devices"] = columns(rows, ticks[-1], context, past)
        sources[f"{panel_name(place)}-before"] = before_columns(past, ticks[-1])
    return CardState(
        heading(devices, context),
        note(context, bool(before)),
        sources=sources,
        models=models,
        body=Extras(legend=_legend(devices, context, bool(before))),
        table=table_twin(devices, before, context),
    )


def note(context: Context, compares: bool) -> str:
    """Return how the panels are read, with the compared days where there are any."""
    return f"{NOTE} Hollow and grey: {compared_label(context)}." if compares else NOTE


def before_columns(past: Mapping[str, Row], end: float) -> dict[str, list[Any]]:
    """Return the hollow marks of the compared period, a little below those shown; none for devices too few then."""
    held = {device: row for device, row in past.items() if enough(row, "completion_rate", "reached")}
    return {
        "completion_rate": [row["completion_rate"] for row in held.values()],
        "device": [[device_label(device), BELOW] for device in held],
        "low": [row["completion_rate_low"] for row in held.values()],
        "high": [min(row["completion_rate_high"], end) for row in held.values()],
        "marker": [device_shape(device) for device in held],
        "title": [f"Before. {title(row)}" for row in held.values()],
    }


def panel_name(place: int) -> str:
    """Return the name of the panel of a transition, from 0."""
    return f"completion-{place}"


def heading(devices: Mapping[str, Sequence[Row]], context: Context) -> str:
    """Return where the devices differ most by intervals that do not meet: at the last step, desktop ahead of mobile."""
    steps = context.funnel.steps
    if not any(passes(context.filters, DEVICE, device) for device in devices):
        return f"{empty_sentence(context).removesuffix('.')}: the other devices are shown for comparison"
    gaps: list[tuple[float, int]] = []
    for place in range(len(steps) - 1):
        found = lead([held[place] for held in devices.values()], "completion_rate", "reached")
        if found and concerns_chosen(found, context):
            low = min(row["completion_rate"] for row in found.behind)
            gaps.append((found.ahead["completion_rate"] - low, place))
    if not gaps:
        compared = any(_comparable([held[place] for held in devices.values()]) for place in range(len(steps) - 1))
        if len(devices) == 1:
            return f"One device only: {device_label(next(iter(devices)))}, nothing to compare"
        if not compared:
            return "Too few sessions on each device to compare"
        beside = "No chosen device" if is_filtered(context.filters, DEVICE) else "No device"
        return f"{beside} stands out at any step: the intervals overlap"
    _, place = max(gaps)
    said = verdict([held[place] for held in devices.values()], "completion_rate", "reached")
    where = "at the last step" if place == len(steps) - 2 else f"from {steps[place].name} to {steps[place + 1].name}"
    return f"Devices differ most {where}: {said[0].lower()}{said[1:].replace(': ', ', ')}"


def concerns_chosen(found: Lead, context: Context) -> bool:
    """Say whether a chosen device is ahead or behind; any device, where none is chosen."""
    if not is_filtered(context.filters, DEVICE):
        return True
    return any(passes(context.filters, DEVICE, row["segment"]) for row in (found.ahead, *found.behind))


def _comparable(rows: Sequence[Row]) -> bool:
    return sum(enough(row, "completion_rate", "reached") for row in rows) > 1


def scale_end(rows: Sequence[Row]) -> float:
    """Return the rate that the panel's scale must hold: every rate, and the intervals of devices large enough.

    Where none is large enough, it holds the intervals of all.
    """
    known = [row for row in rows if row["completion_rate"] is not None]
    large = [row for row in known if enough(row, "completion_rate", "reached")] or known
    ends = [row["completion_rate_high"] for row in large] + [row["completion_rate"] for row in known]
    return max(ends, default=1.0) or 0.01


def columns(
    rows: Sequence[Row], end: float, context: Context, past: Mapping[str, Row] | None = None
) -> dict[str, list[Any]]:  # fmt: skip
    """Return one mark per device: rate, interval, colour, shape, the words at the right and the hover text."""
    alphas = [1.0 if enough(row, "completion_rate", "reached") else FADED for row in rows]
    return {
        "completion_rate": [row["completion_rate"] for row in rows],
        "device": [device_label(row["segment"]) for row in rows],
        "value": [row["segment"] for row in rows],
        "low": [row["completion_rate_low"] for row in rows],
        "high": [None if row["completion_rate"] is None else min(row["completion_rate_high"], end) for row in rows],
        "end": [end] * len(rows),
        "color": [
            f"${device_color(row['segment']) if passes(context.filters, DEVICE, row['segment']) else 'previous'}"
            for row in rows
        ],
        "marker": [device_shape(row["segment"]) for row in rows],
        "alpha": alphas,
        "label": [rate(row["completion_rate"]) for row in rows],
        "counts": [counts(row, (past or {}).get(row["segment"])) for row in rows],
        "title": [title(row) for row in rows],
    }


def counts(row: Row, past: Row | None = None) -> str:
    """Return what is written under a rate: how many left, how few there are, or the rate before: 388 left, n 26."""
    if not enough(row, "completion_rate", "reached"):
        return f"n {count(row['reached'])}"
    if past is None:
        return f"{count(row['abandonments'])} left"
    return (
        rate(past["completion_rate"]) if enough(past, "completion_rate", "reached") else f"n {count(past['reached'])}"
    )


def title(row: Row) -> str:
    """Return the hover text of a device: who went on, who left, of how many, with the interval."""
    if row["completion_rate"] is None:
        return f"{device_label(row['segment'])}: no session at {row['step']}"
    interval = rate_range(row["completion_rate_low"], row["completion_rate_high"])
    on = row["reached"] - row["abandonments"]
    few = "; too few to say" * (not enough(row, "completion_rate", "reached"))
    return (
        f"{device_label(row['segment'])}: {rate(row['completion_rate'])} went on ({interval}), "
        f"{part_of(on, row['reached'])}; {rate(row['abandonment_rate'])} left ({exact(row['abandonments'])}){few}"
    )


def _legend(devices: Mapping[str, Sequence[Row]], context: Context, compares: bool) -> list[LegendItem]:
    past = [LegendItem(label=compared_label(context), color="previous", shape="outline")] if compares else []
    shown = [
        LegendItem(label=device_label(device), color=device_color(device), shape=device_shape(device))
        for device in devices
    ]
    return [*shown, *past]


def table_twin(
    devices: Mapping[str, Sequence[Row]], before: Mapping[str, Sequence[Row]], context: Context
) -> TableTwin:  # fmt: skip
    """Return completion and abandonment of every transition and device, with the completion before if compared."""
    steps = context.funnel.steps
    lines = []
    for place in range(len(steps) - 1):
        for device, held in devices.items():
            row = held[place]
            line = [
                transition(steps[place].name, steps[place + 1].name),
                device_label(device),
                exact(row["reached"]),
                exact(row["reached"] - row["abandonments"]),
                rate(row["completion_rate"]),
                rate_range(row["completion_rate_low"], row["completion_rate_high"]),
                exact(row["abandonments"]),
                rate(row["abandonment_rate"]),
            ]
            if before:
                past = before[device][place] if device in before else None
                line += [exact(past["reached"]), rate(past["completion_rate"])] if past else [DASH, DASH]
            lines.append(tuple(line))
    headers = ["Step", "Device", "Reached", "Went on", "Completion", f"95{THIN}% interval", "Left", "Abandonment"]
    if before:
        headers += [f"{what}, {compared_label(context)}" for what in ("Reached", "Completion")]
    numeric = (False, False, *(True,) * (len(headers) - 2))
    return TableTwin("Completion by step and device", tuple(headers), tuple(lines), numeric)


def build(theme: Theme) -> BokehRow:
    """Make the panels once, side by side where there is room, below one another where there is not."""
    panels = [_panel(theme, panel_name(place), place < 3) for place in range(PANELS)]
    layout = side_by_side(*panels, sizing_mode="stretch_width", spacing=24, name="completion")
    layout.styles = {"flex-wrap": "wrap"}
    return layout


def _panel(theme: Theme, name: str, visible: bool) -> figure:
    labels = ["Tablet", "Mobile", "Desktop"]
    rates = {"completion_rate": [0.1, 0.2, 0.3], "device": labels}
    fig = figures.rendered(
        pd.DataFrame(rates).hvplot.scatter("completion_rate", "device", responsive=True), theme, name, 190
    )
    fig.update(visible=visible, min_width=250, styles={"flex": "1 1 250px"})
    texts = {"value": labels, "color": [theme.accent] * 3, "marker": ["circle"] * 3, "title": [""] * 3}
    numbers = {"low": [0.1] * 3, "high": [0.2] * 3, "end": [0.3] * 3, "alpha": [1.0] * 3}
    beside = {"label": [""] * 3, "counts": [""] * 3}
    held = figures.adopt(fig, f"{name}-devices", {**rates, **texts, **numbers, **beside})
    held.tags = [f"filter:{DEVICE}:value"]
    figures.fixed_ticks(fig.xaxis[0], [0.0, 0.3], ["0", f"30{THIN}%"])
    fig.xgrid[0].update(visible=True, ticker=fig.xaxis[0].ticker)
    fig.yaxis[0].update(major_label_text_color=theme.text_secondary)
    _marks(fig, held, theme)
    _before(fig, name, theme)
    look = {"level": "overlay", "x_offset": 10, "y_offset": 1}
    figures.words(fig, held, "end", "device", theme, text_color=theme.text, text_baseline="bottom", **look)
    figures.words(fig, held, "end", "device", theme, text="counts", text_baseline="top", **look)
    figures.titles(fig, name, theme, 58)
    fig.update(min_border_right=72, min_border_left=58, min_border_top=46)
    return fig


def _marks(fig: Any, held: ColumnDataSource, theme: Theme) -> None:
    line = {"line_color": "color", "line_width": 2.5, "line_alpha": "alpha"}
    whiskers = fig.segment("low", "device", "high", "device", source=held, **line)
    marks = fig.renderers[0]
    marks.glyph.update(fill_color="color", line_color=theme.surface, marker="marker", size=10)
    marks.glyph.update(fill_alpha="alpha", line_alpha=1)
    figures.quiet(marks)
    figures.quiet(whiskers)
    fig.renderers = [whiskers, marks]
    figures.hover(fig, [marks, whiskers])
    figures.tap(fig, [marks])


def _before(fig: Any, name: str, theme: Theme) -> None:
    rates = {"completion_rate": [], "device": [], "low": [], "high": [], "marker": [], "title": []}
    past = figures.source(f"{name}-before", rates)
    line = fig.segment("low", "device", "high", "device", source=past, line_color=theme.previous, line_width=1.5)
    marks = fig.scatter(
        "completion_rate", "device", source=past, marker="marker", size=8, fill_color=theme.surface,
        line_color=theme.previous, line_width=1.5,
    )  # fmt: skip
    figures.quiet(marks)
    figures.quiet(line)
    figures.hover(fig, [marks, line])


CHART = Chart("completion", "Completion by step and device", needs, update, build, span=12, height=190)
