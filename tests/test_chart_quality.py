"""The cards of the quality view: what they say of rows by hand, their frames, and their figures of bars and cells."""

import datetime as dt
import math

import holoviews as hv
import pytest
from alike import assert_patched_like_fresh
from charts_builders import context, counted, day, judged, result, source_rows
from test_charts_sentences import plain

from dashboard.charts.days_held import LACKS, DaysHeld
from dashboard.charts.ingests import Ingests
from dashboard.charts.left_out import LeftOut
from dashboard.charts.not_set import NotSet
from dashboard.charts.rejects import Rejects
from dashboard.theme import LIGHT
from queries.check import Check
from queries.store import Rejected
from queries.vocabulary import STORED_DIMENSIONS


def test_days_whose_export_lacks_a_column_have_a_line_below_and_no_exclamation_mark():
    rows = [counted(100, 2, session_date=day(number)) for number in (2, 3, 4, 5)]
    bare = Check("not exported", "missing", day(3), day(4), "landing_page, hostname", sessions=200)
    state = DaysHeld(context=context(days=4)).state([result(rows), judged([bare])])
    for strip in state.body["rows"]:
        assert [cell.get("lacks", False) for cell in strip["cells"]] == [False, True, True, False]
        assert not any("mark" in cell for cell in strip["cells"])
    assert plain(state.body["rows"][0]["cells"][1]["title"]) == (
        "Mon 3 Jul: 100 sessions; no session has a landing page or a hostname: not in the export"
    )
    assert {"label": LACKS, "shape": "line"} in state.body["legend"]
    whole = DaysHeld(context=context(days=4)).state([result(rows), judged([])])
    assert [item["label"] for item in whole.body["legend"]] == ["fewest", "most", "no export"]


def test_days_held_counts_the_missing_and_marks_the_odd():
    rows = [
        {"session_date": day(2), "sessions": 10, "conversions": 1},
        {"session_date": day(4), "sessions": 30, "conversions": 0},
    ]
    odd = Check("no orders", "cannot tell", day(4), day(4))
    state = DaysHeld(context=context(days=3, missing=(1,))).state([result(rows), judged([odd])])
    assert state.heading == "2 of 3 days are in the store, 1 is missing"
    first, gap, last = state.body["rows"][0]["cells"]
    assert (first["level"], gap["level"], last["level"]) == (2, None, 6)
    assert last["mark"] == "!"


def test_not_set_names_what_no_export_gives_and_the_emptiest_of_the_rest():
    row = {
        "session_date": day(2),
        "sessions": 100,
        **dict.fromkeys(STORED_DIMENSIONS, 0),
        "browser": 40,
        "hostname": 100,
    }
    state = NotSet(context=context(days=1)).state([result([row])])
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
    state = Ingests(context=context()).state([judged([], rows)])
    assert plain(state.heading) == "1,000 rows read, 0.50 % rejected (5)"
    assert state.body["rows"][0]["cells"][1]["text"] == "b.csv and 1 more"
    assert state.body["rows"][-1]["cells"][2]["text"] == "990"


def test_rejected_rows_show_where_they_stood_but_never_an_id():
    found = [
        Rejected("march.csv", 7, "date is in the future", "20990101"),
        Rejected("march.csv", 9, "date is in the future", "20990102"),
        Rejected("march.csv", 11, "no visitor or visit id", "secret / "),
    ]
    state = Rejects(context=context()).state([judged(found, [commit(0, rejected=3)])])
    assert state.heading == "3 rows to look at: most often, date is in the future (2)"
    assert state.body["rows"][0]["cells"][2]["text"] == "march.csv, row 7: 20990101"
    assert "secret" not in str(state)


def test_where_no_row_was_rejected_each_fate_of_the_rows_is_ticked_off():
    state = Rejects(context=context()).state([judged([], [commit(0, added=940, duplicates=5), commit(1, added=50)])])
    assert state.heading == "No row was rejected"
    assert state.body["nothing"]["sound"] == ["990 rows added", "5 rows in the store already"]


OUTSIDE = [
    [{"sessions": 100}],
    [counted(7, 0, country="(not set)", enough=False), counted(20, 0, country="MT", enough=False)],
    [{"position": 1, "sessions": 57}, {"position": 2, "sessions": 43}],
    [{"reached": 97}],
    [{"sessions": 18}],
    [counted(4, 0, segment="(not set)")],
    source_rows((100, 2), google={"desktop": (100, 2)}),
]


def test_what_charts_leave_out_is_counted():
    state = LeftOut(context=context()).state([result(rows) for rows in OUTSIDE])
    assert state.heading == "Converted against engaged leaves out most: 82 of 100 sessions"
    assert [row[2] for row in state.table.rows] == ["82", "57", "20", "7", "4", "3", "0"]


def days(*counts, check=None):
    chart = DaysHeld(context=context(days=len(counts) or 1, missing=[n for n, one in enumerate(counts) if not one]))
    rows = [counted(*one, session_date=day(2 + n)) for n, one in enumerate(counts) if one]
    return chart, chart.read([result(rows), judged([check] if check else [])])


def test_the_frame_of_days_held_has_a_row_a_day_with_what_is_odd_about_it():
    bare = Check("not exported", "missing", day(4), day(4), "landing_page, hostname", sessions=200)
    _, frame = days((100, 2), None, (50, 0), check=bare)
    assert frame.to_dict("list") == {
        "day": [day(2), day(3), day(4)], "sessions": [100, 0, 50], "conversions": [2, 0, 0],
        "blank": ["", "no export", ""], "odd": [False, False, False], "lacks": ["", "", "landing_page, hostname"],
    }  # fmt: skip


