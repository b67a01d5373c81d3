"""The leak list: combinations that convert worse than their parts predict, with a stated share of false ones.

Method: adjusted-expectation scan of a data cube with a leverage-corrected expectation, an empirical negative binomial
null, Benjamini-Hochberg and explain-away peeling. A leak is never called broken: one snapshot cannot tell a real
interaction from a fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from queries.baseline import Design, Fit, Floats, fit_baseline
from queries.cells import Cells
from queries.gaps import Gap, above_peers, below_peers, judge_values
from queries.leak_report import Detectable, LeakReport
from queries.leak_rows import Drawn, Rows, surest_first, together
from queries.leak_tables import Name, names_of, one_row_a_cause, told_first
from queries.null import lower_p
from queries.order_values import OrderValues
from queries.peel import SIDES, Peeled, Search, Side, peel
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
    beside: Sequence[Cells] = (),
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

    `beside` are smaller tables of the same sessions, whose further dimensions and values are searched too. Sorted by
    the lower 80 % bound of the conversions that could be recovered. `min_sessions` is the smallest segment that is
    judged, that of `support_of` if not given; `interval` the coverage of all intervals; `days` the length of the
    period, needed for money a month. The same arguments give the same report.

    Raises ValueError for an order below 2, or a rate or an interval that is no fraction.
    """
    check_search(max_order, fdr, interval)
    total, converted = float(cells.sessions.sum()), float(cells.conversions.sum())
    support = support_of(total, converted) if min_sessions is None else min_sessions
    tables = (cells, *beside)
    varied = tuple(dict.fromkeys(name for each in tables for name in each.varied))
    if not 0 < converted < total:
        return LeakReport(varied, int(total), int(converted), 0, 0, fdr, interval, days,
                          Detectable(None, None, None), (), (), (), NOTHING, max_order)  # fmt: skip
    models = [Model(each, max_order, support) for each in tables]
    names = [names_of(model.cells, model.candidates) for model in models]
    first = told_first(names)
    every = max(sum(int(own.sum()) for own in first), 1)
    chances = [np.random.default_rng([seed, number] if number else seed) for number in range(len(models))]
    searches = [
        _Search.of(model, own, fdr * len(own) / every, interval, draws, rng)
        for model, own, rng in zip(models, first, chances, strict=True)
    ]
    due = [search.due for search in searches]
    leaks, strong = (
        one_row_a_cause([search.rows_of(side, name) for search, name in zip(searches, names, strict=True)], tables, due)
        for side in SIDES
    )
    values: list[tuple[Rows, list[Gap]]] = []
    for number, (search, rng) in enumerate(zip(searches, chances, strict=True)):
        known = {name for each in tables[:number] for name in each.dimensions}
        own = [place for place, name in enumerate(tables[number].dimensions) if name not in known]
        judged = judge_values(search.model.cells, search.model.design, search.fit, support, rng, own)
        values.append((search.rows, judged))
    gaps = [row for rows, judged in values for row in rows.of_values("gap", below_peers(judged, fdr))]
    above = [row for rows, judged in values for row in rows.of_values("above", above_peers(judged, fdr))]
    main = searches[0]
    return LeakReport(
        varied, int(total), int(converted), sum(search.searched for search in searches),
        sum(search.too_small for search in searches), fdr, interval, days,
        _detectable(main.model.candidates, main.peeled), surest_first(leaks), surest_first(gaps),
        surest_first(strong), together(leaks, interval, draws), max_order, surest_first(above),
        sum(len(judged) for _, judged in values),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Search:
    """Hold what was found in one table; `own` are the candidates that no table before it has."""

    model: Model
    own: NDArray[np.bool_]
    peeled: Peeled
    fit: Fit
    rows: Rows

    @classmethod
    def of(
        cls, model: Model, own: NDArray[np.bool_], fdr: float, interval: float, draws: int, rng: np.random.Generator
    ) -> Self:
        cells = model.cells
        worth = partial(OrderValues.of, cells, model.design, cells.onward * draw_order_values(cells.orders, rng, draws))
        peeled = peel(Search(model.candidates, model.look, model.own, fdr))
        fit = model.with_found(tuple(peeled.found))
        return cls(
            model, own, peeled, fit, Rows(cells, model.candidates, interval, worth, cells.sessions * fit.rate, rng)
        )

    @property
    def due(self) -> Floats:
        return self.model.cells.sessions * self.fit.rate

    @property
    def searched(self) -> int:
        return int((self.peeled.judged.scan.testable & self.own).sum())

    @property
    def too_small(self) -> int:
        small = int((~self.peeled.judged.scan.testable & self.own).sum())
        return small + (self.model.candidates.too_small if self.own.all() else 0)

    def rows_of(self, side: Side, names: Sequence[Name]) -> list[Drawn]:
        mine = {name for name, own in zip(names, self.own, strict=True) if own}
        return [pair for pair in self.rows.of_peeled(side, self.peeled) if frozenset(pair[0].segment.items()) in mine]


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
