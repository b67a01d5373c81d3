"""The map and the font: every country has a place, nothing smears, nothing is fetched."""

import base64
import json
import re
import runpy
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pycountry
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from dashboard.fonts import font_face_css
from dashboard.world import WORLD_JSON, world
from queries.countries import country_name
from queries.vocabulary import NOT_SET, SESSION_COLUMNS

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def make_world():
    """Load the script that makes the map; it is no module of the product."""
    return SimpleNamespace(**runpy.run_path(str(DATA / "make_world.py")))


def contains(xs, ys, x, y):
    """Say whether a ring contains a point (even-odd rule)."""
    corners = list(zip(xs, ys, strict=True))
    sides = pairwise([*corners, corners[0]])
    crossed = [(x2 - x1) * (y - y1) / (y2 - y1) + x1 > x for (x1, y1), (x2, y2) in sides if (y1 > y) != (y2 > y)]
    return sum(crossed) % 2 == 1


def countries_at(x, y):
    """Return the codes of the countries whose land holds a point."""
    return [
        iso
        for iso, xs, ys in zip(world().iso, world().xs, world().ys, strict=True)
        for polygon in zip(xs, ys, strict=True)
        if sum(contains(*ring, x, y) for ring in zip(*polygon, strict=True)) % 2
    ]


def test_every_iso_code_but_antarctica_has_exactly_one_place():
    codes = [iso for iso in world().iso if iso]
    expected = {country.alpha_2 for country in pycountry.countries} - {"AQ"} | {"XK"}
    assert sorted(codes) == sorted(expected)


def test_the_map_file_stays_small():
    assert WORLD_JSON.stat().st_size <= 250_000


def test_the_map_is_read_once_per_process():
    assert world() is world()


def test_shapes_are_rings_of_at_least_three_points_and_only_dots_have_none():
    for iso, xs, ys, small in zip(world().iso, world().xs, world().ys, world().small, strict=True):
        assert [[len(ring) for ring in polygon] for polygon in xs] == [
            [len(ring) for ring in polygon] for polygon in ys
        ]
        assert all(len(ring) >= 3 for polygon in xs for ring in polygon), iso
        assert xs or (small and iso in {"BV", "GI", "TV", "UM"}), iso


def test_no_outline_smears_across_the_map():
    widths = {
        iso: max(max(p[0]) - min(p[0]) for p in xs) for iso, xs in zip(world().iso, world().xs, strict=True) if xs
    }
    assert widths["RU"] == max(widths.values())
    assert widths["RU"] < (world().x_range[1] - world().x_range[0]) / 2
    assert widths["FJ"] < 2


def test_the_ranges_hold_every_shape_and_every_dot():
    (west, east), (south, north) = world().x_range, world().y_range
    assert all(west < x < east for x in world().x)
    assert all(south < y < north for y in world().y)
    assert all(west < x < east for xs in world().xs for polygon in xs for ring in polygon for x in ring)
    assert all(south < y < north for ys in world().ys for polygon in ys for ring in polygon for y in ring)


@pytest.mark.parametrize("iso", ["US", "FR", "NO", "HR", "VN", "ID", "RU", "ZA", "CL", "SO"])
def test_the_point_of_a_country_lies_in_it(iso):
    position = world().iso.index(iso)
    assert countries_at(world().x[position], world().y[position]) == [iso]


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "iso"),
    [
        ("Chicago", -87.8, 41.8, "US"),
        ("Fairbanks", -147.7, 64.8, "US"),
        ("Bilibino", 166.4, 68.1, "RU"),
        ("Amguema, east of 180°", -178.5, 67.5, "RU"),
        ("Kaliningrad", 20.9, 54.7, "RU"),
        ("Taupo", 176.0, -38.8, "NZ"),
        ("Viti Levu", 178.0, -17.8, "FJ"),
        ("Maseru district", 28.0, -29.5, "LS"),
        ("Bloemfontein", 26.2, -29.1, "ZA"),
        ("Hargeisa", 44.1, 9.6, "SO"),
        ("Mogadishu, inland", 45.0, 2.5, "SO"),
        ("Simferopol", 34.1, 45.0, "UA"),
        ("Nicosia, north", 33.35, 35.25, "CY"),
        ("Nicosia, south", 33.0, 34.95, "CY"),
        ("Pristina", 21.1, 42.6, "XK"),
        ("French Guiana", -53.0, 4.0, "GF"),
        ("Réunion", 55.53, -21.13, "RE"),
        ("Spitsbergen", 17.0, 77.8, "SJ"),
        ("Taichung", 120.9, 24.0, "TW"),
    ],
)
def test_a_place_lies_in_the_country_that_sessions_name(make_world, place, longitude, latitude, iso):
    x, y = make_world.equal_earth(make_world.first_turn(longitude - make_world.CENTRAL_MERIDIAN), latitude)
    assert countries_at(x, y) == [iso], place


