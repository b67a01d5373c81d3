"""Pictures without a browser: the same plots, rendered by HoloViews' matplotlib backend (extra `pictures`)."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import holoviews as hv
import numpy as np
from bokeh.core.property.vectorization import Field
from holoviews.core.options import Store as Looks

from dashboard.chart import ChartView
from dashboard.charts.countries import Countries
from dashboard.charts.durations import Durations
from dashboard.charts.funnel import Funnel
from dashboard.charts.sources import Sources
from dashboard.look import by
from dashboard.panels import Axis, Panel
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
ABREAST = 3
INSIDE = 800
"""Pixels of a frame between its labels, on a wide page."""
KEPT = ("fill_color", "line_color", "line_width", "color", "text_color", "text_align", "text_baseline", "fill_alpha")
INK = "#434C59"
SIZES = {"title": 10, "ticks": 8, "labels": 8}
MARKERS = {"circle": "o", "square": "s", "triangle": "^"}
DASHES = {"dashed": "--", "dotted": ":", "solid": "-"}


class NoMatplotlibError(ImportError):
    """Say how to get what draws the pictures."""


def save_pictures(store: str | Path | Store, folder: Path, selection: Selection | None = None) -> list[Path]:
    """Write the original's four pictures of a store as PNG and SVG, each file whole or not at all; return the files.

    Raises NoMatplotlibError without matplotlib, StoreError for a folder that is no store, OSError where the folder
    cannot be written.
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
    shown = for_matplotlib(chart, chart.frame())
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


def png(chart: ChartView) -> bytes:
    """Return one chart as a PNG, for a notebook that is read without a server."""
    with TemporaryDirectory() as folder:
        return save(chart, Path(folder) / "chart", ["png"])[0].read_bytes()


def for_matplotlib(chart: ChartView, frame: Any) -> Any:
    """Return the plot of a frame with its look in matplotlib's words. Raises NoMatplotlibError without matplotlib."""
    try:
        import holoviews.plotting.mpl  # noqa: F401 - a backend registers itself when it is imported
    except ImportError:
        raise NoMatplotlibError(
            "Pictures are drawn by matplotlib: pip install 'silent-leak-detector[pictures]'"
        ) from None
    title = chart.say(frame).heading
    panels = [panel for panel in chart.panels(frame) if panel.visible]
    if len(panels) == 1:
        return _overlay(chart.draw(panels[0]), panels[0], title, 1)
    made = [_overlay(chart.draw(panel), panel, panel.title, len(panels)) for panel in panels]
    look = {"title": title, "fontsize": SIZES, "tight": True, "sublabel_format": ""}
    return hv.Layout(made).cols(ABREAST).opts(backend="matplotlib", **look)


def _overlay(picture: Any, panel: Panel, title: str, many: int) -> Any:
    wide = WIDTH / 100 / min(many, ABREAST)
    options: dict[str, Any] = {"fig_inches": wide, "xlabel": "", "ylabel": "", "title": title, "fontsize": SIZES}
    options |= {"aspect": max(wide * 100 / panel.height, 0.4), "show_grid": False, "show_legend": False}
    for side, axis in (("x", panel.x), ("y", panel.y)):
        if axis.factors is None:
            options[f"{side}lim"] = axis.start, axis.end
            options[f"{side}ticks"] = list(zip(axis.ticks, axis.labels, strict=True)) or 0
        else:
            options[f"{side}lim"] = 0, len(axis.factors)
            options[f"{side}ticks"] = [(place + 0.5, name) for place, name in enumerate(axis.factors)]
    if any(isinstance(element, hv.Polygons) for element in picture):  # a map has no axes, and is not stretched
        options |= {"aspect": "equal", "xaxis": None, "yaxis": None, "show_frame": False}
    drawn = [_placed(element, panel) for element in picture if len(element) and not _is_unseen(element)]
    lying = any(isinstance(element, hv.Bars) and _plot(element).get("invert_axes") for element in picture)
    drawn = [_upright(element) if lying else element for element in drawn]
    across = (options["xlim"][1] - options["xlim"][0]) / INSIDE * min(many, ABREAST)
    layers = [_layer(_moved(element, across, options["ylim"])) for element in drawn]
    if not layers:  # nothing to draw is a picture too: it says so in its title
        layers = [hv.Labels([(panel.x.start, panel.y.start, "")])]
    return hv.Overlay(layers).opts(backend="matplotlib", **options)


def _is_unseen(element: Any) -> bool:
    """Say whether a layer only answers a pointer."""
    return Looks.lookup_options("bokeh", element, "style").kwargs.get("fill_alpha") == 0


