"""What moved between two periods: segments that fell or rose against their own past, the surest first, with money."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from queries.cells import Cells
from queries.cube import ask_days, kept_cells
from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT, Funnel
from queries.leak_list import searched_dimensions
from queries.leak_report import Segment
from queries.leak_words import ends_of, values_of
from queries.mover_search import Pair, Search
from queries.order_values import OrderValues
from queries.revenue import DRAWS, Estimate, OfDays, draw_loss, draw_order_values


@dataclass(frozen=True, slots=True)
class Mover:
    """Hold one segment that moved; pairs are (before, after).

    `expected` are the conversions of the later period had it kept its earlier rate, times what all others did;
    `missing` and `revenue` are expected less actual in the later period, below 0 for a segment that rose. The intervals
    are those of the report.
    """

    segment: Segment
    sessions: tuple[int, int]
    conversions: tuple[int, int]
    expected: float
    ratio: float
    ratio_interval: tuple[float, float]
    missing: Estimate
    revenue: Estimate
    p: float

    @property
    def fell(self) -> bool:
        """Say whether it converts worse than its own past."""
        return self.conversions[1] < self.expected

    @property
    def rates(self) -> tuple[float, float]:
        """Return its conversion rate in both periods."""
        return self.conversions[0] / self.sessions[0], self.conversions[1] / self.sessions[1]


@dataclass(frozen=True, slots=True)
class Movers(OfDays):
    """Hold what moved between two periods, the surest first, and what was searched; pairs are (before, after)."""

    dimensions: tuple[str, ...]
    sessions: tuple[int, int]
    conversions: tuple[int, int]
    searched: int
    too_small: int
    fdr: float
    interval: float
    rows: tuple[Mover, ...]
    days: int | None = None


@threadpool_limits.wrap(limits=1, user_api="blas")  # the matrices are small: threads only wait for each other
def find_movers(
    before: Cells,
    after: Cells,
    *,
    max_order: int = 2,
    fdr: float = 0.10,
    interval: float = 0.8,
    days: int | None = None,
    draws: int = DRAWS,
    seed: int = 1,
) -> Movers:
    """Find the segments of one to `max_order` values whose conversion moved otherwise than that of all others.

    `before` and `after` are cells over the same dimensions; `days` the length of the later period. Rows are sorted by
    the sure part of the missing or added conversions (their interval's end nearest to 0). The same arguments give the
    same report. Raises ValueError for cells over different dimensions.
    """
    if before.dimensions != after.dimensions:
        raise ValueError(f"cannot compare cells over {before.dimensions} with cells over {after.dimensions}")
    sums = [(float(cells.sessions.sum()), float(cells.conversions.sum())) for cells in (before, after)]
    sessions, conversions = ((round(sums[0][place]), round(sums[1][place])) for place in (0, 1))
    nothing = Movers(before.dimensions, sessions, conversions, 0, 0, fdr, interval, (), days)
    if not all(0 < converted < total for total, converted in sums):
        return nothing
    pair = Pair.of(before, after)
    search = Search(pair, fdr, max_order)
    if not len(search.candidates):
        return replace(nothing, too_small=search.candidates.too_small)
    found = search.peel()
    rng = np.random.default_rng(seed)
    worth = OrderValues.of(pair.both, search.design, pair.both.onward * draw_order_values(pair.both.orders, rng, draws))
    rows = []
    for segment, look in found.own.items():
        members = search.candidates.members(segment)
        held = [float(column[members].sum()) for column in (*pair.sessions, *pair.conversions)]
        values = worth.draws(search.due[1][members], members, rng)
        drawn = draw_loss(held[3], float(look.expected[0]), float(look.doubt[0]), math.sqrt(found.unrest), values, rng)
        ratios = Estimate.of(drawn.ratio, interval)
        rows.append(
            Mover(
                _named(pair.both, search.candidates.key(segment)),
                (round(held[0]), round(held[1])),
                (round(held[2]), round(held[3])),
                float(look.expected[0]),
                held[3] / float(look.expected[0]),
                (ratios.low, ratios.high),
                Estimate.of(drawn.lost, interval),
                Estimate.of(drawn.revenue, interval),
                found.p[segment],
            )
        )
    rows.sort(key=lambda row: -_sure(row))
    small = search.candidates.too_small + len(search.candidates) - found.searched
    return replace(nothing, searched=found.searched, too_small=small, rows=tuple(rows))


def _sure(row: Mover) -> float:
    return row.missing.low if row.fell else -row.missing.high


def _named(cells: Cells, key: Sequence[tuple[int, int]]) -> Segment:
    return {cells.dimensions[place]: cells.labels[place][value] for place, value in key}


def ask_movers(
    engine: Engine,
    before: Filters,
    after: Filters,
    *,
    funnel: Funnel = ENGAGEMENT,
    fdr: float = 0.10,
    interval: float = 0.8,
    cancel: Cancel | None = None,
) -> Movers:
    """Return what moved between the sessions that pass each of two filters, which differ in their days.

    Raises QueryError when the database fails, Cancelled when interrupted.
    """
    chosen = searched_dimensions(after)
    cells = [kept_cells(engine, chosen, filters, funnel=funnel, cancel=cancel) for filters in (before, after)]
    return find_movers(cells[0], cells[1], fdr=fdr, interval=interval, days=ask_days(engine, after, cancel))


def mover_rows(report: Movers) -> list[dict[str, Any]]:
    """Return one flat row per mover for a spreadsheet; `missing` and `revenue` are those of `in_days` days."""
    return [
        {
            "kind": "fell" if row.fell else "rose",
            "segment": values_of(row.segment),
            "sessions_before": row.sessions[0],
            "sessions": row.sessions[1],
            "conversions_before": row.conversions[0],
            "conversions": row.conversions[1],
            "expected": row.expected,
            "ratio": row.ratio,
            "ratio_low": row.ratio_interval[0],
            "ratio_high": row.ratio_interval[1],
            "in_days": report.days,
            **ends_of("missing_conversions", row.missing.as_json()),
            **ends_of("missing_revenue", row.revenue.as_json()),
            "p": row.p,
        }
        for row in report.rows
    ]
