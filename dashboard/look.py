"""The look of every chart, beside the theme: named layers, and the HoloViews hooks for what hvPlot has no word for.

A hook never adds a renderer: without any hook each mark and its source is still in the figure.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from urllib.parse import quote

import holoviews as hv
import hvplot.pandas  # noqa: F401  registers DataFrame.hvplot
from bokeh.core.properties import value
from bokeh.core.property.vectorization import Field
from bokeh.models import (
    AllLabels,
    BoxSelectTool,
    CrosshairTool,
    CustomJS,
    FixedTicker,
    HoverTool,
    ImageURLTexture,
    NoOverlap,
    PanTool,
    SetValue,
    Span,
    TapTool,
    Title,
    WheelZoomTool,
)

from dashboard.format import THIN
from dashboard.panels import Panel
from dashboard.theme import FONT, Theme

NARROW = 640
"""Pixels of width under which a figure leaves out what it can do without."""
FIT_LEGEND = "legend.ncols = fig.outer_width < below ? 2 : 'auto'"
SMALL, TINY = "12px", "11px"
TAPPED = "tap"
"""The tag of a source whose rows can be clicked."""
ZOOMED = "zoom"
"""The tag of a figure whose ranges belong to the viewer."""
TOOLTIP = '<div style="font: 12px Roboto, sans-serif; max-width: 260px; white-space: normal">@title</div>'
Hook = Callable[[Any, Any], None]


def drawn_for_bokeh(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Let hvPlot speak Bokeh while a chart is drawn, whatever `hv.extension` a notebook has chosen."""

    @wraps(draw)
    def drawn(*args: Any, **kwargs: Any) -> Any:
        chosen = hv.Store.current_backend
        if chosen == "bokeh":
            return draw(*args, **kwargs)
        hv.Store.set_current_backend("bokeh")
        try:
            return draw(*args, **kwargs)
        finally:
            hv.Store.set_current_backend(chosen)

    return drawn


class by(Field):  # noqa: N801  reads as a word in `fill_color=by("color")`
    """Take a look from a column, also where all its values are the same; HoloViews would then write a constant."""

    def __hash__(self) -> int:
        """HoloViews looks colours up in a dict of names."""
        return hash(self.field)


def mark(
    name: str, element: Any, *, series: str = "", glyph: Mapping[str, Any] | None = None, beyond: bool = False,
    **style: Any,
) -> Any:  # fmt: skip
    """Return an element as a named layer: its source is called after it, and holds every column of its rows.

    `series` names what it stands for in the legend; layers of one series are muted together. `glyph` has what HoloViews
    has no option for: hatches, pixels of offset, padding. A layer drawn `beyond` may leave the frame.
    """

    def own(plot: Any, _element: Any) -> None:
        source, drawn = plot.handles.get("source"), plot.handles["glyph"]
        source.name = name
        drawn.update(**(glyph or {}))
        renderer = plot.handles.get("glyph_renderer")
        if renderer is not None:  # a tap is answered by a filter, not by another look of the mark
            renderer.update(name=name, nonselection_glyph=None, selection_glyph=None)
            renderer.level = "overlay" if beyond else renderer.level

    own.glyph = glyph or {}  # for who draws the same layer without Bokeh  # ty: ignore[missing-attribute]
    options = {"hooks": [own], **style}
    if not isinstance(
        element, hv.ErrorBars | hv.HeatMap
    ):  # hover: HoloViews writes all columns; `framed` has the tools
        options["tools"] = ["hover"]
    made = element.relabel(series) if series else element
    return made.opts(backend="bokeh", **options)


def words(name: str, element: Any, theme: Theme, *, halo: bool = False, glyph: Any = None, **style: Any) -> Any:
    """Return hvPlot labels as a layer of small type; with a halo a line that runs through them stops short of them."""
    look: dict[str, Any] = {"text_color": theme.text_tertiary, "text_font_size": SMALL}
    ground: dict[str, Any] = {"background_fill_color": theme.surface, "background_fill_alpha": 0.9} if halo else {}
    room = {"padding": (0, 3), "border_radius": 3} if halo else {}
    return mark(name, element, glyph={"text_font": value(FONT), **room, **(glyph or {})}, **{**look, **ground, **style})


