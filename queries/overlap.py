"""How much of one segment lies in another, where no single table of cells may hold the values of both."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from queries.baseline import Codes, Floats
from queries.cells import OTHER, Cells

Segment = Mapping[str, str]
Mask = NDArray[np.bool_]
SMALLEST = 1e-9
SAME = 0.6
"""Of the orders that a result misses, the share that another must explain to be its cause."""


def inside_of(cells: Cells, segment: Segment) -> Mask | None:
    """Say which cells lie in a segment; None where they do not tell its dimensions or values apart."""
    inside = np.ones(len(cells.codes), dtype=bool)
    for dimension, value in segment.items():
        if dimension not in cells.dimensions or value not in cells.labels[cells.dimensions.index(dimension)]:
            return None
        place = cells.dimensions.index(dimension)
        inside &= cells.codes[:, place] == cells.labels[place].index(value)
    return inside


def table_of(tables: Sequence[Cells], *segments: Segment) -> int | None:
    """Return the first table that tells all these segments apart, None where none does."""
    together = dict(pair for segment in segments for pair in segment.items())
    alike = all(together[name] == value for segment in segments for name, value in segment.items())
    wanted = (together,) if alike else segments
    held = (all(inside_of(cells, each) is not None for each in wanted) for cells in tables)
    return next((number for number, holds in enumerate(held) if holds), None)


def part_in(tables: Sequence[Cells], due: Sequence[Floats], one: Segment, other: Segment) -> float:
    """Return the share of what is due of one segment that lies in another (0 to 1); `due` by table and cell.

    Where no table holds both, one is taken as independent of the other within each combination of the values that
    their tables share: p(a, b) = sum over k of p(a, k) p(b | k). 0 where one of them is in no table.
    """
    both = table_of(tables, one, other)
    left, right = (table_of(tables, each) if both is None else both for each in (one, other))
    if left is None or right is None:
        return 0.0
    held = [due[number] * _inside(tables[number], each) for number, each in ((left, one), (right, other))]
    if both is not None:
        return float(held[0] @ _inside(tables[both], other) / max(held[0].sum(), SMALLEST))
    keys, size = shared_keys(tables[left], tables[right])
    own, its = (np.bincount(key, part, minlength=size) for key, part in zip(keys, held, strict=True))
    every = np.bincount(keys[1], due[right], minlength=size)
    part = np.minimum(its / np.maximum(every, SMALLEST), 1.0)
    return float(own @ part / max(own.sum(), SMALLEST))


def _inside(cells: Cells, segment: Segment) -> Floats:
    inside = inside_of(cells, segment)
    return np.zeros(len(cells.codes)) if inside is None else inside.astype(float)


def shared_keys(left: Cells, right: Cells) -> tuple[tuple[Codes, Codes], int]:
    """Number the cells of two tables by the values of the dimensions of both, those that only one names being others.

    Returns the numbers of either's cells, and how many numbers there are.
    """
    numbers, size = [np.zeros(len(cells.codes), dtype=np.intp) for cells in (left, right)], 1
    for name in left.dimensions:
        if name not in right.dimensions:
            continue
        places = [cells.dimensions.index(name) for cells in (left, right)]
        names = [cells.labels[place] for cells, place in zip((left, right), places, strict=True)]
        common = sorted(set(names[0]) & set(names[1]) - {OTHER})
        for side, cells in enumerate((left, right)):
            known = {value: number for number, value in enumerate(common)}
            codes = np.array([known.get(value, len(common)) for value in names[side]], dtype=np.intp)
            numbers[side] = numbers[side] * (len(common) + 1) + codes[cells.codes[:, places[side]]]
        size *= len(common) + 1
    return (numbers[0], numbers[1]), size
