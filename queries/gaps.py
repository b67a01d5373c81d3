"""Gaps: single values that convert below their peers once the other dimensions are held equal."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg
from scipy.special import expit, ndtr

from queries.baseline import Design, Fit, Floats
from queries.cells import Cells
from queries.null import rejected
from queries.scan import SMALLEST_EXPECTED

LARGEST_RATIO = 0.8
GAP_DRAWS = 300
BINS = 150


@dataclass(frozen=True, slots=True)
class Gap:
    """Hold one value of one dimension against the median of its peers, standardised to the whole store's mix.

    `expected` are its conversions had it converted like the median peer; `ratio_draws` carry the doubt of the fit.
    """

    dimension: int
    value: int
    sessions: float
    conversions: float
    expected: float
    ratio: float
    p: float
    ratio_draws: Floats


def judge_values(
    cells: Cells, design: Design, fit: Fit, min_sessions: float, rng: np.random.Generator, looked_at: Iterable[int]
) -> list[Gap]:
    """Return each value of some dimensions that is large enough against the median of its peers, above or below.

    Marginal standardisation: r_v = (1 / N) sum n_i mu(v, rest of i), against the median over the other values with
    enough sessions and expected conversions. The doubt is that of the fitted coefficients.
    """
    normal = rng.normal(size=(len(fit.parameters), GAP_DRAWS))
    spread = linalg.solve_triangular(fit.factor, normal, lower=True, trans="T", check_finite=False)
    judged: list[Gap] = []
    for dimension in looked_at:
        judged += _judge_values(cells, design, fit, dimension, min_sessions, spread)
    return judged


def below_peers(judged: list[Gap], fdr: float) -> list[Gap]:
    """Return the values that convert below the median of their peers, at the given false discovery rate.

    Where the peers would have had fewer than 5 conversions too, having had none says nothing yet.
    """
    call = rejected(np.array([gap.p for gap in judged]), fdr)
    return [
        gap
        for gap, yes in zip(judged, call, strict=True)
        if yes and gap.ratio < LARGEST_RATIO and gap.expected >= SMALLEST_EXPECTED
    ]


def above_peers(judged: list[Gap], fdr: float) -> list[Gap]:
    """Return the values that convert above the median of their peers; of two values the gap says it already."""
    several = {gap.dimension for gap in judged if sum(gap.dimension == other.dimension for other in judged) > 2}
    call = rejected(np.array([1.0 - gap.p for gap in judged]), fdr)
    return [
        replace(gap, p=1.0 - gap.p)
        for gap, yes in zip(judged, call, strict=True)
        if yes and gap.ratio > 1 / LARGEST_RATIO and gap.dimension in several
    ]


def _judge_values(
    cells: Cells, design: Design, fit: Fit, dimension: int, min_sessions: float, spread: Floats
) -> list[Gap]:
    size, start, column = design.sizes[dimension], design.starts[dimension], design.codes[dimension]
    sessions = np.bincount(column, cells.sessions, minlength=size)
    fitted = np.bincount(column, cells.sessions * fit.rate, minlength=size)
    large = (sessions >= min_sessions) & (sessions * fitted.sum() / sessions.sum() >= SMALLEST_EXPECTED)
    large &= np.arange(size) != (-1 if cells.others[dimension] is None else cells.others[dimension])
    enough = np.nonzero(large)[0]
    if len(enough) < 2:
        return []
    conversions = np.bincount(column, cells.conversions, minlength=size)
    coefficients = fit.parameters[start : start + size]
    own = coefficients[enough][:, None] + np.column_stack([np.zeros(len(enough)), spread[start + enough]])
    rest = design.linear(fit.parameters[: design.width]) - coefficients[column] - fit.centre
    rates = _standardised(rest, cells.sessions, own, fit.curvature, fit.centre)
    gaps, peers = [], medians_of_others(rates)
    for place, value in enumerate(enough):
        ratios = rates[place] / peers[place]
        ratio, doubt = float(ratios[0]), float(np.log(ratios[1:]).std())
        p = float(ndtr(np.log(ratio) / max(doubt, 1e-9)))
        gaps.append(
            Gap(dimension, int(value), float(sessions[value]), float(conversions[value]),
                float(fitted[value] / ratio), ratio, p, ratios[1:])
        )  # fmt: skip
    return gaps


def medians_of_others(rows: Floats) -> Floats:
    """Return in place of each number the median of the others in its column; two rows at least."""
    ordered = np.sort(rows, axis=0)
    places = np.argsort(np.argsort(rows, axis=0), axis=0)
    below, above = ((len(rows) - 2) // 2, (len(rows) - 1) // 2)
    middle = [np.take_along_axis(ordered, place + (places <= place), axis=0) for place in (below, above)]
    return (middle[0] + middle[1]) / 2


def _standardised(rest: Floats, sessions: Floats, own: Floats, curvature: float, centre: float) -> Floats:
    edges = np.linspace(np.min(rest), np.max(rest) + 1e-9, BINS + 1)
    places = np.clip(np.searchsorted(edges, rest, side="right") - 1, 0, BINS - 1)
    share = np.bincount(places, sessions, minlength=BINS)
    middle = np.bincount(places, sessions * rest, minlength=BINS) / np.maximum(share, 1e-12)
    filled = share > 0
    share, middle = share[filled] / share.sum(), middle[filled]
    rates = np.empty_like(own)
    predictor, bent = (np.empty((own.shape[1], len(middle))) for _ in range(2))
    for place, coefficients in enumerate(own):
        np.add.outer(coefficients, middle, out=predictor)
        np.multiply(predictor, predictor, out=bent)
        bent *= 0.5 * curvature
        predictor += centre
        predictor += bent
        rates[place] = expit(predictor, out=predictor) @ share
    return rates
