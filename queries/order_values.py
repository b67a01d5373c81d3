"""What a conversion is worth in one segment: the overall mean, moved as far as the orders of its values can tell."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import linalg

from queries.baseline import Codes, Design, Floats
from queries.cells import Cells

ROUNDS = 20
SMALLEST_MOVE = 0.02
SMALLEST_RELATIVE = 0.1
LARGEST_SPREAD, SMALLEST_SPREAD = 1e3, 1e-3
"""Of the intercept, and of effects: in units of the overall mean."""
FIRST_SPREAD = 0.3


@dataclass(frozen=True, slots=True)
class ValueEffects:
    """Hold the mean value of a conversion as an intercept and one effect per value of each dimension, with its doubt.

    The unit is that of the revenue it was fitted to; `covariance` is that of the `coefficients`.
    """

    coefficients: Floats
    covariance: Floats

    @classmethod
    def of(cls, gram: Floats, totals: Floats, noise: float, precisions: Floats) -> Self:
        """Return the posterior for known variances: of the value of one conversion, and of the effects (inverted).

        `gram` are the cross products of the columns weighted by conversions, `totals` the revenue under each column.
        """
        covariance = linalg.inv(gram / noise + np.diag(precisions), check_finite=False)
        return cls(covariance @ totals / noise, covariance)


@dataclass(frozen=True, slots=True)
class OrderValues:
    """Hold draws of the mean value of a conversion overall, and how far segments differ from it.

    `average` are the shares of all conversions under each column of the design; `effects` are in units of the overall
    mean, and None where there is no revenue.
    """

    design: Design
    overall: Floats
    average: Floats
    effects: ValueEffects | None

    @classmethod
    def of(cls, cells: Cells, design: Design, overall: Floats) -> Self:
        """Fit main effects to the mean value of a conversion in each cell, shrunk by what the cells' scatter says.

        The variance of one conversion's value and that of the effects of each dimension are found by EM; the former
        is no less than that of the sampled orders, since a large order may make a value look dear by itself.
        """
        converted, revenue = float(cells.conversions.sum()), float(cells.revenue.sum())
        if converted <= 0 or revenue <= 0:
            return cls(design, overall, np.zeros(design.width), None)
        average = design.totals(cells.conversions) / converted
        return cls(design, overall, average, _fitted(cells, design, revenue / converted))

    def relative(self, weights: Floats, members: Codes | None = None) -> tuple[float, float]:
        """Return the value of a conversion in these cells over the overall mean, and the standard error of that.

        `weights` are the conversions that are due in each cell; `members` the indices of the cells.
        """
        if self.effects is None or weights.sum() <= 0:
            return 1.0, 0.0
        shares = self.design.totals(weights, members) / weights.sum()
        apart = shares - self.average
        ratio = max(1.0 + float(apart @ self.effects.coefficients), SMALLEST_RELATIVE)
        return ratio, float(np.sqrt(max(apart @ self.effects.covariance @ apart, 0.0)))

    def draws(self, weights: Floats, members: Codes | None, rng: np.random.Generator) -> Floats:
        """Return draws of the mean value of a conversion in these cells."""
        ratio, doubt = self.relative(weights, members)
        return self.overall * ratio * np.exp(rng.normal(0.0, doubt / ratio, len(self.overall)))


def _fitted(cells: Cells, design: Design, mean: float) -> ValueEffects:
    """Return the effects with the variances that explain the cells best, all in units of the overall mean."""
    filled = cells.conversions > 0
    gram, totals = design.gram(cells.conversions), design.totals(cells.revenue / mean)
    squares = float(np.sum((cells.revenue[filled] / mean) ** 2 / cells.conversions[filled]))
    least = max(_variance(cells.orders / mean, cells.onward), SMALLEST_SPREAD)
    noise, spreads = least, np.full(len(design.sizes), FIRST_SPREAD)
    effects = ValueEffects.of(gram, totals, noise, _precisions(design, spreads))
    for _ in range(ROUNDS):
        left = squares - effects.coefficients @ (2 * totals - gram @ effects.coefficients)
        free = np.count_nonzero(filled) - np.sum(gram * effects.covariance) / noise
        noise = max(least, left / free) if free >= 1 else least
        second, before = effects.coefficients**2 + np.diag(effects.covariance), spreads
        parts = np.add.reduceat(second, design.starts) / design.sizes
        spreads = np.maximum(np.sqrt(parts), SMALLEST_SPREAD)
        effects = ValueEffects.of(gram, totals, noise, _precisions(design, spreads))
        if np.abs(np.log(spreads / before)).max() < SMALLEST_MOVE:
            break
    return effects


def _precisions(design: Design, spreads: Floats) -> Floats:
    return np.concatenate([[LARGEST_SPREAD**-2], np.repeat(spreads**-2.0, design.sizes)])


def _variance(orders: Floats, onward: float) -> float:
    """Return the variance of the value of a conversion of which the share `onward` ends in one of these orders."""
    if not len(orders):
        return 0.0
    mean = float(orders.mean())
    return float(onward * (orders.var() + mean**2) - (onward * mean) ** 2)
