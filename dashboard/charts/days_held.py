"""What the store holds day by day: sessions, with days that no export holds hatched and odd days marked."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.boards import Heat, HeatCell, HeatRow
from dashboard.body import LegendItem
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.check_words import columns_of as columns_lacking
from dashboard.charts.checks import NEED as CHECKS
from dashboard.charts.strips import columns_of, labels_of
from dashboard.charts.words import (
    blank_days,
    blank_word,
    days_of,
    empty_sentence,
    joined,
    missing_days,
    stretch_label,
)
from dashboard.format import DASH, count, day, exact, plural
from queries.check import Check
from queries.engine import Result
from queries.judged import found_of

NOTE = (
    "A stronger colour means more sessions; hatched: no export holds the day. An exclamation mark stands on days "
    "that a data check is about. Days are those of the property's own time zone."
)
LACKS = "a column is not in the export"
ROWS = (("sessions", "Sessions"), ("conversions", "Converted sessions"))


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the days of the selection and for the data checks."""
    return Need("trend"), CHECKS


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return one strip for sessions and one for converted sessions."""
    days = {row["session_date"]: row for row in results[0].rows}
    if not days:
        return CardState("No days to show", empty=empty_sentence(context))
    checks: Sequence[Check] = found_of(results[1]) or []
    columns = columns_of(context, list(days))
    missing, blank = missing_days(context, set(days)), blank_days(context, set(days))
    rows = []
    for name, label in ROWS:
        sums = [sum(days[date][name] for date in stretch if date in days) for stretch in columns]
        means = [total / max(sum(date in days for date in part), 1) for total, part in zip(sums, columns, strict=True)]
        top = max(means) or 1
        cells = []
        for stretch, number, mean in zip(columns, sums, means, strict=True):
            if blank.issuperset(stretch):
                cells.append(HeatCell(level=None, title=f"{stretch_label(stretch)}: {blank_word(context, stretch)}"))
                continue
            title = f"{stretch_label(stretch)}: {exact(number)} {label.lower()}"
            cell = HeatCell(level=min(6, int(7 * mean / top)), title=title)
            here = [check for check in checks if any(check.first <= date <= check.last for date in stretch)]
            if any(check.verdict != "missing" or check.kind == "missing" for check in here):
                cell["mark"] = "!"
                cell["title"] += ", see the data checks"
            if bare := [columns_lacking(check) for check in here if check.kind == "not exported"]:
                cell["lacks"] = True
                cell["title"] += f"; no session has {joined(bare)}: not in the export"
            cells.append(cell)
        rows.append(HeatRow(label=label, cells=cells, text=count(sum(sums))))
    legend = [
        LegendItem(label="fewest", color="sequential-0"),
        LegendItem(label="most", color="sequential-6"),
        LegendItem(label="no export, or left out" if blank - missing else "no export", shape="hatch"),
    ]
    if any(check.kind == "not exported" for check in checks):
        legend.append(LegendItem(label=LACKS, shape="line"))
    body = Heat(caption="Days in the store", columns=labels_of(columns), rows=rows, legend=legend)
    twin = TableTwin(
        "Days in the store",
        ("Day", "Sessions", "Converted"),
        tuple(
            (day(date, year=True), *(exact(days[date][name]) if date in days else DASH for name, _ in ROWS))
            for date in days_of(context) or sorted(days)
        ),
        (False, True, True),
    )
    each = len(columns[0])
    said = NOTE if each == 1 else f"A cell is {each} days, coloured by their mean. {NOTE}"
    left_out = len(blank - missing)
    return CardState(heading(len(days) + left_out, len(missing), context, left_out), said, body=body, table=twin)


def heading(held: int, missing: int, context: Context, left_out: int = 0) -> str:
    """Return how many days have sessions, how many are missing, and how many are left out."""
    if left_out:
        return f"{heading(held, missing, context)}; {count(left_out)} {'is' if left_out == 1 else 'are'} left out here"
    if missing:
        return (
            f"{count(held)} of {plural(held + missing, 'day')} are in the store, {count(missing)} "
            f"{'is' if missing == 1 else 'are'} missing"
        )
    return f"All {plural(held, 'day')} are in the store" if held > 1 else "One day is in the store"


CHART = Card("days_held", "Days in the store", needs, update, renderer="heat", span=12, height=90)
