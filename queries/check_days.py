"""Checks of whole days: missing, without an order, far too small, or with figures on another scale."""

import datetime as dt
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from queries.check import WINDOW, Check, Days, Row, Verdict

SURELY = 1e-6
REMARKABLE = 0.01
THIN = 0.4
SHIFT = 1.5
LEAST_DAYS = 7
LEAST_SESSIONS = 100
LEAST_ORDERS = 3
SCALED = 30.0
FAULTY = 0.05
SETTLED = 3
"""GA may still change a day for so many days."""
BREAK: Verdict = "probable tracking break"
MEASURES = (("pageviews", "sessions"), ("duration_seconds", "sessions_with_duration"))


def missing_days(totals: Days) -> list[Check]:
    """Return each stretch of days without any session between the first and the last day."""
    present = sorted(totals)
    return [
        Check("missing", "missing", earlier + dt.timedelta(days=1), later - dt.timedelta(days=1))
        for earlier, later in itertools.pairwise(present)
        if (later - earlier).days > 1
    ]


def provisional_days(totals: Days, loaded: dt.date) -> list[Check]:
    """Return the days that the export may not have been complete for: those of the three days before it was loaded."""
    late = [date for date in sorted(totals) if (loaded - date).days < SETTLED]
    return (
        [Check("provisional", "missing", late[0], late[-1], sessions=sum(totals[date] for date in late))]
        if late
        else []
    )


def silent_days(days: Sequence[Row], cells: Sequence[Row]) -> list[Check]:
    """Return the days with no order at all where some were expected, and those with far fewer sessions than usual.

    Expected are the orders had each cell of who visited converted as on the other days. A zero is a probable tracking
    break when chance gives it less than once in a million and deep sessions go on as usual; else it cannot be told.
    """
    found = []
    expected = expected_orders(cells) if cells else _expected_plainly(days)
    sizes = {row["session_date"]: float(row["sessions"]) for row in days}
    for row in days:
        date, sessions = row["session_date"], float(row["sessions"])
        others = [size for day, size in sizes.items() if day != date]
        usual = float(np.median(others)) if len(others) > 1 else None
        thin = usual is not None and sessions <= THIN * usual
        facts: dict[str, Any] = {"sessions": sessions, "usual_sessions": usual}
        chance = math.exp(-expected.get(date, 0.0))
        if not row["conversions"] and chance < REMARKABLE:
            intact = _upstream(days, row)
            verdict: Verdict = "probable tracking break" if chance < SURELY and intact else "cannot tell"
            facts |= {"expected": expected[date], "chance": chance}
            found.append(Check("no orders", verdict, date, date, **facts))
        elif thin:
            found.append(Check("thin", "cannot tell", date, date, found=sessions, expected=usual or 0.0, **facts))
    return found


def expected_orders(cells: Sequence[Row]) -> dict[dt.date, float]:
    """Return the orders expected of each day: each cell of who visited at its rate of all other days."""
    totals: dict[tuple, list[float]] = {}
    for row in cells:
        held = totals.setdefault(_who(row), [0.0, 0.0])
        held[0] += row["sessions"]
        held[1] += row["conversions"]
    whole = [sum(held[place] for held in totals.values()) for place in (0, 1)]
    by_day: dict[dt.date, list[Row]] = {}
    for row in cells:
        by_day.setdefault(row["session_date"], []).append(row)
    expected = {}
    for date, rows in by_day.items():
        others = [
            whole[place] - sum(row[name] for row in rows) for place, name in enumerate(("sessions", "conversions"))
        ]
        mean = others[1] / others[0] if others[0] else 0.0
        expected[date] = 0.0
        for row in rows:
            sessions, conversions = (
                held - row[name] for held, name in zip(totals[_who(row)], ("sessions", "conversions"), strict=True)
            )
            expected[date] += row["sessions"] * (conversions / sessions if sessions else mean)
    return expected


def _who(row: Row) -> tuple[str, str, str]:
    return row["device_category"], row["visitor_type"], row["country"]


def _expected_plainly(days: Sequence[Row]) -> dict[dt.date, float]:
    sessions, orders = sum(row["sessions"] for row in days), sum(row["conversions"] for row in days)
    expected = {}
    for row in days:
        others = sessions - row["sessions"]
        expected[row["session_date"]] = row["sessions"] * (orders - row["conversions"]) / others if others else 0.0
    return expected


