"""What each layer of the funnel draws: a head and a bar a segment for each step, with its figures at the right."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.charts.bar_rows import BAR, FIRST, LETTER, SECOND, TARGET, TEXT, target, text
from dashboard.charts.funnel_rows import DEVICE, Segments, Values, look_of
from dashboard.charts.words import DEVICES, Row, device_place
from dashboard.format import DASH, THIN, count, rate, rate_range
from dashboard.panels import Columns, columns
from dashboard.theme import Theme
from queries.funnel import Step
from queries.pivot import OTHERS

SLOTS = len(DEVICES) + 1
"""Series of bars: one a device, and one for devices without a name; segments of other dimensions share the first."""
GAP = 0.45
"""Lines between two steps."""
PHONE = 320
"""Pixels of the narrowest picture: what a head says must fit into it."""
WIDE, WIDE_COMPARED = (222, 326), (186, 242, 334)
"""Pixels from the bars to the right ends of the columns that a narrow picture leaves out."""
LOG_MIN = 0.001
DOT = {"row": "number", "place": "number", "share": "number", "color": "text", "shape": "text"}
LINE = {"from_row": "number", "from_place": "number", "to_row": "number", "to_place": "number"}
LAYERS = {
    "track": BAR,
    "left": BAR,
    **{f"bars {slot}": {**BAR, "color": "text"} for slot in range(SLOTS)},
    "before": LINE,
    "whiskers": {**LINE, "color": "text"},
    **{f"dots {slot}": DOT for slot in range(SLOTS)},
    "steps": TEXT,
    "texts": TEXT,
    "wide texts": TEXT,
    "targets": TARGET,
    "step targets": TARGET,
}
"""The columns of every layer, and what each holds."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Hold one bar: where it stands, whose step it is, the step before, and the same step of the compared period."""

    y: float
    values: Values
    label: str
    row: Row
    previous: Row | None
    past: Row | None
    shown: bool
    title: str


@dataclass(frozen=True, slots=True)
class Head:
    """Hold what stands over the bars of a step: the step, how many left before it, and whether it is filtered to."""

    y: float
    step: Step
    left: int | None
    selected: bool
    title: str


@dataclass(frozen=True, slots=True)
class Scene:
    """Hold what is drawn; `log_min` is the left end of a log scale, None on a linear one."""

    heads: Sequence[Head]
    bars: Sequence[Bar]
    dimensions: tuple[str, ...]
    log_min: float | None
    compared: str
    left: int

    def place(self, share: float | None) -> float | None:
        """Return where a share stands between 0 and 1 of the width; None where the scale has no place for it."""
        if self.log_min is None or share is None:
            return share
        return max(0.0, 1 - math.log10(share) / math.log10(self.log_min)) if share else None


def slot_of(dimensions: tuple[str, ...], values: Values) -> int:
    """Return the series of a segment."""
    return device_place(values[0]) if dimensions == (DEVICE,) else 0


def places(steps: int, segments: int) -> list[tuple[float, list[float]]]:
    """Return where the head of each step stands and its bars, in lines downwards from 0."""
    return [
        (-top, [-top - line for line in range(1, segments + 1)])
        for top in (step * (segments + 1 + GAP) for step in range(steps))
    ]


def layers(scene: Scene, theme: Theme) -> dict[str, Columns]:
    """Return the rows of every layer."""
    drawn: dict[str, list[dict[str, Any]]] = {name: [] for name in LAYERS}
    for bar in scene.bars:
        for name, row in marks(scene, bar, theme):
            drawn[name].append(row)
        drawn["targets"].append(target(bar.y, 0.5, bar.title))
        drawn["texts"] += figures(bar, theme)
        drawn["wide texts"] += more_figures(scene, bar, theme)
    for place, head in enumerate(scene.heads):
        drawn["step targets"].append(target(head.y, 0.5, head.title))
        for name, row in words_of(scene, head, theme):
            drawn[name].append(row)
        if not place:
            drawn["texts"] += [text(head.y, "Sessions", FIRST, theme.text_tertiary)]
            drawn["texts"] += [text(head.y, "Share", SECOND, theme.text_tertiary)]
            names = [f"95{THIN}% interval", "Went on", scene.compared]
            drawn["wide texts"] += [
                text(head.y, name, offset, theme.text_tertiary)
                for name, offset in zip(names, wide(scene), strict=False)
            ]
    return {name: columns(drawn[name], **kinds) for name, kinds in LAYERS.items()}


def wide(scene: Scene) -> tuple[int, ...]:
    """Return where the columns stand that a narrow picture leaves out."""
    return WIDE_COMPARED if scene.compared else WIDE


