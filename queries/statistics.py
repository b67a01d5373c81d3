"""Pure functions of counts: intervals and what is large enough to speak of."""

import math
from functools import lru_cache

Z_95 = 1.959963984540054


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
