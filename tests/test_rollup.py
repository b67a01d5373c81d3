"""Rollups: the same answers as from the store's files, whatever is asked; a cache that may be missing at any time."""

import datetime as dt
import logging
import random
import threading
from dataclasses import replace

import numpy as np
import pytest
from builders import session, sessions, store_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries import rollup, rollup_build, routes
from queries.cancel import Cancel, Cancelled
from queries.cube import CELL_DIMENSIONS, ask_cells
from queries.engine import Call, Engine
from queries.filters import Filters
from queries.funnel import CHECKOUT, ENGAGEMENT, Funnel, Step
from queries.metrics import METRICS
from queries.pivot import ask_pivot
from queries.rollup import COMMON, ROLLUPS, file_of
from queries.vocabulary import DIMENSIONS, NOT_SET, STORED_DIMENSIONS

VALUES = ("a", "b", "/Ü /x", "' or 1=1 --", NOT_SET)
FUNNELS = (
    ENGAGEMENT,
    CHECKOUT,
    Funnel("Between", (Step("Three", "", "pageviews", ">=", 3), Step("Two orders", "", "transactions", ">", 1))),
    Funnel("Equal", (Step("One", "", "pageviews", "=", 1), Step("Engaged", "", "engaged", "is true"))),
)  # fmt: skip
DAYS = [dt.date(2017, 6, 29) + dt.timedelta(days=day) for day in range(5)]


def random_sessions(count, seed):
    """Return sessions at and around every bound of a class, with NULLs wherever a store may have them."""
    chance = random.Random(seed)  # noqa: S311 - test rows
    flag = (None, True, False)
    rows = []
    for _ in range(count):
        transactions = chance.choice((0, 0, 0, 1, 2))
        rows.append(
            session(
                session_date=chance.choice(DAYS),
                visitor_id=chance.choice((None, *range(1, count // 2))),
                pageviews=chance.choice((0, 1, 2, 3, 4, 5, 9, 10, 11, 300)),
                duration_seconds=chance.choice((None, 0, 1, 9, 10, 60, 179, 180, 300, 599, 600, 1200, 3600, 3601)),
                transactions=transactions,
                revenue=chance.choice((0, "0.01", "19.999999", 1234)) if transactions else 0,
                **{name: chance.choice(flag) for name in ("engaged", "viewed_item", "added_to_cart", "began_checkout")},
                **{name: chance.choice(VALUES) for name in STORED_DIMENSIONS},
            )
        )
    return rows


@pytest.fixture
def rolled_up(monkeypatch):
    """Roll up stores of any size, with every rollup kept."""
    monkeypatch.setattr(rollup, "SMALLEST_BYTES", 0)
    monkeypatch.setattr(rollup_build, "SMALLEST_STORE", 0)
    monkeypatch.setattr(rollup_build, "WORTH_IT", float("inf"))
    monkeypatch.setattr(rollup_build, "ALL_TOGETHER", float("inf"))


@pytest.fixture
def copied(monkeypatch):
    """Make the narrow copy of stores of any size, without a rollup: the file is there in a moment."""
    monkeypatch.setattr(rollup, "SMALLEST_BYTES", 0)


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    """Return engines over the same sessions: reading files; reading rollups; and keeping subsets as well."""
    store = store_of(tmp_path_factory.mktemp("rollup") / "store", random_sessions(600, 1))
    files = Engine(store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollup, "SMALLEST_BYTES", 0)
        patch.setattr(rollup_build, "SMALLEST_STORE", 0)
        patch.setattr(rollup_build, "WORTH_IT", float("inf"))
        patch.setattr(rollup_build, "ALL_TOGETHER", float("inf"))
        rollups, subsets = Engine(store), Engine(store)
        rollups.keep_rollups(wait=True)
        subsets.keep_rollups(wait=True)
    return files, rollups, subsets


WANTED = st.dictionaries(
    st.sampled_from(DIMENSIONS), st.lists(st.sampled_from((*VALUES, "no such")), min_size=1, max_size=3), max_size=3
)
STEPS = st.sampled_from([(), *(funnel.steps[place:] for funnel in FUNNELS for place in range(len(funnel.steps)))])
CALLS = st.builds(
    Call,
    metric=st.sampled_from([metric.name for metric in METRICS]),
    filters=st.builds(
        lambda days, include, exclude, left_out, reached, missed: replace(
            Filters.of(*(sorted(days) if days else (None, None)), include, exclude, left_out),
            reached=reached, missed=missed),
        st.one_of(st.none(), st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS))),
        WANTED,
        WANTED,
        st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)), max_size=2),
        STEPS,
        STEPS,
    ),
    by=st.one_of(st.none(), st.sampled_from(DIMENSIONS)),
    funnel=st.sampled_from(FUNNELS),
)  # fmt: skip


