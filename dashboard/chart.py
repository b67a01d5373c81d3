"""The contract between a chart and the page: what it asks, what is drawn once, what changes with the data.

A chart module in `dashboard/charts/` makes one `Chart`. Its figure is built once per process and theme (hvPlot -> Bokeh
-> JSON); each viewer only receives a `CardState`, pure data made by `update`; the browser patches the figure with it.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bokeh.models import LayoutDOM

from dashboard.theme import Theme
from queries.engine import Result
from queries.filters import Filters
from queries.funnel import Funnel


@dataclass(frozen=True, slots=True)
class Need:
    """Ask for one metric; `shows` names the dimension that the chart itself shows, whose filter it must not follow."""

    metric: str
    by: str | None = None
    shows: str | None = None
    options: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """Hold what a sentence may need besides the counts: the filters, the funnel, and the days that the store holds.

    `store_days` are the days with sessions before any filter (the `trend` of no filters): they tell a day without an
    export from one on which no session passes. None when they are not known: a day without sessions is then missing.
    """

    filters: Filters
    funnel: Funnel
    first_date: dt.date | None
    last_date: dt.date | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    store_days: frozenset[dt.date] | None = None


@dataclass(frozen=True, slots=True)
class TableTwin:
    """Hold the same figures as text: a caption, one header per column, and rows of formatted cells."""

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class CardState:
    """Hold all that changes in one card when the data does; JSON-serialisable throughout.

    `sources` maps the name of a ColumnDataSource in the figure to its new columns; `models` maps the name of any other
    model (range, axis, title, ...) to the properties to set; `body` is the data of a card that is drawn without Bokeh.
    `empty` replaces the picture by a sentence.
    """

    heading: str
    note: str = ""
    sources: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    table: TableTwin | None = None
    empty: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Describe one card of the page: its name, its label, what it asks, how it is built and how it is updated.

    `build` returns a Bokeh figure, or several side by side, whose patchable models carry names; None for a card drawn
    from `body` by the component named in `renderer`. `settings` are the card's controls: name -> (options, default).
    `span` is the card's width in twelfths on a wide screen, `height` the picture's height in pixels.
    """

    name: str
    label: str
    needs: Callable[[Mapping[str, Any]], tuple[Need, ...]]
    update: Callable[[Sequence[Result], Context], CardState]
    build: Callable[[Theme], LayoutDOM] | None = None
    renderer: str = "bokeh"
    settings: Mapping[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    span: int = 12
    height: int = 280
