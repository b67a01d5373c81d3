"""One viewer: a selection, the page that shows it, and the questions that it asks."""

import itertools
import logging
import time
from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from dashboard import download
from dashboard.ask import Ask, Held
from dashboard.body import Action
from dashboard.browser import Browser, Inbox
from dashboard.cards import CardState
from dashboard.charts.registry import CHARTS
from dashboard.compute import Answer, later
from dashboard.deeds import DEEDS
from dashboard.download import Stated
from dashboard.figures import packed_figures, patch_of, ready_figures
from dashboard.filter_bar import calendar_of
from dashboard.filters import listing
from dashboard.following import Following
from dashboard.freshness import Source
from dashboard.message import cleaned
from dashboard.page import Shell, as_text, layout
from dashboard.past import Past
from dashboard.questions import First, Late, OpenCounts, Part, Question, parts_of
from dashboard.saved import Kept, SavedViewError, SavedViews
from dashboard.selection import Selection
from dashboard.state import bar_of, cards_of, state_of, stated_of
from dashboard.theme import DARK, LIGHT, Theme
from dashboard.views import View, charts_of, pane_view, shown_views, view_named
from queries.cancel import is_ending
from queries.engine import Cancel, Cancelled, Result
from queries.vocabulary import DIMENSIONS

LOG = logging.getLogger(__name__)
WORKERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="question")
KNOWN_SETTINGS = {f"{chart.name}.{name}": choice for chart in CHARTS for name, choice in chart.settings.items()}
FIRST_ANSWER_SECONDS = 0.25
"""How long a new page waits for its answer, so that a quick one travels with the document."""

SEND_SECONDS = 0.1
"""How long the search for leaks lets the cards go out first: both would take turns at one interpreter."""


@dataclass(frozen=True, slots=True)
class Pane:
    """Hold what is shown of one chart alone: its name, the height asked for, and what its address always keeps."""

    chart: str
    height: int | None = None
    address: str = ""


