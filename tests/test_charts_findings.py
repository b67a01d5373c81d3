"""The sentences of leaks, gaps, changes and data checks, on rows written by hand."""

import datetime as dt
from dataclasses import replace

import pytest
from charts_builders import context, counted, day, funnel_rows
from test_charts_sentences import plain

from dashboard.charts import (
    check_words,
    checks,
    gaps,
    leak_explained,
    leak_rows,
    leaks,
    segments,
    strong,
    verdicts,
)
from queries.check import Check
from queries.filters import Filters
from queries.judged import Explained, Judged
from queries.leak_report import Detectable, Leak, LeakReport, Relative
from queries.revenue import Estimate

SAFARI = Leak(
    "leak",
    {"browser": "Safari", "device_category": "mobile", "source": "newsletter"},
    212, 3, 9.1, 3 / 9.1, (0.14, 0.75), Estimate(2.0, 6.0, 9.5), Estimate(310.0, 820.0, 1450.0), 0.0004,
    (Relative({"browser": "Safari", "source": "newsletter"}, 300, 6, 12.0),),
)  # fmt: skip
YOUTUBE = Leak(
    "gap",
    {"source": "youtube.com"},
    1074,
    0,
    5.6,
    0.0,
    (0.0, 0.27),
    Estimate(1.1, 2.6, 5.5),
    Estimate(155.0, 370.0, 800.0),
    0.008,
)
MOBILE = Leak(
    "gap", {"device_category": "mobile"}, 3437, 7, 44.3, 0.158, (0.08, 0.31), Estimate(9.7, 18.7, 32.2),
    Estimate(1297.0, 2616.0, 4705.0), 1e-6,
)  # fmt: skip
GOOGLE = replace(MOBILE, segment={"source": "google"})
NEWCOMERS = replace(MOBILE, segment={"visitor_type": "new"})
STRONG = replace(SAFARI, kind="strong", conversions=19, ratio=2.09)
BREAK = Check(
    "vanished", "probable tracking break", dt.date(2017, 7, 5), dt.date(2017, 7, 5), "source", "google", 0, 1710, 1201,
    "(direct)", 2217, 359,
)  # fmt: skip


def report(**given):
    usual = {
        "dimensions": ("device_category", "source", "browser"), "sessions": 10_000, "conversions": 94, "searched": 26,
        "too_small": 464, "fdr": 0.1, "interval": 0.8, "days": 183, "smallest_detectable": Detectable(8.0, 0.23, 0.0),
        "leaks": (), "gaps": (), "strong": (), "revenue_at_stake": Estimate(4800.0, 5000.0, 5600.0),
    }  # fmt: skip
    return LeakReport(**(usual | given))


def judged(found):
    return Judged("built", [], "", {}, 1, Filters(), found)


def shown(chart, found, *found_checks, **settings):
    return chart.update([judged(Explained(found)), judged(list(found_checks))], context(**settings))


def test_a_leak_says_ratio_counts_and_money_a_month():
    said = plain(leak_rows.evidence(SAFARI, report()))
    assert said == (
        "Converts at 33 % (80 % interval 14 to 75 %) of what its parts predict: 212 sessions expected 9 conversions, "
        "had 3; between $52 and $240 a month."
    )


def test_where_combinations_are_found_above_their_parts_too_the_note_says_that_rows_may_be_real_differences():
    above = (replace(STRONG, kind="strong"),)
    plainly = plain(leaks.note(report(leaks=(SAFARI,) * 5, strong=above)))
    assert "at most 10 % of these 5 expected to be false" in plainly
    assert "1 to 8 % of the rows were false" in plainly
    mirrored = plain(leaks.note(report(leaks=(SAFARI,) * 5, strong=above * 3)))
    assert (
        "about 3 of these 5 may be real differences and no fault: 3 combinations convert better than their parts "
        "predict, which no fault does; 464 more are too small to say." in mirrored
    )
    assert "54 % of the rows were no fault" in mirrored
    assert "expected to be false" not in mirrored


def test_a_ratio_from_twice_up_is_said_as_times():
    assert [plain(leak_rows.times(ratio)) for ratio in (0, 0.414, 1.99, 2.09, 43.6)] == [
        "0 %",
        "41 %",
        "199 %",
        "×2.1",
        "×44",
    ]
    better = replace(STRONG, ratio_interval=(1.4, 2.9))
    assert plain(leak_rows.evidence(better, report())).startswith(
        "Converts at ×2.1 (80 % interval ×1.4 to ×2.9) what its parts predict: 212 sessions"
    )


