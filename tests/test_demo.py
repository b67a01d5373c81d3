"""The demo's store holds what README says of it."""

import datetime as dt
import json
import re
from urllib.parse import urlencode

import pytest
from builders import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from dashboard.ask import Ask
from dashboard.format import money_short
from dashboard.questions import Late, OpenCounts, Question, parts_of
from dashboard.selection import Selection
from dashboard.views import view_named
from ingest.pipeline import ingest_exports
from ingest.sample import generate
from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.findings.register import ask_findings
from queries.store import Store
from silent_leak import app

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Return the demo's truth and an engine over its store."""
    home = tmp_path_factory.mktemp("demo")
    truth = generate(home, sessions=300_000)
    report = ingest_exports([home / "exports"], Store(home / "store"))
    assert report.accepted
    return truth, Engine(Store(home / "store"))


def test_the_worked_example_of_readme_is_true(demo):
    truth, engine = demo
    [leak] = [leak for leak in truth.leaks if leak.kind == "change"]
    assert leak.segment == {"device_category": "desktop", "browser": "Edge"}
    assert str(leak.onset) == "2026-09-16"
    inside = {name: [value] for name, value in leak.segment.items()}
    for words, include, exclude in (
        ("all sessions", {}, {}),
        ("desktop Edge", inside, {}),
        ("everything but Edge", {}, {"browser": ["Edge"]}),
    ):
        periods = ((None, leak.onset - dt.timedelta(days=1)), (leak.onset, None))
        cells = []
        for first, last in periods:
            [row] = engine.run("overview", Filters.of(first, last, include, exclude)).rows
            cells.append(
                f"{row['conversion_rate']:.2%}".replace("%", " %") + f" ({row['conversions']:,} of {row['sessions']:,})"
            )
        line = f"| {words} | {cells[0]} | {cells[1]} |"
        assert line in README, f"README should say: {line}"


def test_the_store_holds_all_sessions_of_the_exports(demo):
    truth, engine = demo
    [row] = engine.run("overview").rows
    assert (row["sessions"], row["conversions"]) == (truth.totals.sessions, truth.totals.converted)
    assert row["revenue"] == pytest.approx(float(truth.totals.revenue), abs=0.01)
    assert re.search(r"is 8 % of the sessions", README)
    [edge] = engine.run("overview", Filters.of(include={"device_category": ["desktop"], "browser": ["Edge"]})).rows
    assert round(edge["sessions"] / row["sessions"], 2) == 0.08


def findings(engine, *arguments):
    """Return what a command about findings prints as JSON."""
    store = ("--store", str(engine.store.path), "--format", "json")
    asked = CliRunner().invoke(app, [*arguments, *store])
    assert asked.exit_code == 0, asked.output
    return json.loads(asked.stdout)


def test_the_register_holds_the_planted_causes_each_once_with_day_step_and_price(demo):
    truth, engine = demo
    planted = {frozenset(leak.segment.items()): leak for leak in truth.leaks if leak.kind != "gap"}
    register = ask_findings(engine)
    found = {frozenset(one.segment.items()): one for one in register.open}
    assert found.keys() == planted.keys()
    [edge] = [one for one in register.open if one.kind == "fell"]
    leak = planted[frozenset(edge.segment.items())]
    assert edge.name == "Edge on desktop lost two thirds of its orders"
    assert edge.onset_range and edge.onset_range[0] <= leak.onset <= edge.onset_range[1]
    assert (edge.step, edge.certainty, edge.basis) == ("at the order", "certain", "costs")
    days = (register.last - leak.onset).days + 1
    assert edge.price.low <= float(leak.expected_revenue_lost) * 30.4375 / days <= edge.price.high
    for segment, one in found.items():
        assert one.missing.low <= planted[segment].expected_lost * 1.25
    assert {"new", "mobile"} <= {value for each in register.standing for value in each.segment.values()}


QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "days": st.sampled_from(["last-1", "last-28", "2026-08"]),
        "compare": st.sampled_from(["none", "year"]),
        "country": st.sampled_from(["US", "IN", "ZZ"]),
        "not.browser": st.sampled_from(["Edge", "Safari"]),
        "device_category": st.sampled_from(["desktop", "mobile"]),
        "min_sessions": st.sampled_from(["30", "500"]),
        "not.on": st.just("2026-09-16_2026-09-20"),
    },
)


