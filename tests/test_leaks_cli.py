"""The leaks command and the words of a leak list."""

import csv
import dataclasses
import io
import json
import re

import pytest
from builders import FIXTURES, ROOT, store_of
from test_leak_list import LEAKING, shop
from typer.testing import CliRunner

from queries.leak_report import Detectable, Leak, LeakReport
from queries.leak_words import (
    FIRST_VISITS,
    MEASURED,
    MEASURED_MIRRORED,
    flat_rows,
    measured,
    searched,
    sentence,
    smallest,
)
from queries.revenue import Estimate
from queries.terminal.arguments import Format
from queries.terminal.leaks import print_leaks
from silent_leak import app

LEAK = Leak("leak", {"browser": "Safari", "device_category": "mobile", "source": "newsletter"}, 212, 3, 9.1, 3 / 9.1,
            (0.21, 0.55), Estimate(2.0, 6.1, 11.0), Estimate(310.0, 700.0, 1450.0), 0.001)  # fmt: skip
REPORT = LeakReport(("browser", "device_category", "source"), 10_000, 90, 2_383, 71, 0.1, 0.8, 30,
                    Detectable(19.6, 0.8, 0.31), (LEAK,), (), (), LEAK.revenue_at_stake)  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(app, ["leaks", *(str(argument) for argument in arguments)], env={"COLUMNS": "100"})


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return store_of(tmp_path_factory.mktemp("leaks") / "store", shop(6_000)).path


SEARCH = ("--dimensions", "device_category,country", "--dimensions", "source")


def test_a_table_names_the_leak_and_says_what_was_searched(store):
    shown = run("--store", store, *SEARCH)
    assert shown.exit_code == 0
    words = " ".join(shown.output.split())
    assert "1 leak in " in words
    assert "of which at most 10% are expected to be false" in words
    assert MEASURED in words
    assert "mobile & mail" in words
    assert "Leaks: combinations that convert worse than their parts predict" in words
    assert "broken" not in words


def test_json_has_exactly_the_promised_keys(store):
    answer = json.loads(run("--store", store, *SEARCH, "--format", "json", "--where", "country!=FR").stdout)
    assert set(answer) == {"store_version", "filters", "searched", "fdr", "smallest_detectable", "leaks", "gaps",
                           "too_small"}  # fmt: skip
    assert answer["store_version"] == 0
    assert answer["filters"]["where_not"] == {"country": ["FR"]}
    assert [leak["segment"] for leak in answer["leaks"]] == [LEAKING]


def test_csv_is_one_row_per_finding(store):
    (row,) = csv.DictReader(io.StringIO(run("--store", store, *SEARCH, "--format", "csv").stdout))
    assert (row["kind"], row["segment"]) == ("leak", "device_category=mobile & source=mail")
    assert float(row["ratio_low"]) < float(row["ratio"]) < float(row["ratio_high"])
    assert int(row["sessions"]) > int(row["conversions"])


def test_the_flat_rows_name_what_is_missing_what_can_be_won_back_and_money_a_month_as_the_page_does():
    gap = dataclasses.replace(LEAK, kind="gap", segment={"device_category": "mobile"})
    leak, half = flat_rows(dataclasses.replace(REPORT, gaps=(gap,)))
    assert (leak["missing_conversions_low"], leak["missing_conversions_high"]) == (2.0, 11.0)
    assert (half["missing_conversions_median"], half["recoverable_conversions_median"]) == (12.2, 6.1)
    assert half["revenue_at_stake_a_month_median"] == pytest.approx(700 * 365.25 / 12 / 30)
    (short,) = flat_rows(dataclasses.replace(REPORT, days=5))
    assert (short["revenue_at_stake_median"], short["revenue_at_stake_a_month_median"]) == (700.0, None)
    described = (ROOT / "data/README.md").read_text(encoding="utf-8")
    bare = {re.sub("_(low|median|high)$", "", name) for name in leak}
    assert [name for name in bare if f"`{name}`" not in described] == []


def test_the_table_says_of_the_gap_of_new_visitors_that_it_is_usual_and_of_a_gap_all_that_is_missing(capsys):
    new = dataclasses.replace(LEAK, kind="gap", segment={"visitor_type": "new"})
    print_leaks(dataclasses.replace(REPORT, gaps=(new,)), Format.TABLE)
    words = " ".join(capsys.readouterr().out.split())
    assert words.count(FIRST_VISITS) == 1
    assert "4 to 22" in words
    assert "at stake is half of what is missing" in words


