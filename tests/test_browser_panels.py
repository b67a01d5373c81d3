"""Small panels side by side: their sentences stay inside, on paper they keep their size, in a file they fill a card."""

import pytest
from builders import sessions, store_of
from test_browser import CHROMIUM, address, chromium, visit  # noqa: F401 - fixtures are used by their names

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")

FIGURES = """() => {
  const models = Bokeh.documents.flatMap((document) => [...document._all_models.values()])
  const panels = models.filter((model) => model.type === "Figure" && model.name === "completion" && model.visible)
  return panels.map((panel) => ({
    text: panel.above.find((title) => title.name === "completion-verdict").text,
    height: panel.height,
    above: panel.min_border_top,
  }))
}"""
BY_SOURCE = "?view=funnel&funnel.by=Source"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Three sources with long names that differ at the first step alone."""
    rows = []
    for source, engaged in (("a.very-long-name.example", 90), ("another.long-name.example", 40), ("third.example", 30)):
        rows += sessions(100 - engaged, source=source, device_category="desktop", pageviews=1)
        rows += sessions(engaged, source=source, device_category="mobile", pageviews=6)
    return store_of(tmp_path_factory.mktemp("panels") / "store", rows)


def settled(page, breaks):
    """Wait until the first sentence is broken, or whole, and return what the three panels are."""
    page.locator("#card-completion .bokeh canvas").first.wait_for()
    page.wait_for_function(f"() => ({FIGURES})()[0].text.includes('\\n') === {'true' if breaks else 'false'}")
    return page.evaluate(FIGURES)


def test_a_sentence_wider_than_its_panel_is_broken_and_panels_abreast_stay_level(visit):  # noqa: F811 - the fixture
    page = visit(BY_SOURCE, width=390)
    narrow = settled(page, breaks=True)
    said = "a.very-long-name.example ahead of the others: 90\u202f% against 30 to 40\u202f%"
    assert narrow[0]["text"].replace("\n", " ") == said
    assert "\n" not in narrow[2]["text"]
    assert len({(each["height"], each["above"]) for each in narrow}) == 1
    page.set_viewport_size({"width": 580, "height": 900})
    wide = settled(page, breaks=False)
    assert narrow[0]["height"] - wide[0]["height"] == narrow[0]["above"] - wide[0]["above"] == 16
    page.set_viewport_size({"width": 390, "height": 900})
    assert settled(page, breaks=True) == narrow


def test_on_paper_panels_stand_two_abreast_and_are_legible(visit):  # noqa: F811 - the fixture
    page = visit("?view=funnel")
    page.locator("#card-completion .bokeh canvas").first.wait_for()
    abreast = page.locator("#card-completion .bokeh canvas").first.bounding_box()["width"]
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.add_style_tag(content="body { width: 718px }")
    paper = page.locator("#card-completion .paper").bounding_box()
    boxes = [each.bounding_box() for each in page.locator("#card-completion .paper canvas").all()]
    assert len(boxes) == 3
    assert boxes[0]["y"] == boxes[1]["y"] < boxes[2]["y"]
    assert all(0.8 * abreast < box["width"] < paper["width"] / 2 for box in boxes)


def test_in_a_file_a_chart_fills_its_card(visit, chromium, tmp_path):  # noqa: F811 - the fixtures
    page = visit("")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as caught:
        page.get_by_role("button", name="This view (HTML)").click()
    caught.value.save_as(tmp_path / "report.html")
    report = chromium.new_page()
    report.set_viewport_size({"width": 1400, "height": 900})
    report.goto((tmp_path / "report.html").as_uri())
    picture, card = (report.locator(f"#card-trend {part}".strip()).bounding_box() for part in (".plot img", ""))
    shown = page.locator("#card-trend .plot").bounding_box()
    assert card["width"] - 40 < picture["width"] < card["width"]
    assert picture["width"] > shown["width"] + 50, "the file has no rail, so its cards are wider"
    assert picture["height"] / picture["width"] == pytest.approx(shown["height"] / shown["width"], abs=0.02)
    report.close()
