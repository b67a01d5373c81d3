"""The charts' figures, drawn once per process and theme: packed for browsers, and patched for each viewer's frames."""

import base64
import gzip
import json
import logging
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bokeh.embed import json_item
from bokeh.layouts import row
from bokeh.models import LayoutDOM

from dashboard.cards import Card, CardState
from dashboard.chart import NOTHING, ChartView
from dashboard.live import Drawn, patch
from dashboard.panels import Panel
from dashboard.theme import Theme, bokeh_theme

LOG = logging.getLogger(__name__)
GAP = 24
"""Pixels between two pictures of one chart."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold a chart's pictures of no data: drawn, and as the text that a browser embeds."""

    drawn: tuple[Drawn, ...]
    item: dict[str, Any]


_figures: dict[tuple[str, str], Figure | None] = {}
_packed: dict[tuple[str, tuple[str, ...]], str] = {}
_building: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)


def arranged(figures: Sequence[Any]) -> LayoutDOM:
    """Return several pictures side by side where there is room, below one another where there is not."""
    if len(figures) == 1:
        return figures[0]
    for figure in figures:
        figure.styles = {"flex": f"1 1 {figure.min_width or 300}px"}
    return row(*figures, sizing_mode="stretch_width", spacing=GAP, styles={"flex-wrap": "wrap"})


def figure_of(chart: type[ChartView], theme: Theme) -> Figure | None:
    """Return a chart's figure of no data, drawn once a process and theme; None for one that cannot be drawn."""
    key = theme.name, chart.key
    with _building[key]:
        if key not in _figures:
            try:
                _figures[key] = _drawn(chart, theme)
            except Exception:
                LOG.exception("the figure of card %s could not be drawn", chart.key)
                _figures[key] = None
        return _figures[key]


def _drawn(chart: type[ChartView], theme: Theme) -> Figure:
    blank = chart(theme=theme.name, context=NOTHING)
    drawn = tuple(Drawn(blank.draw(panel)) for panel in blank.blank_panels())
    layout = arranged([each.figure for each in drawn])
    return Figure(drawn, dict(json_item(layout, theme=bokeh_theme(theme))))


def packed_figures(cards: Sequence[Card], theme: Theme) -> str:
    """Return "<theme>:<base64 of gzipped JSON>": an object of card name -> `bokeh.embed.json_item`.

    Drawing takes seconds (hvPlot), so each figure is drawn once a theme; later viewers share the text. A figure that
    cannot be drawn is None, and its card says so.
    """
    key = _key(cards, theme)
    if key not in _packed:
        figures = {card.name: figure_of(card.chart, theme) for card in cards if card.chart and is_drawn(card)}
        items = {name: figure.item if figure else None for name, figure in figures.items()}
        text = json.dumps(items, separators=(",", ":")).encode()
        _packed[key] = f"{theme.name}:{base64.b64encode(gzip.compress(text, mtime=0)).decode('ascii')}"
    return _packed[key]


def ready_figures(cards: Sequence[Card], theme: Theme) -> str | None:
    """Return the packed figures if nobody has to wait for them, else None."""
    return _packed.get(_key(cards, theme))


def is_drawn(card: Card) -> bool:
    """Say whether a card of the page has a figure."""
    return card.chart is not None and card.renderer.startswith("figure")


def _key(cards: Sequence[Card], theme: Theme) -> tuple[str, tuple[str, ...]]:
    return theme.name, tuple(card.name for card in cards)


def patch_of(state: CardState, theme: str, height: int | None = None) -> dict[str, Any] | None:
    """Return what brings a card's figure from its last frame to this one: the events of a Bokeh document patch.

    `height` in pixels takes the place of the chart's own. None for a card without a figure, and while its figure of
    that theme is not drawn yet.
    """
    figure = _figures.get((theme, state.chart.key)) if state.chart else None
    if figure is None or state.chart is None:
        return None
    chart = state.chart.for_reader(theme, height)
    pictures = zip(figure.drawn, filled(chart, state.frame), strict=True)
    return {"mode": theme, "events": [event for drawn, panel in pictures for event in patch(drawn.changes(panel))]}


def is_ready(chart: ChartView, theme: str) -> bool:
    """Say whether the figure of a chart is drawn; True for a chart whose page has none."""
    return not chart.renderer.startswith("figure") or (theme, chart.key) in _figures


def filled(chart: ChartView, frame: Any) -> list[Panel]:
    """Return the panels of a frame, and invisible ones for the pictures that it does not need."""
    panels = chart.panels(frame)
    return [*panels, *(Panel({}, visible=False) for _ in range(chart.most_panels - len(panels)))]