def marks(scene: Scene, bar: Bar, theme: Theme) -> list[tuple[str, dict[str, Any]]]:
    """Return the marks of a bar with their layers; a dot with its interval on a log scale, where bars have no zero."""
    row, slot, found = bar.row, slot_of(scene.dimensions, bar.values), []
    color, shape = look_of(scene.dimensions, bar.values, theme)
    color = color if bar.shown else theme.bars
    share = row["share_of_first"]
    if scene.log_min is None:
        found.append(("track", {"row": bar.y, "length": 1.0}))
        found.append((f"bars {slot}", {"row": bar.y, "length": share, "color": color}))
        if bar.previous:
            found.append(("left", {"row": bar.y, "length": bar.previous["share_of_first"]}))
    elif share:
        ends = scene.place(row["share_of_first_low"]), scene.place(row["share_of_first_high"])
        here = {"row": bar.y, "place": scene.place(share), "share": share}
        found.append((f"dots {slot}", {**here, "color": color, "shape": shape}))
        found.append(("whiskers", {**_line(bar.y, 0.0, ends[0] or 0.0, ends[1]), "color": color}))
    past = scene.place(bar.past["share_of_first"]) if bar.past else None
    if past is not None:
        found.append(("before", _line(bar.y, 0.45, past, past)))
    return found


def _line(row: float, half: float, left: float | None, right: float | None) -> dict[str, Any]:
    return {"from_row": row - half, "to_row": row + half, "from_place": left, "to_place": right}


def figures(bar: Bar, theme: Theme) -> list[dict[str, Any]]:
    """Return the sessions and the share of a bar."""
    return [
        text(bar.y, count(bar.row["reached"]), FIRST, theme.text_secondary),
        text(bar.y, rate(bar.row["share_of_first"]), SECOND, theme.text),
    ]


def more_figures(scene: Scene, bar: Bar, theme: Theme) -> list[dict[str, Any]]:
    """Return the interval, who went on from the step before, and the share in the compared period."""
    row, previous = bar.row, bar.previous
    said = ["", ""]
    if previous:
        said = [rate_range(row["share_of_first_low"], row["share_of_first_high"]), rate(previous["completion_rate"])]
    if scene.compared:
        said.append(rate(bar.past["share_of_first"]) if bar.past else DASH)
    return [text(bar.y, each, offset, theme.text_secondary) for each, offset in zip(said, wide(scene), strict=True)]


def words_of(scene: Scene, head: Head, theme: Theme) -> list[tuple[str, dict[str, Any]]]:
    """Return a step's name, its rule and how many left before it, with their layers.

    A narrow picture goes without the rules where they do not fit beside the rest.
    """
    aside = round(1.2 * LETTER * max(len(each.step.name) for each in scene.heads)) + 12
    longest = aside + LETTER * max(len(each.step.definition) for each in scene.heads)
    fits = scene.left + longest + 100 < PHONE
    name = text(head.y, head.step.name, 0, theme.accent if head.selected else theme.text, at=0.0, align="left")
    rule = text(head.y, head.step.definition, aside, theme.text_secondary, at=0.0, align="left")
    found = [("steps", name), ("texts" if fits else "wide texts", rule)]
    if head.left is not None:
        found.append(("texts", text(head.y, f"{count(head.left)} left before", SECOND, theme.loss)))
    return found


def log_start(segments: Segments) -> float:
    """Return the left end of the log scale: 0.1 %, or the decade that still holds the smallest share."""
    shares = [row["share_of_first"] for rows in segments.values() for row in rows if row["share_of_first"]]
    smallest = min(shares, default=LOG_MIN)
    return min(LOG_MIN, 10.0 ** math.floor(math.log10(smallest)))


def log_ticks(low: float) -> list[tuple[float, str]]:
    """Return one tick per decade, with the unit on the last: 0.1, 1, 10, 100 %."""
    decades = round(-math.log10(low))
    ticks = [(10.0**-power, f"{10.0 ** (2 - power):g}") for power in range(decades, 0, -1)]
    return [*ticks, (1.0, f"100{THIN}%")]


def legend(scene: Scene, labels: dict[Values, str]) -> dict[str, str]:
    """Return the words of the series that are drawn: dots on a log scale, else bars and what left."""
    kind = "bars" if scene.log_min is None else "dots"
    found = {"left": "left at this step"} if kind == "bars" else {}
    for values, label in labels.items():
        name = f"{kind} {slot_of(scene.dimensions, values)}"
        if scene.dimensions != (DEVICE,):
            found.setdefault(name, "reached")
        elif values != (OTHERS,):
            found.setdefault(name, f"{label}, reached" if kind == "bars" else label)
    return found | ({"before": scene.compared} if scene.compared else {})
