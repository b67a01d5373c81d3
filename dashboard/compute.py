"""From a question to all that a view shows: its cards' states, its finding, the counts; no Panel in it."""

import logging
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from dashboard.ask import Ask, Held, calls_of, card_results, context_of, held_by, is_lacking, results_of
from dashboard.cards import Card, CardState, Context, Finding
from dashboard.charts.chosen import comparison_note
from queries.cancel import is_ending
from queries.engine import Call, Cancel, Cancelled, Engine, QueryError, Result
from queries.judged import found_of
from queries.memory import Memory

LOG = logging.getLogger(__name__)
STATES = Memory(512)
"""Cards as they were made last, for whoever asks the same of the same data: a team opens the same page."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what a view shows for one question; `cards` and `results` are by card name."""

    ask: Ask
    store_version: int
    context: Context
    shown: int
    total: int
    finding: tuple[str, str] | None
    cards: Mapping[str, CardState | Mapping[str, str]]
    results: Mapping[str, Sequence[Result]]


def answer(
    engine: Engine, charts: Sequence[Card], ask: Ask, cancel: Cancel | None = None, held: Held | None = None
) -> Answer:
    """Return everything a view shows for one question; one failing card fails alone. Raises Cancelled."""
    held = held or held_by(engine)
    context = context_of(engine, ask, held)
    calls = [Call("overview", ask.filters), *(call for chart in charts for call in _calls_of(chart, ask))]
    cards: dict[str, CardState | Mapping[str, str]] = {}
    results: dict[str, Sequence[Result]] = {}
    with engine.asking(calls, cancel):
        shown = engine.run("overview", ask.filters, cancel=cancel).rows[0]
        for chart in charts:
            cards[chart.name], results[chart.name] = _card(engine, chart, ask, context, cancel)
    said = _finding(engine, ask.finding, ask, context, cancel) if ask.finding else None
    return Answer(ask, context.version, context, shown["sessions"] or 0, held.sessions, said, cards, results)


def _card(
    engine: Engine, card: Card, ask: Ask, context: Context, cancel: Cancel | None
) -> tuple[CardState | Mapping[str, str], Sequence[Result]]:
    results: list[Result] = []
    try:
        needs = card.needs(ask.settings_of(card))
        if is_lacking(needs, context):
            return CardState("The steps are not known on all of these days", empty=context.lacking), results
        found, own = card_results(engine, card, ask, context, cancel)
        results += found
        beside = comparison_note(ask.filters, {need.shows for need in needs if need.shows})
        _, state = STATES.get(_key(card, found, own, beside), lambda: (found, _state(card, found, own, beside)))
        return state, results
    except Cancelled:
        raise
    except QueryError as error:
        LOG.exception("card %s: query %s failed", card.name, error.query_id)
        text = f"This chart could not be computed. Query {error.query_id}: {error.reason}"
        return {"error": text, "query_id": error.query_id}, results
    except Exception as error:
        if is_ending(error):
            raise Cancelled from None
        LOG.exception("card %s could not be drawn", card.name)
        return {"error": f"This chart could not be drawn ({type(error).__name__}); the log has the details."}, results


def _state(card: Card, results: Sequence[Result], context: Context, beside: str) -> CardState:
    state = card.update(results, context)
    return replace(state, note=f"{beside} {state.note}".strip()) if beside else state


def _key(card: Card, results: Sequence[Result], context: Context, beside: str) -> tuple[Hashable, ...]:
    """Return what a card's state follows from: the very rows it is made of, which live as long as it is kept."""
    made = [_origin(each) for each in results]
    return card.name, id(card.update), *made, replace(context, settings=frozenset(context.settings.items())), beside


def _origin(result: Result) -> Hashable:
    found = found_of(result)
    if isinstance(found, list):
        return tuple(map(id, found))
    return id(found or result.rows) if found or result.rows else None


def _calls_of(chart: Card, ask: Ask) -> list[Call]:
    """Return what a card asks of the engine alone; one that fails to say so tells in its own place."""
    try:
        return list(calls_of(chart, ask))
    except Exception:
        LOG.debug("card %s cannot say what it asks", chart.name, exc_info=True)
        return []


def later(earlier: Answer, late: Answer) -> Answer:
    """Return an answer together with what took longer."""
    return replace(
        earlier,
        finding=late.finding or earlier.finding,
        cards={**earlier.cards, **late.cards},
        results={**earlier.results, **late.results},
    )


def _finding(engine: Engine, wanted: Finding, ask: Ask, context: Context, cancel: Cancel | None) -> tuple[str, str]:
    try:
        settings = ask.settings_of(wanted)
        needs = wanted.asks(settings)
        said, line = wanted.write(results_of(engine, needs, ask, cancel), replace(context, settings=settings))
        if is_lacking(needs, context):
            return (context.lacking, "") if wanted.of_steps else (said, context.lacking)
        return said, line
    except Cancelled:
        raise
    except Exception as error:
        if is_ending(error):
            raise Cancelled from None
        LOG.exception("the finding could not be written")
        return "The finding could not be computed.", ""
