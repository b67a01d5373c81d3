"""A silent leak as a person sees it in Chromium: named and dated whatever the first shown day, and filtered to."""

import datetime as dt

import pytest
from builders import sessions, store_of
from test_browser import CHROMIUM, address, chromium, counted, visit  # noqa: F401 - fixtures are used by their names

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Fifty days in which Edge keeps a tenth of its orders from 11 July on."""
    rows = []
    for number in range(50):
        date = dt.date(2017, 6, 1) + dt.timedelta(days=number)
        late = number >= 40
        for browser, bought in (("Chrome", 12), ("Edge", 1 if late else 10), ("Safari", 9)):
            held = {"browser": browser, "session_date": date, "country": "US", "device_category": "desktop"}
            rows += sessions(bought, transactions=1, revenue=50, pageviews=12, duration_seconds=600, **held)
            rows += sessions(60 - bought, pageviews=3, duration_seconds=40, **held)
    return store_of(tmp_path_factory.mktemp("silent") / "store", rows)


def test_a_silent_leak_is_named_with_its_day_and_can_be_filtered_to(visit):  # noqa: F811 - the fixture
    page = visit("?from=2017-07-15&to=2017-07-20&view=leaks")
    card = page.locator("#card-silent:not(.pending)")
    card.locator("h2", has_text="One silent leak: Edge since").wait_for()
    row = card.locator(".finding-row").first
    assert "since 11 Jul" in row.locator("h3").inner_text()
    assert row.locator(".tags .tag").first.inner_text() == "Fell"
    card.get_by_role("button", name="Show as table").click()
    assert "11 Jul 2017" in page.get_by_role("table", name="Silent leaks").inner_text()
    card.get_by_role("button", name="Show as table").click()
    row.get_by_role("button", name="Filter to this").click()
    page.locator(".chip", has_text="Browser is Edge").wait_for()
    counted(page, "360 of 9,000 sessions")


def test_before_there_are_days_enough_the_card_says_how_many_it_needs(visit):  # noqa: F811 - the fixture
    page = visit("?from=2017-06-01&to=2017-06-05&view=leaks")
    card = page.locator("#card-silent:not(.pending)")
    card.locator("h2", has_text="Not enough days to watch").wait_for()
    assert "Dating a fall needs 28 days before it; the store holds 5" in card.inner_text()
