"""The sentences of the charts, on rows written by hand: sizes before adjectives, and never surer than the intervals."""

import dataclasses
import datetime as dt
import itertools

import pytest
from charts_builders import ORIGINAL, context, counted, day, funnel_rows, result, source_rows

from dashboard.charts import (
    completion,
    completion_words,
    converted_vs_engaged,
    countries_words,
    durations,
    finding,
    funnel,
    funnel_layers,
    segments,
    source_days,
    sources,
    trend,
    words,
)
from dashboard.look import rate_ticks
from queries.check import Check
from queries.filters import Filters
from queries.funnel import CHECKOUT, ENGAGEMENT


def plain(text):
    """Return the text with ordinary spaces, so that tests can be read."""
    return text.replace("\u202f", " ").replace("\u00a0", " ").replace("\u2212", "-")


def devices(**reached):
    return words.by_segment(funnel_rows(**reached))


BY_DEVICE = ("device_category",)


def groups(**reached):
    return {(name,): rows for name, rows in devices(**reached).items()}


def overview(sessions, conversions, **more):
    return counted(sessions, conversions, days=5, largest_revenue=100.0, **more)


def test_the_finding_says_counts_rate_and_interval():
    assert plain(finding.conversion_sentence(counted(10_000, 94))) == (
        "94 of 10,000 sessions converted: 0.94 % (95 % interval 0.77 to 1.15 %)."
    )


def test_no_conversion_is_0_percent_with_what_could_still_be():
    said = plain(finding.conversion_sentence(counted(241, 0)))
    assert said == "None of 241 sessions converted: 0 % (95 % interval 0 to 1.57 %)."


@pytest.mark.parametrize(("conversions", "said"), [(0, "did not convert"), (1, "converted")])
def test_one_session_is_too_few_to_say(conversions, said):
    assert finding.conversion_sentence(counted(1, conversions)) == f"The only session {said}: too few to say."


def test_the_finding_names_the_largest_leak_and_the_widest_gap():
    steps = [row | {"segment": "(all)"} for row in funnel_rows(every=(9997, 1721, 683, 94))]
    results = [result([overview(10_000, 94)]), result(steps), result(funnel_rows(**ORIGINAL))]
    _, more = finding.finding(results, context())
    assert plain(more) == (
        "8,276 of 9,997 sessions (83 %) leave before a fifth page. Of deeply engaged sessions 18 % convert on desktop "
        "(85 of 473) and 4 % on mobile (7 of 184); these intervals do not meet."
    )


def test_devices_whose_intervals_meet_do_not_differ_by_more_than_chance():
    rows = funnel_rows(desktop=(100, 40, 20, 4), mobile=(100, 38, 19, 3))
    assert finding.widest_gap(rows, context()) == "At no step do the devices differ by more than chance."


def test_one_device_is_not_compared_with_nothing():
    assert finding.widest_gap(funnel_rows(desktop=ORIGINAL["desktop"]), context()) == ""


def test_an_empty_selection_is_said_with_the_filters_that_emptied_it():
    nothing = [result([counted(0, 0)]), result([]), result([])]
    chosen = context(Filters.of(include={"country": ["MT"], "source": ["<b>x</b>"]}))
    assert finding.finding(nothing, chosen)[0] == "No sessions match Country is Malta, Source is <b>x</b>."


def test_the_funnel_heading_gives_the_leak_of_all_and_of_each_large_device():
    assert plain(funnel.heading(groups(**ORIGINAL), BY_DEVICE, context())) == (
        "83 % of sessions never reach a fifth page: 81 % on desktop, 86 % on mobile"
    )


def test_the_funnel_heading_of_one_device_gives_its_counts():
    assert plain(funnel.heading(groups(mobile=ORIGINAL["mobile"]), BY_DEVICE, context())) == (
        "86 % of sessions never reach a fifth page (2,948 of 3,437)"
    )


def test_a_later_step_can_be_the_largest_leak():
    assert plain(funnel.heading(groups(desktop=(100, 95, 90, 10)), BY_DEVICE, context())) == (
        "89 % of deeply engaged sessions leave without an order (80 of 90)"
    )


