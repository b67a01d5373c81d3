"""The sentences of data checks, and what segments are called, on rows written by hand."""

import datetime as dt
from dataclasses import replace

import pytest
from charts_builders import context
from test_charts_sentences import plain

from dashboard.charts import check_words, checks, segments, verdicts
from queries.check import Check
from queries.filters import Filters
from queries.judged import Judged

BREAK = Check(
    "vanished", "probable tracking break", dt.date(2017, 7, 5), dt.date(2017, 7, 5), "source", "google", 0, 1710, 1201,
    "(direct)", 2217, 359,
)  # fmt: skip


def judged(found):
    return Judged("built", [], "", {}, 1, Filters(), found)


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        (
            {"browser": "Safari", "device_category": "mobile", "source": "newsletter"},
            "Safari on mobile from newsletter",
        ),
        ({"channel_group": "Paid Social", "browser": "Safari"}, "Safari via Paid Social"),
        (
            {"device_category": "mobile", "source": "google", "visitor_type": "returning"},
            "Returning visitors on mobile from google",
        ),
        ({"device_category": "mobile", "country": "US"}, "Sessions on mobile in United States"),
        ({"source": "youtube.com"}, "Source youtube.com"),
        ({"device_category": "mobile"}, "Mobile"),
        ({"country": "US"}, "United States"),
        ({"visitor_type": "new"}, "New visitors"),
        ({"landing_page": "(not set)", "browser": "Safari"}, "Safari with no landing page"),
        ({"source": "(other)"}, "Other sources"),
    ],
)
def test_a_segment_is_called_what_people_call_it(segment, words):
    assert segments.segment_words(segment) == words


def check(kind, verdict="probable tracking break", **given):
    return Check(kind, verdict, dt.date(2017, 7, 6), dt.date(2017, 7, given.pop("last", 6)), **given)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            BREAK,
            "recorded 0 sessions after 1,201 the day before, where 1,710 were expected; (direct) jumped from 359 "
            "to 2,217. "
            "Source figures that include 5 Jul are not reliable.",
        ),
        (
            check("no orders", "cannot tell", sessions=832, expected=6.43, chance=0.0016, usual_sessions=2194),
            "No order in 832 sessions where 6.4 were expected (chance 0.16 %). Sessions were 62 % below the median "
            "day: the "
            "export may be incomplete.",
        ),
        (check("missing", "missing"), "No export holds 6 Jul. Totals leave it out; periods are compared per day."),
        (
            check("missing", "missing", last=8),
            "No export holds 6–8 Jul. Totals leave these 3 days out; periods are compared per day.",
        ),
        (
            check("not exported", "missing", dimension="landing_page, hostname"),
            "No session has a landing page or a hostname: the export does not hold it. In charts of it "
            "these sessions are (not set).",
        ),
        (
            check("not set", dimension="browser", found=0.39, expected=0.011),
            "39 % of sessions have no browser, 1.10 % before. Splits by browser are not reliable.",
        ),
        (
            check("provisional", "missing", sessions=1200),
            "1,200 sessions of days that GA may still change: they were loaded within three days. Load them again "
            "before "
            "acting on them.",
        ),
        (
            check("thin", "cannot tell", found=300, expected=1000),
            "300 sessions, 70 % below the median day: the export may be incomplete.",
        ),
        (
            check("measure", value="pageviews", found=9, expected=4),
            "9.0 pageviews a session on every device at once, 4.0 before: counting may have changed.",
        ),
        (
            check("revenue", found=0.75, expected=0.0),
            "75 % of converted sessions have no revenue, 0 % before. Revenue is too low by that.",
        ),
        (
            check("scale", found=1e8, expected=100.0),
            "The mean order is $100,000,000, 1,000,000 times that of other days ($100): another unit.",
        ),
        (
            check("steps", found=0.9, expected=0.02),
            "90 % of orders have no checkout before them, 2.00 % before: a step is not counted.",
        ),
    ],
)
def test_a_check_is_one_sentence_with_its_sizes(found, said):
    assert plain(check_words.sentence(found)) == said


def test_a_value_that_nobody_took_up_may_have_ended():
    alone = replace(BREAK, verdict="cannot tell", taken_by="")
    assert check_words.sentence(alone).endswith("no other source took them up. It may have ended.")


def test_a_column_missing_on_a_silent_day_is_said_with_that_day():
    silent = check("no orders", "cannot tell", sessions=832, expected=6.4, chance=0.0016, usual_sessions=2194)
    bare = check("not exported", "missing", dimension="duration_seconds")
    [notice] = check_words.notices_of([silent, bare])
    assert notice["text"].endswith("No session of that day has a duration either.")
    assert len(check_words.notices_of([bare])) == 1


def test_the_card_counts_what_is_to_be_settled():
    state = checks.update([judged([BREAK]), judged([])], context())
    assert state.heading == "One thing to settle before acting on this period"
    assert state.body["items"][0]["strong"] == "google"
    assert state.table.rows[0][2].startswith("google recorded 0 sessions")
    clean = checks.update([judged([]), judged([])], context())
    assert clean.heading == "Nothing to settle: no check found a fault"
    assert {"No missing days", "No orders without revenue"} < set(clean.body["nothing"]["sound"])
    past = checks.update([judged([]), judged([BREAK])], replace(context(), compared=COMPARED))
    assert past.heading == "One thing to settle before acting on this period"
    assert past.body["items"][0]["when"].endswith(", compared")
    both = checks.update([judged([BREAK]), judged([BREAK])], replace(context(), compared=COMPARED))
    assert len(both.body["items"]) == 1
    many = checks.update([judged([check("missing", "missing", last=6 + n) for n in range(6)]), judged([])], context())
    assert many.heading == "6\u202fthings to settle before acting on this period"
    assert many.body["action_label"] == "Open data quality (2 more)"
    assert len(verdicts.update([judged([BREAK] * 6)], context()).body["items"]) == 6


COMPARED = Filters.of(dt.date(2017, 7, 2), dt.date(2017, 7, 4))


def test_a_small_day_that_another_sentence_tells_is_not_denied():
    alone = check("no orders", "cannot tell", sessions=38, usual_sessions=100.0, expected=4.0, chance=0.01)
    assert "62 % below the median day" in plain(check_words.sentence(alone))
    assert "far too small" not in check_words.sound_sentence([alone])
    usual = check("no orders", "cannot tell", sessions=120, usual_sessions=100.0, expected=4.0, chance=0.01)
    assert "far too small" in check_words.sound_sentence([usual])


def test_a_break_that_another_dimension_tells_too_is_one_event_under_both_names():
    both = replace(BREAK, also=(("medium", "organic", "(none)"),))
    assert check_words.sentence(both).endswith("are not reliable. Medium organic tells of the same sessions.")
    assert "same sessions" not in check_words.sentence(BREAK)
    assert ("medium", "organic") in both.values
    assert ("medium", "organic") not in BREAK.values
