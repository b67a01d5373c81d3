"""The filter bar as data: what is chosen, what can be, and why something cannot; read by `filterbar.js`."""

import datetime as dt
from typing import Any

from dashboard.ask import Held, compared_period, counted_days
from dashboard.cards import SHARED_SETTINGS
from dashboard.charts.words import joined
from dashboard.filters import chips
from dashboard.periods import (
    CUSTOM,
    MODES,
    OFF,
    comparison,
    missing_words,
    mode_title,
    preset_title,
    presets,
    relative_title,
    shown_days,
)
from dashboard.selection import Selection
from queries.funnel import Funnel


def filter_bar(selection: Selection, held: Held) -> dict[str, Any]:
    """Return the state of every control in the filter bar."""
    return {
        "chips": chips(selection),
        "dates": _dates(selection, held),
        "compare": _compare(selection, held),
        "funnel": _funnel(selection, held),
        "minimum": {"options": SHARED_SETTINGS["min_sessions"][0], "chosen": selection.shared_setting("min_sessions")},
        "resettable": not selection.filters.is_empty,
    }


def _dates(selection: Selection, held: Held) -> dict[str, Any]:
    if held.span is None:
        return {"label": "No days", "name": "", "presets": [], "first": "", "last": "", "from": "", "to": ""}
    shown = shown_days(*selection.chosen_within(held.span), held.span)
    all_days = selection.chosen_within(held.span) == (None, None)
    return {
        "label": shown.words,
        "name": relative_title(selection.period) if selection.period else "",
        "presets": [
            {
                "period": name,
                "title": preset_title(name, days) if days else "All days",
                "days": (days or held.span).words,
                "chosen": selection.period == name if name else all_days,
            }
            for name, days in presets(held.span)
        ],
        "first": held.span.first.isoformat(),
        "last": held.span.last.isoformat(),
        "from": shown.first.isoformat(),
        "to": shown.last.isoformat(),
        "missing": missing_words(shown, held.days),
        "left_out": [[day.isoformat() for day in span] for span in selection.left_out],
    }


def calendar_of(held: Held) -> dict[str, Any]:
    """Return the store's first day and the sessions of it and each following one, None for a day without an export."""
    span = held.span
    if span is None:
        return {"first": "", "sessions": []}
    days = (span.first + dt.timedelta(days=number) for number in range(span.length))
    return {"first": span.first.isoformat(), "sessions": [held.by_day.get(day) for day in days]}


def _compare(selection: Selection, held: Held) -> dict[str, Any]:
    now = compared_period(selection, held)
    offered = []
    if held.span is not None:
        shown, counted = shown_days(*selection.shown_within(held.span), held.span), counted_days(selection, held)
        for mode in MODES:
            offer = comparison(mode, shown, counted, selection.compared_days)
            missing = missing_words(offer.days, counted) if offer.days else ""
            words = ", ".join(part for part in (offer.days.words if offer.days else offer.reason, missing) if part)
            possible = bool(offer.days) or mode in (OFF, CUSTOM)
            offered.append({"mode": mode, "title": mode_title(mode, shown), "words": words, "possible": possible})
    return {
        "mode": now.mode if now.days or now.mode == CUSTOM else OFF,
        "label": now.days.words if now.days else "off",
        "reason": "" if now.days else now.reason,
        "options": offered,
        "from": now.days.first.isoformat() if now.days else "",
        "to": now.days.last.isoformat() if now.days else "",
    }


def _funnel(selection: Selection, held: Held) -> dict[str, Any]:
    chosen = selection.whole_funnel
    count = len(chosen.steps)
    taken = selection.steps or tuple(range(1, count + 1))
    label = chosen.name if len(taken) == count else f"{chosen.name}, {len(taken)} of {count} steps"
    return {
        "label": f"{label}, not in this export" if unmet_words(selection.funnel, held) else label,
        "name": chosen.name,
        "options": [
            {
                "name": funnel.name,
                "words": unmet_words(funnel, held) or " → ".join(step.name for step in funnel.steps),
                "possible": not unmet_words(funnel, held),
            }
            for funnel in selection.funnels
        ],
        "steps": [
            {"position": place, "name": step.name, "words": step.definition, "chosen": place in taken}
            for place, step in enumerate(chosen.steps, start=1)
        ],
    }


def unmet_words(funnel: Funnel, held: Held) -> str:
    """Return which steps of a funnel no session of the store can meet; empty when there are sessions for each."""
    names = [step.name for step in funnel.steps if step.column in held.unmet]
    return f"no session has {joined(names, 'or')}" if names and held.sessions else ""
