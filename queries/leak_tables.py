"""Combinations of several tables of the same sessions: each searched once, and each cause told once."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from queries.baseline import Floats
from queries.cells import Cells
from queries.leak_report import Leak, Relative
from queries.leak_rows import Drawn
from queries.null import deviance
from queries.overlap import SAME, part_in
from queries.scan import Candidates

Name = frozenset[tuple[str, str]]


def names_of(cells: Cells, candidates: Candidates) -> list[Name]:
    """Return each candidate by its names."""
    return [
        frozenset(
            (cells.dimensions[place], cells.labels[place][value])
            for place, value in zip(block.dimensions, row, strict=True)
        )
        for block in candidates.blocks
        for row in block.values.tolist()
    ]


def told_first(tables: Sequence[Sequence[Name]]) -> list[NDArray[np.bool_]]:
    """Say of each table's candidates which no table before it has."""
    seen: set[Name] = set()
    first = []
    for names in tables:
        first.append(np.array([name not in seen for name in names], dtype=bool))
        seen.update(names)
    return first


def one_row_a_cause(rows: Sequence[Sequence[Drawn]], tables: Sequence[Cells], due: Sequence[Floats]) -> list[Drawn]:
    """Return the rows of all tables without those that a clearer row of another table explains, to which they go.

    `rows` are by table, `due` is what is expected of each table's cells.
    """
    every = [(number, row, drawn) for number, held in enumerate(rows) for row, drawn in held]
    every.sort(key=lambda each: -float(deviance(np.array([each[1].conversions]), np.array([each[1].expected]))[0]))
    kept: list[tuple[int, Leak, Drawn]] = []
    others: dict[int, list[Relative]] = {}
    for number, row, drawn in every:
        lacks = row.expected - row.conversions
        shares = [
            (before.expected - before.conversions) * part_in(tables, due, before.segment, row.segment) / lacks
            if number != place
            else 0.0
            for place, before, _ in kept
        ]
        if shares and max(shares) >= SAME:
            relative = Relative(row.segment, row.sessions, row.conversions, row.expected)
            others.setdefault(int(np.argmax(shares)), []).append(relative)
        else:
            kept.append((number, row, (row, drawn)))
    return [
        (replace(row, relatives=(*row.relatives, *others.get(place, ()))), drawn)
        for place, (_, _, (row, drawn)) in enumerate(kept)
    ]
