"""Exactly once: however a history is cut into files, shuffled, overlapped and repeated, the same rows come out.

The long form: SILENT_LEAK_EXAMPLES=300 uv run pytest tests/test_exactly_once.py
"""

import json
import os
import tempfile
from pathlib import Path
from unittest import mock

import pytest
from builders import FIXTURES, flat_csv, flat_line, stored_rows
from ga4_builders import content, event, ndjson, parts, purchase
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest.pipeline import ingest_exports
from ingest.upkeep import undo
from queries.store import Store

DAYS = ("20240130", "20240131", "20240201", "20240202")
EXAMPLES = int(os.environ.get("SILENT_LEAK_EXAMPLES", "0"))
pytestmark = [pytest.mark.timeout(0)] if EXAMPLES else []
SLOW = settings(
    max_examples=EXAMPLES or 3,
    deadline=None,
    derandomize=not EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def same_salt(monkeypatch):
    """Hash the same ids to the same numbers in every store."""
    monkeypatch.setenv("SILENT_LEAK_SALT", "same")


@st.composite
def events(draw):
    """Draw an event of one of two users and sessions, on one of four days around the end of a month."""
    day = draw(st.sampled_from(DAYS))
    at = f"{day[:4]}-{day[4:6]}-{day[6:]} {draw(st.sampled_from(['00:00:01', '12:30:00', '23:59:58']))}"
    given = {"user": draw(st.sampled_from(["a", "b"])), "session": draw(st.sampled_from([1700000001, 1700000002]))}
    kind = draw(st.sampled_from(["page_view", "view_item", "first_visit", "purchase"]))
    if kind == "purchase":
        return purchase(draw(st.sampled_from(["T1", "T2", None])), draw(st.integers(1, 3)), at, **given)
    source = draw(st.sampled_from([{}, {"source": "bing", "medium": "organic"}, {"source": "news", "medium": "email"}]))
    return event(kind, at, page_location=draw(st.sampled_from(["https://s.example/a", "https://s.example/b"])),
                 engagement_time_msec=draw(st.sampled_from([0, 4000])), **source, **given)  # fmt: skip


histories = st.lists(events(), min_size=1, max_size=14)
batchings = st.lists(st.lists(st.sets(st.sampled_from(DAYS), min_size=1), min_size=1, max_size=2), max_size=4)


def in_one_run(folder, history):
    """Ingest the whole history as one file; return the store."""
    store = Store(folder / "whole")
    ingest_exports([ndjson(folder / "whole.ndjson", *history)], store)
    return store


@SLOW
@given(histories, batchings)
def test_any_batching_of_ga4_days_ends_in_the_rows_of_one_run(history, batching):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        whole, store = in_one_run(folder, history), Store(folder / "store")
        days = sorted({one["event_date"] for one in history})
        for number, run in enumerate([*batching, [{day} for day in days[::-1]]]):
            files = [
                ndjson(folder / f"{number}-{place}.ndjson", *(one for one in history if one["event_date"] in wanted))
                for place, wanted in enumerate(run)
            ]
            ingest_exports([file for file in files if file.stat().st_size], store)
        assert content(store) == content(whole)
        assert parts(store) == parts(whole)


@SLOW
@given(histories, st.randoms(use_true_random=False))
def test_pieces_of_a_day_in_one_run_or_one_after_the_other_end_in_the_rows_of_one_file(history, random):
    unique = list({json.dumps(one): one for one in history}.values())
    kinds = {(one["event_date"], one["event_name"], one["event_timestamp"], one["user_pseudo_id"]) for one in unique}
    if len(kinds) < len(unique):
        return
    pieces = [[], []]
    for one in unique:
        random.choice(pieces).append(one)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = [ndjson(folder / f"{number}.ndjson", *piece) for number, piece in enumerate(pieces) if piece]
        ingest_exports(files, Store(folder / "together"))
        for file in files:
            ingest_exports([file], Store(folder / "apart"))
        whole = content(in_one_run(folder, unique))
        assert content(Store(folder / "together")) == whole
        assert content(Store(folder / "apart")) == whole


def test_a_corrected_day_replaces_what_that_day_added_and_nothing_else(tmp_path):
    store = Store(tmp_path / "store")
    first = event(at="2024-01-31 23:50:00", page_location="https://s.example/a")
    second = [
        event(at="2024-02-01 00:10:00", page_location="https://s.example/b"),
        purchase("T1", 10, "2024-02-01 00:20:00"),
        event(at="2024-02-01 09:00:00", user="other", session=5),
    ]
    ingest_exports([ndjson(tmp_path / "1.ndjson", first), ndjson(tmp_path / "2.ndjson", *second)], store)
    corrected = [second[0], purchase("T1", 7, "2024-02-01 00:20:00"), purchase("T2", 1, "2024-02-01 00:30:00")]
    (report,) = ingest_exports([ndjson(tmp_path / "3.ndjson", *corrected)], store).files
    assert (report.sessions_added, report.sessions_replaced, report.duplicates) == (0, 1, 0)
    rows = {row["events"]: row for row in stored_rows(store)}
    assert sorted(rows) == [1, 4]
    assert (rows[4]["pageviews"], rows[4]["transactions"], float(rows[4]["revenue"])) == (2, 2, 8.0)
    assert rows[4]["session_date"].isoformat() == "2024-01-31"
    undo(store)
    assert sorted((row["events"], float(row["revenue"])) for row in stored_rows(store)) == [(1, 0.0), (3, 10.0)]


def test_the_order_that_a_correction_takes_away_is_counted_where_it_is_reported_again(tmp_path):
    store = Store(tmp_path / "store")
    early = [event(at="2024-01-31 10:00:00"), purchase("T1", 10, "2024-01-31 10:01:00")]
    late = [event(at="2024-02-02 10:00:00", session=6), purchase("T1", 10, "2024-02-02 10:01:00", session=6)]
    for number, file in enumerate((late, early)):
        ingest_exports([ndjson(tmp_path / f"{number}.ndjson", *file)], store)
    assert [row["transactions"] for row in stored_rows(store)] == [1, 0]
    ingest_exports([ndjson(tmp_path / "corrected.ndjson", early[0])], store)
    assert [row["transactions"] for row in stored_rows(store)] == [0, 1]


def test_a_session_moves_to_the_day_it_began_when_that_day_arrives_later(tmp_path):
    store = Store(tmp_path / "store")
    ingest_exports([ndjson(tmp_path / "2.ndjson", event(at="2024-02-01 00:10:00"))], store)
    ingest_exports([ndjson(tmp_path / "1.ndjson", event(at="2024-01-31 23:50:00"))], store)
    assert [(row["session_date"].isoformat(), row["events"]) for row in stored_rows(store)] == [("2024-01-31", 2)]
    assert [path.parent.name for path in map(Path, store.snapshot().files)] == ["session_month=2024-01"]


def test_an_intraday_export_never_replaces_the_days_final_one(tmp_path):
    store = Store(tmp_path / "store")
    final = [event(at="2024-02-01 10:00:00"), event(at="2024-02-01 11:00:00")]
    ingest_exports([ndjson(tmp_path / "events_20240201.ndjson", *final)], store)
    assert not ingest_exports([ndjson(tmp_path / "events_intraday_20240201.ndjson", final[0])], store).changed
    other = Store(tmp_path / "other")
    for name, day in (("events_intraday_20240201", final[:1]), ("events_20240201", final)):
        ingest_exports([ndjson(tmp_path / f"{name}.ndjson", *day)], other)
    assert content(other) == content(store)


def test_merging_in_shares_changes_nothing(tmp_path):
    history = [event(at=f"2024-01-{day} 10:00:00", user=f"u{user}") for day in (30, 31) for user in range(9)]
    history += [purchase(f"T{user // 2}", 3, "2024-01-31 11:00:00", user=f"u{user}") for user in range(9)]
    files = [
        ndjson(tmp_path / f"{day}.ndjson", *(one for one in history if one["event_date"] == day)) for day in DAYS[:2]
    ]
    with mock.patch("ingest.merge.SESSIONS_AT_ONCE", 2):
        for file in reversed(files):
            ingest_exports([file], Store(tmp_path / "apart"))
        ingest_exports(files, Store(tmp_path / "together"))
    whole = content(in_one_run(tmp_path, history))
    assert content(Store(tmp_path / "apart")) == whole
    assert content(Store(tmp_path / "together")) == whole


@SLOW
@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from(DAYS), st.integers(1, 4)), min_size=1, max_size=8),
    st.lists(st.sets(st.integers(0, 7), min_size=1), max_size=3),
)
def test_any_batching_of_ga360_sessions_ends_in_the_rows_of_one_run(visits, batching):
    lines = list({(visitor, day): flat_line(fullVisitorId=str(visitor), visitId="1706600000", date=day, pageviews=views)
                  for visitor, day, views in visits}.values())  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        ingest_exports([flat_csv(folder / "whole.csv", *lines)], Store(folder / "whole"))
        for number, wanted in enumerate([*batching, set(range(8))]):
            some = [line for place, line in enumerate(lines) if place in wanted]
            if some:
                ingest_exports([flat_csv(folder / f"{number}.csv", *some)], Store(folder / "store"))
        assert content(Store(folder / "store")) == content(Store(folder / "whole"))


@pytest.mark.parametrize("name", ["ga4_events_31days_bqextract.ndjson", "ga360_sessions_37days_bqextract.ndjson"])
def test_a_fixture_day_by_day_shuffled_overlapping_and_repeated_ends_in_the_rows_of_one_run(tmp_path, name):
    path = FIXTURES / name
    if not path.exists():
        pytest.skip("no fixtures beside the project")
    by_day: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        by_day.setdefault(one.get("event_date") or one["date"], []).append(line + "\n")
    days = sorted(by_day, key=lambda day: day[::-1])
    ingest_exports([path], Store(tmp_path / "whole"))
    store = Store(tmp_path / "store")
    for number, chosen in enumerate((days[:12], days[8:20], days[20:], days[3:5], days[:1])):
        for place in range(0, len(chosen), 6):
            file = tmp_path / f"{number}-{place}.ndjson"
            file.write_text("".join("".join(by_day[day]) for day in chosen[place : place + 6]), encoding="utf-8")
        ingest_exports(sorted(tmp_path.glob(f"{number}-*.ndjson")), store)
    assert content(store) == content(Store(tmp_path / "whole"))
