"""The rate a cell should have when no combination leaks: main effects on the logit with one curvature, fitted by EM."""

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.special import expit

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

CURVATURE_LIMIT = 1.0
CURVATURE_PRECISION = 4.0
EFFECT_PRECISION = 0.1
PRECISION_LIMITS = (0.05, 1e4)
FIRST_ROUNDS, LATER_ROUNDS = 40, 12
STEEPEST = 0.05
SMALLEST_GAIN, SMALLEST_MOVE = 0.01, 0.03


@dataclass(frozen=True, slots=True)
class Design:
    """Hold which column of the model each cell takes: the intercept, then one column per value of each dimension."""

    codes: tuple[Codes, ...]
    sizes: tuple[int, ...]
    starts: tuple[int, ...]
    pairs: tuple[tuple[int, int, Codes], ...]

    @classmethod
    def of(cls, codes: NDArray, sizes: tuple[int, ...]) -> Self:
        """Build the design from integer codes (cells x dimensions)."""
        columns = tuple(np.ascontiguousarray(codes[:, place], dtype=np.intp) for place in range(len(sizes)))
        starts = tuple(int(start) for start in 1 + np.concatenate([[0], np.cumsum(sizes)[:-1]]))
        pairs = tuple(
            (first, second, columns[first] * sizes[second] + columns[second])
            for first, second in combinations(range(len(sizes)), 2)
        )
        return cls(columns, sizes, starts, pairs)

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return 1 + sum(self.sizes)

    def linear(self, coefficients: Floats) -> Floats:
        """Return the linear predictor of each cell."""
        predictor = np.full(len(self.codes[0]), coefficients[0])
        for start, size, column in zip(self.starts, self.sizes, self.codes, strict=True):
            predictor += coefficients[start : start + size][column]
        return predictor

    def totals(self, weights: Floats, members: Codes | None = None) -> Floats:
        """Return the sum of weights under each column; of these cells only, if they are named."""
        parts = [
            np.bincount(column if members is None else column[members], weights, minlength=size)
            for column, size in zip(self.codes, self.sizes, strict=True)
        ]
        return np.concatenate([[weights.sum()], *parts])

    def gram(self, weights: Floats) -> Floats:
        """Return the weighted cross products of the columns."""
        gram = np.zeros((self.width, self.width))
        totals = None if self.pairs else self.totals(weights)
        for first, second, together in self.pairs:
            shape = self.sizes[first], self.sizes[second]
            table = np.bincount(together, weights, minlength=shape[0] * shape[1]).reshape(shape)
            rows = slice(self.starts[first], self.starts[first] + shape[0])
            columns = slice(self.starts[second], self.starts[second] + shape[1])
            gram[rows, columns], gram[columns, rows] = table, table.T
            if first == 0:
                gram[0, rows], gram[0, columns] = table.sum(axis=1), table.sum(axis=0)
        if totals is None:
            gram[0, 0] = gram[0, 1 : self.starts[1]].sum()
            totals = gram[0].copy()
        gram[0], gram[:, 0] = totals, totals
        gram[np.diag_indices(self.width)] = totals
        return gram


@dataclass(frozen=True, slots=True)
class Fit:
    """Hold a fitted baseline: parameters, and per cell what the scan needs.

    `parameters` are the coefficients, the curvature, then one effect per found segment; `rate` is the fitted rate with
    those effects, `weight` the binomial information, `slope` = d eta / d u, `bend` = d eta / d curvature, `factor` the
    lower Cholesky factor of the penalised Hessian.
    """

    parameters: Floats
    precisions: Floats
    centre: float
    rate: Floats
    logit: Floats
    weight: Floats
    slope: Floats
    bend: Floats
    factor: Floats
    found: tuple[Codes, ...]

    @property
    def curvature(self) -> float:
        """Return Tukey's one degree of freedom."""
        return float(self.parameters[len(self.parameters) - len(self.found) - 1])

    @property
    def effects(self) -> Floats:
        """Return the log-odds effect of each found segment."""
        return self.parameters[len(self.parameters) - len(self.found) :]

    def without_effects(self, kept: int) -> "Fit":
        """Return this fit as a start for one that keeps only the first so many found segments."""
        gone = len(self.found) - kept
        return replace(self, parameters=self.parameters[: len(self.parameters) - gone], found=self.found[:kept])


def fit_baseline(
    design: Design, sessions: Floats, conversions: Floats, found: tuple[Codes, ...] = (), start: Fit | None = None
) -> Fit:
    """Fit main effects, curvature and one effect per found segment (each given by the indices of its cells).

    Normal priors with one precision per dimension, re-estimated each round (evidence fixed point, MacKay 1992);
    `start` is an earlier fit with the first of the same found segments.
    """
    state = _start(design, sessions, conversions, found, start)
    rounds = FIRST_ROUNDS if start is None else LATER_ROUNDS
    value = state.value()
    for _ in range(rounds):
        gradient, hessian = state.derivatives()
        factor = linalg.cholesky(hessian, lower=True, check_finite=False)
        step = linalg.cho_solve((factor, True), gradient, check_finite=False)
        gain = float(gradient @ step)
        state, value = state.moved(step, value)
        moved = state.update_precisions(factor)
        value = state.value() if moved else value
        if gain < SMALLEST_GAIN and moved < SMALLEST_MOVE:
            break
    _, hessian = state.derivatives()
    factor = linalg.cholesky(hessian, lower=True, check_finite=False)
    return Fit(
        state.parameters, state.precisions, state.centre, state.rate, state.logit, state.weight, state.slope,
        state.bend, factor, found,
    )  # fmt: skip


