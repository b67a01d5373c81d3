"""The page and its selection in both directions: what Python sets is shown, what a person clicks is set."""

import threading

import panel as pn
import pytest
from panel.tests.util import wait_until
from test_browser import CHROMIUM, choose, chromium, counted, free_port, store, visit  # noqa: F401 - fixtures by name

from dashboard.app import create_app
from dashboard.controls import Controls
from dashboard.selection import Selection
from queries.store import Store

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")


@pytest.fixture(scope="module")
def opened():
    """Return the selections of the pages opened so far, with their documents."""
    return []


@pytest.fixture(scope="module")
def address(store, opened):  # noqa: F811 - the fixture
    def page():
        selection = Selection(device_category="desktop")
        opened.append((selection, pn.state.curdoc))
        return create_app(Store(store.path), selection=selection)

    port = free_port()

    def controls():
        selection = Selection()
        opened.append((selection, pn.state.curdoc))
        return Controls(selection, store.path, dimensions=["country", "device_category"])

    server = pn.serve(
        {"/": page, "/controls": controls}, port=port, address="127.0.0.1", show=False, threaded=True, verbose=False,
        websocket_origin=f"127.0.0.1:{port}",
    )  # fmt: skip
    yield f"http://127.0.0.1:{port}/"
    server.stop()


def test_a_ready_selection_is_shown_and_a_query_wins(visit, opened):  # noqa: F811 - the fixture
    page = visit()
    counted(page, "260 of 420 sessions")
    assert page.locator(".chip").inner_text() == "Device is Desktop"
    assert page.url.endswith("?device_category=desktop")
    other = visit("?country=GB")
    counted(other, "160 of 420 sessions")
    selection, _ = opened[-1]
    assert (selection.country, selection.device_category) == (["GB"], [])


@pytest.mark.parametrize("where", ["another thread", "the document's loop"])
def test_what_python_sets_changes_cards_chips_and_address_and_back_works(visit, opened, where):  # noqa: F811
    page = visit("?country=US")
    counted(page, "260 of 420 sessions")
    selection, document = opened[-1]

    def change():
        selection.param.update(country=["GB"], dates=("2017-07-04", "2017-07-05"))

    if where == "another thread":
        thread = threading.Thread(target=change)
        thread.start()
        thread.join()
    else:
        document.add_next_tick_callback(change)
    counted(page, "80 of 420 sessions")
    assert page.locator(".chip").inner_text() == "Country is United Kingdom"
    assert page.locator(".button.control", has_text="4–5 Jul 2017").is_visible()
    assert page.url.endswith("?from=2017-07-04&to=2017-07-05&country=GB")
    page.go_back()
    counted(page, "260 of 420 sessions")
    assert (selection.country, selection.dates) == (["US"], None)
    page.go_forward()
    counted(page, "80 of 420 sessions")
    assert selection.country == ["GB"]


def test_what_a_person_chooses_in_the_page_is_a_param(visit, opened):  # noqa: F811 - the fixture
    page = visit("?view=sources")
    selection, _ = opened[-1]
    heard = []
    selection.param.watch(lambda event: heard.append(event.new), "country")
    choose(page, "Country", "United Kingdom")
    counted(page, "160 of 420 sessions")
    assert (selection.country, heard) == (["GB"], [["GB"]])
    page.get_by_role("button", name="Remove filter Country").click()
    counted(page, "420 of 420 sessions")
    assert selection.country == []


def test_many_changes_from_two_threads_end_in_what_the_selection_says(visit, opened):  # noqa: F811 - the fixture
    page = visit("?view=sources")
    counted(page, "420 of 420 sessions")
    selection, _ = opened[-1]

    def change(name, values):
        for number in range(40):
            selection.param.update({name: [values[number % 2]]})

    threads = [
        threading.Thread(target=change, args=given)
        for given in (("country", ("US", "GB")), ("device_category", ("desktop", "mobile")))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted(page, "160 of 420 sessions")
    page.wait_for_url("**/?view=sources&country=GB&device_category=mobile")
    assert sorted(page.locator(".chip").all_inner_texts()) == ["Country is United Kingdom", "Device is Mobile"]


def test_controls_of_an_own_app_set_params_and_follow_them(chromium, address, opened):  # noqa: F811 - the fixture
    page = chromium.new_page()
    page.goto(f"{address}controls")
    country = page.get_by_role("combobox").first
    country.click()
    page.get_by_role("menuitem", name="United States (260)").click()
    page.keyboard.press("Escape")
    page.locator(".MuiChip-label", has_text="United States (260)").wait_for()
    selection, _ = opened[-1]
    wait_until(lambda: selection.country == ["US"], page)
    selection.dates = ("2017-07-04", "2017-07-05")
    page.locator(".MuiChip-label", has_text="United States (130)").wait_for()
    selection.param.update(country=["GB"], device_category=["mobile"])
    page.locator(".MuiChip-label", has_text="United Kingdom (80)").wait_for()
    page.locator(".MuiChip-label", has_text="Mobile (80)").wait_for()
    page.close()
