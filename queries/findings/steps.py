"""At which step of the funnel a finding loses its orders, said as people say it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from queries.funnel import Funnel, Step

Row = Mapping[str, Any]
MOST = 0.6
"""The step that holds so much of the change is the step; otherwise it is at every step."""
HALF = 0.5
"""Added to counts, so that a step at which nobody goes on has a logarithm."""
EVERY = "at every step"
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def ordinal(number: int) -> str:
    """Return a number as its place, in words up to ten: fifth, 12th."""
    if 0 < number < len(_ORDINALS):
        return _ORDINALS[number]
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def at_step(step: Step) -> str:
    """Return where those are lost who do not reach a step: at the order, before a fifth page, at “Added to cart”."""
    if step.column == "transactions":
        return "at the order"
    if step.column == "pageviews" and step.operator == ">=":
        return f"before {'an' if step.value in (8, 11, 18) else 'a'} {ordinal(step.value)} page"
    return f"at “{step.name}”"


def lost_at(funnel: Funnel, own: Sequence[Row], usual: Sequence[Row]) -> str:
    """Return the step that holds at least 60 % of a loss, "at every step" where none does, "" where steps are unknown.

    `own` and `usual` are rows of the metric "funnel": those of the finding, and those it is measured against. The
    logarithm of the ratio of their rates is the sum of those of the steps, exactly (METHODS 3, LMDI).
    """
    if len(own) != len(funnel.steps) or len(usual) != len(funnel.steps) or len(own) < 2:
        return ""
    moved = [_went_on(own, place) - _went_on(usual, place) for place in range(len(own) - 1)]
    total = sum(moved)
    if total >= 0:
        return EVERY
    place = min(range(len(moved)), key=moved.__getitem__)
    return at_step(funnel.steps[place + 1]) if moved[place] / total >= MOST else EVERY


def _went_on(rows: Sequence[Row], place: int) -> float:
    reached, after = rows[place]["reached"] or 0, rows[place + 1]["reached"] or 0
    return math.log((after + HALF) / (reached + 2 * HALF))


def standardised(before: Sequence[Row], every: Sequence[Row], every_before: Sequence[Row]) -> list[dict[str, float]]:
    """Return the funnel that a segment would have had, had each step moved as it did for all sessions.

    Each row holds `reached`, from the segment's own earlier funnel.
    """
    rows, reached = [], float(before[0]["reached"] or 0) if before else 0.0
    for place in range(len(before)):
        rows.append({"reached": reached})
        if place + 1 < len(before):
            factor = math.exp(_went_on(every, place) - _went_on(every_before, place))
            reached *= min(1.0, math.exp(_went_on(before, place)) * factor)
    return rows
