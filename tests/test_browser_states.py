"""What the page does when something goes wrong or changes: a failing query, a superseded one, paper, new data."""

import datetime as dt
import io
import re
import sys
import zipfile
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
from builders import sessions, store_of
from test_browser import (  # noqa: F401 - fixtures are used by their names
    CHROMIUM,
    Visit,
    chromium,
    counted,
    free_port,
    shows,
    started,
    taken,
    visit,
)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")

# Serves the page over an engine whose countries fail, and whose durations in country ZZ take until they are cancelled.
PROGRAM = """
import sys, time
from pathlib import Path
from dashboard.serve import serve
from queries.engine import Cancelled, Engine, QueryError
from queries.store import Store
folder, port = sys.argv[1], int(sys.argv[2])
run = Engine.run
def slow_or_broken(self, metric, filters=None, **rest):
    if metric == "countries":
        raise QueryError(metric, "out of memory at 2 GB", "select 1")
    if metric == "durations" and filters and filters.values("country") == ("ZZ",):
        cancel, begun = rest["cancel"], time.monotonic()
        while not cancel.cancelled and time.monotonic() - begun < 60:
            time.sleep(0.02)
        with Path(folder, "told").open("a") as told:
            told.write("cancelled\\n" if cancel.cancelled else "answered\\n")
        raise Cancelled
    return run(self, metric, filters, **rest)
Engine.run = slow_or_broken
serve(Store(folder), port=port)
"""


def rows_of(day):
    shared = {"session_date": dt.date(2017, 7, day), "country": "US", "device_category": "desktop"}
    return sessions(9, pageviews=6, **shared) + sessions(1, pageviews=12, transactions=1, revenue=20, **shared)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return store_of(tmp_path_factory.mktemp("states") / "store", rows_of(2) + rows_of(3))


@pytest.fixture(scope="module")
def address(store):
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    process = started([sys.executable, "-c", PROGRAM, str(store.path), str(port)], url, {})
    yield url
    process.terminate()
    process.communicate(timeout=30)


def test_a_query_that_fails_says_so_in_its_own_card_with_its_id_and_the_page_lives_on(visit):  # noqa: F811
    page = visit()
    card = page.locator("#card-countries")
    said = card.locator(".problem.failed").inner_text()
    found = re.search(r"This chart could not be computed\. Query ([0-9a-f]{4}): out of memory at 2 GB", said)
    assert found, said
    assert card.get_by_role("button", name=f"Copy id {found[1]}").is_visible()
    assert page.locator(".problem.failed:visible").count() == 1
    assert page.locator(".kpis li", has_text="Converted sessions").locator(".kpi-value").inner_text() == "2"
    card.get_by_role("button", name="Try again").click()
    card.locator(".problem.failed", has_text=found[1]).wait_for(state="detached")
    card.locator(".problem.failed").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("s")
    shows(page, "Sources")


def test_a_superseded_question_is_cancelled_and_leaves_no_trace(visit, store):  # noqa: F811 - the fixture
    page = visit("?view=duration")
    page.evaluate(
        "history.pushState(null, '', '?view=duration&country=ZZ'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    page.locator("#card-durations[aria-busy=true]").wait_for()
    page.locator(".chip").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("s")
    shows(page, "Sources")
    assert set((store.path / "told").read_text().splitlines()) == {"cancelled"}
    assert page.locator(".toast").is_hidden()
    counted(page, "0 of 20 sessions")


def test_paper_holds_the_filters_and_every_card_but_no_controls(visit):  # noqa: F811 - the fixture
    page = visit("?view=sources&country=US")
    page.emulate_media(media="print")
    paper = page.pdf(format="A4", print_background=True)
    assert paper.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) >= 1
    assert "Filters: Country is US" in page.locator(".printed").inner_text().replace("United States", "US")
    for hidden in (".rail", ".top", ".filter-bar", ".tools"):
        assert page.locator(hidden).first.is_hidden(), hidden
    for shown in (".printed", "h1", "#card-sources"):
        assert page.locator(shown).first.is_visible(), shown


