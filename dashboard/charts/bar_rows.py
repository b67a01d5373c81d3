"""Rows of bars with figures beside them: the parts that the funnels and the times of steps share."""

from collections.abc import Mapping, Sequence
from typing import Any

import hvplot.pandas  # noqa: F401  registers DataFrame.hvplot
import pandas as pd

from dashboard.look import by, words
from dashboard.panels import Axis
from dashboard.theme import Theme

LETTER, LONGEST = 6.5, 16
"""Pixels of a letter, and the letters of a name beside a picture."""
LEFT = 58
"""Pixels beside a picture for the names of devices."""
FIRST, SECOND, ROOM = 52, 106, 110
"""Pixels from the bars to the right ends of the first two columns of figures, and the room of both."""
BAR = {"row": "number", "length": "number"}
TEXT = {"row": "number", "at": "number", "label": "text", "offset": "number", "color": "text", "align": "text"}
"""The columns of a layer of texts: where each stands, what it says, pixels aside, and its look."""
TARGET = {"bottom": "number", "left": "number", "top": "number", "right": "number", "title": "text"}
EDGES = ["bottom", "left", "top", "right"]


def text(
    row: float, label: str, offset: float, color: str, *, at: float = 1.0, align: str = "right"
) -> dict[str, Any]:  # fmt: skip
    """Return a text of a row, so many pixels right of a place on the scale; without one at the right of the bars."""
    return {"row": row, "at": at, "label": label, "offset": offset, "color": color, "align": align}


def target(row: float, half: float, title: str) -> dict[str, Any]:
    """Return what a pointer hits of a row: its whole width."""
    return {"bottom": row - half, "top": row + half, "left": 0.0, "right": 1.0, "title": title}


def texts(name: str, rows: pd.DataFrame, theme: Theme, **style: Any) -> Any:
    """Return the texts of a layer; axes of a picture with barh are inverted, so the row comes before the place."""
    drawn = rows.hvplot.labels("row", "at", "label", hover_cols=["offset", "color", "align"])
    look: dict[str, Any] = {"text_color": by("color"), "text_align": by("align"), **style}
    return words(name, drawn, theme, glyph={"x_offset": by("offset")}, beyond=True, **look)


def lines(labels: Mapping[float, str], start: float, end: float) -> Axis:
    """Return the axis of rows with their names, by where they stand; Bokeh leaves out names that are not upwards."""
    ticks = sorted(labels)
    return Axis(start, end, [tick + 0.0 for tick in ticks], [labels[tick] for tick in ticks])  # -0.0 is another key


def short_labels(labels: Sequence[str]) -> list[str]:
    """Return names that fit beside a picture, their middle left out where they are long; no two are the same."""
    half = LONGEST // 2
    short = [each if len(each) <= LONGEST else f"{each[: half - 1]}…{each[-half:]}" for each in labels]
    return [f"{place + 1} {each[-LONGEST:]}" if short.count(each) > 1 else each for place, each in enumerate(short)]


def room_for(labels: Sequence[str]) -> int:
    """Return the pixels that names at the left need."""
    return max(LEFT, round(LETTER * max(map(len, labels), default=0)) + 8)
