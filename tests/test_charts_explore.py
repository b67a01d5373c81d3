"""The sentences of funnels by dimension, leaderboards, pivots, places and the quality view, on rows by hand."""

import datetime as dt

from charts_builders import context, counted, day, funnel_rows, result
from test_charts_sentences import plain

from dashboard.charts import (
    funnel_rows as by_hand,
)
from dashboard.charts import (
    source_cells,
    view_findings,
)
from queries.check import Check
from queries.filters import Filters
from queries.funnel import ENGAGEMENT
from queries.judged import Judged
from queries.pivot import Group

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


def test_channels_are_told_in_the_rows_of_sources():
    many = {(f"c{number}", "desktop"): Group(100 - number, 1, 5.0, (1, 1, 1, 1)) for number in range(13)}
    rows = source_cells.cells_of(judged(many))
    whole = [row for row in rows if row["device_category"] == "(all)"]
    assert [row["row_kind"] for row in whole] == ["source"] * 10 + ["more", "all"]
    assert whole[-2]["sources"] == 3
    assert whole[-1]["sessions"] == sum(group.sessions for group in many.values())
    assert sum(row["sessions"] for row in whole[:-1]) == whole[-1]["sessions"]


BREAK = Check(
    "vanished", "probable tracking break", dt.date(2017, 7, 5), dt.date(2017, 7, 5), "source", "google", 0, 1710, 1201,
    "(direct)", 2217, 359,
)  # fmt: skip


def by_day(source, number, sessions, conversions):
    return {"source": source, "session_date": day(number), "sessions": sessions, "conversions": conversions}


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


def test_a_funnel_may_be_counted_from_what_reached_its_steps():
    rows = by_hand.rows_from({("desktop",): (10, 5, 2, 1)}, ENGAGEMENT)[("desktop",)]
    assert rows == [row | {"segment": "desktop"} for row in funnel_rows(desktop=(10, 5, 2, 1))]