def fitting(call):
    """Return the call with a dimension to split by where its metric needs one, without where it takes none."""
    [metric] = [metric for metric in METRICS if metric.name == call.metric]
    by = {"no": None, "must": call.by or "browser"}.get(metric.segmented, call.by)
    return Call(call.metric, call.filters, by, call.funnel)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CALLS)
def test_rollups_copy_and_subsets_answer_as_the_files_do(engines, monkeypatch, call):
    monkeypatch.setattr(routes, "WORTH_A_SUBSET", 0)
    call = fitting(call)
    files, rollups, subsets = engines
    monkeypatch.setattr(routes, "SUBSET_ROWS", 0)
    expected, from_rollups = call.ask(files), call.ask(rollups)
    monkeypatch.setattr(routes, "SUBSET_ROWS", 1000)
    from_subsets = call.ask(subsets)
    assert expected.read == "files"
    assert from_rollups.read != "files"
    assert from_rollups.rows == from_subsets.rows == expected.rows
    assert [list(map(type, row.values())) for row in from_rollups.rows] == [
        list(map(type, row.values())) for row in expected.rows
    ]
    assert (from_rollups.sql, from_rollups.parameters) == (expected.sql, expected.parameters)


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), count=st.integers(1, 30), call=CALLS)
def test_any_store_answers_every_metric_the_same_from_its_rollups(rolled_up, tmp_path_factory, seed, count, call):
    store = store_of(tmp_path_factory.mktemp("any") / "store", random_sessions(count, seed))
    files, rollups = Engine(store), Engine(store)
    rollups.keep_rollups(wait=True)
    for metric in METRICS:
        for filters in (Filters(), call.filters):
            asked = fitting(Call(metric.name, filters, call.by, call.funnel))
            assert asked.ask(rollups).rows == asked.ask(files).rows


def test_the_smallest_rollup_that_has_the_columns_is_read(engines):
    _, rollups, _ = engines
    assert rollups.run("trend").read == "rollup days_by_device"
    desktop = Filters.of(DAYS[0], None, {"device_category": ["a"], "source": ["a"], "country": ["a"]})
    assert rollups.run("overview", desktop).read == "rollup days"
    assert rollups.run("segments", by="browser").read.startswith("rollup browser_")
    assert rollups.run("funnel", funnel=FUNNELS[2]).read == "copy"
    assert rollups.run("visitors").read == "copy"
    assert rollups.run("converted_vs_engaged").read == "engaged sessions"


def test_every_pair_of_common_filters_and_any_single_one_is_in_a_rollup(engines):
    _, rollups, _ = engines
    needs = [("trend", None), ("funnel", "device_category"), ("countries", None), ("sources_by_day", None)]
    for metric, by in needs:
        for one in DIMENSIONS:
            assert rollups.run(metric, Filters.of(include={one: ["a"]}), by=by).read.startswith("rollup")
    for metric in ("overview", "sources_by_day", "countries"):
        assert rollups.run(metric, Filters.of(include={name: ["a"] for name in COMMON})).read.startswith("rollup")


def test_values_and_the_sample_of_orders_are_asked_once_for_all_tables_of_cells(engines, monkeypatch):
    files, *_ = engines
    files.values.clear()
    asked, arrays = [], files.arrays
    monkeypatch.setattr(files, "arrays", lambda name, *given: asked.append(name) or arrays(name, *given))
    for dimensions in (("device_category", "country"), ("country", "source"), ("device_category", "country", "source")):
        ask_cells(files, dimensions)
    assert sorted(asked) == ["cells"] * 3 + ["labels"] * 3 + ["orders"]


