"""What one picture of a chart shows, as data: a table for each layer, two axes, and the words around them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from dashboard.body import Action

Columns = Mapping[str, Any]
"""One column a name: a numpy array of numbers or days, or an array of texts; all of one length."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Hold where an axis begins and ends, and its ticks with what they say; `factors` are the names of a discrete one.

    Days are numpy datetimes.
    """

    start: Any = 0.0
    end: Any = 1.0
    ticks: Sequence[Any] = ()
    labels: Sequence[str] = ()
    factors: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """Hold one picture: what each layer draws, by the layer's name, and what the axes say.

    `title` and `verdict` stand above it. `taps` says for a layer what a click on each of its rows does (None: nothing);
    a drag over several rows of days filters from the first to the last. `legend` has the words of a series, by the
    series' name; a series without words has no entry. `height` is in pixels, `left` the room for the labels of y;
    a picture beside others is at least `min_width` wide.
    """

    layers: Mapping[str, Columns]
    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    title: str = ""
    verdict: str = ""
    visible: bool = True
    height: int = 280
    left: int = 46
    min_width: int | None = None
    taps: Mapping[str, Sequence[Action | None]] = field(default_factory=dict)
    legend: Mapping[str, str] = field(default_factory=dict)

    def table(self, layer: str) -> pd.DataFrame:
        """Return the rows of a layer, for hvPlot."""
        return pd.DataFrame(
            {name: pd.Series(column, dtype=column.dtype) for name, column in self.layers[layer].items()}
        )


def columns(rows: Iterable[Mapping[str, Any]], **kinds: str) -> dict[str, np.ndarray]:
    """Return rows as columns; `kinds` names each with what it holds: "number", "day" or "text".

    A day may be milliseconds since 1970. None is NaN among numbers and the empty text among texts, so that no column
    changes its kind with its rows.
    """
    held = list(rows)
    return {name: _column([row.get(name) for row in held], kind) for name, kind in kinds.items()}


def frame_of_rows(rows: Sequence[Mapping[str, Any]], names: Sequence[str], numbers: Sequence[str] = ()) -> pd.DataFrame:
    """Return rows as a frame with these columns; `numbers` are floats, and None is NaN among them."""
    held: dict[str, Any] = {name: [row.get(name) for row in rows] for name in names}
    return pd.DataFrame({**held, **{name: np.array(held[name], dtype=float) for name in numbers}})


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as the engine gives them: None where nothing is known."""
    names = list(frame.columns)
    held = [[None if one != one else one for one in frame[name].tolist()] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*held, strict=True)]


def _column(values: list[Any], kind: str) -> np.ndarray:
    if kind == "number":
        return np.array([np.nan if value is None else value for value in values], dtype=float)
    if kind == "day":
        numbers = bool(values) and isinstance(values[0], float)
        return (np.rint(values).astype("int64") if numbers else np.array(values)).astype("datetime64[ms]")
    column = np.empty(len(values), dtype=object)
    column[:] = [value if type(value) is str else "" if value is None else str(value) for value in values]
    return column