def framed(
    layers: Sequence[Any],
    panel: Panel,
    theme: Theme,
    *,
    name: str,
    hover: Sequence[str] = (),
    crosshair: bool = False,
    drag: bool = False,
    zoom: bool = False,
    grid: str = "y",
    right: int = 10,
    above: int = 6,
    aspect: float | None = None,
    hooks: Sequence[Hook] = (),
) -> Any:
    """Return layers as one picture in the page's look, the first layer at the back.

    `hover` names the layers that tell their column `title`; with `crosshair` a line follows the pointer. The layers of
    `panel.taps` answer clicks, with `drag` also a drag along x. With `zoom` a wheel with Ctrl or a pinch zooms (a wheel
    alone scrolls the page), a drag moves what is zoomed, and a double click shows all again; such a picture keeps its
    ranges when its panel changes. `aspect` fixes width / height.
    """

    def look(plot: Any, _element: Any) -> None:
        fig = plot.handles["plot"]
        fig.update(name=name, title=None, outline_line_color=None, background_fill_color=None, border_fill_color=None)
        fig.update(toolbar_location=None, min_border_top=above, min_border_bottom=0, min_border_right=right)
        fig.update(sizing_mode="stretch_width", width=None, output_backend="canvas")
        if aspect:
            fig.update(sizing_mode="scale_width", aspect_ratio=aspect)
        for axis, lines in ((fig.xaxis[0], fig.xgrid[0]), (fig.yaxis[0], fig.ygrid[0])):
            axis.update(major_label_text_color=theme.text_tertiary, major_label_text_font=FONT, axis_line_color=None)
            axis.update(major_label_text_font_size=SMALL, major_label_standoff=6, major_tick_line_color=None)
            axis.update(minor_tick_line_color=None, axis_label=None, major_label_policy=AllLabels())
            lines.update(grid_line_color=theme.border, visible=False)
        fig.xaxis[0].major_label_policy = NoOverlap(min_distance=14)
        for side in grid:
            lines, axis = (fig.xgrid[0], fig.xaxis[0]) if side == "x" else (fig.ygrid[0], fig.yaxis[0])
            lines.visible = True
        for at, axis in ((panel.x, fig.xaxis[0]), (panel.y, fig.yaxis[0])):
            if at.factors is None and not isinstance(axis.ticker, FixedTicker):
                axis.ticker = FixedTicker()
        _titles(fig, theme, panel)
        _legend(fig, theme)
        for each in hooks:
            each(plot, _element)
        for model, properties in changes(fig, panel):
            model.update(**properties)
        for side in grid:
            lines, axis = (fig.xgrid[0], fig.xaxis[0]) if side == "x" else (fig.ygrid[0], fig.yaxis[0])
            lines.ticker = axis.ticker
        fig.toolbar.tools = _tools(fig, theme, panel, hover, crosshair=crosshair, drag=drag, zoom=zoom)

    options: dict[str, Any] = {"hooks": [look], "height": panel.height, "toolbar": None, "title": panel.title}
    for side, at in (("x", panel.x), ("y", panel.y)):
        if at.factors is None:
            options[f"{side}lim"] = at.start, at.end
            options |= {f"{side}ticks": list(zip(at.ticks, at.labels, strict=True))} if at.ticks else {}
    return hv.Overlay(list(layers)).opts(backend="bokeh", legend_position="top", **options)


def changes(fig: Any, panel: Panel) -> list[tuple[Any, dict[str, Any]]]:
    """Return what of a figure follows its panel besides the marks: ranges, ticks, legend, words, size.

    Each as a model and the properties to set; the same for a figure drawn now and for one drawn before.
    """
    found: list[tuple[Any, dict[str, Any]]] = []
    for at, bounds, line in ((panel.x, fig.x_range, fig.xaxis[0]), (panel.y, fig.y_range, fig.yaxis[0])):
        if at.factors is not None:
            found.append((bounds, {"factors": list(at.factors)}))
        elif ZOOMED not in fig.tags:  # there the viewer has chosen what is in sight
            start, end = _plain(at.start), _plain(at.end)
            found.append((bounds, {"start": start, "end": end, "reset_start": start, "reset_end": end}))
        if isinstance(line.ticker, FixedTicker):
            ticks = [_plain(tick) for tick in at.ticks]
            found.append((line.ticker, {"ticks": ticks, "minor_ticks": []}))
            found.append((line, {"major_label_overrides": dict(zip(ticks, at.labels, strict=True))}))
    for item in (item for legend in fig.legend for item in legend.items):
        series = item.name
        found.append((item, {"label": value(panel.legend.get(series, "")), "visible": bool(panel.legend.get(series))}))
    found.append((fig, {"visible": panel.visible, "height": panel.height, "min_border_left": panel.left}))
    found.append((fig, {"min_width": panel.min_width}))
    titles = [each for each in fig.above if isinstance(each, Title)]
    for title, text in zip(titles, (panel.verdict, panel.title), strict=False):
        found.append((title, {"text": text, "offset": -panel.left}))
    return found


def _plain(place: Any) -> Any:
    """Return a place on an axis as Bokeh's browser side has it: days as milliseconds."""
    return (
        float(place.astype("datetime64[ms]").astype(float))
        if hasattr(place, "astype") and place.dtype.kind == "M"
        else place
    )


def _legend(fig: Any, theme: Theme) -> None:
    for legend in fig.legend:
        fit = CustomJS(args={"legend": legend, "fig": fig, "below": NARROW}, code=FIT_LEGEND)
        fig.js_on_change("outer_width", fit)
        legend.update(click_policy="mute", orientation="horizontal", border_line_color=None, background_fill_alpha=0)
        legend.update(label_text_color=theme.text_secondary, label_text_font=FONT, label_text_font_size=SMALL)
        legend.update(padding=0, margin=0, spacing=18, label_standoff=6, glyph_width=14, glyph_height=14)
        for item in legend.items:
            item.name = item.label.value
            for renderer in item.renderers:
                renderer.muted_glyph = renderer.glyph.clone()
                _pale(renderer.muted_glyph)


