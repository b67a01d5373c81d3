"""The days under the key figures: what each figure was day by day, and the bars that are drawn of it."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd

from dashboard.cards import Context
from dashboard.charts.words import Row, blank_days, blank_word, days_of, stretch_label, stretches
from dashboard.format import count, money, rate
from dashboard.panels import Columns, columns, rows_of
from dashboard.theme import Theme

SHOWN, COMPARED = "shown", "compared"
DAYS = ["figure", "name", "period", "first", "last", "blank", "value", "words"]
MOST_BARS = 31
HEIGHT = 30
"""Pixels of the bars."""
FEWEST = 10
"""Bars of a figure that fill its column; fewer are no wider."""
MARGIN, GAP, LEAST = 0.07, 0.15, 0.06
"""Room at either side of a figure's bars, of its column; between two bars, of a bar; height of a day with nothing."""


def _per_session(row: Row) -> float | None:
    return row["revenue"] / row["sessions"] if row["sessions"] else None


Figure = tuple[str, str, Callable[[Row], float | None], Callable[[float | None], str]]
FIGURES: tuple[Figure, ...] = (
    ("Sessions", "Sessions", lambda row: row["sessions"], count),
    ("Converted sessions", "Converted", lambda row: row["conversions"], count),
    ("Conversion rate", "Rate", lambda row: row["conversions"] / row["sessions"] if row["sessions"] else None, rate),
    ("Revenue", "Revenue", lambda row: row["revenue"], money),
    ("Revenue per session", "Per session", _per_session, lambda value: money(value, cents=True)),
)
"""Of each figure its name, its name over narrow bars, what it is of a day's counts, and how it is said."""


def day_rows(days: Sequence[Row], context: Context, before: Sequence[dt.date] = ()) -> list[dict[str, Any]]:
    """Return a row a figure and day, or stretch of days where there are many, the last of a period possibly shorter.

    The days before come first, whenever they were. A day of which nothing is shown says why in `blank`.
    """
    held = {row["session_date"]: row for row in days}
    blank = blank_days(context, set(held))
    if before:
        known = held if context.store_days is None else context.store_days
        blank |= {date for date in before if date not in known or context.filters.leaves_out(date)}
    most = MOST_BARS // 2 if before else MOST_BARS
    periods = ((COMPARED, before), (SHOWN, days_of(context)))
    parts = [(which, part) for which, period in periods if period for part in stretches(period, most)]
    rows = []
    for figure, (name, _, measure, shown) in enumerate(FIGURES):
        for which, part in parts:
            why = blank_word(context, part) if blank.issuperset(part) else ""
            value = None if why else measure(_total(held, part))
            said = {"blank": why, "value": value, "words": f"{stretch_label(part)}: {why or shown(value)}"}
            rows.append({"figure": figure, "name": name, "period": which, "first": part[0], "last": part[-1], **said})
    return rows


def _total(rows: Mapping[dt.date, Row], stretch: Sequence[dt.date]) -> dict[str, float]:
    held = [rows[date] for date in stretch if date in rows]
    return {name: sum(row[name] for row in held) for name in ("sessions", "conversions", "revenue")}


def bars_of(days: pd.DataFrame, look: Theme) -> Columns:
    """Return a bar a row: in the column of its figure, a share of the figure's largest value, grey if compared."""
    rows: list[dict[str, Any]] = []
    for figure, group in groupby(rows_of(days), key=itemgetter("figure")):
        held = list(group)
        width = (1 - 2 * MARGIN) / max(len(held), FEWEST)
        top = max((one["value"] or 0.0 for one in held), default=0.0)
        for place, one in enumerate(held):
            blank = bool(one["blank"])
            rows.append(
                {
                    "x": figure + MARGIN + (place + 0.5) * width,
                    "share": 1.0 if blank else max((one["value"] or 0.0) / top if top > 0 else 0.0, LEAST),
                    "width": width * (1 - GAP),
                    "color": look.bars if one["period"] == COMPARED else look.accent,
                    "hatch": "/" if blank else " ",
                    "alpha": 0.0 if blank else 1.0,
                    "title": one["words"],
                }
            )
    numbers = dict.fromkeys(("x", "share", "width", "alpha"), "number")
    return columns(rows, **numbers, **dict.fromkeys(("color", "hatch", "title"), "text"))
