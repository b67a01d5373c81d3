"""What the page is told: the state of a view, the filter bar, the foot, and what every file says about itself."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from dashboard import download
from dashboard.ask import Held
from dashboard.cards import CardState
from dashboard.charts.words import empty_sentence
from dashboard.compute import Answer
from dashboard.download import Stated
from dashboard.figures import is_ready, patch_of
from dashboard.filter_bar import filter_bar
from dashboard.format import count, date_range, day, exact, plural
from dashboard.selection import Selection, Settings
from dashboard.views import View, charts_of
from queries.memory import Memory
from queries.store import Snapshot

WRITTEN = Memory(512)
"""Cards as browsers read them, by state, theme and height: as long as a state is kept, it is written once."""


def bar_of(selection: Selection, held: Held, view: View, known: Settings) -> dict[str, Any]:
    """Return what changes at once with a choice: the filter bar, the shown view, every card's settings."""
    settings = {key: selection.setting(*key.split(".", 1)) for key in known}
    return {**filter_bar(selection, held), "view": view.name, "settings": settings, "unread": selection.unread}


def state_of(
    answered: Answer, held: Held, view: View, stated: Stated, snapshot: Snapshot, cards: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what is shown once a question is answered: the cards of one view and the words around them."""
    return {
        "view": view.name,
        "version": answered.store_version,
        "finding": answered.finding,
        "pending": [chart.name for chart in charts_of(view) if chart.name not in answered.cards],
        "counted": f"{count(answered.shown)} of {plural(answered.total, 'session')}",
        "compared": stated.compared,
        "empty": None if answered.shown else empty_sentence(answered.context),
        "stated": download.stated_lines(stated),
        "file_name": download.file_name(stated.selection, answered.store_version),
        "foot": foot_of(held, snapshot),
        "cards": cards,
    }


def cards_of(answered: Answer, theme: str, height: int | None = None) -> dict[str, Any]:
    """Return the state of each card in a theme, with how many tables of figures stand behind it."""
    return {
        name: {**as_json(card, theme, height), "tables": len(download.tables_of(answered.results.get(name, ())))}
        for name, card in answered.cards.items()
    }


def as_json(state: CardState | Mapping[str, str], theme: str, height: int | None = None) -> Mapping[str, Any]:
    """Return a card's state as the mapping that `card.js` reads; an error stays as it is."""
    if not isinstance(state, CardState):
        return state
    if state.chart and not is_ready(state.chart, theme):
        return _written(state, theme, height)
    return WRITTEN.get((id(state), theme, height), lambda: (state, _written(state, theme, height)))[1]


def _written(state: CardState, theme: str, height: int | None) -> Mapping[str, Any]:
    table = state.table
    return {
        "heading": state.heading,
        "note": state.note,
        "patch": patch_of(state, theme, height),
        "body": state.body,
        "empty": state.empty,
        "table": {each.name: getattr(table, each.name) for each in fields(table)} if table else None,
    }


def foot_of(held: Held, snapshot: Snapshot) -> list[str]:
    """Return how fresh the data is: last day, sessions and version, when it was loaded."""
    loaded = snapshot.loaded_at
    return [
        f"Data to {day(held.last_date, year=True)}",
        f"{exact(held.sessions)} sessions, data version {snapshot.version}",
        f"Loaded {download.moment(loaded)}",
    ]


def stated_of(
    answered: Answer, held: Held, view: View, selection: Selection, snapshot: Snapshot, site: str
) -> Stated:  # fmt: skip
    """Return what every file that is taken away says about itself."""
    chosen = selection.shown_within(held.span)
    first, last = chosen[0] or held.first_date, chosen[1] or held.last_date
    comparison = answered.ask.comparison
    compared = comparison.days.words if comparison and comparison.days else ""
    days = date_range(first, last)
    return Stated(
        selection, view.title, days, compared, answered.store_version, answered.shown, answered.total,
        site, snapshot.loaded_at, held.span,
    )  # fmt: skip