def test_another_step_order_and_rate_can_be_asked(store):
    answer = json.loads(
        run("--store", store, *SEARCH, "--step", "Engaged", "--max-order", 2, "--fdr", 0.2, "--format", "json").stdout
    )
    assert answer["fdr"] == 0.2
    assert all(len(leak["segment"]) == 2 for leak in answer["leaks"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--dimensions", "brower"), '"brower" is not a dimension'),
        (("--step", "Converted"), '"Converted" is no step'),
        (("--funnel", "sales"), 'there is no funnel "sales"'),
        (("--fdr", "1.5"), "a rate of 1.5"),
        (("--max-order", "1"), "than or equal to 2"),
    ],
)
def test_what_is_not_understood_is_refused_with_what_is(store, wrong, said):
    refused = run("--store", store, *wrong)
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.replace("│", " ").split())


def test_a_missing_store_is_refused_in_words(tmp_path):
    refused = run("--store", tmp_path / "nothing")
    assert refused.exit_code == 1
    assert "holds no sessions" in refused.output.replace("\n", " ")


def test_a_row_is_a_sentence_with_its_evidence():
    assert sentence(LEAK, REPORT) == (
        "Safari & mobile & newsletter converts worse than its parts predict: 212 sessions expected 9.1 conversions, "
        "had 3; 33% (21% to 55%) of what was expected; 315 to 1,471 of revenue a month."
    )
    assert sentence(LEAK, dataclasses.replace(REPORT, days=None)).endswith("310 to 1,450 of revenue in this period.")
    assert sentence(LEAK, dataclasses.replace(REPORT, days=5)).endswith("310 to 1,450 of revenue in 5 days.")
    completed = sentence(LEAK, dataclasses.replace(REPORT, step="Engaged"))
    assert '9.1 completions of "Engaged"' in completed


def test_the_header_says_what_was_searched_and_what_may_be_false():
    assert searched(REPORT) == (
        "1 leak in 2,383 combinations of browser, device_category, source, of which at most 10% are expected to be "
        "false; 71 more are too small to say."
    )
    assert searched(dataclasses.replace(REPORT, leaks=())).startswith("No leak in 2,383 combinations of")
    assert searched(dataclasses.replace(REPORT, searched=0, leaks=())) == (
        "No combination of these 10,000 sessions with 90 conversions is large enough to be judged; 71 are too small to "
        "say."
    )


def test_where_combinations_are_found_above_their_parts_too_the_header_takes_the_stated_share_back():
    strong = dataclasses.replace(LEAK, kind="strong")
    one = dataclasses.replace(REPORT, leaks=(LEAK,) * 5, strong=(strong,))
    assert (one.mirrored, measured(one)) == (0, MEASURED)
    assert "at most 10% are expected to be false" in searched(one)
    three = dataclasses.replace(one, strong=(strong,) * 3)
    assert (three.mirrored, measured(three)) == (3, MEASURED_MIRRORED)
    assert searched(three) == (
        "5 leaks in 2,383 combinations of browser, device_category, source, of which about 3 may be real differences "
        "and no fault: 3 combinations convert better than their parts predict, which no fault does; 71 more are too "
        "small to say."
    )
    assert dataclasses.replace(three, strong=(strong,) * 9).mirrored == 5
    assert dataclasses.replace(three, leaks=()).mirrored == 0
    assert measured(dataclasses.replace(three, leaks=())) == ""


def test_the_smallest_leak_that_can_be_found_is_said():
    assert smallest(REPORT) == (
        "A leak of fewer than about 20 lost conversions cannot be found in these data; in a combination of typical "
        "size the rate must fall to 31% of what is expected."
    )
    nothing = dataclasses.replace(REPORT, smallest_detectable=Detectable(None, None, None))
    assert smallest(nothing) == "90 conversions are too few to find any leak."
    hopeless = dataclasses.replace(REPORT, smallest_detectable=Detectable(6.0, 0.1, 0.0))
    assert "not even a rate of nought" in smallest(hopeless)


def test_the_original_export_through_the_command(tmp_path):
    path = FIXTURES / "silent_leak_raw_sessions_10000.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    ingested = CliRunner().invoke(app, ["ingest", str(path), "--store", str(tmp_path / "store")])
    assert ingested.exit_code == 0
    shown = run("--store", tmp_path / "store")
    words = " ".join(shown.output.split())
    assert "calendar.google.com" not in words
    assert "too small to say" in words
    answer = json.loads(run("--store", tmp_path / "store", "--format", "json").stdout)
    assert answer["too_small"] > 20 * answer["searched"]
    assert [gap["segment"] for gap in answer["gaps"]] == [
        {"visitor_type": "new"}, {"device_category": "mobile"}, {"source": "youtube.com"},
    ]  # fmt: skip
    assert all(gap["expected"] >= 5 and gap["ratio_interval"][1] < 1 for gap in answer["gaps"])
    assert "US 4,136 92 2.1" in words
