"""Explain away: take the clearest segment into the model, look again, until nothing is left to reject."""

from collections import Counter
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
MOST_DROPPED = 2
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
    """Hold the test of every segment in one look, by side: p, whether it is rejected, by which line, tau per order.

    On a side without a found segment p is 1 where the ratio alone rules a segment out.

    `parental` is what the expectation of each segment was multiplied by for its parents' sake; `own` has one row per
    found segment, judged by the model without it, and `stays` the found segments that are rejected by that.
    """

    scan: Scan
    parental: Floats
    p: dict[Side, Floats]
    rejected: dict[Side, Booleans]
    lines: dict[Side, float]
    dispersions: dict[Side, dict[int, float]]
    own: Scan
    stays: frozenset[int]


@dataclass(slots=True)
class Peeled:
    """Hold the found segments with their side, what each explained, and the last judgement.

    `explained` gives for each the segments that it took out of the list, and what was expected of them until then.
    """

    found: dict[int, Side]
    judged: Judged
    explained: dict[int, tuple[NDArray[np.intp], Floats]] = field(default_factory=dict)

    @property
    def own(self) -> Scan:
        """Return one row per found segment, judged by the model without it."""
        return self.judged.own

    @property
    def p(self) -> dict[int, float]:
        """Return the p of each found segment."""
        return {segment: float(self.judged.p[side][segment]) for segment, side in self.found.items()}


def judge(search: Search, found: dict[int, Side]) -> Judged:
    """Test each testable segment on each side against the negative binomial null of its order.

    A found segment stays while Benjamini and Hochberg's rule rejects it with the p that it has in the model without it.
    A new one must pass fdr / N: before all is explained, the many relatives of one leak would raise the line for
    everything else.
    """
    looked, orders = search.look(tuple(found)), search.candidates.orders
    testable, parental = looked.testable.copy(), np.ones(len(orders))
    taus: dict[Side, dict[int, float]] = {side: {} for side in search.sides}
    if not search.exact:
        pairs = testable & (orders == 2)
        taus = {side: _dispersions(search, looked, pairs, side) for side in search.sides}
        parental = parental_ratios(search.candidates, looked, taus["leak"].get(2, 0.0))
        looked = looked.times(parental)
        for side in search.sides:
            taus[side] |= _dispersions(search, looked, testable & (orders != 2), side)
    segments = list(found)
    own = search.own(tuple(found)).times(parental[segments])
    tested = looked.with_rows(segments, own)
    testable[segments] = True
    p, calls, lines, stays = {}, {}, {}, set()
    for side in search.sides:
        far = _far(side, search.candidates.conversions, tested)
        mine = [segment for segment, its in found.items() if its == side]
        rows = testable if mine else testable & far  # no other can be called, but all make the line for those found
        p[side] = np.ones(len(testable))
        p[side][rows] = _p(tested.observed[rows], tested.mean[rows], orders[rows], taus[side], side)
        p[side][[segment for segment, its in found.items() if its != side]] = 1.0
        if mine:
            kept = _called(p[side], testable, search.fdr) & far
            stays.update(segment for segment in mine if kept[segment])
        lines[side] = search.fdr / max(int(testable.sum()), 1)
        calls[side] = (p[side] <= lines[side]) & far
        calls[side][segments] = False
    return Judged(looked, parental, p, calls, lines, taus, own, frozenset(stays))


def clearest(search: Search, judged: Judged, taken: set[int]) -> tuple[int, Side] | None:
    """Return the rejected segment with the largest deviance less 2 ln of the number of its order, or None."""
    looked, orders = judged.scan, search.candidates.orders
    eligible = np.any(list(judged.rejected.values()), axis=0)
    eligible[list(taken)] = False
    places = np.nonzero(eligible)[0]
    if not len(places):
        return None
    counts = np.maximum(np.bincount(orders[looked.testable], minlength=int(np.max(orders)) + 1), 1)
    score = deviance(looked.observed[places], looked.mean[places]) - 2 * np.log(counts[orders[places]])
    segment = int(places[np.argmax(score)])
    return segment, "leak" if looked.observed[segment] < looked.mean[segment] else "strong"


def peel(search: Search) -> Peeled:
    """Find segments one by one, each put into the model before the next look; drop what the others explain.

    Both sides are peeled together: a strong segment left out of the model would make its neighbours look like leaks.
    """
    found: dict[int, Side] = {}
    dropped: Counter[int] = Counter()
    explained: dict[int, tuple[NDArray[np.intp], Floats]] = {}
    judged = judge(search, found)
    for _ in range(MOST_TRIED):
        given_up = {segment for segment, times in dropped.items() if times >= MOST_DROPPED}
        next_one = clearest(search, judged, {*found, *given_up})
        if next_one is None or len(found) == MOST_FOUND:
            break
        segment, side = next_one
        before, found = judged, found | {segment: side}
        judged = judge(search, found)
        gone = np.nonzero(before.rejected[side] & ~judged.rejected[side])[0]
        explained[segment] = gone, before.scan.expected[gone]
        while len(judged.stays) < len(found):
            dropped.update(set(found) - judged.stays)
            found = {segment: side for segment, side in found.items() if segment in judged.stays}
            judged = judge(search, found)
    return Peeled(found, judged, explained)


def _dispersions(search: Search, looked: Scan, rows: Booleans, side: Side) -> dict[int, float]:
    observed, mean = looked.observed[rows], looked.mean[rows]
    mirrored = 2 * mean - observed if side == "strong" else observed
    return dispersions(mirrored, mean, search.candidates.orders[rows])


def _p(observed: Floats, mean: Floats, orders: NDArray[np.intp], taus: dict[int, float], side: Side) -> Floats:
    tau = np.array([taus.get(order, 0.0) for order in range(int(np.max(orders, initial=0)) + 1)])[orders]
    return upper_p(observed, mean, tau) if side == "strong" else lower_p(observed, mean, tau)


def _called(p: Floats, testable: Booleans, fdr: float) -> Booleans:
    call = np.zeros(len(p), dtype=bool)
    call[testable] = rejected(p[testable], fdr)
    return call


def _far(side: Side, conversions: Floats, looked: Scan) -> Booleans:
    if side == "strong":
        return conversions > looked.expected / LARGEST_RATIO
    return conversions < looked.expected * LARGEST_RATIO
