"""The page as a person sees it, in Chromium: what is drawn, what a click does, what Back brings back."""

import datetime as dt
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlparse

import pyarrow.parquet as pq
import pytest
from builders import sessions, store_of

from dashboard.views import shown_views

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
ROOT = Path(__file__).parents[1]
SCRIPT = "<script>document.title='owned'</script>"

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM to the browser to use"
)

DRAWN_CANVASES = """() => {
  const canvases = []
  const walk = (root) => { for (const e of root.querySelectorAll('*')) {
    if (e.tagName === 'CANVAS' && e.width > 80 && e.height > 80) canvases.push(e)
    if (e.shadowRoot) walk(e.shadowRoot)
  } }
  walk(document)
  const drawn = canvases.filter((c) => {
    const pixels = c.getContext('2d')?.getImageData(0, 0, c.width, c.height).data
    return pixels && pixels.some((value) => value !== 0)
  })
  return drawn.length
}"""


LATE_RENDER = """(() => {
  let load
  const wait = (address) => new Promise((done) => setTimeout(done, address.startsWith("blob:") ? 1500 : 0))
  const late = (address, ...more) => wait(address).then(() => load(address, ...more))
  const shim = {configurable: true, get: () => load && late, set: (value) => { load = value }}
  Object.defineProperty(window, "importShim", shim)
})()"""
"""Panel imports what draws a component on its own, and calls the document ready without waiting for it."""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    rows = []
    for day in (2, 4, 5, 6):
        shared = {"session_date": dt.date(2017, 7, day), "channel_group": "Direct", "visitor_type": "new"}
        rows += sessions(60, device_category="desktop", country="US", source="google", pageviews=6, **shared)
        rows += sessions(40, device_category="mobile", country="GB", source=SCRIPT, pageviews=2, **shared)
        bought = {"transactions": 1, "revenue": 20, "pageviews": 12, "duration_seconds": 600}
        rows += sessions(5, device_category="desktop", country="US", source="(direct)", **bought, **shared)
    return store_of(tmp_path_factory.mktemp("browser") / "store", rows)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def started(command, url, environment, folder=ROOT):
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for _ in range(480):
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own server
                assert answer.status == 200
                return process
        except OSError:
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.25)
    raise AssertionError(f"nothing answers at {url}")


@pytest.fixture(scope="module")
def address(store):
    port = free_port()
    url = f"http://127.0.0.1:{port}/app"
    command = [
        sys.executable,
        "-m",
        "panel",
        "serve",
        "dashboard/app.py",
        "--port",
        str(port),
        "--address",
        "127.0.0.1",
    ]
    process = started([*command, "--num-threads", "4"], url, {"SILENT_LEAK_STORE": str(store.path)})
    yield url
    process.terminate()
    process.communicate(timeout=30)


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser.new_context()
        browser.close()


class Visit:
    """Open pages that remember what went wrong on them."""

    def __init__(self, context, address):
        self.context, self.address, self.problems, self.warnings, self.hosts = context, address, [], [], set()
        self.pages = []

    def __call__(self, query="", *, width=1400, height=900, scheme="light", script=""):
        page = self.context.new_page()
        page.add_init_script(script)
        self.pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(60_000)
        said = {"error": self.problems, "warning": self.warnings}
        page.on("console", lambda told: said[told.type].append(told.text) if told.type in said else None)
        page.on("pageerror", lambda error: self.problems.append(f"{error.message}\n{error.stack}"))
        page.on("request", lambda request: self.hosts.add(urlparse(request.url).netloc))
        page.goto(self.address + query)
        page.locator(".page.drawn").wait_for(timeout=90_000)
        return page


@pytest.fixture
def visit(chromium, address):
    visit = Visit(chromium, address)
    yield visit
    for page in visit.pages:
        page.close()
    assert visit.problems == []
    assert {host for host in visit.hosts if host} == {urlparse(address).netloc}


def counted(page, text):
    page.locator(".counted", has_text=re.compile(f"^{re.escape(text)}$")).wait_for()


def shows(page, view):
    page.locator(".page.drawn .view-title", has_text=view).wait_for()


def kpi(page, label):
    return page.locator(".kpis li", has_text=label).first.locator(".kpi-value").inner_text()


HOLDS = """([figure, layer, column, value]) => Bokeh.documents
  .flatMap((document) => [...document._all_models.values()])
  .filter((model) => model.type === "Figure" && model.name === figure)
  .flatMap((model) => model.renderers.filter((renderer) => renderer.name === layer))
  .map(({data_source: {data}}) => data.get?.(column) ?? data[column])
  .some((column) => [...column].includes(value))"""


