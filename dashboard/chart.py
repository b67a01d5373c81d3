"""A chart as an object: a question and its drawing, bound to a selection that it may share with others."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import holoviews as hv
import param
from panel.viewable import Viewable, Viewer

from dashboard.ask import Ask, asked_of, card_results, context_of, held_by
from dashboard.body import Action
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.look import drawn_for_bokeh
from dashboard.panels import Panel
from dashboard.selection import Selection
from dashboard.stores import engine_of
from dashboard.theme import THEMES, Theme
from queries.engine import Cancel, Engine, Result
from queries.filters import Filters
from queries.funnel import ENGAGEMENT

NOTHING = Context(Filters(), ENGAGEMENT, None, None)
"""The context of no data."""


@dataclass(frozen=True, slots=True)
class Words:
    """Hold what a chart says: its heading and note; `empty` in place of the picture where there is none to draw.

    `nothing` says the same with a button that leads out of it (`Nothing` of `dashboard/findings.py`).
    """

    heading: str
    note: str = ""
    empty: str | None = None
    nothing: Mapping[str, Any] | None = None
    legend: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


class ChartView(Viewer):
    """Ask one question about a store, and show the answer as a figure, as words and as a table.

    A subclass names its card in class attributes, its own settings as Selectors, and says what it asks (`needs`), how
    results become a tidy frame (`read`), what is drawn of it (`panels`, `draw`), and what it says (`say`, `table`).
    `figure_settings` are Selectors of the figure alone, which the page does not offer.
    """

    selection = param.ClassSelector(class_=Selection, doc="What is looked at; charts that share it follow each other.")
    height = param.Integer(default=280, bounds=(60, 4000), doc="Height of a picture in pixels.")
    theme = param.Selector(default="light", objects=[theme.name for theme in THEMES], doc="Light or dark.")

    key: ClassVar[str] = ""
    label: ClassVar[str] = ""
    own_settings: ClassVar[tuple[str, ...]] = ()
    followed: ClassVar[tuple[str, ...]] = ()
    """Settings of the card that this one `follows`."""
    page_names: ClassVar[Mapping[str, str]] = {}
    """What the page calls a setting whose name is a word of Python: `also` is "and"."""
    figure_settings: ClassVar[tuple[str, ...]] = ()
    renderer: ClassVar[str] = "figure"
    span: ClassVar[int] = 12
    traits: ClassVar[Mapping[str, Any]] = {}
    most_panels: ClassVar[int] = 1

    def __init__(
        self, store: str | Path | Engine | None = None, *, context: Context | None = None, **params: Any
    ) -> None:
        """Take a store (a path or an engine) and a selection; without one everything is selected.

        `context` is what a page has asked already. Raises StoreError when the path is no store.
        """
        if context is None and params.get("selection") is None:
            params["selection"] = Selection()
        super().__init__(**params)
        self._engine = engine_of(store) if store is not None else None
        self.context: Context = context or NOTHING
        if context:
            self.param.update(self._typed(context.settings))
        self._results: Sequence[Result] = ()
        self._live: Any = None
        self._read: dict[Any, tuple[Any, Any]] | None = {} if context else None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let `draw` speak Bokeh's words."""
        super().__init_subclass__(**kwargs)
        if "draw" in cls.__dict__:
            cls.draw = drawn_for_bokeh(cls.draw)  # ty: ignore[invalid-assignment]  # the same function, wrapped

    # What a subclass says.

    def needs(self) -> tuple[Need, ...]:
        """Return what is asked of the store under the chart's settings."""
        raise NotImplementedError

    def read(self, results: Sequence[Result]) -> Any:
        """Return the tidy frame, or frames by name, of what `needs` asked, in that order."""
        raise NotImplementedError

    def panels(self, frame: Any) -> list[Panel]:
        """Return what each picture shows, in the colours of the theme; those not shown are invisible."""
        raise NotImplementedError

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return one picture, made by hvPlot from the layers of a panel."""
        raise NotImplementedError

    def say(self, frame: Any) -> Words:
        """Return heading and note."""
        raise NotImplementedError

    def table(self, frame: Any) -> TableTwin | None:
        """Return the figures as text."""
        raise NotImplementedError

    def tapped(self, frame: Any, panel: int, layer: str, rows: Sequence[int]) -> Action | None:
        """Return what a click on a row of a layer does, or a drag over several; None for nothing.

        A drag over periods filters from the first to the last of them.
        """
        panels = self.panels(frame)
        taps = panels[panel].taps.get(layer, ()) if 0 <= panel < len(panels) else ()
        actions = [action for row in rows if 0 <= row < len(taps) and (action := taps[row])]
        if len(actions) > 1 and all("first" in action for action in actions):
            first, last = min(one["first"] for one in actions), max(one["last"] for one in actions)
            return Action(first=first, last=last)
        return actions[0] if actions else None

    def body(self, frame: Any) -> Mapping[str, Any]:
        """Return what the page shows as text beside the figure, or in its place; nothing by default."""
        return {}

    # What every chart does.

    def once(self, read: Callable[..., Any], frame: Any, *more: Hashable) -> Any:
        """Return `read(frame, *more)`, on a page only once a frame: nobody changes a page's frames."""
        if self._read is None:
            return read(frame, *more)
        key = read, id(frame), *more
        if key not in self._read:
            self._read[key] = frame, read(frame, *more)
        return self._read[key][1]

    def for_reader(self, theme: str, height: int | None) -> "ChartView":
        """Return a page's chart in the theme of one reader, and in the height of a pane."""
        asked: dict[str, Any] = {"height": height} if height else {}
        chart = type(self)(context=self.context, theme=theme, **asked)
        chart._read = self._read
        return chart

    @property
    def colors(self) -> Theme:
        """Return the tokens of the chosen theme."""
        return next(theme for theme in THEMES if theme.name == self.theme)

    @property
    def settings(self) -> dict[str, str]:
        """Return the chart's settings as the page has them: texts by name."""
        names = (*self.own_settings, *self.followed)
        return {self.page_names.get(name, name): str(getattr(self, name)) for name in names}

    @property
    def engine(self) -> Engine:
        """Return the engine of the store. Raises RuntimeError when none was given."""
        if self._engine is None:
            raise RuntimeError(f"{type(self).__name__} has no store: give it a path, {type(self).__name__}('my-store')")
        return self._engine

    def frame(self, cancel: Cancel | None = None) -> Any:
        """Return the figures of the current selection as a tidy DataFrame, or several by name. Raises Cancelled."""
        held = held_by(self.engine)
        card = self.card()
        selection = self.selection or Selection()
        ask = Ask(selection.filters, selection.funnel, {card.name: self.settings})
        ask = asked_of(selection, held, ask)
        found, self.context = card_results(self.engine, card, ask, context_of(self.engine, ask, held), cancel)
        self._results = found
        return self.read(found)

    def plot(self, frame: Any = None) -> Any:
        """Return the figure as a HoloViews object: an overlay, or a layout of several; asks where no frame is given."""
        panels = self.panels(self.frame() if frame is None else frame)
        shown = [self.draw(panel) for panel in panels if panel.visible] or [self.draw(self.blank_panels()[0])]
        return shown[0] if len(shown) == 1 else hv.Layout(shown).cols(len(shown))

    @property
    def sql(self) -> str:
        """Return the statements behind the last frame, with bound values left as names; asks where there is none."""
        if not self._results:
            self.frame()
        return "\n\n".join(dict.fromkeys(result.sql for result in self._results if result.sql))

    def state(self, results: Sequence[Result]) -> CardState:
        """Return the card of the page for results that were asked already; `context` says of what."""
        frame = self.read(results)
        said = self.say(frame)
        if said.empty is not None:
            offer = {"nothing": said.nothing} if said.nothing else {}
            return CardState(said.heading, said.note, offer, empty=said.empty)
        body = dict(self.body(frame))
        if said.legend:
            body["legend"] = list(said.legend)
        return CardState(said.heading, said.note, body, self.table(frame), chart=self, frame=frame)

    def __panel__(self) -> Viewable:
        """Return a live pane: heading, figure and note, which follow the selection and the chart's own settings."""
        from dashboard.pane import Pane

        if self._live is None:
            self._live = Pane(self)
        return self._live.view

    def blank_panels(self) -> list[Panel]:
        """Return the panels of no data at all, as many as there may be: what a process draws once for all viewers."""
        nothing = self.panels(self.read([Result(need.metric, [], "", {}, 0, Filters()) for need in self.needs()]))
        return nothing * self.most_panels if len(nothing) == 1 else nothing

    @classmethod
    def choices(cls) -> dict[str, tuple[tuple[str, ...], str]]:
        """Return the chart's own settings as the page offers them: options and default by name."""
        every = cls.param.objects("existing")
        return {
            cls.page_names.get(name, name): (tuple(str(each) for each in every[name].objects), str(every[name].default))
            for name in cls.own_settings
        }

    @classmethod
    def _typed(cls, settings: Mapping[str, str]) -> dict[str, Any]:
        every = cls.param.objects("existing")
        said = {name: settings.get(cls.page_names.get(name, name)) for name in (*cls.own_settings, *cls.followed)}
        return {
            name: next((each for each in every[name].objects if str(each) == option), every[name].default)
            for name, option in said.items()
            if option is not None
        }

    @classmethod
    def card(cls) -> Card:
        """Return the chart as a card of the page."""

        @lru_cache(64)
        def needs(settings: tuple[tuple[str, str], ...]) -> tuple[Need, ...]:
            return cls(context=NOTHING, **cls._typed(dict(settings))).needs()

        return Card(
            cls.key,
            cls.label,
            lambda settings: needs(tuple(sorted(settings.items()))),
            lambda results, context: cls(context=context).state(results),
            cls,
            cls.renderer,
            cls.choices(),
            cls.span,
            cls.height,
            **cls.traits,
        )
