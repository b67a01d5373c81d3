"""The right-hand column of the original's figures, each through `silent-leak query` on the original's own export."""

import json

import pytest
from builders import FIXTURES
from typer.testing import CliRunner

from silent_leak import app

EXPORT = FIXTURES / "silent_leak_raw_sessions_10000.csv"

pytestmark = pytest.mark.skipif(not EXPORT.exists(), reason=f"the original's export is not at {EXPORT}")


@pytest.fixture(scope="module")
def query(tmp_path_factory):
    """Ingest the export through the command line; return a function that asks it for rows."""
    store = tmp_path_factory.mktemp("figures") / "store"
    ingested = CliRunner().invoke(app, ["ingest", str(EXPORT), "--store", str(store)])
    assert ingested.exit_code == 0, ingested.output

    def ask(metric, *arguments):
        asked = CliRunner().invoke(app, ["query", metric, "--store", str(store), "--format", "json", *arguments])
        assert asked.exit_code == 0, asked.output
        answer = json.loads(asked.stdout)
        assert answer["metric"] == metric
        return answer["rows"]

    return ask


def by(rows, name):
    return {row[name]: row for row in rows}


def test_ten_thousand_sessions_of_which_94_converted_with_97_transactions(query):
    [row] = query("overview")
    assert (row["sessions"], row["conversions"], row["transactions"]) == (10_000, 94, 97)
    assert row["revenue"] == 13_383.35
    assert (row["first_date"], row["last_date"], row["days"]) == ("2017-07-02", "2017-07-07", 5)


def test_the_conversion_rate_is_0_94_percent_with_its_interval(query):
    [row] = query("overview")
    assert row["conversion_rate"] == 0.0094
    assert (round(row["conversion_rate_low"], 4), round(row["conversion_rate_high"], 4)) == (0.0077, 0.0115)


def test_exclusive_stage_classes(query):
    assert {row["stage"]: row["sessions"] for row in query("stages")} == {
        "Bounced": 3,
        "Browsed": 8_277,
        "Engaged": 1_038,
        "Deep engagement": 682,
    }


def test_reach_is_cumulative(query):
    assert {row["step"]: row["reached"] for row in query("funnel")} == {
        "Browsed": 9_997,
        "Engaged": 1_721,
        "Deep engagement": 683,
        "Converted": 94,
    }


def test_drop_offs_per_step(query):
    assert [row["abandonments"] for row in query("funnel")] == [8_276, 1_038, 589, None]


def test_the_ceiling_is_drop_offs_times_mean_revenue_per_converted_session(query):
    rows = query("revenue_lost")
    assert [row["abandonments"] for row in rows] == [8_276, 1_038, 589]
    assert {round(row["revenue_per_conversion"], 2) for row in rows} == {142.38}
    for row in rows:
        assert row["ceiling"] == pytest.approx(row["abandonments"] * 13_383.35 / 94, abs=0.01)


def test_devices_by_converted_sessions(query):
    rows = by(query("overview", "--by", "device_category"), "segment")
    assert {device: (row["sessions"], row["conversions"]) for device, row in rows.items()} == {
        "desktop": (6_111, 85),
        "mobile": (3_437, 7),
        "tablet": (452, 2),
    }


def test_the_united_states_with_its_interval(query):
    row = by(query("countries"), "country")["US"]
    assert (row["sessions"], row["conversions"]) == (4_136, 92)
    assert round(row["conversion_rate"], 4) == 0.0222
    assert row["conversion_rate_low"] < 0.0222 < row["conversion_rate_high"]
    [filtered] = query("overview", "--where", "country=US")
    assert (filtered["sessions"], filtered["conversions"]) == (4_136, 92)


def test_duration_buckets_include_the_unmeasured_and_the_longest(query):
    rows = query("durations")
    assert [row["bucket"] for row in rows] == [
        "0 s (not measured)", "< 10 s", "10-60 s", "1-3 m", "3-5 m", "5-10 m", "10-20 m", "20-60 m", "> 60 m",
    ]  # fmt: skip
    assert rows[0]["sessions"] == 5_707
    assert sum(row["sessions"] for row in rows) == 10_000
    assert sum(row["conversions"] for row in rows) == 94


def test_duration_by_device_gives_the_counts_of_the_design(query):
    desktop = [row["sessions"] for row in query("durations", "--by", "device_category") if row["segment"] == "desktop"]
    assert desktop == [3_388, 161, 880, 732, 267, 305, 220, 152, 6]


def test_the_heat_map_keeps_the_ten_largest_sources_and_their_zeros(query):
    rows = [row for row in query("sources_by_device") if row["device_category"] == "(all)"]
    largest = [row for row in rows if row["row_kind"] == "source"]
    assert [row["source"] for row in largest] == [
        "google", "(direct)", "youtube.com", "Partners", "analytics.google.com", "m.facebook.com", "facebook.com",
        "google.com", "dfa", "reddit.com",
    ]  # fmt: skip
    assert by(largest, "source")["youtube.com"]["conversions"] == 0
    assert by(largest, "source")["youtube.com"]["sessions"] == 1_074
    [more] = [row for row in rows if row["row_kind"] == "more"]
    assert (more["sources"], more["sessions"]) == (40, 200)
    [everything] = [row for row in rows if row["row_kind"] == "all"]
    assert (everything["sessions"], everything["conversions"]) == (10_000, 94)


def test_heat_map_cells_have_intervals_and_shrunk_rates(query):
    cells = {(row["source"], row["device_category"]): row for row in query("sources_by_device")}
    google = cells["google", "desktop"]
    assert (google["conversions"], google["sessions"]) == (15, 2_305)
    assert google["conversion_rate_low"] < google["conversion_rate"] < google["conversion_rate_high"]
    assert google["shrunk_rate"] == pytest.approx((15 + 300 * 0.0094) / 2_605)
    assert not cells["dfa", "desktop"]["enough"]


def test_countries_below_a_hundred_sessions_or_one_expected_order_are_kept_and_marked(query):
    rows = query("countries")
    assert all(row["enough"] == (row["sessions"] * 94 >= 10_000) for row in rows)
    [us] = [row for row in rows if row["country"] == "US"]
    assert us["shrunk_rate"] == pytest.approx((92 + 300 * 0.0094) / 4_436)
    assert sum(not row["enough"] for row in rows) > 50
    fewer = query("countries", "--option", "min_sessions=500")
    assert sum(row["enough"] for row in fewer) < sum(row["enough"] for row in rows)


def test_converted_against_engaged_sessions_without_an_order(query):
    rows = by(query("converted_vs_engaged"), "visit_group")
    converted, engaged = rows["converted"], rows["engaged, no order"]
    assert round(converted["mean_pageviews"], 2) == 24.39
    assert round(converted["mean_duration_seconds"], 2) == 1_000.73
    assert round(engaged["mean_pageviews"], 2) == 10.16
    assert round(engaged["mean_duration_seconds"], 2) == 433.60
    assert (converted["sessions"], engaged["sessions"]) == (94, 1_627)
