"""A day whose tracking broke is left out from where it is told, and brought back, as a person does it in Chromium."""

import datetime as dt

import pytest
from builders import sessions, store_of
from test_browser import CHROMIUM, address, chromium, counted, visit  # noqa: F401 - fixtures are used by their names

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")

BROKEN = 9


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Four hundred sessions a day; on 9 July those of google are filed under (direct)."""
    rows = []
    for number in range(1, 11):
        for source, count in (("google", 300), ("(direct)", 100)):
            filed = "(direct)" if number == BROKEN else source
            held = {"session_date": dt.date(2017, 7, number), "source": filed, "device_category": "desktop"}
            rows += sessions(count // 50, pageviews=9, transactions=1, revenue=20, **held)
            rows += sessions(count - count // 50, pageviews=2, **held)
    return store_of(tmp_path_factory.mktemp("left_out") / "store", rows)


@pytest.mark.parametrize("width", [1400, 390])
def test_the_sources_offer_to_leave_out_the_day_that_spoils_them(visit, width):  # noqa: F811 - the fixture
    page = visit("?view=sources")
    page.set_viewport_size({"width": width, "height": 900})
    offer = page.locator("#card-sources .offer").get_by_role("button", name="Leave out 9 Jul")
    offer.wait_for()
    assert offer.evaluate("(one) => one.getBoundingClientRect().right <= innerWidth")
    assert "Source figures are not reliable" in page.locator(".finding").inner_text()
    offer.click()
    counted(page, "3,600 of 4,000 sessions")
    assert page.locator(".chip").inner_text() == "Day is not 9 Jul 2017"
    offer.wait_for(state="detached")
    page.locator(".finding", has_text="sessions converted").wait_for()
    page.keyboard.press("Escape")
    counted(page, "4,000 of 4,000 sessions")
    offer.wait_for()


def test_a_check_on_the_overview_and_in_data_quality_offers_it_too(visit):  # noqa: F811 - the fixture
    page = visit()
    page.locator("#card-checks").get_by_role("button", name="Leave out 9 Jul").click()
    counted(page, "3,600 of 4,000 sessions")
    page.get_by_role("button", name="Remove filter Day").click()
    counted(page, "4,000 of 4,000 sessions")
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.locator("#card-verdicts").get_by_role("button", name="Leave out 9 Jul").click()
    counted(page, "3,600 of 4,000 sessions")
    page.locator("#card-verdicts h2", has_text="Nothing to settle").wait_for()
