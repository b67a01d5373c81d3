"""The sentences of funnels by dimension, leaderboards, pivots, places and the quality view, on rows by hand."""

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import pytest
from charts_builders import context, counted, day, funnel_rows, result, source_rows
from test_charts_sentences import plain

from dashboard.charts import (
    days_held,
    ingests,
    leaderboards,
    left_out,
    not_set,
    pivot,
    rejects,
    revenue_lost,
    source_cells,
    takeaways,
    view_findings,
)
from dashboard.charts import (
    funnel_rows as by_hand,
)
from queries.check import Check
from queries.filters import Filters
from queries.funnel import ENGAGEMENT
from queries.judged import Judged
from queries.leak_report import Detectable, LeakReport
from queries.pivot import Group
from queries.revenue import Estimate
from queries.store import Rejected
from queries.vocabulary import DIMENSIONS

COMPARED = Filters.of(dt.date(2017, 7, 2), dt.date(2017, 7, 4))


def judged(found, rows=()):
    return Judged("built", list(rows), "", {}, 1, Filters(), found)


def segments(**counts):
    return result([counted(sessions, converted, segment=name) for name, (sessions, converted) in counts.items()])


def test_small_groups_stand_together_and_cannot_be_filtered_to():
    reach = {(str(number),): (100 - number, 10, 5, 1) for number in range(9)}
    kept = by_hand.merged(reach, by_hand.largest(reach))
    assert len(kept) == 6
    assert sum(counts[0] for counts in kept.values()) == sum(counts[0] for counts in reach.values())
    assert by_hand.action_of(("source",), ("(other)",)) is None
    assert by_hand.phrase_of(("source",), ("(other)",)) == "elsewhere"


def test_the_same_dimension_twice_is_one():
    assert by_hand.chosen_dimensions({"by": "Source", "and": "Source"}) == ("source",)
    assert by_hand.chosen_dimensions({}) == ("device_category",)




def test_estimates_of_steps_add_up_in_quadrature():
    total = revenue_lost.added([Estimate(70.0, 100.0, 140.0), Estimate(160.0, 200.0, 230.0)])
    assert (total.low, total.median, total.high) == pytest.approx((250.0, 300.0, 350.0))
    assert revenue_lost.added([]) is None


def test_a_step_costs_what_its_leaks_and_its_devices_lack_and_no_other_gap():
    def row(kind, low, median, high, **segment):
        money = Estimate(low, median, high)
        return SimpleNamespace(kind=kind, segment=segment, revenue_at_stake=money)

    leaks = [row("leak", 70.0, 100.0, 140.0, device_category="mobile", country="US")]
    gaps = [row("gap", 160.0, 200.0, 230.0, device_category="tablet"), row("gap", 1.0, 900.0, 999.0, country="GB")]
    report = SimpleNamespace(leaks=leaks, gaps=gaps, in_period=lambda money: money)
    [one, none] = revenue_lost.estimates_of([SimpleNamespace(leaks=report)], 2)
    assert (one.estimate.low, one.estimate.median, one.estimate.high) == pytest.approx((250.0, 300.0, 350.0))
    assert one.who == ("Sessions on mobile in United States", "Tablet")
    assert none.estimate is None


def test_a_leaderboard_ranks_only_what_is_large_enough():
    rows = segments(big=(500, 5), good=(200, 20), tiny=(9, 3)).rows
    assert [row["segment"] for row in leaderboards.ranked(rows, {}, "Rate", 100)] == ["good", "big", "tiny"]
    worst_first = leaderboards.ranked(rows, {}, "Rate", 100, leaderboards.SMALLEST)
    assert [row["segment"] for row in worst_first] == ["big", "good", "tiny"]
    assert leaderboards.cells_of(rows[2], None, 100, False)[1] == "too few"
    past = {"good": counted(200, 10, segment="good")}
    assert leaderboards.ranked(rows, past, "Change", 100)[0]["segment"] == "good"


def boards(chosen, before=None, **dimension):
    shown = [dimension.get(name, segments(**{"(not set)": (700, 25)})) for name in DIMENSIONS]
    return leaderboards.update([*shown, *(before or [result([])] * len(DIMENSIONS))], chosen)


