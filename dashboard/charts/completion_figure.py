"""The panels of completion, built once: a dot with its interval for each value, hollow ones of the compared period."""

from typing import Any

import pandas as pd
from bokeh.layouts import row as side_by_side
from bokeh.models import ColumnDataSource
from bokeh.models import Row as BokehRow
from bokeh.plotting import figure

figures: Any = None
from dashboard.format import THIN
from dashboard.theme import Theme

PANELS = 5
LEFT, RIGHT, ABOVE = 58, 72, 46
"""Pixels beside a panel for the names of devices and for its figures, and above it for its words."""


def panel_name(place: int) -> str:
    """Return the name of the panel of a transition, from 0."""
    return f"completion-{place}"


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
    texts = {
        "value": labels,
        "dimension": [""] * 3,
        "color": [theme.accent] * 3,
        "marker": ["circle"] * 3,
        "title": [""] * 3,
    }
    numbers = {"low": [0.1] * 3, "high": [0.2] * 3, "end": [0.3] * 3, "alpha": [1.0] * 3}
    beside = {"label": [""] * 3, "counts": [""] * 3}
    held = figures.adopt(fig, f"{name}-devices", {**rates, **texts, **numbers, **beside})
    held.tags = ["value:dimension:value"]
    figures.fixed_ticks(fig.xaxis[0], [0.0, 0.3], ["0", f"30{THIN}%"])
    fig.xgrid[0].update(visible=True, ticker=fig.xaxis[0].ticker)
    fig.yaxis[0].update(major_label_text_color=theme.text_secondary)
    _marks(fig, held, theme)
    _before(fig, name, theme)
    look = {"level": "overlay", "x_offset": 10, "y_offset": 1}
    figures.words(fig, held, "end", "device", theme, text_color=theme.text, text_baseline="bottom", **look)
    figures.words(fig, held, "end", "device", theme, text="counts", text_baseline="top", **look)
    figures.titles(fig, name, theme, LEFT)
    fig.update(min_border_right=RIGHT, min_border_left=LEFT, min_border_top=ABOVE)
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
