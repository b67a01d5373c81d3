"""The filters as a person sees them: the chips, the lists of values, and the words for dimensions and values."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.charts.words import value_label
from dashboard.format import count, date_range, day, rate
from dashboard.links import STEP
from dashboard.periods import Days, relative_title
from dashboard.selection import Selection
from queries.engine import Call, Cancel, Engine
from queries.vocabulary import DIMENSIONS, TITLES

FIRST_DIMENSIONS = ("device_category", "country", "source", "channel_group", "visitor_type")
"""Where most questions begin; the other dimensions follow in the order of the vocabulary."""
LISTED = 60
FOCUS = "days"
"""Stands in a chip for the name of a dimension."""

Value = tuple[str, str, int, str, str, str]
"""One line of a list: the value, its label, its sessions, its conversion rate in words, its dimension, and its mark:
"chosen", "excluded" or ""."""


def dimensions() -> list[dict[str, str]]:
    """Return every dimension with its title, the most used first."""
    names = (*FIRST_DIMENSIONS, *(name for name in DIMENSIONS if name not in FIRST_DIMENSIONS))
    return [{"name": name, "title": TITLES[name]} for name in names]


def listing(
    engine: Engine, dimension: str, text: str, selection: Selection, cancel: Cancel | None = None, *, most: int = LISTED
) -> dict[str, Any]:
    """Return one list as `filterpanel.js` reads it: `most` values, and marked ones however few sessions they have.

    Without a text it holds the values of one dimension, with one those of every dimension whose name or label holds it,
    whatever the case; sessions are counted under the filters on the other dimensions.
    """
    wanted = text.strip().lower()
    names = [each["name"] for each in dimensions()] if wanted else [dimension]
    filters = selection.filters
    answers = engine.run_many([Call("segments", filters.without(name), by=name) for name in names], cancel)
    marks = {name: _marks(selection, name) for name in names}
    values = [
        _value(name, row["segment"], row["sessions"], rate(row["conversion_rate"]), marks[name])
        for name, answer in zip(names, answers, strict=True)
        for row in answer.rows
    ]
    found = [line for line in values if wanted in line[0].lower() or wanted in line[1].lower()]
    found.sort(key=lambda line: -line[2])
    shown = [line for place, line in enumerate(found) if place < most or line[-1]]
    gone = [] if wanted else marks[dimension].keys() - {line[0] for line in values}
    shown += [_value(dimension, value, 0, "", marks[dimension]) for value in gone]
    return {"dimension": dimension, "text": text, "values": shown, "total": len(found)}


def _marks(selection: Selection, dimension: str) -> dict[str, str]:
    both = (("chosen", selection.include), ("excluded", selection.exclude))
    return {value: mark for mark, wanted in both for value in wanted.get(dimension, ())}


def _value(dimension: str, value: str, sessions: int, words: str, marks: Mapping[str, str]) -> Value:
    return value, value_label(dimension, value), sessions, words, dimension, marks.get(value, "")


def chips(selection: Selection) -> list[dict[str, Any]]:
    """Return the active filters in words: days and step clicked in a chart, days left out, wanted, unwanted values."""
    shown = []
    if selection.focus:
        title = "Day" if selection.focus.length == 1 else "Days"
        shown.append(_chip(FOCUS, title, False, [selection.focus.words]))
    if selection.left_out:
        days = [Days(*span) for span in selection.left_out]
        title = "Day" if len(days) == days[0].length == 1 else "Days"
        shown.append(_chip(FOCUS, title, True, [each.words for each in days]))
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
    verb = f"{'are' if title == 'Days' else 'is'}{' not' if exclude else ''}"
    said = {"verb": verb, "label": labels[0] + more, "values": ", ".join(labels)}
    return {"dimension": dimension, "title": title, "exclude": exclude, **said}


def filter_sentences(selection: Selection) -> list[str]:
    """Return each filter as words, days first: Last 3 days (5-7 Jul 2017); Country is United States."""
    said = []
    first, last = selection.shown_dates
    if first or last:
        words = days_in_words(first, last)
        relative = selection.period and not selection.focus
        said.append(f"{relative_title(selection.period)} ({words})" if relative else words)
    shown = [chip for chip in chips(selection) if chip["dimension"] != FOCUS or chip["exclude"]]
    said += [f"{chip['title']} {chip['verb']} {chip['values']}" for chip in shown]
    return said


def days_in_words(first: dt.date | None, last: dt.date | None) -> str:
    """Return a range of days that may be open at either end: 5-7 Jul 2017, from 5 Jul 2017, to 7 Jul 2017."""
    if first and last:
        return date_range(first, last)
    return f"from {day(first, year=True)}" if first else f"to {day(last, year=True)}"
