"""Search for what moved: segments that convert otherwise than their own past and all others say, one row a cause.

Each segment is compared with its own earlier rate times what everything else did, its mix held equal by main effects:
what a segment always was cancels out. Two-sided, with a stated share of false rows (Benjamini, Hochberg 1995), and
peeled: the clearest one is taken into the model before the next look.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import erfc

from queries.baseline import Design, Floats, fit_baseline
from queries.cells import OTHER, Cells
from queries.leaks import support_of
from queries.null import MEDIAN_CHI_SQUARE, rejected
from queries.scan import SMALLEST_EXPECTED, Candidates

SMALLEST_MOVE = 0.1
"""A move of less than a tenth of the rate is not named, however sure."""
MOST_FOUND, PATIENCE, ROUNDS = 12, 3, 4
FOLLOWS = 0.8
LARGEST_UNREST = 1.0
SMALLEST_REST = 0.3
HALF = 0.5
"""Taken for a count of nought where a ratio is needed (Haldane 1956)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Hold two periods over the same cells: `both` are they together, the columns (cells) those of each."""

    both: Cells
    sessions: tuple[Floats, Floats]
    conversions: tuple[Floats, Floats]

    @classmethod
    def of(cls, before: Cells, after: Cells) -> "Pair":
        """Lay two periods over each other; a value that only one of them names goes under "(other)"."""
        labels = [
            (*(name for name in first if name in second and name != OTHER), OTHER)
            for first, second in zip(before.labels, after.labels, strict=True)
        ]
        codes = [_recoded(cells, labels) for cells in (before, after)]
        sizes = tuple(len(names) for names in labels)
        keys = [np.ravel_multi_index(tuple(each.T), sizes) for each in codes]
        union = np.unique(np.concatenate(keys))
        places = [np.searchsorted(union, each) for each in keys]
        first, second = (
            [np.bincount(place, column, minlength=len(union)).astype(float) for column in _counted(cells)]
            for place, cells in zip(places, (before, after), strict=True)
        )
        sums = [one + other for one, other in zip(first, second, strict=True)]
        orders = np.concatenate([before.orders, after.orders])
        together = np.column_stack(np.unravel_index(union, sizes))
        both = Cells.of_codes(before.dimensions, labels, together, *sums, orders, after.onward)
        return cls(both, (first[0], second[0]), (first[1], second[1]))


def _counted(cells: Cells) -> tuple[Floats, Floats, Floats]:
    return cells.sessions, cells.conversions, cells.revenue


def _recoded(cells: Cells, labels: Sequence[tuple[str, ...]]) -> np.ndarray:
    columns = []
    for place, (old, new) in enumerate(zip(cells.labels, labels, strict=True)):
        known = {name: code for code, name in enumerate(new)}
        lookup = np.array([known.get(name, len(new) - 1) for name in old], dtype=np.intp)
        columns.append(lookup[cells.codes[:, place]])
    return np.column_stack(columns)


@dataclass(frozen=True, slots=True)
class Look:
    """Hold the test of each segment against all others: expected later conversions, ratio, deviance, what is testable.

    `others` is the factor by which all others changed, `doubt` the relative variance of the expectation, `spread` that
    of the ratio when nothing moved.
    """

    expected: Floats
    ratio: Floats
    others: Floats
    signed: Floats
    doubt: Floats
    spread: Floats
    testable: np.ndarray


def compare(
    counts: tuple[Floats, Floats], due: tuple[Floats, Floats], every: tuple[float, float, float, float]
) -> Look:
    """Test whether segments and what is outside them changed by one factor: the signed root of the deviance.

    `counts` are the conversions of each segment before and after, `due` what main effects expect of its sessions, and
    `every` the sums over everything, in that order. Four Poisson counts, of which the common factor is the solution of
    a quadratic equation.
    """
    (c0, c1), (e0, e1) = counts, due
    all0, all1, due0, due1 = every
    r0, r1 = all0 - c0, all1 - c1
    inside, outside = _ratio(e1, e0), _ratio(due1 - e1, due0 - e0)
    segment, rest = c0 + c1, r0 + r1
    linear = segment * inside + rest * outside - all1 * (inside + outside)
    square = inside * outside * all0
    factor = (np.sqrt(linear**2 + 4 * square * all1) - linear) / np.maximum(2 * square, 1e-300)
    m1 = segment * factor * inside / (1 + factor * inside)
    m0, k1 = segment - m1, all1 - m1
    k0 = all0 - m0
    testable = (np.minimum(m0, m1) >= SMALLEST_EXPECTED) & (np.minimum(k0, k1) >= SMALLEST_EXPECTED)
    deviance = 2 * sum(_surprise(x, m) for x, m in ((c0, m0), (c1, m1), (r0, k0), (r1, k1)))
    others = _ratio(r1, r0) / outside
    expected = np.where(c0 > 0, c0, HALF) * inside * others
    return Look(
        expected,
        np.where(c1 > 0, c1, HALF) / np.maximum(expected, 1e-12),
        others,
        np.sign(c1 - m1) * np.sqrt(np.maximum(deviance, 0.0)),
        sum(1 / np.maximum(x, HALF) for x in (c0, r0, r1)),
        sum(1 / np.maximum(m, HALF) for m in (m0, m1, k0, k1)),
        testable,
    )


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.maximum(part, 1e-9) / np.maximum(whole, 1e-9)


def _surprise(observed: Floats, mean: Floats) -> Floats:
    return np.where(observed > 0, observed * np.log(np.maximum(observed, 1e-12) / np.maximum(mean, 1e-12)), 0.0)


def unrest(look: Look) -> float:
    """Return the variance of small real moves: that at which the median deviance is a chi-square's; 0 if by chance."""
    deviance, spread = (column[look.testable] for column in (look.signed**2, look.spread))
    if not len(deviance) or np.median(deviance) <= MEDIAN_CHI_SQUARE:
        return 0.0
    low, high = 0.0, LARGEST_UNREST
    for _ in range(30):
        middle = (low + high) / 2
        wide = np.median(deviance * spread / (spread + middle)) > MEDIAN_CHI_SQUARE
        low, high = (middle, high) if wide else (low, middle)
    return (low + high) / 2


