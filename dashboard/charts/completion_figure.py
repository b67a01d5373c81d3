"""What each layer of a completion picture draws, and how large such a picture is."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.cards import Context
from dashboard.charts.chosen import passes
from dashboard.charts.funnel_rows import DEVICE, label_of, look_of
from dashboard.charts.words import Row, enough, part_of
from dashboard.format import count, exact, rate, rate_range
from dashboard.panels import Columns, columns
from dashboard.theme import Theme

MOST = 5
"""Transitions that have a picture."""
RIGHT, ABOVE = 72, 46
"""Pixels beside a picture for its figures, and above it for its words."""
LINE = 38
"""Pixels of a value's line."""
FADED = 0.45
BELOW = 0.3
"""How far below its value the compared mark stands, in parts of a line."""
DOT = {"completion_rate": "number", "row": "number", "shape": "text", "title": "text"}
WHISKER = {"low": "number", "high": "number", "row": "number", "row_too": "number", "title": "text"}
LOOK = {"color": "text", "alpha": "number"}
WORD = {"end": "number", "row": "number", "label": "text"}
LAYERS = {
    "whiskers": {**WHISKER, **LOOK},
    "dots": {**DOT, **LOOK},
    "whiskers before": WHISKER,
    "dots before": DOT,
    "rates": WORD,
    "counts": WORD,
}
"""The columns of every layer, and what each holds."""


def height_of(values: int) -> int:
    """Return the pixels that so many values need."""
    return ABOVE + 30 + LINE * max(values, 3)


def layers(
    rows: Sequence[Row], past: Mapping[str, Row], by: str, end: float, context: Context, theme: Theme
) -> dict[str, Columns]:
    """Return a mark a value, from top to bottom, up to the end of the scale; hollow ones of the compared period.

    A value with too few sessions is faded, and has no mark where they were too few in the compared period.
    """
    drawn: dict[str, list[dict[str, Any]]] = {name: [] for name in LAYERS}
    for place, row in enumerate(rows):
        value, y = row["segment"], -float(place)
        color, shape = look_of((by,), (value,), theme)
        alpha = 1.0 if enough(row, "completion_rate", "reached") else FADED
        color = color if passes(context.filters, by, value) else theme.previous
        look = {"color": color, "alpha": alpha, "title": title(row, by)}
        drawn["dots"].append({"completion_rate": row["completion_rate"], "row": y, "shape": shape, **look})
        drawn["whiskers"].append({**_ends(row, end, y), **look})
        drawn["rates"].append({"end": end, "row": y, "label": rate(row["completion_rate"])})
        drawn["counts"].append({"end": end, "row": y, "label": counts(row, past.get(value))})
        before = past.get(value)
        if before and enough(before, "completion_rate", "reached"):
            below, said = y - BELOW, f"Before. {title(before, by)}"
            mark = {"completion_rate": before["completion_rate"], "row": below, "shape": shape, "title": said}
            drawn["dots before"].append(mark)
            drawn["whiskers before"].append({**_ends(before, end, below), "title": said})
    return {name: columns(drawn[name], **kinds) for name, kinds in LAYERS.items()}


def _ends(row: Row, end: float, y: float) -> dict[str, Any]:
    low, high = row["completion_rate_low"], row["completion_rate_high"]
    return {"low": low, "high": None if high is None else min(high, end), "row": y, "row_too": y}


def scale_end(rows: Sequence[Row]) -> float:
    """Return the rate that the panel's scale must hold: every rate, and the intervals of values large enough.

    Where none is large enough, it holds the intervals of all.
    """
    known = [row for row in rows if row["completion_rate"] is not None]
    large = [row for row in known if enough(row, "completion_rate", "reached")] or known
    ends = [row["completion_rate_high"] for row in large] + [row["completion_rate"] for row in known]
    return max(ends, default=1.0) or 0.01


def counts(row: Row, past: Row | None = None) -> str:
    """Return what is written under a rate: how many left, how few there are, or the rate before: 388 left, n 26."""
    if not enough(row, "completion_rate", "reached"):
        return f"n {count(row['reached'])}"
    if past is None:
        return f"{count(row['abandonments'])} left"
    return (
        rate(past["completion_rate"]) if enough(past, "completion_rate", "reached") else f"n {count(past['reached'])}"
    )


def title(row: Row, by: str = DEVICE) -> str:
    """Return the hover text of a value: who went on, who left, of how many, with the interval."""
    name = label_of((by,), (row["segment"],))
    if row["completion_rate"] is None:
        return f"{name}: no session at {row['step']}"
    interval = rate_range(row["completion_rate_low"], row["completion_rate_high"])
    on = row["reached"] - row["abandonments"]
    few = "; too few to say" * (not enough(row, "completion_rate", "reached"))
    return (
        f"{name}: {rate(row['completion_rate'])} went on ({interval}), "
        f"{part_of(on, row['reached'])}; {rate(row['abandonment_rate'])} left ({exact(row['abandonments'])}){few}"
    )
