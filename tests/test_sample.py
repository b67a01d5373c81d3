"""The sample generator: the same arguments give the same bytes, and its truth is what the files say."""

import csv
import datetime as dt
import hashlib
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ingest.pipeline import ingest_exports
from ingest.sample import FIRST_DAY, SHAPE_NAMES, Truth, generate
from ingest.sample_sessions import ORDER_LIMIT, ORDER_MEDIAN, ORDER_SPREAD, SECOND_SHARE, SMALLEST_ORDER, expected_order
from queries.store import Store

FIXTURES = Path(__file__).parents[2] / "shared" / "fixtures"
SESSIONS = 40_000


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("flat")
    return folder, generate(folder, SESSIONS, shapes=("ga360_flat",))


@pytest.fixture(scope="module")
def three_shapes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("three")
    return folder, generate(folder, 10_000)


@pytest.fixture(scope="module")
def rows(flat: tuple[Path, Truth]) -> duckdb.DuckDBPyConnection:
    """All flat rows as the table `rows`, every column as text."""
    connection = duckdb.connect()
    connection.execute(
        "create table rows as select * from read_csv($files, all_varchar = true)",
        {"files": str(flat[0] / "exports" / "*.csv")},
    )
    return connection


def fingerprints(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def figures(rows: duckdb.DuckDBPyConnection, aggregates: str) -> tuple:
    (found,) = rows.table("rows").aggregate(aggregates).fetchall()
    return found


def paths(folder: Path, truth: Truth, shape: str) -> list[str]:
    return [str(folder / export.path) for export in truth.exports if export.shape == shape]


def test_the_same_arguments_give_the_same_bytes_whatever_the_chunks(tmp_path: Path) -> None:
    generate(tmp_path / "whole", 5_000, months=2)
    generate(tmp_path / "small_chunks", 5_000, months=2, chunk_sessions=97)
    assert len(fingerprints(tmp_path / "whole")) == 4
    assert fingerprints(tmp_path / "whole") == fingerprints(tmp_path / "small_chunks")


def test_another_seed_gives_other_sessions(tmp_path: Path) -> None:
    generate(tmp_path / "seven", 2_000, seed=7)
    generate(tmp_path / "eight", 2_000, seed=8)
    seven, eight = fingerprints(tmp_path / "seven"), fingerprints(tmp_path / "eight")
    assert seven.keys() == eight.keys()
    assert not set(seven.values()) & set(eight.values())


def test_the_truth_counts_what_the_flat_files_hold(flat: tuple[Path, Truth]) -> None:
    folder, truth = flat
    for export in truth.exports:
        export_rows = duckdb.read_csv(str(folder / export.path), all_varchar=True)
        (counted,) = export_rows.aggregate(
            "count(*), count(*) filter (transactions::int > 0), sum(transactions::int), "
            "sum(transactionRevenue::bigint), min(date), max(date)"
        ).fetchall()
        totals = export.totals
        dates = (f"{export.first_date:%Y%m%d}", f"{export.last_date:%Y%m%d}")
        assert counted == (totals.sessions, totals.converted, totals.transactions, totals.revenue * 1_000_000, *dates)
    assert truth.totals.sessions == SESSIONS


def test_the_truth_counts_what_the_json_shapes_hold(three_shapes: tuple[Path, Truth]) -> None:
    folder, truth = three_shapes
    for export in truth.exports:
        if export.shape == "kaggle_json":
            with (folder / export.path).open(encoding="utf-8", newline="") as file:
                totals = [json.loads(row["totals"]) for row in csv.DictReader(file)]
            orders = [int("transactionRevenue" in total) for total in totals]
        elif export.shape == "ga360_bigquery":
            lines = (folder / export.path).read_text(encoding="utf-8").splitlines()
            totals = [json.loads(line)["totals"] for line in lines]
            orders = [int(total.get("transactions", 0)) for total in totals]
        else:
            continue
        revenue = sum(int(total.get("transactionRevenue", 0)) for total in totals)
        found = (len(totals), sum(order > 0 for order in orders), sum(orders), Decimal(revenue) / 1_000_000)
        expected = export.totals
        assert found == (expected.sessions, expected.converted, expected.transactions, expected.revenue)


def test_ingest_finds_the_truth(three_shapes: tuple[Path, Truth], tmp_path: Path) -> None:
    folder, truth = three_shapes
    report = ingest_exports([folder / "exports"], Store(tmp_path / "store"))
    found = {
        Path(file.path).name: (
            file.shape,
            file.sessions_added,
            file.converted,
            file.transactions,
            Decimal(file.revenue),
        )
        for file in report.files
    }
    assert found == {
        Path(export.path).name: (
            export.shape,
            export.totals.sessions,
            export.totals.converted,
            export.totals.transactions,
            export.totals.revenue,
        )
        for export in truth.exports
    }
    assert not any(file.rejected for file in report.files)
    assert [day for file in report.files for day in file.missing_days] == [str(day) for day in truth.missing_days]


def test_marginals_are_those_of_real_traffic(rows: duckdb.DuckDBPyConnection) -> None:
    share = figures(
        rows,
        "avg((country = 'United States')::int), avg((deviceCategory = 'mobile')::int), avg((pageviews = '1')::int), "
        "avg((pageviews::int >= 5)::int), avg((pageviews::int >= 10)::int), avg((visitNumber = '1')::int), "
        "avg((transactions is not null)::int)",
    )
    assert share == pytest.approx((0.41, 0.39, 0.57, 0.17, 0.07, 0.80, 0.019), rel=0.07)


def test_countries_and_sources_have_long_tails(rows: duckdb.DuckDBPyConnection) -> None:
    countries, sources, browsers = figures(
        rows, "count(distinct country), count(distinct source), count(distinct browser)"
    )
    assert countries > 110
    assert sources > 300
    assert browsers > 8


def test_orders_are_heavy_tailed_and_need_several_pages(rows: duckdb.DuckDBPyConnection) -> None:
    median, mean, fewest_pages = figures(
        rows,
        "median(transactionRevenue::bigint / 1e6), avg(transactionRevenue::bigint / 1e6), "
        "min(pageviews::int) filter (transactions is not null)",
    )
    assert 38 < median < 55
    assert mean > 2 * median
    assert fewest_pages >= 8


def test_a_visit_of_one_hit_has_no_duration(rows: duckdb.DuckDBPyConnection) -> None:
    measured, longest = figures(rows, "count(*) filter (hits = '1' and timeOnSite is not null), max(timeOnSite::int)")
    assert measured == 0
    assert longest <= 14_400


def test_visitors_come_back_with_rising_visit_numbers(rows: duckdb.DuckDBPyConnection) -> None:
    visits = rows.execute(
        "select visitNumber::int > lag(visitNumber::int) over (partition by fullVisitorId order by visitId::bigint) "
        "from rows where visitId = visitStartTime"
    )
    rises = [row[0] for row in visits.fetchall() if row[0] is not None]
    assert len(rises) > 0.1 * SESSIONS
    assert all(rises)


def test_a_session_appears_once_a_day_and_split_visits_on_two(
    flat: tuple[Path, Truth], rows: duckdb.DuckDBPyConnection
) -> None:
    _, truth = flat
    sessions, visits = figures(
        rows, "count(distinct (fullVisitorId, visitId, date)), count(distinct (fullVisitorId, visitId))"
    )
    assert sessions == SESSIONS
    assert truth.midnight_splits > 5
    assert visits == SESSIONS - truth.midnight_splits


def test_the_leaks_account_for_every_order_they_took(flat: tuple[Path, Truth]) -> None:
    _, truth = flat
    assert {leak.kind for leak in truth.leaks} == {"gap", "leak", "change"}
    assert {len(leak.segment) for leak in truth.leaks} == {1, 2, 3}
    for leak in truth.leaks:
        assert 0 < leak.lost <= leak.conversions_without_leak - leak.conversions
        assert leak.revenue_lost > 0
        spread = 5 * leak.expected_without_leak**0.5
        assert leak.conversions_without_leak == pytest.approx(leak.expected_without_leak, abs=spread)
        assert leak.lost == pytest.approx(leak.expected_lost, abs=5 * leak.expected_lost**0.5)
        assert float(leak.expected_revenue_lost) == pytest.approx(leak.expected_lost * expected_order(), rel=0.01)


def test_the_expected_order_is_the_mean_of_what_is_drawn() -> None:
    drawn = np.random.default_rng(5).normal(size=4_000_000)
    value = np.clip(ORDER_MEDIAN * np.exp(ORDER_SPREAD * drawn), SMALLEST_ORDER, ORDER_LIMIT)
    assert expected_order() == pytest.approx((1 + SECOND_SHARE) * value.mean(), rel=0.01)
    assert round(expected_order(), 1) == 132.5


FLAT_COLUMN = {
    "browser": "browser",
    "channel_group": "channelGrouping",
    "device_category": "deviceCategory",
    "source": "source",
    "visitor_type": "case when newVisits = '1' then 'new' else 'returning' end",
}


def test_the_segments_of_the_leaks_hold_what_the_truth_says(
    flat: tuple[Path, Truth], rows: duckdb.DuckDBPyConnection
) -> None:
    _, truth = flat
    for leak in truth.leaks:
        inside = rows.table("rows").filter(duckdb.ColumnExpression("date") >= f"{leak.onset or FIRST_DAY:%Y%m%d}")
        for dimension, value in leak.segment.items():
            inside = inside.filter(duckdb.SQLExpression(FLAT_COLUMN[dimension]) == duckdb.ConstantExpression(value))
        (counted,) = inside.aggregate("count(*), count(transactions)").fetchall()
        assert counted == (leak.sessions, leak.conversions), leak.name


def test_without_its_leaks_the_same_shop_keeps_every_other_order(
    flat: tuple[Path, Truth], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, truth = flat
    monkeypatch.setattr("ingest.sample_sessions.PLANTED", ())
    monkeypatch.setattr("ingest.sample_leaks.PLANTED", ())
    monkeypatch.setattr("ingest.sample.PLANTED", ())
    untouched = generate(tmp_path, SESSIONS, shapes=("ga360_flat",))
    assert untouched.totals.converted - truth.totals.converted == sum(leak.lost for leak in truth.leaks)
    assert untouched.totals.revenue - truth.totals.revenue == sum(leak.revenue_lost for leak in truth.leaks)


def test_one_day_is_missing_and_on_one_a_source_is_filed_as_direct(
    flat: tuple[Path, Truth], rows: duckdb.DuckDBPyConnection
) -> None:
    _, truth = flat
    (missing,) = truth.missing_days
    days = dict(rows.table("rows").aggregate("date, count(*) filter (source = 'm.facebook.com')").fetchall())
    assert f"{missing:%Y%m%d}" not in days
    assert days.pop(f"{truth.misfiled_day:%Y%m%d}") == 0
    assert min(days.values()) > 0
    assert truth.misfiled_sessions == pytest.approx(np.mean(list(days.values())), rel=0.9)


def test_each_shape_has_the_columns_of_the_real_exports(three_shapes: tuple[Path, Truth]) -> None:
    folder, truth = three_shapes
    if not FIXTURES.exists():
        pytest.skip(f"the real exports are not at {FIXTURES}")
    assert {export.shape for export in truth.exports} == set(SHAPE_NAMES)
    (kaggle,) = paths(folder, truth, "kaggle_json")
    made, real = kaggle_keys(Path(kaggle)), kaggle_keys(FIXTURES / "kaggle_gstore_v1_json_columns_1000.csv")
    assert list(made) == list(real)
    for column, keys in made.items():
        assert keys <= real[column], column
    (nested,) = paths(folder, truth, "ga360_bigquery")
    real_keys = nested_keys(FIXTURES / "ga360_sessions_37days_bqextract.ndjson")
    assert nested_keys(Path(nested)) <= real_keys
    flat_header = Path(paths(folder, truth, "ga360_flat")[0]).read_text(encoding="utf-8").splitlines()[0]
    with (FIXTURES / "silent_leak_raw_sessions_10000.csv").open(encoding="utf-8") as file:
        assert set(next(csv.reader(file))) <= set(flat_header.split(","))


def kaggle_keys(path: Path) -> dict[str, set[str]]:
    keys: dict[str, set[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for column, cell in row.items():
                found = json.loads(cell).keys() if cell.startswith("{") else ()
                keys.setdefault(column, set()).update(found)
    return keys


def nested_keys(path: Path) -> set[str]:
    keys: set[str] = set()

    def collect(value: object, prefix: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                keys.add(f"{prefix}{key}")
                collect(inner, f"{prefix}{key}.")
        elif isinstance(value, list):
            for inner in value:
                collect(inner, f"{prefix}[].")

    for line in path.read_text(encoding="utf-8").splitlines():
        collect(json.loads(line), "")
    return keys


def test_hits_agree_with_the_totals_of_their_session(three_shapes: tuple[Path, Truth]) -> None:
    folder, truth = three_shapes
    (nested,) = paths(folder, truth, "ga360_bigquery")
    deepest = 0
    for line in Path(nested).read_text(encoding="utf-8").splitlines():
        session = json.loads(line)
        hits, totals = session["hits"], session["totals"]
        actions = [hit["eCommerceAction"]["action_type"] for hit in hits]
        orders = [int(hit["transaction"]["transactionRevenue"]) for hit in hits if "transaction" in hit]
        assert [int(hit["hitNumber"]) for hit in hits] == list(range(1, int(totals["hits"]) + 1))
        assert sum(hit["type"] == "PAGE" for hit in hits) == int(totals.get("pageviews", 0))
        assert int(hits[-1]["time"]) == 1000 * int(totals.get("timeOnSite", 0))
        assert len(orders) == int(totals.get("transactions", 0)) == actions.count("6")
        assert sum(orders) == int(totals.get("transactionRevenue", 0))
        funnel = [action in actions for action in ("2", "3", "5", "6")]
        assert funnel == sorted(funnel, reverse=True)
        deepest = max(deepest, sum(funnel))
    assert deepest == 4


def test_the_truth_file_says_what_was_returned(three_shapes: tuple[Path, Truth]) -> None:
    folder, truth = three_shapes
    written = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert written["totals"]["sessions"] == 10_000
    assert written["totals"]["revenue"] == float(truth.totals.revenue)
    assert [leak["name"] for leak in written["leaks"]] == [leak.name for leak in truth.leaks]
    assert {path.name for path in folder.iterdir()} == {"exports", "truth.json"}
    assert {path.name for path in (folder / "exports").iterdir()} == {Path(e["path"]).name for e in written["exports"]}


def test_generating_again_replaces_the_exports_and_keeps_what_is_not_ours(tmp_path: Path) -> None:
    generate(tmp_path, 2_000, months=3)
    truth = generate(tmp_path, 1_000, months=1, shapes=("ga360_flat",))
    assert [path.name for path in (tmp_path / "exports").iterdir()] == [Path(truth.exports[0].path).name]
    (tmp_path / "other" / "exports").mkdir(parents=True)
    (tmp_path / "other" / "exports" / "mine.csv").touch()
    with pytest.raises(FileExistsError, match="name another folder"):
        generate(tmp_path / "other", 1_000)
    assert (tmp_path / "other" / "exports" / "mine.csv").exists()


@pytest.mark.parametrize("seed", range(5))
def test_exactly_as_many_sessions_are_written_as_were_asked_for(tmp_path: Path, seed: int) -> None:
    truth = generate(tmp_path, 1_003 + seed, seed=seed, shapes=("ga360_flat",))
    lines = sum(len((tmp_path / export.path).read_text("utf-8").splitlines()) - 1 for export in truth.exports)
    assert lines == truth.totals.sessions == 1_003 + seed


def test_progress_ends_with_all_sessions(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    generate(tmp_path, 3_000, months=4, progress=lambda done, total: calls.append((done, total)))
    assert calls == sorted(calls)
    assert calls[-1] == (3_000, 3_000)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sessions": 10}, "cannot generate 10 sessions"),
        ({"sessions": 2_000, "months": 36}, "cannot spread 2000 sessions over 36 months: generate at least 5,480"),
        ({"months": 0}, "cannot generate 0 months"),
        ({"shapes": ("parquet",)}, 'no export shape is called "parquet"; choose from ga360_flat'),
        ({"shapes": ()}, "choose from ga360_flat"),
    ],
)
def test_arguments_that_make_no_exports_are_refused(tmp_path: Path, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generate(tmp_path, **arguments)
    assert not list(tmp_path.iterdir())


def test_a_start_within_a_month_begins_with_its_first_day(tmp_path: Path) -> None:
    truth = generate(tmp_path, 1_000, months=1, first_day=dt.date(2028, 2, 14), shapes=("ga360_flat",))
    (export,) = truth.exports
    assert (export.first_date, export.last_date) == (dt.date(2028, 2, 1), dt.date(2028, 2, 29))
