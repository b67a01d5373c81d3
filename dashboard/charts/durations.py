"""Session duration against conversion, one panel a device: rates with intervals above, sessions below, same scales."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from bokeh.layouts import row as side_by_side
from bokeh.models import Row as BokehRow
from bokeh.plotting import figure

from dashboard.cards import Card, CardState, Context, Need, TableTwin

figures: Any = None
from dashboard.charts.chosen import passes
from dashboard.charts.words import (
    Row,
    by_segment,
    device_color,
    device_label,
    device_shape,
    empty_sentence,
    joined,
    part_of,
    rate_of,
)
from dashboard.format import THIN, count, exact, plural, rate, rate_range, share
from dashboard.theme import Theme
from queries.engine import Result
from queries.statistics import intervals_meet, wilson_interval

DEVICE = "device_category"
PANELS = 4
FEW = 20
"""Buckets with fewer sessions than this have a dotted interval and no mark."""
LONG_FROM, MEASURED_FROM = 6, 2
"""Positions of the buckets: 5 minutes and longer begin at 6, measured durations at 2."""
TICKS = tuple(text.replace(" ", THIN) for text in ("0 s", "<10 s", "<1 m", "<3", "<5", "<10", "<20", "<1 h", "more"))
"""The unit stands where it changes: nine whole labels do not fit below a narrow panel."""
TINY = "11px"
NOTE = (
    f"Buying takes time, so this is no advice to keep people longer. Dots with 95{THIN}% intervals: share of sessions "
    f"that converted; dotted and without a dot where there are under {FEW} sessions. Bars: sessions; paler at 0 s: one "
    "hit, or an export without durations. Below them: time on site, in seconds (s), minutes (m) or hours (h)."
)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the nine buckets of each device, whatever device is filtered."""
    return (Need("durations", by=DEVICE, shows=DEVICE),)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a panel per device, the largest four, all on the same two scales."""
    devices = by_segment(results[0].rows)
    if not devices:
        return CardState("No durations to compare", empty=empty_sentence(context))
    shown = list(devices.items())[:PANELS]
    every = [row for _, rows in shown for row in rows]
    ticks, labels = figures.rate_ticks(scale_end(every))
    largest = max(row["sessions"] for row in every) * 1.45
    sources: dict[str, Mapping[str, Sequence[Any]]] = {}
    models: dict[str, Mapping[str, Any]] = {}
    for place in range(PANELS):
        name = panel_name(place)
        models[name] = {"visible": place < len(shown)}
        if place >= len(shown):
            continue
        device, rows = shown[place]
        models.update(figures.panel_models(name, f"{name}-sessions", ticks[-1], largest))
        models.update(figures.tick_models(f"{name}-y", ticks, labels))
        models[f"{name}-title"] = {"text": device_label(device)}
        models[f"{name}-verdict"] = {"text": panel_verdict(rows)}
        sources.update(columns(name, device, rows, ticks[-1], context))
    chosen = {device: rows for device, rows in devices.items() if passes(context.filters, DEVICE, device)}
    said = card_heading(chosen) if chosen else empty_sentence(context).removesuffix(".")
    told = note(chosen or devices, list(devices)[PANELS:])
    return CardState(said, told, sources=sources, models=models, table=table_twin(devices))


def panel_name(place: int) -> str:
    """Return the name of the panel of a device, from 0."""
    return f"durations-{place}"


def scale_end(rows: Sequence[Row]) -> float:
    """Return the rate that the common scale must hold: the intervals of buckets large enough, of all where none is."""
    known = [row for row in rows if row["sessions"]]
    large = [row for row in known if row["sessions"] >= FEW] or known
    return max((row["conversion_rate_high"] for row in large), default=0.01) or 0.01


def heading(devices: Sequence[Sequence[Row]]) -> str:
    """Return how sessions of 5 minutes or more convert beside shorter measured ones, over all devices."""
    rows = [row for held in devices for row in held]
    long, short = _pooled(rows, LONG_FROM, 9), _pooled(rows, MEASURED_FROM, LONG_FROM - 1)
    if not long[1] and not short[1]:
        sessions = sum(row["sessions"] for row in rows)
        whose = f"of these {plural(sessions, 'session')}" if sessions > 1 else "of the only session"
        return f"No duration {whose} is measured: one hit each, or an export without durations"
    if not long[0] and not short[0]:
        return f"No session with a measured duration converted ({part_of(0, long[1] + short[1])})"
    if not long[1] or not short[1]:
        return (
            f"{'Shorter' if short[1] else 'Longer'} sessions only: {rate_of(*(short if short[1] else long))} converted"
        )
    ends = f"sessions of 5 minutes or more convert at {rate(long[0] / long[1])}, shorter measured ones at "
    ends += rate(short[0] / short[1])
    if intervals_meet(wilson_interval(*long), wilson_interval(*short)):
        return f"{ends[0].upper()}{ends[1:]}: too few to say they differ"
    if long[0] / long[1] < short[0] / short[1]:
        return f"{ends[0].upper()}{ends[1:]}"
    return f"Buying takes time: {ends}"


def card_heading(devices: Mapping[str, Sequence[Row]]) -> str:
    """Return the highest rate of each device with the time on site it is reached at; the finding where none has one."""
    said = []
    for device, rows in list(devices.items())[:PANELS]:
        best = best_bucket(rows)
        if best:
            said.append(f"{device_label(device)} {rate(best['conversion_rate'])} {bucket_words(best)}")
    if not said:
        return heading(list(devices.values()))
    return f"Highest rate by time on site: {joined(said)}"


def bucket_words(row: Row) -> str:
    """Return where a bucket of durations is: at 20–60 min, over 60 min."""
    words = row["bucket"].replace("-", "–").replace("> ", "over ")
    words = f"{words.removesuffix(' m')} min" if words.endswith(" m") else words
    return words if words.startswith("over") else f"at {words}"


def best_bucket(rows: Sequence[Row]) -> Row | None:
    """Return the bucket of measured durations that converts best, if it stands above the rest by more than chance."""
    large = [row for row in rows if row["sessions"] >= FEW and row["position"] >= MEASURED_FROM]
    if sum(row["conversions"] for row in large) == 0:
        return None
    best = max(large, key=lambda row: row["conversion_rate"])
    other = _pooled([row for row in rows if row is not best], MEASURED_FROM, 9)
    ours = best["conversion_rate_low"], best["conversion_rate_high"]
    return None if intervals_meet(ours, wilson_interval(*other)) else best


def _pooled(rows: Sequence[Row], first: int, last: int) -> tuple[int, int]:
    held = [row for row in rows if first <= row["position"] <= last]
    return sum(row["conversions"] for row in held), sum(row["sessions"] for row in held)


def panel_verdict(rows: Sequence[Row]) -> str:
    """Return what one device shows: its highest bucket if it stands above the rest, else that it does not."""
    large = [row for row in rows if row["sessions"] >= FEW and row["position"] >= MEASURED_FROM]
    if sum(row["conversions"] for row in large) == 0:
        return "Too few orders to draw a shape" if large else "Too few measured sessions to draw a shape"
    if best := best_bucket(rows):
        return f"Highest {bucket_words(best)}: {rate(best['conversion_rate'])}"
    most = max(row["conversion_rate"] for row in large)
    return f"{rate(most)} at best, within chance of the rest"


def note(devices: Mapping[str, Sequence[Row]], left_out: Sequence[str] = ()) -> str:
    """Return how the chart is read, and how many sessions are a single hit."""
    rows = [row for held in devices.values() for row in held]
    sessions, hits = sum(row["sessions"] for row in rows), sum(row["sessions"] for row in rows if row["position"] == 1)
    parts = [NOTE]
    if hits and sessions:
        parts.append(f"At 0{THIN}s are {share(hits / sessions)} of the sessions ({part_of(hits, sessions)}).")
    if left_out:
        parts.append(f"Not drawn, see the table: {joined([device_label(device) for device in left_out])}.")
    return " ".join(parts)


def columns(
    name: str, device: str, rows: Sequence[Row], top: float, context: Context
) -> dict[str, dict[str, list[Any]]]:
    """Return the columns of one panel: dots, full and dotted whiskers, bars."""
    large = [row for row in rows if row["sessions"] >= FEW]
    small = [row for row in rows if 0 < row["sessions"] < FEW]
    color = f"${device_color(device) if passes(context.filters, DEVICE, device) else 'previous'}"
    return {
        f"{name}-rates": {
            "x": [float(row["position"]) for row in large],
            "conversion_rate": [row["conversion_rate"] for row in large],
            "color": [color] * len(large),
            "marker": [device_shape(device)] * len(large),
            "title": [title(device, row) for row in large],
        },
        f"{name}-whiskers": {
            "x": [float(row["position"]) for row in (*large, *small)],
            "low": [row["conversion_rate_low"] for row in (*large, *small)],
            "high": [min(row["conversion_rate_high"], top) for row in (*large, *small)],
            "color": [color] * len([*large, *small]),
            "dash": ["solid"] * len(large) + ["dotted"] * len(small),
            "width": [2.0] * len(large) + [1.0] * len(small),
            "title": [title(device, row) for row in (*large, *small)],
        },
        f"{name}-sessions": {
            "x": [float(row["position"]) for row in rows],
            "sessions": [row["sessions"] for row in rows],
            "alpha": [0.55 if row["position"] == 1 else 1.0 for row in rows],
            "label": [bar_label(row["sessions"]) for row in rows],
            "title": [title(device, row) for row in rows],
        },
        f"{name}-words": {"x": [0.5], "y": [-0.11 * top], "label": ["Sessions"]},
    }


def bar_label(sessions: int) -> str:
    """Return the sessions over a narrow bar: 388, 3.4 k, 20 k; nothing for none."""
    if sessions < 1000:
        return count(sessions) if sessions else ""
    if sessions < 999_500:
        return f"{sessions / 1000:.{1 if sessions < 9950 else 0}f}{THIN}k"
    return count(sessions)


def title(device: str, row: Row) -> str:
    """Return the hover text of a bucket: rate with interval, counts, share of the device's sessions."""
    if not row["sessions"]:
        return f"{device_label(device)}, {row['bucket']}: no session"
    interval = rate_range(row["conversion_rate_low"], row["conversion_rate_high"])
    few = "; too few to say" * (row["sessions"] < FEW)
    return (
        f"{device_label(device)}, {row['bucket']}: {rate(row['conversion_rate'])} ({interval}), "
        f"{exact(row['conversions'])} of {exact(row['sessions'])}; {share(row['share'])} of its sessions{few}"
    )


