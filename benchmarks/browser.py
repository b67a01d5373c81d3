"""Measure a filter change in a real browser: from the click to the last canvas draw, beside charts that are recreated.

    uv run python benchmarks/browser.py --store my-store

Without --store it generates 10,000 sessions. The recreating page holds the same figures, built anew at each change with
`Chart.build`, as a plain Panel app does; it runs no query, so its figure is a lower bound.
"""

import argparse
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
WATCH_CANVAS = """
window.lastDraw = 0
for (const name of ["fill", "stroke", "fillRect", "clearRect", "fillText", "drawImage"]) {
  const draw = CanvasRenderingContext2D.prototype[name]
  CanvasRenderingContext2D.prototype[name] = function (...given) {
    window.lastDraw = performance.now()
    return draw.apply(this, given)
  }
}
"""
CLICK = "(element) => { window.clicked = performance.now(); element.click() }"
SETTLED_MS = 1500


def main() -> None:
    """Serve both pages, click, and print the medians."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--store", type=Path)
    ask.add_argument("--repeat", type=int, default=20)
    ask.add_argument("--recreate-on", type=int, help=argparse.SUPPRESS)
    wanted = ask.parse_args()
    if wanted.recreate_on:
        serve_recreating(wanted.recreate_on)
        return
    with tempfile.TemporaryDirectory() as folder:
        store = wanted.store or generated(Path(folder))
        port, other = free_port(), free_port()
        served = [
            subprocess.Popen(["silent-leak", "serve", "--store", str(store), "--port", str(port)]),  # noqa: S603, S607
            subprocess.Popen([sys.executable, __file__, "--recreate-on", str(other)]),  # noqa: S603 - this very script
        ]
        try:
            figures = measure(port, other, wanted.repeat)
        finally:
            for process in served:
                process.terminate()
    print(json.dumps(figures, indent=2))


def measure(port: int, other: int, repeat: int) -> dict:
    """Return the medians in milliseconds, and how many times longer recreating takes."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        page = opened(browser.new_page(viewport={"width": 1400, "height": 4600}), port)
        patched = changes(page, page.get_by_role("checkbox", name="Mobile").first, repeat)
        page = opened(browser.new_page(viewport={"width": 1400, "height": 2000}), other)
        recreated = changes(page, page.get_by_role("button", name="Change"), repeat)
        browser.close()
    ours, theirs = statistics.median(patched), statistics.median(recreated)
    return {
        "clicks": repeat,
        "patched_ms": round(ours),
        "patched_slowest_ms": round(max(patched)),
        "recreated_ms": round(theirs),
        "recreated_against_patched": round(theirs / ours, 1),
    }


def opened(page: Page, port: int) -> Page:
    """Open the page at a port once it answers and has drawn."""
    url = f"http://127.0.0.1:{port}/"
    for _ in range(240):
        try:
            urllib.request.urlopen(url, timeout=30).close()
            break
        except OSError:
            time.sleep(0.25)
    page.add_init_script(WATCH_CANVAS)
    page.goto(url)
    page.wait_for_function("window.lastDraw > 0", timeout=60_000)
    page.wait_for_timeout(5000)
    return page


def changes(page: Page, control: Locator, repeat: int) -> list[float]:
    """Click `repeat` times; return the milliseconds from each click to the last draw before the page is quiet."""
    taken = []
    for _ in range(repeat):
        control.evaluate(CLICK)
        page.wait_for_function("window.lastDraw > window.clicked", timeout=60_000)
        page.wait_for_timeout(SETTLED_MS)
        page.wait_for_function(f"performance.now() - window.lastDraw > {SETTLED_MS / 2}")
        drawn = page.evaluate("window.lastDraw - window.clicked")
        taken.append(drawn)
    return taken


def serve_recreating(port: int) -> None:
    """Serve a page that builds its figures anew at each click, as a plain Panel app does."""
    import panel as pn

    from dashboard.charts import CHARTS
    from dashboard.theme import LIGHT

    builders = [chart.build for chart in CHARTS if chart.build]

    def page() -> pn.Column:
        panes = [pn.pane.Bokeh(build(LIGHT), sizing_mode="stretch_width") for build in builders]
        button = pn.widgets.Button(name="Change")

        def recreate(_: object) -> None:
            for pane, build in zip(panes, builders, strict=True):
                pane.object = build(LIGHT)

        button.on_click(recreate)
        return pn.Column(button, *panes)

    pn.serve({"/": page}, port=port, address="127.0.0.1", show=False, verbose=False)


def generated(folder: Path) -> Path:
    """Return a store of 10,000 generated sessions."""
    from ingest.pipeline import ingest_exports
    from ingest.sample import generate
    from queries.store import Store

    generate(folder, sessions=10_000, shapes=("ga360_flat",))
    ingest_exports([folder / "exports"], Store(folder / "store"))
    return folder / "store"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
