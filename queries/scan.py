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
from queries.tables import Block, Keys, Tables, summed

LARGEST_LEVERAGE = 0.9
SMALLEST_EXPECTED = 5.0


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
    keys: Keys

    @classmethod
    def of(cls, cells: Cells, design: Design, orders: range, min_sessions: float) -> Self:
        """Enumerate the segments of these orders.

        Left out are those that hold the same sessions as a shorter one, and those of "(other)": what is lumped there
        differs from segment to segment, and nobody could act on it.
        """
        blocks, totals, converted, sizes, parents, small = [], [], [], [], [], 0
        known: dict[tuple[int, ...], Floats] = {}
        pairs: dict[tuple[int, ...], Codes] = {}
        all_keys = Keys(design.codes, cells.sizes)
        for order in range(1, orders.stop):
            for chosen in combinations(range(len(cells.sizes)), order):
                shape = tuple(cells.sizes[place] for place in chosen)
                keys = all_keys.of(chosen)
                table = np.bincount(keys, cells.sessions, minlength=int(np.prod(shape))).astype(float)
                known[chosen] = table
                if order < orders.start:
                    continue
                enough = table >= min_sessions
                small += int(np.count_nonzero((table > 0) & ~enough))
                named = np.ones(shape, dtype=bool)
                for axis, place in enumerate(chosen):
                    if (rest := cells.others[place]) is not None:
                        named[(slice(None),) * axis + (rest,)] = False
                kept = np.nonzero(enough & named.ravel() & ~_repeats(table, chosen, shape, known))[0]
                if not len(kept):
                    continue
                block = _block(chosen, shape, kept, keys, sum(sizes))
                if order == 2:
                    pairs[chosen] = _lookup(len(table), kept, block.first)
                parents.append(_parents(block, cells.sizes, pairs, orders.stop - 1))
                blocks.append(block)
                sizes.append(len(kept))
                totals.append(table[kept])
                converted.append(summed(keys, cells.conversions, len(table))[kept])
        orders_of = np.repeat([len(block.dimensions) for block in blocks], sizes).astype(np.intp)
        above = np.concatenate(parents) if parents else np.zeros((0, 1), dtype=np.intp)
        return cls(tuple(blocks), orders_of, above, _joined(totals), _joined(converted), small, all_keys)

    def __len__(self) -> int:
        """Return the number of segments."""
        return len(self.orders)

    def sums(self, *columns: Floats) -> Floats:
        """Return the sum of each column of cells over each segment (segments x columns)."""
        return np.column_stack([self._sums(Tables(self.keys, column)) for column in columns])

    def _sums(self, tables: Tables) -> Floats:
        sums = np.empty(len(self))
        for block in reversed(self.blocks):
            rows = slice(block.first, block.first + len(block))
            if self.keys.fits(block.dimensions):
                sums[rows] = tables.of(block.dimensions)[tuple(block.values.T)]
            else:
                sums[rows] = block.sums(tables.column)
        return sums

    def gradients(self, design: Design, fit: Fit) -> Floats:
        """Return for each segment the derivative of its expected conversions by each parameter."""
        width = design.width
        gradients = np.zeros((len(self), len(fit.parameters)))
        tables = Tables(self.keys, fit.weight * fit.slope)
        for block in reversed(self.blocks):
            inside = gradients[block.first : block.first + len(block)]
            for place, (start, size) in enumerate(zip(design.starts, design.sizes, strict=True)):
                if place not in block.dimensions:
                    inside[:, start : start + size] = _beside(block, place, size, tables)
            inside[:, 0] = self._own(block, tables, inside, design)
            for axis, place in enumerate(block.dimensions):
                inside[np.arange(len(inside)), design.starts[place] + block.values[:, axis]] = inside[:, 0]
        gradients[:, width] = self._sums(Tables(self.keys, fit.weight * fit.bend))
        for number, members in enumerate(fit.found, start=width + 1):
            gradients[:, number] = self.shared(members, fit.weight[members])
        return gradients

    @staticmethod
    def _own(block: Block, tables: Tables, inside: Floats, design: Design) -> Floats:
        for place, (start, size) in enumerate(zip(design.starts, design.sizes, strict=True)):
            if place not in block.dimensions:
                return inside[:, start : start + size].sum(axis=1)
        return block.sums(tables.column)

    def shared(self, cells: Codes, weights: Floats) -> Floats:
        """Return the sum over each segment of the weights of these few cells (indices in ascending order)."""
        return _joined([block.sums_of(cells, weights) for block in self.blocks])

    def place(self, segment: int) -> tuple[Block, int]:
        """Return the block of a segment and its place therein."""
        for block in self.blocks:
            if segment < block.first + len(block):
                return block, segment - block.first
        raise IndexError(segment)

    def members(self, segment: int) -> Codes:
        """Return the indices of the cells of a segment."""
        block, group = self.place(segment)
        return block.members(group)

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

    def with_rows(self, places: list[int], rows: "Scan") -> "Scan":
        """Return the same scan with other counts and expectations in these rows."""
        changed = {name: getattr(self, name).copy() for name in ("observed", "mean", "expected")}
        for name, column in changed.items():
            column[places] = getattr(rows, name)
        return replace(self, **changed)

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


def _beside(block: Block, place: int, size: int, tables: Tables) -> Floats:
    """Return the sums of each segment of a block over each value of one more dimension (segments x values)."""
    together = tuple(sorted((*block.dimensions, place)))
    if tables.keys.fits(together):
        table = np.moveaxis(tables.of(together), together.index(place), -1)
        return table[tuple(block.values.T)]
    return block.beside(tables.keys.codes[place], tables.column, size)


def _block(chosen: tuple[int, ...], shape: tuple[int, ...], kept: Codes, keys: Codes, first: int) -> Block:
    values = np.column_stack(np.unravel_index(kept, shape))
    return Block(chosen, first, values, keys, kept, _lookup(int(np.prod(shape)), kept, 0))


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
