"""The command line: what it prints, how it fails, what it returns."""

import datetime as dt
import json
import re
import socket
import subprocess
import sys

import pytest
from builders import ROOT, session, sessions, store_of
from typer.testing import CliRunner

from silent_leak import _free_port, app

CSV = (
    "fullVisitorId,visitId,visitNumber,date,deviceCategory,country,source,pageviews,timeOnSite,transactions,"
    "transactionRevenue\n"
)
COMMANDS = [(), ("demo",), ("ingest",), ("serve",), ("query",), ("status",), ("history",), ("undo",)]


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def query(*arguments):
    return json.loads(run("query", *arguments, "--format", "json").stdout)


@pytest.fixture
def store(tmp_path):
    """Return a store of three US sessions, of which one bought, and one from France."""
    rows = [*sessions(2, country="US"), session(country="US", transactions=1, revenue=12.5), session(country="FR")]
    return store_of(tmp_path / "store", rows).path


def write_export(folder, *rows, name="export.csv"):
    path = folder / name
    path.write_text(CSV + "".join(f"{row}\n" for row in rows))
    return path


ROW = "123,1499201738,1,20170704,desktop,United States,google,11,452,1,2500000"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(command):
    shown = run(*command, "--help")
    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_help_loads_nothing_that_reads_computes_draws_or_prints_in_colours():
    """Each of these takes longer to load than all that help needs."""
    slow = {"deltalake", "duckdb", "numpy", "pandas", "panel", "pyarrow", "queries.engine", "rich", "scipy", "sqlglot"}
    code = (
        "import sys, silent_leak\ntry: silent_leak.main()\n"
        "except SystemExit as done: assert not done.code, done.code\nprint(*sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "Usage" in shown.stdout
    assert not slow & set(shown.stdout.splitlines()[-1].split())


def test_query_prints_json_with_its_filters_and_version(store):
    shown = run("query", "overview", "--store", store, "--where", "country=US", "--format", "json")
    answer = json.loads(shown.stdout)
    assert answer["metric"] == "overview"
    assert answer["store_version"] == 0
    assert answer["filters"] == {"from": None, "to": None, "where": {"country": ["US"]}, "where_not": {}}
    assert answer["rows"][0]["sessions"] == 3


def test_where_takes_several_values_and_exclusions(store):
    both = run(
        "query", "overview", "--store", store, "--where", "country=US", "--where", "country=FR", "--format", "json"
    )
    assert json.loads(both.stdout)["rows"][0]["sessions"] == 4
    without = run("query", "overview", "--store", store, "--where", "country!=US", "--format", "json")
    assert json.loads(without.stdout)["rows"][0]["sessions"] == 1


def test_without_leaves_out_a_day_or_several(tmp_path):
    rows = [row for number in (2, 3, 4) for row in sessions(number, session_date=dt.date(2017, 7, number))]
    store = store_of(tmp_path / "store", rows).path

    def counted(*days):
        answer = query("overview", "--store", store, *(f"--without={each}" for each in days))
        return answer["rows"][0]["sessions"]

    assert counted() == 9
    assert counted("2017-07-03") == 6
    assert counted("2017-07-02", "2017-07-04") == 3
    assert counted("2017-07-02..2017-07-03") == 4


def test_query_prints_csv_and_a_table(store):
    lines = run("query", "segments", "--by", "country", "--store", store, "--format", "csv").stdout.splitlines()
    assert lines[0].startswith("segment,sessions,conversions,conversion_rate")
    assert lines[1].startswith("US,3,1,0.33")
    assert "33.33%" in run("query", "segments", "--by", "country", "--store", store).stdout


def test_query_shows_the_sql_and_its_values(store):
    shown = run("query", "overview", "--store", store, "--where", "country=U'S", "--sql")
    assert "$country_is_0" in shown.stdout
    assert "U'S" in shown.stdout
    assert "'U''S'" not in shown.stdout


def test_a_value_that_no_session_has_is_pointed_out(store):
    shown = run("query", "overview", "--store", store, "--where", "country=United States")
    assert shown.exit_code == 0
    assert 'no session has country "United States"; there is: US' in re.sub(r"\s+", " ", shown.output)


def test_values_that_are_not_listed_are_counted_and_the_nearest_spelling_comes_first(tmp_path):
    codes = ("US", "GB", "IN", "DE", "FR")
    rows = [row for place, code in enumerate(codes) for row in sessions(9 - place, country=code, browser="Safari")]
    own = store_of(tmp_path / "store", rows).path
    said = run("query", "overview", "--store", own, "--where", "country=Narnia", "--where", "browser=safari").output
    words = re.sub(r"\s+", " ", said)
    assert 'no session has country "Narnia"; there is: US, GB, IN and 2 more' in words
    assert 'no session has browser "safari"; spelled most like it: Safari' in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "there is no metric"),
        (["overview", "--by", "nonsense"], "is not a dimension"),
        (["overview", "--where", "nonsense"], "is not of the form"),
        (["overview", "--where", "nonsense=1"], "is not a dimension"),
        (["overview", "--without", "soon"], "names no days"),
        (["countries", "--by", "browser"], "cannot be split"),
        (["segments"], "needs a dimension"),
        (["overview", "--from", "yesterday"], "yesterday"),
        (["overview", "--from", "2017-07-02", "--to", "2017-07-01"], "before it starts"),
        (["funnel", "--funnel", "nonsense"], "there is no funnel"),
        (["countries", "--option", "min_sessions=many"], "many"),
        (["overview", "--format", "nonsense"], "nonsense"),
    ],
)
def test_usage_errors_exit_with_2_and_say_what_is_wrong(store, arguments, message):
    shown = run("query", *arguments, "--store", store)
    assert shown.exit_code == 2
    assert message in re.sub(r"[\s│]+", " ", shown.output)


