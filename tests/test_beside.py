"""Smaller tables beside the large one: each segment watched once, each cause told once, whichever table names it."""

import datetime as dt
import math

import numpy as np
import pytest

from queries.cells import OTHER, Cells
from queries.daily_cells import DailyCells
from queries.findings import names
from queries.findings.causes import Cause, Ground
from queries.findings.register import Results, merged
from queries.leak_report import Leak
from queries.leak_tables import one_row_a_cause, told_first
from queries.leaks import find_leaks
from queries.revenue import Draws
from queries.watch import watch_days
from queries.watch_null import null_of
from queries.watch_scan import Watched, watch_together

FIRST, DAYS, ONSET = dt.date(2026, 1, 5), 90, 55
LARGE, SMALL = ("device", "browser", "source"), ("device", "source", "campaign")
SUMMER = {"campaign": "summer"}


def rows(kept=1.0, a_day=400, seed=1):
    """Draw sessions of a shop: values by dimension, day, whether ordered; `kept` of the orders of one campaign stay."""
    rng = np.random.default_rng(seed)
    count = a_day * DAYS
    values = {
        "device": rng.choice(["desktop", "mobile", "tablet", "tv"], count, p=[0.4, 0.3, 0.2, 0.1]),
        "browser": rng.choice(["Chrome", "Edge", "Safari"], count, p=[0.5, 0.2, 0.3]),
        "source": rng.choice(["google", "mail", "bing", "news"], count, p=[0.5, 0.2, 0.2, 0.1]),
    }
    tag = rng.choice(["summer", "winter", "always", "brand", "launch"], count, p=[0.4, 0.2, 0.2, 0.1, 0.1])
    values["campaign"] = np.where(values["source"] == "google", tag, "none")
    day = np.sort(rng.integers(0, DAYS, count))
    rate = np.where(values["device"] == "mobile", 0.06, 0.1)
    rate = rate * np.where((values["campaign"] == "summer") & (day >= ONSET), kept, 1.0)
    return values, day, (rng.random(count) < rate).astype(float)


def daily_of(dimensions, values, day, ordered) -> DailyCells:
    """Return sessions as cells by day."""
    labels = [sorted(set(values[name])) for name in dimensions]
    codes = np.column_stack(
        [np.searchsorted(known, values[name]) for known, name in zip(labels, dimensions, strict=True)]
    )
    cells = Cells.of_codes(dimensions, labels, codes, np.ones(len(day)), ordered, ordered * 40.0, [40.0] * 50)
    place = np.searchsorted(
        np.ravel_multi_index(tuple(cells.codes.T), cells.sizes), np.ravel_multi_index(tuple(codes.T), cells.sizes)
    )
    return DailyCells.of(cells, FIRST, DAYS, place, day, np.ones(len(day)), ordered)


@pytest.fixture(scope="module")
def quiet():
    drawn = rows()
    return daily_of(LARGE, *drawn), daily_of(SMALL, *drawn)


@pytest.fixture(scope="module")
def fallen():
    drawn = rows(kept=0.2)
    return daily_of(LARGE, *drawn), daily_of(SMALL, *drawn)


def test_a_day_that_is_odd_in_one_table_dates_nothing_in_any():
    values, day, ordered = rows()
    rng = np.random.default_rng(2)
    sale = (day >= 40) & (day < 43)  # three days on which one campaign sells to half of its visitors
    ordered = np.where(sale & (values["campaign"] == "summer"), rng.random(len(day)) < 0.5, ordered).astype(float)
    tables = [Watched(daily_of(names, values, day, ordered)) for names in (("device", "browser"), SMALL)]
    dates = [FIRST + dt.timedelta(days=number) for number in range(40, 43)]
    assert tables[0].odd == () and [each.date for each in tables[1].odd] == dates
    watch_together(tables)
    for watched in tables:
        assert [each.date for each in watched.odd] == dates and {each.dimension for each in watched.odd} == {"campaign"}
        assert (
            not watched.every[40:43].any() and not watched.had[:, 40:43].any() and watched.had_counted[:, 40:43].any()
        )


def test_each_segment_is_watched_in_the_first_table_that_names_it_and_costs_what_all_of_its_length_do(quiet):
    tables = [Watched(daily) for daily in quiet]
    alone = len(tables[0])
    watch_together(tables)
    first, second = tables
    assert first.mine.all() and len(first) == alone
    own = [second.named(segment) for segment in np.nonzero(second.mine)[0]]
    assert own and all("campaign" in name for name in own)
    assert not any("campaign" in second.named(segment) for segment in np.nonzero(~second.mine)[0])
    for order in (1, 2):
        every = sum(int((each.mine & (each.orders == order)).sum()) for each in tables)
        assert all(each.cost[each.orders == order] == pytest.approx(math.log(every)) for each in tables)


def test_chance_reaches_higher_in_more_segments(quiet):
    tables = [Watched(daily) for daily in quiet]
    watch_together(tables)
    together = null_of(tables, 1)
    assert together.score(0.1) >= null_of(tables[:1], 1).score(0.1)


def test_a_campaign_that_fell_is_one_finding_named_after_it(fallen):
    daily, beside = fallen
    watch = watch_days(daily, [beside])
    assert SUMMER in [row.segment for row in watch.rows]
    assert len({frozenset(row.segment.items()) for row in watch.rows}) == len(watch.rows)
    leaks = find_leaks(daily.cells, [beside.cells], days=DAYS)
    found = merged(Results(watch, leaks, None, None, ()), Ground(daily, [beside]))
    [one] = [one for one in found.findings if one.kind == "fell"]
    assert one.segment == SUMMER
    assert one.name.startswith("Visitors of campaign summer lost")
    assert abs((one.onset - FIRST).days - ONSET) <= 3


