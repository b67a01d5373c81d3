"""Every segment that is large enough to judge, and what the baseline expects of it."""

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.special import expit

from queries.baseline import Codes, Design, Fit, Floats
from queries.cells import Cells

LARGEST_LEVERAGE = 0.9
SMALLEST_EXPECTED = 5.0
SMALLEST_PARENTAL = 0.01


@dataclass(frozen=True, slots=True)
class Block:
    """Hold the segments over one set of dimensions: which cells lie in which of them."""

    dimensions: tuple[int, ...]
    first: int
    values: NDArray[np.intp]
    members: Codes
    group: Codes


@dataclass(frozen=True, slots=True)
class Candidates:
    """Hold all segments of these orders with enough sessions; `too_small` counts the others.

    `parents` (segments x pairs) are the segments of two values that hold a longer segment; -1 where there is none.
    """

    blocks: tuple[Block, ...]
    orders: NDArray[np.intp]
    parents: NDArray[np.intp]
    sessions: Floats
    conversions: Floats
    too_small: int

    @classmethod
    def of(cls, cells: Cells, design: Design, orders: range, min_sessions: float) -> Self:
        """Enumerate the segments of these orders; one that holds the same sessions as a shorter one is left out."""
        blocks, totals, converted, sizes, parents, small = [], [], [], [], [], 0
        known: dict[tuple[int, ...], Floats] = {}
        pairs: dict[tuple[int, ...], Codes] = {}
        for order in range(1, orders.stop):
            for chosen in combinations(range(len(cells.sizes)), order):
                shape = tuple(cells.sizes[place] for place in chosen)
                keys = np.ravel_multi_index(tuple(design.codes[place] for place in chosen), shape)
                table = np.bincount(keys, cells.sessions, minlength=int(np.prod(shape))).astype(float)
                known[chosen] = table
                if order < orders.start:
                    continue
                enough = table >= min_sessions
                small += int(np.count_nonzero((table > 0) & ~enough))
                kept = np.nonzero(enough & ~_repeats(table, chosen, shape, known))[0]
                if not len(kept):
                    continue
                block = _block(chosen, shape, kept, keys, sum(sizes))
                if order == 2:
                    pairs[chosen] = _lookup(len(table), kept, block.first)
                parents.append(_parents(block, cells.sizes, pairs, orders.stop - 1))
                blocks.append(block)
                sizes.append(len(kept))
                totals.append(table[kept])
                converted.append(np.bincount(block.group, cells.conversions[block.members], minlength=len(kept)))
        orders_of = np.repeat([len(block.dimensions) for block in blocks], sizes).astype(np.intp)
        above = np.concatenate(parents) if parents else np.zeros((0, 1), dtype=np.intp)
        return cls(tuple(blocks), orders_of, above, _joined(totals), _joined(converted), small)

    def __len__(self) -> int:
        """Return the number of segments."""
        return len(self.orders)

    def sums(self, *columns: Floats) -> Floats:
        """Return the sum of each column of cells over each segment (segments x columns)."""
        sums = np.empty((len(self), len(columns)))
        for block in self.blocks:
            rows = slice(block.first, block.first + len(block.values))
            for place, column in enumerate(columns):
                sums[rows, place] = np.bincount(block.group, column[block.members], minlength=len(block.values))
        return sums

    def gradients(self, design: Design, fit: Fit) -> Floats:
        """Return for each segment the derivative of its expected conversions by each parameter."""
        width = design.width
        gradients = np.zeros((len(self), len(fit.parameters)))
        sloped = fit.weight * fit.slope
        for block in self.blocks:
            count = len(block.values)
            inside = gradients[block.first : block.first + count]
            weights = sloped[block.members]
            inside[:, 0] = np.bincount(block.group, weights, minlength=count)
            for place, (start, size) in enumerate(zip(design.starts, design.sizes, strict=True)):
                if place in block.dimensions:
                    inside[np.arange(count), start + block.values[:, block.dimensions.index(place)]] = inside[:, 0]
                    continue
                keys = block.group * size + design.codes[place][block.members]
                table = np.bincount(keys, weights, minlength=count * size)
                inside[:, start : start + size] = table.reshape(count, size)
        gradients[:, width] = self.sums(fit.weight * fit.bend)[:, 0]
        for number, members in enumerate(fit.found, start=width + 1):
            gradients[:, number] = self.shared(members, fit.weight[members])
        return gradients

    def shared(self, cells: Codes, weights: Floats) -> Floats:
        """Return the sum over each segment of the weights of these few cells (indices in ascending order)."""
        sums = np.zeros(len(self))
        for block in self.blocks:
            places = np.minimum(np.searchsorted(block.members, cells), len(block.members) - 1)
            inside = block.members[places] == cells
            count = len(block.values)
            sums[block.first : block.first + count] = np.bincount(
                block.group[places[inside]], weights[inside], minlength=count
            )
        return sums

    def place(self, segment: int) -> tuple[Block, int]:
        """Return the block of a segment and its place therein."""
        for block in self.blocks:
            if segment < block.first + len(block.values):
                return block, segment - block.first
        raise IndexError(segment)

    def members(self, segment: int) -> Codes:
        """Return the indices of the cells of a segment."""
        block, group = self.place(segment)
        return block.members[block.group == group]

    def key(self, segment: int) -> tuple[tuple[int, int], ...]:
        """Return the segment as sorted (dimension, value) pairs of codes."""
        block, group = self.place(segment)
        return tuple(
            (dimension, int(value)) for dimension, value in zip(block.dimensions, block.values[group], strict=True)
        )


