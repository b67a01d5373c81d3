"""The leak list: combinations that convert worse than their parts predict, with a stated share of false ones.

Method: adjusted-expectation scan of a data cube with a leverage-corrected expectation, an empirical negative binomial
null, Benjamini-Hochberg and explain-away peeling. A leak is never called broken: one snapshot cannot tell a real
interaction from a fault.
"""

import dataclasses
from dataclasses import dataclass

import numpy as np

from queries.baseline import Design, Fit, fit_baseline
from queries.cells import Cells
from queries.gaps import Gap, find_gaps
from queries.null import lower_p
from queries.peel import Peeled, Search, Side, peel
from queries.revenue import (
    CLOSABLE_CHANGE,
    CLOSABLE_GAP,
    DRAWS,
    Estimate,
    draw_loss,
    draw_order_values,
    per_month,
)
from queries.scan import Candidates, Scan, own_scan, scan

SMALLEST_SESSIONS = 200
SMALLEST_SHARE = 0.002
SORTED_BY = 0.8
Segment = dict[str, str]


@dataclass(frozen=True, slots=True)
class Leak:
    """Hold one row of a list: a segment, what it had, what was expected, and what the difference costs.

    `kind` is "leak" (a combination below what its parts predict), "gap" (a value below its peers) or "strong" (a
    combination above). The intervals are those of the report; `recoverable_conversions` and `revenue_at_stake` are
    those of the shown period, times the share that can be closed; for a strong segment they are the surplus.
    """

    kind: str
    segment: Segment
    sessions: int
    conversions: int
    expected: float
    ratio: float
    ratio_interval: tuple[float, float]
    recoverable_conversions: Estimate
    revenue_at_stake: Estimate
    p: float
    same_leak_as: tuple[Segment, ...] = ()

    def as_json(self) -> dict:
        """Return plain JSON."""
        plain = dataclasses.asdict(self)
        plain["ratio_interval"] = list(self.ratio_interval)
        plain["same_leak_as"] = list(self.same_leak_as)
        return plain


@dataclass(frozen=True, slots=True)
class Detectable:
    """Hold the smallest leak that is found half of the time here.

    `lost_conversions` is the smallest loss in any searched segment, `ratio` the mildest ratio to expectation in any,
    `typical_ratio` that of the median segment; None when nothing was large enough to search.
    """

    lost_conversions: float | None
    ratio: float | None
    typical_ratio: float | None