def table_twin(devices: Mapping[str, Sequence[Row]]) -> TableTwin:
    """Return every bucket of every device."""
    rows = tuple(
        (
            device_label(device),
            row["bucket"],
            exact(row["sessions"]),
            share(row["share"]),
            exact(row["conversions"]),
            rate(row["conversion_rate"]),
            rate_range(row["conversion_rate_low"], row["conversion_rate_high"]),
        )
        for device, held in devices.items()
        for row in held
    )
    headers = ("Device", "Duration", "Sessions", "Share of device", "Converted", "Rate", "95\u202f% interval")
    return TableTwin("Conversion by session duration and device", headers, rows, (False, False, *(True,) * 5))


def build(theme: Theme) -> BokehRow:
    """Make the panels once, side by side where there is room, below one another where there is not."""
    panels = [_panel(theme, panel_name(place), place < 3) for place in range(PANELS)]
    layout = side_by_side(*panels, sizing_mode="stretch_width", spacing=24, name="durations")
    layout.styles = {"flex-wrap": "wrap"}
    return layout


def _panel(theme: Theme, name: str, visible: bool) -> figure:
    frame = pd.DataFrame({"x": [1.0, 2.0], "conversion_rate": [0.01, 0.02]})
    fig = figures.rendered(frame.hvplot.scatter("x", "conversion_rate", responsive=True), theme, name, 330)
    fig.update(visible=visible, min_width=300, styles={"flex": "1 1 300px"})
    fig.x_range.update(start=0.4, end=9.6)
    figures.fixed_ticks(fig.xaxis[0], [float(place) for place in range(1, 10)], TICKS)
    fig.xaxis[0].major_label_text_font_size = TINY
    figures.fixed_ticks(fig.yaxis[0], [0.0, 0.3], ["0", f"30{THIN}%"])
    fig.ygrid[0].update(visible=True, ticker=fig.yaxis[0].ticker)
    marks = fig.renderers[0]
    whiskers = _rates(fig, name, theme, marks)
    bars = _sessions(fig, name, theme)
    fig.renderers = [*(renderer for renderer in fig.renderers if renderer is not marks), marks]
    figures.titles(fig, name, theme, 40)
    figures.hover(fig, [bars, whiskers, marks])
    fig.update(min_border_left=40, min_border_right=6, min_border_top=50)
    return fig


