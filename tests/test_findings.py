"""The register: one cause is one finding, each missing order is counted once, and what was told first stays."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.cells import Cells
from queries.check import Check
from queries.daily_cells import DailyCells
from queries.findings import names
from queries.findings.book import Book, BookError, new_id
from queries.findings.cache import FILE, found_before
from queries.findings.causes import Cause, Ground
from queries.findings.finding import added, certainty_of
from queries.findings.made import doubts
from queries.findings.narrow import narrowed_to_the_fall
from queries.findings.register import Results, merged
from queries.findings.remembered import remembered
from queries.findings.steps import EVERY, lost_at, standardised
from queries.funnel import ENGAGEMENT
from queries.leak_report import Detectable, Leak, LeakReport, Relative
from queries.movers import Mover, Movers
from queries.revenue import Estimate
from queries.terminal.findings import lede
from queries.traffic import Traffic
from queries.watch import NOTHING, SilentLeak, Watch

FIRST = dt.date(2026, 5, 1)
DAYS = 60
ONSET = FIRST + dt.timedelta(days=40)
EDGE = {"browser": "Edge"}
DESKTOP_EDGE = {"device_category": "desktop", "browser": "Edge"}
MOBILE_SAFARI = {"device_category": "mobile", "browser": "Safari"}


def estimate(median: float) -> Estimate:
    return Estimate(0.8 * median, median, 1.2 * median)


def ground() -> Ground:
    """Return cells of two devices and three browsers with a hundred sessions and two orders each on every day."""
    pairs = [(device, browser) for device in ("desktop", "mobile") for browser in ("Chrome", "Edge", "Safari")]
    cells = Cells.of(
        ("device_category", "browser"), list(zip(*pairs, strict=True)), [100.0 * DAYS] * 6, [2.0 * DAYS] * 6
    )
    cell, day = np.tile(np.arange(6), DAYS), np.repeat(np.arange(DAYS), 6)
    return Ground(DailyCells.of(cells, FIRST, DAYS, cell, day, np.full(len(day), 100.0), np.full(len(day), 2.0)))


def fall(segment=DESKTOP_EDGE, missing=30.0, onset=ONSET, **given) -> SilentLeak:
    row = SilentLeak(
        segment=segment, onset=onset, began=(onset, onset + dt.timedelta(days=1)), found=onset + dt.timedelta(days=5),
        recovered=None, last=FIRST + dt.timedelta(days=DAYS - 1), sessions=2000, conversions=10, expected=40.0,
        before=(2800, 56), ratio=0.25, ratio_interval=(0.18, 0.34), lost=estimate(missing),
        revenue=estimate(100 * missing), monthly=estimate(4000.0), score=20.0,
    )  # fmt: skip
    return replace(row, **given)


def watched(*rows: SilentLeak) -> Watch:
    return replace(
        NOTHING, dimensions=("device_category", "browser"), first=FIRST, last=FIRST + dt.timedelta(days=DAYS - 1),
        days=DAYS, sessions=36_000, conversions=720, watched=11, threshold=10.0, middle=7.75, rows=rows,
    )  # fmt: skip


def leak(kind="leak", segment=MOBILE_SAFARI, missing=50.0, p=1e-6, **given) -> Leak:
    row = Leak(kind, segment, 6000, 70, 120.0, 0.58, (0.5, 0.7), estimate(missing * (0.5 if kind == "gap" else 1)),
               estimate(60 * missing), p)  # fmt: skip
    return replace(row, **given)


def listed(leaks=(), gaps=(), strong=(), above=()) -> LeakReport:
    return LeakReport(
        ("device_category", "browser"), 36_000, 720, 9, 2, 0.1, 0.8, DAYS, Detectable(10.0, 0.6, 0.5), tuple(leaks),
        tuple(gaps), tuple(strong), estimate(0.0), 3, tuple(above),
    )  # fmt: skip


def register(falls=(), leaks=(), gaps=(), moved=(), checks=(), **given):
    movers = Movers(("browser",), (1, 1), (1, 1), 1, 0, 0.1, 0.8, tuple(moved), 28)
    results = Results(watched(*falls), listed(leaks, gaps, **given), movers, ONSET, checks)
    return merged(results, ground(), version=3)


# --------------------------------------------------------------------------------------------------- the same cause


def test_what_a_fall_explains_is_that_fall_seen_from_elsewhere():
    # Edge on all devices lacks 32 orders, 30 of which desktop Edge lost since its onset
    found = register(
        [fall()], [leak(segment={**DESKTOP_EDGE, "visitor_type": "new"}, missing=0.0)], [leak("gap", EDGE, 32.0)]
    )
    [first] = [one for one in found.findings if one.kind == "fell"]
    assert first.name == "Edge on desktop lost three quarters of its orders"
    assert [(each.engine, dict(each.segment)) for each in first.seen] == [("values", EDGE)]
    assert found.standing[0].same_as == first.id


def test_a_standing_difference_that_a_fall_explains_in_part_keeps_the_rest_only():
    found = register([fall()], gaps=[leak("gap", EDGE, 100.0)])
    [gap] = found.standing
    assert gap.same_as == ""
    # 100 orders in 60 days, 30 of them counted with the fall: 70, a month of 30.4 days
    assert gap.orders_a_month.median == pytest.approx(70 * 365.25 / 12 / 60)


def test_a_fall_is_named_after_the_smallest_group_that_holds_it():
    # of 20 days Edge has 2 orders a day and device: 40 expected on each; only desktop lost three quarters of them
    held = ground().tables[0]
    late = held.day >= 40
    desktop, edge = (
        np.array([held.cells.labels[place][code] == value for code in held.cells.codes[held.cell, place]])
        for place, value in ((0, "desktop"), (1, "Edge"))
    )
    bought = np.where(late & desktop & edge, 0.5, held.conversions)
    daily = DailyCells.of(held.cells, FIRST, DAYS, held.cell, held.day, held.sessions, bought)
    counted = np.bincount(held.cell, held.conversions).sum()
    fell = fall(EDGE, 30.0, expected=80.0, conversions=50, ratio=50 / 80, ratio_interval=(0.5, 0.75))
    whole = Ground(replace(daily, cells=held.cells))
    one = narrowed_to_the_fall(fell, whole)
    assert counted and one.segment == {"browser": "Edge", "device_category": "desktop"}
    assert (one.conversions, one.expected, one.ratio) == (10, pytest.approx(40.0), pytest.approx(0.25))
    assert one.before == (2800, 56) and one.sessions == 2000
    assert one.lost and one.lost.median == pytest.approx(30.0)
    assert one.monthly and one.monthly.median == pytest.approx(4000.0)


def test_a_fall_everywhere_in_a_segment_is_not_named_after_its_largest_part():
    fell = fall(EDGE, 60.0, expected=80.0, conversions=20, ratio=0.25)
    held = ground().tables[0]
    edge = np.array([held.cells.labels[1][code] == "Edge" for code in held.cells.codes[held.cell, 1]])
    bought = np.where((held.day >= 40) & edge, 0.5, held.conversions)
    daily = DailyCells.of(held.cells, FIRST, DAYS, held.cell, held.day, held.sessions, bought)
    assert narrowed_to_the_fall(fell, Ground(replace(daily, cells=held.cells))).segment == EDGE


def test_two_falls_in_one_place_that_begin_weeks_apart_are_two():
    again = fall(EDGE, 25.0, ONSET - dt.timedelta(days=20))
    assert len(register([fall(), again]).findings) == 2
    assert len(register([fall(), fall(EDGE, 25.0, ONSET + dt.timedelta(days=3))]).findings) == 1


def test_a_combination_elsewhere_is_a_finding_of_its_own_and_prices_add_up():
    found = register([fall()], [leak()])
    assert [one.kind for one in found.findings] == ["fell", "combination"]
    assert found.costs and found.costs.median == 4000.0
    assert found.worth and found.worth.median == pytest.approx(3000 * 365.25 / 12 / 60)
    assert [one.basis for one in found.findings] == ["costs", "worth"]


def test_a_move_is_no_finding_of_its_own_but_may_show_one():
    here = Mover(DESKTOP_EDGE, (9, 9), (9, 9), 38.0, 0.3, (0.2, 0.4), estimate(28.0), estimate(9.0), 1e-5)
    there = replace(here, segment=MOBILE_SAFARI)
    assert [one.seen for one in register([fall(EDGE, 30.0)], moved=[there]).findings] == [()]
    [one] = register([fall(EDGE, 60.0)], moved=[here]).findings
    assert [each.engine for each in one.seen] == ["moves"]


def test_where_the_days_are_too_few_for_a_date_what_moved_is_a_finding():
    moved = Mover(EDGE, (700, 700), (35, 7), 35.0, 0.2, (0.1, 0.3), estimate(28.0), estimate(1400.0), 1e-5)
    results = Results(replace(watched(), days=28), listed(), Movers(("browser",), (1, 1), (1, 1), 5, 0, 0.1, 0.8,
                      (moved,), 14), ONSET, ())  # fmt: skip
    [one] = merged(results, ground()).findings
    assert (one.kind, one.name) == ("moved", "Edge lost four fifths of its orders")
    assert (one.onset, one.since, one.certainty, one.basis) == (None, ONSET, "certain", "costs")
    assert one.period == "in 14 days" and one.price and one.price.median == 1400.0
    assert "too few to say on which it began" in one.against[0]


def test_relatives_of_a_combination_are_the_same_cause():
    [one] = register(leaks=[leak(relatives=(Relative({"browser": "Safari"}, 100, 50, 90.0),))]).findings
    assert [dict(each.segment) for each in one.seen] == [{"browser": "Safari"}]


def test_a_value_that_the_cells_do_not_tell_apart_shares_nothing():
    assert ground().explains(Cause({"browser": "Opera"}, 10.0), Cause(EDGE, 10.0)) == 0.0
    assert ground().explains(Cause({"source": "mail"}, 10.0), Cause(EDGE, 10.0)) == 0.0


@settings(deadline=None)
@given(
    st.sampled_from([EDGE, DESKTOP_EDGE, MOBILE_SAFARI, {"device_category": "mobile"}]),
    st.sampled_from([EDGE, DESKTOP_EDGE, MOBILE_SAFARI, {"browser": "Safari"}]),
    st.floats(0.1, 1e4),
    st.floats(0.1, 1e4),
    st.none() | st.integers(0, DAYS - 1),
    st.none() | st.integers(0, DAYS - 1),
)
def test_no_more_orders_are_shared_than_either_misses(one, other, first, second, start, end):
    causes = [
        Cause(segment, missing, None if onset is None else FIRST + dt.timedelta(days=onset))
        for segment, missing, onset in ((one, first, start), (other, second, end))
    ]
    shared = ground().shared(*causes)
    assert 0.0 <= shared <= min(first, second) * (1 + 1e-9)
    assert ground().shared(causes[0], causes[0]) == pytest.approx(first)


# --------------------------------------------------------------------------------------- prices, certainty, doubts


def test_independent_prices_add_up_by_their_medians_and_squared_distances():
    assert added([Estimate(6.0, 9.0, 13.0), Estimate(6.0, 10.0, 13.0)]) == Estimate(14.0, 19.0, 24.0)
    assert added([]) is None


def test_a_finding_that_could_be_chance_or_is_doubted_is_in_no_sum():
    sure, weak = fall(), fall(MOBILE_SAFARI, 20.0, score=10.0 - 1e-9)
    found = register([sure, replace(weak, score=9.0)])
    assert [one.certainty for one in found.findings] == ["certain", "could be chance"]
    assert found.costs and found.costs.median == 4000.0
    broken = Check("shares", "probable tracking break", ONSET, ONSET + dt.timedelta(days=15), "browser", "Edge")
    [one] = register([sure], checks=[broken]).findings
    assert (one.state, one.price, one.is_open) == ("tracking suspected", None, False)


def test_a_short_break_or_one_of_another_value_casts_no_doubt():
    short = Check("shares", "probable tracking break", ONSET, ONSET, "browser", "Edge")
    other = Check("shares", "probable tracking break", ONSET, ONSET + dt.timedelta(days=15), "browser", "Opera")
    assert doubts(DESKTOP_EDGE, (ONSET, ONSET), [short, other]) == ()


def test_combinations_are_as_sure_as_their_false_share_in_a_year_of_nights_says():
    found = register(leaks=[leak(p=5e-6), leak(segment={"browser": "Safari", "device_category": "desktop"}, p=0.0001)])
    # Benjamini-Hochberg of 9 searched: 5e-6 x 9 / 1 and .0001 x 9 / 2, each times 1 + z^2 / 2 x 365 / 60
    chances = sorted(one.chance for one in found.findings)
    assert chances == pytest.approx([4.5e-5 * 60.347, 4.5e-4 * 43.070], rel=1e-3)
    assert sorted(one.certainty for one in found.findings) == ["certain", "likely"]


@pytest.mark.parametrize(("chance", "word"), [(0.0, "certain"), (0.01, "likely"), (0.1, "could be chance")])
def test_certainty_is_a_word_for_the_chance(chance, word):
    assert certainty_of(chance) == word


def test_a_recovered_fall_costs_nothing_any_more():
    [one] = register([fall(recovered=ONSET + dt.timedelta(days=10), monthly=None)]).findings
    assert (one.state, one.price, one.is_open) == ("recovered", None, False)


# ---------------------------------------------------------------------------------------------- names and steps


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (names.fell(DESKTOP_EDGE, 0.31), "Edge on desktop lost two thirds of its orders"),
        (names.fell({"device_category": "mobile", "source": "google", "visitor_type": "returning"}, 0.5),
         "Returning visitors on mobile from google lost half of their orders"),
        (names.fell({"country": "US"}, 0.01), "Visitors in the United States lost nearly all their orders"),
        (names.combination({"browser": "Safari", "channel_group": "Paid Social"}, 0.35),
         "Safari visitors from Paid Social buy a third as often as similar visitors"),
        (names.combination({"browser": "Edge"}, 0.0), "Edge hardly buys"),
        (names.standing({"device_category": "mobile"}, 0.66), "Mobile visitors buy about a third less"),
        (names.standing({"channel_group": "(not set)"}, 0.5), "Visitors with no channel buy about half less"),
        (names.standing({"source": "(other)"}, 1.5), "Visitors from other sources buy about half more"),
        (names.standing({"country": "IN"}, 3.2), "Visitors in India buy 3.2 times as often"),
        (names.more_visits({"source": "spam.example"}), "Visitors from spam.example: more visits, not fewer orders"),
    ],
)  # fmt: skip
def test_names_say_who_and_what_and_how_much(name, expected):
    assert name == expected


def funnel(*reached):
    return [{"reached": number} for number in reached]


def test_the_step_is_the_one_that_holds_most_of_the_loss():
    usual = funnel(1000, 500, 200, 40)
    assert lost_at(ENGAGEMENT, funnel(1000, 500, 200, 12), usual) == "at the order"
    assert lost_at(ENGAGEMENT, funnel(1000, 150, 60, 12), usual) == "before a fifth page"
    assert lost_at(ENGAGEMENT, funnel(1000, 400, 120, 16), usual) == EVERY
    assert lost_at(ENGAGEMENT, funnel(1000, 600, 240, 60), usual) == EVERY
    assert lost_at(ENGAGEMENT, [], usual) == ""


def test_more_visits_are_a_finding_without_a_price_that_takes_in_what_the_other_engines_say():
    bots = fall({"browser": "Edge"}, lost=None, revenue=None, monthly=None, traffic=Traffic(3.5, 1.0, 0.1))
    found = register([bots], gaps=[leak("gap", EDGE, 25.0)])
    [one] = found.findings
    assert (one.kind, one.name) == ("more visits", "Edge: more visits, not fewer orders")
    assert (one.price, one.is_open, found.costs) == (None, False, None)
    assert found.standing[0].same_as == one.id


def test_what_all_visitors_do_is_no_loss_of_a_segment():
    # all visitors reach the order half as often; so does the segment: what was due of it is what it did
    due = standardised(funnel(1000, 500, 200, 40), funnel(10_000, 5000, 2000, 200), funnel(10_000, 5000, 2000, 400))
    assert [row["reached"] for row in due] == pytest.approx([1000, 500, 200, 20], rel=0.02)


# ------------------------------------------------------------------------------------------ what is remembered


def test_ids_and_names_survive_new_data(tmp_path):
    book = Book(tmp_path)
    first = remembered(register([fall()]), book)
    later = fall(onset=ONSET + dt.timedelta(days=1), ratio=0.3, ratio_interval=(0.2, 0.4))
    second = remembered(register([later]), book)
    assert [one.id for one in second.findings] == [one.id for one in first.findings]
    assert second.findings[0].name == first.findings[0].name
    log = book.read()[first.findings[0].id].log
    assert [why for _, _, why in log][1:] == [f"new data date it {ONSET + dt.timedelta(days=1)}, until now {ONSET}"]


def test_a_name_that_is_no_longer_true_changes_with_a_reason(tmp_path):
    book = Book(tmp_path)
    [first] = remembered(register([fall()]), book).findings
    smaller = register([fall(ratio=0.5, ratio_interval=(0.4, 0.6))])
    for days, name in ((1, first.name), (7, first.name), (8, "Edge on desktop lost half of its orders")):
        [second] = remembered(replace(smaller, last=smaller.last + dt.timedelta(days=days)), book).findings
        assert (second.id, second.name) == (first.id, name)
    assert "change its size" in book.read()[first.id].log[-1][2]


def test_a_fall_seen_in_a_wider_segment_keeps_its_id(tmp_path):
    book = Book(tmp_path)
    [first] = remembered(register([fall()]), book).findings
    wider = register([fall(EDGE)])
    [second] = remembered(wider, book).findings
    assert second.id == first.id and dict(second.segment) == DESKTOP_EDGE  # until it is so for a week
    [third] = remembered(replace(wider, last=wider.last + dt.timedelta(days=8)), book).findings
    assert third.id == first.id and dict(third.segment) == EDGE


def test_a_later_fall_in_the_same_place_is_another(tmp_path):
    book = Book(tmp_path)
    early = fall(onset=ONSET - dt.timedelta(days=30))
    [first] = remembered(register([early]), book).findings
    both = remembered(register([fall()]), book).findings
    assert len(both) == 2 and both[0].id != first.id == both[1].id


def test_nothing_is_written_where_nothing_changed(tmp_path):
    book = Book(tmp_path)
    remembered(register([fall()], [leak()]), book)
    before = book.path.stat().st_mtime_ns, book.path.read_bytes()
    assert remembered(register([fall()], [leak()]), book).findings
    assert (book.path.stat().st_mtime_ns, book.path.read_bytes()) == before


def test_marks_stay_with_day_person_and_reason(tmp_path):
    book, found = Book(tmp_path), register([fall()])
    [one] = remembered(found, book).findings
    book.mark(one.id, "fixed?", day=dt.date(2026, 7, 1), by="Ana", rate=0.005)
    [marked] = remembered(found, book).findings
    assert (marked.state, marked.state_day, marked.state_by) == ("fixed?", dt.date(2026, 7, 1), "Ana")
    assert book.read()[one.id].rate == 0.005


def test_an_ignored_finding_comes_back_when_its_price_doubles(tmp_path):
    book, found = Book(tmp_path), register([fall()])
    [one] = remembered(found, book).findings
    with pytest.raises(BookError, match="for a reason"):
        book.mark(one.id, "ignored", day=ONSET)
    book.mark(one.id, "ignored", day=ONSET, reason="known bug of Edge", price=4000.0)
    assert [each.state for each in remembered(found, book).findings] == ["ignored"]
    dearer = register([fall(monthly=estimate(8000.0))])
    assert [each.state for each in remembered(dearer, book).findings] == ["known"]
    assert "doubled" in book.read()[one.id].log[-1][2]


def test_a_mark_names_what_is_wrong_with_it(tmp_path):
    book = Book(tmp_path)
    [one] = remembered(register([fall()]), book).findings
    with pytest.raises(BookError, match='no finding is called "zzz"'):
        book.mark("zzz", "known", day=ONSET)
    with pytest.raises(BookError, match="follows from the data"):
        book.mark(one.id, "recovered", day=ONSET)
    with pytest.raises(BookError, match="at most 200"):
        book.mark(one.id, "ignored", day=ONSET, reason="x" * 201)


UNREADABLE = ("", "{", "[]", '{"format": 2, "findings": {}}', '{"format": 1}', '{"format": 1, "findings": {"a": {}}}',
              '{"format": 1, "findings": {"a": 3}}')  # fmt: skip


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_file_that_cannot_be_read_is_left_alone_and_findings_are_told_without_a_past(tmp_path, text, caplog):
    book = Book(tmp_path)
    book.path.write_text(text)
    with pytest.raises(BookError, match="mend or remove it"):
        book.read()
    assert [one.state for one in remembered(register([fall()]), book).findings] == ["new"]
    assert book.path.read_text() == text
    assert "without their past" in caplog.text


def test_a_folder_that_cannot_be_written_loses_no_finding(tmp_path, caplog):
    gone = Book(tmp_path / "gone")
    assert len(remembered(register([fall()]), gone).findings) == 1
    assert "cannot be written" in caplog.text


def test_ids_follow_from_what_is_found():
    assert new_id("fell", {"a": "1", "b": "2"}, ONSET) == new_id("fell", {"b": "2", "a": "1"}, ONSET)
    assert new_id("fell", {"a": "1"}, ONSET) != new_id("fell", {"a": "1"}, None)


def test_the_terminal_says_what_is_open_or_what_would_have_been_seen():
    costs = "2 open findings. Falls cost $4.0 k ($3.2 k to $4.8 k) a month."
    assert lede(register([fall()], [leak()])).startswith(costs)
    seen = replace(register(), smallest_fall=0.4)
    assert "No open findings. A fall of 40\u202f% in a group of middle size would" in lede(seen)
    assert "not even one that lost all orders" in lede(replace(seen, smallest_fall=None))
    assert "Too early to date a fall" in lede(replace(seen, watched=0, days=5))


def test_json_has_all_fields():
    found = register([fall()], [leak()], [leak("gap", {"device_category": "mobile"})], above=[leak("above", EDGE)])
    said = json.loads(json.dumps(found.as_json(), default=str))
    assert [one["name"] for one in said["findings"]] == [one.name for one in found.findings]
    assert {"certainty", "open", "counted", "chance", "tracking", "against", "seen", "state"} <= set(
        said["findings"][0]
    )
    assert said["costs"]["median"] == 4000.0 and said["mirrored"] == 0
    assert len(said["standing"]) == 1 and len(said["above"]) == 1


# ----------------------------------------------------------------------------------------------------- the cache


def search_of(found, asked):
    def search():
        asked.append(1)
        return found

    return search


def test_what_was_found_is_kept_for_the_next_process_to_the_last_field(tmp_path):
    found = register(
        [fall(), fall(MOBILE_SAFARI, recovered=ONSET + dt.timedelta(days=9), monthly=None)],
        [leak(segment={"browser": "Chrome", "device_category": "mobile"})],
        [leak("gap", EDGE, 32.0)],
        above=[leak("above", EDGE)],
    )
    asked = []
    first = found_before(tmp_path, "1", search_of(found, asked))
    again = found_before(tmp_path, "1", search_of(None, asked))
    assert again == first == found and len(asked) == 1
    found_before(tmp_path, "2", search_of(found, asked))
    assert len(asked) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": "x"}', "null"])
def test_a_cache_that_cannot_be_read_is_searched_again(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    asked = []
    assert found_before(tmp_path, "1", search_of(register([fall()]), asked)).findings
    assert asked == [1]


def test_a_folder_that_cannot_be_written_is_searched_each_time(tmp_path, caplog):
    asked = []
    assert found_before(tmp_path / "gone", "1", search_of(register([fall()]), asked)).findings
    assert asked == [1] and "cannot be written" in caplog.text