def test_money_of_a_short_period_is_not_made_a_month():
    assert plain(leak_rows.evidence(SAFARI, report(days=5))).endswith("between $310 and $1.4 k in 5 days.")
    assert report(days=27).period == "in 27 days"
    assert report(days=28).period == "a month"
    assert report(days=None).period == "in this period"


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        (SAFARI.segment, "Safari on mobile from newsletter"),
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


def test_a_row_has_its_bars_on_the_scale_of_the_list_and_filters_to_its_segment():
    row = leak_rows.row_of(SAFARI, report(), 20.0)
    assert row["title"] == "Safari on mobile from newsletter: 3 converted sessions where 9 were expected"
    assert row["action"] == {"where": SAFARI.segment, "view": "overview"}
    assert row["actual"]["value"] == 3 / 20
    assert row["expected"]["mark"] == 9.1 / 20
    assert (row["expected"]["low"], row["expected"]["high"]) == pytest.approx((5.0 / 20, 12.5 / 20))
    assert plain(row["interval"]) == "80 % interval: 5 to 12 expected"
    assert plain(row["orders"]) == "6 (2.0–10) missing"
    assert [tag["label"] for tag in row["tags"]] == ["Leak", "No tracking fault found"]


def test_the_head_says_the_time_of_the_money_and_a_row_that_of_its_orders_where_it_is_another():
    for days, period, over in ((184, "a month", "in 184 days"), (5, "in 5 days", "")):
        state = shown(gaps, report(gaps=(MOBILE,), days=days))
        assert state.body["heads"][2] == f"At stake {period}"
        [row] = state.body["rows"]
        assert plain(row["orders"]) == "37 (19–64) missing"
        assert row["orders_over"] == over
        assert period not in row["range"]


def test_a_ratio_is_in_one_unit_and_ten_times_is_enough_to_say():
    wide = replace(STRONG, ratio=1.88, ratio_interval=(1.46, 2.4))
    assert plain(leak_rows.ratio_words(wide.ratio, wide.ratio_interval, 0.8)) == "×1.9 (80 % interval ×1.5 to ×2.4)"
    assert leak_rows.ratio_words(44.0, (9.8, 192.0), 0.8) == "×9.8 or more"


@pytest.mark.parametrize(
    ("p", "said"),
    [(0.31, "31 times in 100"), (3.1e-6, "about 1 time in 320 k"), (1e-9, "less than 1 time in a million")],
)
def test_chance_is_said_as_how_often(p, said):
    assert f"so large a difference {said};" in plain(leak_explained.chance_sentence(p))


def test_no_order_is_said_as_such():
    assert leak_rows.title_of(YOUTUBE) == "Source youtube.com: no order in 1,074 sessions, 6 expected"


def test_rare_values_put_together_cannot_be_filtered_to():
    assert "action" not in leak_rows.row_of(replace(YOUTUBE, segment={"source": "(other)"}), report(), 10.0)


def test_explain_lists_the_same_leak_seen_from_elsewhere_and_the_step():
    steps = funnel_rows(every=(212, 60, 30, 3))
    every = funnel_rows(every=(10_000, 2000, 800, 400))
    found = Explained(report(), {tuple(SAFARI.segment.items()): steps}, every)
    explain = leak_rows.explanation(SAFARI, report(), found)
    assert any(
        "Furthest behind after Deep engagement: 10.0 % go on (3 of 30)" in plain(said) for said in explain["sentences"]
    )
    assert explain["tables"][1]["rows"][0]["cells"][0] == {
        "text": "Safari from newsletter",
        "title": "Browser Safari, Source newsletter",
        "action": {"where": {"browser": "Safari", "source": "newsletter"}},
    }
    assert explain["tables"][0]["columns"][3]["label"] == "Of the sessions shown"
    assert "all sessions" not in str(explain)


