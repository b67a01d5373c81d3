"""Sessions without a value: the share of (not set) of each dimension, day by day."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.boards import Heat, HeatCell, HeatRow
from dashboard.body import LegendItem
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.strips import columns_of, labels_of
from dashboard.charts.words import Row, blank_days, blank_word, empty_sentence, joined, part_of, stretch_label
from dashboard.format import DASH, exact, rate, share
from queries.engine import Result
from queries.vocabulary import DIMENSIONS, TITLES

BREAKS = (0.001, 0.01, 0.05, 0.2, 0.5, 0.95)
NOTE = (
    "A stronger colour means a larger share of sessions for which the export gives no value; the palest is none. "
    "Hatched: no export holds the day."
)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the sessions without a value."""
    return (Need("not_set_by_day"),)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a strip of days for each dimension, the emptiest first."""
    days = {row["session_date"]: row for row in results[0].rows}
    if not days:
        return CardState("No sessions to look at", empty=empty_sentence(context))
    columns = columns_of(context, list(days))
    blank = blank_days(context, set(days))
    sessions = sum(row["sessions"] for row in days.values())
    shares = {name: sum(row[name] for row in days.values()) / sessions for name in DIMENSIONS}
    order = sorted(DIMENSIONS, key=lambda name: -shares[name])
    drawn = [name for name in order if shares[name] < 1] or order
    rows = [
        HeatRow(
            label=TITLES[name],
            cells=[_cell(name, stretch, days, blank, context) for stretch in columns],
            text=rate(shares[name]),
        )
        for name in drawn
    ]
    absent = [TITLES[name].lower() for name in order if name not in drawn]
    legend = [
        LegendItem(label="0 %", color="sequential-0"),
        LegendItem(label="5 to 20 %", color="sequential-3"),
        LegendItem(label="over 95 %", color="sequential-6"),
        LegendItem(label="no export", shape="hatch"),
    ]
    body = Heat(caption="Share of sessions without a value", columns=labels_of(columns), rows=rows, legend=legend)
    twin = TableTwin(
        "Sessions without a value",
        ("Dimension", "Sessions without", "Of sessions", "Share"),
        tuple(
            (TITLES[name], exact(sum(row[name] for row in days.values())), exact(sessions), rate(shares[name]))
            for name in order
        ),
        (False, True, True, True),
    )
    note = f"{NOTE} In no export here, and so without a strip: {joined(absent)}." if absent else NOTE
    return CardState(heading(shares), note, body=body, table=twin)


def _cell(
    name: str, stretch: Sequence[dt.date], days: Mapping[dt.date, Row], blank: set[dt.date], context: Context
) -> HeatCell:
    held = [days[date] for date in stretch if date in days]
    if blank.issuperset(stretch) or not held:
        none = blank_word(context, stretch) if blank.issuperset(stretch) else "no session"
        return HeatCell(level=None, title=f"{stretch_label(stretch)}: {none}")
    part, whole = sum(row[name] for row in held), sum(row["sessions"] for row in held)
    fraction = part / whole
    title = f"{TITLES[name]}, {stretch_label(stretch)}: {share(fraction)} without a value ({part_of(part, whole)})"
    return HeatCell(level=sum(fraction >= edge for edge in BREAKS), title=title)


def heading(shares: Mapping[str, float]) -> str:
    """Return which dimensions no export carries, and the emptiest of the others."""
    absent = [TITLES[name].lower() for name, fraction in shares.items() if fraction >= 1]
    others = {name: fraction for name, fraction in shares.items() if fraction < 1}
    if not others:
        return "No dimension has a value in any session"
    worst = max(others, key=lambda name: others[name])
    if others[worst] == 0:
        rest = "Every session has a value in every dimension that the exports carry" if absent else (
            "Every session has a value in every dimension"
        )  # fmt: skip
    else:
        rest = f"{TITLES[worst]} is (not set) in {share(others[worst])} of sessions"
    if not absent:
        return rest if others[worst] == 0 else f"{rest}, more than any other dimension"
    names = joined(absent) if len(absent) <= 3 else f"{len(absent)} of {len(shares)} dimensions"
    return f"{rest}; {names} {'is' if len(absent) == 1 else 'are'} in no export here {DASH}".removesuffix(f" {DASH}")


CHART = Card("not_set", "Sessions without a value", needs, update, renderer="heat", span=12, height=300)
