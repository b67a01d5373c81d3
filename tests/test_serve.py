"""Which browsers may connect to a served page, and what is ready before the first one comes."""

import socket
from concurrent.futures import ThreadPoolExecutor

import panel as pn
import pytest
from builders import sessions, store_of

from dashboard import serve as served
from dashboard import viewer
from dashboard.freshness import source_of
from dashboard.serve import names_of, serve
from queries.filters import Filters
from queries.funnel import ENGAGEMENT
from queries.judged import judged_leaks
from queries.store import Store


@pytest.fixture
def let_in(monkeypatch, tmp_path):
    """Return the function that serves on an address and returns the origins that are let in."""
    given = {}
    monkeypatch.setattr(pn, "serve", lambda pages, **options: given.update(options))
    monkeypatch.setattr(served, "prepare", lambda store: None)

    def ask(address, *origins):
        serve(Store(tmp_path), port=80, address=address, origins=origins)
        return given["websocket_origin"]

    return ask


def test_on_its_own_machine_only_that_machine_is_let_in(let_in):
    assert let_in("127.0.0.1") == ["127.0.0.1:80", "localhost:80"]


def test_on_a_network_the_machines_own_names_are_let_in_and_nobody_elses(let_in):
    origins = let_in("0.0.0.0")  # noqa: S104 - nothing is bound here
    assert f"{socket.gethostname()}:80" in origins
    assert not [origin for origin in origins if origin.startswith(("*", "0."))]


def test_a_proxys_name_is_let_in_when_it_is_given(let_in):
    assert "dashboard.example" in let_in("127.0.0.1", "dashboard.example")


def test_no_name_is_said_twice():
    assert names_of("localhost") == ["localhost", "127.0.0.1"]


def test_the_first_page_is_asked_for_before_anybody_comes(monkeypatch, tmp_path):
    built = []
    monkeypatch.setattr(served, "packed_figures", lambda charts, theme: built.append(theme.name))
    monkeypatch.setattr(viewer, "WORKERS", ThreadPoolExecutor(1))
    store = store_of(tmp_path / "store", sessions(40, device_category="mobile", country="US"))
    served.prepare(store)
    viewer.WORKERS.shutdown()
    engine = source_of(store).engine
    asked = []
    monkeypatch.setattr(engine, "_execute", lambda *given: asked.append(given))
    assert engine.run("funnel").rows
    assert judged_leaks(engine, Filters(), ENGAGEMENT).found.sessions == 40
    assert asked == []
    assert set(built) == {"light", "dark"}


def test_a_folder_without_a_store_is_no_error_before_anybody_comes(monkeypatch, tmp_path):
    monkeypatch.setattr(served, "packed_figures", lambda charts, theme: None)
    served.prepare(Store(tmp_path))
