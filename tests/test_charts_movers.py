"""The card of what moved, and the page's sentence with it, on rows written by hand."""

import datetime as dt
from dataclasses import replace

from charts_builders import context, counted, result
from test_charts_findings import BREAK, MOBILE, SAFARI
from test_charts_findings import report as leak_report
from test_charts_sentences import plain

from dashboard.charts import finding, movers, view_findings
from dashboard.download import named_rows
from queries.filters import Filters
from queries.judged import Explained, Judged
from queries.movers import Mover, Movers, mover_rows
from queries.revenue import Estimate

COMPARED = Filters.of(date_from=dt.date(2017, 6, 26), date_to=dt.date(2017, 7, 1))
EDGE = Mover(
    {"browser": "Edge"}, (6504, 6937), (182, 64), 206.2, 64 / 206.2, (0.25, 0.39), Estimate(108.0, 141.6, 180.0),
    Estimate(14_000.0, 19_000.0, 24_000.0), 4e-11,
)  # fmt: skip
MAIL = Mover(
    {"source": "newsletter", "device_category": "mobile"}, (900, 1000), (9, 30), 11.0, 30 / 11, (1.8, 4.2),
    Estimate(-25.0, -19.0, -12.0), Estimate(-2500.0, -1900.0, -1200.0), 1e-4,
)  # fmt: skip
REPORT = Movers(("browser", "source"), (77_120, 84_808), (1561, 1713), 701, 4001, 0.1, 0.8, (EDGE, MAIL), 46)


def judged(report, metric="movers"):
    return Judged(metric, [], "", {}, 0, Filters(), report)


def held(**given):
    return replace(context(), compared=COMPARED, **given)


def found(**lists):
    return judged(Explained(leak_report(**lists)), "leaks")


def drawn(report=REPORT, checks=(), **lists):
    return movers.update([judged(report), judged(list(checks), "checks"), found(**lists)], held())


def test_the_card_names_what_fell_first_with_its_counts_and_money_a_month():
    state = drawn()
    assert plain(state.heading) == "Edge fell from 2.80 % to 0.92 %, and 1 other segment moved"
    fell, rose = state.body["rows"]
    assert plain(fell["title"]) == ("Edge fell from 2.80 % to 0.92 %: 64 converted sessions where 206 were expected")
    assert plain(fell["why"]) == (
        "182 of 6,504 before, 64 of 6,937 now. Converts at 31 % (80 % interval 25 to 39 %) of what its own past and "
        "all others give."
    )
    assert [tag["label"] for tag in fell["tags"]] == ["Fell", "No tracking fault found"]
    assert plain(fell["money"]) == "-$13 k"
    assert plain(fell["orders"]) == "142 (108–180) missing"
    assert fell["orders_over"] == "in 46 days"
    assert fell["action"] == {"where": {"browser": "Edge"}, "view": "overview"}
    assert plain(rose["title"]).startswith("Sessions on mobile from newsletter rose from 1.00 % to 3.00 %")
    assert plain(rose["money"]) == "+$1.3 k"
    assert plain(rose["orders"]) == "19 (12–25) more"
    assert state.body["heads"][2] == "Against its past a month"
    assert "Money counts orders missing, or besides, against a segment's own past; other cards count" in state.note
    assert len(state.table.rows) == 2
    assert len(state.table.headers) == len(state.table.rows[0]) == len(state.table.numeric)


def test_the_note_says_what_was_compared_and_with_which_days():
    note = plain(drawn().note)
    assert "its own rate of 26 Jun – 1 Jul 2017" in note
    assert "701 values and pairs were compared, of which at most 10 % are expected to be false; 4,001 are too" in note


def test_a_segment_that_stayed_while_all_others_rose_is_not_said_to_have_fallen_in_rate():
    flat = replace(EDGE, sessions=(1000, 1000), conversions=(20, 21), expected=40.0, ratio=0.52)
    assert plain(movers.moved_words(flat)) == "Edge stayed at 2.10 % (2.00 % before) while others rose"


def test_a_row_under_a_probable_tracking_break_comes_last_and_says_so():
    google = replace(EDGE, segment={"source": "google"})
    state = drawn(replace(REPORT, rows=(google, EDGE)), [BREAK])
    assert [plain(row["title"]).split(" fell")[0] for row in state.body["rows"]] == ["Edge", "Source google"]
    assert [tag["label"] for tag in state.body["rows"][1]["tags"]] == ["Fell", "Probable tracking break"]
    assert "settle that first" in state.body["rows"][1]["why"]


