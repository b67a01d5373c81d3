"""What is at stake: falls, leaks and gaps in one list, on rows written by hand."""

from dataclasses import replace

import pytest
from charts_builders import context
from test_charts_findings import BREAK, MOBILE, NEWCOMERS, SAFARI, YOUTUBE, judged, report
from test_charts_movers import MAIL, REPORT
from test_charts_sentences import plain

from dashboard.charts import biggest
from queries.judged import Explained
from queries.revenue import Estimate

MONTHS = 183 / 30.4375


def shown(found, moved=None, checks=()):
    return biggest.update([judged(Explained(found)), judged(list(checks)), judged(moved)], context())


def titles(state):
    return [plain(row["title"]).split(":")[0] for row in state.body["rows"]]


def test_every_kind_stands_in_one_list_with_most_at_stake_first():
    """A month: Edge lost 14,000 / 1.5 or more, Mobile 1,297 / 6, Safari 310 / 6, YouTube 155 / 6."""
    state = shown(report(leaks=(SAFARI,), gaps=(MOBILE, YOUTUBE)), REPORT)
    assert [plain(title) for title in titles(state)] == [
        "Edge fell from 2.80 % to 0.92 %", "Mobile", "Safari on mobile from newsletter", "Source youtube.com",
    ]  # fmt: skip
    assert plain(state.heading) == "1 fall, 1 leak and 2 gaps: most at stake on Edge, 64 of 206 expected"
    lows = [loss.stake.low for loss in biggest.losses_of(report(leaks=(SAFARI,), gaps=(MOBILE, YOUTUBE)), REPORT, [])]
    assert lows == sorted(lows, reverse=True)
    assert lows[1] == pytest.approx(1297 / MONTHS)


def test_what_rose_is_no_loss_and_a_fall_has_its_money_without_a_sign():
    state = shown(report(), REPORT)
    assert len(state.body["rows"]) == 1
    [row] = state.body["rows"]
    assert row["money"][0] == row["range"][0] == "$"
    assert [tag["label"] for tag in row["tags"]] == ["Fell", "No tracking fault found"]
    assert plain(row["why"]) == "182 of 6,504 before, 64 of 6,937 now."
    assert not shown(report(), replace(REPORT, rows=(MAIL,))).body["rows"]


def test_a_gap_of_the_very_segment_that_fell_is_told_with_its_fall():
    edge = replace(MOBILE, segment={"browser": "Edge"})
    state = shown(report(gaps=(edge, MOBILE)), REPORT)
    assert titles(state) == ["Edge fell from 2.80\u202f% to 0.92\u202f%".replace("\u202f", " "), "Mobile"]
    assert [tag["label"] for tag in state.body["rows"][0]["tags"]] == ["Fell", "Gap", "No tracking fault found"]
    assert state.table.rows[0][0] == "Fell and Gap"
    assert plain(state.heading).startswith("1 fall, no leak and 1 gap: most at stake on Edge")


def test_all_rows_stand_on_one_scale():
    state = shown(report(leaks=(SAFARI,)), REPORT)
    fall, leak = state.body["rows"]
    assert fall["expected"]["mark"] / leak["expected"]["mark"] == pytest.approx(206.2 / 9.1)
    assert max(row["expected"]["high"] for row in state.body["rows"]) == pytest.approx(0.8)


def test_a_fall_is_named_beside_a_gap_that_costs_more():
    mobile = replace(MOBILE, revenue_at_stake=Estimate(90_000.0, 99_000.0, 120_000.0))
    state = shown(report(gaps=(mobile,)), REPORT)
    assert plain(state.heading) == (
        "1 fall, no leak and 1 gap: most at stake on Mobile, 7 of 44 expected, a gap; of what fell, on Edge"
    )


def test_without_a_comparison_nothing_is_said_of_falls():
    state = shown(report(leaks=(SAFARI,), gaps=(NEWCOMERS, MOBILE)))
    assert plain(state.heading) == "1 leak and 1 gap besides first visits: most at stake on Mobile, 7 of 44 expected"
    assert shown(report()).heading == "No leak and no gap can be named in these sessions"
    assert shown(report()).body["nothing"]["text"] == "No leak or gap can be named here."
    nothing = replace(REPORT, rows=())
    assert shown(report(), nothing).heading == "No leak and no gap can be named in these sessions"


def test_first_visits_and_broken_tracking_come_last_and_first_visits_do_not_count():
    google = replace(MOBILE, segment={"source": "google"}, revenue_at_stake=Estimate(9000.0, 9500.0, 9900.0))
    state = shown(report(gaps=(google, NEWCOMERS, YOUTUBE)), None, [BREAK])
    assert titles(state) == ["Source youtube.com", "New visitors", "Source google"]
    assert "Its tracking broke, so it comes last." in state.body["rows"][2]["why"]
    assert state.heading.startswith("No leak and 2 gaps besides first visits: most at stake on Source youtube.com")
    alone = shown(report(gaps=(NEWCOMERS,)))
    assert alone.heading == "No leak, and only first visits convert below their peers, as they do nearly everywhere"
    assert [tag["label"] for tag in alone.body["rows"][0]["tags"]] == ["Gap", "Usual for first visits"]


def test_five_rows_are_shown_and_the_table_has_all():
    many = tuple(replace(MOBILE, segment={"source": f"source {number}"}) for number in range(8))
    state = shown(report(gaps=many))
    assert (state.body["shown"], len(state.body["rows"])) == (5, 8)
    assert len(state.table.rows) == 8
    assert state.heading.startswith("No leak and 8 gaps")
    assert len(state.table.headers) == len(state.table.rows[0]) == len(state.table.numeric)


def test_what_does_not_count_makes_no_bar_small_from_behind_the_button():
    many = tuple(replace(MOBILE, segment={"source": f"source {number}"}) for number in range(5))
    state = shown(report(gaps=(*many, replace(NEWCOMERS, expected=4000.0))))
    assert len(state.body["rows"]) == 5
    assert max(row["expected"]["high"] for row in state.body["rows"]) == pytest.approx(0.8)
    assert len(state.table.rows) == 6


def test_open_findings_are_those_that_are_neither_broken_nor_first_visits():
    google = replace(MOBILE, segment={"source": "google"})
    found = judged(Explained(report(leaks=(SAFARI,), gaps=(NEWCOMERS, MOBILE, google))))
    assert biggest.open_findings([found, judged([BREAK])], context()) == 2
