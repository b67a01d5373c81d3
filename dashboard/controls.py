"""Controls of a selection: widgets for a notebook, or for anybody's Panel app."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui

from dashboard.ask import held_by
from dashboard.charts.words import value_label
from dashboard.filters import FIRST_DIMENSIONS, listing
from dashboard.format import exact
from dashboard.freshness import known_funnels
from dashboard.param_kinds import Ends
from dashboard.periods import CUSTOM, TITLES, shown_days
from dashboard.selection import Selection
from dashboard.stores import engine_of
from queries.engine import Engine
from queries.filters import check_dimension
from queries.vocabulary import DIMENSIONS

FILTERING = [
    *DIMENSIONS,
    "exclude",
    "dates",
    "period",
    "focus",
    "left_out",
    "step",
    "missed_step",
    "funnel_name",
    "steps",
]
"""The params of a selection that change how many sessions a value has."""
MOST_VALUES = 500
"""So many values of a dimension are offered, those with the most sessions."""


class Controls(pn.viewable.Viewer):
    """Show widgets for the days, the values of some dimensions, the comparison and the funnel of a selection.

    They work both ways: a widget changes the selection, and whatever else changes the selection changes the widgets.
    With a store, a path or an `Engine`, they offer its days and its values, each with the number of sessions that pass
    all other filters; without one only the values that are chosen. `widgets` holds them by the name of their param.
    """

    def __init__(
        self,
        selection: Selection,
        store: str | Path | Engine | None = None,
        dimensions: Iterable[str] = FIRST_DIMENSIONS,
        **params: Any,
    ) -> None:
        """Make the widgets. Raises FilterError for what is no dimension, StoreError for a folder without a store."""
        super().__init__(**params)
        self.selection = selection
        self.engine = None if store is None else engine_of(store)
        self.dimensions = tuple(check_dimension(name) for name in dimensions)
        if self.engine:
            selection.adopt(selection.known_settings, selection.views, known_funnels(self.engine.store))
            selection.span = held_by(self.engine).span
        selection.param.watch(self._follow, [*FILTERING, "compare", "compared_days"])  # before the widgets do
        kinds: dict[str, dict[str, Any]] = {
            **{name: {"type": pmui.MultiChoice, "options": self.options(name)} for name in self.dimensions},
            "compare": {"type": pmui.Select, "options": {words: mode for mode, words in TITLES.items()}},
            "funnel_name": {"type": pmui.Select},
        }
        self.widgets: dict[str, Any] = {
            name: pn.Param(selection.param[name], widgets={name: kind})[0] for name, kind in kinds.items()
        }
        for name, shown in (("dates", self._shown_dates), ("compared_days", self._shown_compared)):
            self.widgets[name] = pmui.DateRangePicker(
                label=selection.param[name].label, value=shown(), **self._bounds()
            )
            self.widgets[name].param.watch(self._choose_days, "value")
        self.widgets["compared_days"].visible = selection.compare == CUSTOM
        order = ("dates", *self.dimensions, "compare", "compared_days", "funnel_name")
        self._layout = pmui.Column(*(self.widgets[name] for name in order), margin=(8, 0, 0, 0))

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the widgets one below the other."""
        return self._layout

    def options(self, dimension: str) -> dict[str, str]:
        """Return what the widget of a dimension offers: "value (sessions)" -> value, most sessions first."""
        chosen = getattr(self.selection, dimension)
        if self.engine is None:
            return {value_label(dimension, value): value for value in chosen}
        values = listing(self.engine, dimension, "", self.selection, most=MOST_VALUES)["values"]
        return {f"{label} ({exact(sessions)})": value for value, label, sessions, *_ in values}

    def refresh(self) -> None:
        """Offer the days and the values of the store's newest version."""
        if self.engine:
            self.engine.refresh()
            self.selection.span = held_by(self.engine).span
        for name in ("dates", "compared_days"):
            self.widgets[name].param.update(**self._bounds())
        self._follow()

    def _follow(self, *_events: Any) -> None:
        for name in self.dimensions:
            widget, options = self.widgets[name], self.options(name)
            if options != widget.options:
                widget.param.update(options=options, value=list(getattr(self.selection, name)))
                widget.param.trigger("value")  # the browser knows values by their labels, which are others now
        self.widgets["dates"].value = self._shown_dates()
        self.widgets["compared_days"].param.update(
            value=self._shown_compared(), visible=self.selection.compare == CUSTOM
        )

    def _choose_days(self, event: Any) -> None:
        if event.obj is self.widgets["dates"] and event.new != self._shown_dates():
            self.selection.dates = event.new
        elif event.obj is self.widgets["compared_days"] and event.new != self._shown_compared():
            self.selection.compared_days = event.new

    def _shown_dates(self) -> Ends | None:
        """Return the chosen days without an open end, as the widget needs them; None for all days."""
        first, last = self.selection.chosen_dates
        if self.selection.span and (first or last):
            shown = shown_days(first, last, self.selection.span)
            return shown.first, shown.last
        return (first or last, last or first) if first or last else None

    def _shown_compared(self) -> Ends | None:
        days = self.selection.compared_days
        return (days.first, days.last) if days else None

    def _bounds(self) -> dict[str, Any]:
        span = self.selection.span if self.engine else None
        return {"start": span.first, "end": span.last} if span else {}
