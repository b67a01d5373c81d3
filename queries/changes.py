"""What a change of the conversion rate between two periods is made of: by step, and by mix and rate; both add up."""

import itertools
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from queries.statistics import Z_95, difference_chance, wilson_interval

Counts = tuple[float, float]
"""Sessions and converted sessions of one segment in one period."""


@dataclass(frozen=True, slots=True)
class StepChange:
    """Hold the rates of two periods and what each transition between steps added to their difference.

    `contributions` add up to `after - before`; all are fractions of sessions.
    """

    before: float
    after: float
    contributions: tuple[float, ...]

    @property
    def total(self) -> float:
        """Return the change of the rate."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class SegmentChange:
    """Hold what one segment added to a change: by growing or shrinking (mix), and by converting otherwise (rate)."""

    segment: Hashable
    mix: float
    rate: float


@dataclass(frozen=True, slots=True)
class MixChange:
    """Hold the change of a rate as mix and rate effects of segments; all of them add up to `after - before`."""

    before: float
    after: float
    segments: tuple[SegmentChange, ...]

    @property
    def total(self) -> float:
        """Return the change of the rate."""
        return self.after - self.before

    @property
    def mix(self) -> float:
        """Return how much comes from who visited."""
        return math.fsum(segment.mix for segment in self.segments)

    @property
    def rate(self) -> float:
        """Return how much comes from how the segments convert."""
        return math.fsum(segment.rate for segment in self.segments)

    @property
    def is_simpson(self) -> bool:
        """Say whether the total moves against what happened within the segments (Simpson's paradox)."""
        return self.total * self.rate < 0 and abs(self.rate) > 1e-12


def log_mean(first: float, second: float) -> float:
    """Return the logarithmic mean of two rates: 0 when one of them is 0, the rate itself when they are equal."""
    if first <= 0 or second <= 0:
        return 0.0
    if first == second:
        return first
    return (first - second) / math.log1p((first - second) / second)


def step_change(before: Sequence[float], after: Sequence[float]) -> StepChange | None:
    """Return what each transition added to the change of last / first; None when a period has no session.

    `before` and `after` count what reached each step, the first entry being all sessions. A transition without anybody
    takes the whole change (the limit of the formula), as does the one that was empty before.
    Raises ValueError for counts that grow along the steps, or of different lengths.
    Source: Ang, B. W. (2015), Energy Policy 86, 233-238 (LMDI-I); zeros: Ang and Liu (2007), Energy Policy 35, 238-246.
    """
    if len(before) != len(after) or len(before) < 2:
        raise ValueError(f"cannot compare {len(before)} steps with {len(after)}: give the same two or more steps")
    for counts in (before, after):
        if any(later > earlier or later < 0 for earlier, later in itertools.pairwise(counts)):
            raise ValueError(f"{list(counts)} is no funnel: a later step cannot hold more than an earlier one")
    if not before[0] or not after[0]:
        return None
    rates = [counts[-1] / counts[0] for counts in (before, after)]
    parts = [0.0] * (len(before) - 1)
    empty = [next((place for place, held in enumerate(counts) if not held), 0) - 1 for counts in (before, after)]
    if all(rates):
        weight = log_mean(rates[1], rates[0])
        for place in range(len(parts)):
            parts[place] = weight * math.log((after[place + 1] / after[place]) / (before[place + 1] / before[place]))
    elif any(rates):
        parts[empty[0] if empty[0] >= 0 else empty[1]] = rates[1] - rates[0]
    return StepChange(rates[0], rates[1], tuple(parts))


def mix_change(before: Mapping[Any, Counts], after: Mapping[Any, Counts]) -> MixChange | None:
    """Return the change of the pooled rate as mix and rate effects of the segments; None when a period is empty.

    A segment without sessions in one period is taken to convert there as in the other: all it adds is mix.
    delta = sum 1/2 (r0 + r1 - R0 - R1) (w1 - w0) + sum 1/2 (w0 + w1) (r1 - r0).
    Source: Kitagawa (1955), JASA 50, 1168-1194, in the symmetric form of Das Gupta (1993).
    """
    sums = [
        (math.fsum(n for n, _ in held.values()), math.fsum(c for _, c in held.values())) for held in (before, after)
    ]
    if not sums[0][0] or not sums[1][0]:
        return None
    pooled = [converted / sessions for sessions, converted in sums]
    segments = []
    for name in dict.fromkeys((*before, *after)):
        counts = [held.get(name, (0.0, 0.0)) for held in (before, after)]
        weights = [n / whole for (n, _), (whole, _) in zip(counts, sums, strict=True)]
        rates = [c / n if n else None for n, c in counts]
        first = rates[0] if rates[0] is not None else rates[1] or 0.0
        second = rates[1] if rates[1] is not None else first
        mix = (first + second - pooled[0] - pooled[1]) / 2 * (weights[1] - weights[0])
        segments.append(SegmentChange(name, mix, (weights[0] + weights[1]) / 2 * (second - first)))
    return MixChange(pooled[0], pooled[1], tuple(segments))


def difference_interval(before: Counts, after: Counts, z: float = Z_95) -> tuple[float | None, float | None]:
    """Return the interval of the difference of two rates, after - before; (None, None) when one is undefined.

    Source: Newcombe, R. G. (1998), Statistics in Medicine 17, 873-890 (method 10).
    """
    (low0, high0), (low1, high1) = (wilson_interval(part, whole, z) for whole, part in (before, after))
    if low0 is None or high0 is None or low1 is None or high1 is None:
        return None, None
    first, second = before[1] / before[0], after[1] / after[0]
    difference = second - first
    return (
        difference - math.hypot(second - low1, high0 - first),
        difference + math.hypot(high1 - second, first - low0),
    )


def beyond_chance(pairs: Sequence[tuple[Counts, Counts]], rate: float = 0.05) -> list[bool]:
    """Say which pairs of (sessions, converted), before and after, differ by more than chance, many being looked at.

    At most `rate` of those called are expected to be false (Benjamini, Hochberg 1995), so that where nothing changes
    any is called in at most that share of cases. The p of each is that of Fisher's exact test.
    """
    chances = [difference_chance(before[::-1], after[::-1]) for before, after in pairs]
    from queries.null import rejected  # SciPy, which who only draws a trend need not wait for

    return [bool(call) for call in rejected(np.array(chances), rate)]


def merged_small(
    before: Mapping[tuple[str, ...], Counts],
    after: Mapping[tuple[str, ...], Counts],
    place: int,
    least: float,
    other: str = "(other)",
) -> tuple[dict[tuple[str, ...], Counts], dict[tuple[str, ...], Counts]]:
    """Return both periods with the rare values of one dimension (`place` in the keys) put together under `other`.

    Rare is what has fewer than `least` sessions in either period: the same values are cut in both.
    """
    held: list[dict[str, float]] = [{}, {}]
    for period, cells in enumerate((before, after)):
        for key, (sessions, _) in cells.items():
            held[period][key[place]] = held[period].get(key[place], 0.0) + sessions
    kept = {value for value in held[0] if min(held[0][value], held[1].get(value, 0.0)) >= least}
    merged: list[dict[tuple[str, ...], Counts]] = [{}, {}]
    for period, cells in enumerate((before, after)):
        for key, (sessions, converted) in cells.items():
            name = key if key[place] in kept else (*key[:place], other, *key[place + 1 :])
            so_far = merged[period].get(name, (0.0, 0.0))
            merged[period][name] = so_far[0] + sessions, so_far[1] + converted
    return merged[0], merged[1]