def test_explain_spreads_what_was_expected_over_the_days():
    """Of 9 expected, 6 fall on the day with twice the rate of all sessions; no export holds the day between."""
    key = tuple(SAFARI.segment.items())
    own = [counted(100, 2, session_date=day(1)), counted(112, 1, session_date=day(3))]
    every = [counted(1000, 28, session_date=day(1)), counted(1000, 12.5, session_date=day(3))]
    found = Explained(report(), {}, (), {key: own}, every)
    leak = replace(SAFARI, expected=9.0)
    parts = leak_explained.parts_of(leak, found)
    assert [(had, due and round(due, 6)) for _, had, due in parts] == [(2, 6.0), (0, None), (1, 3.0)]
    assert leak_explained.days_sentence(leak, parts) == "It had fewer than expected on 2 of 2 days with orders."
    [due, had] = leak_explained.days_table(leak, parts)["rows"]
    assert [bar["value"] for bar in due["cells"][1]["days"]] == [1.0, None, 0.5]
    assert [bar["title"] for bar in had["cells"][1]["days"]] == [
        "Sat 1 Jul: 2 had", "Sun 2 Jul: no data", "Mon 3 Jul: 1 had"
    ]  # fmt: skip
    assert leak_explained.parts_of(leak, Explained(report())) == []


def test_findings_under_a_tracking_break_come_last_and_say_so():
    rows = leak_rows.sorted_leaks([GOOGLE, YOUTUBE], [BREAK], "Money, low end")
    assert [row.segment["source"] for row in rows] == ["youtube.com", "google"]
    row = leak_rows.row_of(GOOGLE, report(), 60.0, [BREAK])
    assert row["tags"][-1] == {"label": "Probable tracking break", "look": "warn", "icon": "warn"}
    assert row["why"].endswith("turned up under (direct): settle that first.")


def test_lists_are_sorted_by_the_lower_end_of_what_is_asked():
    poor = replace(SAFARI, sessions=9000, revenue_at_stake=Estimate(1.0, 900.0, 9000.0))
    assert leak_rows.sorted_leaks([poor, SAFARI], [], "Money, low end") == [SAFARI, poor]
    assert leak_rows.sorted_leaks([SAFARI, poor], [], "Sessions") == [poor, SAFARI]


def test_the_leak_list_says_what_was_searched_and_what_may_be_false():
    state = shown(leaks, report(leaks=(SAFARI,)))
    assert plain(state.heading).startswith(
        "One combination converts worse than its parts predict and lacks orders worth $830 a month ($800 to $930"
    )
    assert plain(state.note).startswith(
        "26 combinations of device, source and browser were searched, at most 10 % of this one expected to be "
        "false; 464 "
        "more are too small to say. A leak of fewer than about 8 lost conversions could not be seen."
    )
    assert [row[0] for row in state.table.rows] == ["Browser Safari, Device Mobile, Source newsletter"]


def test_nothing_found_is_said_with_what_could_have_been_seen():
    state = shown(leaks, report())
    assert plain(state.body["nothing"]["text"]) == (
        "With 94 converted sessions the largest combination must lose 77 % of its conversions to show, a typical one "
        "could lose all of them unseen. Add days to see smaller leaks."
    )
    few = shown(leaks, report(searched=0, conversions=2, smallest_detectable=Detectable(None, None, None)))
    assert few.body["nothing"]["title"] == "Too few to say"


def test_the_view_opens_with_what_leaks_cost_or_with_the_clear_gap():
    said, more = leaks.finding([judged(Explained(report(leaks=(SAFARI, SAFARI))))], context())
    assert plain(said) == "Two leaks cost about $830 a month in orders they lack ($800 to $930)."
    assert more == "Safari on mobile from newsletter and Safari on mobile from newsletter."
    mirrored = report(leaks=(SAFARI,) * 3, strong=(replace(STRONG, kind="strong"),) * 2)
    _, doubt = leaks.finding([judged(Explained(mirrored))], context())
    assert doubt.endswith("newsletter. About two of them may be real differences and no fault.")
    said, more = leaks.finding([judged(Explained(report(days=5, gaps=(NEWCOMERS, MOBILE))))], context())
    assert plain(said) == (
        "No leak can be named in these 10,000 sessions. One gap is clear: mobile; half of the orders it lacks "
        "are worth about $2.6 k in 5 days."
    )
    assert more == ""
    names = [{"browser": "Safari"}, {"country": "IN"}, {"source": "bing"}, {"visitor_type": "returning"}]
    said = [leaks.clear_gap(report(gaps=(replace(MOBILE, segment=segment),))) for segment in names]
    told = [one.removeprefix("One gap is clear: ").split("; half of")[0] for one in said]
    assert told == ["Safari", "India", "source bing", "returning visitors"]