@dataclass(frozen=True, slots=True)
class Scan:
    """Hold the judgement of each segment against a baseline: counts on the scale of the null, and what is testable."""

    fitted: Floats
    expected: Floats
    leverage: Floats
    variance: Floats
    observed: Floats
    mean: Floats
    testable: NDArray[np.bool_]
    cross: Floats | None = None

    def rows(self, chosen: slice | list[int]) -> "Scan":
        """Return some of the rows."""
        return Scan(*(getattr(self, column)[chosen] for column in self.__slots__ if column != "cross"))

    def times(self, ratios: Floats) -> "Scan":
        """Return the same scan with each expectation multiplied."""
        return replace(self, expected=self.expected * ratios, mean=self.mean * ratios)


def scan(candidates: Candidates, design: Design, fit: Fit, sessions: Floats) -> Scan:
    """Return what a fit expects of each segment had it not seen the segment itself.

    The fit has absorbed the share `leverage` of a leak: expected = E + (E - C) h / (1 - h). `observed` and `mean` are
    C and that expectation times f = expected (1 - h) / V, so that chance alone gives a variance equal to the mean.
    """
    fitted, variance = candidates.sums(sessions * fit.rate, fit.weight).T
    gradients = candidates.gradients(design, fit)
    solved = linalg.solve_triangular(fit.factor, gradients.T, lower=True, check_finite=False)
    leverage = np.einsum("ij,ij->j", solved, solved) / np.maximum(variance, 1e-12)
    cross = np.column_stack([np.einsum("ij,ij->j", solved[:, parent], solved) for parent in candidates.parents.T])
    return replace(corrected(candidates.conversions, fitted, variance, leverage), cross=cross)


def corrected(conversions: Floats, fitted: Floats, variance: Floats, leverage: Floats) -> Scan:
    """Return the leverage-corrected scan of fitted sums."""
    rest = 1.0 - np.minimum(leverage, LARGEST_LEVERAGE)
    expected = fitted + (fitted - conversions) * (1.0 - rest) / rest
    testable = (leverage <= LARGEST_LEVERAGE) & (expected >= SMALLEST_EXPECTED)
    expected = np.maximum(expected, 1e-9)
    factor = expected * rest / np.maximum(variance, 1e-12)
    return Scan(fitted, expected, leverage, variance, factor * conversions, factor * expected, testable)


def _block(chosen: tuple[int, ...], shape: tuple[int, ...], kept: Codes, keys: Codes, first: int) -> Block:
    group = _lookup(int(np.prod(shape)), kept, 0)[keys]
    members = np.nonzero(group >= 0)[0]
    return Block(chosen, first, np.column_stack(np.unravel_index(kept, shape)), members, group[members])