def drawn(page, card, layer, value, *, column="label", there=True):
    """Wait until a layer of a card's figure draws a value, or no longer does."""
    asked = json.dumps([card, layer, column, value])
    page.locator(f"#card-{card} .bokeh canvas").first.wait_for()
    page.wait_for_function(f"() => ({HOLDS})({asked}) === {json.dumps(there)}")


def choose(page, dimension, label):
    """Filter by the list of a dimension, as a person does: + Filter, the dimension, the box, Escape."""
    page.get_by_role("button", name="Filter", exact=True).click()
    panel = page.get_by_role("dialog", name="Filters", exact=True)
    panel.get_by_role("button", name=dimension, exact=True).click()
    panel.get_by_role("checkbox", name=label, exact=True).click()
    page.locator(".chip").first.wait_for()
    page.keyboard.press("Escape")


def test_every_view_is_drawn_from_the_rail_and_has_an_address(visit):
    page = visit()
    for link in page.get_by_role("navigation", name="Views").first.get_by_role("link").all():
        title = link.locator(".link-text").inner_text()
        link.click()
        shows(page, title)
        assert page.locator(".problem.failed:visible, .waiting:visible").count() == 0
        assert page.title().startswith(title)
    assert "view=" in page.url
    page.go_back()
    other = visit("?view=funnel")
    shows(other, "Funnel")
    drawn(other, "funnel", "steps", "Converted")


def test_a_view_that_is_known_already_still_counts_what_is_open_elsewhere(visit):
    page = visit("?view=quality")
    page.get_by_role("navigation", name="Views").first.locator(".open-count").first.wait_for()
    for script in ("", LATE_RENDER):
        again = visit("?view=quality", script=script)
        again.get_by_role("navigation", name="Views").first.locator(".open-count").first.wait_for()


def test_the_first_view_has_a_sentence_and_its_figures(visit):
    page = visit()
    assert (
        page.locator("h1").inner_text()
        == "20 of 420 sessions converted: 4.76\u202f% (95\u202f% interval 3.10 to 7.24\u202f%)."
    )
    page.wait_for_function(f"({DRAWN_CANVASES})() >= 1", polling=500)
    assert kpi(page, "Converted sessions") == "20"


def test_a_filter_changes_every_figure_and_its_chip_takes_it_back(visit):
    page = visit()
    counted(page, "420 of 420 sessions")
    choose(page, "Device", "Mobile")
    counted(page, "160 of 420 sessions")
    assert page.locator(".chip").inner_text() == "Device is Mobile"
    assert kpi(page, "Converted sessions") == "0"
    assert "device_category=mobile" in page.url
    page.get_by_role("button", name="Remove filter Device").click()
    counted(page, "420 of 420 sessions")
    assert page.locator(".chip").count() == 0


def test_delete_on_a_chip_removes_it_and_reset_removes_all(visit):
    page = visit("?country=US&source=google")
    counted(page, "240 of 420 sessions")
    page.locator(".chip-body", has_text="google").press("Delete")
    counted(page, "260 of 420 sessions")
    choose(page, "Device", "Desktop")
    page.get_by_role("button", name="Reset", exact=True).click()
    counted(page, "420 of 420 sessions")


def test_back_forward_and_a_shared_link_bring_the_same_page(visit):
    page = visit("?view=sources")
    choose(page, "Device", "Mobile")
    counted(page, "160 of 420 sessions")
    page.locator(".button.control").first.click()
    page.get_by_label("First day").fill("2017-07-05")
    counted(page, "80 of 420 sessions")
    page.keyboard.press("Escape")
    page.go_back()
    counted(page, "160 of 420 sessions")
    page.go_back()
    counted(page, "420 of 420 sessions")
    page.go_forward()
    page.go_forward()
    counted(page, "80 of 420 sessions")
    other = visit("?" + urlparse(page.url).query)
    counted(other, "80 of 420 sessions")
    shows(other, "Sources")
    assert other.locator(".chip").all_inner_texts() == ["Device is Mobile"]
    assert other.locator(".button.control").first.inner_text() == "5–6 Jul 2017"


def test_a_click_in_a_chart_filters_the_rest_and_escape_undoes_it(visit):
    page = visit("?view=sources")
    page.locator("#card-sources .cell-button", has_text="google").first.click()
    counted(page, "240 of 420 sessions")
    assert "source=google" in page.url
    assert page.locator("#card-sources .cell-button", has_text="(direct)").count()
    page.keyboard.press("Escape")
    counted(page, "420 of 420 sessions")