def test_a_store_that_is_not_there_exits_with_1(tmp_path):
    for command in (["query", "overview"], ["status"], ["history"], ["undo"], ["serve"]):
        shown = run(*command, "--store", tmp_path / "nothing")
        assert shown.exit_code == 1, command
        assert "ingest exports first" in re.sub(r"\s+", " ", shown.output)


def test_status_says_what_is_in_the_store(tmp_path):
    rows = [session(session_date=dt.date(2017, 7, day), transactions=1, revenue=10) for day in (1, 2, 5, 7)]
    store = store_of(tmp_path, rows).path
    facts = json.loads(run("status", "--store", store, "--format", "json").stdout)
    assert facts["gaps"] == ["2017-07-03 to 2017-07-04", "2017-07-06"]
    assert (facts["sessions"], facts["conversions"], facts["revenue"], facts["files"]) == (4, 4, 40, 1)
    assert (facts["first_date"], facts["last_date"], facts["version"]) == ("2017-07-01", "2017-07-07", 0)
    assert "2017-07-03 to 2017-07-04, 2017-07-06" in run("status", "--store", store).stdout


def test_ingest_reports_in_words_and_as_json(tmp_path):
    export = write_export(tmp_path, ROW, "456,1499201739,1,2017-99-99,mobile,France,google,1,,,")
    shown = run("ingest", export, "--store", tmp_path / "store", "--report", tmp_path / "report.json")
    assert shown.exit_code == 0, shown.output
    assert "export.csv" in shown.output
    assert "version 0" in shown.output
    [file] = json.loads((tmp_path / "report.json").read_text())["files"]
    assert (file["rows"], file["sessions_added"], file["converted"]) == (2, 1, 1)
    assert file["rejected"][0]["count"] == 1
    assert "2017-99-99" in str(file["rejected"][0]["examples"])


def test_ingest_of_something_else_exits_with_1_and_names_the_remedy(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    shown = run("ingest", other, write_export(tmp_path, ROW), "--store", tmp_path / "store")
    assert shown.exit_code == 1
    assert "refused" in shown.output
    assert query("overview", "--store", tmp_path / "store")["rows"][0]["sessions"] == 1


def test_a_missing_path_exits_with_1_and_stores_nothing(tmp_path):
    shown = run("ingest", tmp_path / "missing.csv", "--store", tmp_path / "store")
    assert shown.exit_code == 1
    assert "missing.csv" in shown.output
    assert "Nothing was stored" in shown.output


def test_undo_takes_back_the_last_ingest_and_history_tells_it(tmp_path):
    store = tmp_path / "store"
    run("ingest", write_export(tmp_path, ROW), "--store", store)
    run("ingest", write_export(tmp_path, ROW.replace("123,", "999,"), name="second.csv"), "--store", store)
    undone = run("undo", "--store", store)
    assert undone.exit_code == 0, undone.output
    assert query("overview", "--store", store)["rows"][0]["sessions"] == 1
    told = json.loads(run("history", "--store", store, "--format", "json").stdout)
    assert [entry["operation"] for entry in told] == ["undo", "ingest", "ingest"]


def test_markup_in_a_value_is_printed_as_it_is(tmp_path):
    store = store_of(tmp_path, [session(source="[bold]x[/bold][/]")]).path
    shown = run("query", "segments", "--by", "source", "--store", store)
    assert shown.exit_code == 0
    assert "[bold]x[/bold][/]" in shown.stdout


def test_a_taken_port_is_refused_when_asked_for_and_avoided_when_not():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Exception, match="1"):
            _free_port(port, "127.0.0.1")
        assert _free_port(None, "127.0.0.1") != port
