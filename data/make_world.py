"""Make `dashboard/assets/world.json`, the map: Natural Earth's 1:50m countries, decoded, cut, projected, simplified.

Run by hand, in the project's environment, when the map has to change:

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    uv run python data/make_world.py package/countries-50m.json

Land belongs to the ISO 3166 code that names it, because sessions are joined on that code: overseas parts with a code of
their own (RE, GF, SJ, BQ, ...) leave their state; Somaliland is SO, Northern Cyprus CY, Crimea UA. The Siachen Glacier
has no code. Antarctica is left out. Codes without a shape in the atlas are dots.

Projection: Equal Earth, Šavrič, Patterson and Jenny (2018), "The Equal Earth map projection", International Journal of
Geographical Information Science 33(3), 454-465, doi:10.1080/13658816.2018.1504949, centred on 11° E, so that the map's
edge runs through the Bering Strait and neither Chukotka nor Fiji is cut in two.
"""

import json
import math
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pycountry

from dashboard.world import WORLD_JSON
from queries.countries import country_name

CENTRAL_MERIDIAN = 11.0
DECIMALS = 2
TOLERANCE = 0.15
SMALLEST_ISLAND = 0.004
SMALL = 4 * (310 / 700) ** 2
"""Units are degrees at the map's equator, areas their squares: the last is four pixels of a map 700 px wide."""

NAMED_LAND = {"Somaliland": "SO", "N. Cyprus": "CY", "Kosovo": "XK", "Indian Ocean Ter.": "CC"}
PARTS = (
    ("FR", "GF", -55, 2, -51, 6),
    ("FR", "GP", -62, 15.8, -61, 16.6),
    ("FR", "MQ", -61.3, 14.3, -60.7, 15),
    ("FR", "RE", 55, -21.5, 56, -20.8),
    ("FR", "YT", 45, -13.1, 45.4, -12.6),
    ("NL", "BQ", -69, 12, -62.9, 18),
    ("NO", "SJ", -10, 70.5, -7, 71.5),
    ("NO", "SJ", 10, 74, 34, 81),
    ("NZ", "TK", -173, -10, -171, -8),
    ("CC", "CX", 105, -11, 106, -10),
    ("RU", "UA", 32.3, 44.2, 36.8, 46.3),
)
"""From, to, and the west, south, east, north of the polygons that move."""

DOTS = {
    "BV": (3.35, -54.42),
    "GI": (-5.35, 36.14),
    "TV": (179.19, -8.52),
    "UM": (166.63, 19.28),
}
"""Longitude and latitude of Bouvet Island, Gibraltar, Funafuti and Wake Island: the atlas has no polygon for them."""

Point = tuple[float, float]
Ring = list[Point]
Polygon = list[Ring]


def equal_earth(longitude: float, latitude: float) -> Point:
    """Project degrees, the longitude counted from the central meridian, to degrees at the map's equator."""
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    stretch = 9 * a4 * theta**8 + 7 * a3 * theta**6 + 3 * a2 * theta**2 + a1
    x = 2 * math.sqrt(3) * longitude * math.cos(theta) / (3 * stretch)
    y = math.degrees(a4 * theta**9 + a3 * theta**7 + a2 * theta**3 + a1 * theta)
    return x, y


def decoded_arcs(topology: dict) -> list[Ring]:
    """Return the arcs in degrees: TopoJSON stores them as differences of integers."""
    (scale_x, scale_y), (west, south) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for steps in topology["arcs"]:
        column = row = 0
        arc = []
        for step in steps:
            column, row = column + step[0], row + step[1]
            arc.append((column * scale_x + west - CENTRAL_MERIDIAN, row * scale_y + south))
        arcs.append(unwrapped(arc))
    return arcs


def unwrapped(line: Ring) -> Ring:
    """Return the line with longitudes that go on beyond ±180° where it crosses the edge of the map."""
    shifted = [(first_turn(line[0][0]), line[0][1])]
    for longitude, latitude in line[1:]:
        before = shifted[-1][0]
        shifted.append((before + (longitude - before + 180) % 360 - 180, latitude))
    return shifted


def first_turn(longitude: float) -> float:
    """Return the longitude between -180 and 180 degrees."""
    return (longitude + 180) % 360 - 180


