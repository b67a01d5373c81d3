"""What others copy: the examples run as they stand, one chart lives in a foreign app, and a pane in a foreign page."""

import base64
import http.server
import io
import sys
import threading
from urllib.parse import quote

import matplotlib.pyplot as plt
import nbclient
import nbformat
import pytest
from builders import ROOT
from test_browser import CHROMIUM, DRAWN_CANVASES, QUIET, free_port, started, store  # noqa: F401 - fixtures by name

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """Return a function that opens a page; no page of a test may say an error on its console."""
    problems = []
    context = browser.new_context(viewport={"width": 1200, "height": 900})

    def page(url):
        made = context.new_page()
        made.set_default_timeout(60_000)
        made.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        made.on("pageerror", lambda error: problems.append(str(error)))
        made.goto(url)
        return made

    yield page
    context.close()
    assert problems == []


@pytest.fixture(scope="module")
def run(store):  # noqa: F811 - the fixture
    """Return a function that starts a command on a free port and returns its address."""
    running = []

    def start(path, *command):
        port = str(free_port())
        filled = [part.replace("PORT", port) for part in command]
        url = f"http://127.0.0.1:{port}{path}"
        running.append(started([sys.executable, "-m", *filled], url, {"SILENT_LEAK_STORE": str(store.path)}))
        return url

    yield start
    for process in running:
        process.terminate()
        process.communicate(timeout=20)


def heading(page):
    return page.locator("h3").first


def test_one_chart_in_an_app_of_ones_own_follows_its_controls(run, opened):
    served = ("panel", "serve", "examples/one_chart.py", "--port", "PORT", "--address", "127.0.0.1")
    page = opened(run("/one_chart", *served))
    heading(page).wait_for()
    page.wait_for_function(f"({DRAWN_CANVASES})() >= 1", polling=500)
    before = heading(page).inner_text()
    page.get_by_role("combobox").first.click()
    page.get_by_role("menuitem", name="United Kingdom (160)").click()
    for _ in range(200):
        if heading(page).inner_text() != before:
            break
        page.wait_for_timeout(100)
    assert heading(page).inner_text() != before


def test_charts_in_a_page_of_a_fastapi_app(run, opened):
    page = opened(run("/", "uvicorn", "fastapi_app:app", "--app-dir", "examples", "--port", "PORT"))
    frame = page.frame_locator("iframe")
    frame.locator("h3").nth(1).wait_for()
    assert frame.locator("h3").count() == 2
    frame.locator("canvas").first.wait_for()


@pytest.fixture(scope="module")
def host():
    """Serve pages on a port of their own, as the company's intranet does."""
    pages = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(pages.get(self.path, "<link rel=icon href=data:,>").encode())

        def log_message(self, *_said):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def page(source):
        path = f"/{len(pages)}"
        pages[path] = f'<link rel=icon href=data:,><iframe src="{source}" width="900" height="620"></iframe>'
        return f"http://127.0.0.1:{server.server_port}{path}"

    yield page
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("served", ["silent-leak serve", "panel serve"])
def test_a_pane_is_one_chart_in_the_frame_of_another_page(run, host, opened, served, store):  # noqa: F811
    if served == "panel serve":
        address = run("/app", "panel", "serve", "dashboard/app.py", "--port", "PORT", "--address", "127.0.0.1")
        source = f"{address}?pane=trend&height=340&country=US"
    else:
        address = run("/", "silent_leak", "serve", "--store", str(store.path), "--port", "PORT")
        source = f"{address}embed/trend?height=340&country=US"
    frame = opened(host(quote(source, safe=":/?&="))).frame_locator("iframe")
    frame.locator(".page.pane.drawn").wait_for()
    assert frame.locator("article:visible").count() == 1
    assert frame.locator(".rail:visible, .filter-bar:visible").count() == 0
    assert "No day stands out" in frame.locator("h2.heading").inner_text()
    assert frame.locator(".plot").bounding_box()["height"] >= 340


def test_a_pane_of_no_chart_says_which_there_are(run, opened):
    address = run("/app", "panel", "serve", "dashboard/app.py", "--port", "PORT", "--address", "127.0.0.1")
    page = opened(f"{address}?pane=nonsense")
    said = page.locator("p", has_text="There is no chart “nonsense”")
    said.wait_for()
    assert "trend" in said.inner_text()


def images(notebook):
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [base64.b64decode(each["data"]["image/png"]) for each in outputs if "image/png" in each.get("data", {})]


def test_the_notebook_runs_on_any_store_and_its_pictures_are_not_empty(store, monkeypatch):  # noqa: F811
    path = ROOT / "examples" / "leak_analysis.ipynb"
    committed = nbformat.read(path, 4)
    assert path.stat().st_size < 1_000_000
    assert len(images(committed)) == 5
    assert "Conversion fell about 16 Sep" in path.read_text(encoding="utf-8")
    monkeypatch.setenv("SILENT_LEAK_STORE", str(store.path))
    nbclient.NotebookClient(committed, timeout=240, resources={"metadata": {"path": str(ROOT)}}).execute()
    drawn = images(committed)
    assert len(drawn) == 5
    for image in drawn:
        assert len(set(plt.imread(io.BytesIO(image)).reshape(-1).round(2).tolist())) > 5, "a picture of one colour"


def test_every_example_is_tried_here():
    tried = {"one_chart.py", "fastapi_app.py", "leak_analysis.ipynb"}
    assert {path.name for path in (ROOT / "examples").iterdir() if path.is_file()} == tried
