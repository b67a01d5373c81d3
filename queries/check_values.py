"""Checks of the values of a dimension: one that vanishes, shares that jump, (not set) that spreads."""

import datetime as dt
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import chi2

from queries.baseline import Floats
from queries.check import WINDOW, Check, Days, Row
from queries.vocabulary import NOT_SET, STORED_DIMENSIONS

LEAST_EXPECTED = 30
GONE = 0.1
"""A value with less than this share of what is expected of it has vanished."""
JUMP = 3.0
EVIDENCE = 12.0
UNEVEN = 0.001
MOVED = 0.1
BEYOND_CHANCE = 4.0
OTHER = "(other)"
"""A day's shares are odd when at least this part of its sessions would have to change their value."""


def days_by_value(rows: Sequence[Row], name: str = "segment") -> dict[str, dict[dt.date, float]]:
    """Return the sessions of each value per day."""
    days: dict[str, dict[dt.date, float]] = {}
    for row in rows:
        days.setdefault(row[name], {})[row["session_date"]] = float(row["sessions"])
    return days


def due(value: Days, totals: Days, date: dt.date, usual: Sequence[dt.date]) -> float:
    """Return the sessions expected of a value on a day: its share of the usual days, of that day's sessions."""
    whole = sum(totals[day] for day in usual)
    return totals[date] * sum(value.get(day, 0.0) for day in usual) / whole if whole else 0.0


def vanished_values(dimension: str, values: Mapping[str, Days], totals: Days) -> list[Check]:
    """Return the stretches on which a value that was large falls at once to next to nothing.

    Expected is its share of the up to 28 days before, of that day's sessions. When another value rose beyond chance
    against all the rest and took up at least half of what is missing, the sessions were filed under another name:
    probable tracking break.
    """
    dates, found = sorted(totals), []
    whole = np.array([totals[date] for date in dates])
    for value, days in values.items():
        if value in (NOT_SET, OTHER) or not _ever_gone(np.array([days.get(date, 0.0) for date in dates]), whole):
            continue
        place = 1
        while place < len(dates):
            usual = dates[max(0, place - WINDOW) : place]
            expected = due(days, totals, dates[place], usual)
            yesterday = due(days, totals, usual[-1], usual)
            if not _gone(days, dates[place], expected) or days.get(usual[-1], 0.0) < yesterday / 2:
                place += 1
                continue
            end = place
            while end + 1 < len(dates) and _gone(days, dates[end + 1], due(days, totals, dates[end + 1], usual)):
                end += 1
            found.append(_vanished(dimension, value, values, totals, dates[place : end + 1], usual))
            place = end + 1
    return found


def _ever_gone(own: Floats, whole: Floats) -> bool:
    """Say whether a value is gone on any day at all: most are not, and need no look day by day."""
    before = np.arange(1, len(own))
    sums, starts = (
        [np.concatenate([[0.0], np.cumsum(column)]) for column in (own, whole)],
        np.maximum(before - WINDOW, 0),
    )
    held, every = (column[before] - column[starts] for column in sums)
    expected = np.divide(whole[1:] * held, every, out=np.zeros_like(every), where=every > 0)
    return bool(((expected >= LEAST_EXPECTED) & (own[1:] < GONE * expected)).any())


def _gone(days: Days, date: dt.date, expected: float) -> bool:
    return expected >= LEAST_EXPECTED and days.get(date, 0.0) < GONE * expected


def _vanished(
    dimension: str, value: str, values: Mapping[str, Days], totals: Days, gone: Sequence[dt.date],
    usual: Sequence[dt.date],
) -> Check:  # fmt: skip
    days = values[value]
    had, expected = _over(days, gone), sum(due(days, totals, day, usual) for day in gone)
    taker, most = "", 0.0
    for other in values:
        if other in (value, OTHER):
            continue
        rest = {day: totals[day] - days.get(day, 0.0) - values[other].get(day, 0.0) for day in (*usual, *gone)}
        before = _over(rest, usual)
        growth = _over(rest, gone) / before if before >= LEAST_EXPECTED else len(gone) / len(usual)
        should = growth * _over(values[other], usual)
        if (surplus := _over(values[other], gone) - should) > max(most, BEYOND_CHANCE * math.sqrt(should)):
            taker, most = other, surplus
    facts: dict[str, Any] = {"found": had, "expected": expected, "before": values[value].get(usual[-1], 0.0)}
    facts["sessions"] = sum(totals[day] for day in gone)
    if most < (expected - had) / 2:
        return Check("vanished", "cannot tell", gone[0], gone[-1], dimension, value, **facts)
    facts |= {"taken_by": taker, "taken": _over(values[taker], gone), "taken_before": values[taker].get(usual[-1], 0.0)}
    return Check("vanished", "probable tracking break", gone[0], gone[-1], dimension, value, **facts)


def _over(days: Days, dates: Sequence[dt.date]) -> float:
    return sum(days.get(day, 0.0) for day in dates)


def not_set_jumps(rows: Sequence[Row]) -> list[Check]:
    """Return the stretches on which the share of (not set) of a dimension is three times what it was and more.

    Evidence is the binomial likelihood ratio of the day's own share against that of up to 28 days before, at least 12;
    at least 30 sessions more than expected.
    """
    found = []
    for dimension in STORED_DIMENSIONS:
        place = 1
        while place < len(rows):
            usual = rows[max(0, place - WINDOW) : place]
            end = place
            while end < len(rows) and _jumps(rows[end], usual, dimension):
                end += 1
            if end > place:
                found.append(_not_set(dimension, rows[place:end], usual))
            place = max(end, place + 1)
    return found