def test_escape_hides_a_message_before_it_undoes_a_filter(visit):
    page = visit("?device_category=mobile")
    counted(page, "160 of 420 sessions")
    page.context.grant_permissions(["clipboard-write"])
    page.get_by_role("button", name="Share view").click()
    page.get_by_text("Link copied").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("Link copied").wait_for(state="hidden")
    counted(page, "160 of 420 sessions")


def test_the_first_tab_skips_the_navigation(visit):
    page = visit()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("main:focus").count() == 1


def test_the_keyboard_opens_views_and_searches_the_filters(visit):
    page = visit()
    page.keyboard.press("g")
    page.keyboard.press("f")
    shows(page, "Funnel")
    page.keyboard.press("/")
    page.get_by_role("dialog", name="Filters", exact=True).locator(".values li").first.wait_for()
    page.keyboard.type("mob")
    page.locator(".values li", has_text="Desktop").wait_for(state="detached")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    counted(page, "160 of 420 sessions")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    counted(page, "420 of 420 sessions")
    page.keyboard.press("?")
    told = page.get_by_role("dialog", name="Help")
    assert told.locator("dt").first.inner_text() == "Session"
    assert "converts worse than its parts predict" in told.locator("dt:has-text('Leak') + dd").inner_text()
    assert told.get_by_text("Open a view").is_visible()


def test_a_comparison_says_its_dates_and_an_impossible_one_its_reason(visit):
    page = visit("?from=2017-07-05&view=funnel")
    compare = page.locator(".button.control", has_text="Compare")
    assert compare.inner_text() == "Compare\n3–4 Jul 2017"
    compare.click()
    year = page.get_by_role("button", name="Same weekdays a year before")
    assert year.is_disabled()
    assert "no earlier data" in year.inner_text()
    page.get_by_role("button", name="No comparison").click()
    page.locator(".button.control", has_text=re.compile("off")).wait_for()
    assert "compare=off" in page.url


def test_the_steps_of_the_funnel_are_chosen(visit):
    page = visit("?view=funnel")
    page.locator(".button.control", has_text="Funnel").click()
    page.get_by_role("checkbox", name="Deep engagement").uncheck()
    drawn(page, "funnel", "steps", "Deep engagement", there=False)
    assert "steps=1-2-4" in page.url


def test_a_view_is_saved_and_opened_again_by_its_name(visit):
    page = visit("?view=sources&country=US")
    page.get_by_role("button", name="Saved views").click()
    page.get_by_label("Name of the view").fill("US sources")
    page.wait_for_timeout(500)  # the list of views comes while somebody types
    assert page.get_by_label("Name of the view").input_value() == "US sources"
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".saved a", has_text="US sources").wait_for()
    other = visit()
    other.get_by_role("button", name="Saved views").click()
    other.locator(".saved a", has_text="US sources").click()
    counted(other, "260 of 420 sessions")
    shows(other, "Sources")
    assert "view=sources&country=US" in other.url
    other.get_by_role("button", name="Saved views").click()
    other.get_by_role("button", name="Delete US sources").click()
    other.locator(".saved a", has_text="US sources").wait_for(state="detached")
    other.get_by_role("button", name="Undo").click()
    other.locator(".saved a", has_text="US sources").wait_for()


def test_a_source_named_like_a_script_is_text(visit):
    page = visit("?view=sources")
    assert page.locator("#card-sources").get_by_text(SCRIPT).first.is_visible()
    assert page.title() != "owned"
    page.locator("#card-sources .cell-button", has_text=SCRIPT).first.click()
    counted(page, "160 of 420 sessions")
    assert page.locator(".chip").inner_text() == f"Source is {SCRIPT}"


def test_dark_is_dark_everywhere_and_light_comes_back(visit):
    page = visit("?view=geography")
    ground = "e => getComputedStyle(e).backgroundColor"
    page.get_by_role("button", name="Toggle theme").click()
    page.locator(".page.dark.drawn").wait_for()
    page.wait_for_function(f"({DRAWN_CANVASES})() >= 1", polling=500)
    for place in ("#card-countries", ".rail", ".top"):
        channels = [int(number) for number in re.findall(r"\d+", page.locator(place).first.evaluate(ground))[:3]]
        assert max(channels) < 60, place
    assert "theme=dark" in page.url
    visit().locator(".page.dark").wait_for()
    visit("?theme=light").locator(".page.drawn:not(.dark)").wait_for()
    page.get_by_role("button", name="Toggle theme").click()
    page.locator(".page.drawn:not(.dark)").wait_for()
    visit(scheme="dark").locator(".page.drawn:not(.dark)").wait_for()
    page.evaluate("localStorage.clear()")


