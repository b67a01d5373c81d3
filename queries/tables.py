"""Sums of one column of cells over the values of a few dimensions at a time, each pass over the cells used often."""

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Chosen = tuple[int, ...]

DENSE = 4
DENSE_AT_LEAST = 200_000


class Keys:
    """Number the cells by their values in a few dimensions; the numbers are kept, for they are needed in each look."""

    def __init__(self, codes: tuple[Codes, ...], sizes: tuple[int, ...]) -> None:
        """Remember the codes of the cells (one array per dimension) and the number of values of each."""
        self.codes, self.sizes = codes, sizes
        self._kept: dict[Chosen, Codes] = {}
        self.most = max(DENSE * (len(codes[0]) if codes else 0), DENSE_AT_LEAST)

    def fits(self, chosen: Chosen) -> bool:
        """Say whether a table over these dimensions is small enough to be worth filling."""
        return prod([self.sizes[place] for place in chosen]) <= self.most

    def of(self, chosen: Chosen) -> Codes:
        """Return the number of each cell in a table over these dimensions."""
        if chosen not in self._kept:
            if len(chosen) == 1:
                self._kept[chosen] = self.codes[chosen[0]]
            else:
                self._kept[chosen] = self.of(chosen[:-1]) * self.sizes[chosen[-1]] + self.codes[chosen[-1]]
        return self._kept[chosen]


class Tables:
    """Sum one column of cells over any few dimensions; a small table is added up from a larger one that is there."""

    def __init__(self, keys: Keys, column: Floats) -> None:
        """Remember the column; nothing is summed until it is asked for."""
        self.keys, self.column = keys, column
        self._kept: dict[Chosen, Floats] = {}

    def of(self, chosen: Chosen) -> Floats:
        """Return the table over these dimensions, one axis each."""
        if chosen not in self._kept:
            self._kept[chosen] = self._marginal(chosen)
        return self._kept[chosen]

    def _marginal(self, chosen: Chosen) -> Floats:
        wanted = set(chosen)
        for larger, table in self._kept.items():
            if len(larger) == len(chosen) + 1 and wanted < set(larger):
                (axis,) = (place for place, dimension in enumerate(larger) if dimension not in wanted)
                return table.sum(axis=axis)
        shape = [self.keys.sizes[place] for place in chosen]
        return summed(self.keys.of(chosen), self.column, prod(shape)).reshape(shape)


def summed(numbers: Codes, column: Floats, size: int) -> Floats:
    """Return the sum of a column for each of so many numbers."""
    return np.bincount(numbers, column, minlength=size).astype(np.float64, copy=False)


@dataclass(frozen=True)
class Block:
    """Hold the segments over one set of dimensions, and how to find their cells.

    `keys` numbers each cell by its values; `kept` has the number of each segment, `lookup` (all numbers) the place of
    the segment of that number, -1 for one that is none.
    """

    dimensions: tuple[int, ...]
    first: int
    values: NDArray[np.intp]
    keys: Codes
    kept: Codes
    lookup: Codes

    def __len__(self) -> int:
        """Return the number of segments."""
        return len(self.kept)

    @cached_property
    def held(self) -> tuple[Codes, Codes]:
        """Return the indices of the cells that lie in a segment, and the place of the segment of each."""
        groups = self.lookup[self.keys]
        members = np.nonzero(groups >= 0)[0]
        return members, groups[members]

    def members(self, place: int) -> Codes:
        """Return the indices of the cells of one segment."""
        return np.nonzero(self.keys == self.kept[place])[0]

    def sums(self, column: Floats) -> Floats:
        """Return the sum of a column of cells over each segment."""
        members, groups = self.held
        return summed(groups, column[members], len(self))

    def sums_of(self, cells: Codes, weights: Floats) -> Floats:
        """Return the sum over each segment of the weights of these cells."""
        groups = self.lookup[self.keys[cells]]
        inside = groups >= 0
        return summed(groups[inside], weights[inside], len(self))

    def beside(self, codes: Codes, column: Floats, size: int) -> Floats:
        """Return the sum of a column over each segment and each of `size` codes of the cells (segments x codes)."""
        members, groups = self.held
        table = summed(groups * size + codes[members], column[members], len(self) * size)
        return table.reshape(len(self), size)
