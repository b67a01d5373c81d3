"""The filters as a person sees them: the sidebar's lists, the chips, and the words for dimensions and values."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import param
from panel.custom import JSComponent

from dashboard.card import stylesheet
from dashboard.charts.words import value_label
from dashboard.format import count, date_range, day
from dashboard.selection import Selection
from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.vocabulary import TITLES

SIDEBAR_DIMENSIONS = ("device_category", "country", "source", "channel_group", "visitor_type")
OPEN_AT_FIRST = ("device_category", "country")
LISTED = 40
FOUND = 40

Value = tuple[str, str, int]
"""One line of a list: the value, its label, its sessions."""


class FilterPanel(JSComponent):
    """Draw the sidebar; the parameters are described at the top of `filters.js`."""

    views = param.String(default="[]")
    fields = param.String(default="")
    mode = param.String(default="light")

    _bundle = "filters.js"
    _js = ["dom.js"]
    _stylesheets = [stylesheet("filters.css")]

    def __init__(self, on_action: Callable[[dict[str, Any]], None], **params: Any) -> None:
        """Take the function that acts on messages."""
        super().__init__(**params)
        self._on_action = on_action

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict):
            self._on_action(data)

    def reply(self, message: dict[str, Any]) -> None:
        """Send this viewer's browser what a search found."""
        self._send_msg(message)


def label_of(dimension: str, value: str) -> str:
    """Return a value in words: United States, Desktop, New; anything else as the export gives it."""
    if dimension in ("device_category", "visitor_type") and value.islower():
        return value.capitalize()
    return value_label(dimension, value)


def values_of(engine: Engine, dimension: str, filters: Filters, cancel: Cancel | None = None) -> list[Value]:
    """Return the values of a dimension with their sessions under the other filters, most sessions first."""
    rows = engine.run("segments", filters.without(dimension), by=dimension, cancel=cancel).rows
    return [(row["segment"], label_of(dimension, row["segment"]), row["sessions"]) for row in rows]


def matching(values: Sequence[Value], text: str) -> list[Value]:
    """Return the first values whose name or label holds the text, whatever the case."""
    wanted = text.strip().lower()
    return [line for line in values if wanted in line[0].lower() or wanted in line[1].lower()][:FOUND]


def field(dimension: str, values: Sequence[Value], selection: Selection) -> dict[str, Any]:
    """Return one list of the sidebar as `filters.js` reads it."""
    chosen = selection.include.get(dimension, ())
    excluded = selection.exclude.get(dimension, ())
    return {
        "name": dimension,
        "title": TITLES[dimension],
        "open": dimension in OPEN_AT_FIRST or bool(chosen or excluded),
        "total": len(values),
        "values": [line for place, line in enumerate(values) if place < LISTED or line[0] in chosen],
        "chosen": chosen,
        "excluded": excluded,
        "labels": {value: label_of(dimension, value) for value in (*chosen, *excluded)},
    }


def dates_field(selection: Selection, first: dt.date | None, last: dt.date | None) -> dict[str, Any]:
    """Return the range of days as `filters.js` reads it: what can be chosen and what is."""
    start, end = selection.date_from or first, selection.date_to or last
    return {
        "first": first.isoformat() if first else "",
        "last": last.isoformat() if last else "",
        "from": start.isoformat() if start else "",
        "to": end.isoformat() if end else "",
        "chosen": bool(selection.date_from or selection.date_to),
    }


def chips(selection: Selection) -> list[dict[str, Any]]:
    """Return the active filters in words: days first, then wanted, then unwanted values."""
    shown = []
    if selection.date_from or selection.date_to:
        text = days_in_words(selection.date_from, selection.date_to)
        shown.append({"dimension": "dates", "title": "Days", "exclude": False, "label": text, "values": text})
    for exclude, wanted in ((False, selection.include), (True, selection.exclude)):
        for dimension, values in wanted.items():
            labels = [label_of(dimension, value) for value in values]
            more = f" +{count(len(labels) - 1)}" if len(labels) > 1 else ""
            shown.append({
                "dimension": dimension,
                "title": TITLES[dimension],
                "exclude": exclude,
                "label": labels[0] + more,
                "values": ", ".join(labels),
            })  # fmt: skip
    return shown


def days_in_words(first: dt.date | None, last: dt.date | None) -> str:
    """Return a range of days that may be open at either end: 5-7 Jul 2017, from 5 Jul 2017, to 7 Jul 2017."""
    if first and last:
        return date_range(first, last)
    return f"from {day(first, year=True)}" if first else f"to {day(last, year=True)}"
