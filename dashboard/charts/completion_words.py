"""The words of the completion panels: who stands out at a step, where the values of a dimension differ most."""

from collections.abc import Mapping, Sequence

from dashboard.cards import Context
from dashboard.charts.chosen import is_filtered, passes, plural_of
from dashboard.charts.claims import Lead, lead, none_leads
from dashboard.charts.funnel_rows import DEVICE, label_of
from dashboard.charts.segments import value_words
from dashboard.charts.words import Row, empty_sentence, enough, joined
from dashboard.format import THIN, share
from queries.vocabulary import TITLES

Groups = Mapping[str, Sequence[Row]]
"""The funnel of each value that is compared, without the smaller ones that stand together."""
WORDS = (DEVICE, "visitor_type")
"""Dimensions whose values are words, which have a capital at the head of a sentence only."""
NAMED = 2
"""So many values that are ahead or behind are named; more of them are counted."""


def heading(groups: Groups, context: Context, dimension: str = DEVICE, of: str = "") -> str:
    """Return where the values differ most, by more than chance: at the last step, desktop ahead of mobile.

    `of` says what those compared are where there are more: "largest", "named".
    """
    steps = context.funnel.steps
    word, values = TITLES[dimension].lower(), plural_of(dimension)
    if not any(passes(context.filters, dimension, value) for value in groups):
        return f"{empty_sentence(context).removesuffix('.')}: the other {values} are shown for comparison"
    places = [[held[place] for held in groups.values()] for place in range(len(steps) - 1)]
    gaps: list[tuple[float, int]] = []
    for place, rows in enumerate(places):
        found = lead(rows, "completion_rate", "reached", len(places))
        if found and concerns_chosen(found, context, dimension):
            gaps.append((found.gap("completion_rate"), place))
    if not gaps:
        if len(groups) == 1:
            return f"One {word} only: {label_of((dimension,), (next(iter(groups)),))}, nothing to compare"
        if not any(sum(enough(row, "completion_rate", "reached") for row in rows) > 1 for rows in places):
            return f"Too few sessions {'on' if dimension == DEVICE else 'of'} each {word} to compare"
        beside = f"No chosen {word}" if is_filtered(context.filters, dimension) else f"No {word}"
        return f"{beside} stands out at any step{none_leads(places, 'completion_rate', 'reached')}"
    _, place = max(gaps)
    said = verdict(places[place], "completion_rate", "reached", dimension, of, len(places))
    said = f"{said[0].lower()}{said[1:]}" if dimension in WORDS else said
    where = "at the last step" if place == len(steps) - 2 else f"from {steps[place].name} to {steps[place + 1].name}"
    return f"{values[0].upper()}{values[1:]} differ most {where}: {said.replace(': ', ', ')}"


def compared_words(more: int, context: Context, dimension: str) -> str:
    """Return what the compared values are where more are left out: the largest, or those with a name by a filter."""
    if not more:
        return ""
    return "named" if context.filters.values(dimension) else "largest"


def concerns_chosen(found: Lead, context: Context, dimension: str = DEVICE) -> bool:
    """Say whether a chosen value is ahead or behind; any value, where none is chosen."""
    if not is_filtered(context.filters, dimension):
        return True
    return any(passes(context.filters, dimension, row["segment"]) for row in (found.row, *found.others))


def verdict(
    rows: Sequence[Row], rate_name: str, whole: str, dimension: str = DEVICE, of: str = "", steps: int = 1
) -> str:
    """Return who stands out among the values at one of so many steps, in one sentence without a full stop.

    Never more than is larger than chance: desktop ahead of mobile: 18 % against 4 %; Edge behind the others: 11 %
    against 28 to 34 %.
    """
    large = [row for row in rows if enough(row, rate_name, whole)]
    if not large:
        return "Too few sessions to say"
    if len(large) == 1:
        only = f"{label_of((dimension,), (large[0]['segment'],))}: {share(large[0][rate_name])}"
        return only if len(rows) == 1 else f"{only}; the others are too few to say"
    found = lead(rows, rate_name, whole, steps)
    if not found:
        return f"No {TITLES[dimension].lower()} stands out{none_leads([rows], rate_name, whole)}"
    rates = sorted(row[rate_name] for row in found.others)
    low, high = share(rates[0]), share(rates[-1])
    between = low if low == high else f"{low.removesuffix(f'{THIN}%')} to {high}"
    who, stands = label_of((dimension,), (found.row["segment"],)), "ahead of" if found.above else "behind"
    others = _others(found, len(large) - 1, dimension, of)
    return f"{who} {stands} {others}: {share(found.row[rate_name])} against {between}"


def _others(found: Lead, besides: int, dimension: str, of: str) -> str:
    """Return those who are behind, or ahead: mobile; the others; the other 4 largest; 3 of 4 others."""
    number = len(found.others)
    if number == besides > 1:
        return f"the other {number} {of}" if of else "the others"
    if number <= NAMED:
        return joined([value_words(dimension, row["segment"]) for row in found.others])
    return f"{number} of {besides} others"