def simplified(arc: Ring) -> Ring:
    """Drop the points that the drawn line would not miss (Douglas and Peucker 1973).

    Neighbours share arcs, so their borders still fit. The tolerance shrinks with the arc, so that a small state keeps
    its outline.
    """
    drawn = [equal_earth(*point) for point in arc]
    xs, ys = zip(*drawn, strict=True)
    tolerance = min(TOLERANCE, math.hypot(max(xs) - min(xs), max(ys) - min(ys)) / 10)
    kept, spans = {0, len(arc) - 1}, [(0, len(arc) - 1)]
    while spans:
        first, last = spans.pop()
        distances = [distance_to_chord(drawn[k], drawn[first], drawn[last]) for k in range(first + 1, last)]
        if distances and max(distances) > tolerance:
            middle = first + 1 + distances.index(max(distances))
            kept.add(middle)
            spans += [(first, middle), (middle, last)]
    return [arc[k] for k in sorted(kept)]


def distance_to_chord(point: Point, start: Point, end: Point) -> float:
    """Return the distance from a point to the segment between two others."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / length if length else 0
    along = min(1, max(0, along))
    return math.hypot(point[0] - start[0] - along * dx, point[1] - start[1] - along * dy)


def ring_of(references: list[int], arcs: list[Ring]) -> Ring:
    """Join arcs end to end; a reference below zero runs its arc backwards. The ring is not closed."""
    points: Ring = []
    for reference in references:
        points += (arcs[reference] if reference >= 0 else arcs[~reference][::-1])[:-1]
    return unwrapped(points)


def territories(topology: dict, arcs: list[Ring]) -> dict[str | None, list[list[list[int]]]]:
    """Return the polygons (rings of arc references) of each ISO code; None for land without one."""
    owners = defaultdict(list)
    for geometry in topology["objects"]["countries"]["geometries"]:
        country = pycountry.countries.get(numeric=geometry.get("id", "none"))
        code = country.alpha_2 if country else NAMED_LAND.get(geometry["properties"]["name"])
        polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
        for polygon in polygons:
            owners[new_owner(code, ring_of(polygon[0], arcs))].append(polygon)
    owners.pop("AQ", None)
    return {code: dissolved(polygons) for code, polygons in owners.items()}


def new_owner(code: str | None, outline: Ring) -> str | None:
    """Return the ISO code of a polygon: its state's, or that of the territory in whose box it lies."""
    for state, territory, west, south, east, north in PARTS:
        inside = all(
            west <= first_turn(longitude + CENTRAL_MERIDIAN) <= east and south <= latitude <= north
            for longitude, latitude in outline
        )
        if code == state and inside:
            return territory
    return code


def dissolved(polygons: list[list[list[int]]]) -> list[list[list[int]]]:
    """Melt polygons of one territory that share a border into one; those that touch no other stay as they are."""
    references = {reference for polygon in polygons for ring in polygon for reference in ring}
    inner = {reference for reference in references if ~reference in references}
    touching = [polygon for polygon in polygons if inner.intersection(polygon[0])]
    if not touching:
        return polygons
    apart = [polygon for polygon in polygons if polygon not in touching]
    holes = [ring for polygon in touching for ring in polygon[1:]]
    loose = [polygon[0] for polygon in touching]
    outline = loose.pop(0)
    while loose:
        neighbour = next(ring for ring in loose if any(~reference in outline for reference in ring))
        loose.remove(neighbour)
        outline = beyond_border(outline, neighbour) + beyond_border(neighbour, outline)
    return [*apart, [outline, *holes]]


def beyond_border(ring: list[int], neighbour: list[int]) -> list[int]:
    """Return the arcs of a ring that it does not share with its neighbour, from the end of their (one) border on."""
    shared = [~reference in neighbour for reference in ring]
    start = next(k for k in range(len(ring)) if shared[k - 1] and not shared[k])
    turned = ring[start:] + ring[:start]
    return [reference for reference in turned if ~reference not in neighbour]


