"""The leak list: combinations that convert worse than their parts predict, with a stated share of false ones.

Method: adjusted-expectation scan of a data cube with a leverage-corrected expectation, an empirical negative binomial
null, Benjamini-Hochberg and explain-away peeling. A leak is never called broken: one snapshot cannot tell a real
interaction from a fault.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from queries.baseline import Design, Fit, fit_baseline
from queries.cells import Cells
from queries.gaps import above_peers, below_peers, judge_values
from queries.leak_report import Detectable, LeakReport
from queries.leak_rows import Rows
from queries.null import lower_p
from queries.order_values import OrderValues
from queries.peel import Peeled, Search, peel
from queries.revenue import DRAWS, Estimate, draw_order_values
from queries.scan import Candidates, Scan, own_scan, scan

SMALLEST_SESSIONS, FEWEST_SESSIONS, ENOUGH_CONVERSIONS = 200, 50, 10
SMALLEST_SHARE = 0.002
NOTHING = Estimate(0.0, 0.0, 0.0)


class Model:
    """Fit the baseline to cells again and again, each time from where the last fit ended."""

    def __init__(self, cells: Cells, max_order: int, min_sessions: float) -> None:
        """Fit the baseline without any leak and list the segments."""
        self.cells, self.design = cells, Design.of(cells.codes, cells.sizes)
        self.candidates = Candidates.of(cells, self.design, range(2, max_order + 1), min_sessions)
        self.found: tuple[int, ...] = ()
        self.fit: Fit = fit_baseline(self.design, cells.sessions, cells.conversions)

    def with_found(self, found: tuple[int, ...]) -> Fit:
        """Return the fit with these segments in the model."""
        if found != self.found:
            same = 0
            while same < min(len(found), len(self.found)) and found[same] == self.found[same]:
                same += 1
            start = self.fit.without_effects(same)
            members = tuple(self.candidates.members(segment) for segment in found)
            self.fit = fit_baseline(self.design, self.cells.sessions, self.cells.conversions, members, start)
            self.found = found
        return self.fit

    def look(self, found: tuple[int, ...]) -> Scan:
        """Scan all segments with these in the model."""
        return scan(self.candidates, self.design, self.with_found(found), self.cells.sessions)

    def own(self, found: tuple[int, ...]) -> Scan:
        """Judge each of these by the model without it."""
        return own_scan(self.candidates, self.design, self.with_found(found), self.cells, found)


def check_search(max_order: int, fdr: float, interval: float) -> None:
    """Raise ValueError for an order below 2, or a rate or an interval that is no fraction."""
    if max_order < 2 or not 0 < fdr < 1 or not 0 < interval < 1:
        raise ValueError(
            f"cannot search order {max_order} at a rate of {fdr} with intervals of {interval}: "
            "the order is at least 2, the other two lie between 0 and 1"
        )


@threadpool_limits.wrap(limits=1, user_api="blas")  # the matrices are small: threads only wait for each other
def find_leaks(
    cells: Cells,
    *,
    max_order: int = 3,
    fdr: float = 0.10,
    min_sessions: float | None = None,
    interval: float = 0.8,
    days: int | None = None,
    draws: int = DRAWS,
    seed: int = 1,
) -> LeakReport:
    """Find the combinations of 2 to `max_order` values that convert worse than their parts predict.

    Sorted by the lower 80 % bound of the conversions that could be recovered. `min_sessions` is the smallest segment
    that is judged, that of `support_of` if not given; `interval` the coverage of all intervals;
    `days` the length of the period, needed for money a month. The same arguments give the same report.

    Raises ValueError for an order below 2, or a rate or an interval that is no fraction.
    """
    check_search(max_order, fdr, interval)
    total, converted = float(cells.sessions.sum()), float(cells.conversions.sum())
    support = support_of(total, converted) if min_sessions is None else min_sessions
    if not 0 < converted < total:
        return LeakReport(cells.varied, int(total), int(converted), 0, 0, fdr, interval, days,
                          Detectable(None, None, None), (), (), (), NOTHING, max_order)  # fmt: skip
    model = Model(cells, max_order, support)
    rng = np.random.default_rng(seed)
    worth = OrderValues.of(cells, model.design, cells.onward * draw_order_values(cells.orders, rng, draws))
    peeled = peel(Search(model.candidates, model.look, model.own, fdr))
    judged = peeled.judged
    fit = model.with_found(tuple(peeled.found))
    rows = Rows(cells, model.candidates, interval, worth, cells.sessions * fit.rate, rng)
    values = judge_values(cells, model.design, fit, support, rng)
    leaks, at_stake = rows.of_peeled("leak", peeled)
    gaps = rows.of_values("gap", below_peers(values, fdr))
    strong, _ = rows.of_peeled("strong", peeled)
    above = rows.of_values("above", above_peers(values, fdr))
    return LeakReport(
        cells.varied, int(total), int(converted), int(judged.scan.testable.sum()),
        model.candidates.too_small + int((~judged.scan.testable).sum()), fdr, interval, days,
        _detectable(model.candidates, peeled), leaks, gaps, strong, at_stake, max_order, above,
        len(values),
    )  # fmt: skip


def support_of(sessions: float, conversions: float) -> float:
    """Return the sessions of the smallest segment that is judged: 200, and 0.2 % of all.

    Fewer, but 50, where ten conversions are expected among fewer than 200, as at the steps of a funnel.
    """
    enough = ENOUGH_CONVERSIONS * sessions / conversions if conversions else SMALLEST_SESSIONS
    return max(min(SMALLEST_SESSIONS, max(FEWEST_SESSIONS, enough)), SMALLEST_SHARE * sessions)


def _detectable(candidates: Candidates, peeled: Peeled) -> Detectable:
    looked = peeled.judged.scan
    testable = looked.testable
    if not testable.any():
        return Detectable(None, None, None)
    mean, expected = looked.mean[testable], looked.expected[testable]
    tau = np.array([peeled.judged.dispersions["leak"][int(order)] for order in candidates.orders[testable]])
    line = peeled.judged.lines["leak"]
    low, high = np.zeros_like(mean), mean.copy()
    for _ in range(14):
        middle = (low + high) / 2
        passes = lower_p(middle, mean, tau) <= line
        low, high = np.where(passes, middle, low), np.where(passes, high, middle)
    ratio = np.minimum(low / mean, 0.8)
    possible = lower_p(np.zeros_like(mean), mean, tau) <= line
    if not possible.any():
        return Detectable(None, None, None)
    lost = (1.0 - ratio) * expected
    return Detectable(float(lost[possible].min()), float(ratio[possible].max()),
                      float(np.median(np.where(possible, ratio, 0.0))))  # fmt: skip
