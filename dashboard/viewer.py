"""One viewer: a selection, the components that show it, and the questions that it asks."""

import datetime as dt
import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

from dashboard import download
from dashboard.browser import Browser
from dashboard.card import Cards
from dashboard.charts import CHARTS
from dashboard.charts.words import empty_sentence
from dashboard.compute import Answer, Ask, answer
from dashboard.figures import packed_figures
from dashboard.filters import SIDEBAR_DIMENSIONS, FilterPanel, Value, chips, dates_field, field, matching, values_of
from dashboard.format import count, day, exact, plural
from dashboard.freshness import Source
from dashboard.location import AddressBar
from dashboard.selection import Selection
from dashboard.theme import DARK, LIGHT
from dashboard.views import VIEWS, charts_of
from queries.engine import Cancel, Cancelled

LOG = logging.getLogger(__name__)
WORKERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="question")
KNOWN_SETTINGS = {f"{chart.name}.{name}": choice for chart in CHARTS for name, choice in chart.settings.items()}
SEEN = [name for name in Selection.param if name != "name"]


class Viewer:
    """Wire one selection to one browser: every change asks again, and all cards are drawn together.

    `act` takes what a person does as a mapping with a `kind`; it comes from a browser, so nothing in it is trusted.
    """

    def __init__(self, source: Source, query: str = "") -> None:
        """Start from a URL's query; the first answer is on its way when this returns."""
        self.source = source
        self.browser = Browser()
        self.selection = Selection(KNOWN_SETTINGS)
        self.selection.load_query(query)
        self.prefers_dark = False
        self.on_narrow: Callable[[], object] = lambda: None
        self.echo = 0
        self._moving = False
        self.values: dict[str, list[Value]] = {}
        self.answer: Answer | None = None
        self._cancel = Cancel()
        self._acting = threading.RLock()
        self.address = AddressBar(query=query)
        self.cards = Cards(
            self.act,
            layout=_layout(),
            figures=packed_figures(CHARTS, self.theme),
            follows_system=not self.selection.theme,
        )
        self.panel = FilterPanel(self.act, views=_views(), mode=self.theme.name)
        self.selection.param.watch(self._selected, SEEN)
        self.address.param.watch(self._moved, "query")
        self.ask()

    @property
    def theme(self):
        """Return the theme to draw in: the chosen one, else the one that the reader's system prefers."""
        dark = self.selection.theme == DARK.name or (not self.selection.theme and self.prefers_dark)
        return DARK if dark else LIGHT

    def ask(self) -> None:
        """Ask for everything the page shows; an older question still running is cancelled."""
        self._cancel.cancel()
        self._cancel = cancel = Cancel()
        self.cards.busy = True
        settings = {
            chart.name: {name: self.selection.setting(chart.name, name) for name in chart.settings} for chart in CHARTS
        }
        asked = Ask(self.selection.filters, self.selection.funnel, settings)
        WORKERS.submit(self._compute, asked, cancel)

    def stop(self) -> None:
        """Cancel what runs, because nobody looks any more."""
        self._cancel.cancel()

    def look_for_data(self) -> None:
        """Ask again when the store has a newer version than what is shown."""
        WORKERS.submit(self._look)

    def _look(self) -> None:
        if self.answer and self.source.newest().version != self.answer.store_version:
            self.browser.later(self.ask)

    def _compute(self, asked: Ask, cancel: Cancel) -> None:
        engine = self.source.engine
        try:
            answered = answer(engine, CHARTS, asked, cancel)
            self.browser.later(partial(self._show, answered, cancel))
            values = {name: values_of(engine, name, asked.filters, cancel) for name in SIDEBAR_DIMENSIONS}
            self.browser.later(partial(self._list, values, answered, cancel))
        except Cancelled:
            return
        except Exception:
            LOG.exception("the page could not be computed")

    def _show(self, answered: Answer, cancel: Cancel) -> None:
        if cancel.cancelled:
            return
        self.answer = answered
        self.cards.param.update(state=self._state(answered), busy=False)

    def _list(self, values: dict[str, list[Value]], answered: Answer, cancel: Cancel) -> None:
        if not cancel.cancelled:
            self.values = values
            self.panel.fields = self._fields(answered)

    def _state(self, answered: Answer) -> str:
        return as_text({
            "version": answered.store_version,
            "finding": answered.finding[0],
            "context": answered.finding[1],
            "chips": chips(self.selection),
            "counted": f"{count(answered.shown)} of {plural(answered.total, 'session')}",
            "empty": None if answered.shown else empty_sentence(answered.context),
            "settings": {key: self.selection.setting(*key.split(".", 1)) for key in KNOWN_SETTINGS},
            "file_name": download.file_name(self.selection, answered.store_version),
            "cards": answered.cards,
        })  # fmt: skip

    def _fields(self, answered: Answer) -> str:
        first, last = answered.context.first_date, answered.context.last_date
        return as_text({
            "echo": self.echo,
            "dates": dates_field(self.selection, first, last),
            "dimensions": [field(name, values, self.selection) for name, values in self.values.items()],
            "foot": self._foot(answered),
        })  # fmt: skip

    def _foot(self, answered: Answer) -> list[str]:
        loaded = self.source.engine.snapshot.loaded_at
        return [
            f"Data to {day(answered.context.last_date, year=True)}",
            f"{exact(answered.total)} sessions, version {answered.store_version}",
            f"Loaded {day(loaded.date(), year=True)}, {loaded:%H:%M} UTC",
        ]

    def _selected(self, *events: Any) -> None:
        changed = {event.name for event in events}
        if "theme" in changed:
            self.cards.figures = packed_figures(CHARTS, self.theme)
            self.panel.mode = self.theme.name
        query = self.selection.to_query()
        if query != self.address.query:
            self.address.replaces = self._moving or changed == {"theme"}
            self.address.query = query
        if changed != {"theme"}:
            self.ask()

    def _moved(self, event: Any) -> None:
        if event.new != self.selection.to_query():
            self._moving = True
            try:
                self.selection.load_query(event.new)
            finally:
                self._moving = False

    def act(self, said: Mapping[str, Any]) -> None:
        """Do what a person asked for; what is not understood is ignored."""
        deed = DEEDS.get(str(said.get("kind")))
        if deed:
            self.browser.now(partial(self._do, deed, said))

    def _do(self, deed: Callable[["Viewer", Mapping[str, Any]], object], said: Mapping[str, Any]) -> None:
        with self._acting:
            if isinstance(said.get("echo"), int):
                self.echo = said["echo"]
            deed(self, {key: value for key, value in said.items() if isinstance(value, str | bool)})

    def _filter(self, said: Mapping[str, Any]) -> None:
        additive, exclude = said.get("additive") is True, said.get("exclude") is True
        self.selection.toggle(said.get("dimension", ""), said.get("value", ""), additive=additive, exclude=exclude)

    def _remove(self, said: Mapping[str, Any]) -> None:
        if said.get("dimension") == "dates":
            self.selection.choose_dates(None, None)
        else:
            self.selection.remove(said.get("dimension", ""), exclude=said.get("exclude") is True)

    def _choose_dates(self, said: Mapping[str, Any]) -> None:
        first, last = (_day(said.get(name)) for name in ("first", "last"))
        if self.answer:
            context = self.answer.context
            first = None if first == context.first_date else first
            last = None if last == context.last_date else last
        self.selection.choose_dates(first, last)

    def _choose_setting(self, said: Mapping[str, Any]) -> None:
        self.selection.choose_setting(said.get("card", ""), said.get("name", ""), said.get("option", ""))

    def _prefer(self, said: Mapping[str, Any]) -> None:
        self.prefers_dark = said.get("mode") == DARK.name
        self.selection.param.trigger("theme")

    def _results(self, said: Mapping[str, Any]) -> Sequence[Any]:
        return self.answer.results.get(said.get("card", ""), ()) if self.answer else ()

    def _label(self, said: Mapping[str, Any]) -> str:
        return next((chart.label for chart in CHARTS if chart.name == said.get("card")), "")

    def _sql(self, said: Mapping[str, Any]) -> None:
        asked = download.questions(self._results(said))
        self.cards.reply({"kind": "sql", "title": f"SQL: {self._label(said)}", "questions": asked})

    def _csv(self, said: Mapping[str, Any]) -> None:
        if self.answer:
            text = download.csv_text(self._label(said), self._results(said), self.selection)
            name = f"{download.file_name(self.selection, self.answer.store_version)}_{said.get('card')}.csv"
            self.cards.reply({"kind": "csv", "name": name, "text": text})

    def _search(self, said: Mapping[str, Any]) -> None:
        dimension, text = said.get("dimension", ""), said.get("text", "")
        found = matching(self.values.get(dimension, []), text)
        self.panel.reply({"dimension": dimension, "text": text.strip().lower(), "values": found})