@settings(max_examples=20, deadline=None)
@given(QUERIES)
def test_no_days_comparison_or_filter_changes_the_register(demo, query):
    _, engine = demo
    selection, view = Selection(), view_named("leaks")
    selection.load_query(f"?{urlencode(query)}")
    ask = Ask(selection.filters, selection.funnel, {}, finding=view.finding)
    parts = list(parts_of(engine, Question(view, ask, Cancel()), selection))
    [late] = [part.answer for part in parts if isinstance(part, Late)]
    register = ask_findings(engine)
    assert late.results["findings"][0].found == register
    body = late.cards["findings"].body
    assert [row["title"] for row in body["rows"]] == [one.name for one in register.findings]
    assert [row["money"] for row in body["rows"]] == [money_short(one.price.median) for one in register.findings]
    [counts] = [part for part in parts if isinstance(part, OpenCounts)]
    assert counts.by_view["leaks"] == len(register.open)


def test_marks_survive_new_exports_undo_and_optimize(demo, tmp_path):
    _, engine = demo
    before = findings(engine, "findings")["findings"]
    fell = next(one for one in before if one["kind"] == "fell")
    marked = findings(engine, "finding", fell["id"], "--state", "fixed", "--by", "Ana", "--on", "2026-10-20")
    assert (marked["state"], marked["state_by"], marked["state_day"]) == ("fixed?", "Ana", "2026-10-20")
    store = ("--store", str(engine.store.path))
    later = tmp_path / "later.csv"
    later.write_text(
        "fullVisitorId,visitId,date,totals_visits,device_deviceCategory\n1,1793577600,20261101,1,desktop\n"
    )
    for command in (("optimize",), ("ingest", str(later)), ("undo",)):
        done = CliRunner().invoke(app, [*command, *store])
        assert done.exit_code == 0, done.output
        after = findings(engine, "findings")["findings"]
        assert [(one["id"], one["name"]) for one in after] == [(one["id"], one["name"]) for one in before]
        assert next(one for one in after if one["id"] == fell["id"])["state"] == "fixed?"
    log = findings(engine, "finding", fell["id"])["log"]
    assert ["2026-10-20", 0, "marked fixed? by Ana"] in log


def test_a_finding_that_is_not_there_and_a_mark_without_a_reason_are_refused(demo):
    _, engine = demo
    store = ("--store", str(engine.store.path))
    missing = CliRunner().invoke(app, ["finding", "zzzzzz", *store, "--state", "known"])
    assert missing.exit_code == 1 and 'no finding of this store is called "zzzzzz"' in missing.output
    id = findings(engine, "findings")["findings"][0]["id"]
    refused = CliRunner().invoke(app, ["finding", id, *store, "--state", "ignored"])
    assert refused.exit_code == 1 and "for a reason" in refused.output


@pytest.mark.parametrize("name", ["falls", "combinations", "moves", "values"])
def test_each_engine_says_what_it_found_before_anything_is_merged(demo, name):
    _, engine = demo
    told = CliRunner().invoke(app, ["findings", "--store", str(engine.store.path), "--engine", name])
    assert told.exit_code == 0, told.output
    expected = {"falls": "Edge", "combinations": "Paid Social", "moves": "Nothing is found", "values": "mobile"}
    assert expected[name] in told.output


def test_one_name_and_one_price_on_terminal_and_in_both_files(demo):
    _, engine = demo
    register = ask_findings(engine)
    store = ("--store", str(engine.store.path))
    table, rows = (CliRunner().invoke(app, ["findings", *store, *more]).stdout for more in ((), ("--format", "csv")))
    for one in register.findings:
        assert table.count(one.name) == 1 and rows.count(one.name) == 1
        assert f"{one.id},{one.kind},{one.name}" in rows
        alone = CliRunner().invoke(app, ["finding", one.id, *store, "--format", "csv"]).stdout
        assert alone.splitlines()[1] in rows
        assert money_short(one.price.median).replace("\u202f", " ") in table
