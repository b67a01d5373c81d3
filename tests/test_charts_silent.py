"""The card of silent leaks, on rows written by hand."""

import datetime as dt
from dataclasses import replace

from charts_builders import context, counted
from test_charts_findings import BREAK, SAFARI
from test_charts_findings import report as leak_report
from test_charts_movers import REPORT as MOVERS
from test_charts_movers import finding_of
from test_charts_sentences import plain

from dashboard.charts import silent, silent_words
from dashboard.charts.view_findings import leaks_finding_with_silent
from dashboard.download import named_rows
from queries.filters import Filters
from queries.judged import Explained, Judged
from queries.revenue import Estimate
from queries.traffic import Traffic
from queries.watch_report import NOTHING, SilentLeak, Watch, watch_rows


def sep(number, month=9):
    return dt.date(2026, month, number)


EDGE = SilentLeak(
    {"device_category": "desktop", "browser": "Edge"}, sep(16), (sep(15), sep(17)), sep(29), None, sep(31, 10),
    6937, 64, 206.2, (3809, 110), 64 / 206.2, (0.25, 0.39), Estimate(108.0, 141.6, 180.0),
    Estimate(14_000.0, 19_000.0, 24_000.0), Estimate(9_200.0, 12_600.0, 16_000.0), 28.2,
)  # fmt: skip
MAIL = replace(EDGE, segment={"source": "newsletter"}, onset=sep(30, 8), began=(sep(30, 8), sep(2)), found=sep(6),
               recovered=sep(20), last=sep(19), monthly=None)  # fmt: skip
BOTS = replace(EDGE, segment={"source": "bing"}, lost=None, revenue=None, monthly=None,
               traffic=Traffic(3.4, 0.97, 0.16))  # fmt: skip
REPORT = Watch(
    ("browser", "device_category", "source"), sep(1, 5), sep(31, 10), 182, 300_000, 5923, 340, 4325, 6.1, 0.01, 0.1,
    0.8, (0.16, 0.87), (EDGE, MAIL), (), 3.5, 1.1,
)  # fmt: skip
SHOWN = Filters(date_from=sep(1), date_to=sep(31, 10))


def judged(report, metric="silent_leaks"):
    return Judged(metric, [], "", {}, 0, Filters(), report)


def drawn(report=REPORT, checks=(), filters=SHOWN):
    return silent.update([judged(report), judged(list(checks), "checks")], replace(context(), filters=filters))


def test_the_card_says_what_fell_since_when_how_far_and_what_it_costs_a_month():
    state = drawn()
    assert plain(state.heading) == "One silent leak: Edge on desktop since about 16 Sep"
    fell, back = state.body["rows"]
    assert plain(fell["title"]) == (
        "Edge on desktop has converted at 31 % of its past since 16 Sep (15 to 17 Sep): 64 converted sessions where "
        "206 were expected"
    )
    assert plain(fell["why"]) == (
        "110 of 3,809 in the 28 days before, 64 of 6,937 since. Converts at 31 % (80 % interval 25 to 39 %) of what "
        "its own past and all others give. Found on the data of 29 Sep, its 14th day. Certain: under 1 % of stores "
        "where nothing falls show one so clear by chance."
    )
    assert [tag["label"] for tag in fell["tags"]] == ["Fell", "No tracking fault found"]
    assert (plain(fell["money"]), plain(fell["range"])) == ("$13 k", "$9.2 k to $16 k")
    assert (plain(fell["orders"]), fell["orders_over"]) == ("142 (108–180) missing", "in 46 days")
    assert fell["action"] == {"where": {"device_category": "desktop", "browser": "Edge"}, "view": "overview"}
    assert plain(back["title"]).startswith(
        "Source newsletter converted at 31 % of its past from 30 Aug (30 Aug to 2 Sep) until 20 Sep: 64 converted"
    )
    assert back["tags"][0]["label"] == "Recovered on 20 Sep"
    assert plain(back["range"]) == "$14 k to $24 k, lost in 21 days"
    assert state.body["heads"][2] == "At stake a month"
    assert all(len(row) == len(state.table.headers) == len(state.table.numeric) for row in state.table.rows)
    for row in (fell, back):
        ends = [row["expected"][end] for end in ("low", "mark", "high")]
        assert ends == sorted(ends) and 0 < row["actual"]["value"] < 1 and ends[2] <= 1