def test_a_column_that_several_checks_miss_is_named_once():
    checks = [Check("not exported", "missing", day(n), day(n), "landing_page, hostname") for n in (2, 3)]
    rows = [counted(10, 1, session_date=day(2) + dt.timedelta(days=n)) for n in range(80)]
    cell = DaysHeld(context=context(days=80)).state([result(rows), judged(checks)]).body["rows"][0]["cells"][0]
    assert plain(cell["title"]).endswith("no session has a landing page or a hostname: not in the export")


def test_days_held_draw_a_cell_a_day_as_strong_as_it_is_large():
    odd = Check("no orders", "cannot tell", day(4), day(4))
    chart, frame = days((100, 2), None, (50, 0), check=odd)
    [cells] = [each for each in chart.plot(frame) if isinstance(each, hv.Rectangles)]
    gap, shades = LIGHT.sunken, LIGHT.sequential
    assert cells["color"].tolist() == [shades[6], gap, shades[3], shades[6], gap, shades[0]]
    assert cells["hatch"].tolist() == [" ", "/", " "] * 2
    [panel] = chart.panels(frame)
    assert panel.layers["words"]["label"].tolist() == ["!", "!"]
    assert panel.layers["words"]["column"].tolist() == [2, 2]
    assert panel.x.labels == ["2 Jul", "3 Jul", "4 Jul"]
    assert chart.tapped(frame, 0, "cells", [2]) == {"first": "2017-07-04", "last": "2017-07-04"}
    assert chart.tapped(frame, 0, "cells", [1]) is None


def without(*counts, **dimension):
    chart = NotSet(context=context(days=len(counts) or 1, missing=[n for n, one in enumerate(counts) if not one]))
    none = dict.fromkeys(STORED_DIMENSIONS, 0)
    rows = [
        {"session_date": day(2 + n), "sessions": one, **none, **{name: held[n] for name, held in dimension.items()}}
        for n, one in enumerate(counts)
        if one
    ]
    return chart, chart.read([result(rows)])


def test_the_frame_of_not_set_has_a_row_a_dimension_and_day():
    chart, frame = without(100, 0, 200, browser=(40, 0, 2))
    assert len(frame) == 3 * len(STORED_DIMENSIONS)
    first, gap, last = frame.head(3).to_dict("records")
    assert (first["dimension"], first["day"], first["without"], first["share"]) == ("browser", day(2), 40, 0.4)
    assert math.isnan(gap["share"]) and gap["blank"] == "no export"
    assert last["share"] == 0.01
    [panel] = chart.panels(frame)
    assert panel.layers["cells"]["color"].tolist()[:3] == [LIGHT.sequential[4], LIGHT.sunken, LIGHT.sequential[2]]
    assert panel.y.labels[0] == "Browser"


COMMITS = [commit(1, files=["b.csv", "c.csv"], file_count=2, added=50, rejected=5), commit(0, added=940)]
FOUND = [Rejected("a.csv", row, reason, "x") for row, reason in ((7, "no date"), (9, "no date"), (11, "no id"))]


def frames_of(chart, *asked):
    return [chart.read(results) for results in asked]


LOADED = [judged([], COMMITS)], [judged([], [])], [judged([], COMMITS[1:])]
REFUSED = [judged(FOUND, COMMITS)], [judged([], COMMITS)], [judged(FOUND[2:], COMMITS)]
OUT = [result(rows) for rows in OUTSIDE], [result([])] * 7, [result([{"sessions": 60}]), *map(result, OUTSIDE[1:])]


@pytest.mark.parametrize(
    ("chart", "asked", "numbers", "words", "names"),
    [
        (Ingests, LOADED, [50, 940], ["50 on 24 Nov 2026", "940 on 24 Nov 2026"], ["b.csv and 1 more", "a.csv"]),
        (Rejects, REFUSED, [2, 1], ["2", "1"], ["no date", "no id"]),
        (
            LeftOut,
            OUT,
            [82, 57, 20, 7, 4, 3, 0],
            ["82, 82.0 %", "57, 57.0 %"],
            ["Converted …nst engaged", "Session duration"],
        ),
    ],
)
def test_counts_are_bars_and_a_patched_figure_equals_a_fresh_one(chart, asked, numbers, words, names):
    one = chart(context=context())
    frames = frames_of(one, *asked)
    [bars] = [each for each in one.plot(frames[0]) if isinstance(each, hv.Bars)]
    assert bars["number"].tolist() == numbers
    assert set(bars["color"]) == {LIGHT.accent}
    [panel] = one.panels(frames[0])
    assert [plain(word) for word in panel.layers["words"]["label"]][: len(words)] == words
    assert [*panel.y.labels][: len(names)] == names
    assert panel.x.end == pytest.approx(1.9 * max(numbers))
    assert_patched_like_fresh(one, frames)


def test_patched_strips_of_days_equal_fresh_ones():
    chart, frame = days((100, 2), None, (50, 0), check=Check("no orders", "cannot tell", day(4), day(4)))
    assert_patched_like_fresh(chart, [frame, days()[1], frame])
    empty, more = without()[1], without(100, 0, 200, browser=(40, 0, 2))
    assert_patched_like_fresh(more[0], [more[1], empty, more[1]])