def test_devices_too_small_to_name_are_not_named():
    said = plain(funnel.heading(groups(desktop=(20, 5, 2, 0), mobile=(9, 1, 0, 0)), BY_DEVICE, context()))
    assert said == "79 % of sessions never reach a fifth page (23 of 29): too few in each group to compare"


def test_a_funnel_that_nobody_enters_says_so():
    assert funnel.heading(groups(desktop=(0, 0, 0, 0)), BY_DEVICE, context()) == "No session reached a first page"


@pytest.mark.parametrize(
    ("step", "goal"),
    [
        (ENGAGEMENT.steps[1], "a fifth page"),
        (ENGAGEMENT.steps[3], "an order"),
        (CHECKOUT.steps[2], "“Added to cart”"),
    ],
)
def test_a_step_is_named_by_what_it_asks_for(step, goal):
    assert words.step_goal(step) == goal


def test_the_log_scale_starts_at_a_tenth_of_a_percent_or_lower():
    ticks = [plain(label) for _, label in funnel_layers.log_ticks(funnel_layers.log_start(groups(**ORIGINAL)))]
    assert ticks == ["0.1", "1", "10", "100 %"]
    assert funnel_layers.log_start(groups(desktop=(100_000, 100, 50, 3))) == pytest.approx(1e-5)


def test_a_device_leads_only_where_the_intervals_do_not_meet():
    last = [rows[2] for rows in devices(**ORIGINAL).values()]
    middle = [rows[1] for rows in devices(**ORIGINAL).values()]
    assert (
        plain(completion_words.verdict(last, "completion_rate", "reached"))
        == "Desktop ahead of mobile: 18 % against 4 %"
    )
    assert (
        completion_words.verdict(middle, "completion_rate", "reached") == "No device stands out: the intervals overlap"
    )


def test_a_device_of_26_sessions_is_never_named_ahead():
    rows = [rows[2] for rows in devices(desktop=(900, 500, 400, 20), tablet=(90, 40, 26, 20)).values()]
    assert (
        plain(completion_words.verdict(rows, "completion_rate", "reached"))
        == "Desktop: 5 %; the others are too few to say"
    )


def test_several_behind_are_the_others_with_their_range():
    rows = [
        rows[0]
        for rows in devices(desktop=(1000, 500, 9, 0), mobile=(1000, 100, 9, 0), tablet=(1000, 140, 9, 0)).values()
    ]
    assert (
        plain(completion_words.verdict(rows, "completion_rate", "reached"))
        == "Desktop ahead of the others: 50 % against 10 to 14 %"
    )


def test_the_completion_heading_names_the_step_where_devices_part_most():
    assert plain(completion.heading(devices(**ORIGINAL), context())) == (
        "Devices differ most at the last step: desktop ahead of mobile, 18 % against 4 %"
    )


def country(iso, sessions, conversions, minimum=100):
    return counted(sessions, conversions, country=iso, enough=sessions >= minimum)


def test_the_country_of_the_orders_is_named_with_what_happens_elsewhere():
    rows = [country("US", 4136, 92), country("GB", 617, 0), country("XX", 5234, 2), country("(not set)", 13, 0)]
    assert plain(countries_words.heading(rows, 100)) == (
        "92 of 94 converted sessions come from the United States: 2.22 % convert there, 0.03 % (2 of 5,864) elsewhere"
    )
    assert "13 sessions have no country." in countries_words.note(rows, 100)


def test_a_country_whose_interval_meets_the_rest_is_said_to():
    rows = [country("US", 208, 2), country("CA", 120, 1)]
    assert countries_words.heading(rows, 100).endswith("; the intervals overlap")


def test_a_small_country_is_too_few_to_say():
    assert "too few to say" in countries_words.heading([country("US", 40, 3), country("CA", 30, 0)], 100)


def bucket(position, sessions, conversions, segment="desktop"):
    return counted(sessions, conversions, position=position, bucket=f"b{position}", segment=segment, share=0.1)


def test_durations_are_compared_at_five_minutes_and_without_single_hits():
    rows = [bucket(1, 5000, 0), bucket(3, 3321, 9), bucket(7, 972, 85)]
    assert plain(durations.heading([rows])) == (
        "Buying takes time: sessions of 5 minutes or more convert at 8.74 %, shorter measured ones at 0.27 %"
    )
    assert "no advice to keep people longer" in durations.note({"desktop": rows})