def _jumps(row: Row, usual: Sequence[Row], dimension: str) -> bool:
    (count, sessions), share = (float(row[dimension]), float(row["sessions"])), _share(usual, dimension)
    if count == sessions or count < max(JUMP * share * sessions, LEAST_EXPECTED + share * sessions):
        return False
    return likelihood_ratio(count, sessions, max(share, 1 / (2 * _sessions(usual)))) >= EVIDENCE


def _not_set(dimension: str, gone: Sequence[Row], usual: Sequence[Row]) -> Check:
    return Check(
        "not set", "probable tracking break", gone[0]["session_date"], gone[-1]["session_date"], dimension,
        found=_share(gone, dimension), expected=_share(usual, dimension), sessions=_sessions(gone),
    )  # fmt: skip


def _sessions(rows: Sequence[Row]) -> float:
    return float(sum(row["sessions"] for row in rows))


def _share(rows: Sequence[Row], dimension: str) -> float:
    return sum(row[dimension] for row in rows) / max(1.0, _sessions(rows))


def likelihood_ratio(part: float, whole: float, share: float) -> float:
    """Return the log likelihood ratio of the rate `part / whole` against a given share (binomial)."""
    rest = whole - part
    first = part * math.log(part / (whole * share)) if part else 0.0
    second = rest * math.log(rest / (whole * (1 - share))) if rest and share < 1 else 0.0
    return first + second


def not_exported(rows: Sequence[Row], values: Mapping[str, Sequence[dt.date]]) -> list[Check]:
    """Return the stretches on which no session at all has some dimensions that other days have: the export lacks them.

    `values` are further columns with the days on which they are missing. No tracking break: another export filled them.
    """
    days = {row["session_date"]: row for row in rows}
    lacking: dict[dt.date, list[str]] = {}
    for dimension in STORED_DIMENSIONS:
        bare = [date for date, row in days.items() if row[dimension] == row["sessions"]]
        for date in bare if len(bare) < len(days) else ():
            lacking.setdefault(date, []).append(dimension)
    for name, dates in values.items():
        for date in dates:
            lacking.setdefault(date, []).append(name)
    found = []
    dates = sorted(days)
    for names, held in itertools.groupby(dates, lambda date: tuple(lacking.get(date, ()))):
        stretch = list(held)
        if names:
            sessions = float(sum(days[date]["sessions"] for date in stretch))
            found.append(Check("not exported", "missing", stretch[0], stretch[-1], ", ".join(names), sessions=sessions))
    return found


def odd_shares(dimension: str, values: Mapping[str, Days], totals: Days) -> list[Check]:
    """Return the stretches whose shares of a stable dimension differ from those of up to 28 days before them.

    Pearson's chi-square, divided by what is usual from day to day (the median of all days), with a chance below .001
    after Bonferroni's correction for the days, and at least a tenth of the sessions under another value than usual.
    """
    names, dates = list(values), sorted(totals)
    counts = np.array([[values[name].get(date, 0.0) for name in names] for date in dates])
    judged = [_uneven(counts, place, place) for place in range(1, len(dates))]
    usual = max(1.0, float(np.median([ratio for ratio, _, _ in judged] or [1.0])))
    found, place = [], 1
    while place < len(dates):
        end = place
        while end < len(dates) and _is_odd(*_uneven(counts, end, place), usual, len(judged)):
            end += 1
        if end > place:
            found.append(_odd(dimension, names, counts, place, end, dates))
        place = max(end, place + 1)
    return found


def _uneven(counts: Any, place: int, before: int) -> tuple[float, int, float]:
    """Return chi-square over its degrees of freedom, these, and the part of the sessions that moved."""
    usual, day = counts[max(0, before - WINDOW) : before].sum(axis=0), counts[place]
    if not usual.sum() or not day.sum():
        return 0.0, 1, 0.0
    expected = usual / usual.sum() * day.sum()
    large = expected >= 5
    had, due_ = (np.append(side[large], side[~large].sum()) for side in (day, expected))
    degrees = max(1, int(large.sum()) - (due_[-1] == 0))
    statistic = float(((had - due_) ** 2 / np.maximum(due_, 1.0)).sum())
    return statistic / degrees, degrees, float(np.abs(day - expected).sum() / 2 / day.sum())


def _is_odd(ratio: float, degrees: int, moved: float, usual: float, days: int) -> bool:
    return moved >= MOVED and chi2.sf(ratio * degrees / usual, degrees) < UNEVEN / days


def _odd(dimension: str, names: Sequence[str], counts: Any, place: int, end: int, dates: Sequence[dt.date]) -> Check:
    usual, held = counts[max(0, place - WINDOW) : place].sum(axis=0), counts[place:end].sum(axis=0)
    expected = usual / usual.sum() * held.sum()
    most = int(np.argmax(np.abs(held - expected)))
    return Check(
        "shares", "cannot tell", dates[place], dates[end - 1], dimension, names[most], float(held[most]),
        float(expected[most]), sessions=float(held.sum()),
    )  # fmt: skip
