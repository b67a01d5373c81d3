import csv
import json

import numpy as np
import pytest
from builders import FIXTURES

from benchmarks.worlds import Recipe, build
from queries.cells import Cells
from queries.leaks import LeakReport, find_leaks, support_of

PLANTED = {"device": "d1", "country": "c0"}
ISSUE_KEYS = {"searched", "fdr", "smallest_detectable", "leaks", "gaps", "too_small"}
ROW_KEYS = {
    "segment", "sessions", "conversions", "expected", "ratio", "ratio_interval", "recoverable_conversions",
    "revenue_at_stake", "p", "same_leak_as",
}  # fmt: skip


def shop(
    factor: float = 0.3, sessions: int = 60_000, seed: int = 5, planted: dict[str, str] = PLANTED
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Return the dimension values, conversions and revenue of sessions; one device leaks in one country."""
    rng = np.random.default_rng(seed)
    sizes = (3, 5, 6, 4)
    codes = [rng.choice(size, sessions, p=np.arange(size, 0, -1) / (size * (size + 1) / 2)) for size in sizes]
    logit = -3.2 + sum(rng.normal(0, 0.5, size)[column] for size, column in zip(sizes, codes, strict=True))
    rate = 1 / (1 + np.exp(-logit))
    device, country = (int(value[1]) for value in planted.values())
    rate[(codes[0] == device) & (codes[1] == country)] *= factor
    converted = (rng.random(sessions) < rate).astype(float)
    values = [np.char.add(letter, column.astype(str)) for letter, column in zip("dcsb", codes, strict=True)]
    return values, converted, converted * np.exp(rng.normal(3, 1, sessions))


NAMES = ("device", "country", "source", "browser")


def cells_of(values, converted, revenue, names=NAMES) -> Cells:
    return Cells.of(names, values, np.ones(len(converted)), converted, revenue, revenue[revenue > 0])


@pytest.fixture(scope="module")
def report() -> LeakReport:
    return find_leaks(cells_of(*shop()), days=30)


def test_a_planted_leak_is_the_first_row_and_the_only_one(report):
    (leak,) = report.leaks
    assert leak.segment == PLANTED
    assert leak.ratio == pytest.approx(0.3, abs=0.1)
    assert leak.ratio_interval[0] < 0.3 < leak.ratio_interval[1]
    assert leak.ratio == leak.conversions / leak.expected
    assert leak.p < 1e-6


def test_money_is_the_recoverable_conversions_times_the_order_value(report):
    (leak,) = report.leaks
    _, converted, revenue = shop()
    order = revenue.sum() / converted.sum()
    assert leak.recoverable_conversions.median == pytest.approx(leak.expected - leak.conversions, rel=0.1)
    assert leak.revenue_at_stake.median == pytest.approx(leak.recoverable_conversions.median * order, rel=0.1)
    assert report.revenue_at_stake == leak.revenue_at_stake
    assert report.monthly(leak.revenue_at_stake.median) == pytest.approx(
        leak.revenue_at_stake.median * 365.25 / 12 / 30
    )


def test_its_children_are_the_same_leak(report):
    (leak,) = report.leaks
    assert leak.same_leak_as
    assert all(PLANTED.items() <= relative.items() for relative in leak.same_leak_as)


def test_the_report_says_what_it_searched_in_plain_json(report):
    plain = json.loads(json.dumps(report.as_json()))
    assert set(plain) >= ISSUE_KEYS
    assert set(plain["leaks"][0]) >= ROW_KEYS
    assert set(plain["leaks"][0]["recoverable_conversions"]) == {"low", "median", "high"}
    assert plain["searched"] > 100
    assert plain["too_small"] > 0
    assert plain["smallest_detectable"]["lost_conversions"] > 5


def test_without_a_leak_the_list_is_empty():
    assert find_leaks(cells_of(*shop(factor=1.0))).leaks == ()


def test_a_combination_that_converts_better_is_strong_and_no_leak():
    small = {"device": "d2", "country": "c1"}
    report = find_leaks(cells_of(*shop(factor=2.5, planted=small)))
    assert report.strong[0].segment == small
    assert report.strong[0].p < 1e-6
    assert report.leaks == ()
    assert report.strong[0].recoverable_conversions.low > 0


def test_raw_rows_in_any_order_and_aggregated_rows_give_the_same_report():
    values, converted, revenue = shop()
    cells = cells_of(values, converted, revenue)
    order = np.random.default_rng(1).permutation(len(converted))
    shuffled = Cells.of(
        NAMES, [column[order] for column in values], np.ones(len(order)), converted[order], revenue[order],
        revenue[revenue > 0],
    )  # fmt: skip
    together, places = np.unique(np.column_stack(values), axis=0, return_inverse=True)
    aggregated = Cells.of(
        NAMES, list(together.T), np.bincount(places.ravel()), np.bincount(places.ravel(), converted),
        np.bincount(places.ravel(), revenue), revenue[revenue > 0],
    )  # fmt: skip
    assert len(together) < len(converted) / 50
    first, second, third = (find_leaks(each) for each in (cells, shuffled, aggregated))
    assert first.as_json() == second.as_json() == third.as_json()


def test_a_dimension_given_twice_changes_no_row_of_the_list():
    values, converted, revenue = shop()
    once = find_leaks(cells_of(values, converted, revenue))
    twice = find_leaks(cells_of([*values, values[1]], converted, revenue, (*NAMES, "region")))
    assert [(row.sessions, row.conversions) for row in twice.leaks] == [
        (row.sessions, row.conversions) for row in once.leaks
    ]
    assert twice.leaks[0].expected == pytest.approx(once.leaks[0].expected, rel=0.05)


def test_splitting_a_value_at_random_keeps_the_leak_elsewhere():
    values, converted, revenue = shop()
    coin = np.random.default_rng(9).random(len(converted)) < 0.5
    split = np.where((values[2] == "s0") & coin, "s0b", values[2])
    report = find_leaks(cells_of([values[0], values[1], split, values[3]], converted, revenue))
    assert [row.segment for row in report.leaks] == [PLANTED]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_longest_combination_can_be_chosen(order):
    cells = cells_of(*shop())
    if order == 1:
        with pytest.raises(ValueError, match="at least 2"):
            find_leaks(cells, max_order=order)
    else:
        assert find_leaks(cells, max_order=order).leaks[0].segment == PLANTED


def test_nothing_converted_is_no_error_and_no_finding():
    values, converted, revenue = shop(sessions=3_000)
    report = find_leaks(cells_of(values, 0 * converted, 0 * revenue))
    assert (report.leaks, report.gaps, report.strong, report.searched) == ((), (), (), 0)
    json.dumps(report.as_json())


def test_a_small_export_says_that_everything_is_too_small():
    report = find_leaks(cells_of(*shop(sessions=300)))
    assert report.searched == 0
    assert report.too_small > 50
    assert report.smallest_detectable.lost_conversions is None


@pytest.mark.parametrize(
    ("sessions", "conversions", "support"),
    [
        (10_000, 94, 200),
        (1_000_000, 30_000, 2000),
        (1000, 173, pytest.approx(57.8, abs=0.1)),
        (1000, 900, 50),
        (9, 0, 200),
    ],
)
def test_the_smallest_segment_is_smaller_where_many_convert(sessions, conversions, support):
    assert support_of(sessions, conversions) == support


def test_cells_refuse_more_conversions_than_sessions():
    with pytest.raises(ValueError, match="row 1 has 3 conversions in 2 sessions"):
        Cells.of(("device",), [["phone", "desk"]], [5, 2], [1, 3])


def test_a_value_below_its_peers_is_a_gap_and_not_a_leak():
    rng = np.random.default_rng(3)
    device, country = rng.choice(4, 60_000), rng.choice(5, 60_000)
    converted = rng.random(60_000) < np.where(device == 2, 0.02, 0.05) * np.where(country == 1, 1.4, 1.0)
    report = find_leaks(
        Cells.of(("device", "country"), [device.astype(str), country.astype(str)], np.ones(60_000), converted)
    )
    assert [row.segment for row in report.gaps] == [{"device": "2"}]
    assert report.gaps[0].ratio == pytest.approx(0.4, abs=0.06)
    assert report.gaps[0].recoverable_conversions.median == pytest.approx(0.5 * 0.03 * 15_000, rel=0.15)
    assert report.leaks == ()


def test_a_value_above_its_peers_is_named_and_of_two_values_the_gap_says_it():
    rng = np.random.default_rng(3)
    device, country = rng.choice(4, 60_000), rng.choice(2, 60_000)
    converted = rng.random(60_000) < np.where(device == 2, 0.06, 0.02) * np.where(country == 1, 2.0, 1.0)
    report = find_leaks(
        Cells.of(("device", "country"), [device.astype(str), country.astype(str)], np.ones(60_000), converted)
    )
    assert [row.segment for row in report.above] == [{"device": "2"}]
    assert report.above[0].ratio == pytest.approx(3, rel=0.15)
    assert report.above[0].p < 0.001
    assert report.strong == ()
    assert [row.segment for row in report.gaps] == [{"country": "0"}]


def test_a_country_that_lowers_its_browsers_is_the_only_gap():
    rng = np.random.default_rng(4)
    country = rng.choice(4, 80_000)
    browser = np.where(rng.random(80_000) < 0.7, country, rng.choice(4, 80_000))
    converted = rng.random(80_000) < np.where(country == 3, 0.015, 0.05)
    report = find_leaks(
        Cells.of(("country", "browser"), [country.astype(str), browser.astype(str)], np.ones(80_000), converted)
    )
    assert [row.segment for row in report.gaps] == [{"country": "3"}]


def test_on_the_original_export_nothing_tiny_is_named():
    path = FIXTURES / "silent_leak_raw_sessions_10000.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = ("deviceCategory", "country", "source")
    converted = np.array([bool(row["transactions"]) for row in rows], dtype=float)
    report = find_leaks(
        Cells.of(names, [[row[name] for row in rows] for name in names], np.ones(len(rows)), converted), days=5
    )
    named = [row for rows in (report.leaks, report.gaps, report.strong) for row in rows]
    assert report.conversions == 94
    assert report.searched < 20 < report.too_small
    assert "calendar.google.com" not in {row.segment.get("source") for row in named}
    assert {"deviceCategory": "mobile"} in [row.segment for row in report.gaps]
    (us,) = (row for row in report.above if row.segment == {"country": "United States"})
    assert (us.conversions, us.ratio > 5) == (92, True)
    assert [row.segment["deviceCategory"] for row in report.leaks] == ["mobile"]
    assert all(row.expected >= 5 for row in report.leaks)
    assert all(row.sessions >= 200 for row in named)


def test_a_planted_world_is_found_as_well_as_its_size_allows():
    world = build(Recipe("two", sessions=120_000, leaks=2, factors=(4.0, 5.0)), 42)
    report = find_leaks(world.cells)
    large = [leak for leak in world.leaks if leak.lost > 60]
    assert large
    for leak in large:
        names = {world.cells.dimensions[place]: world.cells.labels[place][value] for place, value in leak.segment}
        assert names in [row.segment for row in report.leaks]


def test_renaming_the_values_renames_the_rows_and_changes_nothing_else():
    values, converted, revenue = shop()
    first = find_leaks(cells_of(values, converted, revenue))
    second = find_leaks(
        cells_of([np.char.add("z", np.char.replace(values[0], "d", "x")), *values[1:]], converted, revenue)
    )
    assert [row.segment for row in second.leaks] == [{**PLANTED, "device": "zx1"}]
    assert second.leaks[0].expected == pytest.approx(first.leaks[0].expected, rel=1e-9)
    assert second.leaks[0].ratio_interval == first.leaks[0].ratio_interval


def test_money_of_a_leak_follows_the_orders_of_its_own_values():
    values, converted, revenue = shop()
    cheap = np.where(values[1] == PLANTED["country"], revenue / 4, revenue)
    cheap *= revenue.sum() / cheap.sum()
    (even,), (low,) = (find_leaks(cells_of(values, converted, money)).leaks for money in (revenue, cheap))
    inside = values[1] == PLANTED["country"]
    own = cheap[inside].sum() / converted[inside].sum() / (revenue[inside].sum() / converted[inside].sum())
    assert own < 0.6
    assert low.recoverable_conversions == even.recoverable_conversions
    assert low.revenue_at_stake.median / even.revenue_at_stake.median == pytest.approx(own, rel=0.1)


def test_real_differences_of_every_size_are_recognised_by_those_above_and_planted_leaks_are_not():
    heavy = Recipe("heavy-tailed interactions", sessions=150_000, interactions=0.1, freedom=2.0)
    assert find_leaks(build(heavy, 3).cells).mirrored >= 2
    assert find_leaks(build(Recipe("base", sessions=150_000), 3).cells).mirrored == 0