def _pale(glyph: Any) -> None:
    for name in ("fill_alpha", "line_alpha", "hatch_alpha", "text_alpha"):
        if name in glyph.properties():
            setattr(glyph, name, 0.08)


def _titles(fig: Any, theme: Theme, panel: Panel) -> None:
    """Put two lines above a small panel: what is shown, over what it says; the page breaks the verdict into lines."""
    if not (panel.title or panel.verdict):
        return
    look: dict[str, Any] = {"text_font": FONT, "align": "left", "text_font_style": "normal"}
    verdict = Title(text_color=theme.text, text_font_size="13px", text_line_height=1.2, standoff=8, **look)
    label = Title(text_color=theme.text_tertiary, text_font_size=SMALL, standoff=2, **look)
    verdict.name, label.name = f"{fig.name}-verdict", f"{fig.name}-title"
    fig.add_layout(verdict, "above")
    fig.add_layout(label, "above")


def _tools(
    fig: Any, theme: Theme, panel: Panel, hover: Sequence[str], *, crosshair: bool, drag: bool, zoom: bool
) -> list[Any]:
    drawn = {renderer.name: renderer for renderer in fig.renderers}
    tools: list[Any] = []
    if hover:
        shown = [drawn[name] for name in hover]
        tools.append(HoverTool(renderers=shown, tooltips=TOOLTIP, attachment="vertical", point_policy="follow_mouse"))
    if crosshair:
        tools.append(CrosshairTool(overlay=Span(dimension="height", line_color=theme.control, line_dash=[2, 3])))
    tapped = [drawn[name] for name in panel.taps]
    for renderer in tapped:
        renderer.data_source.tags = [TAPPED]
    if tapped:
        tools.append(TapTool(renderers=tapped))
    if drag:
        selects = BoxSelectTool(dimensions="width", renderers=tapped)
        selects.overlay.update(fill_color=theme.accent, fill_alpha=0.12, line_color=theme.accent)
        tools.append(selects)
        fig.toolbar.active_drag = selects
    if zoom:
        wheel, pan = WheelZoomTool(maintain_focus=False, modifiers={"ctrl": True}), PanTool()
        tools += [wheel, pan]
        fig.toolbar.update(active_scroll=wheel, active_drag=pan)
        fig.tags = [ZOOMED]
        for bounds in (fig.x_range, fig.y_range):
            bounds.bounds = (bounds.start, bounds.end)
            for end in ("start", "end"):
                fig.js_on_event("doubletap", SetValue(obj=bounds, attr=end, value=getattr(bounds, end)))
    return tools


FIT = """
const narrow = fig.outer_width < below
for (const layer of layers) layer.visible = !narrow
fig.min_border_right = narrow ? right : wide
"""


def narrow(names: Sequence[str], right: int, below: int = NARROW) -> Hook:
    """Return a hook that leaves out layers where the figure is narrow; `right` is then the room beside the frame.

    Only the browser knows how wide a figure is.
    """

    def fit(plot: Any, _element: Any) -> None:
        fig = plot.handles["plot"]
        layers = [renderer for renderer in fig.renderers if renderer.name in names]
        args = {"fig": fig, "layers": layers, "right": right, "wide": fig.min_border_right, "below": below}
        fig.js_on_change("outer_width", CustomJS(args=args, code=FIT))

    return fit


def tile(shapes: str, size: int) -> ImageURLTexture:
    """Return a ready tile for a column of hatch patterns, drawn as SVG shapes; without shapes, for marks without hatch.

    Bokeh draws each pattern of a column anew at every change, the blank one too, on five canvases a mark.
    """
    drawn = f"<svg xmlns='http://www.w3.org/2000/svg' width='{size}' height='{size}'>{shapes}</svg>"
    return ImageURLTexture(url=f"data:image/svg+xml,{quote(drawn)}")


def hatching(colour: str) -> dict[str, Any]:
    """Return the hatch of a column "hatch" ("/" or " "), for `mark(glyph=...)`."""
    lines = tile(f"<path d='M-2 2 2 -2M0 7 7 0M5 9 9 5' stroke='{colour}'/>", 7)
    return {"hatch_pattern": by("hatch"), "hatch_extra": {"/": lines, " ": tile("", 1)}}


STEPS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)


def rate_ticks(highest: float) -> tuple[list[float], list[str]]:
    """Return three to six ticks from 0 to a round rate that holds `highest`, the unit on the last: 0, 0.5, 1 %."""
    top = min(max(highest, 0.001), 1.0)
    step = next((step for step in STEPS if top / step <= 5.0001), STEPS[-1])
    number = max(2, -int(-(top / step - 1e-9) // 1))
    ticks = [round(step * place, 6) for place in range(number + 1)]
    return ticks, [f"{tick * 100:g}" for tick in ticks[:-1]] + [f"{ticks[-1] * 100:g}{THIN}%"]
