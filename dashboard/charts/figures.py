"""What the Bokeh figures share: the look of a figure that hvPlot made, axes of rates, and marks that can be patched."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import holoviews as hv
import hvplot.pandas  # noqa: F401  registers DataFrame.hvplot
from bokeh.core.properties import value
from bokeh.models import Axis, ColumnDataSource, FixedTicker, HoverTool, ImageURLTexture, Range1d, TapTool, Title

from dashboard.format import THIN
from dashboard.theme import Theme

FONT = "Roboto, system-ui, sans-serif"
SMALL = "12px"
STEPS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)


def rendered(plot: Any, theme: Theme, name: str, height: int) -> Any:
    """Return the Bokeh figure of an hvPlot, in the page's look: no toolbar, no frame, names on its ranges and axes.

    The figure is called `name`; its ranges `<name>-x`, `<name>-y`; its axes `<name>-x-axis`, `<name>-y-axis`; its ticks
    `<name>-x-ticks`, `<name>-y-ticks`.
    """
    fig = hv.render(plot, backend="bokeh")
    fig.name = name
    fig.update(
        toolbar_location=None,
        outline_line_color=None,
        background_fill_color=None,
        border_fill_color=None,
        sizing_mode="stretch_width",
        width=None,
        height=height,
        min_border=0,
        title=None,
    )
    fig.toolbar.tools = []
    fig.x_range.name, fig.y_range.name = f"{name}-x", f"{name}-y"
    for side, axis, grid in (("x", fig.xaxis[0], fig.xgrid[0]), ("y", fig.yaxis[0], fig.ygrid[0])):
        _axis(axis, theme, f"{name}-{side}")
        grid.update(grid_line_color=theme.border, visible=False)
    return fig


def _axis(axis: Axis, theme: Theme, name: str) -> None:
    axis.update(
        name=f"{name}-axis",
        axis_label=None,
        axis_line_color=None,
        major_tick_line_color=None,
        minor_tick_line_color=None,
        major_label_text_color=theme.text_tertiary,
        major_label_text_font=FONT,
        major_label_text_font_size=SMALL,
        major_label_standoff=6,
    )


def fixed_ticks(axis: Axis, ticks: Sequence[float], labels: Sequence[str]) -> None:
    """Give an axis ticks that `tick_models` can patch."""
    name = str(axis.name).replace("-axis", "-ticks")
    axis.ticker = FixedTicker(ticks=list(ticks), minor_ticks=[], name=name)
    axis.major_label_overrides = dict(zip(ticks, labels, strict=True))


def tick_models(name: str, ticks: Sequence[float], labels: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the patch of an axis: where its ticks are and what they say; `name` is the axis's without "-axis"."""
    overrides = {_key(tick): label for tick, label in zip(ticks, labels, strict=True)}
    return {f"{name}-ticks": {"ticks": list(ticks)}, f"{name}-axis": {"major_label_overrides": overrides}}


def _key(tick: float) -> str:
    return str(int(tick)) if float(tick).is_integer() else repr(float(tick))


def rate_ticks(highest: float) -> tuple[list[float], list[str]]:
    """Return three to six ticks from 0 to a round rate that holds `highest`, the unit on the last: 0, 0.5, 1 %."""
    top = min(max(highest, 0.001), 1.0)
    step = next((step for step in STEPS if top / step <= 5.0001), STEPS[-1])
    number = max(2, math.ceil(top / step - 1e-9))
    ticks = [round(step * place, 6) for place in range(number + 1)]
    return ticks, [f"{tick * 100:g}" for tick in ticks[:-1]] + [f"{ticks[-1] * 100:g}{THIN}%"]


def quiet(renderer: Any) -> None:
    """Let a tap leave the look of the marks alone: the page answers it with a filter."""
    renderer.nonselection_glyph = renderer.selection_glyph = None


