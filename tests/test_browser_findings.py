"""Leaks, leaderboards and data checks as a person uses them in Chromium: explain, filter, search, sort, go and look."""

import datetime as dt
import itertools

import pytest
from builders import sessions, store_of
from test_browser import CHROMIUM, address, chromium, counted, visit  # noqa: F401 - fixtures are used by their names

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A shop where Safari from the newsletter keeps a fifth of its orders, and one day is missing."""
    rows = []
    cells = itertools.product(
        ("desktop", "mobile"), ("Chrome", "Safari"), ("google", "newsletter", "bing"), (2, 4, 5, 6)
    )
    for device, browser, source, day in cells:
        bought = 2 if (browser, source) == ("Safari", "newsletter") else 10
        held = {"device_category": device, "browser": browser, "source": source, "country": "US", "visitor_type": "new"}
        held["session_date"] = dt.date(2017, 7, day)
        rows += sessions(bought, transactions=1, revenue=50, pageviews=12, duration_seconds=600, **held)
        rows += sessions(100 - bought, pageviews=3, duration_seconds=40, **held)
    return store_of(tmp_path_factory.mktemp("findings") / "store", rows)


def test_a_finding_is_explained_and_its_sessions_are_shown(visit):  # noqa: F811 - the fixture
    page = visit("?view=leaks")
    card = page.locator("#card-findings")
    row = card.locator(".finding-row").first
    row.wait_for()
    name = "Safari visitors from newsletter buy a fifth as often as similar visitors"
    assert row.locator("h3").inner_text() == name
    assert card.locator("h2").inner_text() == "One open finding"
    assert row.locator(".inside").is_hidden()
    explain = row.get_by_role("button", name="Explain")
    explain.focus()
    page.keyboard.press("Enter")
    assert explain.get_attribute("aria-expanded") == "true"
    assert "16 of 800 sessions ordered" in row.locator(".inside").inner_text()
    alone = row.get_by_role("button", name="See these sessions")
    assert alone.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    alone.click()
    counted(page, "800 of 4,800 sessions")
    assert "browser=Safari" in page.url and "source=newsletter" in page.url
    assert page.evaluate("window.scrollY") == 0, "what is said of the segment stands at the top"
    page.locator("#card-findings:not(.pending) h3", has_text=name).wait_for()
    page.go_back()
    counted(page, "4,800 of 4,800 sessions")


@pytest.mark.parametrize("width", [1400, 1024, 390])
def test_no_phrase_about_money_breaks_and_its_time_is_said_once(visit, width):  # noqa: F811 - the fixture
    page = visit("?view=leaks")
    page.set_viewport_size({"width": width, "height": 900})
    stake = page.locator("#card-findings .finding-row .stake").first
    stake.wait_for()
    height = "(all) => Math.max(...all.map((one) => one.getBoundingClientRect().height))"
    assert 12 < stake.locator("span").evaluate_all(height) < 24
    assert stake.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    said = page.locator("#card-findings :is(.finding-heads span, .stake span)", has_text="in 4 days")
    assert said.locator("visible=true").all_inner_texts() == ["Price in 4 days"]


def test_boards_are_searched_sorted_and_filter_and_a_pair_filters_to_both(visit):  # noqa: F811 - the fixture
    page = visit("?view=explore")
    board = page.get_by_role("region", name="Source", exact=True)
    board.get_by_role("button", name="newsletter").wait_for()
    board.get_by_role("button", name="Rate").click()
    page.wait_for_url("**leaderboards.sort=Rate**")
    board.locator("th[aria-sort=descending]", has_text="Rate").wait_for()
    names = board.locator("tbody th").all_inner_texts()
    assert names[-1] == "newsletter"
    board.get_by_role("button", name="Rate").click()
    board.locator("th[aria-sort=ascending]", has_text="Rate").wait_for()
    assert board.locator("tbody th").all_inner_texts()[0] == "newsletter"
    cell = page.locator("#card-pivot td button").first
    cell.click()
    counted(page, "800 of 4,800 sessions")
    assert page.locator(".chip").count() == 2


def test_compare_goes_to_the_pivot_and_its_heading_answers_for_every_row(visit):  # noqa: F811 - the fixture
    page = visit(
        "?view=explore&from=2017-07-05&to=2017-07-06&compare=custom&compare_from=2017-07-02&compare_to=2017-07-04"
    )
    board = page.get_by_role("region", name="Device", exact=True)
    board.get_by_role("columnheader", name="Change").wait_for()
    cells = page.locator(".board-rows td")
    assert cells.evaluate_all("(all) => all.every((one) => one.scrollWidth <= one.clientWidth)")
    page.evaluate("scrollTo(0, 0)")
    board.get_by_role("button", name="Pivot Device").click()
    heading = page.locator("#card-pivot h2", has_text="Mobile against desktop: lower in none of 3 comparable sources")
    heading.wait_for()
    page.wait_for_function("scrollY > 0")
    bar, card = (page.locator(name).bounding_box() for name in (".filter-bar", "#card-pivot"))
    assert bar["y"] + bar["height"] <= card["y"] < page.viewport_size["height"] / 2
    assert "higher in none, 3 too close to tell" in heading.inner_text()


def test_on_paper_the_controls_are_gone_and_the_filters_are_a_sentence(visit):  # noqa: F811 - the fixture
    page = visit("?view=explore&source=newsletter")
    page.locator("#card-leaderboards .board").first.wait_for()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for gone in (".rail", ".top", ".filter-bar", "#card-leaderboards .tools"):
        assert page.locator(gone).is_hidden(), gone
    assert "newsletter" in page.locator(".printed").inner_text()


def test_the_first_view_says_what_to_settle_and_leads_to_the_whole_of_it(visit):  # noqa: F811 - the fixture
    page = visit()
    card = page.locator("#card-checks")
    card.get_by_text("No export holds 3 Jul").wait_for()
    assert card.locator("h2").inner_text() == "One thing to settle before acting on this period"
    card.get_by_role("button", name="Open data quality").click()
    page.locator("#card-days_held h2", has_text="4 of 5 days are in the store, 1 is missing").wait_for()
    assert page.locator("#card-days_held .heat-cell.hatched").count() == 2
    words = [each.bounding_box() for each in page.locator("#card-days_held .heat-axis b").all()]
    assert len(words) == 5 and len({(box["y"], box["height"]) for box in words}) == 1, "words of the axis are one line"
    assert "browser" not in page.locator("#card-not_set h2").inner_text().lower()