def test_a_board_counts_the_values_that_it_does_not_send():
    rows = segments(**{f"source{number}": (300 - number, 5) for number in range(239)})
    [board] = boards(context(), source=rows).body["boards"]
    assert (len(board["rows"]), board["unsent"]) == (200, 39)


def test_leaderboards_show_rate_interval_and_revenue_and_say_what_no_export_gives():
    state = boards(
        context(Filters.of(include={"source": ["good"]})), source=segments(big=(500, 5), good=(200, 20), tiny=(9, 3))
    )
    [board] = state.body["boards"]
    assert [row["name"] for row in board["rows"]] == ["big", "good", "tiny"]
    assert [row.get("state", "") for row in board["rows"]] == ["", "selected", "few"]
    assert [plain(text) for text in board["rows"][1]["cells"]] == ["200", "10.0 %", "$2.00 k"]
    assert plain(board["rows"][1]["subs"][1]) == "6.6–14.9 %"
    assert board["rows"][0]["action"] == {"dimension": "source", "value": "big"}
    assert (
        plain(state.heading)
        == "Source good stands out: 10.0 % of 200 sessions convert, of other source values no more than 2.32 %"
    )
    assert "No export here gives device" in state.note


def test_leaderboards_show_the_change_in_points_and_as_a_ratio_when_days_are_compared():
    before = [segments(good=(200, 8)) if name == "source" else result([]) for name in DIMENSIONS]
    state = boards(replace(context(), compared=COMPARED), before, source=segments(good=(200, 20), big=(500, 5)))
    [board] = state.body["boards"]
    good = next(row for row in board["rows"] if row["name"] == "good")
    assert plain(good["cells"][2]) == "+6.00 pp"
    assert plain(good["subs"][2]) == "×2.5"
    assert [head["label"] for head in state.body["heads"]] == ["Sessions", "Rate", "Change", "Revenue"]


CHANGED = {"edge": ((3000, 90), (3000, 30)), "chrome": ((9000, 180), (9000, 185)), "mail": ((2000, 20), (2000, 70)),
           "new": ((0, 0), (400, 4)), "tiny": ((20, 9), (20, 0))}  # fmt: skip


def changed(order, sort="Change"):
    before, after = ({name: pair[place] for name, pair in CHANGED.items() if pair[place][0]} for place in (0, 1))
    past = [segments(**before) if name == "source" else result([]) for name in DIMENSIONS]
    chosen = replace(context(sort=sort, order=order), compared=COMPARED)
    return boards(chosen, past, source=segments(**after))


def test_sorted_by_change_the_heading_names_the_largest_one_and_bold_is_more_than_chance():
    fell, rose = changed("Smallest first"), changed("Largest first")
    assert plain(fell.heading) == (
        "Source edge fell most: 3.00 % to 1.00 % (-2.00 pp), the only one that fell by more than chance"
    )
    assert plain(rose.heading).startswith("Source mail rose most: 1.00 % to 3.50 % (+2.50 pp)")
    assert [row["name"] for row in fell.body["boards"][0]["rows"]] == ["edge", "mail", "chrome", "new", "tiny"]
    assert [row["name"] for row in rose.body["boards"][0]["rows"]] == ["mail", "edge", "chrome", "new", "tiny"]
    marks = {row["name"]: row.get("marks") for row in fell.body["boards"][0]["rows"]}
    assert marks["edge"] == ["", "", "fall", ""]
    assert marks["mail"] == ["", "", "rise", ""]
    assert marks["chrome"] is marks["new"] is marks["tiny"] is None
    assert "at most 10 % of those that are bold" in plain(fell.note)
    yes = {row[1]: row[9] for row in fell.table.rows}
    assert (yes["edge"], yes["chrome"]) == ("yes", "–")
    assert plain(changed("Largest first", "Rate").heading).startswith("Source mail stands out")


PAIRS = {
    ("google", "desktop"): Group(1000, 30, 300.0, (1000, 0, 0, 30)),
    ("google", "mobile"): Group(1000, 2, 20.0, (1000, 0, 0, 2)),
    ("bing", "desktop"): Group(20, 1, 10.0, (20, 0, 0, 1)),
}