def tile(shapes: str, size: int) -> ImageURLTexture:
    """Return a ready tile for a column of hatch patterns, drawn as SVG shapes; without shapes, for marks without hatch.

    Bokeh draws each pattern of a column anew at every change, the blank one too, on five canvases a mark.
    """
    drawn = f"<svg xmlns='http://www.w3.org/2000/svg' width='{size}' height='{size}'>{shapes}</svg>"
    return ImageURLTexture(url=f"data:image/svg+xml,{quote(drawn)}")


def words(fig: Any, held: ColumnDataSource, x: str, y: str, theme: Theme, **look: Any) -> None:
    """Write the column `label` at x, y in the page's small type."""
    style = {"text": "label", "text_color": theme.text_tertiary, "text_font_size": SMALL, "text_font": value(FONT)}
    fig.text(x, y, source=held, **{**style, **look})


def halo(theme: Theme) -> dict[str, Any]:
    """Return the look of words that a line may run through: it stops short of them."""
    ground = {"background_fill_color": theme.surface, "background_fill_alpha": 0.9}
    return {**ground, "padding": (0, 3), "border_radius": 3}


def source(name: str, columns: Mapping[str, Sequence[Any]]) -> ColumnDataSource:
    """Return a data source that can be patched by its name."""
    return ColumnDataSource(data={column: list(values) for column, values in columns.items()}, name=name)


def adopt(fig: Any, name: str, columns: Mapping[str, Sequence[Any]]) -> ColumnDataSource:
    """Name the source that hvPlot made and give it the columns that the marks read."""
    made = fig.renderers[0].data_source
    made.update(name=name, data={column: list(values) for column, values in columns.items()})
    return made


def hover(fig: Any, renderers: Sequence[Any]) -> None:
    """Show the column `title` of the marks under the pointer, as text."""
    template = '<div style="font: 12px Roboto, sans-serif; max-width: 260px; white-space: normal">@title</div>'
    fig.add_tools(HoverTool(renderers=list(renderers), tooltips=template, attachment="vertical"))


def panel_below(fig: Any, name: str) -> Any:
    """Return a second panel in the same figure, below zero of the first and with a scale of its own.

    Its scale is the range `<name>-inner`; where it stands in the outer figure is `<name>-outer`. Both share the x axis.
    """
    return fig.subplot(
        x_source=fig.x_range,
        x_target=fig.x_range,
        y_source=Range1d(start=0, end=1, name=f"{name}-inner"),
        y_target=Range1d(start=-0.5, end=-0.1, name=f"{name}-outer"),
    )


def panel_models(fig_name: str, name: str, top: float, largest: float) -> dict[str, dict[str, float]]:
    """Return the patch of two aligned panels: rates from 0 to `top` above, counts from 0 to `largest` below."""
    return {
        f"{fig_name}-y": {"start": -0.62 * top, "end": 1.04 * top},
        f"{name}-outer": {"start": -0.62 * top, "end": -0.2 * top},
        f"{name}-inner": {"start": 0, "end": largest or 1},
    }


def titles(fig: Any, name: str, theme: Theme, left: int) -> None:
    """Put two lines above a small panel: `<name>-title`, what is shown, over `<name>-verdict`, what it says.

    `left` is the width in pixels of what stands left of the frame, so that both lines begin at the panel's own edge.
    The browser breaks the verdict where the panel is too narrow for it (`Verdicts` in `plot.js`).
    """
    look: dict[str, Any] = {"text_font": FONT, "align": "left", "offset": -left}
    verdict = Title(
        name=f"{name}-verdict",
        text="",
        text_color=theme.text,
        text_font_size="13px",
        text_font_style="normal",
        text_line_height=1.2,
        standoff=8,
        **look,
    )
    label = Title(
        name=f"{name}-title",
        text="",
        text_color=theme.text_tertiary,
        text_font_size=SMALL,
        text_font_style="normal",
        standoff=2,
        **look,
    )
    fig.add_layout(verdict, "above")
    fig.add_layout(label, "above")


def tap(fig: Any, renderers: Sequence[Any]) -> None:
    """Let a tap on a mark select it, which the page turns into a filter."""
    fig.add_tools(TapTool(renderers=list(renderers)))
