"""Explain away: take the clearest segment into the model, look again, until nothing is left to reject."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from queries.null import deviance, dispersions, lower_p, rejected, upper_p
from queries.parents import parental_ratios
from queries.scan import Candidates, Scan

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Side = Literal["leak", "strong"]
LARGEST_RATIO = 0.8
MOST_FOUND = 25
MOST_TRIED = 40
SIDES: tuple[Side, Side] = ("leak", "strong")

Look = Callable[[tuple[int, ...]], Scan]


@dataclass(frozen=True, slots=True)
class Search:
    """Hold what a search goes through: the segments, how to look at them, the false discovery rate.

    `look(found)` scans with the found segments in the model; `own(found)` gives one row per found segment, judged by
    the model without it. `exact` says that the expectation is the truth, so that there is no dispersion to estimate.
    """

    candidates: Candidates
    look: Look
    own: Look
    fdr: float
    exact: bool = False
    sides: tuple[Side, ...] = SIDES


@dataclass(frozen=True, slots=True)
class Judged:
    """Hold the test of every segment in one look, by side: p, whether it is rejected, tau per order.

    `parental` is what the expectation of each segment was multiplied by for its parents' sake.
    """

    scan: Scan
    parental: Floats
    p: dict[Side, Floats]
    rejected: dict[Side, Booleans]
    dispersions: dict[Side, dict[int, float]]


@dataclass(slots=True)
class Peeled:
    """Hold the found segments with their side, p and own scan, what each explained, and the last judgement.

    `explained` gives for each the segments that it took out of the list, and what was expected of them until then.
    """

    found: dict[int, Side]
    judged: Judged
    own: Scan
    p: dict[int, float] = field(default_factory=dict)
    explained: dict[int, tuple[NDArray[np.intp], Floats]] = field(default_factory=dict)


def judge(search: Search, looked: Scan) -> Judged:
    """Test each testable segment on each side against the negative binomial null of its order."""
    testable, orders = looked.testable, search.candidates.orders
    parental = np.ones(len(testable))
    taus: dict[Side, dict[int, float]] = {side: {} for side in search.sides}
    if not search.exact:
        pairs = testable & (orders == 2)
        taus = {side: _dispersions(search, looked, pairs, side) for side in search.sides}
        parental = parental_ratios(search.candidates, looked, taus["leak"].get(2, 0.0))
        looked = looked.times(parental)
        for side in search.sides:
            taus[side] |= _dispersions(search, looked, testable & (orders != 2), side)
    p, calls = {}, {}
    for side in search.sides:
        p[side] = np.ones(len(testable))
        p[side][testable] = _p(looked.observed[testable], looked.mean[testable], orders[testable], taus[side], side)
        calls[side] = _called(p[side], testable, search.fdr) & _far(side, search.candidates.conversions, looked)
    return Judged(looked, parental, p, calls, taus)


def clearest(search: Search, judged: Judged, taken: set[int]) -> tuple[int, Side] | None:
    """Return the rejected segment with the largest deviance less 2 ln of the number of its order, or None."""
    looked, orders = judged.scan, search.candidates.orders
    eligible = np.logical_or.reduce(list(judged.rejected.values()))
    eligible[list(taken)] = False
    places = np.nonzero(eligible)[0]
    if not len(places):
        return None
    counts = np.maximum(np.bincount(orders[looked.testable], minlength=int(orders.max()) + 1), 1)
    score = deviance(looked.observed[places], looked.mean[places]) - 2 * np.log(counts[orders[places]])
    segment = int(places[np.argmax(score)])
    return segment, "leak" if looked.observed[segment] < looked.mean[segment] else "strong"


def peel(search: Search) -> Peeled:
    """Find segments one by one, each put into the model before the next look; drop what the others explain.

    Both sides are peeled together: a strong segment left out of the model would make its neighbours look like leaks.
    """
    found: dict[int, Side] = {}
    dropped: set[int] = set()
    explained: dict[int, tuple[NDArray[np.intp], Floats]] = {}
    judged = judge(search, search.look(()))
    for _ in range(MOST_TRIED):
        next_one = clearest(search, judged, {*found, *dropped})
        if next_one is None or len(found) == MOST_FOUND:
            break
        segment, side = next_one
        before, found = judged, found | {segment: side}
        judged = judge(search, search.look(tuple(found)))
        gone = np.nonzero(before.rejected[side] & ~judged.rejected[side])[0]
        explained[segment] = gone, before.scan.expected[gone]
        stays = _still_rejected(search, judged, found)
        if len(stays) < len(found):
            dropped.update(set(found) - stays)
            found = {segment: side for segment, side in found.items() if segment in stays}
            judged = judge(search, search.look(tuple(found)))
    own = search.own(tuple(found)).times(judged.parental[list(found)])
    return Peeled(found, judged, own, _own_p(search, judged, own, found), explained)


def _dispersions(search: Search, looked: Scan, rows: Booleans, side: Side) -> dict[int, float]:
    observed, mean = looked.observed[rows], looked.mean[rows]
    mirrored = 2 * mean - observed if side == "strong" else observed
    return dispersions(mirrored, mean, search.candidates.orders[rows])


def _p(observed: Floats, mean: Floats, orders: NDArray[np.intp], taus: dict[int, float], side: Side) -> Floats:
    tau = np.array([taus.get(int(order), 0.0) for order in orders])
    return upper_p(observed, mean, tau) if side == "strong" else lower_p(observed, mean, tau)


def _called(p: Floats, testable: Booleans, fdr: float) -> Booleans:
    call = np.zeros(len(p), dtype=bool)
    call[testable] = rejected(p[testable], fdr)
    return call


def _far(side: Side, conversions: Floats, looked: Scan) -> Booleans:
    if side == "strong":
        return conversions > looked.expected / LARGEST_RATIO
    return conversions < looked.expected * LARGEST_RATIO


def _own_p(search: Search, judged: Judged, own: Scan, found: dict[int, Side]) -> dict[int, float]:
    p = {}
    for place, (segment, side) in enumerate(found.items()):
        row, order = own.rows([place]), search.candidates.orders[[segment]]
        p[segment] = float(_p(row.observed, row.mean, order, judged.dispersions[side], side)[0])
    return p


def _still_rejected(search: Search, judged: Judged, found: dict[int, Side]) -> set[int]:
    own = search.own(tuple(found)).times(judged.parental[list(found)])
    own_p, stays = _own_p(search, judged, own, found), set()
    for side in search.sides:
        mine = [segment for segment, its in found.items() if its == side]
        places = [place for place, its in enumerate(found.values()) if its == side]
        p, testable = judged.p[side].copy(), judged.scan.testable.copy()
        p[mine], testable[mine] = [own_p[segment] for segment in mine], True
        call = _called(p, testable, search.fdr)
        far = _far(side, search.candidates.conversions[mine], own.rows(places))
        stays.update(segment for segment, yes in zip(mine, call[mine] & far, strict=True) if yes)
    return stays
