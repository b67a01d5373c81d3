"""How high the largest of many scores grows by chance alone."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Floats = NDArray[np.float64]

SMALLEST_SCALE = 1e-6
NARROW, WIDE = 1e-2, 1e2


@dataclass(frozen=True, slots=True)
class Gumbel:
    """Hold the distribution of a largest score (Gumbel 1958): its middle, the most likely score, and its scale."""

    middle: float
    scale: float

    @classmethod
    def fitted(cls, highest: Floats, flattest: float = 0.0) -> "Gumbel":
        """Fit the highest scores of replicates by maximum likelihood; the scale is `flattest` at least."""
        least, spread = float(highest.min()), float(highest.std())
        if spread < SMALLEST_SCALE:
            return cls(float(highest.mean()), max(SMALLEST_SCALE, flattest))
        above = highest - least

        def misfit(scale: float) -> float:
            weights = np.exp(-above / scale)
            return float(scale - above.mean() + above @ weights / weights.sum())

        scale = max(brentq(misfit, NARROW * spread, WIDE * spread), flattest)
        return cls(least - scale * math.log(float(np.exp(-above / scale).mean())), scale)

    def chance(self, score: float) -> float:
        """Return the chance that the largest score is at least so high."""
        return -math.expm1(-math.exp(min((self.middle - score) / self.scale, WIDE)))

    def over(self, times: float) -> "Gumbel":
        """Return the distribution of the largest of so many times as many independent scores."""
        return Gumbel(self.middle + self.scale * math.log(times), self.scale)

    def score(self, chance: float) -> float:
        """Return the score that is reached with this chance."""
        return self.middle - self.scale * math.log(-math.log1p(-chance))
