"""How the values of the leaderboards changed since the compared days, and which changes are more than chance."""

from collections.abc import Sequence
from typing import Any

from dashboard.charts.segments import single_words
from dashboard.charts.words import Row, part_of
from dashboard.format import DASH, change, count, points, rate
from queries.changes import beyond_chance, difference_interval

CHANCE = " by more than chance"
FALSE = 0.05
"""The share of the changes called more than chance that may be none."""


def with_changes(rows: Sequence[Row], least: int) -> list[dict[str, Any]]:
    """Return values with their change since the compared days, and whether it is more than chance, all looked at once.

    Only values with `least` sessions in both periods are looked at.
    """
    large = [row for row in rows if min(row["sessions"], row["compared_sessions"]) >= least]
    called = beyond_chance([(then_of(row), now_of(row)) for row in large], FALSE)
    sure = {id(row) for row, call in zip(large, called, strict=True) if call}
    return [{**row, **_change(row), "beyond_chance": id(row) in sure} for row in rows]


def _change(row: Row) -> dict[str, float | None]:
    low, high = difference_interval(then_of(row), now_of(row))
    before = row["compared_conversion_rate"]
    difference = None if before is None or low is None else row["conversion_rate"] - before
    return {"change": difference, "change_low": low, "change_high": high}


def now_of(row: Row) -> tuple[float, float]:
    """Return sessions and converted sessions of the shown days."""
    return row["sessions"], row["conversions"]


def then_of(row: Row) -> tuple[float, float]:
    """Return sessions and converted sessions of the compared days."""
    return row["compared_sessions"], row["compared_conversions"]


def changes_heading(rows: Sequence[Any], *, rises: bool) -> str:
    """Return the largest rise or fall, as the boards are sorted, of those that are more than chance."""
    sign, word = (1, "rose") if rises else (-1, "fell")
    sure = [row for row in rows if row.beyond_chance]
    found = [row for row in sure if sign * row.change > 0]
    if not found and any(sign * row.change < 0 for row in sure):
        other = changes_heading(rows, rises=not rises)
        return f"No value {word} by more than chance; {other.removesuffix(CHANCE)}"
    if not found:
        return f"No value {word}{CHANCE}"
    most = max(found, key=lambda row: (sign * row.change, row.dimension))
    rates = f"{rate(most.compared_conversion_rate)} to {rate(most.conversion_rate)}"
    said = f"{single_words(most.dimension, most.value)} {word} most: {rates} ({points(most.change)})"
    if len(found) == 1:
        return f"{said}, the only one that {word}{CHANCE}"
    return f"{said}; {count(len(found))} values {word}{CHANCE}"


def change_of(row: Any) -> tuple[str, str, str]:
    """Return a change, its interval, and the relative change, as text."""
    if not row.compared_sessions:
        return DASH, DASH, DASH
    ratio = row.conversion_rate / row.compared_conversion_rate if row.compared_conversion_rate else None
    return points(row.change), f"{points(row.change_low)} to {points(row.change_high)}", change(ratio)


def change_words(row: Any) -> str:
    """Return a change with its interval, the relative change and the rate before."""
    if not row.compared_sessions:
        return "no session in the compared days"
    absolute, interval, relative = change_of(row)
    before = f"{rate(row.compared_conversion_rate)} ({part_of(row.compared_conversions, row.compared_sessions)})"
    return f"{absolute} ({interval}), relative {relative}; before {before}"