def test_nothing_is_told_where_nothing_fell(quiet):
    daily, beside = quiet
    assert [row for row in watch_days(daily, [beside]).rows if "campaign" in row.segment] == []
    assert find_leaks(daily.cells, [beside.cells]).leaks == ()


def test_a_table_of_one_value_more_counts_what_it_adds():
    one, other = frozenset({("source", "mail")}), frozenset({("campaign", "summer")})
    found = told_first([[one], [one, other], [other]])
    assert [own.tolist() for own in found] == [[True], [False, True], [False]]


def test_a_combination_beside_the_large_table_is_found_and_told_once():
    values, day, ordered = rows(a_day=600)
    inside = (values["campaign"] == "summer") & (values["device"] == "mobile")
    ordered = np.where(inside & (np.random.default_rng(2).random(len(day)) > 0.3), 0.0, ordered)
    large, small = (daily_of(names, values, day, ordered).cells for names in (LARGE, SMALL))
    alone, together = find_leaks(large), find_leaks(large, [small])
    assert {"campaign": "summer", "device": "mobile"} not in [leak.segment for leak in alone.leaks]
    [leak] = together.leaks
    assert leak.segment == {"campaign": "summer", "device": "mobile"}
    assert together.searched > alone.searched
    # the row of the large table that it explains is this leak seen from elsewhere
    assert {frozenset(each.segment.items()) for each in alone.leaks} <= {
        frozenset(each.items()) for each in leak.same_leak_as
    }
    assert together.revenue_at_stake.median == pytest.approx(leak.revenue_at_stake.median)


def test_of_two_rows_of_one_table_none_explains_the_other(quiet):
    large, small = (daily.cells for daily in quiet)
    report = find_leaks(large)
    drawn = Draws(np.ones(5), np.ones(5), np.ones(5))

    def row(segment, conversions):
        estimate = report.revenue_at_stake
        return Leak(
            "leak", segment, 1000, conversions, 100.0, conversions / 100, (0, 1), estimate, estimate, 0.0
        ), drawn

    wide, narrow = row({"source": "google"}, 40), row({"campaign": "summer"}, 60)
    due = [large.sessions, small.sessions]
    assert (
        len(one_row_a_cause([[wide, row({"source": "google", "device": "mobile"}, 70)], []], [large, small], due)) == 2
    )
    # google lacks 60, of which its share of the campaign's sessions, two fifths, are 24: not enough for its 40
    kept = one_row_a_cause([[wide], [narrow]], [large, small], due)
    assert len(kept) == 2
    # the campaign lacks 90, all of them in google, which lacks 60
    [(only, _)] = one_row_a_cause([[wide], [row({"campaign": "summer"}, 10)]], [large, small], due)
    assert only.segment == {"campaign": "summer"} and only.same_leak_as == ({"source": "google"},)


def test_the_orders_that_two_causes_share_across_tables_by_hand():
    # Edge has a fifth of each day's sessions, the campaign all of google on mobile: 10 of 30 sessions a day
    sessions = {("mobile", "Edge", "google"): 2, ("mobile", "Other", "google"): 8, ("desktop", "Edge", "google"): 4,
                ("desktop", "Other", "google"): 16}  # fmt: skip
    many = [key for key, count in sessions.items() for _ in range(count)]
    values = {name: np.tile([key[place] for key in many], DAYS) for place, name in enumerate(LARGE)}
    values["campaign"] = np.where(values["device"] == "mobile", "summer", "none")
    day = np.repeat(np.arange(DAYS), len(many))
    ordered = (np.random.default_rng(3).random(len(day)) < 0.1).astype(float)
    ground = Ground(daily_of(LARGE, values, day, ordered), [daily_of(SMALL, values, day, ordered)])
    ground.dues = [np.array(table.sessions) for table in ground.tables]
    onset = FIRST + dt.timedelta(days=60)
    edge, summer = Cause({"browser": "Edge"}, 30.0, onset), Cause(SUMMER, 50.0)
    assert ground.part(edge, summer) == pytest.approx(1 / 3)
    assert ground.part(summer, edge) == pytest.approx(0.2 * 30 / 90)
    assert ground.explains(edge, summer) == pytest.approx(30 / 3 / 50)
    assert ground.part(Cause({"browser": "Opera"}, 1.0), summer) == 0


@pytest.mark.parametrize(
    ("segment", "name"),
    [
        ({"campaign": "Summer Sale"}, "Visitors of campaign Summer Sale"),
        ({"page_folder": "/shop/"}, "Visitors landing on pages under /shop/"),
        ({"page_folder": "/"}, "Visitors landing on pages in no folder"),
        ({"page_folder": "(not set)"}, "Visitors with no page folder"),
        ({"region": "California", "device_category": "mobile"}, "Mobile visitors in California"),
        ({"browser": "Safari", "page_folder": "/shop/"}, "Safari visitors landing on pages under /shop/"),
        ({"campaign": OTHER}, "Visitors of campaign other campaigns"),
    ],
)
def test_how_the_narrow_dimensions_are_named(segment, name):
    assert names.who(segment) == name