def _placed(element: Any, panel: Panel) -> Any:
    """Return an element as matplotlib can place it: by numbers where its own bars, cells and words want names.

    Countries of several islands become a shape each, since matplotlib colours shapes.
    """
    style = Looks.lookup_options("bokeh", element, "style").kwargs
    plot = _plot(element)
    if isinstance(element, hv.Bars):
        at, value = element.dimension_values(0).astype(float), element.dimension_values(1)
        half = float(style.get("bar_width", 0.8)) / 2
        ends = (np.zeros(len(at)), at - half, value, at + half)
        ends = ends if plot.get("invert_axes") else (at - half, np.zeros(len(at)), at + half, value)
        made = hv.Rectangles(
            (*ends, *(element.dimension_values(dim) for dim in element.vdims[1:])), vdims=element.vdims[1:]
        )
    elif panel.x.factors is not None and panel.y.factors is not None and not isinstance(element, hv.Rectangles):
        x, y = (_positions(element, side, axis) for side, axis in ((0, panel.x), (1, panel.y)))
        if isinstance(element, hv.Labels):
            made = hv.Labels((x, y, *(element.dimension_values(dim) for dim in element.vdims)), vdims=element.vdims)
        else:
            shade = np.array(style["cmap"], dtype=object)
            low, high = element.vdims[0].range
            value = element.dimension_values(2)
            known = ~np.isnan(value)
            place = ((value[known] - low) / (high - low) * len(shade)).astype(int).clip(0, len(shade) - 1)
            corners = (x[known] - 0.48, y[known] - 0.48, x[known] + 0.48, y[known] + 0.48)
            return hv.Rectangles((*corners, shade[place]), vdims=["fill"]).opts(fill_color=by("fill"), backend="bokeh")
    elif isinstance(element, hv.Polygons):
        names = [dim.name for dim in element.vdims]
        made = hv.Polygons([part for shape in element.split(datatype="dictionary") for part in _shapes(shape, names)],
                           vdims=names)  # fmt: skip
    else:
        return element
    kept = {name: look for name, look in style.items() if name in KEPT}
    return made.opts(backend="bokeh", **kept)


def _positions(element: Any, side: int, axis: Axis) -> Any:
    order = {name: place + 0.5 for place, name in enumerate(axis.factors or ())}
    return np.array([order.get(name, np.nan) for name in element.dimension_values(side)])


def _shapes(shape: dict[str, Any], names: list[str]) -> list[dict[str, Any]]:
    """Return the parts of a country, which NaN keep apart, as shapes that share its look."""
    x, y = (np.asarray(shape[axis], dtype=float) for axis in ("x", "y"))
    cuts = np.flatnonzero(np.isnan(x))
    look = {name: shape[name] if np.isscalar(shape[name]) else shape[name][0] for name in names}
    holes = shape.get("holes") or [[] for _ in range(len(cuts) + 1)]
    parts = zip(np.split(x, cuts), np.split(y, cuts), holes, strict=True)
    return [
        {"x": across[~np.isnan(across)], "y": along[~np.isnan(along)], "holes": [inside], **look}
        for across, along, inside in parts
    ]


def _upright(element: Any) -> Any:
    """Return a layer that names its row first, as those beside lying bars do, by x and y."""
    if isinstance(element, hv.Labels):
        columns = element.dframe()
        first, second, *rest = columns.columns
        style = Looks.lookup_options("bokeh", element, "style").kwargs
        hooks = _plot(element).get("hooks", [])
        return hv.Labels(columns, [second, first], rest).opts(backend="bokeh", hooks=hooks, **style)
    return element


def _plot(element: Any) -> dict[str, Any]:
    return Looks.lookup_options("bokeh", element, "plot").kwargs


def _moved(element: Any, across: Any, ylim: Any) -> Any:
    """Return words where a browser puts them by pixels, each `across` wide, without those above or below the frame."""
    if not isinstance(element, hv.Labels):
        return element
    y = element.dimension_values(1)
    shown = element.iloc[(y >= min(ylim)) & (y <= max(ylim))]
    hooks = _plot(element).get("hooks", ())
    offset = next((hook.glyph["x_offset"] for hook in hooks if "x_offset" in getattr(hook, "glyph", {})), 0)
    if not isinstance(offset, Field) and not offset:
        return shown
    pixels = shown.dimension_values(offset.field) if isinstance(offset, Field) else offset
    rows, name = shown.dframe(), shown.kdims[0].name
    rows[name] = rows[name] + pixels * across
    return shown.clone(rows)


def _layer(element: Any) -> Any:
    style = Looks.lookup_options("bokeh", element, "style").kwargs
    known = set(Looks.registry["matplotlib"][type(element)].style_opts)
    said = _words(style)
    ink = said.get("line", said.get("color", INK))
    paint = said.get("fill", said.get("color", INK))
    if isinstance(element, hv.Labels):
        said = {"size": 7, "color": said.get("color", INK), **_alignment(element, style)}
    elif isinstance(element, hv.ErrorBars):
        said = {"ecolor": ink, "elinewidth": 1.5, "capsize": 0}
    elif isinstance(element, hv.Polygons):
        said = {"color": paint, "edgecolor": "#8C97A6", "linewidth": 0.3}
    elif isinstance(element, hv.Rectangles | hv.Bars | hv.Area):
        said = {**said, "facecolor": paint, "edgecolor": said.get("line") or "none"}
        said.pop("color", None)
    else:
        said = {**said, "color": paint if isinstance(element, hv.Scatter | hv.Points) else ink}
    kept = {name: each for name, each in said.items() if name in known - {"fill", "line"} and each is not None}
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
    return found


def _alignment(element: Any, style: dict[str, Any]) -> dict[str, Any]:
    across = style.get("text_align", "center")
    if isinstance(across, Field):  # matplotlib aligns a layer as one: as its first word
        across = next(iter(element.dimension_values(across.field)), "center")
    along = {"middle": "center"}.get(style.get("text_baseline", "center"), style.get("text_baseline", "center"))
    return {"horizontalalignment": across if isinstance(across, str) else "center", "verticalalignment": along}