def test_an_svg_is_shapes_and_texts_and_no_picture(visit):  # noqa: F811 - the fixture
    page = visit()
    _, content = taken(page, "#card-trend", "Picture (SVG)")
    drawn = ElementTree.fromstring(content)  # noqa: S314 - our own page's file
    names = [element.tag.rpartition("}")[2] for element in drawn.iter()]
    assert names.count("path") > 10
    assert not {"image", "foreignObject"} & set(names)
    texts = "".join(element.text or "" for element in drawn.iter() if element.tag.endswith("}text"))
    assert "Conversion rate over time" in texts
    assert "data version 0" in texts


def unpacked(name, content):
    """Return the files of what was taken: those of a zip, or the one."""
    if not name.endswith(".zip"):
        return [content]
    with zipfile.ZipFile(io.BytesIO(content)) as held:
        return [held.read(each) for each in held.namelist()]


def test_every_card_of_a_view_gives_figures_that_open(visit):  # noqa: F811 - the fixture
    page = visit("?view=funnel")
    for card in page.locator(".grid:visible .card").all():
        shown = f"#{card.get_attribute('id')}"
        for file in unpacked(*taken(page, shown, re.compile(r"^Figures \(Parquet"))):
            assert "data version 0" in pq.read_schema(io.BytesIO(file)).metadata[b"silent_leak"].decode().lower()
        for file in unpacked(*taken(page, shown, re.compile(r"^Figures \(CSV"))):
            assert "# Filters: all sessions; funnel Engagement" in file.decode().splitlines()


def test_new_data_keeps_the_view_and_the_filters_of_an_open_page(visit, store):  # noqa: F811 - the fixture
    page = visit("?view=sources&days=last-1")
    counted(page, "10 of 20 sessions")
    store_of(store.path, rows_of(2) + rows_of(3) + rows_of(4) + rows_of(4))
    counted(page, "20 of 40 sessions")
    page.locator(".button.control", has_text="4 Jul 2017").wait_for()
    assert page.url.endswith("?view=sources&days=last-1")
    shows(page, "Sources")


def test_a_chart_fits_its_card_on_narrow_paper_and_the_page_has_it_back_afterwards(visit):  # noqa: F811 - the fixture
    page = visit(scheme="dark")
    canvas = page.locator("#card-trend .bokeh canvas").first
    before = canvas.bounding_box()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    ground = page.locator(".page").evaluate("(page) => getComputedStyle(page).backgroundColor")
    assert ground == "rgb(13, 16, 21)", "light words on white paper"
    page.add_style_tag(content="body { width: 640px }")
    paper, card = (page.locator(name).bounding_box() for name in ("#card-trend .paper", "#card-trend"))
    assert canvas.is_hidden() and 560 < paper["width"] < card["width"] < 640
    assert page.locator("#card-checks button", has_text="Open data quality").is_hidden()
    page.emulate_media(media="screen")
    page.evaluate("document.querySelector('style:last-of-type').remove(), dispatchEvent(new Event('afterprint'))")
    page.locator("#card-trend .paper").wait_for(state="detached")
    page.wait_for_timeout(300)
    assert canvas.bounding_box() == before


# The first figure that is embedded fails, as Bokeh does once in a thousand visits.
FAILS_ONCE = """
let bokeh
Object.defineProperty(window, "Bokeh", {configurable: true, get: () => bokeh, set: (given) => {
  bokeh = given
  setTimeout(() => {
    const embed = given.embed.embed_item
    given.embed.embed_item = (item, target) => { given.embed.embed_item = embed; throw new Error("no luck") }
  })
}})
"""


def test_a_figure_that_fails_to_be_drawn_is_drawn_once_more(visit):  # noqa: F811 - the fixture
    page = visit("?view=funnel", script=FAILS_ONCE)
    cards = page.locator(".grid:visible .card")
    figures = page.locator(".grid:visible .card:has(.plot) canvas")
    assert "no luck" in "".join(visit.warnings)
    assert figures.first.is_visible() and cards.locator(".problem.failed:visible").count() == 0
