"""What a conversion is worth in one segment: the overall mean, moved as far as the orders of its values can tell."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy import linalg

from queries.baseline import Codes, Design, Floats
from queries.cells import Cells

ROUNDS = 40
LONGEST_STEP, SMALLEST_MOVE = 0.5, 0.02
FIRST_SPREAD, SMALLEST_SPREAD, LARGEST_SPREAD = 0.3, 1e-3, 1e3
SMALLEST_NOISE = 1e-3
ENOUGH_CELLS = 30


@dataclass(frozen=True, slots=True)
class ValueEffects:
    """Hold main effects on the log of what a conversion is worth over the mean: an intercept, one effect per value.

    `predictor` is the linear predictor of each cell, `covariance` that of the `coefficients`, `used` the number of
    parameters that the shrunk effects amount to.
    """

    coefficients: Floats
    covariance: Floats
    predictor: Floats
    used: float = 0.0

    @classmethod
    def start(cls, design: Design) -> Self:
        """Return no effects: everywhere the overall mean."""
        coefficients = np.zeros(design.width)
        return cls(coefficients, np.zeros((design.width, design.width)), design.linear(coefficients))

    def expected(self, cells: Cells) -> Floats:
        """Return per cell the revenue that is expected, in mean values of a conversion."""
        return cells.conversions * np.exp(self.predictor)

    def residual(self, cells: Cells) -> Floats:
        """Return per cell how far its revenue is from what is expected, in mean values of a conversion."""
        return cells.revenue / (cells.revenue.sum() / cells.conversions.sum()) - self.expected(cells)

    def moved(self, cells: Cells, design: Design, noise: float, precisions: Floats) -> "ValueEffects":
        """Return the effects after one step of Fisher scoring (McCullagh, Nelder 1989, quasi-likelihood, log link).

        The variance grows with the mean. Were it to grow with its square, as for gamma errors, conversions that brought
        nothing would pull the effect of their value down without end. `noise` is the squared coefficient of variation
        of one conversion's value, `precisions` are the inverse variances of the effects.
        """
        gram = design.gram(self.expected(cells)) / noise
        covariance = linalg.inv(gram + np.diag(precisions), check_finite=False)
        pull = precisions * self.coefficients
        pull[0] = 0.0
        step = covariance @ (design.totals(self.residual(cells)) / noise - pull)
        step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-12))
        coefficients = self.coefficients + step
        return ValueEffects(coefficients, covariance, design.linear(coefficients), float(np.sum(gram * covariance)))


@dataclass(frozen=True, slots=True)
class OrderValues:
    """Hold draws of the mean value of a conversion overall, and how far segments differ from it.

    Per cell `relative` is the value of a conversion over the overall mean; `average` is the derivative of the log of
    that mean by each effect. Without revenue no segment differs and `covariance` is None.
    """

    design: Design
    overall: Floats
    relative: Floats
    average: Floats
    covariance: Floats | None

    @classmethod
    def of(cls, cells: Cells, design: Design, overall: Floats) -> Self:
        """Fit main effects to the value of a conversion in each cell, shrunk by what the scatter of the cells says."""
        if cells.conversions.sum() <= 0 or cells.revenue.sum() <= 0:
            return cls(design, overall, np.ones(len(cells.codes)), np.zeros(design.width), None)
        effects = _fitted(_sold(cells))
        worth = np.exp(design.linear(effects.coefficients))
        money = cells.conversions * worth
        mean = money.sum() / cells.conversions.sum()
        return cls(design, overall, worth / mean, design.totals(money) / money.sum(), effects.covariance)

    def ratio(self, due: Floats, members: Codes) -> tuple[float, float]:
        """Return the value of a conversion in these cells over the overall mean, and the standard error of its log.

        `due` are the conversions that are expected in each of the cells, `members` their indices.
        """
        if self.covariance is None or due.sum() <= 0:
            return 1.0, 0.0
        money = due * self.relative[members]
        apart = self.design.totals(money, members) / money.sum() - self.average
        return float(money.sum() / due.sum()), float(np.sqrt(max(apart @ self.covariance @ apart, 0.0)))

    def draws(self, due: Floats, members: Codes, rng: np.random.Generator) -> Floats:
        """Return draws of the mean value of a conversion in these cells."""
        ratio, doubt = self.ratio(due, members)
        return self.overall * ratio * np.exp(rng.normal(0.0, doubt, len(self.overall)))


def _sold(cells: Cells) -> Cells:
    """Return the cells that have conversions: the others say nothing of what one is worth."""
    sold = cells.conversions > 0
    columns = {name: getattr(cells, name)[sold] for name in ("codes", "sessions", "conversions", "revenue")}
    return replace(cells, **columns)


def _fitted(cells: Cells) -> ValueEffects:
    """Return the effects with the variances that explain the cells best (EM), each round from where the last ended."""
    design = Design.of(cells.codes, cells.sizes)
    sampled = max(_variation(cells.orders, cells.onward), SMALLEST_NOISE)
    noise, spreads = sampled, np.full(len(design.sizes), FIRST_SPREAD)
    effects = ValueEffects.start(design)
    for _ in range(ROUNDS):
        after = effects.moved(cells, design, noise, _precisions(design, spreads))
        noise = max(_noise(cells, after), sampled)
        second, before = after.coefficients**2 + np.diag(after.covariance), spreads
        spreads = np.maximum(np.sqrt(np.add.reduceat(second, design.starts) / design.sizes), SMALLEST_SPREAD)
        moves = np.abs(after.coefficients - effects.coefficients).max(), np.abs(np.log(spreads / before)).max()
        effects = after
        if max(moves) < SMALLEST_MOVE:
            break
    return effects


def _noise(cells: Cells, effects: ValueEffects) -> float:
    """Return the squared coefficient of variation that the scatter of the cells shows; 0 where they are few.

    That of the orders themselves is the least: cells without an order do not show how large one can be.
    """
    free = len(cells.codes) - effects.used
    if free < ENOUGH_CELLS:
        return 0.0
    scatter = np.sum(effects.residual(cells) ** 2 / effects.expected(cells))
    return float(scatter / free)


def _precisions(design: Design, spreads: Floats) -> Floats:
    return np.concatenate([[LARGEST_SPREAD**-2], np.repeat(spreads**-2.0, design.sizes)])


def _variation(orders: Floats, onward: float) -> float:
    """Return the squared coefficient of variation of a conversion's value; `onward` of them end in such an order."""
    if not len(orders) or orders.mean() <= 0 or onward <= 0:
        return 0.0
    return float((orders.var() / orders.mean() ** 2 + 1.0) / onward - 1.0)
