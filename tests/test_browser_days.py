"""The days of the filter bar as a person chooses them in Chromium: a preset, typed, on the calendar, by keyboard."""

import datetime as dt
import re

import pytest
from builders import sessions, store_of
from test_browser import CHROMIUM, address, chromium, counted, visit  # noqa: F401 - fixtures are used by their names

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Ten sessions a day from 20 June to 9 July 2017, none on 3 July."""
    days = [dt.date(2017, 6, 20) + dt.timedelta(days=number) for number in range(20)]
    rows = [row for day in days if day != dt.date(2017, 7, 3) for row in sessions(10, session_date=day)]
    return store_of(tmp_path_factory.mktemp("days") / "store", rows)


def opened(page):
    page.locator(".button.control").first.click()
    return page.get_by_role("dialog", name="Days", exact=True)


def said(page, text):
    page.locator(".button.control").first.filter(has_text=re.compile(text)).wait_for()


def test_a_preset_stays_relative_in_the_link_and_says_its_dates(visit):  # noqa: F811 - the fixture
    page = visit()
    opened(page).get_by_role("button", name="Last 7 days").click()
    counted(page, "60 of 190 sessions")
    said(page, r"Last 7 days\s*3–9 Jul 2017")
    assert page.url.endswith("?days=last-7")
    other = visit("?days=last-7")
    said(other, r"Last 7 days\s*3–9 Jul 2017")
    counted(other, "60 of 190 sessions")


def test_days_are_typed_and_a_slip_is_explained(visit):  # noqa: F811 - the fixture
    page = visit()
    panel = opened(page)
    panel.get_by_label("Type days").fill("5/7/2017")
    page.keyboard.press("Enter")
    panel.get_by_text("can be read in two ways").wait_for()
    panel.get_by_label("Type days").fill("2-5 jul")
    page.keyboard.press("Enter")
    counted(page, "30 of 190 sessions")
    assert page.url.endswith("?from=2017-07-02&to=2017-07-05")
    panel.wait_for(state="hidden")
    opened(page)
    assert panel.get_by_text("2–5 Jul 2017: 1 day missing.").is_visible()


def test_two_clicks_on_the_calendar_choose_a_range_and_a_day_without_export_is_named(visit):  # noqa: F811
    page = visit()
    panel = opened(page)
    assert panel.locator(".month caption").all_inner_texts() == ["June 2017", "July 2017"]
    assert panel.get_by_role("button", name="Monday 3 July 2017, no export").is_visible()
    assert panel.get_by_role("button", name="Monday 10 July 2017, not in the store").is_disabled()
    panel.get_by_role("button", name="Friday 7 July 2017, 10 sessions").click()
    panel.get_by_text("choose the last day").wait_for()
    panel.get_by_role("button", name="Wednesday 28 June 2017, 10 sessions").click()
    counted(page, "90 of 190 sessions")
    assert page.url.endswith("?from=2017-06-28&to=2017-07-07")


def test_the_calendar_is_walked_with_the_keyboard(visit):  # noqa: F811 - the fixture
    page = visit()
    panel = opened(page)
    panel.locator("[data-day][tabindex='0']").focus()
    for key in ("ArrowLeft", "ArrowUp", "Enter", "PageUp", "End"):
        page.keyboard.press(key)
    assert panel.locator(".inside").count() == 7, "what Enter would choose is not shown"
    page.keyboard.press("Enter")
    counted(page, "70 of 190 sessions")
    assert page.url.endswith("?from=2017-06-25&to=2017-07-01")


def test_on_a_phone_the_calendar_has_one_month_and_a_tap_chooses(visit):  # noqa: F811 - the fixture
    page = visit(width=390, height=844)
    panel = opened(page)
    assert panel.locator(".month caption").all_inner_texts() == ["July 2017"]
    panel.get_by_role("button", name="Earlier months").click()
    panel.get_by_role("button", name="Sunday 25 June 2017, 10 sessions").click()
    panel.get_by_role("button", name="Later months").click()
    panel.get_by_role("button", name="Saturday 1 July 2017, 10 sessions").click()
    counted(page, "70 of 190 sessions")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_of_days_has_no_accessibility_problem(visit, scheme):  # noqa: F811 - the fixture
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = visit(scheme=scheme)
    opened(page)
    found = axe.Axe().run(page).response["violations"]
    assert [(violation["id"], violation["help"]) for violation in found] == []


DATES = """() => {
  const [trend] = window.Bokeh.documents.map((document) => document.get_model_by_name("trend")).filter(Boolean)
  const [axis] = trend.below
  const {start, end} = trend.x_range
  const at = (place) => (place - start) / (end - start) * trend.inner_width
  const ends = [...axis.major_label_overrides].map(([place, text]) => [at(place), text])
  return [axis.major_label_policy.type, ends]
}"""


def test_seven_dates_stand_under_a_wide_trend_and_on_a_phone_those_that_fit(visit):  # noqa: F811 - the fixture
    policy, wide = visit().evaluate(DATES)
    assert policy == "NoOverlap"
    assert (len(wide), [text for _, text in wide[:3]]) == (7, ["20 Jun", "23 Jun", "26 Jun"])
    assert wide[1][0] - wide[0][0] > 60, "there is room for each"
    policy, narrow = visit(width=390).evaluate(DATES)
    assert (policy, len(narrow)) == ("NoOverlap", 7)


def test_a_day_is_typed_into_its_field_key_by_key(visit):  # noqa: F811 - the fixture
    page = visit()
    first = opened(page).get_by_label("First day")
    first.click(position={"x": 14, "y": 12})
    page.keyboard.type("07052017", delay=250)
    counted(page, "50 of 190 sessions")
    assert page.url.endswith("?from=2017-07-05&to=2017-07-09")


def test_days_to_compare_with_are_typed_too_and_a_slip_is_explained(visit):  # noqa: F811 - the fixture
    page = visit("?from=2017-07-08&to=2017-07-09")
    page.locator(".button.control", has_text="Compare").click()
    panel = page.get_by_role("dialog", name="Comparison")
    panel.get_by_label("Type days").fill("nonsense")
    page.keyboard.press("Enter")
    panel.get_by_text("names no days").wait_for()
    panel.get_by_label("Type days").fill("21-22 jun")
    page.keyboard.press("Enter")
    page.wait_for_url("**compare=custom&compare_from=2017-06-21&compare_to=2017-06-22")
    page.locator(".button.control", has_text="21–22 Jun 2017").wait_for()
