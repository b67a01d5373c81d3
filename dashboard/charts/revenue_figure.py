"""What each layer of revenue lost draws: ranges on an axis of money, and the words above and beside them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard.format import THIN, money_short
from dashboard.panels import Columns, columns
from dashboard.theme import Theme

LEFT = 184
"""Pixels for the words beside a step."""
LONGEST = 30
"""Letters that fit there."""
ROW, HEAD, AXIS = 48, 22, 24
"""Pixels of a row, of the words above them, and of the axis below."""
ABOVE, BELOW, HALF = 0.24, -0.16, 0.17
"""Of a row, from its middle: the first line, the second one with the range, and half the height of a range."""
CORNERS = dict.fromkeys(("left", "bottom", "right", "top"), "number")
WORD = {"x": "number", "y": "number", "label": "text", "color": "text"}
LAYERS: dict[str, dict[str, str]] = {
    "rule": {"x": "number", "y": "number", "x_too": "number", "y_too": "number"},
    "tracks": CORNERS,
    "ranges": {**CORNERS, "title": "text"},
    "medians": {"median": "number", "y": "number", "title": "text"},
    **dict.fromkeys(("heads", "names", "lefts", "amounts", "intervals"), WORD),
}
"""The columns of every layer, and what each holds."""


def frame_end(frame: pd.DataFrame) -> float:
    """Return where the axis of money ends: behind the highest range, that of all findings together too."""
    return max(frame["high"].dropna(), default=0.0) * 1.05 or 1.0


def size_of(steps: int) -> tuple[int, float, float]:
    """Return the height of the picture in pixels, and the ends of its axis of rows; `steps` is their number."""
    rows = steps or 3
    return ROW * rows + HEAD + AXIS, 0.5 - rows, 0.5 + HEAD / ROW


def money_ticks(end: float) -> list[float]:
    """Return three to five round amounts from 0 on; none for an axis without money."""
    if not end:
        return []
    size = 10 ** math.floor(math.log10(end / 2))
    step = next((size * part for part in (1, 2, 5) if end / (size * part) < 5), size * 10)
    return [step * place for place in range(int(end / step) + 1)]


def tick_words(tick: float) -> str:
    """Return a round amount with no more digits than it has: $2 k, $15 k."""
    return "0" if not tick else money_short(tick, 1 if float(f"{tick:.1g}") == tick else 2)


def layers(frame: pd.DataFrame, said: Sequence[Mapping[str, str]], period: str, look: Theme) -> dict[str, Columns]:
    """Return the rows of every layer; `said` has the words of each row of the frame."""
    rows = _rows(frame, said, period, look) if said else {}
    return {name: columns(rows.get(name, ()), **kinds) for name, kinds in LAYERS.items()}


def _rows(
    frame: pd.DataFrame, said: Sequence[Mapping[str, str]], period: str, look: Theme
) -> dict[str, list[dict[str, Any]]]:
    ends = frame[["low", "median", "high"]].to_numpy(dtype=float).tolist()
    every = [(-place, words, *end) for place, (words, end) in enumerate(zip(said, ends, strict=True))]
    known = [(y + BELOW, words, low, median, high) for y, words, low, median, high in every if low == low]
    stop, parts = frame_end(frame), int((~frame["whole"].astype(bool)).sum())
    box = {"left": 0.0, "right": stop}

    def word(name: str, line: float) -> list[dict[str, Any]]:
        inks = {"names": look.text, "lefts": look.loss}
        return [
            {"x": 0.0, "y": y + line, "label": short(words[name.removesuffix("s")]), "color": inks.get(name, look.text)}
            for y, words, *_ in every
        ]

    head = {"x": 0.0, "y": 0.5 + 0.4 * HEAD / ROW, "color": look.text_tertiary}
    rule = [{"x": 0.0, "x_too": stop, "y": 0.5 - parts, "y_too": 0.5 - parts}] if parts < len(frame) else []
    return {
        "rule": rule,
        "tracks": [{**box, "bottom": y - HALF, "top": y + HALF} for y, *_ in known],
        "ranges": [
            {"left": low, "right": high, "bottom": y - HALF, "top": y + HALF, "title": words["title"]}
            for y, words, low, _, high in known
        ],
        "medians": [{"median": median, "y": y, "title": words["title"]} for y, words, _, median, _ in known],
        "heads": [{**head, "label": f"Lost {period}, 80{THIN}% interval"}],
        "names": word("names", ABOVE),
        "lefts": word("lefts", BELOW),
        "amounts": word("amounts", ABOVE),
        "intervals": word("intervals", ABOVE),
    }


def short(name: str) -> str:
    """Return a name that fits beside its row, its middle left out where it is long."""
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[: half - 1]}…{name[-half:]}"
