"""Conversion rate by day with its intervals, over the sessions of the same days; days without an export are hatched."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.chart import CardState, Chart, Context, Need, TableTwin
from dashboard.charts import figures
from dashboard.charts.trend_figure import DAY, build
from dashboard.charts.words import FEW_SESSIONS, Row, days_of, empty_sentence, missing_days, part_of, sentence_range
from dashboard.format import count, date_range, day, exact, money, plural, points, rate, rate_range
from queries.engine import Result
from queries.statistics import intervals_meet, wilson_interval

LINE_FROM = 20
LABELLED = 10
EPOCH = dt.date(1970, 1, 1)
NOTE = (
    "Dots: share of sessions that converted; whiskers or band: 95 % Wilson interval; bars: sessions, on a scale "
    "of their own. Days follow the property's own time zone."
).replace("95 %", "95\u202f%")

Columns = dict[str, dict[str, list[Any]]]


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the days."""
    return (Need("trend"),)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the days as two aligned panels, with the sentence on how far they differ."""
    rows = results[0].rows
    if not rows:
        return CardState("No day to show", empty=empty_sentence(context))
    missing = missing_days(context, {row["session_date"] for row in rows})
    asked = days_of(context) or [row["session_date"] for row in rows]
    ticks, labels = figures.rate_ticks(highest_shown(rows))
    top = ticks[-1]
    models: dict[str, Mapping[str, Any]] = {
        "trend-x": {"start": moment(asked[0]) - DAY / 2, "end": moment(asked[-1]) + DAY / 2},
        **figures.panel_models("trend", "trend-sessions", top, max(row["sessions"] for row in rows) * 1.25),
        **figures.tick_models("trend-y", ticks, labels),
        **figures.tick_models("trend-x", *day_ticks(asked)),
    }
    return CardState(
        heading(rows),
        note(asked, missing),
        sources=columns(rows, asked, missing, top),
        models=models,
        table=table_twin(rows, missing),
    )


def highest_shown(rows: Sequence[Row]) -> float:
    """Return the highest rate the scale must hold: intervals of days large enough to read, and every rate."""
    large = [row["conversion_rate_high"] for row in rows if row["sessions"] >= FEW_SESSIONS]
    return max([*large, *(row["conversion_rate"] or 0 for row in rows)], default=0.01) or 0.01


def heading(rows: Sequence[Row]) -> str:
    """Return how far the days differ, and whether by more than chance: days up to 19, the two halves from 20 on."""
    if len(rows) == 1:
        only = rows[0]
        counts = part_of(only["conversions"], only["sessions"])
        return f"{day(only['session_date'])}: {rate(only['conversion_rate'])} converted ({counts})"
    if not any(row["conversions"] for row in rows):
        sessions = sum(row["sessions"] for row in rows)
        return f"No session converted on any of {plural(len(rows), 'day')} ({part_of(0, sessions)})"
    return days_compared(rows) if len(rows) < LINE_FROM else halves_compared(rows)


def days_compared(rows: Sequence[Row]) -> str:
    """Return the lowest and the highest day, called larger than chance where their intervals do not meet."""
    large = [row for row in rows if row["sessions"] >= FEW_SESSIONS]
    if len(large) < 2:
        return f"Too few sessions a day to compare: at most {count(max(row['sessions'] for row in rows))}"
    low = min(large, key=lambda row: (row["conversion_rate"], -row["sessions"]))
    high = max(large, key=lambda row: (row["conversion_rate"], row["sessions"]))
    ends = f"{rate(low['conversion_rate'])} on {_day(low)} to {rate(high['conversion_rate'])} on {_day(high)}"
    if intervals_meet(_interval(low), _interval(high)):
        return f"No day stands out: {ends}, and the intervals overlap"
    none = f"; {_day(low)} has no order in {count(low['sessions'])} sessions" if not low["conversions"] else ""
    return f"From {ends}: larger than chance{none}"


def halves_compared(rows: Sequence[Row]) -> str:
    """Return how the later half of the days compares with the earlier one, with the difference in points."""
    middle = len(rows) // 2
    before, after = _pooled(rows[:middle]), _pooled(rows[middle:])
    rates = [part / whole for part, whole in (before, after)]
    first, last = (
        date_range(half[0]["session_date"], half[-1]["session_date"]) for half in (rows[:middle], rows[middle:])
    )
    if intervals_meet(wilson_interval(*before), wilson_interval(*after)):
        return f"No clear change: {rate(rates[0])} on {first}, {rate(rates[1])} on {last}"
    verb = "rose" if rates[1] > rates[0] else "fell"
    difference = points(rates[1] - rates[0])
    ends = f"from {rate(rates[0])} on {first} to {rate(rates[1])} on {last}"
    return f"Conversion {verb} {ends}: {difference}, larger than chance"


def _pooled(rows: Sequence[Row]) -> tuple[int, int]:
    return sum(row["conversions"] for row in rows), sum(row["sessions"] for row in rows)


def _interval(row: Row) -> tuple[float | None, float | None]:
    return row["conversion_rate_low"], row["conversion_rate_high"]


def _day(row: Row) -> str:
    return day(row["session_date"])


def note(asked: Sequence[dt.date], missing: set[dt.date]) -> str:
    """Return how the chart is read, and how many days have no export."""
    if not missing:
        return NOTE
    return f"{NOTE} No export holds {day(min(missing)) if len(missing) == 1 else plural(len(missing), 'day')} " + (
        f"of {plural(len(asked), 'day')}: hatched."
    )


def moment(date: dt.date) -> float:
    """Return a day as Bokeh's axis has it: milliseconds since 1970."""
    return float((date - EPOCH).days * DAY)


