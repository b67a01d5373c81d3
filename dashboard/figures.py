"""The charts' Bokeh figures, built once per process and theme and packed for the browser."""

import base64
import gzip
import json
import logging
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from bokeh.embed import json_item
from bokeh.models import Plot

from dashboard.chart import Chart
from dashboard.theme import Theme, bokeh_theme

LOG = logging.getLogger(__name__)

_items: dict[tuple[str, str], dict[str, Any] | None] = {}
_packed: dict[tuple[str, tuple[str, ...]], str] = {}
_building: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)


def packed_figures(charts: Sequence[Chart], theme: Theme) -> str:
    """Return "<theme>:<base64 of gzipped JSON>": an object of chart name -> `bokeh.embed.json_item`.

    Building takes seconds (hvPlot), so each figure is built once a theme; later viewers share the text. A figure that
    cannot be built is None, and its card says so.
    """
    key = _key(charts, theme)
    if key not in _packed:
        items = {chart.name: _built(chart, theme) for chart in charts if chart.build}
        text = json.dumps(items, separators=(",", ":")).encode()
        _packed[key] = f"{theme.name}:{base64.b64encode(gzip.compress(text, mtime=0)).decode('ascii')}"
    return _packed[key]


def ready_figures(charts: Sequence[Chart], theme: Theme) -> str | None:
    """Return the packed figures if nobody has to wait for them, else None."""
    return _packed.get(_key(charts, theme))


def _key(charts: Sequence[Chart], theme: Theme) -> tuple[str, tuple[str, ...]]:
    return theme.name, tuple(chart.name for chart in charts)


def _built(chart: Chart, theme: Theme) -> dict[str, Any] | None:
    key = theme.name, chart.name
    with _building[key]:
        if key not in _items:
            _items[key] = _item(chart, theme)
        return _items[key]


def _item(chart: Chart, theme: Theme) -> dict[str, Any] | None:
    if chart.build is None:
        return None
    try:
        layout = chart.build(theme)
        for plot in layout.select({"type": Plot}):
            plot.update(output_backend="canvas")  # HoloViews asks for WebGL, which is slower for so few marks
        return dict(json_item(layout, theme=bokeh_theme(theme)))
    except Exception:
        LOG.exception("the figure of card %s could not be built", chart.name)
        return None