def test_few_long_sessions_are_too_few_to_say():
    assert durations.heading([[bucket(3, 20, 0), bucket(7, 6, 1)]]).endswith("too few to say they differ")


def test_a_store_of_single_hits_has_no_durations():
    assert plain(durations.heading([[bucket(1, 500, 2)]])) == (
        "No duration of these 500 sessions is measured: one hit each, or an export without durations"
    )


GONE = Check(
    "vanished", "probable tracking break", day(5), day(5), "source", "google", 0.0, 1710.4, 1201.0, "(direct)", 2217.0
)


def test_the_vanished_sources_are_those_of_the_data_checks_in_order_of_date():
    later = dataclasses.replace(GONE, first=day(6), last=day(7), value="bing", found=2.0)
    others = [dataclasses.replace(GONE, dimension="medium"), dataclasses.replace(GONE, kind="shares")]
    assert source_days.breaks_of([later, *others, GONE]) == [GONE, later]
    assert source_days.breaks_of(None) == []
    told = dataclasses.replace(GONE, also=(("channel_group", "Organic Search", "Direct"),))
    [channel] = source_days.breaks_of([told], "channel_group")
    assert (channel.value, channel.taken_by, channel.expected) == ("Organic Search", "Direct", 1710.4)
    assert source_days.vanished_sentence(GONE) == "google has no session on 5 Jul, where 1,710 were expected"
    said = plain(source_days.vanished_sentence(later))
    assert said == "bing has 2 sessions from 6 to 7 Jul, where 1,710 were expected"


def test_the_broken_day_is_amber_with_its_0_written():
    google = {day(5): 0, day(4): 1201, day(6): 900}
    bars = source_days.day_strip(google, context(days=6, missing=(1,)), {day(4), day(5), day(6)}, [GONE], "google")
    assert [bar["value"] is None for bar in bars] == [False, True, False, False, False, False]
    assert (bars[3]["color"], bars[3]["label"]) == ("warn-bar", "0")
    assert "where 1,710 were expected" in bars[3]["title"]


def totals_of(rows):
    return [row for row in rows if row["device_category"] == "(all)"]


def test_the_source_short_of_the_mean_is_named_after_the_tracking_break():
    rows = source_rows(
        (8848, 90),
        **{
            "google": {"desktop": (3936, 21)},
            "(direct)": {"desktop": (3838, 69)},
            "youtube.com": {"desktop": (1074, 0)},
        },
    )
    said = plain(sources.heading(totals_of(rows), [GONE]))
    assert said.startswith("google has no session on 5 Jul, where 1,")
    assert said.endswith("; youtube.com brought 1,074 sessions and no order, where the mean gives 11")


def test_sources_near_the_mean_do_not_stand_out():
    rows = source_rows((400, 8), a={"desktop": (200, 5)}, b={"desktop": (200, 3)})
    assert (
        plain(sources.heading(totals_of(rows)))
        == "No source stands out from the mean of 2.00 %: every interval holds it"
    )


def test_a_source_whose_interval_just_leaves_the_mean_is_named_as_within_chance_of_many():
    rows = source_rows((6010, 41), newsletter={"desktop": (270, 5)}, rest={"desktop": (5740, 36)})
    assert plain(sources.heading(totals_of(rows))) == (
        "No source stands out clearly from the mean of 0.68 %; newsletter may lie above it (1.85 %, 0.79 to 4.26 %), "
        "which 2 sources can show by chance"
    )


def test_one_broken_day_of_many_is_said_after_what_stands_out():
    rows = source_rows((8848, 90), a={"desktop": (8000, 90)}, **{"youtube.com": {"desktop": (848, 0)}})
    said = plain(sources.heading(totals_of(rows), [GONE], days=184))
    assert said == (
        "youtube.com brought 848 sessions and no order, where the mean gives 9; on 1 of 184 days google is "
        "not counted as usual"
    )


def test_no_order_at_all_is_no_sources_fault():
    rows = source_rows((300, 0), a={"desktop": (200, 0)}, b={"desktop": (100, 0)})
    assert sources.heading(totals_of(rows)) == "No source brought an order: 0 of 300 sessions converted"


