"""The smallest group that holds a fall: where the rest of a segment did not fall, the fall is named without it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import poisson

from queries.cells import OTHER
from queries.findings.causes import Cause, Ground
from queries.overlap import table_of
from queries.revenue import Estimate
from queries.vocabulary import NOT_SET
from queries.watch_report import SilentLeak
from queries.watch_scan import WINDOW

HOLDS = 0.8
"""The smallest group that holds so much of the missing orders gives the finding its name."""
NEARLY_ALL, COMMON = 0.95, 0.8
"""Without such a rest a group gives the name if it holds nearly all of the fall and its value is not common to most."""
UNTOUCHED = 0.01
"""The rest did not fall where it would have so many orders at the segment's ratio with no more than this chance."""
IMPLIED = 1e-6
"""Where no more of the segment than this share lies outside a group, its value follows from the segment's: California
lies in the United States."""
MOST_VALUES = 3


def narrowed_to_the_fall(row: SilentLeak, ground: Ground) -> SilentLeak:
    """Return a fall of the smallest group inside its segment that holds it, counted and priced for that group.

    Of one more value, which must hold 80 % of the missing orders, while the rest has significantly more orders than at
    the ratio of the segment (an exact Poisson test); or 95 % of them, where the rest is too small to say and the value
    is one of under 80 % of all. Unchanged where there is no such group.
    """
    if row.verdict != "fell" or row.lost is None or len(row.segment) >= MOST_VALUES or row.expected <= row.conversions:
        return row
    looked = set(row.segment)
    groups = []
    for number, table in enumerate(ground.tables):
        groups += [group for group in _groups(row, ground, number) if group.dimension not in looked]
        looked |= set(table.cells.dimensions) if table_of([table.cells], row.segment) is not None else set()
    smallest = min(groups, key=lambda group: group.chance, default=None)
    return row if smallest is None else _of_group(row, ground, smallest)


@dataclass(frozen=True, slots=True)
class Group:
    """Hold one value inside a segment that holds its fall: its table, what was expected of it, what it had.

    `chance` is that of as many orders as the rest had, had the rest fallen too.
    """

    number: int
    dimension: str
    value: str
    expected: float
    had: float
    chance: float


def _groups(row: SilentLeak, ground: Ground, number: int) -> Iterator[Group]:
    """Give the values of one table that hold the fall of a row."""
    daily, cells = ground.tables[number], ground.tables[number].cells
    inside = ground.rows(Cause(row.segment, 1.0, row.onset, row.last + dt.timedelta(days=1)), number)
    due = ground.dues[number][inside]
    if not due.sum():
        return
    scale, missing = row.expected / due.sum(), row.expected - row.conversions
    for place, dimension in enumerate(cells.dimensions):
        if dimension in row.segment:
            continue
        codes, size = cells.codes[daily.cell, place], len(cells.labels[place])
        expected = scale * np.bincount(codes[inside], due, minlength=size)
        had = np.bincount(codes[inside], daily.conversions[inside], minlength=size)
        everywhere = np.bincount(codes, ground.dues[number], minlength=size) / ground.dues[number].sum()
        for code in np.nonzero(expected - had >= HOLDS * missing)[0]:
            value, holds = cells.labels[place][code], (expected[code] - had[code]) / missing
            rest, held = row.expected - expected[code], row.conversions - had[code]
            if value in (OTHER, NOT_SET) or rest <= IMPLIED * row.expected:
                continue
            chance = float(poisson.sf(held - 1, row.ratio * rest))
            if chance < UNTOUCHED or (holds >= NEARLY_ALL and everywhere[code] <= COMMON):
                yield Group(number, dimension, value, float(expected[code]), float(had[code]), chance)


def _of_group(row: SilentLeak, ground: Ground, group: Group) -> SilentLeak:
    segment, daily, number = {**row.segment, group.dimension: group.value}, ground.tables[group.number], group.number
    expected, had = group.expected, group.had
    since = ground.rows(Cause(segment, 1.0, row.onset, row.last + dt.timedelta(days=1)), number)
    first = row.onset - dt.timedelta(days=WINDOW)
    before = ground.rows(Cause(segment, 1.0, first, row.onset), number)
    share = (expected - had) / (row.expected - row.conversions)
    ratio = had / expected
    moved = ratio / row.ratio if row.ratio else 1.0

    def part(estimate: Estimate | None) -> Estimate | None:
        return estimate.times(share) if estimate else None

    return replace(
        row,
        segment=segment,
        sessions=round(daily.sessions[since].sum()),
        conversions=round(had),
        expected=expected,
        before=(round(daily.sessions[before].sum()), round(daily.conversions[before].sum())),
        ratio=ratio,
        ratio_interval=(row.ratio_interval[0] * moved, row.ratio_interval[1] * moved),
        lost=part(row.lost),
        revenue=part(row.revenue),
        monthly=part(row.monthly),
    )
