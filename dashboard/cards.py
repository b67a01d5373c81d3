"""The cards of the page: what each asks, and what changes in it with the data.

A chart (`dashboard/chart.py`) gives its own card. A card without a figure is one module with a `Card` in
`dashboard/charts/`; each viewer receives a `CardState`, made by its `update`.

How to add to the page without touching its other files:

- **A card** is one module with a chart or a `Card(...)`, its line in `CHARTS` (`dashboard/charts/registry.py`), its
  name in the `cards` of a view or several (`dashboard/views.py`), its table in `dashboard/methods.toml`. Only the cards
  of the shown view are asked and drawn.
- **The compared period**: `Need("funnel", by=..., compared=True)` asks the same question of the compared days. Its
  `Result` has no rows when nothing is compared; `Context.compared` then is None, else the filters of that period.
- **What is no SQL metric** (leaks, data checks, an ingest report): `Need("leaks", compute=function)`, where
  `function(engine, filters, funnel, cancel)` returns a `Result` (rows as mappings; `sql` "" when there is none).
- **Settings** are the card's own controls: name -> (options, default). Up to four short options are buttons, more are a
  list. They reach `needs(settings)` and `Context.settings`, and the URL ("funnel.scale=Log") by themselves. A name in
  `SHARED_SETTINGS` is chosen for the whole page in the filter bar; a card that has it follows that choice. A card or a
  finding that `follows` another card gets the settings of that one.
- **Deeds**: what a click does is an `Action` of `dashboard/body.py`: filter to one value, filter to several at once
  (`where`), open a view, choose a setting. In JS: `h("button", {on: {click: doing(act, action)}})`.
- **A view** is one line in `VIEWS`: name, title, question, cards, icon, key, and if it has them its own `Finding` and
  `OpenCount`. A view without cards is not shown.
- **A new way to draw** is one exported function `(body, act, card) -> elements` in a script beside `body.js`, named in
  `SCRIPTS` (`dashboard/page.py`) and in `BODIES` of `dashboard/renderers.js`; its rules go in a sheet of `SHEETS`.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dashboard.periods import Days
from queries.engine import Cancel, Engine, Result
from queries.filters import Filters
from queries.funnel import Funnel

if TYPE_CHECKING:
    from dashboard.chart import ChartView


@dataclass(frozen=True, slots=True)
class Need:
    """Ask for one metric; `shows` names the dimension that the chart itself shows, whose filter it must not follow.

    `compared` asks for the compared period instead of the shown one, `shows_steps` for all steps of the funnel, since
    the chart shows them. `compute` answers what no metric does.
    """

    metric: str
    by: str | None = None
    shows: str | None = None
    options: tuple[tuple[str, int], ...] = ()
    compared: bool = False
    shows_steps: bool = False
    compute: Callable[[Engine, Filters, Funnel, Cancel | None], Result] | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """Hold what a sentence may need besides the counts: the filters, the funnel, and the days that the store holds.

    `store_days` are the days with sessions before any filter (the `trend` of no filters): they tell a day without an
    export from one on which no session passes. None when they are not known: a day without sessions is then missing.
    `compared` are the filters of the compared period, None when nothing is compared; `version` is the store's. `focus`
    are the days that were clicked in a chart which `shows_days`: its own filters stay those of all chosen days.
    `lacking` says which days' exports cannot know a step of the funnel; empty where all may.
    """

    filters: Filters
    funnel: Funnel
    first_date: dt.date | None
    last_date: dt.date | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    store_days: frozenset[dt.date] | None = None
    compared: Filters | None = None
    version: int = 0
    focus: Days | None = None
    lacking: str = ""


SHARED_SETTINGS: Mapping[str, tuple[tuple[str, ...], str]] = {"min_sessions": (("30", "50", "100", "500"), "")}
"""Controls that the filter bar holds for all cards: name -> (options, default); "" leaves each card its own default."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Write a view's own sentence and its line of context from what it asks for; a slow one comes after the cards.

    `then` is a slow one that takes the place of a quick one. One `of_steps` has nothing to say where these are unknown.
    One that `follows` a card of the view is given the settings of that card, and may ask according to them.
    """

    needs: tuple[Need, ...] | Callable[[Mapping[str, Any]], tuple[Need, ...]]
    write: Callable[[Sequence[Result], Context], tuple[str, str]]
    slow: bool = False
    then: "Finding | None" = None
    of_steps: bool = False
    follows: str = ""

    def asks(self, settings: Mapping[str, Any]) -> tuple[Need, ...]:
        """Return what it asks for under the settings of the card that it follows."""
        return self.needs if isinstance(self.needs, tuple) else self.needs(settings)


@dataclass(frozen=True, slots=True)
class OpenCount:
    """Count what is open in a view, for the number beside its name in the rail; 0 shows none."""

    needs: tuple[Need, ...]
    count: Callable[[Sequence[Result], Context], int]


@dataclass(frozen=True, slots=True)
class TableTwin:
    """Hold the same figures as text: a caption, one header per column, and rows of formatted cells.

    `actions` has what a click on each row's name does (`Action` of `dashboard/body.py`), for whoever uses no pointer.
    """

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...] = ()
    actions: tuple[Mapping[str, Any] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class CardState:
    """Hold all that changes in one card when the data does.

    `chart` with its `frame` draws the picture; `body` is the data of what is drawn as text. `empty` replaces both by a
    sentence.
    """

    heading: str
    note: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    table: TableTwin | None = None
    empty: str | None = None
    chart: "ChartView | None" = None
    frame: Any = None


@dataclass(frozen=True, slots=True)
class Card:
    """Describe one card of the page: its name, its label, what it asks and how it is updated.

    `chart` is the class that draws it; None for a card that is only text, drawn from `body` by the component named in
    `renderer`. `settings` are the card's controls: name -> (options, default).
    `span` is the card's width in twelfths on a wide screen, `height` the picture's height in pixels. `method` names the
    entry of `dashboard/methods.toml` that says how the card is computed; "" takes the one of the card's name. A `slow`
    card is asked after the others are shown, so that no view waits for a search. A chart that `shows_days` keeps all
    chosen days when some of them are clicked. One that
    `follows` another card of its views has the settings of that card beside its own.
    """

    name: str
    label: str
    needs: Callable[[Mapping[str, Any]], tuple[Need, ...]]
    update: Callable[[Sequence[Result], Context], CardState]
    chart: "type[ChartView] | None" = None
    renderer: str = "figure"
    settings: Mapping[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    span: int = 12
    height: int = 280
    method: str = ""
    slow: bool = False
    shows_days: bool = False
    follows: str = ""
