"""The page under a thumb in Chromium, 390 pixels wide: the filter bar scrolls, shows that it does, and is undone."""

import pytest
from test_browser import (  # noqa: F401 - fixtures are used by their names
    CHROMIUM,
    Visit,
    address,
    chromium,
    counted,
    store,
)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")

WIDTH = 390


@pytest.fixture
def phone(chromium, address):  # noqa: F811 - the fixtures
    context = chromium.browser.new_context(has_touch=True, is_mobile=True)
    visit = Visit(context, address)
    yield lambda query: visit(query, width=WIDTH, height=844)
    assert visit.problems == []
    context.close()


def test_chips_stand_beside_the_days_and_every_one_is_reached_and_removed_by_touch(phone):
    page = phone("?view=sources&device_category=desktop&country=US&source=google&visitor_type=new")
    counted(page, "240 of 420 sessions")
    said = page.locator(".counted").bounding_box()
    assert said["x"] >= 0 and said["x"] + said["width"] <= WIDTH
    first = page.locator(".chip").first.bounding_box()
    assert first["x"] < WIDTH / 2, "no chip is in sight"
    assert page.locator(".filter-strip.more-after:not(.more-before)").count() == 1
    page.get_by_role("button", name="Remove filter Source").tap()
    counted(page, "260 of 420 sessions")
    page.locator(".filter-strip").evaluate("(strip) => strip.scrollTo({left: 9999})")
    page.locator(".filter-strip.more-before:not(.more-after)").wait_for()
    for name in ("Visitor type", "Country", "Device"):
        page.get_by_role("button", name=f"Remove filter {name}").tap()
        page.get_by_role("button", name=f"Remove filter {name}").wait_for(state="detached")
    counted(page, "420 of 420 sessions")
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTH
