"""A view's question and its answer in parts: the cards at once, what searches later, what is open elsewhere."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard.ask import Ask, Held, asked_of, context_of, held_by, results_of
from dashboard.cards import Card
from dashboard.charts.touching import touching
from dashboard.compute import Answer, answer
from dashboard.selection import Selection
from dashboard.views import View, charts_of, shown_views
from queries.cancel import is_ending
from queries.engine import Cancel, Cancelled, Engine
from queries.findings.register import ask_findings

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """Hold a question on its way: the view it is for, what is asked, how to stop it, and its number on this page."""

    view: View
    ask: Ask
    cancel: Cancel
    number: int = 0
    theme: str = "light"


@dataclass(frozen=True, slots=True)
class First:
    """Hold the cards that are shown at once, and what the store has."""

    answer: Answer
    held: Held


@dataclass(frozen=True, slots=True)
class Late:
    """Hold the cards that search, and the sentence that they carry."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """Hold the numbers beside the names of views, and by card the open findings that touch what it shows."""

    by_view: Mapping[str, int]
    touching: Mapping[str, list[dict[str, Any]]]


Part = First | Late | OpenCounts


def parts_of(engine: Engine, asked: Question, selection: Selection) -> Iterator[Part]:
    """Answer a question part by part, the quick ones first. Raises Cancelled."""
    held = held_by(engine)
    ask = asked_of(selection, held, asked.ask)
    charts, finding = charts_of(asked.view), asked.view.finding
    slow = [chart for chart in charts if chart.slow]
    quick = replace(ask, finding=None if finding is None or finding.slow else finding)
    yield First(answer(engine, [chart for chart in charts if not chart.slow], quick, asked.cancel, held), held)
    if slow or (finding and finding.slow):
        searched = replace(ask, finding=finding if finding and finding.slow else None)
        yield Late(answer(engine, slow, searched, asked.cancel, held))
    if finding:
        yield OpenCounts(_open_counts(engine, ask, held, asked.cancel), _touching(engine, ask, charts, asked.cancel))
    if asked.cancel.cancelled:
        raise Cancelled
    if finding and finding.then:
        yield Late(answer(engine, [], replace(ask, finding=finding.then), asked.cancel, held))


def _open_counts(engine: Engine, ask: Ask, held: Held, cancel: Cancel) -> dict[str, int]:
    """Return the numbers beside the names in the rail; one that cannot be counted is left out."""
    counted = {}
    for view in shown_views():
        if view.open is None:
            continue
        try:
            found = results_of(engine, view.open.needs, ask, cancel)
            counted[view.name] = view.open.count(found, context_of(engine, ask, held))
        except Cancelled:
            raise
        except Exception as error:
            if is_ending(error):
                raise Cancelled from None
            LOG.exception("the open findings of %s could not be counted", view.name)
    return counted


def _touching(engine: Engine, ask: Ask, charts: Sequence[Card], cancel: Cancel) -> dict[str, list[dict[str, Any]]]:
    """Return by card the open findings that touch it; none where they cannot be searched."""
    try:
        register = ask_findings(engine, cancel=cancel)
        return touching(engine, register, [chart.name for chart in charts], ask.filters, ask.funnel, cancel)
    except Cancelled:
        raise
    except Exception as error:
        if is_ending(error):
            raise Cancelled from None
        LOG.exception("the findings that touch a card could not be told")
        return {}
