"""The store's reading side: snapshots, odd folder names, versions, and what is said when there is nothing."""

import datetime as dt
import os
import threading

import pytest
from builders import session, sessions, store_of

from queries.engine import Cancel, Cancelled, Engine, QueryError
from queries.filters import Filters
from queries.store import Rejected, Store, StoreError


def count(engine):
    return engine.run("overview").rows[0]["sessions"]


@pytest.mark.parametrize("name", ["plain", "two words", "ümlaut", "quo'te", "a&b=c;d", "{x}", "source=x"])
def test_a_store_may_live_in_a_folder_of_almost_any_name(tmp_path, name):
    engine = Engine(store_of(tmp_path / name, sessions(3, source="google")))
    assert [row["segment"] for row in engine.run("segments", by="source").rows] == ["google"]


@pytest.mark.parametrize("name", ["per%20cent", "ha#sh", "square[1]", "st*r", "what?"])
def test_a_folder_that_deltalake_cannot_open_is_refused_at_once(tmp_path, name):
    with pytest.raises(StoreError, match="in its path, which a store cannot have: choose another"):
        Store(tmp_path / name)
    assert not any(tmp_path.iterdir())


def test_a_store_may_be_named_relatively_and_through_a_link(tmp_path, monkeypatch):
    store_of(tmp_path / "real", sessions(2))
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    assert count(Engine(Store("real"))) == 2
    assert count(Engine(Store("link"))) == 2


def test_a_missing_store_says_what_to_do(tmp_path):
    with pytest.raises(StoreError, match="holds no sessions: ingest exports first"):
        Engine(Store(tmp_path / "nothing"))
    assert not (tmp_path / "nothing").exists()


def test_an_engine_stays_on_its_version_until_it_is_refreshed(tmp_path):
    store = store_of(tmp_path, sessions(2))
    engine = Engine(store)
    assert count(engine) == 2
    store_of(tmp_path, sessions(5))
    assert count(engine) == 2
    assert engine.refresh().version == 1
    assert count(engine) == 5


def test_months_outside_the_dates_are_not_opened(tmp_path):
    store = store_of(tmp_path, [session(session_date=dt.date(2017, month, 1)) for month in (6, 7, 8)])
    july = next(file for file in store.snapshot().files if "2017-07" in file)
    os.truncate(july, 0)
    engine = Engine(store)
    [row] = engine.run("overview", Filters.of(date_from=dt.date(2017, 8, 1))).rows
    assert row["sessions"] == 1


def test_a_damaged_file_is_an_error_with_its_sql_and_an_id(tmp_path):
    store = store_of(tmp_path, sessions(2))
    engine = Engine(store)
    os.truncate(store.snapshot().files[0], 0)
    with pytest.raises(QueryError, match=r"overview could not be computed \(query [0-9a-f]{4}\)") as caught:
        engine.run("overview")
    assert "READ_PARQUET" in caught.value.sql


def test_the_reading_engine_can_read_nothing_but_its_store(tmp_path):
    engine = Engine(store_of(tmp_path / "store", sessions(1)))
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for statement in (f"select * from read_csv('{secret}')", "set enable_external_access = true"):  # noqa: S608
        with pytest.raises(Exception, match=r"(?i)permission|locked|disabled"):
            engine._connection.cursor().execute(statement)


def test_threads_share_an_engine(tmp_path):
    engine = Engine(store_of(tmp_path, sessions(50, source="a") + sessions(20, source="b")))
    answers = {}

    def ask(number):
        source = "ab"[number % 2]
        engine_rows = engine.run("overview", Filters.of(include={"source": [source], "browser": ["(not set)"]})).rows
        answers[number] = (source, engine_rows[0]["sessions"])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers.values()) == {("a", 50), ("b", 20)}


def test_a_cancelled_question_is_not_answered(tmp_path):
    engine = Engine(store_of(tmp_path, sessions(2)))
    cancel = Cancel()
    cancel.cancel()
    with pytest.raises(Cancelled):
        engine.run("overview", cancel=cancel)


def test_repeated_questions_are_remembered_per_version(tmp_path):
    engine = Engine(store_of(tmp_path, sessions(2)))
    assert engine.run("overview") is engine.run("overview")
    assert engine.run("overview") is not engine.run("overview", Filters.of(include={"country": ["US"]}))


def test_rejected_rows_are_told_without_the_folder_of_their_file(tmp_path):
    store = store_of(tmp_path, sessions(1))
    assert store.rejected() == []
    (tmp_path / "rejects").mkdir()
    lines = 'file,row,reason,value,fields_or_text\n/home/x/march.csv,7,date is in the future,20990101,"{""a"": 1}"\n'
    (tmp_path / "rejects" / "run.csv").write_text(lines + "/home/x/march.csv,9,negative pageviews,-1,\n")
    assert store.rejected() == [
        Rejected("march.csv", 7, "date is in the future", "20990101"),
        Rejected("march.csv", 9, "negative pageviews", "-1"),
    ]
    assert len(store.rejected(1)) == 1
