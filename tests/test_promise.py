"""The promise of a year: what may be told at all, what stays, what is taken back, and what chance does, kept frozen."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm
from test_findings import DAYS, DESKTOP_EDGE, EDGE, FIRST, MOBILE_SAFARI, ONSET, fall, leak, register, watched
from test_watch import shop

from benchmarks.days import Series
from benchmarks.nights import replayed
from benchmarks.nights import shop as drawn_shop
from benchmarks.worlds import Recipe
from queries.findings.book import Book
from queries.findings.finding import Seen
from queries.findings.promise import FALSE_A_YEAR, SHARES, combination_in_a_year, words
from queries.findings.remembered import AWAY, TAKEN_BACK, remembered
from queries.frozen_null import FILE, GREW, frozen_null
from queries.gumbel import Gumbel
from queries.watch import watch_days
from queries.watch_null import null_of
from queries.watch_scan import Watched

LAST = FIRST + dt.timedelta(days=DAYS - 1)
WEAK = 10.0
"""A score that chance reaches in most years: told is what is above 13 or so."""


def told(book, *falls, days=0, leaks=()):
    """Tell falls on a night some days after the first."""
    return remembered(replace(register(falls, leaks), last=LAST + dt.timedelta(days=days)), book).findings


# ------------------------------------------------------------------------------------------------- a year of chance


def test_the_largest_of_twice_as_many_scores_is_as_rare_as_either_of_two():
    one = Gumbel(5.0, 0.9)
    for score in (4.0, 6.0, 9.0):
        assert one.over(2.0).chance(score) == pytest.approx(1.0 - (1.0 - one.chance(score)) ** 2)


def test_the_chance_of_a_fall_is_that_of_a_year_of_nights_however_many_days_there_are():
    found = register([fall(score=14.0)]).findings[0]
    # 7.75 is the middle of 32 nights, with scale 1
    assert found.chance == pytest.approx(1.0 - np.exp(-np.exp(7.75 + np.log(365 / 32) - 14.0)))


def test_a_fall_found_years_ago_is_measured_against_all_nights_since():
    watch = replace(watched(), last=FIRST + dt.timedelta(days=1200), days=1201, middle=7.75)
    rows = [fall(score=14.0, found=FIRST + dt.timedelta(days=day)) for day in (1100, 100)]
    late, early = (watch.chance_in_a_year(row) for row in rows)
    assert early == pytest.approx(late * 1100 / 365, rel=0.01)


def test_sums_that_grow_night_by_night_pass_a_line_no_more_often_than_stated():
    rng, first, nights, z = np.random.default_rng(7), 60, 365, 2.6
    sums = np.sqrt(first) * rng.normal(size=(4000, 1)) + np.cumsum(rng.normal(size=(4000, nights)), axis=1)
    passed = (sums / np.sqrt(first + 1 + np.arange(nights)) > z).any(axis=1).mean()
    p = norm.sf(z)
    assert 5 * p < passed < combination_in_a_year(p, p, first)


def test_the_shares_add_up_to_what_is_promised():
    assert SHARES["fell"] + SHARES["combination"] + SHARES["moved"] == pytest.approx(FALSE_A_YEAR)
    assert register().false_a_year == FALSE_A_YEAR and "one in 10" in words()


# ------------------------------------------------------------------------------- what is told, what is taken back


def test_what_is_not_rarer_than_its_share_of_a_year_is_not_told(tmp_path):
    assert told(Book(tmp_path), fall(score=WEAK)) == () and not Book(tmp_path).read()
    assert len(told(Book(tmp_path), fall(score=14.0))) == 1
    assert told(Book(tmp_path / "none"), fall(score=WEAK)) == ()  # nothing can be written: the promise holds


def test_what_was_told_stays_while_the_search_shows_it(tmp_path):
    book = Book(tmp_path)
    [first] = told(book, fall())
    [later] = told(book, fall(score=WEAK), days=1)
    assert later.id == first.id and later.is_open and later.certainty == "could be chance"


def test_a_finding_that_is_not_found_any_more_stays_a_week_in_no_sum_and_is_then_taken_back(tmp_path):
    book = Book(tmp_path)
    [first] = told(book, fall())
    for days in range(1, TAKEN_BACK + 1):
        [away] = told(book, days=days)
        assert (away.id, away.name, away.onset) == (first.id, first.name, first.onset)
        assert not away.is_counted and away.against == (AWAY,)
    assert len(book.read()[first.id].log) == 1
    assert told(book, days=TAKEN_BACK + 1) == ()
    assert "taken back: new data do not show it since 2026-06-29" in book.read()[first.id].log[-1][2]
    assert told(book, days=TAKEN_BACK + 2) == () and len(book.read()[first.id].log) == 2


def test_a_night_without_it_changes_nothing(tmp_path):
    book = Book(tmp_path)
    [first] = told(book, fall())
    told(book, days=1)
    assert [one.id for one in told(book, fall(), days=2)] == [first.id]
    assert len(book.read()[first.id].log) == 1


def test_a_finding_taken_back_comes_back_under_its_id_with_a_reason_and_only_if_it_is_clear(tmp_path):
    book = Book(tmp_path)
    [first] = told(book, fall())
    told(book, days=1)
    assert told(book, days=20) == () == told(book, fall(score=WEAK), days=21)
    [again] = told(book, fall(), days=22)
    assert again.id == first.id and "show it again" in book.read()[first.id].log[-1][2]


def test_a_finding_that_is_another_seen_from_elsewhere_leaves_at_once(tmp_path):
    book = Book(tmp_path)
    [combination] = told(book, leaks=[leak()])
    found = register([fall()])
    seen = replace(found.findings[0], seen=(Seen("combinations", MOBILE_SAFARI, 0.9),))
    [one] = remembered(replace(found, findings=(seen,)), book).findings
    assert one.kind == "fell"
    assert f"the same cause as {one.id}" in book.read()[combination.id].log[-1][2]


def test_what_only_days_since_undone_showed_leaves_at_once(tmp_path):
    book = Book(tmp_path)
    [first] = told(book, fall(), days=5)
    assert told(book, days=0) == ()
    assert "no longer in the store" in book.read()[first.id].log[-1][2]


def test_a_fall_keeps_its_day_while_it_is_among_those_that_it_may_have_begun_on(tmp_path):
    book = Book(tmp_path)
    [first] = told(book, fall())
    near = fall(onset=ONSET + dt.timedelta(days=1), began=(ONSET - dt.timedelta(days=1), ONSET + dt.timedelta(days=2)))
    [later] = told(book, near, days=1)
    assert (later.onset, later.since) == (first.onset, first.since)
    assert len(book.read()[first.id].log) == 1


def test_a_recovery_has_a_line_in_the_log(tmp_path):
    book = Book(tmp_path)
    [first] = told(book, fall())
    over = fall(recovered=ONSET + dt.timedelta(days=12), monthly=None)
    assert [one.state for one in told(book, over, days=1)] == ["recovered"]
    assert "recovered since 2026-06-22" in book.read()[first.id].log[-1][2]
    assert [one.state for one in told(book, fall(), days=2)] == ["recovered"]  # until it is so for a week
    assert [one.state for one in told(book, fall(), days=9)] == ["new"]
    assert "say new, until now recovered" in book.read()[first.id].log[-1][2]


def test_a_weak_fall_explains_no_combination():
    found = register([fall(EDGE, 60.0, score=WEAK)], [leak(segment=DESKTOP_EDGE, missing=20.0)])
    assert [one.kind for one in found.findings if one.chance < 0.1] == ["combination"]


def test_the_promise_is_in_the_json():
    assert json.loads(json.dumps(register([fall()]).as_json(), default=str))["false_a_year"] == FALSE_A_YEAR


# ---------------------------------------------------------------------------------------------- frozen, no flicker


def test_what_chance_does_is_reckoned_once_until_there_are_half_as_many_nights_more(tmp_path):
    watched = Watched(shop(days=60, a_day=20))
    first = frozen_null(tmp_path, "all", 1, [watched], 1)
    assert first == null_of([watched], 1)
    assert frozen_null(tmp_path, "all", 2, [Watched(shop(days=70, a_day=20))], 1) == first
    more = Watched(shop(days=28 + int(GREW * 32) + 1, a_day=20))
    assert frozen_null(tmp_path, "all", 3, [more], 1) == null_of([more], 1)
    log = json.loads((tmp_path / FILE).read_text())["log"]
    assert [(version, why) for _, version, why in log] == [(1, "first reckoned"), (3, "49 nights, until now 32")]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"question": "all"}'])
def test_a_frozen_null_that_cannot_be_read_is_reckoned_again(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    watched = Watched(shop(days=40, a_day=20))
    assert frozen_null(tmp_path, "all", 1, [watched], 1) == null_of([watched], 1)
    assert frozen_null(tmp_path / "gone", "all", 1, [watched], 1) == null_of([watched], 1)


def test_the_frozen_null_of_a_night_makes_the_threshold_of_all_days(tmp_path):
    report = watch_days(shop(days=60, a_day=20), null=lambda watched, seed: Gumbel(2.0, 0.9))
    assert report.middle == pytest.approx(2.0 + 0.9 * np.log(report.nights)) and report.nights == 32
    assert report.threshold == pytest.approx(Gumbel(report.middle, 0.9).score(0.1))


def test_nothing_changes_from_night_to_night_without_a_line_in_the_log():
    series = Series("", Recipe("", 60_000, leaks=1, sizes=(3, 4, 3, 2, 2, 2)), a_day=1500, days=100, falls=1,
                    shares=(0.2, 0.4), drop=(0.6, 0.7), lasts=(14, 15))  # fmt: skip
    seen = replayed(drawn_shop(replace(series, days=100), 11), 84, 92)
    assert seen.nights == 17 and seen.findings
    assert seen.unlogged == [] and not sum(seen.flickers.values())