@pytest.mark.parametrize(
    ("ratio", "place"), [(0, 0), (0.44, 0), (0.45, 1), (0.65, 2), (0.87, 3), (1.14, 3), (1.15, 4), (1.6, 5), (2.4, 6)]
)
def test_the_colour_of_a_cell_follows_its_shrunk_ratio(ratio, place):
    assert sources.class_of(ratio) == place


def day_row(number, sessions, conversions):
    return counted(sessions, conversions, session_date=day(number))


def test_days_differ_by_more_than_chance_only_if_their_intervals_do_not_meet():
    apart = [day_row(6, 832, 0), day_row(7, 2450, 38)]
    meeting = [day_row(6, 200, 2), day_row(7, 200, 5)]
    assert plain(trend.heading(apart)) == (
        "From 0 % on 6 Jul to 1.55 % on 7 Jul: larger than chance; 6 Jul has no order in 832 sessions"
    )
    assert trend.heading(meeting).startswith("No day stands out")


def test_the_farthest_of_many_days_may_lie_apart_by_chance():
    days = [day_row(number, 1000, 20) for number in range(2, 15)]
    days[3], days[8] = day_row(5, 1000, 8), day_row(10, 1000, 24)
    assert plain(trend.heading(days)) == (
        "No day stands out: 0.80 % on 5 Jul to 2.40 % on 10 Jul, which 13 days can show by chance"
    )
    days[8] = day_row(10, 1000, 50)
    assert plain(trend.heading(days)) == "From 0.80 % on 5 Jul to 5.00 % on 10 Jul: larger than chance"


def test_devices_apart_by_chance_do_not_stand_out_and_no_interval_is_said_to_overlap():
    held = devices(desktop=(1000, 60, 9, 0), mobile=(1000, 100, 9, 0), tablet=(1000, 80, 9, 0))
    rows = [rows[0] for rows in held.values()]
    assert (
        completion_words.verdict(rows, "completion_rate", "reached", steps=20)
        == "No device stands out by more than chance"
    )


def test_one_day_is_its_own_heading():
    assert plain(trend.heading([day_row(5, 2885, 41)])) == "5 Jul: 1.42 % converted (41 of 2,885)"


def test_many_days_say_when_the_rate_changed():
    days = [dt.date(2017, 7, 1) + dt.timedelta(days=number) for number in range(24)]
    rows = [counted(1000, 10 if number < 12 else 30, session_date=date) for number, date in enumerate(days)]
    assert plain(trend.heading(rows)) == ("Conversion rose on 13 Jul: 1.00 % before, 3.00 % since, larger than chance")
    steady = [row | counted(1000, 10) for row in rows]
    assert trend.heading(steady).startswith("No clear change")


def test_a_day_without_an_export_is_hatched_and_a_day_without_sessions_is_not():
    chosen = context(days=4, missing=(1,))
    chart = trend.Trend(context=chosen)
    [panel] = chart.panels(chart.read([result([day_row(2, 50, 1), day_row(5, 60, 2)]), result([]), result([])]))
    assert len(panel.layers["gaps"]["left"]) == 1
    assert next(title for title in panel.layers["targets"]["title"] if "%" not in title) == "Mon 3 Jul: no export"


def group(name, sessions, pages, seconds):
    return {
        "visit_group": name, "sessions": sessions, "mean_pageviews": pages, "median_pageviews": pages,
        "mean_duration_seconds": seconds, "median_duration_seconds": seconds,
        "sessions_with_duration": 0 if seconds is None else sessions,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [group("converted", 94, 24.39, 1000.73), group("engaged, no order", 1627, 10.16, 433.6)],
            "On average buyers look at 24 pages and stay 17 minutes; engaged others 10 pages, 7 minutes",
        ),
        (
            [group("converted", 2, 24.39, 1000.73), group("engaged, no order", 1627, 10.16, 433.6)],
            "Only 2 converted sessions: too few to compare",
        ),
        ([group("engaged, no order", 3, 10.16, 433.6)], "No session converted: 3 engaged sessions without an order"),
        (
            [group("converted", 94, 24.39, None), group("engaged, no order", 1627, 10.16, None)],
            "On average buyers look at 24 pages, engaged others at 10; durations are not in this export",
        ),
    ],
)
def test_buyers_beside_engaged_others(rows, said):
    assert converted_vs_engaged.heading({row["visit_group"]: row for row in rows}) == said