def test_more_visits_are_said_in_plain_words_without_money():
    state = drawn(replace(REPORT, rows=(EDGE, BOTS)))
    assert plain(state.heading) == "One silent leak: Edge on desktop since about 16 Sep"
    row = state.body["rows"][1]
    assert plain(row["title"]) == "Source bing: more visits, not fewer orders, since 16 Sep (15 to 17 Sep)"
    assert plain(row["why"]) == (
        "110 of 3,809 in the 28 days before, 64 of 6,937 since. It has 3.4 times the sessions a day that it had and "
        "97 % of the orders, the whole shop's own change taken out: visits came that do not buy. Bots do this, or a "
        "campaign that reaches the wrong people. No money is counted."
    )
    assert [tag["label"] for tag in row["tags"]] == ["More visits, not fewer orders", "No tracking fault found"]
    assert (row["money"], row["range"], row["orders"]) == ("–", "nothing is lost", "No order is missing")
    assert row["expected"]["label"] == "66 expected" and row["actual"]["label"] == "64 actual"
    assert row["expected"]["low"] < row["actual"]["value"] < row["expected"]["high"]
    assert state.table.rows[1][1] == "More visits, not fewer orders" and state.table.rows[1][-3:] == ("–", "–", "–")
    alone = drawn(replace(REPORT, rows=(BOTS,)))
    assert plain(alone.heading) == "More visits, not fewer orders: Source bing since 16 Sep (15 to 17 Sep)"
    assert silent.going_on([judged(replace(REPORT, rows=(BOTS,))), judged([], "checks")], context()) is None


def test_the_heading_counts_what_goes_on_and_is_surer_of_a_single_day():
    sure = replace(EDGE, began=(sep(16), sep(16)))
    assert silent_words.heading([sure]) == "One silent leak: Edge on desktop since 16 Sep"
    assert silent_words.heading([sure, EDGE]) == "Two silent leaks, first Edge on desktop since 16 Sep"
    assert silent_words.heading([MAIL]) == "No silent leak goes on; one recovered, the last on 20 Sep"
    assert silent_words.heading([]) == "No segment fell from its own past"


def test_what_ended_before_the_shown_days_is_counted_and_not_listed():
    state = drawn(filters=Filters(date_from=sep(20), date_to=sep(31, 10)))
    assert len(state.body["rows"]) == 1
    assert "1 fall ended before the shown days and is not listed." in state.note
    assert "ended before" not in drawn().note


def test_the_note_says_what_was_watched_how_rare_chance_is_and_which_days_are_not_believed():
    note = plain(drawn(replace(REPORT, left_out=(sep(19, 8),))).note)
    assert "340 values and pairs of values were watched on 182 days, whichever are shown: 1 May – 31 Oct 2026" in note
    assert "In 10 % of stores where nothing falls one is named by chance." in note
    assert note.endswith("Not believed and left out, as data checks say: 19 Aug.")


def test_where_segments_move_by_themselves_the_note_says_how_far():
    said = plain(drawn(replace(REPORT, drift=0.08)).note)
    assert "Rates here drift by about 8 % in 28 days by themselves: only what goes beyond that is a fall." in said
    assert "drift" not in drawn().note


def test_a_row_under_a_probable_tracking_break_comes_last_and_says_so():
    google = replace(EDGE, segment={"source": "google"})
    state = drawn(replace(REPORT, rows=(google, EDGE)), [BREAK])
    assert [plain(row["title"]).split(" has ")[0] for row in state.body["rows"]] == ["Edge on desktop", "Source google"]
    assert [tag["label"] for tag in state.body["rows"][1]["tags"]] == ["Fell", "Probable tracking break"]
    assert "settle that first" in state.body["rows"][1]["why"]