def _upstream(days: Sequence[Row], row: Row) -> bool:
    others = [other for other in days if other is not row]
    usual = sum(other["deep_sessions"] for other in others) / max(1.0, sum(other["sessions"] for other in others))
    return row["deep_sessions"] >= usual * row["sessions"] / 2


def shifted_measures(rows: Sequence[Row]) -> list[Check]:
    """Return the stretches on which pages or seconds per session step up or down on every device at once.

    `rows` are those of each device. The step is half as much again or a third less than the median of up to 28 days
    before, on at least two devices with 100 sessions a day; a device alone may be a new design.
    """
    devices: dict[str, dict[dt.date, Row]] = {}
    for row in rows:
        devices.setdefault(row["segment"], {})[row["session_date"]] = row
    dates = sorted({row["session_date"] for row in rows})
    found = []
    for part, whole in MEASURES:
        place = LEAST_DAYS
        while place < len(dates):
            usual = dates[max(0, place - WINDOW) : place]
            end = place
            while end < len(dates) and (shift := _shift(devices, dates[end], usual, part, whole)):
                end += 1
            if end > place:
                shift = _shift(devices, dates[place], usual, part, whole) or (0.0, 0.0)
                found.append(Check("measure", "probable tracking break", dates[place], dates[end - 1], value=part,
                                   found=shift[0], expected=shift[1]))  # fmt: skip
            place = max(end, place + 1)
    return found


def _shift(
    devices: dict[str, dict[dt.date, Row]], date: dt.date, usual: Sequence[dt.date], part: str, whole: str
) -> tuple[float, float] | None:
    ratios, largest = [], (0.0, 0.0, 0.0)
    for days in devices.values():
        means = [_mean(days[day], part, whole) for day in usual if day in days]
        before = [mean for mean in means if mean is not None]
        if date not in days or days[date]["sessions"] < LEAST_SESSIONS or len(before) < LEAST_DAYS:
            continue
        now, typical = _mean(days[date], part, whole), float(np.median(before))
        if now is None or typical <= 0:
            continue
        ratios.append(now / typical)
        largest = max(largest, (float(days[date]["sessions"]), now, typical))
    if len(ratios) < 2 or not (min(ratios) >= SHIFT or max(ratios) <= 1 / SHIFT):
        return None
    return largest[1:]


def _mean(row: Row, part: str, whole: str) -> float | None:
    return float(row[part] or 0) / float(row[whole]) if row[whole] else None


def revenue_faults(rows: Sequence[Row]) -> list[Check]:
    """Return the stretches on which converted sessions have no revenue although they had it before.

    At least three such orders a day, a twentieth of the day's, and three times the share of up to 28 days before.
    """
    return _stretches(rows, "revenue", "orders_without_revenue", "conversions", FAULTY)


def unseen_steps(rows: Sequence[Row]) -> list[Check]:
    """Return the stretches on which orders come without the checkout that the export records elsewhere."""
    return _stretches(rows, "steps", "orders_without_checkout", "orders_with_steps_known", FAULTY)


def _stretches(rows: Sequence[Row], kind: Any, part: str, whole: str, least: float) -> list[Check]:
    found, place = [], 1
    while place < len(rows):
        usual = rows[max(0, place - WINDOW) : place]
        before = sum(row[part] for row in usual) / max(1.0, float(sum(row[whole] for row in usual)))
        end = place
        while end < len(rows) and rows[end][part] >= max(LEAST_ORDERS, max(least, 3 * before) * rows[end][whole]):
            end += 1
        if end > place:
            held = rows[place:end]
            share = sum(row[part] for row in held) / sum(row[whole] for row in held)
            first, last, faulty = held[0]["session_date"], held[-1]["session_date"], sum(row[part] for row in held)
            found.append(Check(kind, BREAK, first, last, found=share, expected=before, sessions=float(faulty)))
        place = max(end, place + 1)
    return found


def scaled_revenue(rows: Sequence[Row]) -> list[Check]:
    """Return the days whose mean order value is thirty times that of the other days or a thirtieth: another unit."""
    means = {
        row["session_date"]: float(row["revenue"]) / row["conversions"]
        for row in rows
        if row["conversions"] >= LEAST_ORDERS and row["revenue"]
    }
    found = []
    for date, mean in means.items():
        others = [other for day, other in means.items() if day != date]
        usual = float(np.median(others)) if len(others) > 1 else mean
        if mean >= SCALED * usual or mean <= usual / SCALED:
            found.append(Check("scale", "probable tracking break", date, date, found=mean, expected=usual))
    return found
