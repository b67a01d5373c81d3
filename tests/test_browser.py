"""The page as a person sees it, in Chromium: what is drawn, what a click does, what Back brings back."""

import datetime as dt
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

import pytest
from builders import sessions, store_of

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
ROOT = Path(__file__).parents[1]
SCRIPT = "<script>document.title='owned'</script>"

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM to the browser to use"
)

BLANK_CANVASES = """() => {
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


def started(command, url, environment):
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for _ in range(240):
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
        self.context, self.address, self.problems, self.hosts = context, address, [], set()
        self.pages = []

    def __call__(self, query="", *, width=1400, height=900, scheme="light"):
        page = self.context.new_page()
        self.pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(30_000)
        page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
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


def kpi(page, label):
    return page.locator(".kpis li", has_text=label).first.locator(".kpi-value").inner_text()


def test_every_chart_is_drawn_and_the_finding_is_a_sentence(visit):
    page = visit()
    assert (
        page.locator("h1").inner_text()
        == "20 of 420 sessions converted: 4.76\u202f% (95\u202f% interval 3.10 to 7.24\u202f%)."
    )
    assert page.locator(".card.waiting, .problem.failed:visible").count() == 0
    page.wait_for_function(f"({BLANK_CANVASES})() >= 4")
    assert kpi(page, "Converted sessions") == "20"


def test_a_filter_changes_every_figure_and_its_chip_takes_it_back(visit):
    page = visit()
    counted(page, "420 of 420 sessions")
    page.get_by_role("checkbox", name="Mobile").check()
    counted(page, "160 of 420 sessions")
    assert page.locator(".chip").inner_text() == "Device is Mobile"
    assert kpi(page, "Converted sessions") == "0"
    assert "device_category=mobile" in page.url
    page.get_by_role("button", name="Remove filter Device").click()
    counted(page, "420 of 420 sessions")
    assert page.locator(".chip").count() == 0
    assert not page.get_by_role("checkbox", name="Mobile").is_checked()


def test_delete_on_a_chip_removes_it_and_reset_removes_all(visit):
    page = visit("?country=US&source=google")
    counted(page, "240 of 420 sessions")
    page.locator(".chip-body", has_text="google").press("Delete")
    counted(page, "260 of 420 sessions")
    page.get_by_role("checkbox", name="Desktop").check()
    page.get_by_role("button", name="Reset", exact=True).click()
    counted(page, "420 of 420 sessions")


def test_back_forward_and_a_shared_link_bring_the_same_page(visit):
    page = visit()
    page.get_by_role("checkbox", name="Mobile").check()
    counted(page, "160 of 420 sessions")
    page.get_by_label("First day").fill("2017-07-05")
    counted(page, "80 of 420 sessions")
    page.go_back()
    counted(page, "160 of 420 sessions")
    page.go_back()
    counted(page, "420 of 420 sessions")
    page.go_forward()
    page.go_forward()
    counted(page, "80 of 420 sessions")
    other = visit("?" + urlparse(page.url).query)
    counted(other, "80 of 420 sessions")
    assert other.locator(".chip").all_inner_texts() == ["Days is from 5 Jul 2017", "Device is Mobile"]


def test_a_click_in_a_chart_filters_the_rest(visit):
    page = visit()
    page.locator("#card-sources .cell-button", has_text="google").first.click()
    counted(page, "240 of 420 sessions")
    assert "source=google" in page.url


def test_a_source_named_like_a_script_is_text(visit):
    page = visit()
    assert page.locator("#card-sources").get_by_text(SCRIPT).first.is_visible()
    assert page.title() != "owned"
    page.locator("#card-sources .cell-button", has_text=SCRIPT).first.click()
    counted(page, "160 of 420 sessions")
    assert page.locator(".chip").inner_text() == f"Source is {SCRIPT}"


def test_dark_is_dark_everywhere_and_light_comes_back(visit):
    page = visit()
    ground = "e => getComputedStyle(e).backgroundColor"
    page.get_by_role("button", name="Toggle theme").click()
    page.locator(".page.dark").wait_for()
    page.wait_for_function(f"({BLANK_CANVASES})() >= 4")
    for place in ("#card-funnel", ".side", "header"):
        channels = [int(number) for number in re.findall(r"\d+", page.locator(place).first.evaluate(ground))[:3]]
        assert max(channels) < 60, place
    assert "theme=dark" in page.url
    page.get_by_role("button", name="Toggle theme").click()
    page.locator(".page.drawn:not(.dark)").wait_for()


def test_a_reader_whose_system_is_dark_sees_dark(visit):
    page = visit(scheme="dark")
    page.locator(".page.dark").wait_for()
    page.locator(".side.dark").wait_for()
    assert "theme" not in page.url


@pytest.mark.parametrize("width", [390, 820, 1024, 1400])
def test_nothing_overflows_at_any_width(visit, width):
    page = visit(width=width, height=844)
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    wide = page.locator(".card, .strip, .counted").evaluate_all(
        "all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 1)"
        ".map(e => e.id)"
    )
    assert wide == []


def test_an_empty_selection_says_why_and_offers_the_way_back(visit):
    page = visit("?country=FR")
    assert "France" in page.locator("h1").inner_text()
    assert kpi(page, "Conversion rate") == "–"
    page.locator(".nothing").get_by_role("button", name="Reset").click()
    counted(page, "420 of 420 sessions")
    assert page.locator(".nothing").is_hidden()


def test_each_card_has_its_table_its_sql_and_its_download(visit):
    page = visit()
    card = page.locator("#card-countries")
    card.get_by_role("button", name="Show as table").click()
    assert card.locator(".twin th", has_text="United States").is_visible()
    card.get_by_role("button", name="Show SQL").click()
    assert "$min_sessions" in page.locator("dialog pre").first.inner_text()
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")
    card.get_by_role("button", name="Download").click()
    with page.expect_download() as caught:
        card.get_by_role("button", name="Figures (CSV)").click()
    text = Path(caught.value.path()).read_text(encoding="utf-8")
    assert caught.value.suggested_filename == "silent-leak_v0_countries.csv"
    assert "US,260,20" in text


def test_a_picture_can_be_taken_away(visit):
    page = visit()
    card = page.locator("#card-countries")
    card.get_by_role("button", name="Download").click()
    with page.expect_download() as caught:
        card.get_by_role("button", name="Picture (PNG)").click()
    assert Path(caught.value.path()).read_bytes().startswith(b"\x89PNG")


def test_a_card_setting_is_kept_in_the_link(visit):
    page = visit()
    page.locator("#card-funnel").get_by_role("button", name="Log").click()
    page.locator("#card-funnel .step-bar.log").first.wait_for()
    assert "funnel.scale=Log" in page.url


def test_the_page_has_no_serious_accessibility_problem(visit):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    for scheme in ("light", "dark"):
        page = visit(scheme=scheme)
        page.wait_for_timeout(500)
        found = axe.Axe().run(page).response["violations"]
        assert [(violation["id"], violation["help"]) for violation in found] == []


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
        page.locator(".foot", has_text="version 1").wait_for()
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
