"""How a fall came: at once, or as a slope over weeks, and since when."""

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from queries.baseline import Codes, Floats

LENGTHS = (14, 28, 42)
"""So many days a slope takes from the first order lost to all that are; one to the last day is tried as well."""
DEPTHS = np.linspace(0.1, 0.98, 12)
LONGEST = max(LENGTHS)
CLEARER = 2.0
"""A slope is believed where it is e^2 times as likely as a step: its length is chosen, too."""
WEEK = 7


@dataclass(frozen=True, slots=True)
class Slope:
    """Hold a fall that comes as a slope: the days it may begin on, the log-likelihood of each, and the best course.

    `levels` are the ratio at which the segment converts in each week from the best of `days` on: (day, ratio).
    """

    days: Codes
    gains: Floats
    levels: tuple[tuple[int, float], ...]


def slope_of(had: Floats, due: Floats, first: int, step: int, day: int, prior: float) -> tuple[Slope, float]:
    """Return the best slope that begins between two days, and by how much more likely it is than any step.

    `had` and `due` are conversions and what main effects make due, by day up to `day`. The segment converts at its
    usual ratio R before, and at R (1 - d min(1, days since it began / L)) on a slope of L days; R is at its best.
    """
    had, due = had[: day + 1], due[: day + 1]
    starts = np.arange(first, min(step + LENGTHS[0], day) + 1)
    steps, _ = _gains(had, due, starts, np.ones((1, len(starts))), prior)
    lengths = np.stack(
        [*(np.full(len(starts), float(length)) for length in LENGTHS), np.maximum(day - starts + 1.0, LENGTHS[0])]
    )
    gains, depths = _gains(had, due, starts, lengths, prior)
    place = int(np.argmax(gains.max(axis=0)))
    longest = int(np.argmax(gains[:, place]))
    begun, length, depth = int(starts[place]), lengths[longest, place], depths[longest, place]
    weeks = np.arange(begun, min(begun + int(length), day + 1), WEEK)
    middle = np.minimum((weeks + (WEEK + 1) / 2 - begun) / length, 1.0)
    levels = [*zip(weeks.tolist(), (1.0 - depth * middle).tolist(), strict=True)]
    if begun + length <= day:
        levels.append((begun + int(length), 1.0 - depth))
    slope = Slope(starts, gains.max(axis=0), tuple((int(when), float(level)) for when, level in levels))
    return slope, float(gains.max() - steps.max())


def _gains(had: Floats, due: Floats, starts: Codes, lengths: Floats, prior: float) -> tuple[Floats, Floats]:
    """Return the log-likelihood of each course but for a constant, and its best depth (lengths x starts)."""
    days = np.arange(len(had))
    run = np.clip((days - starts[:, None] + 1.0) / lengths[..., None], 0.0, 1.0)
    best, depths = np.full(lengths.shape, -np.inf), np.zeros(lengths.shape)
    whole = had.sum() + prior
    for depth in DEPTHS:
        level = 1.0 - depth * run
        gain = np.log(level) @ had - xlogy(whole, level @ due + prior)
        better = gain > best
        best, depths = np.where(better, gain, best), np.where(better, depth, depths)
    return best, depths