@dataclass(frozen=True, slots=True)
class LeakReport:
    """Hold the leak list with what it searched and what share of it may be false."""

    dimensions: tuple[str, ...]
    sessions: int
    conversions: int
    searched: int
    too_small: int
    fdr: float
    interval: float
    days: int | None
    smallest_detectable: Detectable
    leaks: tuple[Leak, ...]
    gaps: tuple[Leak, ...]
    strong: tuple[Leak, ...]

    @property
    def revenue_at_stake(self) -> float:
        """Return the sum of the leaks' medians: peeled leaks share no lost conversion, so they may be added."""
        return sum(leak.revenue_at_stake.median for leak in self.leaks)

    def monthly(self, amount: float) -> float | None:
        """Return an amount of the shown period as that of a month, None when the period is not known."""
        return per_month(amount, self.days) if self.days else None

    def as_json(self) -> dict:
        """Return plain JSON: the keys that the command line prints."""
        plain = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(self)}
        plain["dimensions"] = list(self.dimensions)
        plain["smallest_detectable"] = dataclasses.asdict(self.smallest_detectable)
        for name in ("leaks", "gaps", "strong"):
            plain[name] = [row.as_json() for row in plain[name]]
        return plain


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
    that is judged, at least max(200, 0.2 % of the sessions) if not given; `interval` the coverage of all intervals;
    `days` the length of the period, needed for money a month. The same arguments give the same report.

    Raises ValueError for an order below 2, or a rate or an interval that is no fraction.
    """
    if max_order < 2 or not 0 < fdr < 1 or not 0 < interval < 1:
        raise ValueError(
            f"cannot search order {max_order} at a rate of {fdr} with intervals of {interval}: "
            "the order is at least 2, the other two lie between 0 and 1"
        )
    total, converted = float(cells.sessions.sum()), float(cells.conversions.sum())
    support = max(SMALLEST_SESSIONS, SMALLEST_SHARE * total) if min_sessions is None else min_sessions
    if not 0 < converted < total:
        return LeakReport(cells.dimensions, int(total), int(converted), 0, 0, fdr, interval, days,
                          Detectable(None, None, None), (), (), ())  # fmt: skip
    model = Model(cells, max_order, support)
    rng = np.random.default_rng(seed)
    rows = _Rows(cells, model, interval, cells.onward * draw_order_values(cells.orders, rng, draws), rng)
    peeled = peel(Search(model.candidates, model.look, model.own, fdr))
    judged = peeled.judged
    gaps = find_gaps(cells, model.design, model.with_found(tuple(peeled.found)), support, fdr, rng)
    return LeakReport(
        cells.dimensions, int(total), int(converted), int(judged.scan.testable.sum()),
        model.candidates.too_small + int((~judged.scan.testable).sum()), fdr, interval, days,
        _detectable(model.candidates, peeled, fdr), rows.of_peeled("leak", peeled), rows.of_gaps(gaps),
        rows.of_peeled("strong", peeled),
    )  # fmt: skip


class _Rows:
    """Turn found segments into rows with words, intervals and money."""

    def __init__(self, cells, model, interval, order_values, rng) -> None:
        self.cells, self.candidates, self.interval = cells, model.candidates, interval
        self.order_values, self.rng = order_values, rng

    def named(self, key: tuple[tuple[int, int], ...]) -> Segment:
        return {self.cells.dimensions[place]: self.cells.labels[place][value] for place, value in key}

    def of_peeled(self, kind: Side, peeled: Peeled) -> tuple[Leak, ...]:
        sign, rows = (-1.0 if kind == "strong" else 1.0), []
        for place, (segment, side) in enumerate(peeled.found.items()):
            if side != kind:
                continue
            expected, own = float(peeled.own.expected[place]), peeled.own
            conversions = float(self.candidates.conversions[segment])
            leverage, variance = own.leverage[place], own.variance[place]
            tau = peeled.judged.dispersions[side].get(int(self.candidates.orders[segment]), 0.0)
            doubt = variance * leverage / (1.0 - leverage) / expected**2
            drawn = draw_loss(conversions, expected, doubt, tau, self.order_values, self.rng)
            key = self.candidates.key(segment)
            same = [self.candidates.key(other) for other in peeled.explained[segment] if other != segment]
            relatives = tuple(self.named(other) for other in same if set(other) < set(key) or set(key) < set(other))
            row = self.row(
                kind, self.named(key), self.candidates.sessions[segment], conversions, expected, drawn.ratio,
                sign * drawn.lost, CLOSABLE_CHANGE, peeled.p[segment], relatives,
            )  # fmt: skip
            rows.append((float(np.quantile(sign * drawn.lost, (1 - SORTED_BY) / 2)), row))
        return tuple(row for _, row in sorted(rows, key=lambda pair: -pair[0]))

    def of_gaps(self, gaps: list[Gap]) -> tuple[Leak, ...]:
        rows = []
        for gap in gaps:
            doubt = float(np.log(gap.ratio_draws).var())
            drawn = draw_loss(gap.conversions, gap.expected, doubt, 0.0, self.order_values, self.rng)
            row = self.row(
                "gap", self.named(((gap.dimension, gap.value),)), gap.sessions, gap.conversions, gap.expected,
                drawn.ratio, drawn.lost, CLOSABLE_GAP, gap.p, (),
            )  # fmt: skip
            rows.append((float(np.quantile(drawn.lost, (1 - SORTED_BY) / 2)), row))
        return tuple(row for _, row in sorted(rows, key=lambda pair: -pair[0]))

    def row(self, kind, segment, sessions, conversions, expected, ratio, lost, closable, p, same) -> Leak:
        ratios = Estimate.of(ratio, self.interval)
        return Leak(
            kind, segment, round(sessions), round(conversions), expected, conversions / expected,
            (ratios.low, ratios.high), Estimate.of(closable * lost, self.interval).at_least(0.0),
            Estimate.of(closable * lost * self.order_values, self.interval).at_least(0.0), p, same,
        )  # fmt: skip


def _detectable(candidates: Candidates, peeled: Peeled, fdr: float) -> Detectable:
    looked = peeled.judged.scan
    testable = looked.testable
    if not testable.any():
        return Detectable(None, None, None)
    mean, expected = looked.mean[testable], looked.expected[testable]
    tau = np.array([peeled.judged.dispersions["leak"][int(order)] for order in candidates.orders[testable]])
    line = fdr * (len(peeled.found) + 1) / len(mean)
    low, high = np.zeros_like(mean), mean.copy()
    for _ in range(30):
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