@pytest.mark.parametrize("iso", ["SG", "HK", "MO", "MT", "BH", "MU", "RE", "MQ", "YT", "GU", "PR", "GI", "LU"])
def test_a_state_too_small_to_see_is_a_dot(iso):
    assert world().small[world().iso.index(iso)]


@pytest.mark.parametrize("iso", ["US", "CH", "LB", "KW", "XK", "SI", None])
def test_a_state_large_enough_to_see_is_no_dot(iso):
    assert not world().small[world().iso.index(iso)]


def test_equal_earth_matches_the_published_extent(make_world):
    """The map of a unit sphere is 5.4133 wide and 2.6347 high (d3-geo and PROJ give 2.70663 and 1.31736)."""
    assert make_world.equal_earth(180, 0)[0] * 3.141592653589793 / 180 == pytest.approx(2.7066299836960748)
    assert make_world.equal_earth(0, 90)[1] * 3.141592653589793 / 180 == pytest.approx(1.3173627591574133)


def test_a_ring_over_the_edge_of_the_map_becomes_two_pieces_of_the_same_width(make_world):
    arc = make_world.unwrapped([(178, 0), (-178, 0), (-178, 2), (178, 2), (178, 0)])
    left, right = sorted(make_world.drawn_polygons([[0]], [arc]))
    edge = make_world.rounded(make_world.equal_earth(180, 0))[0]
    assert min(x for x, _ in left[0]) == -edge
    assert max(x for x, _ in right[0]) == edge
    assert make_world.area(left[0]) == pytest.approx(make_world.area(right[0]), rel=0.01)


def test_two_polygons_that_share_a_border_melt_into_one(make_world):
    assert make_world.dissolved([[[0, 1]], [[~0, 2]], [[7]]]) == [[[7]], [[1, 2]]]


def test_polygons_that_touch_no_other_stay_as_they_are(make_world):
    assert make_world.dissolved([[[0, 1]], [[5], [6]]]) == [[[0, 1]], [[5], [6]]]


def test_bokeh_draws_the_map_as_it_is():
    chart = figure()
    chart.multi_polygons("xs", "ys", source=ColumnDataSource({"xs": world().xs, "ys": world().ys}))
    document = Document()
    document.add_root(chart)
    text = json.dumps(document.to_json(deferred=False))
    assert len(text) > 150_000


@pytest.mark.parametrize(
    ("iso", "name"),
    [
        ("US", "United States"),
        ("GB", "United Kingdom"),
        ("CZ", "Czechia"),
        ("RU", "Russia"),
        ("KR", "South Korea"),
        ("TW", "Taiwan"),
        ("VN", "Vietnam"),
        ("XK", "Kosovo"),
        ("AQ", "Antarctica"),
        (NOT_SET, NOT_SET),
        ("ZZ", "ZZ"),
        ("", ""),
    ],
)
def test_a_country_has_its_everyday_name(iso, name):
    assert country_name(iso) == name


def test_no_country_name_is_formal_or_used_twice():
    names = [country_name(country.alpha_2) for country in pycountry.countries]
    assert len(set(names)) == len(names)
    assert [name for name in names if re.search(r", | \(| of$|Republic of [A-Z]|Federation|People", name)] == []


def test_the_map_bears_the_names_that_the_page_uses():
    assert [
        name for iso, name in zip(world().iso, world().name, strict=True) if iso and name != country_name(iso)
    ] == []


def test_the_font_rule_holds_roboto_500_and_asks_no_one_for_it():
    css = font_face_css()
    rule = re.fullmatch(r'@font-face\{(.*);src:url\("data:font/woff2;base64,([^"]+)"\) format\("woff2"\)\}', css)
    assert rule
    assert base64.b64decode(rule[2], validate=True)[:4] == b"wOF2"
    assert 'font-family:"Roboto"' in rule[1]
    assert "font-weight:500" in rule[1]


def test_the_readme_lists_the_session_columns_as_the_vocabulary_does():
    rows = re.findall(r"^\| `(\w+)` \| ([A-Z].*?) \| (\w+) \| (.*) \|$", (DATA / "README.md").read_text("utf-8"), re.M)
    assert rows == [(column.name, column.sql_type, column.role, column.meaning) for column in SESSION_COLUMNS]


def test_the_readme_names_every_committed_file_of_the_folder_and_of_the_assets():
    readme = (DATA / "README.md").read_text("utf-8")
    files = {path.name for folder in (DATA, WORLD_JSON.parent) for path in folder.iterdir() if path.is_file()}
    assert [
        name
        for name in sorted(files - {"README.md"})
        if not re.search(rf"`(dashboard/assets/)?{re.escape(name)}`", readme)
    ] == []