class _State:
    """Hold one point of the iteration with everything evaluated at it."""

    def __init__(self, design, sessions, conversions, found, parameters, precisions, centre) -> None:
        self.design, self.sessions, self.conversions, self.found = design, sessions, conversions, found
        self.parameters, self.precisions, self.centre = parameters, precisions, centre
        width = design.width
        predictor = design.linear(parameters[:width]) - centre
        curvature = parameters[width]
        self.bend = 0.5 * predictor**2
        self.slope = np.maximum(1.0 + curvature * predictor, STEEPEST)
        self.logit = centre + predictor + curvature * self.bend
        for effect, members in zip(parameters[width + 1 :], found, strict=True):
            self.logit[members] += effect
        self.rate = expit(self.logit)
        self.weight = sessions * self.rate * (1.0 - self.rate)
        self.likelihood = float(conversions @ self.logit + sessions @ np.log1p(-self.rate))

    def penalty(self) -> Floats:
        parts = [np.full(size, precision) for size, precision in zip(self.design.sizes, self.precisions, strict=True)]
        return np.concatenate([[0.0], *parts, [CURVATURE_PRECISION], np.full(len(self.found), EFFECT_PRECISION)])

    def value(self) -> float:
        return self.likelihood - 0.5 * float(self.penalty() @ self.parameters**2)

    def derivatives(self) -> tuple[Floats, Floats]:
        width, design = self.design.width, self.design
        residual = self.conversions - self.sessions * self.rate
        sloped = self.weight * self.slope
        size = len(self.parameters)
        gradient, hessian = np.empty(size), np.empty((size, size))
        gradient[:width] = design.totals(residual * self.slope)
        gradient[width] = residual @ self.bend
        hessian[:width, :width] = design.gram(sloped * self.slope)
        hessian[:width, width] = design.totals(sloped * self.bend)
        hessian[width, width] = self.weight @ self.bend**2
        within = np.zeros(len(residual), dtype=bool)
        for place, members in enumerate(self.found, start=width + 1):
            gradient[place] = residual[members].sum()
            hessian[:width, place] = design.totals(sloped[members], members)
            hessian[width, place] = self.weight[members] @ self.bend[members]
            within[members] = True
            for other in range(width + 1, place + 1):
                others = self.found[other - width - 1]
                hessian[other, place] = self.weight[others][within[others]].sum()
            within[members] = False
        lower = np.tril_indices(size, -1)
        hessian[lower] = hessian.T[lower]
        penalty = self.penalty()
        hessian[np.diag_indices(size)] += penalty
        hessian[0, 0] += 1e-6
        return gradient - penalty * self.parameters, hessian

    def moved(self, step: Floats, value: float) -> tuple["_State", float]:
        width = self.design.width
        for halvings in range(12):
            parameters = self.parameters + step * 0.5**halvings
            parameters[width] = np.clip(parameters[width], -CURVATURE_LIMIT, CURVATURE_LIMIT)
            after = _State(
                self.design, self.sessions, self.conversions, self.found, parameters, self.precisions, self.centre
            )
            if (reached := after.value()) >= value - 1e-9:
                return after, reached
        return self, value

    def update_precisions(self, factor: Floats) -> float:
        """Move each precision to its fixed point and return the largest relative change of a standard deviation."""
        (inverted,) = linalg.get_lapack_funcs(("potri",), (factor,))
        variances = np.diag(inverted(factor, lower=1)[0])
        updated = np.empty_like(self.precisions)
        for place, (start, size) in enumerate(zip(self.design.starts, self.design.sizes, strict=True)):
            inside = slice(start, start + size)
            expected = self.parameters[inside] @ self.parameters[inside] + variances[inside].sum()
            updated[place] = np.clip(size / expected, *PRECISION_LIMITS)
        change = float(np.max(np.abs(np.log(updated / self.precisions))) / 2) if len(updated) else 0.0
        self.precisions = updated
        return change


def _start(
    design: Design, sessions: Floats, conversions: Floats, found: tuple[Codes, ...], start: Fit | None
) -> _State:
    width = design.width
    parameters = np.zeros(width + 1 + len(found))
    if start is None:
        total = float(sessions.sum())
        rate = (float(conversions.sum()) + 0.5) / (total + 1.0)
        parameters[0] = centre = float(np.log(rate / (1.0 - rate)))
        precisions = np.full(len(design.sizes), 4.0)
    else:
        kept = min(len(parameters), len(start.parameters))
        parameters[:kept] = start.parameters[:kept]
        for place in range(kept, len(parameters)):
            members = found[place - width - 1]
            should = float(sessions[members] @ start.rate[members])
            parameters[place] = np.log((float(conversions[members].sum()) + 0.5) / (should + 0.5))
        precisions, centre = start.precisions.copy(), start.centre
    return _State(design, sessions, conversions, found, parameters, precisions, centre)
