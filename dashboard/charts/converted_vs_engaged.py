"""Converted sessions beside engaged ones without an order: pages seen and time spent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboard.body import Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.words import FEW_SESSIONS, Row, empty_sentence
from dashboard.format import DASH, THIN, count, decimal, exact, plural, seconds
from queries.engine import Result

CONVERTED, ENGAGED = "converted", "engaged, no order"
NOTE = (
    "Engaged: five pageviews or more. Part of both differences is the checkout itself: its pages and its minutes are "
    "counted. A few long sessions pull an average up; a median is the session in the middle. Buying takes time, so "
    "this is no advice to keep people longer."
)
MEASURES: tuple[tuple[str, str, Callable[[float | None], str], Callable[[float | None], str]], ...] = (
    ("Sessions", "sessions", count, exact),
    ("Mean pageviews", "mean_pageviews", decimal, lambda value: decimal(value, 2)),
    ("Median pageviews", "median_pageviews", lambda value: _median(value), lambda value: _median(value)),
    ("Mean duration", "mean_duration_seconds", seconds, lambda value: _exact_seconds(value)),
    ("Median duration", "median_duration_seconds", seconds, lambda value: _exact_seconds(value)),
)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the two groups."""
    return (Need("converted_vs_engaged"),)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the two groups side by side, with the sentence on their means."""
    groups = {row["visit_group"]: row for row in results[0].rows}
    if not groups:
        return CardState("No engaged sessions to compare", empty=_empty(context))
    table = TableTwin(
        "Converted against engaged sessions without an order",
        ("Measure", "Converted", "Engaged, no order"),
        tuple(
            (label, *(full(_value(groups, group, column)) for group in (CONVERTED, ENGAGED)))
            for label, column, _, full in MEASURES
        ),
        (False, True, True),
    )
    rows = [
        BodyRow(
            cells=[
                Cell(text=label),
                *(
                    Cell(text=shown(_value(groups, group, column)), title=full(_value(groups, group, column)))
                    for group in (CONVERTED, ENGAGED)
                ),
            ]
        )
        for label, column, shown, full in MEASURES
    ]
    columns = [
        TableColumn(label="Measure"),
        TableColumn(label="Converted", align="right"),
        TableColumn(label="Engaged, no order", align="right"),
    ]
    body = Table(caption=table.caption, columns=columns, rows=rows)
    return CardState(heading(groups), f"{NOTE} {unmeasured(groups)}".strip(), body=body, table=table)


def heading(groups: Mapping[str, Row]) -> str:
    """Return the two means in words, or that one group is too small to be compared."""
    converted, engaged = groups.get(CONVERTED), groups.get(ENGAGED)
    if not converted:
        return (
            f"No session converted: {plural(engaged['sessions'] if engaged else 0, 'engaged session')} without an order"
        )
    if not engaged:
        return f"All {plural(converted['sessions'], 'engaged session')} converted: nothing to compare with"
    for row, what in ((converted, "converted session"), (engaged, "engaged session")):
        if row["sessions"] < FEW_SESSIONS:
            rest = " without an order" if row is engaged else ""
            return f"Only {plural(row['sessions'], what)}{rest}: too few to compare"
    ours, theirs = decimal(converted["mean_pageviews"], 0), decimal(engaged["mean_pageviews"], 0)
    if converted["mean_duration_seconds"] is None or engaged["mean_duration_seconds"] is None:
        return f"On average buyers look at {ours} pages, engaged others at {theirs}; durations are not in this export"
    long, short = _minutes(converted["mean_duration_seconds"]), _minutes(engaged["mean_duration_seconds"])
    return f"On average buyers look at {ours} pages and stay {long}; engaged others {theirs} pages, {short}"


def unmeasured(groups: Mapping[str, Row]) -> str:
    """Return how many sessions have no measured duration and are left out of its means; empty when all have one."""
    missing = sum(row["sessions"] - row["sessions_with_duration"] for row in groups.values())
    return f"Durations leave out {plural(missing, 'session')} without one." if missing else ""


def _value(groups: Mapping[str, Row], group: str, column: str) -> float | None:
    row = groups.get(group)
    return (0 if column == "sessions" else None) if row is None else row[column]


def _minutes(duration: float) -> str:
    minutes = round(duration / 60)
    return seconds(duration) if duration < 60 else "1 minute" if minutes == 1 else f"{minutes} minutes"


def _median(value: float | None) -> str:
    return decimal(value, 0 if value is None or float(value).is_integer() else 1)


def _exact_seconds(value: float | None) -> str:
    return DASH if value is None else f"{exact(value)}{THIN}s"


def _empty(context: Context) -> str:
    if context.filters.is_empty:
        return "No session has five pageviews or an order."
    return empty_sentence(context).replace("No sessions match", "No engaged or converted sessions match", 1)


CHART = Card(
    "converted_vs_engaged",
    "Converted against engaged without an order",
    needs,
    update,
    renderer="rows",
    span=6,
    height=220,
)