class Search:
    """Hold two periods, their segments, and by what the found ones moved."""

    def __init__(self, pair: Pair, fdr: float, max_order: int) -> None:
        """Fit main effects to the earlier period, so that what is due there is what was, and list the segments."""
        both = pair.both
        self.pair, self.fdr = pair, fdr
        self.design = Design.of(both.codes, both.sizes)
        support = support_of(float(both.sessions.sum()), float(both.conversions.sum()))
        self.candidates = Candidates.of(both, self.design, range(1, max_order + 1), support)
        self.rate = fit_baseline(self.design, pair.sessions[0], pair.conversions[0]).rate
        self.due = pair.sessions[0] * self.rate, pair.sessions[1] * self.rate
        self.before = self.candidates.sums(pair.conversions[0], self.due[0]).T
        self.later = self.candidates.sums(pair.conversions[1])[:, 0]

    def look(self, moves: dict[int, float]) -> Look:
        """Test every segment with these moves in the model."""
        due = self._moved(moves)
        later = self.candidates.sums(due)[:, 0]
        return compare((self.before[0], self.later), (self.before[1], later), self._every(due))

    def own(self, segment: int, moves: dict[int, float]) -> Look:
        """Test one found segment with the moves of the others in the model."""
        due = self._moved({other: move for other, move in moves.items() if other != segment})
        members = self.candidates.members(segment)
        rows = [column[members].sum(keepdims=True) for column in (*self.pair.conversions, self.due[0], due)]
        return compare((rows[0], rows[1]), (rows[2], rows[3]), self._every(due))

    def settle(self, moves: dict[int, float]) -> dict[int, float]:
        """Return how far each found segment moved when all are judged together."""
        for _ in range(ROUNDS):
            for segment in moves:
                moves = {**moves, segment: float(self.own(segment, moves).ratio[0])}
        return moves

    def _moved(self, moves: dict[int, float]) -> Floats:
        due = self.due[1].copy()
        for segment, move in moves.items():
            due[self.candidates.members(segment)] *= move
        return due

    def _every(self, due: Floats) -> tuple[float, float, float, float]:
        first, second = self.pair.conversions
        return float(first.sum()), float(second.sum()), float(self.due[0].sum()), float(due.sum())

    def peel(self) -> "Found":
        """Take the clearest segments into the model one by one; keep those that are called once the unrest is known.

        While a large mover is outside the model everything beside it looks restless, so the clearest are taken in as if
        chance were all, and judged only then; where several in a row add nothing that stays, the search is over.
        """
        look = self.look({})
        best = self.kept({})
        searched, moves, idle = int(look.testable.sum()), dict[int, float](), 0
        while idle < PATIENCE and len(moves) < MOST_FOUND and (next_one := self.clearest(look, moves)) is not None:
            moves = self.settle({**moves, next_one: float(look.ratio[next_one])})
            look = self.look(moves)
            kept = self.kept(moves)
            idle = 0 if len(kept.own) > len(best.own) else idle + 1
            best = kept if not idle else best
        return replace(best, searched=searched)

    def kept(self, moves: dict[int, float]) -> "Found":
        """Drop the least sure of the found segments until all that stay are called, and return these."""
        while True:
            look = self.look(moves)
            own = {segment: self.own(segment, moves) for segment in moves}
            wild = unrest(look)
            chance = _chance(look, wild)
            for segment, each in own.items():
                chance[segment] = _chance(each, wild)[0]
            called = self.called(look, chance)
            gone = [segment for segment in moves if not called[segment] or not _far(own[segment].ratio)[0]]
            if not gone:
                return Found(own, {segment: float(chance[segment]) for segment in moves}, wild)
            least = max(gone, key=lambda segment: (chance[segment], segment))
            moves = self.settle({segment: move for segment, move in moves.items() if segment != least})

    def called(self, look: Look, chance: Floats) -> np.ndarray:
        """Say which segments the false discovery rate lets through."""
        called = np.zeros(len(chance), dtype=bool)
        called[look.testable] = rejected(chance[look.testable], self.fdr)
        return called

    def clearest(self, look: Look, moves: dict[int, float]) -> int | None:
        """Return the segment with the largest deviance less 2 ln of the number of its order, if any is called.

        Of two values that share a dimension one rises as far as the other falls: what changed less itself counts less.
        Some of what is due must stay outside all movers, or nothing would be left to compare them with.
        """
        eligible = self.called(look, _chance(look, 0.0)) & _far(look.ratio)
        eligible[list(moves)] = False
        outside = self.due[0] + self.due[1]
        least = SMALLEST_REST * outside.sum()
        for segment in moves:
            outside[self.candidates.members(segment)] = 0.0
        eligible &= outside.sum() - self.candidates.sums(outside)[:, 0] >= least
        places = np.nonzero(eligible)[0]
        if not len(places):
            return None
        orders = self.candidates.orders
        counts = np.maximum(np.bincount(orders[look.testable], minlength=int(np.max(orders)) + 1), 1)
        itself = np.abs(np.log(look.ratio * look.others)) >= np.abs(np.log(look.others))
        deviance = look.signed**2 * np.where(itself, 1.0, FOLLOWS)
        return int(places[np.argmax((deviance - 2 * np.log(counts[orders]))[places])])


@dataclass(frozen=True, slots=True)
class Found:
    """Hold the found segments: the test of each beside the others, its p; the unrest; how many segments were tested."""

    own: dict[int, Look]
    p: dict[int, float]
    unrest: float
    searched: int = 0


def _chance(look: Look, wild: float) -> Floats:
    return erfc(np.sqrt(look.signed**2 * look.spread / (look.spread + wild) / 2))


def _far(ratio: Floats) -> np.ndarray:
    return (ratio < 1 - SMALLEST_MOVE) | (ratio > 1 / (1 - SMALLEST_MOVE))