def test_nothing_that_moved_and_too_few_to_say_are_two_states():
    none = drawn(replace(REPORT, rows=()))
    assert none.heading == "No move of a segment can be told from chance"
    assert plain(none.body["nothing"]["text"]).startswith("701 values and pairs of values were compared")
    assert none.table is None
    few = drawn(replace(REPORT, rows=(), searched=0))
    assert few.body["nothing"]["title"] == "Too few to say"


def test_without_a_comparison_the_card_has_nothing_and_is_not_on_the_page():
    state = movers.update([result([]), judged([], "checks")], context())
    assert state.heading == "Nothing is compared"
    assert state.body["nothing"]["opens"] == "days"
    assert movers.CHART.compares


def finding_of(now, before, report, watch=None):
    steps = [{"position": 1, "step": "Browsed", "reached": 10, "abandonments": None}]
    asked = [result([now]), result(steps), result([]), result([before]), result(steps), judged(report)]
    asked += [judged(watch, "silent_leaks"), judged([], "checks")]
    return plain(finding.finding_with_movers(asked, held())[0])


def test_the_page_says_what_a_flat_total_hides():
    same = finding_of(counted(84_808, 1713), counted(77_120, 1561), REPORT)
    assert same == "Conversion is 2.02 %, 2.02 % before: no clear change, but Edge fell from 2.80 % to 0.92 %."
    down = finding_of(counted(84_808, 1213), counted(77_120, 1561), REPORT)
    assert down.startswith("Conversion fell from 2.02 % to 1.43 %")
    assert down.endswith(" Edge fell from 2.80 % to 0.92 %.")
    assert "Edge" not in finding_of(counted(84_808, 1713), counted(77_120, 1561), replace(REPORT, rows=()))


def test_a_handful_of_sessions_is_not_compared_in_the_pages_sentence():
    assert finding_of(counted(5, 0), counted(8, 1), None) == (
        "Too few sessions to compare: 0 of 5 converted, 1 of 8 before."
    )


def test_a_file_of_what_moved_names_its_segments_as_the_page_does():
    flat = replace(judged(REPORT), rows=mover_rows(REPORT))
    assert [row["segment_name"] for row in named_rows(flat)] == ["Edge", "Sessions on mobile from newsletter"]
    assert [row["segment"] for row in named_rows(flat)] == [
        "browser=Edge",
        "source=newsletter & device_category=mobile",
    ]


def test_inside_one_segment_the_card_says_why_that_one_is_not_named():
    inside = replace(held(), filters=Filters.of(include={"browser": ["Edge"]}))
    state = movers.update([judged(replace(REPORT, rows=())), judged([], "checks"), found()], inside)
    assert state.note.startswith("Browser is Edge in all these sessions: how they changed as a whole is no move")


def test_explore_opens_with_the_change_where_days_are_compared():
    now, before = counted(84_808, 1213), counted(77_120, 1561)
    said, line = view_findings.explore_finding([result([now]), result([before])], held())
    assert plain(said).startswith("Conversion fell from 2.02 % to 1.43 %")
    assert plain(line).startswith("The mean is 1.43 %")
    assert plain(view_findings.explore_finding([result([now]), result([])], context())[0]).startswith("1,213 of 84,808")


def test_a_move_says_under_which_name_its_sessions_stand_among_leaks_and_gaps():
    desktop = replace(SAFARI, segment={"browser": "Edge", "device_category": "desktop"}, sessions=6629)
    same, small = replace(MOBILE, segment={"browser": "Edge"}), replace(desktop, sessions=900)
    whys = [plain(drawn(leaks=leaks, gaps=gaps).body["rows"][0]["why"])
            for leaks, gaps in (((desktop,), ()), ((), (same,)), ((small, SAFARI), (MOBILE,)))]  # fmt: skip
    said = "Mostly the same sessions as Edge on desktop among the leaks (6,629 of 6,937)."
    assert [said in why for why in whys] == [True, False, False]
    assert ["Named among the gaps too." in why for why in whys] == [False, True, False]