def _rates(fig: Any, name: str, theme: Theme, marks: Any) -> Any:
    two = {"x": [1.0, 2.0], "color": [theme.accent] * 2, "title": [""] * 2}
    figures.adopt(fig, f"{name}-rates", {**two, "conversion_rate": [0.01, 0.02], "marker": ["circle"] * 2})
    marks.glyph.update(fill_color="color", line_color=theme.surface, marker="marker", size=9)
    marks.glyph.update(fill_alpha=1, line_alpha=1)
    figures.quiet(marks)
    ends = {"low": [0.0] * 2, "high": [0.01] * 2, "dash": ["solid"] * 2, "width": [2.0] * 2}
    held = figures.source(f"{name}-whiskers", {**two, **ends})
    look = {"line_color": "color", "line_dash": "dash", "line_width": "width"}
    return fig.segment("x", "low", "x", "high", source=held, **look)


def _sessions(fig: Any, name: str, theme: Theme) -> Any:
    words = figures.source(f"{name}-words", {"x": [0.5], "y": [0.0], "label": [""]})
    figures.words(fig, words, "x", "y", theme, text_baseline="middle")
    below = figures.panel_below(fig, f"{name}-sessions")
    texts = {"title": [""] * 2, "label": [""] * 2}
    held = figures.source(f"{name}-sessions", {"x": [1.0, 2.0], "sessions": [1, 2], "alpha": [1.0] * 2, **texts})
    bars = below.vbar("x", 0.62, "sessions", source=held, fill_color=theme.bars, fill_alpha="alpha", line_color=None)
    figures.words(below, held, "x", "sessions", theme, text_align="center", y_offset=-3, text_font_size=TINY)
    return bars


CHART = Card("durations", "Session duration and conversion, by device", needs, update, renderer='rows', span=12, height=330)
