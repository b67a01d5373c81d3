"""Parts of a link's query as what they stand for; what is unknown or malformed is left out: anyone can write a URL."""

import datetime as dt
from collections.abc import Iterable, Mapping

from dashboard.periods import CUSTOM, MODES, PREVIOUS, Days
from queries.filters import Span, merged
from queries.vocabulary import DIMENSIONS

EXCLUDED = "not."
"""Stands before the name of a dimension whose values are unwanted, and before days that are left out."""
ON = "on"
"""Names days: those clicked in a chart."""
STEP = "step"
"""Stands in a link, and in a chip, for the name of a dimension."""
MOST_VALUES = 200
MOST_SPANS = 50
LONGEST_VALUE = 500


def comparison_in(single: Mapping[str, str]) -> tuple[str, Days | None]:
    """Return how a link compares: the mode, and the days of mode "custom"."""
    mode = single.get("compare", PREVIOUS)
    first, last = day_in(single.get("compare_from")), day_in(single.get("compare_to"))
    if mode == CUSTOM and first and last:
        return CUSTOM, Days(min(first, last), max(first, last))
    return (mode, None) if mode in MODES and mode != CUSTOM else (PREVIOUS, None)


def focus_in(text: str) -> Days | None:
    """Return the days that were clicked in a chart, as "2017-07-05_2017-07-07"; None for no such days."""
    first, last = (day_in(part) for part in (text.split("_") * 2)[:2])
    return Days(first, last) if first and last and first <= last else None


def left_out_in(pairs: Iterable[tuple[str, str]]) -> tuple[Span, ...]:
    """Return the spans of days that a link leaves out, each as "2017-07-05_2017-07-07"; those that touch as one."""
    found = [focus_in(text) for key, text in pairs if key == f"{EXCLUDED}{ON}"]
    return merged([(days.first, days.last) for days in found if days][:MOST_SPANS])


def positions_in(steps: Iterable[int], most: int) -> tuple[int, ...]:
    """Return the positions from 1 of the chosen steps, in order; () for all of them and for fewer than two."""
    chosen = tuple(sorted({position for position in steps if 1 <= position <= most}))
    return chosen if 1 < len(chosen) < most else ()


def wanted_in(pairs: Iterable[tuple[str, str]], prefix: str) -> dict[str, tuple[str, ...]]:
    """Return the values of each dimension whose name follows a prefix, in the order of the link."""
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        dimension = key.removeprefix(prefix)
        if key.startswith(prefix) and dimension in DIMENSIONS and len(value) <= LONGEST_VALUE:
            values = found.setdefault(dimension, [])
            if value not in values and len(values) < MOST_VALUES:
                values.append(value)
    return {dimension: tuple(values) for dimension, values in found.items()}


def unwanted_in(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return the unwanted values of each dimension, but for those that the link wants as well: no session has both."""
    pairs = list(pairs)
    wanted = wanted_in(pairs, "")
    found = {
        dimension: tuple(value for value in values if value not in wanted.get(dimension, ()))
        for dimension, values in wanted_in(pairs, EXCLUDED).items()
    }
    return {dimension: values for dimension, values in found.items() if values}


def day_in(text: str | None) -> dt.date | None:
    """Return a day written as ISO text, None for anything else."""
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None