def test_a_pivot_names_the_pair_that_lacks_most_where_too_little_can_be_compared():
    state = pivot.update([judged(PAIRS)], context(rows="Source", columns="Device", measure="Rate"))
    assert plain(state.heading) == "google and mobile: 2 of 1,000 converted, 16 at the mean of 1.63 %"
    cell = state.body["rows"][0]["cells"][3]
    assert cell["action"] == {"where": {"source": "google", "device_category": "mobile"}}
    assert cell["fill"] == "diverging-0"
    assert state.body["rows"][1]["cells"][2]["hatch"]
    assert [plain(one["text"]) for one in state.body["rows"][-2]["cells"]] == ["All", "1.63 %", "3.04 %", "0.20 %"]
    assert [one["text"] for one in state.body["rows"][-1]["cells"]] == ["Against desktop", "", "–", "lower in 1 of 1"]


def test_a_pivot_says_in_how_many_rows_a_device_converts_below_another():
    """Below: 2 of 1,000 against 30 of 1,000; close: 20 against 22; too few: less than an order expected in one."""
    rows = {
        "google": ((1000, 30), (1000, 2)),
        "bing": ((1000, 22), (1000, 20)),
        "yahoo": ((900, 27), (900, 1)),
        "ask": ((400, 4), (40, 0)),
    }
    pairs = {
        (source, device): Group(sessions, orders, 10.0 * orders, (sessions, 0, 0, orders))
        for source, both in rows.items()
        for device, (sessions, orders) in zip(("desktop", "mobile"), both, strict=True)
    }
    state = pivot.update([judged(pairs)], context(rows="Source", columns="Device", measure="Interval"))
    said = "Mobile against desktop: lower in 2 of 3 comparable sources, higher in none, 1 too close to tell"
    assert state.heading == f"{said}; 1 too few to say"
    last = state.body["rows"][-1]["cells"][-1]
    assert (last["text"], last["sub"]) == ("lower in 2 of 3", "higher in none")
    assert last["title"] == "lower: google, yahoo; too close: bing; too few: ask"
    assert plain(state.body["rows"][0]["cells"][2]["sub"]) == "1.46–3.31 %"
    only = pivot.update([judged({key: pairs[key] for key in pairs if key[0] in ("google", "yahoo")})], context())
    assert only.heading == "Mobile against desktop: lower in both comparable sources, higher in none"


def test_a_pivot_says_which_rows_its_heading_counts():
    """Two can be compared, one has too few orders, one was never seen on mobile, and ten small ones stand together."""
    rows = {"google": ((1000, 30), (1000, 2)), "bing": ((1000, 22), (1000, 20)), "ask": ((900, 4), (40, 0))}
    rows |= {f"site{number}": ((300 - number, 1),) for number in range(pivot.ROWS)}
    pairs = {
        (source, device): Group(sessions, orders, 10.0 * orders, (sessions, 0, 0, orders))
        for source, both in rows.items()
        for device, (sessions, orders) in zip(("desktop", "mobile"), both, strict=False)
    }
    state = pivot.update([judged(pairs)], context(rows="Source", columns="Device", measure="Rate"))
    assert state.heading.startswith("Mobile against desktop: lower in 1 of 2 comparable sources, ")
    assert state.note.startswith(
        "12 sources have a row of their own: 2 can be compared, 1 has too few orders and 9 have no session in one of "
        "the two (–); the row “(other)” is not counted. "
    )
    assert "no session in one of the two: site0, site1" in state.body["rows"][-1]["cells"][-1]["title"]
    few = pivot.update([judged({key: pairs[key] for key in pairs if not key[0].startswith("site")})], context())
    assert few.note.startswith("3 sources have a row of their own: 2 can be compared and 1 has too few orders. ")


def test_a_pivot_of_a_dimension_with_itself_takes_another():
    assert pivot.dimensions_of({"rows": "Device", "columns": "Device"}) == ("device_category", "visitor_type")
    assert pivot.dimensions_of({"rows": "nonsense"}) == ("source", "device_category")


def test_channels_are_told_in_the_rows_of_sources():
    many = {(f"c{number}", "desktop"): Group(100 - number, 1, 5.0, (1, 1, 1, 1)) for number in range(13)}
    rows = source_cells.cells_of(judged(many))
    whole = [row for row in rows if row["device_category"] == "(all)"]
    assert [row["row_kind"] for row in whole] == ["source"] * 10 + ["more", "all"]
    assert whole[-2]["sources"] == 3
    assert whole[-1]["sessions"] == sum(group.sessions for group in many.values())
    assert sum(row["sessions"] for row in whole[:-1]) == whole[-1]["sessions"]


