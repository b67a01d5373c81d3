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


def test_the_comparison_names_itself_and_is_not_cut_off(phone):
    chip = phone("").locator(".button.control", has_text="off")
    assert chip.inner_text().split() == ["Compare", "off"]
    box = chip.bounding_box()
    assert box["x"] + box["width"] <= WIDTH


def test_the_bars_of_the_key_figures_are_a_row_of_their_own_under_their_names(phone):
    page = phone("")
    page.locator("#card-kpis canvas").first.wait_for()
    words, names, bars = (
        page.locator(f"#card-kpis {part}").bounding_box() for part in (".kpis", ".kpi-names", ".plot")
    )
    assert words["y"] + words["height"] <= names["y"] and names["y"] + names["height"] <= bars["y"]
    assert (bars["x"], bars["width"]) == (words["x"], words["width"])


def test_sources_say_their_sessions_where_that_column_is_left_out_and_names_break_at_a_dot(phone):
    page = phone("?view=sources")
    assert page.locator("#card-sources thead th", has_text="Sessions").is_hidden()
    rows = page.locator("#card-sources tbody th")
    assert rows.filter(has_text="google").locator(".narrow-only").inner_text() == "240 sessions"
    assert rows.filter(has_text="document.title").locator("wbr").count() == 2


def test_a_long_list_of_values_leaves_the_other_controls_their_height(phone):
    page = phone("")
    page.get_by_role("button", name="Filter", exact=True).tap()
    hits = page.locator(".values li")
    hits.first.wait_for()
    hits.first.evaluate("(hit) => { for (let n = 0; n < 40; n++) hit.after(hit.cloneNode(true)) }")
    heights = [page.locator(f".filter-panel {name}").first.bounding_box()["height"]
               for name in (".dimension-select", ".search", ".segmented button")]  # fmt: skip
    assert min(heights) >= 38


def test_a_strip_of_many_days_ends_before_its_total(phone):
    page = phone("?view=quality")
    row = page.locator("#card-days_held .heat li").first
    row.wait_for()
    row.evaluate("""(row) => {
      const cells = row.querySelectorAll(".heat-cell")
      for (let n = cells.length; n < 62; n++) cells[0].after(cells[0].cloneNode(true))
      row.style.gridTemplateColumns = row.style.gridTemplateColumns.replace(/repeat\\(\\d+/, "repeat(62")
    }""")
    right = row.locator(".heat-cell").last.bounding_box()
    assert right["x"] + right["width"] <= row.locator(".heat-text").bounding_box()["x"] + 0.5
    assert right["width"] >= 1.9
