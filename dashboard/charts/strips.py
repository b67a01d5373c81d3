"""Strips of days: at most so many columns, with the words below them."""

import datetime as dt
from collections.abc import Sequence

from dashboard.cards import Context
from dashboard.charts.words import days_of, stretches
from dashboard.format import day

MOST_COLUMNS = 62


def columns_of(context: Context, present: Sequence[dt.date]) -> list[Sequence[dt.date]]:
    """Return the days shown, in stretches of equal length where they are more than 62."""
    return stretches(days_of(context) or sorted(present), MOST_COLUMNS)


def labels_of(columns: Sequence[Sequence[dt.date]]) -> list[str]:
    """Return a word under every so many columns: each day of a week, or about six of a longer strip."""
    every = 1 if len(columns) <= 8 else -(-len(columns) // 6)
    return [day(stretch[0]) if place % every == 0 else "" for place, stretch in enumerate(columns)]
