"""What the map draws: the shapes of the countries, which never change, and their look in classes of rates."""

import math
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import holoviews as hv
import numpy as np
import pandas as pd

from dashboard.charts.words import Row
from dashboard.format import DASH, THIN, exact, expected, money, rate, rate_range
from dashboard.panels import Columns, columns
from dashboard.theme import Theme, blended
from dashboard.world import world

RATIOS = (0.4, 0.6, 0.8, 1.25, 1.65)
"""Where a class of colours begins, times the mean; the class of the mean itself is the fourth."""
ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
"""First digits of a round rate: so dense that no two ratios become the same."""
SHADES = (0, 1, 2, 3, 4, 6)
PALE = 0.35
"""Strength of the colour of a country that is not chosen."""
DOT = 7
LOOK = {"fill_color": "text", "line_color": "text", "hatch": "text", "title": "text"}
PLACE = {"x": "number", "y": "number"}


@cache
def shaped() -> tuple[int, ...]:
    """Return which countries of the map have a shape, in the order in which they are drawn."""
    return tuple(number for number, rings in enumerate(world().xs) if rings)


@cache
def dotted() -> tuple[int, ...]:
    """Return which countries of the map are too small to see and have a dot."""
    return tuple(number for number, small in enumerate(world().small) if small)


def polygons(looks: pd.DataFrame) -> hv.Polygons:
    """Return the shapes with their looks, one row of `looks` a shape; lakes and enclaves are holes."""
    rows = [{**shape, **look} for shape, look in zip(_shapes(), looks.to_dict("records"), strict=True)]
    return hv.Polygons(rows, ["x", "y"], list(LOOK))


@cache
def _shapes() -> list[dict[str, Any]]:
    globe = world()
    return [
        {
            "x": _parted(rings[0] for rings in globe.xs[number]),
            "y": _parted(rings[0] for rings in globe.ys[number]),
            "holes": [
                [np.column_stack(hole) for hole in zip(xs[1:], ys[1:], strict=True)]
                for xs, ys in zip(globe.xs[number], globe.ys[number], strict=True)
            ],
        }
        for number in shaped()
    ]


def _parted(rings: Iterable[Sequence[float]]) -> np.ndarray:
    """Return rings as one line with a gap between two of them."""
    return np.concatenate([np.append(ring, np.nan) for ring in rings])[:-1]


def breaks_of(mean: float | None) -> list[float]:
    """Return where the classes of rates begin: round rates around the mean; none where nobody converted."""
    rounded = [_round(ratio * mean) for ratio in RATIOS] if mean else []
    return [rate for rate in rounded if rate < 1]


def _round(fraction: float) -> float:
    power = math.floor(math.log10(fraction))
    near = [first * 10.0**place for place in (power - 1, power, power + 1) for first in ROUND]
    return float(f"{min(near, key=lambda one: abs(math.log(one / fraction))):.2g}")


def class_labels(breaks: Sequence[float]) -> list[str]:
    """Return the words of the classes: < 0.8 %, 0.8-1.2 %, ..., ≥ 3 %."""
    if not breaks:
        return [f"0{THIN}%"]
    ends = [f"{end * 100:g}" for end in breaks]
    between = [f"{low}{DASH}{high}{THIN}%" for low, high in pairwise(ends)]
    return [f"< {ends[0]}{THIN}%", *between, f"≥ {ends[-1]}{THIN}%"]


def shade_of(row: Row, breaks: Sequence[float]) -> int | None:
    """Return the place of a country's colour in the sequential scale; None where there are too few to colour."""
    if not row["enough"] or row["shrunk_rate"] is None:
        return None
    return SHADES[bisect_right(breaks, row["shrunk_rate"])]


def layers(rows: Sequence[Row], chosen: Collection[str], mean: float | None, theme: Theme) -> dict[str, Columns]:
    """Return the look of every shape and dot in the map's order, and the outlines of the chosen countries."""
    held, breaks = {row["country"]: row for row in rows}, breaks_of(mean)

    def look(number: int) -> dict[str, Any]:
        row = held.get(world().iso[number] or "")
        shade = shade_of(row, breaks) if row else None
        fill = theme.sunken if shade is None else theme.sequential[shade]
        line = theme.surface if shade is None else theme.map_line
        if chosen and not (row and row["country"] in chosen):
            fill, line = blended(fill, theme.surface, PALE), blended(line, theme.surface, PALE)
        return {
            "fill_color": fill,
            "line_color": line,
            "hatch": "/" if row and shade is None else " ",
            "title": title(world().name[number], row, chosen),
        }

    def dot(number: int) -> dict[str, Any]:
        row = held.get(world().iso[number] or "")
        marked = {"line_color": theme.text} if row and row["country"] in chosen else {}
        return {**_at(number), **look(number), **marked, "size": DOT if row else 0}

    outlined = [number for number in shaped() if world().iso[number] in chosen]
    return {
        "land": columns(map(look, shaped()), **LOOK),
        "chosen": _outlines(outlined),
        "dots": columns(map(dot, dotted()), **PLACE, **LOOK, size="number"),
    }


def _at(number: int) -> dict[str, float]:
    return {"x": world().x[number], "y": world().y[number]}


def _outlines(numbers: Sequence[int]) -> dict[str, np.ndarray]:
    rings = {"x": [], "y": []}
    for number in numbers:
        for name, shapes in (("x", world().xs), ("y", world().ys)):
            rings[name] += [[*ring, ring[0]] for polygon in shapes[number] for ring in polygon]
    return {name: _parted(lines) if lines else np.array([], dtype=float) for name, lines in rings.items()}


def title(name: str, row: Row | None, chosen: Collection[str] = ()) -> str:
    """Return the hover text of a country: rate with interval, counts and the rate it is coloured as."""
    if row is None:
        return f"{name}: no session"
    counts = f"{exact(row['conversions'])} of {exact(row['sessions'])} sessions converted"
    click = "chosen, a click takes the filter off" if [*chosen] == [row["country"]] else "click to filter"
    if not row["enough"]:
        return f"{name}: {counts}, {expected(row['expected'])} expected: too few for a rate; {click}"
    interval = rate_range(row["conversion_rate_low"], row["conversion_rate_high"])
    return (
        f"{name}: {rate(row['conversion_rate'])} ({interval}), {counts}, {money(row['revenue'])}, "
        f"coloured as {rate(row['shrunk_rate'])}; {click}"
    )
