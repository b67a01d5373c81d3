"""Where the focus is for whoever uses the keyboard in Chromium: it stays on what was chosen, and goes back when a panel
closes."""

import pytest
from test_browser import CHROMIUM, address, chromium, counted, store, visit  # noqa: F401 - fixtures are used by their names

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")

FOCUSED = """() => {
  let held = document.activeElement
  while (held?.shadowRoot?.activeElement) held = held.shadowRoot.activeElement
  return held.getAttribute("aria-label") || held.closest("label")?.innerText.split("\\n")[0] || held.innerText
}"""


def focused(page):
    """Return the name of the element that has the focus, through every shadow root."""
    return page.evaluate(FOCUSED)


def opened(page, words):
    """Open a panel of the bars above the page by its button and the Enter key."""
    page.locator(".button", has_text=words).first.focus()
    page.keyboard.press("Enter")
    page.locator(".panel:popover-open").wait_for()


def test_space_keeps_the_focus_on_its_box_though_the_list_is_drawn_again(visit):  # noqa: F811 - the fixture
    page = visit("?view=sources")
    opened(page, "Filter")
    page.locator(".values li", has_text="Mobile").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    for pressed, left in ((1, 160), (2, 420), (3, 160)):
        page.keyboard.press("Space")
        counted(page, f"{left} of 420 sessions")
        page.locator(".values:not([aria-busy=true]) li", has_text="Mobile").wait_for()
        assert focused(page) == "Mobile", pressed
    page.keyboard.press("Escape")
    assert page.locator(".panel:popover-open").count() == 0
    assert focused(page) == "Filter"
    opened(page, "Funnel")
    page.get_by_role("checkbox", name="Deep engagement").press("Space")
    page.locator(".button.control", has_text="3 of 4 steps").wait_for()
    assert focused(page) == "Deep engagement"


@pytest.mark.parametrize("words", ["4–6 Jul", "Compare", "Funnel", "Filter", "Saved views"])
def test_escape_closes_a_panel_and_goes_back_to_its_button(visit, words):  # noqa: F811 - the fixture
    page = visit("?from=2017-07-04")
    opened(page, words)
    assert words not in focused(page)
    page.keyboard.press("Escape")
    assert page.locator(".panel:popover-open").count() == 0
    assert words in focused(page)


def test_a_choice_that_closes_its_panel_goes_back_to_its_button(visit):  # noqa: F811 - the fixture
    page = visit("?from=2017-07-05")
    opened(page, "5–6 Jul")
    page.keyboard.press("Enter")
    counted(page, "420 of 420 sessions")
    assert focused(page) == "2–6 Jul 2017"


def test_a_chip_gets_the_focus_back_and_leaves_it_to_the_next_when_it_goes(visit):  # noqa: F811 - the fixture
    page = visit("?country=US&source=google")
    page.locator(".chip-body", has_text="google").press("Enter")
    page.locator(".panel:popover-open .values li").first.wait_for()
    page.keyboard.press("Escape")
    assert focused(page) == "Source is google"
    page.keyboard.press("Delete")
    counted(page, "260 of 420 sessions")
    assert focused(page) == "Filter"


def test_where_nothing_is_compared_a_button_leads_to_the_comparison_and_has_the_focus_after_it(visit):  # noqa: F811
    page = visit("?from=2017-07-05&compare=off")
    card = page.locator("#card-why")
    card.get_by_role("button", name="Choose days to compare with").press("Enter")
    panel = page.get_by_role("dialog", name="Comparison")
    panel.get_by_role("button", name="Preceding period").wait_for()
    page.keyboard.press("Escape")
    assert focused(page) == "Choose days to compare with"
    page.keyboard.press("Enter")
    panel.get_by_role("button", name="Preceding period").press("Enter")
    page.locator(".button.control", has_text="3–4 Jul 2017").wait_for()
    assert focused(page).startswith("Compare")


def test_where_no_day_came_before_the_card_says_so_and_leads_to_fewer_days(visit):  # noqa: F811 - the fixture
    page = visit()
    card = page.locator("#card-why")
    assert "The data begin on 2 Jul" in card.inner_text()
    card.get_by_role("button", name="Choose days").click()
    page.get_by_role("dialog", name="Days").get_by_label("First day").wait_for()
