"""Sums of one column of cells over the values of a few dimensions at a time, each pass over the cells used often."""

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
        return int(np.prod([self.sizes[place] for place in chosen], dtype=np.int64)) <= self.most

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
        size = int(np.prod(shape, dtype=np.int64))
        return summed(self.keys.of(chosen), self.column, size).reshape(shape)


def summed(numbers: Codes, column: Floats, size: int) -> Floats:
    """Return the sum of a column for each of so many numbers."""
    return np.bincount(numbers, column, minlength=size).astype(np.float64, copy=False)
