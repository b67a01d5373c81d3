"""The filter bar as data: what is chosen, what can be, and why something cannot; read by `filterbar.js`."""

import datetime as dt
from typing import Any

from dashboard.chart import SHARED_SETTINGS
from dashboard.compute import Held
from dashboard.filters import chips
from dashboard.format import date_range
from dashboard.periods import (
    CUSTOM,
    MODES,
    OFF,
    TITLES,
    Comparison,
    Days,
    comparison,
    missing_words,
    presets,
    shown_days,
)
from dashboard.selection import Selection


def compared_period(selection: Selection, held: Held) -> Comparison:
    """Return what the selection is compared with; without days and with the reason where it cannot be."""
    if held.span is None:
        return Comparison(selection.compare, None, "no data")
    shown = shown_days(selection.date_from, selection.date_to, held.span)
    return comparison(selection.compare, shown, held.days, selection.compared_days)


def controls(selection: Selection, held: Held) -> dict[str, Any]:
    """Return the state of every control in the filter bar."""
    return {
        "chips": chips(selection),
        "dates": _dates(selection, held),
        "compare": _compare(selection, held),
        "funnel": _funnel(selection),
        "minimum": {"options": SHARED_SETTINGS["min_sessions"][0], "chosen": selection.shared_setting("min_sessions")},
        "resettable": bool(selection.date_from or selection.date_to or selection.include or selection.exclude),
    }


def _dates(selection: Selection, held: Held) -> dict[str, Any]:
    if held.span is None:
        return {"label": "No days", "presets": [], "first": "", "last": "", "from": "", "to": "", "days": []}
    shown = shown_days(selection.date_from, selection.date_to, held.span)
    chosen = bool(selection.date_from or selection.date_to)
    offered = []
    for title, days in presets(held.span):
        offered.append({
            "title": title,
            "days": (days or held.span).words,
            "from": days.first.isoformat() if days else "",
            "to": days.last.isoformat() if days else "",
            "chosen": (days == shown and chosen) if days else not chosen,
        })  # fmt: skip
    return {
        "label": shown.words,
        "presets": offered,
        "first": held.span.first.isoformat(),
        "last": held.span.last.isoformat(),
        "from": shown.first.isoformat(),
        "to": shown.last.isoformat(),
        "missing": missing_words(shown, held.days),
        "days": _strip(held, shown),
    }


def _strip(held: Held, shown: Days) -> list[tuple[str, float | None, bool]]:
    """Return the sessions of the store by day, or by stretch of days, as shares of the most; None without an export."""
    span = held.span
    if span is None:
        return []
    length = -(-span.length // 92)
    parts = []
    for start in range(0, span.length, length):
        days = [span.first + dt.timedelta(days=start + number) for number in range(length)]
        days = [day for day in days if day <= span.last]
        known = [held.by_day[day] for day in days if day in held.by_day]
        inside = shown.first <= days[-1] and days[0] <= shown.last
        parts.append((days, sum(known) / len(known) if known else None, inside))
    top = max((mean for _, mean, _ in parts if mean), default=1)
    return [
        (date_range(days[0], days[-1]), None if mean is None else mean / top, inside) for days, mean, inside in parts
    ]


def _compare(selection: Selection, held: Held) -> dict[str, Any]:
    now = compared_period(selection, held)
    offered = []
    if held.span is not None:
        shown = shown_days(selection.date_from, selection.date_to, held.span)
        for mode in MODES:
            offer = comparison(mode, shown, held.days, selection.compared_days)
            missing = missing_words(offer.days, held.days) if offer.days else ""
            words = ", ".join(part for part in (offer.days.words if offer.days else offer.reason, missing) if part)
            possible = bool(offer.days) or mode in (OFF, CUSTOM)
            offered.append({"mode": mode, "title": TITLES[mode], "words": words, "possible": possible})
    return {
        "mode": now.mode if now.days or now.mode == CUSTOM else OFF,
        "label": now.days.words if now.days else f"off, {now.reason}" if now.reason else "off",
        "options": offered,
        "from": now.days.first.isoformat() if now.days else "",
        "to": now.days.last.isoformat() if now.days else "",
    }


def _funnel(selection: Selection) -> dict[str, Any]:
    chosen = selection.whole_funnel
    count = len(chosen.steps)
    taken = selection.steps or tuple(range(1, count + 1))
    label = chosen.name if len(taken) == count else f"{chosen.name}, {len(taken)} of {count} steps"
    return {
        "label": label,
        "name": chosen.name,
        "options": [
            {"name": funnel.name, "words": " → ".join(step.name for step in funnel.steps)}
            for funnel in selection.funnels
        ],
        "steps": [
            {"position": place, "name": step.name, "words": step.definition, "chosen": place in taken}
            for place, step in enumerate(chosen.steps, start=1)
        ],
    }