def test_a_row_says_how_sure_it_is():
    sure, likely, weak = (replace(EDGE, score=score) for score in (9.1, 6.8, 5.0))
    rows = [silent_words.evidence(row, REPORT) for row in (sure, likely, weak)]
    assert plain(rows[0]).endswith("Certain: under 1 % of stores where nothing falls show one so clear by chance.")
    assert plain(rows[1]).endswith("Likely: 5 % of stores where nothing falls show one so clear by chance.")
    assert plain(rows[2]).endswith("Possible: 23 % of stores where nothing falls show one so clear by chance.")


def test_nearly_nothing_left_at_once_is_to_be_looked_at_first():
    broken = replace(EDGE, conversions=3, ratio=3 / 206.2, ratio_interval=(0.0, 0.03))
    [row] = drawn(replace(REPORT, rows=(broken,))).body["rows"]
    assert row["tags"][1]["label"] == "Probable tracking break or broken page"
    assert row["why"].endswith("Look at it first.")


def test_nothing_found_says_what_could_have_been_seen():
    nothing = drawn(replace(REPORT, rows=())).body["nothing"]
    assert plain(nothing["text"]) == (
        "340 values and pairs of values were watched on 182 days: none fell beyond chance. The largest of them must "
        "lose 16 % of its conversions to show within 28 days, a middling one 87 %."
    )
    unseen = drawn(replace(REPORT, rows=(), smallest=(0.5, None))).body["nothing"]
    assert plain(unseen["text"]).endswith("a middling one could lose all of them unseen.")


def test_too_few_days_and_too_few_conversions_are_two_states():
    state = drawn(replace(NOTHING, days=5, sessions=10_000, conversions=94))
    assert state.heading == "Not enough days to watch"
    assert plain(state.body["nothing"]["text"]) == (
        "Dating a fall needs 28 days before it; the store holds 5 up to the last shown day. The watch starts by itself "
        "when they are there."
    )
    few = drawn(replace(NOTHING, days=60, sessions=1000, conversions=9))
    assert few.heading == "Not enough converted sessions to watch"
    assert few.body["nothing"]["title"] == "Too few to watch"


def test_a_file_of_silent_leaks_names_its_segments_as_the_page_does():
    flat = replace(judged(REPORT), rows=watch_rows(REPORT))
    assert [row["segment_name"] for row in named_rows(flat)] == ["Edge on desktop", "Source newsletter"]
    assert [(row["onset"], row["recovered"]) for row in named_rows(flat)] == [
        (sep(16), None),
        (sep(30, 8), sep(20)),
    ]


def test_inside_one_segment_the_card_says_why_that_one_is_not_named():
    inside = replace(SHOWN, include=Filters.of(include={"browser": ["Edge"]}).include)
    assert drawn(replace(REPORT, rows=()), filters=inside).note.startswith("Browser is Edge in all these sessions")


def leaks_finding(report, checks=()):
    asked = [Judged("leaks", [], "", {}, 0, Filters(), Explained(leak_report(leaks=(SAFARI,))))]
    asked += [judged(report), judged(list(checks), "checks")]
    return [plain(part) for part in leaks_finding_with_silent(asked, replace(context(), filters=SHOWN))]


def test_the_view_of_leaks_opens_with_the_silent_leak_that_goes_on():
    said, line = leaks_finding(REPORT)
    assert said == "Edge on desktop has converted at 31 % of its past since about 16 Sep, worth about $13 k a month."
    assert line.startswith("One leak costs about")
    for none in (replace(REPORT, rows=(MAIL,)), NOTHING):
        assert leaks_finding(none)[0].startswith("One leak costs about")


def test_the_pages_sentence_prefers_what_is_dated_to_what_moved():
    flat = counted(84_808, 1713), counted(77_120, 1561)
    assert finding_of(*flat, MOVERS, REPORT).endswith(
        "no clear change, but Edge on desktop has converted at 31 % of its past since about 16 Sep."
    )
    assert finding_of(*flat, MOVERS, replace(REPORT, rows=(MAIL,))).endswith("but Edge fell from 2.80 % to 0.92 %.")


def test_a_leak_under_a_tracking_break_is_not_said_first():
    google = replace(EDGE, segment={"source": "google"})
    results = [judged(replace(REPORT, rows=(google,))), judged([BREAK], "checks")]
    assert silent.going_on(results, replace(context(), filters=SHOWN)) is None
