"""What the views of sources and of time on site say changed since the compared days: only what chance does not do."""

import datetime as dt
from dataclasses import replace

import pytest
from charts_builders import context, counted, result

from dashboard.charts import view_changes, view_findings
from queries.check import Check
from queries.filters import Filters
from queries.judged import Judged

AGAINST = "Against 26 Jun to 1 Jul 2017"
COMPARED = replace(context(), compared=Filters.of(dt.date(2017, 6, 26), dt.date(2017, 7, 1)))


def plain(text):
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def values(**counts):
    return [counted(sessions, orders, segment=name) for name, (sessions, orders) in counts.items()]


def lengths(**counts):
    words = {"p2": "< 10 s", "p5": "3-5 m", "p7": "10-20 m", "p1": "0 s (not measured)"}
    return [
        counted(*held, segment="desktop", position=int(name[1]), bucket=words[name], share=0.1)
        for name, held in counts.items()
    ]  # fmt: skip


def of_sources(now, before, **more):
    return plain(view_changes.values_sentence(values(**now), values(**before), COMPARED, "source", **more))


def test_the_source_that_changed_most_beyond_chance_is_named_with_how_many_did():
    before = {"google": (2000, 60), "bing": (2000, 60), "yahoo": (2000, 60), "tiny": (50, 0)}
    fell = {"google": (2000, 20), "bing": (2000, 62), "yahoo": (2000, 58), "tiny": (50, 20)}
    assert of_sources(fell, before) == (
        f"{AGAINST} source google fell from 3.00 % to 1.00 % (−2.00 pp, −2.91 to −1.15), the only one of 3 sources "
        "that changed by more than chance."
    )
    two = of_sources(fell | {"yahoo": (2000, 110)}, before)
    assert two.startswith(f"{AGAINST} source yahoo rose most, from 3.00 % to 5.50 %")
    assert two.endswith("; 2 of 3 sources changed by more than chance.")


def test_one_of_many_sources_that_moved_as_chance_lets_one_is_not_named():
    """A p of 0.03 is remarkable alone, not as one of thirty."""
    before = {f"s{number}": (1000, 30) for number in range(30)}
    moved = {"s0": (1000, 48)}
    assert "none of 30 sources with 100 sessions or more changed its rate" in of_sources(before | moved, before)
    assert " rose from 3.00 % to 4.80 %" in of_sources(moved, before)


def test_a_source_under_a_tracking_break_is_no_change_of_traffic():
    before, now = {"google": (2000, 60), "bing": (2000, 60)}, {"google": (2000, 20), "bing": (2000, 60)}
    assert of_sources(now, before, broken={"google"}) == (
        f"{AGAINST} source bing with 100 sessions or more did not change its rate by more than chance."
    )


def test_without_a_compared_period_nothing_is_said_of_change():
    assert view_changes.values_sentence(values(a=(900, 9)), values(a=(900, 90)), context(), "source") == ""
    assert view_changes.values_sentence(values(a=(900, 9)), [], COMPARED, "source") == ""
    assert view_changes.duration_sentence(lengths(p5=(900, 9)), [], COMPARED) == ""


def test_the_finding_of_sources_says_what_changed_and_leaves_out_what_broke():
    now, before = values(google=(2000, 20), bing=(2000, 62)), values(google=(2000, 60), bing=(2000, 60))
    broke = Check("vanished", "probable tracking break", dt.date(2017, 6, 28), dt.date(2017, 6, 28), "source", "google")
    overview = result([counted(4000, 82)])

    def said(*checks_before):
        none, found = (Judged("checks", [], "", {}, 1, Filters(), list(each)) for each in ((), checks_before))
        asked = [none, overview, result([]), overview, result(now), result(before), found]
        return plain(view_findings.sources_finding(asked, COMPARED)[1])

    assert "source google fell from 3.00 % to 1.00 %" in said()
    assert said().endswith("No fault was found in the tracking of sources.")
    assert "google" not in said(broke)


def test_time_on_site_and_the_rate_by_it_are_said_to_have_changed_only_beyond_chance():
    before = lengths(p1=(9000, 9), p2=(2000, 2), p5=(2000, 40), p7=(1000, 200))
    same = plain(view_changes.duration_sentence(before, before, COMPARED))
    assert same == (
        f"{AGAINST} visits are as long, within chance: 20 % of those measured last 5 minutes or more, 20 % "
        "before; the rate at none of 3 times on site changed by more than chance."
    )
    now = lengths(p1=(500, 9), p2=(2000, 2), p5=(2000, 40), p7=(2000, 200))
    said = plain(view_changes.duration_sentence(now, before, COMPARED))
    assert "visits are longer by more than chance: of those measured 20.0 % to 33.3 %" in said
    assert "the rate at 10–20 min fell by more than chance, from 20.0 % to 10.0 %" in said


def test_a_period_whose_export_has_no_durations_is_not_compared():
    bare = lengths(p1=(9000, 90))
    said = view_changes.duration_sentence(lengths(p1=(500, 9), p5=(2000, 40)), bare, COMPARED)
    assert said == "Nothing can be said of what changed: one of the two periods has no measured duration."


@pytest.mark.parametrize(("group", "by"), [("Source", "source"), ("Channel", "channel_group")])
def test_the_finding_asks_for_the_tab_that_is_shown(group, by):
    asked = view_findings.SOURCES.asks({"group": group})
    assert [need.by for need in asked if need.metric == "segments"] == [by, by]
