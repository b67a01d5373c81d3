"""The charts' Bokeh figures, built once per process and theme and packed for the browser."""

import base64
import gzip
import json
import logging
import threading
from collections.abc import Sequence
from typing import Any

from bokeh.embed import json_item
from bokeh.models import Plot

from dashboard.chart import Chart
from dashboard.theme import Theme, bokeh_theme

LOG = logging.getLogger(__name__)

_packed: dict[tuple[str, tuple[str, ...]], str] = {}
_building = threading.Lock()


def packed_figures(charts: Sequence[Chart], theme: Theme) -> str:
    """Return "<theme>:<base64 of gzipped JSON>": an object of chart name -> `bokeh.embed.json_item`.

    Building takes seconds (hvPlot), so it happens once; later viewers share the text. A figure that cannot be built is
    None, and its card says so.
    """
    key = (theme.name, tuple(chart.name for chart in charts))
    with _building:
        if key not in _packed:
            items = {chart.name: _item(chart, theme) for chart in charts if chart.build}
            text = json.dumps(items, separators=(",", ":")).encode()
            _packed[key] = f"{theme.name}:{base64.b64encode(gzip.compress(text, mtime=0)).decode('ascii')}"
        return _packed[key]


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
