"""The register on the page: one row a finding with its name, day, step and price; differences without money."""

import datetime as dt
from dataclasses import replace

import pytest
from charts_builders import context
from test_charts_sentences import plain
from test_findings import DESKTOP_EDGE, EDGE, FIRST, ONSET, estimate, fall, leak, register

from dashboard.charts import above, finding, standing
from dashboard.charts import findings as cards
from queries.check import Check
from queries.filters import Filters
from queries.findings.register import EVERYTHING
from queries.judged import Judged


def judged(found):
    return [Judged("findings", [], "", {}, 1, EVERYTHING, found)]


def rows(found, **asked):
    return cards.Findings(context=replace(context(), **asked)).state(judged(found)).body["rows"]


def test_a_finding_is_one_row_with_its_name_day_step_and_price():
    found = register([fall()], [leak()])
    found = replace(found, findings=tuple(replace(one, step="at the order") for one in found.findings))
    state = cards.Findings(context=context()).state(judged(found))
    first, second = state.body["rows"]
    assert state.heading == "Two open findings"
    assert first["title"] == "Edge on desktop lost three quarters of its orders"
    assert first["why"] == "Since 10 Jun, at the order, certain."
    assert (plain(first["money"]), plain(first["range"])) == ("$4.0 k", "$3.2 k to $4.8 k")
    assert (first["expected"]["label"], first["actual"]["label"]) == ("40 expected", "10 actual")
    assert first["action"] == {"where": DESKTOP_EDGE, "view": "overview"}
    assert first["action_label"] == "See these sessions"
    assert second["why"] == "Since 1 May or before, at the order, certain."
    assert "Falls cost $4.0 k ($3.2 k to $4.8 k) a month." in plain(state.note)
    assert [line[0] for line in state.table.rows] == [first["title"], second["title"]]


def test_bars_stand_on_one_scale_and_inside_it():
    for row in rows(register([fall()], [leak()])):
        assert 0 <= row["actual"]["value"] < row["expected"]["mark"] <= row["expected"]["high"] <= 1 / cards.ROOM + 1e-9


def test_neither_days_nor_filters_change_the_register():
    found = register([fall()], [leak()])
    narrow = Filters.of(ONSET, ONSET, {"browser": ["Safari"]})
    titles = [row["title"] for row in rows(found)]
    assert [row["title"] for row in rows(found, filters=narrow)] == titles
    past = rows(found, filters=Filters.of(FIRST, FIRST))
    assert past[0]["why"].endswith("Outside the days shown.") and [row["title"] for row in past] == titles


def test_a_finding_in_doubt_has_no_price_and_is_not_counted():
    broken = Check("shares", "probable tracking break", ONSET, ONSET + dt.timedelta(days=15), "browser", "Edge")
    found = register([fall()], checks=[broken])
    [row] = rows(found)
    assert (row["money"], row["range"]) == ("\u2013", "its counts are in doubt")
    assert row["tags"][0] == {"label": "Tracking suspected", "look": "warn", "icon": "warn"}
    assert any("A data check touches it" in said for said in row["explain"])
    assert cards.open_findings(judged(found), context()) == 0


def test_explain_says_counts_doubt_of_the_day_and_where_else_it_shows():
    found = register([fall()], gaps=[leak("gap", EDGE, 32.0)])
    said = plain(" ".join(rows(found)[0]["explain"]))
    assert "10 of 2,000 sessions ordered, 40 expected: 18 to 34 % of what was expected." in said
    assert "In the 28 days before, 56 of 2,800 did." in said
    assert "It costs $4,000 a month, four times in five between $3,200 and $4,800." in said
    assert "The same cause shows in Browser Edge." in said


def test_a_finding_of_rare_values_put_together_cannot_be_shown_alone():
    assert "action" not in rows(register([fall({"browser": "(other)"})]))[0]


def test_standing_differences_have_no_money_and_leave_out_what_is_a_finding():
    found = register([fall()], gaps=[leak("gap", EDGE, 32.0), leak("gap", {"device_category": "mobile"}, 50.0)])
    state = standing.update(judged(found), context())
    assert state.heading == "One group buys less than similar visitors"
    assert [row["cells"][0]["text"] for row in state.body["rows"]] == ["Mobile visitors buy about two fifths less"]
    assert state.body["rows"][0]["cells"][3]["text"] == "25 orders fewer"
    assert "One more is a finding above." in state.note and "$" not in str(state)


def test_what_buys_above_average_is_a_list_without_money():
    found = register(above=[leak("above", {"country": "US"}, ratio=1.5)], strong=[leak("strong", ratio=1.4)])
    state = above.update(judged(found), context())
    assert state.heading == "Two groups buy above average"
    assert state.body["rows"][0]["cells"][0]["text"] == "Visitors in the United States buy about half more"
    none = above.update(judged(register()), context())
    assert none.heading == "Nobody buys clearly above average"


def test_nothing_found_says_what_would_have_been_seen():
    state = cards.Findings(context=context()).state(judged(replace(register(), smallest_fall=0.4)))
    assert state.heading == "No open findings"
    assert plain(state.body["nothing"]["text"]) == (
        "A fall of 40 % in a group of middle size would have been seen in 28 days."
    )
    early = cards.Findings(context=context()).state(judged(replace(register(), watched=0, days=5)))
    assert "Too early to date a fall" in early.body["nothing"]["text"]


def test_the_views_say_the_first_finding_and_what_all_cost():
    found = register([fall()], [leak()])
    first, line = cards.finding(judged(found), context())
    assert first == "Edge on desktop lost three quarters of its orders since 10 Jun. One more is open."
    assert plain(line).startswith("Falls cost $4.0 k")
    assert cards.finding(judged(register()), context())[0] == "No open findings."
    assert cards.open_findings(judged(found), context()) == 2


@pytest.mark.parametrize(("score", "told"), [(20.0, "three quarters of its orders since 10 Jun"), (5.0, "")])
def test_the_page_says_a_fall_that_the_total_hides_unless_it_could_be_chance(score, told):
    assert cards.first_fall(judged(register([fall(score=score)]))).endswith(told)


def test_a_finding_without_money_in_the_data_says_its_orders():
    [row] = rows(register([fall(monthly=estimate(0.0))]))
    assert (row["money"], row["range"]) == ("\u2013", "30 orders")


def test_the_sentence_of_the_page_takes_the_fall_in():
    assert finding.FINDING.then and finding.FINDING.then.needs[-1].metric == "findings"