@pytest.mark.parametrize("step", [None, "Engaged", "Viewed item"])
@pytest.mark.parametrize(
    ("read", "filters"),
    [
        ("cells", Filters()),
        ("region_steps", Filters.of(include={"region": ["a", "b"]}, exclude={"source": ["b"]})),
        ("subset", Filters.of(include={"region": ["a"], "hostname": ["a", "b"]})),
    ],
)
def test_the_cell_table_of_the_leaks_and_the_pivot_are_the_same_from_rollups(engines, monkeypatch, step, read, filters):
    monkeypatch.setattr(routes, "WORTH_A_SUBSET", 0)
    files, rollups, _ = engines
    rollups.values.clear()
    asked = []
    execute = rollups._asked
    monkeypatch.setattr(rollups, "_asked", lambda *given: asked.append(str(given[1].parameters)) or execute(*given))
    funnel = CHECKOUT if step == "Viewed item" else ENGAGEMENT
    dimensions = ("device_category", "country", "visitor_type") if read == "region_steps" else CELL_DIMENSIONS
    expected, found = (ask_cells(engine, dimensions, filters, funnel=funnel, step=step) for engine in (files, rollups))
    assert any(f"main.{read}" in parameters for parameters in asked)
    assert any("main.orders" in parameters for parameters in asked)
    assert (found.labels, found.onward) == (expected.labels, expected.onward)
    for name in ("codes", "sessions", "conversions"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    for name in ("revenue", "orders"):  # sums of floating-point numbers, in whichever order they come
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12)
    asked.clear()
    assert ask_pivot(rollups, ("source", "browser"), filters, funnel) == ask_pivot(
        files, ("source", "browser"), filters, funnel
    )
    assert (read == "region_steps") == ("files" in "".join(asked))


def test_a_rollup_that_hardly_adds_up_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(rollup, "SMALLEST_BYTES", 0)
    monkeypatch.setattr(rollup_build, "SMALLEST_STORE", 0)
    engine = Engine(store_of(tmp_path / "store", random_sessions(400, 3)))
    engine.keep_rollups(wait=True)
    attached = engine._routes.attached
    assert 0 < len(attached.rollups) < len(ROLLUPS)
    assert all(rows <= 400 / 6 for rows in attached.rollups.values())


def test_a_smaller_store_has_its_copy_only_and_a_tiny_one_nothing(tmp_path, monkeypatch):
    store = store_of(tmp_path / "store", sessions(3))
    engine = Engine(store)
    engine.keep_rollups(wait=True)
    assert (engine.rollups.word, engine.run("overview").read) == ("not needed", "files")
    monkeypatch.setattr(rollup, "SMALLEST_BYTES", 0)
    engine = Engine(store)
    engine.keep_rollups(wait=True)
    assert (engine.rollups.word, engine.run("overview").read) == ("ready", "copy")
    assert engine.run("overview").rows[0]["sessions"] == 3


def test_another_version_has_its_own_rollups_and_the_old_ones_go(tmp_path, copied):
    store = store_of(tmp_path / "store", sessions(2))
    engine = Engine(store)
    engine.keep_rollups(wait=True)
    old = file_of(engine.snapshot)
    store_of(tmp_path / "store", sessions(5))
    assert engine.run("overview").rows[0]["sessions"] == 2
    engine.refresh()
    engine._background.wait()
    result = engine.run("overview", Filters.of(include={"country": [NOT_SET]}))
    assert (result.rows[0]["sessions"], result.read) == (5, "copy")
    assert not old.exists()


def test_a_store_made_anew_in_the_same_folder_does_not_read_the_old_rollups(tmp_path, copied):
    first = store_of(tmp_path / "one", sessions(2))
    Engine(first).keep_rollups(wait=True)
    second = store_of(tmp_path / "two", sessions(7))
    (tmp_path / "one" / "rollup").rename(tmp_path / "two" / "rollup")
    assert Engine(second).run("overview").rows[0]["sessions"] == 7


def test_a_second_engine_reads_what_the_first_has_built(tmp_path, copied):
    store = store_of(tmp_path / "store", sessions(2))
    waiting = Engine(store)
    assert waiting.rollups.word == "missing"
    Engine(store).keep_rollups(wait=True)
    assert Engine(store).run("trend").read == "copy"
    waiting.refresh()
    assert waiting.run("trend").read == "copy"
    assert waiting.rollups.word == "ready"
    assert waiting.rollups.bytes > 0