def test_a_reader_whose_system_is_dark_sees_dark(visit):
    page = visit(scheme="dark")
    page.locator(".page.dark").wait_for()
    assert "theme" not in page.url


@pytest.mark.parametrize("width", [390, 820, 1024, 1400])
def test_nothing_overflows_at_any_width_in_any_view(visit, width):
    page = visit(width=width, height=844)
    for view in shown_views():
        page.evaluate(
            "view => { history.pushState(null, '', '?view=' + view); dispatchEvent(new PopStateEvent('popstate')) }",
            view.name,
        )
        shows(page, view.title)
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, view.name
        wide = page.locator(".card, .strip, .counted").evaluate_all(
            "all => all.filter(e => !e.closest('.filter-bar') && (e.getBoundingClientRect().right > innerWidth + 1"
            " || e.scrollWidth > e.clientWidth + 1)).map(e => e.id || e.className)"
        )
        assert wide == [], view.name


def test_on_a_phone_the_views_are_behind_a_menu(visit):
    page = visit(width=390, height=844)
    page.get_by_role("button", name="Open the list of views").click()
    page.get_by_role("dialog", name="Views").get_by_role("link", name="Sources").click()
    shows(page, "Sources")
    assert page.get_by_role("dialog", name="Views").count() == 0


def test_an_empty_selection_says_why_and_offers_the_way_back(visit):
    page = visit("?country=FR")
    assert "France" in page.locator("h1").inner_text()
    assert kpi(page, "Conversion rate") == "–"
    page.locator(".nothing").get_by_role("button", name="Reset").click()
    counted(page, "420 of 420 sessions")
    assert page.locator(".nothing").is_hidden()


def test_each_card_has_its_table_its_sql_its_method_and_its_download(visit):
    page = visit("?view=geography")
    card = page.locator("#card-countries")
    card.get_by_role("button", name="Show as table").click()
    assert card.locator(".twin th", has_text="United States").is_visible()
    card.get_by_role("button", name="Show SQL").click()
    assert "$min_sessions" in page.locator("dialog pre").first.inner_text()
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")
    card.get_by_role("button", name="Download").click()
    card.get_by_role("button", name="How this is computed").click()
    assert "Wilson" in page.get_by_role("dialog", name="How this is computed").inner_text()
    page.keyboard.press("Escape")


def taken(page, card, item):
    page.locator(card).get_by_role("button", name="Download").click()
    with page.expect_download() as caught:
        page.locator(card).get_by_role("button", name=item).click()
    return caught.value.suggested_filename, Path(caught.value.path()).read_bytes()


def test_figures_and_pictures_can_be_taken_away_and_opened(visit):
    page = visit("?view=geography&country=US")
    name, content = taken(page, "#card-countries", "Figures (CSV)")
    assert name == "silent-leak_country-is-united-states_v0_countries.csv"
    assert "# Filters: Country is United States" in content.decode()
    assert '"US","United States",260,20' in content.decode()
    _, content = taken(page, "#card-countries", "Figures (Parquet)")
    assert pq.read_table(io.BytesIO(content)).column("country").to_pylist() == ["US", "GB"]
    _, content = taken(page, "#card-countries", "Picture (PNG)")
    assert content.startswith(b"\x89PNG")
    assert len(content) > 20_000
    _, content = taken(page, "#card-countries", "Picture (SVG)")
    assert "data version 0" in content.decode()
    assert content.startswith(b"<svg")
    assert b"Click a country" not in content


def test_the_legend_of_an_svg_has_the_marks_of_the_page(visit):
    page = visit("?view=funnel")
    page.locator("#card-completion .legend li").first.wait_for()
    _, content = taken(page, "#card-completion", "Picture (SVG)")
    legend = re.findall(r'<(\w+)[^<>]*/></g><text[^>]*font-size="12"[^>]*>(\w+)</text>', content.decode())
    assert legend == [("circle", "Desktop"), ("rect", "Mobile")]


