"""Strips of days: at most so many columns, with the words below them."""

from collections.abc import Sequence
from typing import Any

from dashboard.body import Action
from dashboard.charts.words import stretches
from dashboard.format import day

MOST_COLUMNS = 62
Part = Sequence[Any]
"""Rows of a frame of days in a row; each has its `day`, and in `blank` why nothing is shown of it."""


def parts_of(days: Part) -> list[Part]:
    """Return days, in stretches of equal length where they are more than 62."""
    return stretches(days, MOST_COLUMNS)


def reason_of(part: Part) -> str:
    """Return why nothing is shown of any day of a stretch, left out where one of them is; empty where one is shown."""
    reasons = {row.blank for row in part}
    return "" if "" in reasons else "left out" if "left out" in reasons else "no export"


def action_of(part: Part) -> Action | None:
    """Return the click that filters to a stretch of days; None where nothing is shown of it."""
    return None if reason_of(part) else Action(first=part[0].day.isoformat(), last=part[-1].day.isoformat())


def labels_of(parts: Sequence[Part]) -> list[str]:
    """Return a word under every so many columns: each day of a week, or about six of a longer strip."""
    every = 1 if len(parts) <= 8 else -(-len(parts) // 6)
    return [day(part[0].day) if place % every == 0 else "" for place, part in enumerate(parts)]