class Viewer:
    """Wire one selection to one browser: every change asks again, and all cards of the view are drawn together.

    The page follows `selection`, whoever changes a param of it, on whatever thread. `act` takes what a person does as a
    mapping with a `kind`; it comes from a browser, so nothing in it is trusted.
    """

    last_asked: ClassVar[float] = 0.0
    """When anybody asked anything, on the clock `time.monotonic`."""

    def __init__(
        self,
        source: Source,
        query: str = "",
        *,
        title: str = "",
        selection: Selection | None = None,
        pane: Pane | None = None,
    ) -> None:
        """Start from a URL's query, else from a given selection, else from the team's default view.

        With a pane one chart is shown alone. A quick answer is there when this returns.
        """
        self.pane = pane
        self.source = source
        self.browser = Browser()
        self._inbox = Inbox()
        self.saved = SavedViews(source.engine.store.path)
        self.selection = selection or Selection()
        self.selection.adopt(KNOWN_SETTINGS, [view.name for view in shown_views()], source.funnels())
        if query or not selection:
            self.selection.load_query(query or ("" if pane else self._default_query()))
        self.prefers_dark = False
        self.held: Held | None = None
        self.answer: Answer | None = None
        self._moving = False
        self._late: dict[str, Any] = {"question": None}
        self._cancel = Cancel()
        self._listing = Cancel()
        self.past = Past(self.selection)
        self.forgotten: Kept | None = None
        self._numbers = itertools.count(1)
        self.page = Shell(
            self.act,
            layout=layout(title, source.site, pane.chart if pane else ""),
            query=self._query(),
            replaces=True,
            mode=self.theme.name,
            follows_system=not self.selection.theme,
        )
        self._show_figures()
        self.following = Following(self.selection, self.browser, self._follow)
        asked = self.ask()
        if asked is not None:
            wait([asked], FIRST_ANSWER_SECONDS)

    @property
    def theme(self) -> Theme:
        """Return the theme to draw in: the chosen one, else the one that the reader's system prefers."""
        dark = self.selection.theme == DARK.name or (not self.selection.theme and self.prefers_dark)
        return DARK if dark else LIGHT

    @property
    def view(self) -> View:
        """Return the view that is shown."""
        return pane_view(self.pane.chart) if self.pane else view_named(self.selection.view)

    @property
    def height(self) -> int | None:
        """Return the height of a pane's figure in pixels, None for the chart's own."""
        return self.pane.height if self.pane else None

    def ask(self) -> Any:
        """Ask for everything the view shows; an older question still running is cancelled."""
        Viewer.last_asked = time.monotonic()
        self._cancel.cancel()
        self._cancel = cancel = Cancel()
        self.page.busy = True
        view = self.view
        settings: dict[str, dict[str, str]] = {
            chart.name: {name: self.selection.setting(chart.name, name) for name in chart.settings}
            for chart in charts_of(view)
        }
        asked = Ask(self.selection.filters, self.selection.funnel, settings, finding=view.finding)
        return WORKERS.submit(self._compute, Question(view, asked, cancel, next(self._numbers), self.theme.name))

    def stop(self) -> None:
        """Cancel what runs, because nobody looks any more."""
        self._cancel.cancel()
        self._listing.cancel()
        self.following.stop()

    def look_for_data(self) -> None:
        """Ask again when the store has a newer version than what is shown."""
        WORKERS.submit(self._look)

    def _look(self) -> None:
        if self.answer and self.source.newest().version != self.answer.store_version:
            self.browser.later(self.ask)

    def _compute(self, asked: Question) -> None:
        try:
            for part in parts_of(self.source.engine, asked, self.selection):
                cards = {} if isinstance(part, OpenCounts) else cards_of(part.answer, asked.theme, self.height)
                self.browser.later(partial(self._take, part, asked, cards))
                if isinstance(part, First) and self.answer:  # a page that opens is still waited for by its own loop
                    self.browser.wait(SEND_SECONDS)
        except Cancelled:
            return
        except Exception as error:
            if is_ending(error):
                return
            LOG.exception("the page could not be computed")
            self.browser.later(partial(self._fail, error, asked))

    def _take(self, part: Part, asked: Question, cards: Mapping[str, Any]) -> None:
        match part:
            case First(answered, held):
                self._show(answered, held, asked, cards)
            case Late(answered):
                self._show_late(answered, asked, cards)
            case OpenCounts():
                self._count(part, asked)

    def _show(self, answered: Answer, held: Held, asked: Question, cards: Mapping[str, Any]) -> None:
        if asked.cancel.cancelled:
            return
        self.answer, self.held = answered, held
        self.selection.span = held.span
        state = state_of(answered, held, asked.view, self.stated(), self.source.engine.snapshot, cards)
        state["question"] = asked.number
        days = as_text(calendar_of(held))
        self.page.param.update(bar=self._bar(held), state=as_text(state), days=days, busy=False)

    def _bar(self, held: Held) -> str:
        return as_text(bar_of(self.selection, held, self.view, KNOWN_SETTINGS))

    def _show_late(self, late: Answer, asked: Question, cards: Mapping[str, Any]) -> None:
        if not asked.cancel.cancelled and self.answer:
            self.answer = later(self.answer, late)
            told = {"question": asked.number, "view": asked.view.name, "finding": late.finding, "cards": dict(cards)}
            if self._late["question"] == asked.number:  # a page that opens takes both parts at once
                told["finding"] = told["finding"] or self._late["finding"]
                told["cards"] = {**self._late["cards"], **told["cards"]}
            self._late = told
            self.page.late = as_text(told)

    def _fail(self, error: Exception, asked: Question) -> None:
        if not asked.cancel.cancelled:
            self.page.busy = False
            self._send({"kind": "failed", "text": f"This view could not be computed ({type(error).__name__})."})

    def _count(self, told: OpenCounts, asked: Question) -> None:
        if not asked.cancel.cancelled:
            self._send({"kind": "open", "counts": told.by_view, "touching": told.touching})

    def _send(self, message: dict[str, Any]) -> None:
        self.browser.later(partial(self.page.reply, message), sends=True)

    def stated(self) -> Stated:
        """Return what every file that is taken away says about itself. Raises RuntimeError before the first answer."""
        if self.answer is None or self.held is None:
            raise RuntimeError("nothing is answered yet, so nothing can be taken away")
        snapshot, site = self.source.engine.snapshot, self.source.site
        return stated_of(self.answer, self.held, self.view, self.selection, snapshot, site)

    def file_name(self) -> str:
        """Return the first part of the name of every file that is taken away."""
        return download.file_name(self.selection, self.answer.store_version if self.answer else 0)

    def results(self, card: str) -> Sequence[Result]:
        """Return what a shown card was made from."""
        return self.answer.results.get(card, ()) if self.answer else ()

    def tapped(self, card: str, panel: int, layer: str, rows: Sequence[int]) -> Action | None:
        """Return what a click on marks of a shown card does, or a drag over several; None for nothing."""
        state = self.answer.cards.get(card) if self.answer else None
        if not isinstance(state, CardState) or state.chart is None:
            return None
        return state.chart.tapped(state.frame, panel, layer, rows)

    def label(self, card: str) -> str:
        """Return the label of a card, empty for one that does not exist."""
        return next((chart.label for chart in CHARTS if chart.name == card), "")

    def _show_figures(self, *, redraw: bool = False) -> None:
        charts, theme = charts_of(self.view), self.theme
        ready = ready_figures(charts, theme)
        if ready:
            self._place(ready, redraw=redraw)
        else:
            WORKERS.submit(self._build_figures, charts, theme)

    def _place(self, packed: str, *, redraw: bool) -> None:
        """Send figures, with what is shown in them where the answer did not bring it: it names the figures' models."""
        cards = self.answer.cards if redraw and self.answer else {}
        states = {name: card for name, card in cards.items() if isinstance(card, CardState)}
        patches = {name: patch_of(state, self.theme.name, self.height) for name, state in states.items()}
        self.page.param.update(figures=packed, patches=as_text(patches))

    def _build_figures(self, charts: Sequence[Any], theme: Theme) -> None:
        packed = packed_figures(charts, theme)

        def place() -> None:
            if self.theme is theme and charts == charts_of(self.view):
                self._place(packed, redraw=True)

        self.browser.later(place)

    def show_theme(self) -> None:
        """Draw in the theme that is chosen, or that the reader's system prefers."""
        self.page.mode = self.theme.name
        self._show_figures(redraw=True)

    def _follow(self, changed: Set[str]) -> None:
        if "theme" in changed:
            self.show_theme()
        elif "view" in changed:
            self._show_figures()
        query = self._query()
        if query != self.page.query:
            self.page.replaces = bool(self.pane) or self._moving or changed == {"theme"}
            self.page.query = query
        if self.held:
            self.page.bar = self._bar(self.held)
        if changed != {"theme"}:
            self.ask()

    def move_to(self, query: str) -> None:
        """Follow the browser to an address where it is already, by Back or Forward or a saved view."""
        if query != self._query():
            self._moving = True
            try:
                self.selection.load_query(query)
            finally:
                self._moving = False
            if self.held:
                self.page.bar = self._bar(self.held)

    def list_values(self, dimension: str, text: str) -> None:
        """Send the values of a dimension, or of all that hold a text; a newer list replaces one still on its way."""
        if dimension not in DIMENSIONS:
            return
        self._listing.cancel()
        self._listing = cancel = Cancel()
        engine, selection = self.source.engine, self.selection
        self.reply_later(lambda: {"kind": "values", **listing(engine, dimension, text, selection, cancel)})

    def reply_later(self, make: Callable[[], dict[str, Any]]) -> None:
        """Send an answer that takes a while to make; meanwhile the page, and those of others, go on."""

        def work() -> None:
            try:
                self.browser.later(partial(self.page.reply, make()))
            except Cancelled:
                return
            except Exception as error:
                if not is_ending(error):
                    LOG.exception("an answer could not be made")

        WORKERS.submit(work)

    def tell_saved(self, text: str, *, undo: bool = False) -> None:
        """Send the list of saved views, and what just happened to it; whether that can be undone."""
        try:
            book = self.saved.read()
        except SavedViewError as error:
            self.page.reply({"kind": "saved", "views": [], "default": "", "text": str(error)})
            return
        views = [{"name": view.name, "query": view.query, "saved_on": view.saved_on} for view in book.views]
        said = {"kind": "saved", "views": views, "default": book.default, "text": text}
        self.page.reply({**said, "undo": True} if undo else said)

    def _query(self) -> str:
        """Return the selection as a URL query; one that says so where the bare address would open a saved view."""
        if self.pane:
            return self.pane.address + self.selection.to_query().replace("?", "&" if self.pane.address else "?")
        return self.selection.to_query() or (f"?view={shown_views()[0].name}" if self._default_query() else "")

    def _default_query(self) -> str:
        try:
            book = self.saved.read()
        except SavedViewError:
            LOG.exception("the default view could not be read")
            return ""
        default = book.named(book.default)
        return default.query if default else ""

    def act(self, said: Mapping[str, Any]) -> None:
        """Do what a person asked for, on the document's loop and in order; what is not understood is ignored."""
        self._inbox.receive(said, self._act)

    def _act(self, said: Mapping[str, Any]) -> None:
        deed = DEEDS.get(str(said.get("kind")))
        if deed:
            self.browser.later(partial(deed, self, cleaned(said)))
