"""The figure of the trend, built once: rates above zero, sessions in a panel of their own below it, one x axis."""

from typing import Any

import pandas as pd
from bokeh.core.properties import value
from bokeh.plotting import figure

from dashboard.charts import figures
from dashboard.charts.trend_periods import DAY
from dashboard.theme import Theme

_TWO = {"x": [0.0, float(DAY)], "label": [""] * 2, "title": [""] * 2}


def build(theme: Theme) -> figure:
    """Make the figure once; whatever depends on the data is patched by name."""
    frame = pd.DataFrame({"x": [0.0, float(DAY)], "conversion_rate": [0.01, 0.02]})
    fig = figures.rendered(frame.hvplot.scatter("x", "conversion_rate", responsive=True), theme, "trend", 300)
    figures.fixed_ticks(fig.yaxis[0], [0.0, 0.01], ["0", "1\u202f%"])
    figures.fixed_ticks(fig.xaxis[0], [0.0, float(DAY)], ["", ""])
    fig.ygrid[0].update(visible=True, ticker=fig.yaxis[0].ticker)
    marks = fig.renderers[0]
    gaps = _gaps(fig, theme)
    before = _before(fig, theme)
    _rates(fig, theme, marks)
    notes = _notes(fig, theme)
    bars = _sessions(fig, theme)
    targets = _targets(fig)
    fig.renderers = [*(renderer for renderer in fig.renderers if renderer is not marks), marks]
    figures.tap(fig, [targets])
    figures.hover(fig, [gaps, bars, before, notes, marks])
    fig.update(min_border_left=46, min_border_right=10, min_border_top=6)
    return fig


def _gaps(fig: Any, theme: Theme) -> Any:
    gaps = figures.source("trend-gaps", {**_one("x", "width", "bottom", "top", "middle"), "label": [""], "title": [""]})
    ground = {"fill_color": theme.sunken, "fill_alpha": 0.6, "line_color": None}
    hatch = {"hatch_pattern": value("/"), "hatch_color": theme.hatch}
    behind = figures.source("trend-ground", _one("x", "width", "bottom", "top"))
    fig.vbar("x", "width", "top", "bottom", source=behind, level="underlay", fill_color=theme.sunken, line_color=None,
             fill_alpha=0.6)  # fmt: skip
    drawn = fig.vbar("x", "width", "top", "bottom", source=gaps, level="underlay", **ground, **hatch)
    figures.words(fig, gaps, "x", "middle", theme, text_align="center", text_baseline="top")
    return drawn


def _targets(fig: Any) -> Any:
    """Draw nothing over each period, from top to bottom: what a pointer or a finger hits."""
    held = figures.source("trend-targets", {**_one("x", "width", "bottom", "top"), "first": [""], "last": [""]})
    held.tags = ["days:first:last"]
    drawn = fig.vbar("x", "width", "top", "bottom", source=held, fill_alpha=0, line_color=None)
    figures.quiet(drawn)
    return drawn


def _before(fig: Any, theme: Theme) -> Any:
    mean = figures.source("trend-before-mean", {"x": [0.0, 1.0], "y": [0.01, 0.01], "label": ["", ""]})
    fig.line("x", "y", source=mean, line_color=theme.previous, line_dash=[4, 3], line_alpha=0.8)
    figures.words(fig, mean, "x", "y", theme, text_align="center", y_offset=-4, **figures.halo(theme))
    line = figures.source("trend-before-line", {"x": [0.0, 1.0], "y": [0.01, 0.02]})
    fig.line("x", "y", source=line, line_color=theme.previous, line_width=1.5, line_dash=[5, 4])
    whiskers = figures.source("trend-before-whiskers", _one("x", "low", "high"))
    fig.segment("x", "low", "x", "high", source=whiskers, line_color=theme.previous, line_width=2)
    held = figures.source("trend-before", {**_one("x", "y", "label_y"), "label": [""], "title": [""]})
    dots = fig.scatter("x", "y", source=held, size=8, fill_color=theme.previous, line_color=theme.surface)
    figures.words(fig, held, "x", "label_y", theme, text_align="center", y_offset=-5, **figures.halo(theme))
    return dots


def _notes(fig: Any, theme: Theme) -> Any:
    held = figures.source("trend-notes", {**_one("x", "y", "bottom"), "label": [""], "align": ["left"], "title": [""]})
    line = fig.segment("x", "bottom", "x", "y", source=held, line_color=theme.warn, line_dash=[2, 3])
    figures.words(fig, held, "x", "y", theme, text_color=theme.warn, text_align="align", y_offset=-3)
    heads = figures.source("trend-heads", {**_one("x", "y"), "label": [""]})
    figures.words(fig, heads, "x", "y", theme, text_color=theme.text_secondary, x_offset=4, text_baseline="middle")
    return line


def _rates(fig: Any, theme: Theme, marks: Any) -> None:
    places = {"label_y": [0.01, 0.02], "size": [9, 9], "fill_color": [theme.accent] * 2}
    days = figures.adopt(fig, "trend-days", {**_TWO, **places, "conversion_rate": [0.01, 0.02]})
    marks.glyph.update(fill_color="fill_color", line_color=theme.accent, size="size", fill_alpha=1, line_alpha=1)
    figures.quiet(marks)
    mean = figures.source("trend-mean", {"x": [0.0, 1.0], "y": [0.01, 0.01], "label": ["", ""]})
    fig.line("x", "y", source=mean, line_color=theme.accent, line_dash=[4, 3], line_alpha=0.7)
    figures.words(fig, mean, "x", "y", theme, text_align="center", y_offset=-4, **figures.halo(theme))
    band = figures.source("trend-band", {"xs": [[0.0, 1.0, 1.0]], "ys": [[0.0, 0.0, 0.01]]})
    fig.patches("xs", "ys", source=band, fill_color=theme.accent, fill_alpha=0.16, line_color=None)
    line = figures.source("trend-line", {"x": [0.0, 1.0], "y": [0.01, 0.02]})
    fig.line("x", "y", source=line, line_color=theme.accent, line_width=1.5)
    whiskers = figures.source("trend-whiskers", _one("x", "low", "high"))
    fig.segment("x", "low", "x", "high", source=whiskers, line_color=theme.accent, line_width=2)
    look = {"text_color": theme.text, **figures.halo(theme)}
    figures.words(fig, days, "x", "label_y", theme, text_align="center", y_offset=-5, **look)
    cut = figures.source("trend-cut", {**_one("x", "y"), "color": [theme.accent]})
    fig.scatter("x", "y", source=cut, marker="triangle", size=8, fill_color="color", line_color=None)


def _sessions(fig: Any, theme: Theme) -> Any:
    words = figures.source("trend-words", {**_one("x", "y"), "label": [""]})
    figures.words(fig, words, "x", "y", theme, x_offset=2, text_baseline="middle")
    below = figures.panel_below(fig, "trend-sessions")
    held = figures.source("trend-sessions", {**_TWO, "sessions": [1, 2], "width": [1.0, 1.0],
                                             "fill_color": [theme.bars] * 2, "hatch": [" "] * 2})  # fmt: skip
    bars = below.vbar("x", "width", "sessions", source=held, fill_color="fill_color", line_color=None, border_radius=2,
                      hatch_pattern="hatch", hatch_color=theme.surface, hatch_weight=2,
                      hatch_extra={" ": figures.tile("", 1)})  # fmt: skip
    figures.words(below, held, "x", "sessions", theme, text_align="center", y_offset=-3)
    return bars


def _one(*names: str) -> dict[str, list[float]]:
    return {name: [0.0] for name in names}
