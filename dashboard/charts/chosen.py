"""What is chosen beside what is not: for charts that show a dimension and so do not follow its own filter."""

from collections.abc import Iterable, Sequence

from dashboard.charts.words import Row, filter_words, joined, rate_of, subject, value_word
from queries.filters import Filters
from queries.statistics import intervals_meet, wilson_interval
from queries.vocabulary import TITLES

Counts = tuple[int, int]
"""Converted sessions and sessions."""
MOST_NAMED = 3
BEYOND, WITHIN = "the difference is larger than chance", "the intervals overlap"


def is_filtered(filters: Filters, dimension: str) -> bool:
    """Say whether values of a dimension are wanted or unwanted."""
    return bool(filters.values(dimension) or dict(filters.exclude).get(dimension))


def passes(filters: Filters, dimension: str, value: str) -> bool:
    """Say whether a value of a dimension passes the filter on it."""
    wanted, unwanted = filters.values(dimension), dict(filters.exclude).get(dimension, ())
    return (not wanted or value in wanted) and value not in unwanted


def only(filters: Filters, dimensions: Iterable[str]) -> Filters:
    """Return the filters on some dimensions alone, without days."""
    kept = set(dimensions)
    include = {name: values for name, values in filters.include if name in kept}
    exclude = {name: values for name, values in filters.exclude if name in kept}
    return Filters.of(include=include, exclude=exclude)


def comparison_note(filters: Filters, dimensions: Iterable[str]) -> str:
    """Return that a chart shows its own dimensions whole, for comparison; empty where none of them is filtered."""
    words = filter_words(only(filters, dimensions))
    return f"{joined(words)}; the others are shown here too, for comparison." if words else ""


def chosen_names(filters: Filters, dimension: str) -> str:
    """Return what is chosen, as the subject of a sentence: Brazil; Brazil and Chile; all but Brazil."""
    wanted = filters.values(dimension)
    values = wanted or dict(filters.exclude).get(dimension, ())
    if len(values) > MOST_NAMED:
        many = f"{len(values)} {plural_of(dimension)}"
        return f"The {many} chosen" if wanted else f"All but {many}"
    if wanted:
        return subject(*((dimension, value) for value in values))
    return f"All {plural_of(dimension)} but {joined([value_word(dimension, value) for value in values])}"


def plural_of(dimension: str) -> str:
    """Return the word for several values of a dimension: countries, sources."""
    title = TITLES[dimension].lower()
    return f"{title[:-1]}ies" if title.endswith("y") else f"{title}s"


def chosen_against(chosen: Counts, every: Counts, filters: Filters, dimension: str) -> str:
    """Return how what is chosen converts beside all others: Brazil converts at 1.16 % (12 of 1,031), all others ...

    `every` are all sessions under the other filters, those chosen included.
    """
    names = chosen_names(filters, dimension)
    others = every[0] - chosen[0], every[1] - chosen[1]
    if not chosen[1]:
        return f"No session of the selection has {' and '.join(filter_words(only(filters, [dimension])))}"
    one = len(filters.values(dimension)) == 1
    said = f"{names} {'converts' if one else 'convert'} at {rate_of(*chosen)}"
    if not others[1]:
        return f"{said}; there are no other {plural_of(dimension)} to compare with"
    apart = not intervals_meet(wilson_interval(*chosen), wilson_interval(*others))
    rest = "all others" if filters.values(dimension) else "those left out"
    return f"{said}, {rest} at {rate_of(*others)}: {BEYOND if apart else WITHIN}"


def counts_of(rows: Sequence[Row], filters: Filters, dimension: str, key: str) -> Counts:
    """Return converted sessions and sessions of the rows that pass the filter on a dimension."""
    held = [row for row in rows if passes(filters, dimension, row[key])]
    return sum(row["conversions"] for row in held), sum(row["sessions"] for row in held)
