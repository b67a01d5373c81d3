"""Pure functions of counts: intervals and what is large enough to speak of."""

import math
from collections.abc import Sequence
from functools import lru_cache

Z_95 = 1.959963984540054
CHANCE = 0.05
"""How often a sentence may name a difference where nothing differs."""

Share = tuple[float, float]
"""A part and its whole: converted sessions and sessions."""


@lru_cache(1 << 14)
def wilson_interval(part: float | None, whole: float | None, z: float = Z_95) -> tuple[float | None, float | None]:
    """Return the Wilson score interval of the rate `part / whole`, as fractions; (None, None) when `whole` is 0.

    `part` and `whole` are counts with 0 <= part <= whole. Raises ValueError otherwise.
    Source: Wilson, E. B. (1927), JASA 22, 209-212.
    """
    if part is None or not whole:
        return None, None
    if not 0 <= part <= whole:
        raise ValueError(f"a part of {part} in a whole of {whole} is no rate: give counts with 0 <= part <= whole")
    rate, weight = part / whole, z * z / whole
    middle = (rate + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(rate * (1 - rate) / whole + weight / (4 * whole))
    low = 0.0 if part == 0 else max(0.0, middle - half)
    high = 1.0 if part == whole else min(1.0, middle + half)
    return low, high


def intervals_meet(first: tuple[float | None, float | None], second: tuple[float | None, float | None]) -> bool:
    """Say whether two intervals overlap; an undefined one meets everything, because nothing can be said of it."""
    (first_low, first_high), (second_low, second_high) = first, second
    if first_low is None or first_high is None or second_low is None or second_high is None:
        return True
    return first_low <= second_high and second_low <= first_high


def larger_than_chance(
    pairs: Sequence[tuple[Share, Share]], looks: int | None = None, chance: float = CHANCE
) -> list[bool]:
    """Say which pairs of rates differ by more than chance, picked from `looks` pairs; by default these are all.

    Any of those called is false in at most a share `chance` of all cases, however many are looked at and however they
    depend on each other. The best of k values against the rest has k looks, the farthest two of k have k (k - 1) / 2.
    Source: Holm, S. (1979), Scandinavian Journal of Statistics 6, 65-70 (Bonferroni's first step, then fewer looks).
    """
    left = max(len(pairs), looks or 0)
    chances = sorted((difference_chance(*pair), place) for place, pair in enumerate(pairs))
    called = [False] * len(pairs)
    for done, (p, place) in enumerate(chances):
        if p * (left - done) > chance:
            break
        called[place] = True
    return called


def difference_chance(first: Share, second: Share) -> float:
    """Return the chance of rates so far apart in either direction, if both are one rate; 1 where one is undefined.

    Twice the smaller tail of Fisher's exact test: never too small, however few the counts.
    Source: Fisher, R. A. (1935), Journal of the Royal Statistical Society 98, 39-82.
    """
    low, high = (first, second) if first[0] * second[1] <= second[0] * first[1] else (second, first)
    (fewer, rest), (part, whole) = low, high
    if min(rest, whole) <= 0:
        return 1.0
    log = _log_choices(whole, part) + _log_choices(rest, fewer) - _log_choices(whole + rest, part + fewer)
    tail = term = 1.0
    while part < whole and fewer > 0 and term > tail * 1e-12:
        term *= (whole - part) / (part + 1) * fewer / (rest - fewer + 1)
        part, fewer, tail = part + 1, fewer - 1, tail + term
    return min(1.0, 2 * math.exp(log) * tail)


def _log_choices(whole: float, part: float) -> float:
    """Return the logarithm of the number of ways to choose `part` of `whole`."""
    return math.lgamma(whole + 1) - math.lgamma(part + 1) - math.lgamma(whole - part + 1)