def test_days_whose_export_lacks_a_column_have_a_line_below_and_no_exclamation_mark():
    rows = [counted(100, 2, session_date=day(number)) for number in (2, 3, 4, 5)]
    bare = Check("not exported", "missing", day(3), day(4), "landing_page, hostname", sessions=200)
    state = days_held.update([result(rows), judged([bare])], context(days=4))
    for strip in state.body["rows"]:
        assert [cell.get("lacks", False) for cell in strip["cells"]] == [False, True, True, False]
        assert not any("mark" in cell for cell in strip["cells"])
    assert plain(state.body["rows"][0]["cells"][1]["title"]) == (
        "Mon 3 Jul: 100 sessions; no session has a landing page or a hostname: not in the export"
    )
    assert {"label": days_held.LACKS, "shape": "line"} in state.body["legend"]
    whole = days_held.update([result(rows), judged([])], context(days=4))
    assert [item["label"] for item in whole.body["legend"]] == ["fewest", "most", "no export"]


def test_days_held_counts_the_missing_and_marks_the_odd():
    rows = [
        {"session_date": day(2), "sessions": 10, "conversions": 1},
        {"session_date": day(4), "sessions": 30, "conversions": 0},
    ]
    odd = Check("no orders", "cannot tell", day(4), day(4))
    state = days_held.update([result(rows), judged([odd])], context(days=3, missing=(1,)))
    assert state.heading == "2 of 3 days are in the store, 1 is missing"
    first, gap, last = state.body["rows"][0]["cells"]
    assert (first["level"], gap["level"], last["level"]) == (2, None, 6)
    assert last["mark"] == "!"


def test_not_set_names_what_no_export_gives_and_the_emptiest_of_the_rest():
    row = {"session_date": day(2), "sessions": 100, **dict.fromkeys(DIMENSIONS, 0), "browser": 40, "hostname": 100}
    state = not_set.update([result([row])], context(days=1))
    assert plain(state.heading) == "Browser is (not set) in 40 % of sessions; hostname is in no export here"
    assert [line["label"] for line in state.body["rows"]][:2] == ["Browser", "Device"]
    assert state.note.endswith("In no export here, and so without a strip: hostname.")
    assert state.table.rows[0][:2] == ("Hostname", "100")
    assert state.body["rows"][0]["cells"][0]["level"] == 4


def commit(version, **given):
    counts = dict.fromkeys(("added", "replaced", "duplicates", "rejected"), 0)
    at = dt.datetime(2026, 11, 24, 14, 4, tzinfo=dt.UTC)
    usual = {"version": version, "at": at, "operation": "ingest", "files": ["a.csv"], "file_count": 1, **counts}
    return usual | given


def test_the_ingest_report_adds_up_and_names_its_files():
    rows = [commit(1, files=["b.csv", "c.csv"], file_count=2, added=50, rejected=5), commit(0, added=940, duplicates=5)]
    state = ingests.update([judged([], rows)], context())
    assert plain(state.heading) == "1,000 rows read, 0.50 % rejected (5)"
    assert state.body["rows"][0]["cells"][1]["text"] == "b.csv and 1 more"
    assert state.body["rows"][-1]["cells"][2]["text"] == "990"


def test_rejected_rows_show_where_they_stood_but_never_an_id():
    found = [
        Rejected("march.csv", 7, "date is in the future", "20990101"),
        Rejected("march.csv", 9, "date is in the future", "20990102"),
        Rejected("march.csv", 11, "no visitor or visit id", "secret / "),
    ]
    state = rejects.update([judged(found, [commit(0, rejected=3)])], context())
    assert state.heading == "3 rows to look at: most often, date is in the future (2)"
    assert state.body["rows"][0]["cells"][2]["text"] == "march.csv, row 7: 20990101"
    assert "secret" not in str(state)


def test_where_no_row_was_rejected_each_fate_of_the_rows_is_ticked_off():
    state = rejects.update([judged([], [commit(0, added=940, duplicates=5), commit(1, added=50)])], context())
    assert state.heading == "No row was rejected"
    assert state.body["nothing"]["sound"] == ["990 rows added", "5 rows in the store already"]


