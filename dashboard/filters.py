"""The filters as a person sees them: the chips, the lists of values, and the words for dimensions and values."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from dashboard.charts.words import value_label
from dashboard.format import count, date_range, day, rate
from dashboard.periods import relative_title
from dashboard.selection import STEP, Selection
from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.vocabulary import DIMENSIONS, TITLES

FIRST_DIMENSIONS = ("device_category", "country", "source", "channel_group", "visitor_type")
"""Where most questions begin; the other dimensions follow in the order of the vocabulary."""
LISTED = 60
FOCUS = "days"
"""Stands in a chip for the name of a dimension."""

Value = tuple[str, str, int, str]
"""One line of a list: the value, its label, its sessions, its conversion rate in words."""


def dimensions() -> list[dict[str, str]]:
    """Return every dimension with its title, the most used first."""
    names = (*FIRST_DIMENSIONS, *(name for name in DIMENSIONS if name not in FIRST_DIMENSIONS))
    return [{"name": name, "title": TITLES[name]} for name in names]


def values_of(engine: Engine, dimension: str, filters: Filters, cancel: Cancel | None = None) -> list[Value]:
    """Return the values of a dimension with their sessions under the other filters, most sessions first."""
    rows = engine.run("segments", filters.without(dimension), by=dimension, cancel=cancel).rows
    return [
        (row["segment"], value_label(dimension, row["segment"]), row["sessions"], rate(row["conversion_rate"]))
        for row in rows
    ]


def matching(values: Sequence[Value], text: str) -> list[Value]:
    """Return the values whose name or label holds the text, whatever the case."""
    wanted = text.strip().lower()
    return [line for line in values if wanted in line[0].lower() or wanted in line[1].lower()]


def listing(dimension: str, values: Sequence[Value], text: str, selection: Selection) -> dict[str, Any]:
    """Return one list as `filterbar.js` reads it: chosen values first, then the largest that match."""
    chosen = selection.include.get(dimension, ())
    excluded = selection.exclude.get(dimension, ())
    marked = {*chosen, *excluded}
    found = matching(values, text)
    gone = [(value, value_label(dimension, value), 0, "") for value in marked - {line[0] for line in values}]
    shown = [line for place, line in enumerate(found) if place < LISTED or line[0] in marked]
    return {
        "dimension": dimension,
        "text": text,
        "values": [*shown, *([] if text.strip() else gone)],
        "total": len(found),
        "chosen": chosen,
        "excluded": excluded,
    }


def chips(selection: Selection) -> list[dict[str, Any]]:
    """Return the active filters in words: days and step clicked in a chart, wanted values, then unwanted ones."""
    shown = []
    if selection.focus:
        title = "Day" if selection.focus.length == 1 else "Days"
        shown.append(_chip(FOCUS, title, False, [selection.focus.words]))
    filters = selection.filters
    if filters.reached or filters.missed:
        shown.append(_chip(STEP, "Step reached", selection.missed_step, [selection.step]))
    for exclude, wanted in ((False, selection.include), (True, selection.exclude)):
        for dimension, values in wanted.items():
            labels = [value_label(dimension, value) for value in values]
            shown.append(_chip(dimension, TITLES[dimension], exclude, labels))
    return shown


def _chip(dimension: str, title: str, exclude: bool, labels: Sequence[str]) -> dict[str, Any]:
    more = f" +{count(len(labels) - 1)}" if len(labels) > 1 else ""
    said = {"label": labels[0] + more, "values": ", ".join(labels)}
    return {"dimension": dimension, "title": title, "exclude": exclude, **said}


def filter_sentences(selection: Selection) -> list[str]:
    """Return each filter as words, days first: Last 3 days (5-7 Jul 2017); Country is United States."""
    said = []
    first, last = selection.dates
    if first or last:
        words = days_in_words(first, last)
        relative = selection.period and not selection.focus
        said.append(f"{relative_title(selection.period)} ({words})" if relative else words)
    shown = [chip for chip in chips(selection) if chip["dimension"] != FOCUS]
    said += [f"{chip['title']} {'is not' if chip['exclude'] else 'is'} {chip['values']}" for chip in shown]
    return said


def days_in_words(first: dt.date | None, last: dt.date | None) -> str:
    """Return a range of days that may be open at either end: 5-7 Jul 2017, from 5 Jul 2017, to 7 Jul 2017."""
    if first and last:
        return date_range(first, last)
    return f"from {day(first, year=True)}" if first else f"to {day(last, year=True)}"
