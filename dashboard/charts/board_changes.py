"""How the values of the leaderboards changed since the compared days, and which changes are more than chance."""

from collections.abc import Sequence

from dashboard.charts.segments import single_words
from dashboard.charts.words import Row, part_of
from dashboard.format import DASH, change, count, points, rate
from queries.changes import beyond_chance, difference_interval
from queries.engine import Result
from queries.vocabulary import DIMENSIONS

CHANCE = " by more than chance"
FALSE = 0.1
"""The share of the changes called more than chance that may be none."""
Sure = frozenset[tuple[str, str]]
"""Values whose change is more than chance, as (dimension, value)."""


def sure_changes(shown: Sequence[Result], before: Sequence[Result], least: int) -> Sure:
    """Return the values, by dimension and name, whose rate changed by more than chance, all of them looked at once."""
    asked = [(name, row, then) for name, row, then in pairs_of(shown, before) if large(row, then, least)]
    called = beyond_chance([(_counts(then), _counts(row)) for _, row, then in asked], FALSE)
    return frozenset((name, row["segment"]) for (name, row, _), sure in zip(asked, called, strict=True) if sure)


def pairs_of(shown: Sequence[Result], before: Sequence[Result]) -> list[tuple[str, Row, Row]]:
    """Return every value that both periods have: its dimension, its row now and then."""
    found = []
    for name, result, earlier in zip(DIMENSIONS, shown, before, strict=True):
        past = {row["segment"]: row for row in earlier.rows}
        found += [(name, row, past[row["segment"]]) for row in result.rows if row["segment"] in past]
    return found


def large(row: Row, past: Row | None, least: int) -> bool:
    """Say whether a value has sessions enough in both periods to show how its rate changed."""
    return past is not None and row["sessions"] >= least and past["sessions"] >= least


def _counts(row: Row) -> tuple[float, float]:
    return row["sessions"], row["conversions"]


def changes_heading(shown: Sequence[Result], before: Sequence[Result], sure: Sure, *, rises: bool) -> str:
    """Return the largest rise or fall, as the boards are sorted, of those that are more than chance."""
    sign = 1 if rises else -1
    found = [
        (sign * (difference(row, then) or 0.0), name, row, then)
        for name, row, then in pairs_of(shown, before)
        if (name, row["segment"]) in sure
    ]
    word = "rose" if rises else "fell"
    others = [each for each in found if each[0] < 0]
    found = [each for each in found if each[0] > 0]
    if not found and others:
        other = changes_heading(shown, before, sure, rises=not rises)
        return f"No value {word} by more than chance; {other.removesuffix(CHANCE)}"
    if not found:
        return f"No value {word}{CHANCE}"
    _, name, row, then = max(found, key=lambda each: each[:2])
    rates = f"{rate(then['conversion_rate'])} to {rate(row['conversion_rate'])}"
    most = f"{single_words(name, row['segment'])} {word} most: {rates} ({points(difference(row, then))})"
    if len(found) == 1:
        return f"{most}, the only one that {word}{CHANCE}"
    return f"{most}; {count(len(found))} values {word}{CHANCE}"


def difference(row: Row, past: Row | None) -> float | None:
    """Return the change of a rate against the compared period; None where one is undefined."""
    if past is None or row["conversion_rate"] is None or past["conversion_rate"] is None:
        return None
    return row["conversion_rate"] - past["conversion_rate"]


def change_of(row: Row, past: Row | None) -> tuple[str, str, str]:
    """Return a change, its interval, and the relative change, as text."""
    if past is None or not past["sessions"]:
        return DASH, DASH, DASH
    low, high = difference_interval((past["sessions"], past["conversions"]), (row["sessions"], row["conversions"]))
    ratio = row["conversion_rate"] / past["conversion_rate"] if past["conversion_rate"] else None
    return points(difference(row, past)), f"{points(low)} to {points(high)}", change(ratio)


def change_words(row: Row, past: Row | None) -> str:
    """Return a change with its interval, the relative change and the rate before."""
    if past is None or not past["sessions"]:
        return "no session in the compared days"
    absolute, interval, relative = change_of(row, past)
    before = f"{rate(past['conversion_rate'])} ({part_of(past['conversions'], past['sessions'])})"
    return f"{absolute} ({interval}), relative {relative}; before {before}"