def day_ticks(days: Sequence[dt.date]) -> tuple[list[float], list[str]]:
    """Return at most seven ticks: weekday over date for up to a week, dates up to a year, else month and year."""
    step = -(-len(days) // 7)
    shown = days[::step]
    if len(days) <= 7:
        labels = [day(date, weekday=True).replace(" ", "\n", 1) for date in shown]
    elif len(days) <= 366:
        labels = [day(date) for date in shown]
    else:
        labels = [day(date, year=True).split(" ", 1)[1].replace(" ", "\n") for date in shown]
    return [moment(date) for date in shown], labels


def columns(rows: Sequence[Row], asked: Sequence[dt.date], missing: set[dt.date], top: float) -> Columns:
    """Return the columns of every source in the figure."""
    labelled = len(asked) <= LABELLED
    gaps = sorted(missing)
    part, whole = _pooled(rows)
    mean = part / whole
    edges = moment(asked[0]) - DAY / 2, moment(asked[-1]) + DAY / 2
    most = count(max(row["sessions"] for row in rows))
    return {
        **rate_columns(rows, labelled),
        **line_columns(rows, asked),
        "trend-sessions": {
            "x": [moment(row["session_date"]) for row in rows],
            "sessions": [row["sessions"] for row in rows],
            "width": [DAY * (0.5 if labelled else 0.8)] * len(rows),
            "label": [count(row["sessions"]) if labelled else "" for row in rows],
            "title": [title(row) for row in rows],
        },
        "trend-gaps": {
            "x": [moment(date) for date in gaps],
            "width": [float(DAY)] * len(gaps),
            "bottom": [-0.62 * top] * len(gaps),
            "top": [1.04 * top] * len(gaps),
            "middle": [0.9 * top] * len(gaps),
            "label": ["no\nexport" if labelled else ""] * len(gaps),
            "title": [f"{day(date, weekday=True)}: no export" for date in gaps],
        },
        "trend-mean": {
            "x": [edges[0], clear_place(rows, gaps, mean), edges[1]],
            "y": [mean] * 3,
            "label": ["", f"mean {rate(mean)}" if len(asked) > 1 else "", ""],
        },
        "trend-words": {
            "x": [edges[0]],
            "y": [-0.14 * top],
            "label": ["Sessions" if labelled else f"Sessions, at most {most} a day"],
        },
    }


def rate_columns(rows: Sequence[Row], labelled: bool) -> Columns:
    """Return the dots and, below 20 days, their whiskers; the last label stands left of its dot, to stay inside."""
    dense = len(rows) >= LINE_FROM
    last = [row is rows[-1] and len(rows) > 1 for row in rows]
    sparse = [] if dense else rows
    return {
        "trend-days": {
            "x": [moment(row["session_date"]) for row in rows],
            "conversion_rate": [row["conversion_rate"] for row in rows],
            "size": [4 if dense else 9] * len(rows),
            "label": [rate(row["conversion_rate"]) if labelled else "" for row in rows],
            "align": ["right" if end else "left" for end in last],
            "offset": [-8 if end else 8 for end in last],
            "title": [title(row) for row in rows],
        },
        "trend-whiskers": {
            "x": [moment(row["session_date"]) for row in sparse],
            "low": [row["conversion_rate_low"] for row in sparse],
            "high": [row["conversion_rate_high"] for row in sparse],
        },
    }


def line_columns(rows: Sequence[Row], asked: Sequence[dt.date]) -> Columns:
    """Return the line and its band, from 20 days on; both are broken where a day has no sessions."""
    held = {row["session_date"]: row for row in rows}
    line = [(date, held.get(date)) for date in asked] if len(rows) >= LINE_FROM else []
    runs = _runs([row for _, row in line])
    return {
        "trend-line": {
            "x": [moment(date) for date, _ in line],
            "y": [row["conversion_rate"] if row else None for _, row in line],
        },
        "trend-band": {
            "xs": [_there_and_back([moment(row["session_date"]) for row in run]) for run in runs],
            "ys": [
                [*(row["conversion_rate_low"] for row in run), *(row["conversion_rate_high"] for row in run[::-1])]
                for run in runs
            ],
        },
    }


def clear_place(rows: Sequence[Row], gaps: Sequence[dt.date], mean: float) -> float:
    """Return where the word "mean" hides no mark: on a day without an export, else beside the day furthest from it."""
    if gaps:
        return moment(gaps[len(gaps) // 2])
    furthest = max(rows[:-1] or rows, key=lambda row: abs(row["conversion_rate"] - mean))
    return moment(furthest["session_date"]) + DAY / 2


def _runs(rows: Sequence[Row | None]) -> list[list[Row]]:
    runs: list[list[Row]] = [[]]
    for row in rows:
        if row is None:
            runs.append([])
        else:
            runs[-1].append(row)
    return [run for run in runs if run]


def _there_and_back(values: list[float]) -> list[float]:
    return values + values[::-1]


def title(row: Row) -> str:
    """Return the hover text of a day: rate, interval, counts and revenue."""
    interval = rate_range(row["conversion_rate_low"], row["conversion_rate_high"])
    counts = f"{exact(row['conversions'])} of {exact(row['sessions'])} sessions converted"
    when = day(row["session_date"], weekday=True, year=True)
    return f"{when}: {rate(row['conversion_rate'])} ({interval}), {counts}, {money(row['revenue'])}"


def table_twin(rows: Sequence[Row], missing: set[dt.date]) -> TableTwin:
    """Return one line per day, those without an export too."""
    lines: dict[dt.date, tuple[str, ...]] = {
        date: (day(date, weekday=True, year=True), "no export", "", "", "", "") for date in missing
    }
    for row in rows:
        lines[row["session_date"]] = (
            day(row["session_date"], weekday=True, year=True),
            exact(row["sessions"]),
            exact(row["conversions"]),
            rate(row["conversion_rate"]),
            f"{sentence_range(row['conversion_rate_low'], row['conversion_rate_high'])}",
            money(row["revenue"], cents=True),
        )
    headers = ("Day", "Sessions", "Converted", "Rate", "95\u202f% interval", "Revenue")
    return TableTwin("Conversion by day", headers, tuple(lines[date] for date in sorted(lines)), (False, *(True,) * 5))


CHART = Chart("trend", "Conversion rate by day", needs, update, build, span=12, height=300)
