"""Pictures without a browser: the same plots, rendered by HoloViews' matplotlib backend (extra `pictures`)."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import holoviews as hv
from bokeh.core.property.vectorization import Field
from holoviews.core.options import Store

from dashboard.chart import ChartView
from dashboard.charts.countries import Countries
from dashboard.charts.durations import Durations
from dashboard.charts.funnel import Funnel
from dashboard.charts.sources import Sources
from dashboard.selection import Selection
from dashboard.stores import engine_of
from queries.store import Store

ORIGINAL: dict[str, type[ChartView]] = {
    "country_conversion_map": Countries,
    "funnel_dropoff_by_device": Funnel,
    "session_duration_vs_conversion": Durations,
    "source_device_heatmap": Sources,
}
"""The original app's pictures, by the names of their files."""
FORMATS = ("png", "svg")
DPI, WIDTH = 150, 1100
"""Dots an inch of a PNG, and the width in pixels that a chart has on a wide page."""
MARKERS = {"circle": "o", "square": "s", "triangle": "^"}
DASHES = {"dashed": "--", "dotted": ":", "solid": "-"}


class NoMatplotlibError(ImportError):
    """Say how to get what draws the pictures."""


def save_pictures(store: str | Path | Store, folder: Path, selection: Selection | None = None) -> list[Path]:
    """Write the original's four pictures of a store as PNG and SVG, each file whole or not at all; return the files.

    Raises NoMatplotlibError without matplotlib, StoreError for a folder that is no store, OSError where the folder cannot be written.
    """
    engine = engine_of(store)
    folder.mkdir(parents=True, exist_ok=True)
    return [
        path
        for name, chart in ORIGINAL.items()
        for path in save(chart(engine, selection=selection), folder / name, FORMATS)
    ]


def save(chart: ChartView, path: Path, formats: Iterable[str] = FORMATS) -> list[Path]:
    """Write one chart as files beside each other, one a format; the ending is added to the path."""
    frame = chart.frame()
    shown = for_matplotlib(chart.plot(frame), chart.say(frame).heading)
    written = []
    for kind in formats:
        target, part = path.with_suffix(f".{kind}"), path.with_suffix(f".part.{kind}")
        try:
            hv.save(shown, part, fmt=kind, backend="matplotlib", dpi=DPI)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        written.append(target)
    return written


def for_matplotlib(shown: Any, title: str = "") -> Any:
    """Return the same elements with their look in matplotlib's words, and the axes that the page's figures have."""
    try:
        import holoviews.plotting.mpl  # noqa: F401, PLC0415 - a backend registers itself when it is imported
    except ImportError:
        raise NoMatplotlibError(
            "Pictures are drawn by matplotlib: pip install 'silent-leak-detector[pictures]'"
        ) from None
    pictures = list(shown) if isinstance(shown, hv.Layout) else [shown]
    made = [_overlay(picture, "" if len(pictures) > 1 else title, len(pictures)) for picture in pictures]
    if len(made) == 1:
        return made[0]
    return hv.Layout(made).cols(2).opts(backend="matplotlib", title=title, tight=True, sublabel_format="")


def _overlay(picture: Any, title: str, many: int) -> Any:
    plot = Store.lookup_options("bokeh", picture, "plot").kwargs
    wide = WIDTH / 100 / (1 if many == 1 else 2)
    axes = {name: plot[name] for name in ("xlim", "ylim", "xticks", "yticks") if plot.get(name) is not None}
    aspect = max(wide * 100 / (plot.get("height") or 300), 0.4)
    layers = [_layer(element) for element in picture if len(element)]
    options = {"fig_inches": wide, "aspect": aspect, "xlabel": "", "ylabel": "", "title": title or picture.label}
    return hv.Overlay(layers).opts(backend="matplotlib", show_legend=False, show_grid=False, **options, **axes)


def _layer(element: Any) -> Any:
    style = Store.lookup_options("bokeh", element, "style").kwargs
    known = set(Store.registry["matplotlib"][type(element)].style_opts)
    said = _words(style)
    if isinstance(element, hv.Labels):
        said = {"size": 8, "color": said.get("color", "#333333"), **_alignment(style)}
    elif isinstance(element, hv.ErrorBars):
        said = {"ecolor": said.get("line", "#333333"), "elinewidth": 1.5, "capsize": 0}
    elif isinstance(element, hv.Rectangles | hv.Polygons | hv.Bars | hv.Area):
        said = {
            "facecolor": said.get("fill", said.get("color", "#333333")),
            "edgecolor": said.get("line") or "none",
            **said,
        }
    elif isinstance(element, hv.Scatter | hv.Points):
        said = {**said, "color": said.get("fill", said.get("color", "#333333"))}
    else:
        said = {**said, "color": said.get("line", said.get("color", "#333333"))}
    ours = {"fill", "line"} | ({"color"} if "facecolor" in said else set())
    kept = {name: value for name, value in said.items() if name in known - ours and value is not None}
    named = element.relabel("Drawn") if element.label else element  # a label like a column would be read as one
    return named.opts(backend="matplotlib", **kept)


def _words(style: dict[str, Any]) -> dict[str, Any]:
    """Return a look in matplotlib's words: constants as they are, columns as dimensions."""
    found: dict[str, Any] = {}
    for name, value in style.items():
        held = hv.dim(value.field) if isinstance(value, Field) else value
        match name:
            case "fill_color":
                found["fill"] = held
            case "line_color":
                found["line"] = held
            case "fill_alpha" | "alpha" | "line_alpha":
                found["alpha"] = found.get("alpha", held)
            case "line_width":
                found["linewidth"] = held
            case "line_dash" if isinstance(held, str):
                found["linestyle"] = DASHES.get(held, "--")
            case "size":
                found["s"] = (held**2) * 0.6
            case "marker" if isinstance(held, str):
                found["marker"] = MARKERS.get(held, "o")
            case "text_color" | "color":
                found["color"] = held
            case "cmap" | "clim":
                found[name] = held
    return found


def _alignment(style: dict[str, Any]) -> dict[str, Any]:
    across = style.get("text_align", "center")
    along = {"middle": "center"}.get(style.get("text_baseline", "center"), style.get("text_baseline", "center"))
    return {"horizontalalignment": across if isinstance(across, str) else "center", "verticalalignment": along}
