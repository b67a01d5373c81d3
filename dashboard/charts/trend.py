"""Conversion rate by day, week or month with its intervals over its sessions, beside or above a compared period."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from dashboard.annotations import annotations
from dashboard.body import Action
from dashboard.chart import CardState, Chart, Context, Need, TableTwin
from dashboard.charts import figures
from dashboard.charts.trend_columns import columns, cut_words, ticks
from dashboard.charts.trend_figure import build
from dashboard.charts.trend_level import mean_words
from dashboard.charts.trend_periods import DAILY, UNITS, Period, moment, periods_of
from dashboard.charts.trend_scene import BELOW, Scene, scene_of
from dashboard.charts.trend_words import LINE_FROM, against, began, heading, note, step_of, within
from dashboard.charts.words import (
    FEW_SESSIONS,
    Row,
    blank_days,
    blank_word,
    compared_days,
    days_of,
    empty_sentence,
    left_out_words,
    missing_days,
    sentence_range,
)
from dashboard.format import DASH, count, date_range, day, exact, money, rate
from queries.engine import Result

MOST_NOTES = 8


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the days, shown and compared, and for what people noted about days."""
    return Need("trend"), Need("trend", compared=True), Need("annotations", compute=annotations)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the periods as two aligned panels, with the sentence on how far they differ."""
    rows = results[0].rows
    if not rows:
        return CardState("No day to show", empty=empty_sentence(context))
    unit = context.settings.get("unit", DAILY)
    asked = days_of(context) or [row["session_date"] for row in rows]
    missing = missing_days(context, {row["session_date"] for row in rows})
    blank = blank_days(context, {row["session_date"] for row in rows})
    shown = periods_of(rows, asked, blank, unit, partial(blank_word, context))
    before = _before(results[1].rows if len(results) > 1 else [], context, unit)
    notes = [(row["session_date"], row["text"]) for row in (results[2].rows if len(results) > 2 else [])]
    labels = figures.rate_ticks(highest_shown([*shown, *before]))
    scene = scene_of(shown, before, labels[0][-1], notes, context.focus, None if before else step_of(rows))
    drawn = [*(before if scene.beside else ()), *shown]
    models: dict[str, Mapping[str, Any]] = {
        "trend-x": {"start": scene.start, "end": scene.end},
        **figures.panel_models("trend", "trend-sessions", scene.top, max(period.sessions for period in drawn) * 1.25),
        "trend-y": {"start": BELOW * scene.top, "end": scene.ceiling},
        **figures.tick_models("trend-y", *labels),
        **figures.tick_models("trend-x", *ticks(scene)),
    }
    return CardState(
        _heading(rows, shown, results[1].rows if before else [], before),
        " ".join(
            part
            for part in (
                note(shown, asked, missing, laid(scene), left_out_words(context.filters)),
                mean_words(scene),
                cut_words(scene),
                noted(notes, scene.start, scene.end),
            )
            if part
        ),
        sources=columns(scene),
        models=models,
        table=table_twin(before, shown),
    )


def _before(rows: Sequence[Row], context: Context, unit: str) -> list[Period]:
    days = compared_days(context)
    if not rows or not days:
        return []
    held = context.store_days if context.store_days is not None else {row["session_date"] for row in rows}
    blank = {date for date in days if date not in held or context.filters.leaves_out(date)}
    return periods_of(rows, days, blank, unit, partial(blank_word, context))


def _heading(rows: Sequence[Row], shown: Sequence[Period], past: Sequence[Row], before: Sequence[Period]) -> str:
    if before:
        held = [period for period in shown if not period.is_gap]
        since = began([*past, *rows], shown, before) if len(past) + len(rows) >= LINE_FROM else ""
        return against(held, before) + (since or within(rows))
    if shown[0].unit == DAILY:
        return heading(rows)
    complete = [period for period in shown if period.is_complete and period.sessions]
    return heading(rows, [row_of(period) for period in complete or shown])


def row_of(period: Period) -> dict[str, Any]:
    """Return a week or a month as a row of counts that has a name."""
    low, high = period.interval
    return {
        "session_date": period.first,
        "last": period.last,
        "unit": period.unit,
        "name": period.name,
        "sessions": period.sessions,
        "conversions": period.conversions,
        "conversion_rate": period.rate,
        "conversion_rate_low": low,
        "conversion_rate_high": high,
        "revenue": period.revenue,
    }


def highest_shown(periods: Sequence[Period]) -> float:
    """Return the highest rate the scale must hold: every rate, and the intervals of periods large enough to read.

    Where none is large enough, it holds the intervals of all.
    """
    enough = [period for period in periods if period.sessions >= FEW_SESSIONS] or periods
    large = [period.interval[1] or 0 for period in enough]
    return max([*large, *(period.rate or 0 for period in periods)], default=0.01) or 0.01


def laid(scene: Scene) -> str:
    """Return how the compared periods are drawn, and how many are not; empty when nothing is compared."""
    before = scene.before
    if not before:
        return ""
    words = date_range(before[0].first, before[-1].last)
    if scene.beside:
        return f"Grey: {words}."
    unit = before[0].unit
    how = "each under the same weekday" if unit == DAILY else "in their order"
    drawn = [period for period, _ in scene.laid]
    left = sum(period not in drawn and not period.is_gap for period in before)
    verb = "falls" if left == 1 else "fall"
    rest = f" {count(left)} of its {unit.lower()}s {verb} outside the picture: counted, not drawn."
    return f"Grey, dashed: {words}, {how}.{rest if left else ''}"


def noted(notes: Sequence[tuple[dt.date, str]], start: float, end: float) -> str:
    """Return the annotations of the shown days as one line, where they are too many to stand in the figure."""
    inside = [(date, text) for date, text in notes if start <= moment(date) <= end]
    if len(inside) <= 4:
        return ""
    listed = [f"{number} {day(date)}: {text}" for number, (date, text) in enumerate(inside[:MOST_NOTES], start=1)]
    more = f"; {len(inside) - MOST_NOTES} more" if len(inside) > MOST_NOTES else ""
    return f"Noted: {'; '.join(listed)}{more}."


def table_twin(before: Sequence[Period], shown: Sequence[Period]) -> TableTwin:
    """Return one line per period, compared ones first, those without an export too."""
    rows = [_line(period, "compared") for period in before] + [_line(period, "shown") for period in shown]
    actions = (*(None for _ in before), *(_action(period) for period in shown))
    headers = (shown[0].unit, "Sessions", "Converted", "Rate", "95\u202f% interval", "Revenue")
    if not before:
        return TableTwin("Conversion by time", headers, tuple(row[:-1] for row in rows), (False, *(True,) * 5), actions)
    return TableTwin("Conversion by time", (*headers, "Period"), tuple(rows), (False, *(True,) * 5, False), actions)


def _action(period: Period) -> Action | None:
    days = period.asked
    return None if period.is_gap else Action(first=days.first.isoformat(), last=days.last.isoformat())


def _line(period: Period, which: str) -> tuple[str, ...]:
    if period.unit == DAILY:
        when = day(period.first, weekday=True, year=True)
    else:
        when = date_range(period.first, period.last) + ("" if period.is_complete else f" ({period.held} days)")
    if period.is_gap:
        return when, period.blank, "", "", "", "", which
    low, high = period.interval
    interval = DASH if low is None or high is None else sentence_range(low, high)
    counts = exact(period.sessions), exact(period.conversions)
    return when, *counts, rate(period.rate), interval, money(period.revenue, cents=True), which


CHART = Chart(
    "trend",
    "Conversion rate over time",
    needs,
    update,
    build,
    settings={"unit": (UNITS, DAILY)},
    span=12,
    height=300,
    shows_days=True,
)
