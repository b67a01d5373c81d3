"""A pivot in words: which column converts below the largest one, in how many rows, and which pair lacks most."""

from collections.abc import Mapping, Sequence

from dashboard.charts.words import device_label, joined, part_of, plural_title, subject, value_label
from dashboard.format import DASH, count, expected, rate
from queries.pivot import OTHERS, Against, Group
from queries.statistics import intervals_meet, larger_than_chance, wilson_interval
from queries.vocabulary import TITLES


def against_heading(names: tuple[str, str], found: Against) -> str:
    """Return in how many rows the second largest column converts below the largest, and in how many it cannot be said.

    Mobile against desktop: lower in 8 of 11 comparable sources, higher in none, 3 too close to tell; 2 too few to say.
    """
    own, other = (column_label(names[1], value) for value in (found.column, found.reference))
    few = f"; {count(len(found.few))} too few to say" if found.few else ""
    what = plural_title(names[0], found.judged)
    close = f", {count(len(found.close))} too close to tell" if found.close else ""
    said = f"{own[0].upper()}{own[1:]} against {other}: lower in {of_judged(found.below, found)} comparable {what}"
    return f"{said}, higher in {count(len(found.above)) if found.above else 'none'}{close}{few}"


def counted(names: tuple[str, str], found: Against, others: bool) -> str:
    """Return which rows the heading counts: the named ones, those that cannot be compared, and that others are none.

    12 sources have a row of their own: 2 can be compared, 7 have too few orders, 3 no session in one of the two (–).
    """
    lacking, few = len(found.lacking), len(found.few)
    rows = found.judged + few + lacking
    parts = [f"{count(found.judged)} can be compared"]
    parts += [f"{count(few)} {'has' if few == 1 else 'have'} too few orders"] if few else []
    parts += (
        [f"{count(lacking)} {'has' if lacking == 1 else 'have'} no session in one of the two ({DASH})"]
        if lacking
        else []
    )
    rest = f"; the row “{value_label(names[0], OTHERS)}” is not counted" if others else ""
    return f"{count(rows)} {plural_title(names[0], rows)} have a row of their own: {joined(parts)}{rest}."


def of_judged(rows: Sequence[str], found: Against) -> str:
    """Return so many of the rows that can be compared: none of 3, 2 of 3, both."""
    if len(rows) == found.judged > 1:
        return "both" if len(rows) == 2 else f"all {count(found.judged)}"
    return f"{count(len(rows)) if rows else 'none'} of {count(found.judged)}"


def column_label(dimension: str, value: str) -> str:
    """Return the value of a column inside a sentence: desktop, new visitors."""
    if dimension == "device_category":
        return device_label(value).lower() if value in ("desktop", "mobile", "tablet") else device_label(value)
    return f"{value} visitors" if dimension == "visitor_type" else value_label(dimension, value)


def named(dimension: str, found: Against) -> str:
    """Return the rows of each verdict by name."""
    parts = (("lower", found.below), ("higher", found.above), ("too close", found.close), ("too few", found.few),
             ("no session in one of the two", found.lacking))  # fmt: skip
    return "; ".join(
        f"{word}: {', '.join(value_label(dimension, row) for row in rows)}" for word, rows in parts if rows
    )


def heading(names: tuple[str, str], pairs: Mapping[tuple[str, ...], Group], total: Group) -> str:
    """Return the pair that lacks most conversions against the mean, if by more than so many pairs lack by chance."""
    mean, every = total.conversions / total.sessions, wilson_interval(total.conversions, total.sessions)
    large = [
        (group.sessions * mean - group.conversions, values, group)
        for values, group in pairs.items()
        if OTHERS not in values and group.sessions * mean >= 1
    ]
    below = [
        found
        for found in large
        if found[0] > 0 and not intervals_meet(wilson_interval(found[2].conversions, found[2].sessions), every)
    ]
    shares = [
        ((group.conversions, group.sessions), (total.conversions - group.conversions, total.sessions - group.sessions))
        for _, _, group in below
    ]
    below = [found for found, call in zip(below, larger_than_chance(shares, len(large)), strict=True) if call]
    if not below:
        pair = f"{TITLES[names[0]].lower()} and {TITLES[names[1]].lower()}"
        return f"No pair of {pair} lies below the mean of {rate(mean)} by more than chance"
    _, values, group = max(below, key=lambda found: (found[0], found[1]))
    due = f"{expected(group.sessions * mean)} at the mean of {rate(mean)}"
    return f"{both(names, values)}: {part_of(group.conversions, group.sessions)} converted, {due}"


def both(names: tuple[str, str], values: tuple[str, ...]) -> str:
    """Return a pair of values as the subject of a sentence."""
    return subject(*zip(names, values, strict=True))