@pytest.mark.parametrize("harm", ["remove", "overwrite", "cut"])
def test_a_damaged_or_missing_rollup_file_costs_time_not_answers(tmp_path, copied, harm, caplog):
    store = store_of(tmp_path / "store", sessions(4))
    Engine(store).keep_rollups(wait=True)
    path = file_of(store.snapshot())
    if harm == "remove":
        path.unlink()
    elif harm == "overwrite":
        path.write_bytes(b"nonsense" * 1000)
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    caplog.set_level(logging.ERROR)
    assert Engine(store).run("overview").rows[0]["sessions"] == 4


def test_an_interrupted_building_leaves_nothing_and_can_be_done_again(tmp_path, copied):
    snapshot = store_of(tmp_path / "store", sessions(4)).snapshot()

    def interrupt(_):
        raise Cancelled

    with pytest.raises(Cancelled):
        rollup_build.build(snapshot, interrupt)
    (tmp_path / "store" / "rollup" / "killed.part").write_text("left by a process that was killed")
    (tmp_path / "store" / "rollup" / "killed.spill").mkdir()
    assert rollup_build.build(snapshot) == file_of(snapshot)
    assert {path.name for path in file_of(snapshot).parent.iterdir()} <= {file_of(snapshot).name, "build.lock"}


def test_a_process_that_ends_does_not_wait_for_its_rollups(tmp_path, rolled_up):
    engine = Engine(store_of(tmp_path / "store", random_sessions(400, 9)))
    engine.keep_rollups()
    thread = engine._background._thread
    engine._background.stop()
    assert not thread.is_alive()
    assert engine.rollups.word in {"missing", "ready"}
    assert engine.run("overview").rows[0]["sessions"] == 400


def test_a_folder_that_cannot_be_written_leaves_the_files_in_use(tmp_path, copied, caplog):
    store = store_of(tmp_path / "store", sessions(4))
    (tmp_path / "store" / "rollup").write_text("in the way")
    engine = Engine(store)
    engine.keep_rollups(wait=True)
    assert engine.rollups.word == "failed"
    assert "could not be built" in caplog.text
    assert engine.run("overview").rows[0]["sessions"] == 4


def test_a_cancelled_question_leaves_its_filter_to_the_next(engines, monkeypatch):
    monkeypatch.setattr(routes, "WORTH_A_SUBSET", 0)
    _, _, engine = engines
    filters = Filters.of(include={"region": ["a"], "hostname": ["b"]})
    cancel = Cancel()
    cancel.cancel()
    with pytest.raises(Cancelled):
        engine.run("overview", filters, cancel=cancel)
    assert engine.run("overview", filters).read == "subset"


def test_old_subsets_go_when_there_are_too_many(engines, monkeypatch):
    monkeypatch.setattr(routes, "WORTH_A_SUBSET", 0)
    monkeypatch.setattr(routes, "ALL_SUBSETS_ROWS", 150)
    files, _, engine = engines
    for value in (*VALUES, *VALUES):
        filters = Filters.of(include={"region": [value], "hostname": ["b"], "campaign": ["b", NOT_SET]})
        assert engine.run("overview", filters).rows == files.run("overview", filters).rows
        assert sum(subset.rows for subset in engine._routes._subsets.values()) <= 150
    kept = engine._connection.cursor().execute("select count(*) from duckdb_tables() where table_name like 'subset%'")
    assert kept.fetchone()[0] <= len(engine._routes._subsets) + 1


def test_several_questions_at_once_are_answered_in_their_order(engines):
    files, rollups, _ = engines
    calls = [Call("overview"), Call("trend"), Call("overview"), Call("funnel", by="device_category")]
    assert [result.rows for result in rollups.run_many(calls)] == [call.ask(files).rows for call in calls]


def test_many_threads_may_ask_while_rollups_come_and_go(tmp_path, copied):
    store = store_of(tmp_path / "store", random_sessions(50, 5))
    engine = Engine(store)
    expected = {value: engine.run("overview", Filters.of(include={"region": [value]})).rows for value in VALUES}
    wrong: list[object] = []

    def ask():
        for number in range(30):
            value = VALUES[number % len(VALUES)]
            filters = Filters.of(include={"region": [value]}, exclude={"browser": [f"no such {number}"]})
            if engine.run("overview", filters).rows != expected[value]:
                wrong.append(value)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    engine.keep_rollups(wait=True)
    engine._routes.detach()
    engine._routes.attach(engine.snapshot)
    for thread in threads:
        thread.join()
    assert not wrong
