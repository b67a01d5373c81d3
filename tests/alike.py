"""Compare a patched figure with a fresh drawing: sources by column, ranges, ticks, legend, words, visibility."""

import math
from typing import Any

import holoviews as hv
import numpy as np
from bokeh.models import ColumnDataSource, FactorRange, FixedTicker

from dashboard.chart import ChartView
from dashboard.figures import filled
from dashboard.live import Drawn


def plain(value: Any) -> Any:
    """Return a value as a browser has it: days as milliseconds, numbers as floats, NaN as a word."""
    if isinstance(value, dict):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind == "M":
        value = value.astype("datetime64[ms]").astype(float)
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(each) for each in value]
    if isinstance(value, np.datetime64):
        return float(value.astype("datetime64[ms]").astype(float))
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return "nan" if math.isnan(value) else round(float(value), 9)
    return value


def sources(figure: Any) -> dict[str, Any]:
    """Return the columns of every source of a figure, by its name."""
    return {source.name: plain(dict(source.data)) for source in figure.select({"type": ColumnDataSource})}


def traits(figure: Any) -> dict[str, Any]:
    """Return what of a figure follows its data besides the marks."""
    found: dict[str, Any] = {"visible": figure.visible, "height": figure.height, "left": figure.min_border_left}
    for side, bounds, axis in (("x", figure.x_range, figure.xaxis[0]), ("y", figure.y_range, figure.yaxis[0])):
        if isinstance(bounds, FactorRange):
            found[side] = list(bounds.factors)
            continue
        found[side] = plain([bounds.start, bounds.end])
        if isinstance(axis.ticker, FixedTicker):
            found[f"{side} ticks"] = plain(axis.ticker.ticks)
            found[f"{side} labels"] = plain(dict(axis.major_label_overrides))
    found["legend"] = [(item.label.value, item.visible) for legend in figure.legend for item in legend.items]
    found["words"] = [title.text for title in figure.above if hasattr(title, "text")]
    return found


def assert_patched_like_fresh(chart: ChartView, frames: list[Any]) -> None:
    """Patch one figure through all frames in turn; after each it must equal a fresh drawing of that frame."""
    patched = [Drawn(chart.draw(panel)) for panel in chart.blank_panels()]
    for frame in frames:
        for drawn, panel in zip(patched, filled(chart, frame), strict=True):
            drawn.show(panel)
            assert drawn.figure.visible is panel.visible
            if panel.visible:
                fresh = Drawn(chart.draw(panel)).figure
                assert sources(drawn.figure) == sources(fresh)
                assert traits(drawn.figure) == traits(fresh)


def layer(chart: ChartView, frame: Any, name: str, picture: int = 0) -> Any:
    """Return the rows that a layer of a plot draws, taken from its HoloViews element."""
    pictures = [chart.draw(panel) for panel in chart.panels(frame) if panel.visible]
    return next(element for element in pictures[picture] if _name_of(element) == name).dframe()


def _name_of(element: Any) -> str:
    """Return the layer's name, which `mark` keeps in its hook."""
    [own] = hv.Store.lookup_options("bokeh", element, "plot").kwargs["hooks"]
    return next(cell.cell_contents for cell in own.__closure__ if isinstance(cell.cell_contents, str))
