"""A chart alone: heading, figure and note in a Panel column, live in a notebook and in anybody's own app."""

import asyncio
import html
from typing import Any

import panel as pn

from dashboard.chart import ChartView
from dashboard.figures import arranged, filled
from dashboard.fonts import font_face_css
from dashboard.live import Drawn
from dashboard.selection import Selection
from dashboard.theme import FONT
from queries.cancel import Cancel, Cancelled

RULES = """:host{{font-family:{font};color:{theme.text};background:{theme.surface}}}
h3{{font-size:15px;font-weight:500;margin:0 0 4px}} p{{font-size:12px;margin:0;color:{theme.text_tertiary}}}"""


class Pane:
    """Keep one chart's figure up to date: drawn once, then patched whenever its selection or a setting changes.

    In a served app the store is asked in a thread, and a newer change cancels the question before it; elsewhere, as in
    a notebook's cell, the change is there when the assignment returns.
    """

    def __init__(self, chart: ChartView) -> None:
        """Ask for the first frame, draw it, and begin to follow."""
        self.chart, self.selection = chart, chart.selection or Selection()
        self._cancel = Cancel()
        self._modifiers: dict[str, bool] = {}
        self.drawn: list[Drawn] = []
        self.frame: Any = None
        self.heading, self.note = pn.pane.HTML(sizing_mode="stretch_width"), pn.pane.HTML(sizing_mode="stretch_width")
        self.figure = pn.pane.Bokeh(sizing_mode="stretch_width")
        self.view = pn.Column(self.heading, self.figure, self.note, sizing_mode="stretch_width")
        self._draw(chart.frame())
        watched = [name for name in Selection.param if name != "name"]
        self.selection.param.watch(self._changed, watched)
        chart.param.watch(
            self._changed, [*chart.own_settings, *chart.followed, *chart.figure_settings, "theme", "height"]
        )

    def _draw(self, frame: Any) -> None:
        chart = self.chart
        blank = chart.blank_panels()
        self.drawn = [Drawn(chart.draw(panel)) for panel in blank]
        for place, drawn in enumerate(self.drawn):
            drawn.figure.on_event("tap", self._remember)
            for layer in blank[place].taps:
                source = drawn.layers[layer].source
                source.selected.on_change("indices", self._tapped(place, layer, source))
        self.figure.object = arranged([each.figure for each in self.drawn])
        self._show(frame)

    def _show(self, frame: Any) -> None:
        self.frame = frame
        said = self.chart.say(frame)
        rules = [font_face_css() + RULES.format(font=FONT, theme=self.chart.colors)]
        self.heading.param.update(object=f"<h3>{html.escape(said.heading)}</h3>", stylesheets=rules)
        self.note.param.update(object=f"<p>{html.escape(said.empty or said.note)}</p>", stylesheets=rules)
        for drawn, panel in zip(self.drawn, filled(self.chart, frame), strict=True):
            drawn.show(panel)

    def _changed(self, *events: Any) -> None:
        redraw = any(event.name == "theme" and event.obj is self.chart for event in events)
        self._cancel.cancel()
        self._cancel = cancel = Cancel()
        document = pn.state.curdoc
        if document is not None and document.session_context is not None:
            pn.state.execute(lambda: self._ask(cancel, redraw=redraw), schedule=True)
            return
        self._follow(self.chart.frame(), redraw=redraw)

    async def _ask(self, cancel: Cancel, *, redraw: bool) -> None:
        try:
            frame = await asyncio.to_thread(self.chart.frame, cancel)
        except Cancelled:
            return
        if not cancel.cancelled:
            self._follow(frame, redraw=redraw)

    def _follow(self, frame: Any, *, redraw: bool) -> None:
        with pn.io.hold():
            if redraw:
                self._draw(frame)
            else:
                self._show(frame)

    def _remember(self, event: Any) -> None:
        self._modifiers = dict(getattr(event, "modifiers", None) or {})

    def _tapped(self, picture: int, layer: str, source: Any) -> Any:
        def tapped(_name: str, _old: Any, rows: list[int]) -> None:
            if not rows:
                return
            source.selected.indices = []
            action = self.chart.tapped(self.frame, picture, layer, rows)
            if action:
                keys = self._modifiers
                self.selection.follow(action, additive=bool(keys.get("shift")), exclude=bool(keys.get("alt")))

        return tapped
