"""Cells of any traffic dimension by device, as rows of the metric "sources_by_device", for the tabs of one table."""

from collections.abc import Mapping, Sequence

from dashboard.charts.words import Row
from queries.compose import EVERYTHING
from queries.engine import Result
from queries.judged import found_of
from queries.pivot import OTHERS, Group, Values, cut, margin
from queries.statistics import wilson_interval

SOURCE, DEVICE = "source", "device_category"
TOP, PRIOR = 10, 300
COLUMNS = (
    "source_rank", "row_kind", SOURCE, "sources", DEVICE, "sessions", "conversions", "conversion_rate",
    "conversion_rate_low", "conversion_rate_high", "expected", "shrunk_rate", "shrunk_ratio", "color_class", "revenue",
    "enough",
)  # fmt: skip
"""The columns of the frame."""


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


def with_chosen(cells: Sequence[Row], chosen: Sequence[Row]) -> list[Row]:
    """Return the cells with those of filtered values that are not among the largest, taken out of the rest.

    `chosen` are the cells of the filtered values alone; their colours compare with the mean of all values.
    """
    listed = {row["source"] for row in cells if row["row_kind"] == "source"}
    extra = [row for row in chosen if row["row_kind"] == "source" and row["source"] not in listed]
    if not extra:
        return list(cells)
    total = next(row for row in cells if row["row_kind"] == "all" and row["device_category"] == EVERYTHING)
    mean = total["conversions"] / total["sessions"]
    rows = [row for row in cells if row["row_kind"] != "more"]
    for row in extra:
        rank = TOP + row["source_rank"] / 1000
        rows.append(_row(rank, "source", row["source"], 1, row["device_category"], _group(row), mean))
    for more in (row for row in cells if row["row_kind"] == "more"):
        taken = [row for row in extra if row["device_category"] == more["device_category"]]
        rest = [more[name] - sum(row[name] for row in taken) for name in ("sessions", "conversions", "revenue")]
        number = more["sources"] - len(taken)
        if number:
            rows.append(_row(TOP + 1, "more", more["source"], number, more["device_category"], Group(*rest, ()), mean))
    return rows


def _group(row: Row) -> Group:
    return Group(row["sessions"], row["conversions"], row["revenue"] or 0, ())


def _row(rank: float, kind: str, value: str, number: int, device: str, group: Group, mean: float) -> Row:
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
