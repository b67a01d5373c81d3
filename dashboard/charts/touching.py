"""Which open findings touch what a card shows: a line under it with the one name, day and price of the register."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboard.body import Action
from dashboard.charts.findings import LANDS_ON, place, since
from dashboard.charts.segments import can_filter
from dashboard.format import money_short
from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.findings.finding import Finding, Register
from queries.findings.inside import is_part, may_touch, share_inside
from queries.findings.steps import at_step
from queries.funnel import Funnel

MOST = 3
PLACES = frozenset({"country", "region"})
ORIGINS = frozenset({"source", "channel_group", "campaign", "medium"})


def _at_a_step(one: Finding, filters: Filters, funnel: Funnel) -> bool:
    return one.step in {at_step(step) for step in funnel.steps[1:]}


def _dated(one: Finding, filters: Filters, funnel: Funnel) -> bool:
    inside = one.onset and (filters.date_from is None or filters.date_from <= one.onset)
    return bool(inside and (filters.date_to is None or one.onset <= filters.date_to))


def _in(dimensions: frozenset[str]) -> Callable[[Finding, Filters, Funnel], bool]:
    return lambda one, filters, funnel: bool(dimensions & one.segment.keys())


TOUCHES: Mapping[str, Callable[[Finding, Filters, Funnel], bool]] = {
    "trend": _dated,
    "steps": _at_a_step,
    "funnel": _at_a_step,
    "countries": _in(PLACES),
    "sources": _in(ORIGINS),
}
"""By card, whether a finding whose sessions may be shown touches it."""


def touching(
    engine: Engine, register: Register, cards: Sequence[str], filters: Filters, funnel: Funnel, cancel: Cancel | None
) -> dict[str, list[dict[str, Any]]]:
    """Return for each card the open findings that touch it, the most expensive first, as lines that the page draws."""
    shown = [one for one in register.open if one.certainty != "could be chance" and may_touch(one, filters)]
    found = {
        name: [one for one in shown if TOUCHES[name](one, filters, funnel)][:MOST] for name in cards if name in TOUCHES
    }
    lines = {one.id: line(one, _inside(engine, one, filters, cancel)) for each in found.values() for one in each}
    return {name: [lines[one.id] for one in each] for name, each in found.items()}


def _inside(engine: Engine, one: Finding, filters: Filters, cancel: Cancel | None) -> float | None:
    return share_inside(engine, one, filters, cancel) if one.price and is_part(one, filters) else None


def line(one: Finding, share: float | None) -> dict[str, Any]:
    """Return a finding as one line; with the share of its price that lies in the selection, where that is a part."""
    when = f" {since(one)[0].lower()}{since(one)[1:]}" if one.onset else ""
    said: dict[str, Any] = {"text": f"{one.name}{when}{place(one)}{_priced(one, share)}."}
    if can_filter(one.segment):
        said["action"] = Action(where=dict(one.segment), view=LANDS_ON)
    return said


def _priced(one: Finding, share: float | None) -> str:
    if not one.price:
        return ""
    whole = f"{money_short(one.price.median)} {one.period}"
    if share is None:
        return f": {whole}"
    return f": of {whole}, {money_short(one.price.median * share) if share else 'none'} in this selection"
