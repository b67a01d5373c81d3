"""A plot made once and patched: each new panel writes its columns into the sources, by the names of its layers."""

import base64
import gzip
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import holoviews as hv
import numpy as np
from bokeh.core.serialization import Serializer
from holoviews.plotting.bokeh.element import ElementPlot

from dashboard.look import changes
from dashboard.panels import Columns, Panel

_drawing = threading.Lock()
"""HoloViews keeps options in one tree for the process: one thread draws at a time."""
PLAIN = (np.dtype(float), np.dtype("datetime64[ms]"), np.dtype("datetime64[ns]"))
CORNERS = ("left", "bottom", "right", "top")


class LayerError(LookupError):
    """Say which column of a layer is drawn but not in its panel."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Hold one layer of a figure: its source and the HoloViews plot that wrote it."""

    name: str
    source: Any
    plot: Any

    def columns(self, held: Columns) -> dict[str, Any]:
        """Return the source's columns for the rows of a new panel, as a fresh drawing would write them."""
        element = self.plot.current_frame
        if isinstance(element, hv.Area):  # an outline there and back: HoloViews' own rule, also for gaps
            return dict(self.plot.get_data(_like(element, held), {}, {})[0])
        written = {**held, **_renamed(element, held, inverted=self.plot.invert_axes)}
        kept = {name: written[name] if name in written else self.source.data[name] for name in self._follows(written)}
        return {name: _sendable(column) for name, column in kept.items()}

    def _follows(self, written: Mapping[str, Any]) -> Iterator[str]:
        for name in self.source.data:
            if name not in written and name not in FIXED.get(type(self.plot.current_frame), ()):
                raise LayerError(f"layer {self.name!r} draws the column {name!r}, which its panel does not have")
            if name in written:
                yield name


FIXED: Mapping[type, tuple[str, ...]] = {hv.Polygons: ("xs", "ys")}
"""What a layer never changes: the shapes of countries, which only get another look."""


def _renamed(element: Any, held: Columns, *, inverted: bool = False) -> dict[str, Any]:
    """Return the columns that a glyph has under names of its own; with inverted axes y comes before x."""
    keys, values = [dim.name for dim in element.kdims], [dim.name for dim in element.vdims]
    if isinstance(element, hv.Rectangles):
        x0, y0, x1, y1 = (held[keys[place]] for place in ((1, 0, 3, 2) if inverted else (0, 1, 2, 3)))
        ends = np.minimum(x0, x1), np.minimum(y0, y1), np.maximum(x0, x1), np.maximum(y0, y1)
        return dict(zip(CORNERS, ends, strict=True))
    if isinstance(element, hv.ErrorBars):
        middle = held[values[0]]
        return {"base": held[keys[0]], "lower": middle - held[values[1]], "upper": middle + held[values[-1]]}
    if isinstance(element, hv.HeatMap):
        return {"zvalues": held[values[0]]}
    return {}


def _like(element: Any, held: Columns) -> Any:
    names = [dim.name for dim in element.dimensions()]
    rows = {name: held[name] for name in names}
    return type(element)(rows, element.kdims, element.vdims, datatype=["dictionary"])


def _sendable(column: Any) -> Any:
    """Return a column as a source holds it: texts as a list, all else as an array."""
    return list(column) if getattr(getattr(column, "dtype", None), "kind", "") == "O" else column


class Drawn:
    """Hold one panel's figure with its layers; a later panel is a list of changes to it."""

    def __init__(self, picture: Any) -> None:
        """Render what `ChartView.draw` returned, once."""
        with _drawing:
            plot = hv.renderer("bokeh").get_plot(picture)
        self.figure = plot.state
        leaves = [each for each in plot.traverse(lambda each: each) if isinstance(each, ElementPlot)]
        layers = [
            Layer(each.handles["source"].name, each.handles["source"], each)
            for each in leaves
            if not each.subplots and each.handles.get("source") is not None
        ]
        self.layers = {layer.name: layer for layer in layers}

    def changes(self, panel: Panel) -> list[tuple[Any, dict[str, Any]]]:
        """Return the models of the figure that follow a panel, each with the properties to set."""
        found = changes(self.figure, panel)
        if panel.visible:
            found += [
                (layer.source, {"data": layer.columns(panel.layers[name])}) for name, layer in self.layers.items()
            ]
        return found

    def show(self, panel: Panel) -> None:
        """Change the figure here, in this process; hold the document meanwhile (`pn.io.hold`)."""
        for model, properties in self.changes(panel):
            if is_part(model, properties):
                model.data.update(properties["data"])
            else:
                model.update(**properties)


def patch(found: list[tuple[Any, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return changes as the events of Bokeh's own document patch, for a browser that holds a copy of the figure."""
    encode = Serializer(deferred=False).encode

    def written(content: Any) -> Any:
        if not isinstance(content, dict):
            return encode(content)
        return {"type": "map", "entries": [[name, _written(each, encode)] for name, each in content.items()]}

    events = []
    for model, properties in found:
        part = is_part(model, properties)
        for attribute, content in properties.items():
            event = {"kind": "ModelChanged", "model": {"id": model.id}, "attr": attribute}
            if part:
                event |= {"kind": "ColumnDataChanged", "data": written(content), "cols": list(content)}
            else:
                event["new"] = written(content)
            events.append(event)
    return events


def _written(column: Any, encode: Callable[[Any], Any]) -> Any:
    """Return a column as Bokeh encodes it, without its detours where a column is plain: there are a hundred a page."""
    if is_texts(column):
        return column
    if not isinstance(column, np.ndarray) or column.ndim != 1 or column.dtype not in PLAIN:
        return encode(column)
    plain = column if column.dtype == float else column.astype("datetime64[ms]").astype("int64").astype(float)
    packed = base64.b64encode(gzip.compress(plain.tobytes(), 1, mtime=1)).decode("ascii")
    array = {"type": "bytes", "data": packed}
    return {"type": "ndarray", "array": array, "shape": [len(plain)], "dtype": "float64", "order": sys.byteorder}


def is_texts(column: Any) -> bool:
    """Say whether a column is a list of texts."""
    return isinstance(column, list) and all(type(each) is str for each in column)


def is_part(model: Any, properties: Mapping[str, Any]) -> bool:
    """Say whether only some columns of a source change: the shapes of a map stay where they are."""
    return "data" in properties and set(properties["data"]) != set(model.data)
