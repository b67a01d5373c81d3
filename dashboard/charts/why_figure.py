"""What each layer of the waterfall draws: bars between sums, what joins them, names beside them and amounts behind."""

import textwrap
from itertools import pairwise
from typing import Any

import pandas as pd

from dashboard.format import points
from dashboard.panels import Columns, columns
from dashboard.theme import Theme

LEFT = 156
"""Pixels for the names of the parts, at the left of the frame."""
LETTERS = 24
"""Letters that fit into a line of that width."""
ROW = 36
"""Pixels of a row."""
BETWEEN = 0.6
"""Room between the two splits, of a row."""
WORDS = 0.45
"""Room for the amounts behind the bars, of what the bars span."""
LINE = {"x": "number", "y": "number", "x_too": "number", "y_too": "number"}
WORD = {"x": "number", "y": "number", "label": "text"}
LAYERS: dict[str, dict[str, str]] = {
    "rule": LINE,
    "joints": LINE,
    "bars": {
        "left": "number", "bottom": "number", "right": "number", "top": "number",
        "change": "number", "color": "text", "title": "text",
    },
    "zero": LINE,
    "interval": LINE,
    "values": {**WORD, "color": "text"},
    "names": {**WORD, "color": "text"},
    "warning": WORD,
}  # fmt: skip
"""The columns of every layer, and what each holds."""


def reach(parts: pd.DataFrame) -> tuple[float, float]:
    """Return where the axis of changes begins and ends: all bars, their interval, and room for the amounts."""
    ends = parts[["start", "end", "low", "high"]].to_numpy(dtype=float).ravel()
    low, high = (min(0.0, *ends[ends == ends]), max(0.0, *ends[ends == ends])) if len(parts) else (0.0, 0.0)
    span = high - low or 0.001
    return low - 0.03 * span, high + WORDS * span


def size_of(parts: pd.DataFrame) -> tuple[int, float]:
    """Return the height of the picture in pixels, and the lowest place on its axis of rows."""
    lowest = min(_places(parts), default=-6.0) - 0.6
    return round(ROW * (0.6 - lowest)), lowest


def _places(parts: pd.DataFrame) -> list[float]:
    return [-place - (0 if split in ("step", "sum") else BETWEEN) for place, split in enumerate(parts["split"])]


def layers(parts: pd.DataFrame, look: Theme) -> dict[str, Columns]:
    """Return the rows of every layer; none in any of them where nothing is compared."""
    rows = _rows(parts, look) if len(parts) else {}
    return {name: columns(rows.get(name, ()), **kinds) for name, kinds in LAYERS.items()}


def _rows(parts: pd.DataFrame, look: Theme) -> dict[str, list[dict[str, Any]]]:
    places, (start, end), (_, lowest) = _places(parts), reach(parts), size_of(parts)
    rows: Any = parts.itertuples()
    placed = list(zip(rows, places, strict=True))
    rule = places[-2] + (1 + BETWEEN) / 2
    joined = [(one, y, after) for (one, y), (_, after) in pairwise(placed) if one.split == "step"]
    joined += [(one, y, y - 1) for one, y in placed if one.split == "mix"]
    sums = [(one, y) for one, y in placed if one.split == "sum"]
    return {
        "rule": [{"x": start, "x_too": end, "y": rule, "y_too": rule}],
        "zero": [{"x": 0.0, "x_too": 0.0, "y": lowest, "y_too": 0.6}],
        "joints": [{"x": one.end, "x_too": one.end, "y": y, "y_too": after} for one, y, after in joined],
        "bars": [
            {
                "left": one.start,
                "right": one.end,
                "bottom": y - 0.28,
                "top": y + 0.28,
                "change": one.change,
                "color": _color(one, look, clear=parts.attrs.get("clear", True)),
                "title": f"{one.part}: {points(one.change)}",
            }
            for one, y in placed
        ],
        "interval": [
            {"x": one.low, "x_too": one.high, "y": y, "y_too": y} for one, y in sums if one.low == one.low
        ],
        "values": [
            {"x": _right_of(one), "y": y, "label": points(one.change), "color": _ink(one, look)} for one, y in placed
        ],
        "names": [
            {"x": start, "y": y, "label": _broken(one.part), "color": _ink(one, look)} for one, y in placed
        ],
        "warning": [{"x": start, "y": rule, "label": "The total moved against its groups"}]
        if parts.attrs.get("reversed")
        else [],
    }  # fmt: skip


def _color(one: Any, look: Theme, *, clear: bool) -> str:
    """Return the colour of a bar: a fall or a rise, grey within chance and for who visited and how they convert."""
    if one.split not in ("step", "sum") or not clear:
        return look.bars
    return look.loss if one.change < 0 else look.accent


def _ink(one: Any, look: Theme) -> str:
    return look.text if one.split == "sum" else look.text_secondary


def _right_of(one: Any) -> float:
    return max(end for end in (one.start, one.end, one.high) if end == end)


def _broken(name: str) -> str:
    """Return a name in at most two lines, shortened where even these are too few."""
    lines = textwrap.wrap(name, LETTERS)
    return (
        "\n".join(lines)
        if len(lines) < 3
        else f"{lines[0]}\n{textwrap.shorten(' '.join(lines[1:]), LETTERS, placeholder='…')}"
    )