def test_a_report_has_the_map_though_another_chart_is_shown_as_a_table(visit, chromium, tmp_path):
    page = visit()
    page.locator("#card-trend").get_by_role("button", name="Show as table").click()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as caught:
        page.get_by_role("button", name="This view (HTML)").click()
    target = tmp_path / "report.html"
    caught.value.save_as(target)
    report = chromium.new_page()
    report.goto(target.as_uri())
    assert report.locator("#card-trend .twin tbody tr").count() == 5
    assert report.locator("#card-countries .plot img").evaluate("image => image.naturalWidth") > 400
    report.close()


def test_a_whole_view_can_be_taken_away_as_one_file(visit, chromium, tmp_path):
    page = visit("?from=2017-07-05")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as caught:
        page.get_by_role("button", name="This view (HTML)").click()
    target = tmp_path / "report.html"
    caught.value.save_as(target)
    text = target.read_text(encoding="utf-8")
    assert re.search(r"Store store, data version 0, loaded [^<]* UTC; 210 of 420 sessions", text)
    assert re.search(r"<p>Made \d+ \w+ \d{4}", text)
    report = chromium.new_page()
    asked = []
    report.on("request", lambda request: asked.append(request.url) if request.url.startswith("http") else None)
    report.goto(target.as_uri())
    assert report.locator("h1").inner_text() == page.locator("h1").inner_text()
    assert report.locator(".plot img").first.evaluate("image => image.naturalWidth") > 400
    assert asked == []
    assert report.locator("button").count() == 0
    assert "Click" not in report.locator("body").inner_text()
    assert page.locator("#card-checks", has_text="Open data quality").count() == 1
    assert "Open data quality" not in report.locator("body").inner_text()
    assert report.locator(".lead").evaluate("lead => getComputedStyle(lead, '::before').content") == "none"
    report.close()


def test_a_card_setting_is_kept_in_the_link(visit):
    page = visit("?view=funnel")
    page.locator("#card-funnel").get_by_role("button", name="Log").click()
    drawn(page, "funnel", "dots 0", 1.0, column="share")
    assert "funnel.scale=Log" in page.url


def test_fast_steps_through_the_history_all_arrive(visit):
    page = visit()
    views = shown_views()
    for number in range(40):
        view = views[number % len(views)]
        page.evaluate(
            "view => { history.pushState(null, '', '?view=' + view); dispatchEvent(new PopStateEvent('popstate')) }",
            view.name,
        )
        if number % 3 == 0:
            shows(page, view.title)
    shows(page, view.title)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_has_an_accessibility_problem(visit, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = visit(scheme=scheme)
    for view in shown_views():
        page.evaluate(
            "view => { history.pushState(null, '', '?view=' + view); dispatchEvent(new PopStateEvent('popstate')) }",
            view.name,
        )
        shows(page, view.title)
        page.wait_for_timeout(200)
        found = axe.Axe().run(page).response["violations"]
        assert [(violation["id"], violation["help"]) for violation in found] == [], view.name


def test_new_data_appears_by_itself(chromium, tmp_path):
    store = store_of(tmp_path / "store", sessions(7, country="US", session_date=dt.date(2017, 7, 2)))
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    program = "import sys; from dashboard.serve import serve; from queries.store import Store; "
    program += "serve(Store(sys.argv[1]), port=int(sys.argv[2]))"
    process = started([sys.executable, "-c", program, str(store.path), str(port)], url, {})
    try:
        page = Visit(chromium, url)()
        counted(page, "7 of 7 sessions")
        store_of(tmp_path / "store", sessions(9, country="US", session_date=dt.date(2017, 7, 3)))
        counted(page, "9 of 9 sessions")
        page.locator(".rail .foot", has_text="version 1").wait_for()
        assert "Version 1 is here" in page.locator(".toast").inner_text()
        page.close()
    finally:
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in said


def test_without_a_store_the_page_says_which_command_to_run(chromium, tmp_path):
    port = free_port()
    url = f"http://127.0.0.1:{port}/app"
    command = [
        sys.executable,
        "-m",
        "panel",
        "serve",
        "dashboard/app.py",
        "--port",
        str(port),
        "--address",
        "127.0.0.1",
    ]
    environment = {name: value for name, value in os.environ.items() if name != "SILENT_LEAK_STORE"}
    process = started(["env", "-u", "SILENT_LEAK_STORE", *command], url, environment)
    try:
        page = chromium.new_page()
        page.goto(url)
        page.get_by_text("silent-leak demo").wait_for(timeout=60_000)
        page.close()
    finally:
        process.terminate()
        process.communicate(timeout=30)