DEEDS: dict[str, Callable[[Viewer, Mapping[str, Any]], object]] = {
    "filter": Viewer._filter,
    "remove": Viewer._remove,
    "reset": lambda viewer, _: viewer.selection.reset(),
    "dates": Viewer._choose_dates,
    "setting": Viewer._choose_setting,
    "retry": lambda viewer, _: viewer.ask(),
    "prefers": Viewer._prefer,
    "narrow": lambda viewer, _: viewer.on_narrow(),
    "sql": Viewer._sql,
    "csv": Viewer._csv,
    "search": Viewer._search,
}
"""What a browser may ask for, by the message's `kind`."""


@cache
def _layout() -> str:
    return as_text([
        {
            "name": view.name,
            "title": view.title,
            "cards": [
                {
                    "name": chart.name,
                    "label": chart.label,
                    "renderer": chart.renderer,
                    "span": chart.span,
                    "height": chart.height,
                    "settings": [{"name": name, "options": options} for name, (options, _) in chart.settings.items()],
                }
                for chart in charts_of(view)
            ],
        }
        for view in VIEWS
    ])  # fmt: skip


@cache
def _views() -> str:
    return as_text([{"name": view.name, "title": view.title} for view in VIEWS])


def as_text(value: Any) -> str:
    """Return a value as JSON that a browser accepts: no NaN, days as ISO text, numpy scalars as numbers."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a card's state holds a {type(value).__name__}, which the browser cannot read")


def _day(text: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None
