"""Cells of any traffic dimension by device, as rows of the metric "sources_by_device", for the tabs of one table."""

from collections.abc import Mapping

from dashboard.charts.words import Row
from queries.compose import EVERYTHING
from queries.engine import Result
from queries.judged import found_of
from queries.pivot import OTHERS, Group, Values, cut, margin
from queries.statistics import wilson_interval

TOP, PRIOR = 10, 300


def cells_of(result: Result) -> list[Row]:
    """Return the cells of a pivot by value and device: the largest values, the rest as one, and all together."""
    groups: Mapping[Values, Group] = found_of(result) or {}
    if not groups:
        return []
    values = len(margin(groups, 0))
    kept = cut(groups, (TOP, len(margin(groups, 1))))
    everything = list(groups.values())
    total = everything[0]
    for group in everything[1:]:
        total = total + group
    mean = total.conversions / total.sessions
    rows: list[Row] = []
    for rank, (value, whole) in enumerate(margin(kept, 0).items(), start=1):
        kind, number = ("more", values - TOP) if value == OTHERS and values > TOP else ("source", 1)
        held = {EVERYTHING: whole} | {device: group for (name, device), group in kept.items() if name == value}
        rows += [_row(rank, kind, value, number, device, group, mean) for device, group in held.items()]
    every = {EVERYTHING: total} | margin(groups, 1)
    return rows + [_row(TOP + 2, "all", EVERYTHING, values, device, group, mean) for device, group in every.items()]


def _row(rank: int, kind: str, value: str, number: int, device: str, group: Group, mean: float) -> Row:
    low, high = wilson_interval(group.conversions, group.sessions)
    shrunk = (group.conversions + PRIOR * mean) / (group.sessions + PRIOR)
    return {
        "source_rank": rank,
        "row_kind": kind,
        "source": value,
        "sources": number,
        "device_category": device,
        "sessions": group.sessions,
        "conversions": group.conversions,
        "conversion_rate": group.conversions / group.sessions if group.sessions else None,
        "conversion_rate_low": low,
        "conversion_rate_high": high,
        "expected": group.sessions * mean,
        "shrunk_rate": shrunk,
        "shrunk_ratio": shrunk / mean if mean else None,
        "revenue": group.revenue,
        "enough": group.sessions * mean >= 1,
    }
