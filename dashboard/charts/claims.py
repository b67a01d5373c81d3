"""Who stands out, for the headings of several charts: never more often by chance than the headings say."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from dashboard.charts.words import Row, enough
from queries.statistics import Share, intervals_meet, larger_than_chance, wilson_interval


@dataclass(frozen=True, slots=True)
class Lead:
    """Hold the row of a segment whose interval lies above those of others, or below them, and those others.

    The others are in order of size, the largest first.
    """

    row: Row
    others: tuple[Row, ...]
    above: bool = True

    def gap(self, rate_name: str) -> float:
        """Return the distance to the farthest of the others."""
        return max(abs(self.row[rate_name] - row[rate_name]) for row in self.others)


def lead(rows: Sequence[Row], rate_name: str, whole: str, steps: int = 1) -> Lead | None:
    """Return who stands out: the row above or below most others by more than chance; None when nobody does.

    By more than chance: the intervals do not meet, and the rates are farther apart than the farthest of as many pairs,
    at as many funnel steps (`steps`), are by chance. Only rows of at least 30 sessions (column `whole`) are compared;
    among equals one above, and then the farthest.
    """
    large = sorted((row for row in rows if enough(row, rate_name, whole)), key=lambda row: -row[whole])
    pairs = _apart(large, rate_name)
    shares = [(round(row[rate_name] * row[whole]), row[whole]) for row in large]
    called = larger_than_chance(
        [(shares[one], shares[other]) for one, other in pairs], steps * math.comb(len(large), 2)
    )
    sure = [pair for pair, call in zip(pairs, called, strict=True) if call]
    found: list[Lead] = []
    for above in (True, False):
        own, other = (0, 1) if above else (1, 0)
        for place, row in enumerate(large):
            beside = sorted(pair[other] for pair in sure if pair[own] == place)
            found.append(Lead(row, tuple(large[each] for each in beside), above))
    found = [each for each in found if each.others]
    return max(found, key=lambda each: (len(each.others), each.above, each.gap(rate_name)), default=None)


def none_leads(steps: Sequence[Sequence[Row]], rate_name: str, whole: str) -> str:
    """Return why nobody stands out at any step, to follow those words: the intervals overlap, or chance does it too."""
    large = [[row for row in rows if enough(row, rate_name, whole)] for rows in steps]
    return " by more than chance" if any(_apart(rows, rate_name) for rows in large) else ": the intervals overlap"


def _apart(rows: Sequence[Row], rate_name: str) -> list[tuple[int, int]]:
    """Return the places of each two rows whose intervals do not meet, the row with the higher rate first."""
    intervals = [(row[f"{rate_name}_low"], row[f"{rate_name}_high"]) for row in rows]
    return [
        (one, other) if rows[one][rate_name] > rows[other][rate_name] else (other, one)
        for one, other in combinations(range(len(rows)), 2)
        if rows[one][rate_name] != rows[other][rate_name] and not intervals_meet(intervals[one], intervals[other])
    ]


def apart_from_all(rows: Sequence[Row], every: Share, questions: int = 1) -> list[Row]:
    """Return the rows that convert otherwise than all others by more than as many rows do by chance.

    Their intervals do not meet that of `every` (converted sessions and sessions of all), and each is tested beside all
    sessions but its own. `rows` are all that are looked at: none is left out for its rate. Of so many `questions`
    under one heading each has its share of the chance.
    """
    mean = wilson_interval(*every)
    found = [row for row in rows if not intervals_meet((row["conversion_rate_low"], row["conversion_rate_high"]), mean)]
    return sure_beside_rest(found, every, questions * len(rows))


def sure_beside_rest(rows: Sequence[Row], every: Share, looks: int) -> list[Row]:
    """Return the rows, picked from `looks`, that convert otherwise than the rest by more than so many do by chance."""
    shares = [(row["conversions"], row["sessions"]) for row in rows]
    pairs = [((part, whole), (every[0] - part, every[1] - whole)) for part, whole in shares]
    return [row for row, call in zip(rows, larger_than_chance(pairs, looks), strict=True) if call]