def _lookup(size: int, kept: Codes, first: int) -> Codes:
    lookup = np.full(size, -1, dtype=np.intp)
    lookup[kept] = np.arange(first, first + len(kept))
    return lookup


def _parents(
    block: Block, sizes: tuple[int, ...], pairs: dict[tuple[int, ...], Codes], longest: int
) -> NDArray[np.intp]:
    parents = np.full((len(block.values), max(longest * (longest - 1) // 2, 1)), -1, dtype=np.intp)
    if len(block.dimensions) > 2:
        for column, (first, second) in enumerate(combinations(range(len(block.dimensions)), 2)):
            pair = block.dimensions[first], block.dimensions[second]
            if pair in pairs:
                keys = block.values[:, first] * sizes[pair[1]] + block.values[:, second]
                parents[:, column] = pairs[pair][keys]
    return parents


def _repeats(
    table: Floats, chosen: tuple[int, ...], shape: tuple[int, ...], known: dict[tuple[int, ...], Floats]
) -> NDArray[np.bool_]:
    repeats = np.zeros(shape, dtype=bool)
    for place in range(len(chosen)):
        parent = chosen[:place] + chosen[place + 1 :]
        if parent in known:
            above = known[parent].reshape(shape[:place] + shape[place + 1 :])
            repeats |= table.reshape(shape) == np.expand_dims(above, place)
    return repeats.ravel()


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0)


def parental_ratios(candidates: Candidates, looked: Scan, dispersion: float) -> Floats:
    """Return by how much the parents of each segment, apart from the segment itself, run above expectation.

    Real interactions of two values reach into every combination of three that holds them. The effect of a parent is
    the residual of its other cells in a fit without the segment, shrunk by k = 1 / tau^2; the main effects have
    carried the share `absorbed` of it to the segment already. Products of gradients with H^-1 give both exactly.
    """
    ratios = np.ones(len(candidates))
    if dispersion < SMALLEST_PARENTAL or looked.cross is None:
        return ratios
    prior = dispersion**-2
    information, lost = looked.variance, looked.fitted - candidates.conversions
    for parent, cross in zip(candidates.parents.T, looked.cross.T, strict=True):
        rows = np.nonzero((parent >= 0) & looked.testable)[0]
        above, free = parent[rows], information[rows] * (1.0 - looked.leverage[rows])
        own = looked.leverage[rows] * information[rows]
        absorbed = (cross[rows] - own) / free
        residual = lost[rows] * (1.0 - absorbed) - lost[above]
        others = looked.leverage[above] * information[above] - 2 * cross[rows] + own + absorbed**2 * free
        rest = np.maximum(information[above] - information[rows] - others, 0.0)
        ratios[rows] *= np.exp(np.clip(residual / (rest + prior) * (1.0 - absorbed), -2.0, 2.0))
    return ratios


def own_scan(candidates: Candidates, design: Design, fit: Fit, cells: Cells, found: tuple[int, ...]) -> Scan:
    """Return one row per found segment, judged by the fit without its own effect and cells but with the others."""
    rows = np.zeros((len(found), 4))
    width = design.width
    for place, segment in enumerate(found):
        members = fit.found[place]
        rate = expit(fit.logit[members] - fit.effects[place])
        weight = cells.sessions[members] * rate * (1.0 - rate)
        gradient = np.zeros(len(fit.parameters))
        gradient[:width] = design.totals(weight * fit.slope[members], members)
        gradient[width] = weight @ fit.bend[members]
        for other, others in enumerate(fit.found):
            if other != place:
                gradient[width + 1 + other] = weight[np.isin(members, others, assume_unique=True)].sum()
        solved = linalg.solve_triangular(fit.factor, gradient, lower=True, check_finite=False)
        variance, doubt = weight.sum(), solved @ solved
        expected = cells.sessions[members] @ rate
        rows[place] = expected, variance, doubt / (variance + doubt), candidates.conversions[segment]
    expected, variance, leverage, conversions = rows.T
    factor = expected * (1.0 - leverage) / np.maximum(variance, 1e-12)
    testable = leverage <= LARGEST_LEVERAGE
    return Scan(expected, expected, leverage, variance, factor * conversions, factor * expected, testable)
