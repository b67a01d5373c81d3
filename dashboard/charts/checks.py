"""Data checks beside the findings: what is wrong with the days shown, with a verdict each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dashboard.body import Action
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.check_words import (
    LOOKED_FOR,
    days_of,
    notices_of,
    sentence,
    settle_sentence,
    sound_sentence,
    tag_of,
)
from dashboard.charts.words import compared_days, counted_days, value_label
from dashboard.charts.words import days_of as shown_days
from dashboard.findings import Nothing, Notice, Notices
from queries.check import Check
from queries.engine import Result
from queries.judged import found_of, judged_checks

MOST, ROOM = 4, 3
"""So many notices are shown; below ROOM there is room to say what was looked for besides."""
NEED = Need("checks", compute=judged_checks)
NO_DAYS = "these days"


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the data checks of the shown and the compared days, whatever else is filtered."""
    return NEED, replace(NEED, compared=True)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the notices, the gravest first, with a link to all."""
    checks: Sequence[Check] = found_of(results[0]) or []
    before = [check for check in found_of(results[1]) or [] if check not in checks]
    of_both = notices_of(checks, counted_days(context)), notices_of(before, counted_days(context, compared_days))
    notices = [*of_both[0], *(compared(notice) for notice in of_both[1])]
    body = Notices(items=notices[:MOST])
    if not notices:
        body["nothing"] = clean(context)
    more = len(notices) - MOST
    body["action"] = Action(view="quality")
    body["action_label"] = f"Open data quality ({more} more)" if more > 0 else "Open data quality"
    sound = sound_sentence([*checks, *before]) if 0 < len(notices) < ROOM else ""
    return CardState(heading(len(notices), context), sound, body=body, table=twin([*checks, *before]))


def compared(notice: Notice) -> Notice:
    """Return a notice about the compared days, which says so."""
    return {**notice, "when": f"{notice['when']}, compared"}


def unchecked(context: Context) -> tuple[str, str] | None:
    """Return why there is nothing to check, for the heading and as a sentence; None where there is."""
    if context.store_days is None or counted_days(context):
        return None
    if any(map(context.filters.leaves_out, shown_days(context))):
        return "these days are left out", "All of these days are left out."
    return f"no data of {NO_DAYS}", f"The store holds no session of {NO_DAYS}."


def clean(context: Context) -> Nothing:
    """Return what was looked for without finding anything, each ticked off, or that there was nothing to look at."""
    if why := unchecked(context):
        return Nothing(icon="none", title="Nothing to check", text=why[1])
    return Nothing(icon="check", sound=[f"No {words}" for words in LOOKED_FOR.values()])


def heading(number: int, context: Context) -> str:
    """Return how much is to be settled, or that there is nothing to check."""
    why = None if number else unchecked(context)
    return f"Nothing to check: {why[0]}" if why else settle_sentence(number)


def twin(checks: Sequence[Check]) -> TableTwin | None:
    """Return every check as text; None when there is none."""
    if not checks:
        return None
    rows = tuple((days_of(check), tag_of(check)["label"], full_sentence(check)) for check in checks)
    return TableTwin("Data checks", ("Days", "Verdict", "What was found"), rows)


def full_sentence(check: Check) -> str:
    """Return the sentence of a check with its subject."""
    said = sentence(check)
    return f"{value_label(check.dimension, check.value)} {said}" if check.kind == "vanished" else said


def open_checks(results: Sequence[Result], context: Context) -> int:
    """Return the number of notices, for the rail."""
    return len(notices_of(found_of(results[0]) or []))


CHART = Card("checks", "Data checks", needs, update, renderer="notices", span=4, height=280, slow=True)
