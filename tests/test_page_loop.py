"""When and on which thread a page is changed: in order, on its document's loop, when somebody is there."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace

import pytest
from builders import sessions, store_of
from panel.io.state import set_curdoc

from dashboard.browser import Browser, Inbox
from dashboard.freshness import Source
from dashboard.viewer import Viewer


class Loop:
    """Stand in for a served document and its loop: what it shall do next tick is done when `turn` is called."""

    session_context = object()

    def __init__(self, browser):
        browser.document = browser._loop = self
        self.soon, self.callbacks, self.threads, self.held = [], [], set(), 0

    def call_soon_threadsafe(self, callback):
        self.soon.append(callback)

    def add_next_tick_callback(self, callback):
        self.threads.add(threading.current_thread())
        self.callbacks.append(callback)

    def hold(self):
        self.held += 1

    def unhold(self):
        self.held -= 1

    def turn(self):
        while self.soon:
            self.soon.pop(0)()
        callbacks, self.callbacks = self.callbacks, []
        for callback in reversed(callbacks):
            callback()
        assert self.held == 0


def test_a_session_that_is_created_on_a_thread_without_a_loop_is_served_by_the_servers_loop():
    """As Panel 1.10 creates those of `silent-leak serve`."""
    loop = object()
    server = SimpleNamespace(application_context=SimpleNamespace(io_loop=SimpleNamespace(asyncio_loop=loop)))
    document = SimpleNamespace(session_context=SimpleNamespace(server_context=server))

    def created():
        with set_curdoc(document):
            return Browser()

    with ThreadPoolExecutor(1) as pool:
        served, alone = pool.submit(created).result(), pool.submit(Browser).result()
    assert served.is_served
    assert served._loop is loop
    assert not alone.is_served


def test_changes_keep_their_order_though_bokeh_calls_back_in_any(monkeypatch):
    browser, done = Browser(), []
    loop = Loop(browser)
    monkeypatch.setattr(browser, "_unfetched", lambda: True)
    for number in range(3):
        browser.later(partial(done.append, number))
    loop.turn()
    assert done == [0, 1, 2]


@pytest.mark.parametrize("is_loaded_first", [True, False])
def test_a_message_waits_until_the_page_says_that_it_listens(is_loaded_first, monkeypatch):
    browser, done = Browser(), []
    loop = Loop(browser)
    monkeypatch.setattr(browser, "_unfetched", lambda: False)
    browser.later(partial(done.append, "message"), sends=True)
    browser.later(partial(done.append, "change"))
    for step in (browser.loaded, lambda: browser.later(browser.listens))[:: 1 if is_loaded_first else -1]:
        assert "message" not in done
        step()
        loop.turn()
    assert done == ["change", "message"]
    browser.later(partial(done.append, "another"), sends=True)
    loop.turn()
    assert done[-1] == "another"


def test_changes_apply_before_anybody_has_fetched_the_page_and_messages_do_not(monkeypatch):
    browser, done = Browser(), []
    loop = Loop(browser)
    monkeypatch.setattr(browser, "_unfetched", lambda: True)
    browser.later(partial(done.append, "message"), sends=True)
    browser.later(partial(done.append, "change"))
    loop.turn()
    assert done == ["change"]


def test_changes_between_fetched_and_ready_wait(monkeypatch):
    browser, done = Browser(), []
    loop = Loop(browser)
    monkeypatch.setattr(browser, "_unfetched", lambda: False)
    browser.later(partial(done.append, "early"))
    loop.turn()
    assert done == []
    browser.loaded()
    browser.later(partial(done.append, "after"))
    assert done == []
    loop.turn()
    assert done == ["early", "after"]


def test_messages_that_overtake_each_other_are_acted_on_in_order():
    inbox, done = Inbox(), []
    for number in (2, 3, 1, None, 5, 4, 4, 10**9):
        inbox.receive({"number": number}, lambda message: done.append(message["number"]))
    assert done == [1, 2, 3, None, 4, 5]
    assert not inbox._early


@pytest.mark.parametrize("said", [{"kind": "view", "view": "funnel"}, {"kind": "address", "query": "?view=funnel"}])
def test_what_a_person_does_is_done_on_the_loop_whatever_thread_heard_it(said, tmp_path):
    viewer = Viewer(Source(store_of(tmp_path / "store", sessions(4, device_category="mobile"))))
    loop = Loop(viewer.browser)
    viewer.browser.loaded()
    threads = []
    viewer.selection.param.watch(lambda *_: threads.append(threading.current_thread()), "view")
    hearing = threading.Thread(target=viewer.act, args=(said,))
    hearing.start()
    hearing.join()
    assert viewer.selection.view == ""
    loop.turn()
    assert viewer.selection.view == "funnel"
    assert threads == [threading.current_thread()]
    assert loop.threads == {threading.current_thread()}


def test_a_param_that_any_thread_sets_is_followed_on_the_loop_in_one_step(tmp_path):
    viewer = Viewer(Source(store_of(tmp_path / "store", sessions(4, device_category="mobile"))))
    loop = Loop(viewer.browser)
    viewer.browser.loaded()
    loop.turn()
    threads = []
    viewer.page.param.watch(lambda *_: threads.append(threading.current_thread()), "query")

    def change():
        viewer.selection.country = ["US"]
        viewer.selection.param.update(device_category="mobile", dates=("2017-07-02", None))

    changing = threading.Thread(target=change)
    changing.start()
    changing.join()
    assert viewer.page.query == ""
    loop.turn()
    assert viewer.page.query == "?from=2017-07-02&country=US&device_category=mobile"
    assert not viewer.page.replaces
    assert threads == [threading.current_thread()], "two changes, one step in the history"
    viewer.stop()
    viewer.selection.country = []
    loop.turn()
    assert "country=US" in viewer.page.query, "nobody looks any more"


def test_a_search_waits_for_the_changes_before_it_and_not_for_ever(monkeypatch):
    browser, done = Browser(), []
    loop = Loop(browser)
    monkeypatch.setattr(browser, "_unfetched", lambda: True)
    browser.later(partial(done.append, "cards"))
    waiting = threading.Thread(target=lambda: (browser.wait(60), done.append("search")))
    waiting.start()
    while waiting.is_alive():
        loop.turn()
    assert done == ["cards", "search"]
    browser.wait(0.01)