def test_what_charts_leave_out_is_counted():
    lines = left_out.left_out(
        100,
        [counted(7, 0, country="(not set)", enough=False), counted(20, 0, country="MT", enough=False)],
        [{"position": 1, "sessions": 57}, {"position": 2, "sessions": 43}],
        [{"reached": 97}],
        [{"sessions": 18}],
        [counted(4, 0, segment="(not set)")],
        source_rows((100, 2), google={"desktop": (100, 2)}),
    )
    assert [line.sessions for line in lines] == [7, 20, 57, 3, 82, 4, 0]
    assert left_out.heading(sorted(lines, key=lambda line: -line.sessions), 100) == (
        "Converted against engaged leaves out most: 82 of 100 sessions"
    )


BREAK = Check(
    "vanished", "probable tracking break", dt.date(2017, 7, 5), dt.date(2017, 7, 5), "source", "google", 0, 1710, 1201,
    "(direct)", 2217, 359,
)  # fmt: skip


def by_day(source, number, sessions, conversions):
    return {"source": source, "session_date": day(number), "sessions": sessions, "conversions": conversions}


def test_money_of_steps_is_given_for_the_period_of_the_leak_list():
    rows = [{"ceiling": 184_000.0, "revenue": 1840.0}, {"ceiling": None, "revenue": 1840.0}]
    days = LeakReport((), 0, 0, 0, 0, 0.1, 0.8, 184, Detectable(None, None, None), (), (), (), Estimate(0, 0, 0))
    assert [row["ceiling"] for row in revenue_lost.in_period(rows, days)] == [pytest.approx(30_437.5), None]
    short = replace(days, days=5)
    assert revenue_lost.in_period(rows, short)[0]["ceiling"] == 184_000.0


def test_source_figures_under_a_tracking_break_are_said_to_be_unreliable():
    rows = [by_day("google", 4, 3936, 21), by_day("(direct)", 4, 1621, 29), by_day("(direct)", 5, 2217, 40)]
    now, past = result([counted(100, 2)]), [result([]), result([]), judged([])]
    said, more = view_findings.sources_finding([judged([BREAK]), now, result(rows), now, *past], context())
    assert said == (
        "Source figures are not reliable for this period: on 5 Jul google sessions appear to be filed under (direct)."
    )
    assert plain(more).endswith(
        "Without 5 Jul, (direct) converts 1.79 % (29 of 1,621) and google 0.53 % (21 of 3,936)."
    )
    said, more = view_findings.sources_finding([judged([BREAK]), now, result(rows), now, *past], context(days=184))
    assert said.startswith("2 of 100 sessions converted")
    assert more.startswith("Source figures are not reliable on 5 Jul, 1 of 184 days. On 5 Jul google recorded 0")
    said, more = view_findings.sources_finding([judged([]), now, result(rows), now, *past], context())
    assert said.startswith("2 of 100 sessions converted")
    assert more == "No fault was found in the tracking of sources."


def test_the_quality_view_opens_with_the_gravest():
    said, more = view_findings.quality_finding([judged([BREAK])], context())
    assert said == "One thing to settle before acting on this period."
    assert more.startswith("On 5 Jul google recorded 0 sessions")


def test_weak_pairs_are_named_with_their_counts_and_never_on_a_handful():
    rows = source_rows(
        (10_000, 94),
        google={"desktop": (3000, 1), "mobile": (2, 0)},
        other={"desktop": (4000, 90), "mobile": (2998, 3)},
    )
    found = takeaways.weak_pair_takeaway(rows, [])
    assert found.sentence == (
        "Furthest below the mean: google on desktop 1 of 3,000 (28 expected) and other on mobile 3 of 2,998 (28 "
        "expected)."
    )
    assert found.certainty == takeaways.SURE


def test_a_funnel_may_be_counted_from_what_reached_its_steps():
    rows = by_hand.rows_from({("desktop",): (10, 5, 2, 1)}, ENGAGEMENT)[("desktop",)]
    assert rows == [row | {"segment": "desktop"} for row in funnel_rows(desktop=(10, 5, 2, 1))]