def test_gaps_count_the_chosen_share_of_the_shortfall():
    state = shown(gaps, report(gaps=(MOBILE, YOUTUBE), days=5))
    assert state.heading == "Two values convert below their adjusted peers: Mobile had 7 of 44 expected"
    assert plain(state.body["rows"][0]["money"]) == "$2.6 k"
    whole = shown(gaps, report(gaps=(MOBILE, YOUTUBE), days=5), won_back="100 %")
    assert plain(whole.body["rows"][0]["money"]) == "$5.2 k"
    assert whole.body["rows"][0]["orders"] == state.body["rows"][0]["orders"] == "37 (19–64) missing"
    nothing = shown(gaps, report(values_judged=3)).body["nothing"]
    assert nothing["title"] == "No value stands out below its peers"
    assert nothing["text"].startswith("3 values had sessions and orders enough to judge: none converts below four")
    assert shown(gaps, report()).body["nothing"]["title"] == "Too few to say"


def test_first_visits_are_no_fault_by_themselves():
    assert "this is no fault by itself" in leak_rows.row_of(NEWCOMERS, report(), 60.0)["why"]


def test_a_break_beside_a_value_is_not_denied_by_its_tag():
    youtube = replace(YOUTUBE, segment={"source": "youtube.com"})
    tags = [tag["label"] for tag in leak_rows.tags_of(youtube, [BREAK])]
    assert tags == ["Gap", "No fault found in its own tracking"]
    assert [tag["label"] for tag in leak_rows.tags_of(MOBILE, [BREAK])] == ["Gap", "No tracking fault found"]
    assert shown(gaps, report(gaps=(NEWCOMERS, MOBILE))).note.endswith("they convert less nearly everywhere.")


def test_a_row_without_an_order_has_an_interval_that_holds_its_nought():
    said = plain(leak_rows.evidence(YOUTUBE, report()))
    assert said.startswith("Converts at 0 % (80 % interval up to 27 %) of what its peers convert")


def test_first_visits_stand_last_and_are_not_counted_as_a_gap():
    rows = leak_rows.sorted_leaks([NEWCOMERS, MOBILE], [], "Money, low end")
    assert rows == [MOBILE, NEWCOMERS]
    said = "One value converts below its adjusted peers: Mobile had 7 of 44 expected; so do first visits, as nearly "
    assert shown(gaps, report(gaps=(NEWCOMERS, MOBILE))).heading == f"{said}everywhere"
    assert shown(gaps, report(gaps=(NEWCOMERS,))).heading.startswith("Only first visits convert below")


def test_strong_segments_show_what_is_above_expectation():
    state = shown(strong, report(strong=(STRONG,)))
    assert state.heading == "One combination converts better than its parts predict: Safari on mobile from newsletter"
    [row] = state.body["rows"]
    assert row["actual"]["color"] == "accent"
    assert plain(row["orders"]) == "10 (2.0–10) above"  # 19 less 9.1
    assert row["expected"]["high"] <= row["actual"]["value"]


def test_single_values_above_their_peers_stand_below_the_combinations():
    returning = replace(STRONG, kind="above", segment={"visitor_type": "returning"})
    state = shown(strong, report(strong=(STRONG,), above=(returning,)))
    assert [row["tags"][0]["label"] for row in state.body["rows"]] == ["Strong", "Above its peers"]
    alone = shown(strong, report(above=(returning,)))
    assert alone.heading == "No combination stands out; one single value converts above its peers: Returning visitors"


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


def test_every_list_with_money_says_what_it_counts_so_that_no_two_figures_are_taken_for_one():
    said = {
        "by combination": shown(leaks, report(leaks=(SAFARI,))).note,
        "by value": shown(gaps, report(gaps=(MOBILE,)), won_back="25 %").note,
    }
    phrases = {name: plain(note).split("Money counts ")[1].split("; other cards count otherwise")[0]
               for name, note in said.items()}  # fmt: skip
    assert phrases == {
        "by combination": "all orders that a combination lacks",
        "by value": "25 % of the orders that a single value lacks",
    }
    for chart in (leaks, gaps):
        assert "Money counts" not in shown(chart, report()).note


def test_a_break_that_another_dimension_tells_too_is_one_event_under_both_names():
    both = replace(BREAK, also=(("medium", "organic", "(none)"),))
    assert check_words.sentence(both).endswith("are not reliable. Medium organic tells of the same sessions.")
    assert "same sessions" not in check_words.sentence(BREAK)
    organic = replace(MOBILE, segment={"medium": "organic"})
    assert leak_rows.breaks_over(organic.segment, [both]) == [both]
    assert leak_rows.breaks_over(organic.segment, [BREAK]) == []
