"""A click, a tap or Enter on a mark filters the rest of the page; its own chart keeps what it shows; Esc undoes."""

import datetime as dt

import pytest
from builders import sessions, store_of
from test_browser import (  # noqa: F401 - fixtures are used by their names
    CHROMIUM,
    QUIET,
    Visit,
    address,
    chromium,
    counted,
    drawn,
    taken,
    visit,
)

from dashboard.charts.funnel_layers import places
from dashboard.theme import LIGHT

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Twenty sessions a day from 3 to 16 July 2017, half of them engaged, one of them with an order."""
    rows = []
    for number in range(14):
        shared = {"session_date": dt.date(2017, 7, 3 + number), "device_category": "desktop", "country": "US"}
        shared["browser"] = f"Browser {number}"
        rows += sessions(10, pageviews=1, **shared) + sessions(9, pageviews=6, **shared)
        rows += sessions(1, pageviews=12, transactions=1, revenue=20, **shared)
    return store_of(tmp_path_factory.mktemp("marks") / "store", rows)


def day_of(page, number):
    """Return where in the trend the day of that number, from 0, stands."""
    box = page.locator("#card-trend .plot").bounding_box()
    left, right = 46, 10
    return {"x": left + (box["width"] - left - right) * (number + 0.5) / 14, "y": 150}


PLACE = """([card, x, y]) => {
  const models = Bokeh.documents.flatMap((document) => [...document._all_models.values()])
  const figure = models.find((model) => model.type === "Figure" && model.name === card)
  const {x_scale, y_scale} = Bokeh.index.find_one(figure).frame
  return {x: x_scale.compute(x), y: y_scale.compute(y)}
}"""


def place_in(page, card, x, y):
    """Return the clickable picture of a card, and where in it a point of its scales stands."""
    picture = page.locator(f"#card-{card} .plot.clickable")
    picture.scroll_into_view_if_needed()
    return picture, page.evaluate(PLACE, [card, x, y])


def test_a_click_on_a_day_filters_to_it_and_the_trend_keeps_all_days(visit):  # noqa: F811 - the fixture
    page = visit()
    page.locator("#card-trend .plot.clickable").click(position=day_of(page, 4))
    counted(page, "20 of 280 sessions")
    assert page.locator(".chip").inner_text() == "Day is 7 Jul 2017"
    assert page.url.endswith("?on=2017-07-07_2017-07-07")
    assert page.locator(".button.control").first.inner_text().strip() == "3–16 Jul 2017"
    assert "6 Jul 2017" in page.locator(".button.control", has_text="Compare").inner_text()
    page.locator("#card-trend").get_by_role("button", name="Show as table").click()
    assert page.locator("#card-trend .twin tbody tr").count() == 14
    page.keyboard.press("Escape")
    counted(page, "280 of 280 sessions")
    assert page.locator(".chip").count() == 0


def test_alt_and_a_click_leave_a_day_out_and_its_place_stays(visit):  # noqa: F811 - the fixture
    page = visit()
    page.locator("#card-trend .plot.clickable").click(position=day_of(page, 4), modifiers=["Alt"])
    counted(page, "260 of 280 sessions")
    assert page.locator(".chip").inner_text() == "Day is not 7 Jul 2017"
    assert page.url.endswith("?not.on=2017-07-07_2017-07-07")
    assert "14 days, 1 left out" in page.locator("#card-kpis").inner_text()
    page.locator("#card-trend").get_by_role("button", name="Show as table").click()
    lines = page.locator("#card-trend .twin tbody tr").all_inner_texts()
    assert [line.split("\t")[1] for line in lines].count("left out") == 1
    other = visit("?not.on=2017-07-07_2017-07-07")
    counted(other, "260 of 280 sessions")
    page.keyboard.press("Escape")
    counted(page, "280 of 280 sessions")


def test_days_are_left_out_by_typing_and_marked_in_the_calendar(visit):  # noqa: F811 - the fixture
    page = visit()
    page.locator(".button.control").first.click()
    page.get_by_label("Type days, then Enter").fill("not 5-6 jul")
    page.keyboard.press("Enter")
    counted(page, "240 of 280 sessions")
    assert page.locator(".chip").inner_text() == "Days are not 5–6 Jul 2017"
    page.locator(".chip-body").click()
    marked = page.locator(".day-button.left-out")
    assert marked.evaluate_all("all => all.map((one) => one.dataset.key)") == ["2017-07-05", "2017-07-06"]
    assert marked.first.get_attribute("aria-label").endswith("20 sessions, left out")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove filter Days").click()
    counted(page, "280 of 280 sessions")


def test_a_week_is_filtered_from_the_table_by_keyboard_and_its_chip_takes_it_back(visit):  # noqa: F811 - the fixture
    page = visit("?trend.unit=Week")
    page.locator("#card-trend").get_by_role("button", name="Show as table").click()
    page.locator("#card-trend .twin button", has_text="10–16 Jul 2017").focus()
    page.keyboard.press("Enter")
    counted(page, "140 of 280 sessions")
    assert page.locator(".chip").inner_text() == "Days are 10–16 Jul 2017"
    other = visit("?trend.unit=Week&on=2017-07-10_2017-07-16")
    counted(other, "140 of 280 sessions")
    page.get_by_role("button", name="Remove filter Days").click()
    counted(page, "280 of 280 sessions")


def test_a_click_on_a_step_filters_to_who_reached_it_and_alt_to_who_did_not(visit):  # noqa: F811 - the fixture
    page = visit("?view=funnel")
    drawn(page, "funnel", "steps", "Engaged")
    picture, engaged = place_in(page, "funnel", 0.05, places(4, 1)[1][0])
    picture.click(position=engaged)
    counted(page, "140 of 280 sessions")
    assert page.locator(".chip").inner_text() == "Step reached is Engaged"
    drawn(page, "funnel", "steps", LIGHT.accent, column="color")
    drawn(page, "funnel", "steps", "Converted")
    page.keyboard.press("Escape")
    counted(page, "280 of 280 sessions")
    picture.click(position=engaged, modifiers=["Alt"])
    page.locator(".chip", has_text="Step reached is not Engaged").wait_for()
    counted(page, "140 of 280 sessions")


def test_a_tap_on_a_phone_filters_too(chromium, address):  # noqa: F811 - the fixtures
    phone = chromium.browser.new_context(has_touch=True, is_mobile=True)
    visit_phone = Visit(phone, address)
    page = visit_phone(width=390, height=844)
    place = page.locator("#card-trend .plot.clickable")
    place.scroll_into_view_if_needed()
    place.tap(position=day_of(page, 2))
    counted(page, "20 of 280 sessions")
    assert page.url.endswith("?on=2017-07-05_2017-07-05")
    page.get_by_role("button", name="Remove filter Day").tap()
    counted(page, "280 of 280 sessions")
    assert visit_phone.problems == []
    phone.close()


def test_a_click_on_a_bar_of_the_funnel_filters_to_its_segment(visit):  # noqa: F811 - the fixture
    page = visit("?view=funnel")
    drawn(page, "funnel", "bars 0", 0.5, column="length")
    picture, bar = place_in(page, "funnel", 0.2, places(4, 1)[1][1][0])
    picture.click(position=bar)
    page.locator(".chip").first.wait_for()
    assert page.locator(".chip").inner_text() == "Device is Desktop"


def test_a_narrow_picture_leaves_out_columns_and_gives_their_room_to_the_bars(visit):  # noqa: F811 - the fixture
    page = visit("?view=funnel", width=390)
    drawn(page, "funnel", "texts", "Sessions")
    seen = """() => {
      const models = Bokeh.documents.flatMap((document) => [...document._all_models.values()])
      const figure = models.find((model) => model.type === "Figure" && model.name === "funnel")
      return [figure.min_border_right, figure.renderers.find((layer) => layer.name === "wide texts").visible]
    }"""
    page.wait_for_function(f"() => ({seen})()[0] === 110")
    assert page.evaluate(seen) == [110, False]
    page.set_viewport_size({"width": 1400, "height": 900})
    page.wait_for_function(f"() => ({seen})()[0] === 340")
    assert page.evaluate(seen) == [340, True]


def test_a_click_on_a_bar_of_the_overview_filters_to_its_step(visit):  # noqa: F811 - the fixture
    page = visit()
    drawn(page, "steps", "bars", 0.5, column="length")
    picture, bar = place_in(page, "steps", 0.02, -2)
    picture.click(position=bar)
    counted(page, "14 of 280 sessions")
    page.keyboard.press("Escape")
    counted(page, "280 of 280 sessions")


def test_enter_takes_the_only_value_that_a_search_finds(visit):  # noqa: F811 - the fixture
    page = visit("?view=sources")
    page.keyboard.press("/")
    page.keyboard.type("deskt")
    page.locator(".values li").first.wait_for()
    page.wait_for_timeout(500)
    page.keyboard.press("Enter")
    page.locator(".chip", has_text="Device is Desktop").wait_for()


def test_a_search_finds_values_of_every_dimension_and_tab_reaches_the_first(visit):  # noqa: F811 - the fixture
    page = visit("?view=sources")
    page.keyboard.press("/")
    page.keyboard.type("united s")
    hit = page.locator(".values li", has_text="Country United States")
    hit.wait_for()
    page.keyboard.press("Tab")
    box = hit.get_by_role("checkbox", name="Country: United States", exact=True)
    assert box.evaluate("(box) => box.matches(':focus')")
    page.keyboard.press("Space")
    page.locator(".chip", has_text="Country is United States").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.locator(".values li", has_text="Desktop").wait_for()
    assert page.get_by_role("searchbox").input_value() == ""


def test_enter_in_a_search_with_several_hits_goes_to_the_first_and_takes_it_there(visit):  # noqa: F811 - the fixture
    page = visit("")
    page.keyboard.press("/")
    page.keyboard.type("e")
    page.locator(".values[aria-label^=Found] li").nth(1).wait_for()
    page.keyboard.press("Enter")
    first = page.locator(".values li input").first
    assert first.evaluate("(box) => box.matches(':focus')")
    page.keyboard.press("Enter")
    page.locator(".chip").first.wait_for()


def test_a_panel_stays_clear_of_the_scrollbar(chromium, address):  # noqa: F811 - the fixtures
    browser = chromium.browser.browser_type.launch(
        executable_path=CHROMIUM, args=QUIET, ignore_default_args=["--hide-scrollbars"]
    )
    page = Visit(browser.new_context(), address)("?country=US&device_category=desktop&source=google", width=1200)
    page.get_by_role("button", name="Filter", exact=True).click()
    box = page.get_by_role("dialog", name="Filters", exact=True).bounding_box()
    bar = page.evaluate("document.documentElement.clientWidth")
    assert bar < 1200, "no scrollbar is drawn"
    assert box["x"] + box["width"] <= bar - 8
    browser.close()


def test_a_count_that_no_test_judges_is_not_coloured_though_it_changed(visit):  # noqa: F811 - the fixture
    page = visit("?from=2017-07-10&to=2017-07-14&compare=custom&compare_from=2017-07-03&compare_to=2017-07-03")
    line = page.locator(".kpis li", has_text="Sessions").first.locator(".kpi-line", has_text="per day")
    assert line.locator("b").inner_text() == "0\u202f%"
    colors = [each.evaluate("(one) => getComputedStyle(one).color") for each in (line, line.locator("b"))]
    assert colors[0] == colors[1]


def test_a_picture_holds_no_box_to_type_into(visit):  # noqa: F811 - the fixture
    page = visit("?view=explore")
    page.get_by_role("searchbox", name="Search Browser").wait_for()
    _, content = taken(page, "#card-leaderboards", "Picture (SVG)")
    assert b"Browser 13" in content
    assert b"<input" not in content
    assert b"with \xe2\x80\x9c" not in content
    page.get_by_role("searchbox", name="Search Browser").fill("ser 13")
    _, content = taken(page, "#card-leaderboards", "Picture (SVG)")
    assert "with “ser 13”".encode() in content
    assert b"Browser 13" in content and b"Browser 12" not in content


def test_sorting_by_change_is_off_while_nothing_is_compared_and_says_why(visit):  # noqa: F811 - the fixture
    page = visit("?view=explore&compare=off&leaderboards.sort=Change")
    sort = page.get_by_role("group", name="sort: Segments by dimension").get_by_role("button", name="Change")
    page.wait_for_function("(one) => one.disabled", arg=sort.element_handle())
    assert sort.get_attribute("aria-pressed") == "false"
    assert sort.get_attribute("title") == "Nothing is compared"
    page.get_by_role("button", name="Compare off").click()
    page.get_by_role("dialog").get_by_role("button", name="Other days").click()
    page.keyboard.press("Escape")
    page.locator(
        "#card-leaderboards .segmented button:not([disabled])[aria-pressed=true]", has_text="Change"
    ).wait_for()


def test_sorting_is_no_filter_that_esc_would_undo(visit):  # noqa: F811 - the fixture
    page = visit("?view=explore")
    board = page.get_by_role("region", name="Browser", exact=True)
    board.get_by_role("button", name="Rate").click()
    page.wait_for_url("**leaderboards.sort=Rate**")
    assert page.locator(".toast").is_hidden()
    board.get_by_role("button", name="Browser 10").click()
    page.locator(".toast", has_text="Filtered. Esc undoes.").wait_for()