@pytest.mark.parametrize(
    ("highest", "labels"),
    [
        (0.0212, ["0", "0.5", "1", "1.5", "2", "2.5 %"]),
        (0.0, ["0", "0.05", "0.1 %"]),
        (1.0, ["0", "20", "40", "60", "80", "100 %"]),
    ],
)
def test_an_axis_of_rates_begins_at_0_and_has_its_unit_on_the_last_tick(highest, labels):
    assert [plain(label) for label in rate_ticks(highest)[1]] == labels


@pytest.mark.parametrize(("number", "word"), [(5, "fifth"), (10, "tenth"), (11, "11th"), (21, "21st"), (102, "102nd")])
def test_ordinals(number, word):
    assert words.ordinal(number) == word


def test_the_finding_says_a_change_its_certainty_and_what_limits_the_comparison():
    now, before = overview(6167, 79), overview(3833, 15)
    steps = funnel_rows(desktop=(6166, 1080, 456, 79))
    earlier = funnel_rows(desktop=(3831, 640, 227, 15))
    filters = Filters.of(day(5), day(7))
    chosen = context(filters, missing=(1,))
    chosen = dataclasses.replace(chosen, compared=Filters.of(day(2), day(4)))
    said, more = finding.finding(
        [result([now]), result(steps), result(steps), result([before]), result(earlier)], chosen
    )
    assert plain(said) == "Conversion rose from 0.39 % to 1.28 % (+0.89 pp, 0.53 to 1.24)."
    assert plain(more) == (
        "The difference to 2–4 Jul 2017 is larger than chance (79 of 6,167 against 15 of 3,833). "
        "No export holds 3 Jul. The weekdays differ: Sun 2 Jul is on a weekend. "
        "Deep engagement → Converted changed most of 2 that did by more than chance: 7 % before, 17 % now."
    )
    said, more = finding.finding([result([now]), result(steps), result(steps), result([now]), result(steps)], chosen)
    assert said.endswith("no clear change.")
    assert "within what chance does" in more


def test_without_sessions_the_finding_says_what_brings_them_back():
    nothing = [result([{"sessions": 0}]), *[result([])] * 4]

    def way(**given):
        dates = {"date_from": day(4), "date_to": day(4)}
        return finding.finding(nothing, context(Filters.of(**(dates | given)), missing=(2,)))[1]

    other, fewer = "Choose other days to see sessions again.", "Remove a filter to see sessions again."
    assert way() == other
    assert way(include={"country": ["MT"]}) == other
    assert way(include={"country": ["MT"]}, date_from=None) == fewer
    assert way(date_from=day(20), date_to=day(22)) == other


def test_a_value_is_spelled_as_a_label_wherever_it_is_one_and_as_a_word_inside_a_sentence():
    chosen = Filters.of(include={"device_category": ["mobile"], "visitor_type": ["new"]}, exclude={"country": ["US"]})
    assert words.filter_words(chosen) == ["Device is Mobile", "Visitor type is New", "Country is not United States"]
    assert words.value_label("device_category", "smart tv") == "Smart tv"
    assert words.value_label("device_category", "(not set)") == "(not set)"
    assert words.value_label("source", "google") == "google"
    assert segments.segment_words({"visitor_type": "new", "device_category": "mobile"}) == "New visitors on mobile"
    assert segments.segment_pairs({"device_category": "mobile"}) == "Device Mobile"
    assert words.subject(("device_category", "mobile"), ("visitor_type", "new")) == "Mobile and new"


def test_words_under_and_over_the_bars_of_durations_are_short_enough_to_stand_apart():
    """A panel of 300 pixels has 28 for each of nine bars, and a letter takes about 6."""
    ticks = [len(plain(label)) for label in durations.TICKS]
    assert len(ticks) == 9
    assert all(sum(pair) / 2 <= 4.5 for pair in itertools.pairwise(ticks))
    said = [plain(durations.bar_label(sessions)) for sessions in (0, 388, 3388, 9949, 9960, 19_800, 999_600)]
    assert said == ["", "388", "3.4 k", "9.9 k", "10 k", "20 k", "1.00 M"]
