"""The strip of key figures: sessions, converted sessions, conversion rate, revenue, revenue per session."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboard.body import KpiCell, Kpis
from dashboard.chart import CardState, Chart, Context, Need, TableTwin
from dashboard.charts.words import Row, days_of, empty_sentence, missing_days, part_of, stretch_label, stretches
from dashboard.format import DASH, count, decimal, exact, money, plural, rate, rate_range, share
from queries.engine import Result

MOST_BARS = 31
DOMINATING_SHARE = 0.1


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the totals and for the days."""
    return Need("overview"), Need("trend")


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the five cells; dashes in every one of them for an empty selection."""
    totals, days = results[0].rows[0], results[1].rows
    cells = cells_of(totals, days, context)
    table = TableTwin(
        "Key figures",
        ("Figure", "Value", "95 % interval and context"),
        tuple((cell["label"], cell.get("exact", cell["value"]), _context(cell)) for cell in cells),
        (False, True, False),
    )
    heading = empty_sentence(context) if not totals["sessions"] else "Key figures"
    return CardState(heading, body=Kpis(cells=cells), table=table)


def _context(cell: KpiCell) -> str:
    return "; ".join(text for text in (cell.get("interval", ""), cell.get("detail", "")) if text)


def cells_of(totals: Row, days: Sequence[Row], context: Context) -> list[KpiCell]:
    """Return the cells in order: counts, the rate with its interval, and money with what dominates it."""
    cells = [*count_cells(totals, days, context), *money_cells(totals)]
    for cell, measure in zip(cells, _MEASURES, strict=True):
        cell["bars"], cell["bar_titles"] = day_bars(days, context, *measure)
    return cells


def count_cells(totals: Row, days: Sequence[Row], context: Context) -> list[KpiCell]:
    """Return sessions, converted sessions, and the rate between them with its interval."""
    sessions, conversions, empty = totals["sessions"], totals["conversions"], not totals["sessions"]
    interval = rate_range(totals["conversion_rate_low"], totals["conversion_rate_high"])
    return [
        KpiCell(
            label="Sessions",
            value=DASH if empty else count(sessions),
            exact=exact(sessions),
            interval=days_shown(days, context),
            detail="" if empty else a_day(sessions, totals["days"]),
        ),
        KpiCell(
            label="Converted sessions",
            value=DASH if empty else count(conversions),
            exact=exact(conversions),
            interval="" if empty else plural(totals["transactions"], "order"),
            detail="" if empty else a_day(conversions, totals["days"]),
        ),
        KpiCell(
            label="Conversion rate",
            value=rate(totals["conversion_rate"]),
            interval="" if empty else f"95\u202f% interval {interval}",
            detail="" if empty else part_of(conversions, sessions),
            first_on_phone=True,
        ),
    ]


def money_cells(totals: Row) -> list[KpiCell]:
    """Return revenue, with the order that dominates it if one does, and revenue per session."""
    empty, revenue = not totals["sessions"], totals["revenue"]
    return [
        KpiCell(
            label="Revenue",
            value=DASH if empty else money(revenue),
            exact=money(revenue, cents=True),
            interval="" if empty else f"{money(totals['revenue_per_conversion'], cents=True)} a converted session",
            detail=dominating(totals),
        ),
        KpiCell(
            label="Revenue per session",
            value=money(totals["revenue_per_session"], cents=True),
            interval="" if empty else "mean of all sessions",
            detail="" if empty else f"carried by {plural(totals['transactions'], 'order')}",
        ),
    ]


def a_day(total: float, days: int) -> str:
    """Return a total per day with sessions: 2,000 a day."""
    mean = total / days if days else 0
    return f"{count(mean) if mean >= 100 else decimal(mean)} a day"


def days_shown(days: Sequence[Row], context: Context) -> str:
    """Return how many days are shown, and how many of them have no export: 5 days, 1 missing."""
    if not days:
        return ""
    missing = len(missing_days(context, {row["session_date"] for row in days}))
    asked = len(days_of(context)) or len(days)
    return plural(asked, "day") + (f", {count(missing)} missing" if missing else "")


def dominating(totals: Row) -> str:
    """Return the words for one session that carries the revenue; empty when none does."""
    largest, revenue, conversions = totals["largest_revenue"], totals["revenue"], totals["conversions"]
    if not revenue or not largest or largest / revenue < max(DOMINATING_SHARE, 3 / max(conversions, 1)):
        return ""
    what = "order" if totals["transactions"] == conversions else "buyer"
    return f"one {what} ({money(largest)}) is {share(largest / revenue)} of it"


Measure = tuple[Callable[[Row], float | None], Callable[[float | None], str]]


def _per_session(row: Row) -> float | None:
    return row["revenue"] / row["sessions"] if row["sessions"] else None


_MEASURES: tuple[Measure, ...] = (
    (lambda row: row["sessions"], count),
    (lambda row: row["conversions"], count),
    (lambda row: row["conversions"] / row["sessions"] if row["sessions"] else None, rate),
    (lambda row: row["revenue"], money),
    (_per_session, lambda value: money(value, cents=True)),
)


def day_bars(
    days: Sequence[Row],
    context: Context,
    measure: Callable[[Row], float | None],
    shown: Callable[[float | None], str],
) -> tuple[list[float | None], list[str]]:
    """Return one bar per day as a fraction of the largest, and their hover texts; None for a day without an export.

    More than 31 days are drawn as stretches of equal length, the last one possibly shorter.
    """
    rows = {row["session_date"]: row for row in days}
    missing = missing_days(context, set(rows))
    parts = stretches(days_of(context), MOST_BARS)
    gaps = [missing.issuperset(part) for part in parts]
    values = [None if gap else measure(_total(rows, part)) for part, gap in zip(parts, gaps, strict=True)]
    top = max((value for value in values if value), default=1)
    bars = [None if gap else (value or 0) / top for value, gap in zip(values, gaps, strict=True)]
    titles = [
        f"{stretch_label(part)}: {'no export' if gap else shown(value)}"
        for part, value, gap in zip(parts, values, gaps, strict=True)
    ]
    return bars, titles


def _total(rows: Mapping[dt.date, Row], stretch: Sequence[dt.date]) -> dict[str, float]:
    held = [rows[date] for date in stretch if date in rows]
    return {name: sum(row[name] for row in held) for name in ("sessions", "conversions", "revenue")}


CHART = Chart("kpis", "Key figures", needs, update, renderer="kpis", height=96)