def drawn_polygons(polygon: list[list[int]], arcs: list[Ring]) -> list[Polygon]:
    """Return the polygon as drawn: in two pieces when it crosses the edge of the map."""
    rings = [ring_of(references, arcs) for references in polygon]
    pieces = []
    for turn in (-360, 0, 360):
        cut = [cut_to_map([(longitude + turn, latitude) for longitude, latitude in ring]) for ring in rings]
        projected = [[rounded(equal_earth(*point)) for point in ring] for ring in cut]
        outline, *holes = [without_repeats(ring) for ring in projected]
        if len(outline) >= 3:
            pieces.append([outline, *(hole for hole in holes if len(hole) >= 3)])
    return pieces


def cut_to_map(ring: Ring) -> Ring:
    """Keep the part of a ring between the map's edges, 180° either side (Sutherland and Hodgman 1974)."""
    for side in (1, -1):
        kept: Ring = []
        for before, point in pairwise([ring[-1], *ring] if ring else []):
            inside = [180 - side * longitude for longitude, _ in (before, point)]
            if inside[0] * inside[1] < 0:
                share = inside[0] / (inside[0] - inside[1])
                kept.append((side * 180.0, before[1] + share * (point[1] - before[1])))
            if inside[1] >= 0:
                kept.append(point)
        ring = kept
    return ring


def rounded(point: Point) -> Point:
    """Return the point in hundredths: a fiftieth of a pixel on a map 700 px wide."""
    return round(point[0], DECIMALS) + 0.0, round(point[1], DECIMALS) + 0.0


def without_repeats(ring: Ring) -> Ring:
    """Drop points that rounding has put on the one before."""
    return [point for before, point in pairwise([ring[-1], *ring]) if point != before] if ring else []


def area(ring: Ring) -> float:
    """Return the area of a ring in the units of its points."""
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise([*ring, ring[0]]))) / 2


def inner_point(ring: Ring) -> Point:
    """Return the middle of the ring's longest chord through its middle heights: inside whatever the ring's shape."""
    low, high = min(y for _, y in ring), max(y for _, y in ring)
    chords = []
    for share in (0.5, 0.4, 0.6, 0.3, 0.7):
        y = low + (high - low) * share + 1e-9
        crossings = sorted(
            x1 + (x2 - x1) * (y - y1) / (y2 - y1)
            for (x1, y1), (x2, y2) in pairwise([*ring, ring[0]])
            if (y1 > y) != (y2 > y)
        )
        chords += [
            (east - west, (east + west) / 2, y) for west, east in zip(crossings[::2], crossings[1::2], strict=True)
        ]
    return rounded(max(chords)[1:])


def entry(code: str | None, polygons: list[Polygon]) -> dict:
    """Return the record of one country: largest polygon first, islands too small to see left out."""
    polygons = sorted(polygons, key=lambda polygon: area(polygon[0]), reverse=True)
    shown = [polygon for polygon in polygons if polygon is polygons[0] or area(polygon[0]) >= SMALLEST_ISLAND]
    x, y = inner_point(shown[0][0])
    return {
        "iso": code,
        "name": country_name(code) if code else "Siachen Glacier",
        "x": x,
        "y": y,
        "small": code is not None and sum(area(polygon[0]) for polygon in polygons) < SMALL,
        "xs": [[[x for x, _ in ring] for ring in polygon] for polygon in shown],
        "ys": [[[y for _, y in ring] for ring in polygon] for polygon in shown],
    }


def dot(code: str, longitude: float, latitude: float) -> dict:
    """Return the record of a place without a shape."""
    x, y = rounded(equal_earth(first_turn(longitude - CENTRAL_MERIDIAN), latitude))
    return {"iso": code, "name": country_name(code), "x": x, "y": y, "small": True, "xs": [], "ys": []}


def countries(topology: dict) -> list[dict]:
    """Return one record per territory, by ISO code, those without a code last."""
    arcs = decoded_arcs(topology)
    coarse = [simplified(arc) for arc in arcs]
    records = [
        entry(code, [piece for polygon in polygons for piece in drawn_polygons(polygon, coarse)])
        for code, polygons in territories(topology, arcs).items()
    ]
    records += [dot(code, *place) for code, place in DOTS.items()]
    return sorted(records, key=lambda record: record["iso"] or "~")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: uv run python data/make_world.py countries-50m.json  (of npm world-atlas 2.0.2)")
    records = countries(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    lines = [json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records]
    WORLD_JSON.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    print(f"{WORLD_JSON.name}: {len(records)} places, {WORLD_JSON.stat().st_size:,} bytes")
