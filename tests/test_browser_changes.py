"""What changed, as a person sees it in Chromium: a segment that fell behind a flat total is named, marked and dated."""

import datetime as dt

import pytest
from builders import sessions, store_of
from test_browser import CHROMIUM, address, chromium, counted, visit  # noqa: F401 - fixtures are used by their names

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")
SHOWN = "?from=2017-07-15&to=2017-07-28&compare=previous"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Four weeks in which Edge keeps a fifth of its orders from 15 July on, and Chrome makes up for them."""
    rows = []
    for number in range(1, 29):
        date = dt.date(2017, 7, number)
        late = number > 14
        for browser, bought in (("Chrome", 15 if late else 11), ("Edge", 1 if late else 5), ("Safari", 8)):
            held = {"browser": browser, "session_date": date, "country": "US", "device_category": "desktop"}
            rows += sessions(bought, transactions=1, revenue=50, pageviews=12, duration_seconds=600, **held)
            rows += sessions(100 - bought, pageviews=3, duration_seconds=40, **held)
    return store_of(tmp_path_factory.mktemp("changes") / "store", rows)


def test_a_flat_total_does_not_hide_what_fell_and_its_trend_says_since_when(visit):  # noqa: F811 - the fixture
    page = visit(SHOWN)
    finding = page.locator("h1.finding")
    finding.filter(has_text="Edge").wait_for()
    said = finding.inner_text().replace("\u202f", " ")
    fell = "Edge lost four fifths of its orders"
    assert said == f"Conversion is 8.00 %, 8.00 % before: no clear change, but {fell} in the days since 15 Jul."
    for view in ("overview", "leaks"):
        page = visit(f"{SHOWN}&view={view}")
        row = page.locator("#card-findings:not(.pending) .finding-row").first
        row.filter(has_text=fell).wait_for()
        assert row.locator(".tags .tag").all_inner_texts() == ["New"]
        assert row.locator(".actual, .finding-line b").all_inner_texts()[-1] == "14 actual"
    row.get_by_role("button", name="See these sessions").click()
    page.locator(".chip", has_text="Browser is Edge").wait_for()
    counted(page, "1,400 of 8,400 sessions")
    page.locator("#card-findings:not(.pending) .finding-row h3", has_text=fell).wait_for()
    trend = page.locator("#card-trend h2")
    trend.filter(has_text="conversion fell on 15 Jul").wait_for()
    page.get_by_role("button", name="Reset").click()
    page.goto(page.url.split("?")[0] + "?browser=Edge")
    trend.filter(has_text="Conversion fell on 15 Jul").wait_for()
    page.locator("#card-trend").get_by_role("button", name="Week").click()
    page.wait_for_url("**trend.unit=Week**")
    trend.filter(has_text="Conversion fell on 15 Jul").wait_for()


def test_explore_names_and_marks_the_change_that_is_more_than_chance(visit):  # noqa: F811 - the fixture
    page = visit(f"{SHOWN}&view=explore")
    board = page.get_by_role("region", name="Browser", exact=True)
    board.get_by_role("button", name="Change").click()
    heading = page.locator("#card-leaderboards h2")
    heading.filter(has_text="rose most").wait_for()
    board.get_by_role("button", name="Change").click()
    heading.filter(has_text="Edge fell most").wait_for()
    row = board.locator("tbody tr").first
    assert row.locator("th").inner_text() == "Edge"
    weight = "(cell) => getComputedStyle(cell).fontWeight"
    assert row.locator("td.fall").evaluate(weight) == "600"
    safari = board.locator("tbody tr", has_text="Safari")
    assert safari.locator("td.fall, td.rise").count() == 0
    page.locator("#card-leaderboards").get_by_role("button", name="Show as table").click()
    table = page.get_by_role("table", name="Leaders of each dimension")
    assert "Beyond chance" in table.locator("thead").inner_text()
