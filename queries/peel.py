"""Explain away: take the clearest segment into the model, look again, until nothing is left to reject."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from queries.null import deviance, dispersions, lower_p, rejected, upper_p
from queries.scan import Candidates, Scan, parental_ratios

Floats = NDArray[np.float64]
LARGEST_RATIO = 0.8
MOST_FOUND = 25

Look = Callable[[tuple[int, ...]], Scan]


@dataclass(frozen=True, slots=True)
class Search:
    """Hold what a search goes through: the segments, how to look at them, the false discovery rate, the direction.

    `look(found)` scans with the found segments in the model; `own(found)` gives one row per found segment, judged by
    the model without it. `strong` turns the search to segments that convert better than expected; `exact` says that
    the expectation is the truth, so that there is no dispersion to estimate.
    """

    candidates: Candidates
    look: Look
    own: Look
    fdr: float
    strong: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """Hold the test of every segment in one look: its p, whether it is rejected, tau per order, its parents' ratio."""

    scan: Scan
    p: Floats
    rejected: NDArray[np.bool_]
    dispersions: dict[int, float]
    parental: Floats


@dataclass(slots=True)
class Peeled:
    """Hold the found segments, what each one's finding explained, the last judgement and the last own scan."""

    found: tuple[int, ...]
    judged: Judged
    own: Scan
    p: dict[int, float] = field(default_factory=dict)
    explained: dict[int, NDArray[np.intp]] = field(default_factory=dict)


def judge(search: Search, looked: Scan) -> Judged:
    """Test each testable segment against the negative binomial null of its order."""
    testable, orders = looked.testable, search.candidates.orders
    parental = np.ones(len(testable))
    taus: dict[int, float] = {}
    if not search.exact:
        taus = _dispersions(search, looked, testable & (orders == 2))
        parental = parental_ratios(search.candidates, looked, taus.get(2, 0.0))
        looked = looked.times(parental)
        taus |= _dispersions(search, looked, testable & (orders != 2))
    observed, mean = looked.observed[testable], looked.mean[testable]
    p, call = np.ones(len(testable)), np.zeros(len(testable), dtype=bool)
    p[testable] = _p(search, observed, mean, orders[testable], taus)
    call[testable] = rejected(p[testable], search.fdr)
    return Judged(looked, p, call, taus, parental)


def _dispersions(search: Search, looked: Scan, rows: NDArray[np.bool_]) -> dict[int, float]:
    observed, mean = looked.observed[rows], looked.mean[rows]
    mirrored = 2 * mean - observed if search.strong else observed
    return dispersions(mirrored, mean, search.candidates.orders[rows])


def clearest(search: Search, judged: Judged, taken: tuple[int, ...]) -> int | None:
    """Return the rejected segment with the largest deviance less 2 ln of the number of its order, or None."""
    looked, orders = judged.scan, search.candidates.orders
    eligible = judged.rejected & _far(search, search.candidates.conversions, looked.expected)
    eligible[list(taken)] = False
    places = np.nonzero(eligible)[0]
    if not len(places):
        return None
    counts = np.maximum(np.bincount(orders[looked.testable], minlength=int(orders.max()) + 1), 1)
    score = deviance(looked.observed[places], looked.mean[places]) - 2 * np.log(counts[orders[places]])
    return int(places[np.argmax(score)])


def peel(search: Search, known: tuple[int, ...] = ()) -> Peeled:
    """Find segments one by one, each put into the model before the next look; drop what the others explain.

    `known` segments are in the model from the beginning and are not judged.
    """
    found: tuple[int, ...] = ()
    dropped: set[int] = set()
    judged = judge(search, search.look(known))
    peeled = Peeled((), judged, search.own(known))
    while len(found) < MOST_FOUND:
        segment = clearest(search, judged, (*known, *found, *dropped))
        if segment is None:
            break
        before, found = judged, (*found, segment)
        judged = judge(search, search.look((*known, *found)))
        peeled.explained[segment] = np.nonzero(before.rejected & ~judged.rejected)[0]
        own = search.own((*known, *found)).times(judged.parental[[*known, *found]])
        stays = _still_rejected(search, judged, own, (*known, *found))[len(known) :]
        if not all(stays):
            dropped.update(segment for segment, stay in zip(found, stays, strict=True) if not stay)
            found = tuple(segment for segment, stay in zip(found, stays, strict=True) if stay)
            judged = judge(search, search.look((*known, *found)))
    taken = (*known, *found)
    own = search.own(taken).times(judged.parental[list(taken)])
    p = _own_p(search, judged, own, taken)
    peeled.found, peeled.judged, peeled.own = found, judged, own.rows(slice(len(known), None))
    peeled.p = {segment: float(p[place]) for place, segment in enumerate(taken)}
    return peeled


def _p(search: Search, observed: Floats, mean: Floats, orders: NDArray[np.intp], taus: dict[int, float]) -> Floats:
    tau = np.array([taus.get(int(order), 0.0) for order in orders])
    return upper_p(observed, mean, tau) if search.strong else lower_p(observed, mean, tau)


def _own_p(search: Search, judged: Judged, own: Scan, taken: tuple[int, ...]) -> Floats:
    return _p(search, own.observed, own.mean, search.candidates.orders[list(taken)], judged.dispersions)


def _far(search: Search, conversions: Floats, expected: Floats) -> NDArray[np.bool_]:
    return conversions > expected / LARGEST_RATIO if search.strong else conversions < expected * LARGEST_RATIO


def _still_rejected(search: Search, judged: Judged, own: Scan, taken: tuple[int, ...]) -> list[bool]:
    places = list(taken)
    p, testable = judged.p.copy(), judged.scan.testable.copy()
    p[places], testable[places] = _own_p(search, judged, own, taken), True
    call = np.zeros(len(p), dtype=bool)
    call[testable] = rejected(p[testable], search.fdr)
    far = _far(search, search.candidates.conversions[places], own.expected)
    return [bool(yes) for yes in call[places] & far]
