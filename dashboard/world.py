"""The world map: shapes of the countries, ready for Bokeh's `multi_polygons`."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WORLD_JSON = Path(__file__).parent / "assets" / "world.json"
MARGIN = 2.0
"""Room around the map, in its units, for a 7 px dot at the edge of a map 700 px wide."""

Rings = tuple[tuple[tuple[float, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class World:
    """Hold one entry per country, all tuples in the same order, in degrees at the map's equator (Equal Earth).

    `iso` is ISO 3166-1 alpha-2, XK for Kosovo, None for land that no code covers. `xs` and `ys` nest polygons, rings
    (the outline, then holes) and coordinates, not closed; they are empty for a place known only as a dot. `x`, `y` is
    a point inside the largest polygon; `small` says that the shape is too small to see and wants a dot there.
    """

    iso: tuple[str | None, ...]
    name: tuple[str, ...]
    xs: tuple[Rings, ...]
    ys: tuple[Rings, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    small: tuple[bool, ...]
    x_range: tuple[float, float]
    y_range: tuple[float, float]


@cache
def world() -> World:
    """Read the map once per process."""
    countries = json.loads(WORLD_JSON.read_text(encoding="utf-8"))
    xs = tuple(_frozen(country["xs"]) for country in countries)
    ys = tuple(_frozen(country["ys"]) for country in countries)
    return World(
        iso=tuple(country["iso"] for country in countries),
        name=tuple(country["name"] for country in countries),
        xs=xs,
        ys=ys,
        x=tuple(country["x"] for country in countries),
        y=tuple(country["y"] for country in countries),
        small=tuple(country["small"] for country in countries),
        x_range=_range(xs, [country["x"] for country in countries]),
        y_range=_range(ys, [country["y"] for country in countries]),
    )


def _frozen(polygons: list[list[list[float]]]) -> Rings:
    return tuple(tuple(tuple(ring) for ring in polygon) for polygon in polygons)


def _range(shapes: tuple[Rings, ...], points: list[float]) -> tuple[float, float]:
    values = [value for polygons in shapes for polygon in polygons for ring in polygon for value in ring] + points
    return min(values) - MARGIN, max(values) + MARGIN
