"""Turn found segments into rows with names, intervals and money."""

from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np

from queries.cells import Cells
from queries.gaps import Gap
from queries.leak_report import Kind, Leak, Relative, Segment
from queries.null import Floats
from queries.order_values import OrderValues
from queries.peel import Peeled, Side
from queries.revenue import CLOSABLE_CHANGE, CLOSABLE_GAP, Draws, Estimate, draw_loss
from queries.scan import Candidates

SORTED_BY = 0.8
Key = tuple[tuple[int, int], ...]
Drawn = tuple[Leak, Draws]
"""A row, and the draws of what it lost."""


class Rows:
    """Build the rows of one report; all draw from the same order values."""

    def __init__(
        self,
        cells: Cells,
        candidates: Candidates,
        interval: float,
        worth: Callable[[], OrderValues],
        due: Floats,
        rng: np.random.Generator,
    ) -> None:
        """Remember the intervals' coverage, how conversions' worth is fitted, and how many are due in each cell."""
        self.cells, self.candidates, self.interval = cells, candidates, interval
        self.worth, self.due, self.rng = worth, due, rng

    @cached_property
    def values(self) -> OrderValues:
        """Return what conversions are worth; fitted once, where there is a row at all."""
        return self.worth()

    def of_peeled(self, kind: Side, peeled: Peeled) -> list[Drawn]:
        """Return the rows of one side, with the draws of what they lost."""
        sign, rows = (-1.0 if kind == "strong" else 1.0), []
        for place, (segment, side) in enumerate(peeled.found.items()):
            if side != kind:
                continue
            own, conversions = peeled.own.rows([place]), float(self.candidates.conversions[segment])
            expected, leverage = float(own.expected[0]), float(own.leverage[0])
            tau = max(peeled.judged.dispersions[side].values(), default=0.0)
            doubt = float(own.variance[0]) * leverage / (1.0 - leverage) / expected**2
            worth = self._worth(self.candidates.members(segment))
            drawn = draw_loss(conversions, expected, doubt, tau, worth, self.rng).times(CLOSABLE_CHANGE * sign)
            key = self.candidates.key(segment)
            row = self._row(
                kind, key, (self.candidates.sessions[segment], conversions, expected, peeled.p[segment]), drawn,
                self._relatives(key, *peeled.explained[segment]),
            )  # fmt: skip
            rows.append((row, drawn))
        return rows

    def of_values(self, kind: Kind, values: list[Gap]) -> list[Drawn]:
        """Return the rows of single values beside their peers, with the draws of the difference."""
        share, rows = -CLOSABLE_CHANGE if kind == "above" else CLOSABLE_GAP, []
        for value in values:
            doubt = float(np.log(value.ratio_draws).var())
            worth = self._worth(np.nonzero(self.cells.codes[:, value.dimension] == value.value)[0])
            drawn = draw_loss(value.conversions, value.expected, doubt, 0.0, worth, self.rng).times(share)
            row = self._row(
                kind, ((value.dimension, value.value),), (value.sessions, value.conversions, value.expected, value.p),
                drawn, (),
            )  # fmt: skip
            rows.append((row, drawn))
        return rows

    def _worth(self, members: np.ndarray) -> Floats:
        return self.values.draws(self.due[members], members, self.rng)

    def _named(self, key: Key) -> Segment:
        return {self.cells.dimensions[place]: self.cells.labels[place][value] for place, value in key}

    def _relatives(self, key: Key, places: np.ndarray, expected: Floats) -> tuple[Relative, ...]:
        relatives = []
        for segment, should in zip(places, expected, strict=True):
            other = self.candidates.key(int(segment))
            if set(other) < set(key) or set(key) < set(other):
                counts = self.candidates.sessions[segment], self.candidates.conversions[segment]
                relatives.append(Relative(self._named(other), *(round(count) for count in counts), float(should)))
        return tuple(relatives)

    def _row(self, kind, key, counted, drawn, relatives) -> Leak:
        sessions, conversions, expected, p = counted
        ratios = Estimate.of(drawn.ratio, self.interval)
        return Leak(
            kind, self._named(key), round(sessions), round(conversions), expected, conversions / expected,
            (ratios.low, ratios.high), Estimate.of(drawn.lost, self.interval).at_least(0.0),
            Estimate.of(drawn.revenue, self.interval).at_least(0.0), p, relatives,
        )  # fmt: skip


def surest_first(rows: Iterable[Drawn]) -> tuple[Leak, ...]:
    """Return the rows in the order of what they lost at least."""
    return tuple(row for row, _ in sorted(rows, key=lambda pair: -np.quantile(pair[1].lost, (1 - SORTED_BY) / 2)))


def together(rows: Iterable[Drawn], interval: float, draws: int) -> Estimate:
    """Return the revenue of rows that share no lost conversion."""
    return Estimate.of(sum((np.maximum(drawn.revenue, 0.0) for _, drawn in rows), np.zeros(draws)), interval)
