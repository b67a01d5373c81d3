"""Measure the page in a real browser: a fresh session, and filter changes beside charts that are recreated.

A change is timed from the event to the last thing drawn, a canvas in sight or an element: of the cards that are
answered at once, and of all, those that search for leaks included. Figures below the window are drawn later, and not
counted. Each of the twenty filters is new to the server, then asked again. A fresh session is timed to its first
contentful paint, to its answer, and to its last card.

    uv run python benchmarks/browser.py --store my-store

    uv run python benchmarks/browser.py --store my-store --against ../older-checkout

serves an older checkout too, asks both in turn, and adds its figures and the ratios. Without --store it generates
10,000 sessions. The recreating page holds the same figures, built anew at each change with
`ChartView.draw`, as a plain Panel app does; it runs no query, so its figure is a lower bound. `--no-recreating` leaves
it out.
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
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from queries.engine import Engine
from queries.store import Store

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
WATCH_CANVAS = """
window.lastDraw = 0
window.firstDraw = null
window.drew = () => { window.lastDraw = performance.now() }
const mark = performance.mark
performance.mark = function (name, ...given) {
  if (name === "late") window.firstDraw ??= window.lastDraw
  return mark.call(performance, name, ...given)
}
const looked = new WeakMap()
function inSight(canvas, now) {
  const known = looked.get(canvas)
  if (known && now - known.at < 1000) return known.found
  const {top, bottom} = canvas.getBoundingClientRect()
  const found = canvas.isConnected && bottom > 0 && top < innerHeight
  looked.set(canvas, {at: now, found})
  return found
}
for (const name of ["fill", "stroke", "fillRect", "clearRect", "fillText", "drawImage"]) {
  const draw = CanvasRenderingContext2D.prototype[name]
  CanvasRenderingContext2D.prototype[name] = function (...given) {
    const now = performance.now()
    if (inSight(this.canvas, now)) window.lastDraw = now
    return draw.apply(this, given)
  }
}
"""
WATCH_ELEMENTS = """() => {
  const seen = new MutationObserver(window.drew)
  const walk = (root) => {
    seen.observe(root, {childList: true, subtree: true, characterData: true})
    for (const element of root.querySelectorAll("*")) if (element.shadowRoot) walk(element.shadowRoot)
  }
  walk(document.body)
}"""
CLICK = """() => {
  window.firstDraw = null
  window.clicked = performance.now()
  document.querySelector("button").click()
}"""
GO = """(query) => {
  window.firstDraw = null
  window.clicked = performance.now()
  history.pushState(null, "", query)
  dispatchEvent(new PopStateEvent("popstate"))
}"""
CARDS_IN_SIGHT = """() => {
  const found = []
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const top = element.matches("article") && element.offsetParent ? element.getBoundingClientRect().top : Infinity
      if (top < innerHeight) found.push(element.id)
      if (element.shadowRoot) walk(element.shadowRoot)
    }
  }
  walk(document)
  return found
}"""
FILTERED = ("country", "browser", "operating_system", "medium", "source")
SETTLED_MS = 1500
VISITS = 7
WINDOW: ViewportSize = {"width": 1400, "height": 1500}


def main() -> None:
    """Serve both pages, click, and print the medians."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--store", type=Path)
    ask.add_argument("--repeat", type=int, default=20)
    ask.add_argument("--no-recreating", action="store_true")
    ask.add_argument("--against", type=Path, help="an older checkout with an environment of its own")
    ask.add_argument("--recreate-on", type=int, help=argparse.SUPPRESS)
    wanted = ask.parse_args()
    if wanted.recreate_on:
        serve_recreating(wanted.recreate_on)
        return
    with tempfile.TemporaryDirectory() as folder:
        store = wanted.store or generated(Path(folder))
        ports, other = [free_port()], 0 if wanted.no_recreating else free_port()
        served = [serving(store, ports[0])]
        if wanted.against:
            ports.append(free_port())
            served.append(serving(store, ports[1], wanted.against))
        if other:
            served.append(subprocess.Popen([sys.executable, __file__, "--recreate-on", str(other)]))  # noqa: S603 - this very script
        try:
            figures = measure(ports, other, addresses(store, wanted.repeat))
        finally:
            for process in served:
                process.terminate()
    print(json.dumps(figures, indent=2))


def addresses(store: Path, wanted: int) -> list[str]:
    """Return that many filters as addresses: the commonest values of some dimensions, no two of a kind in a row."""
    engine = Engine(Store(store))
    listed = [engine.run("segments", by=dimension).rows for dimension in FILTERED]
    values = [[row["segment"] for row in sorted(rows, key=lambda row: -row["sessions"])] for rows in listed]
    pairs = zip_longest(*([(name, value) for value in found] for name, found in zip(FILTERED, values, strict=True)))
    return [f"?{urlencode([pair])}" for together in pairs for pair in together if pair][:wanted]


def serving(store: Path, port: int, checkout: Path | None = None) -> subprocess.Popen:
    """Serve a store by this code, or by that of another checkout."""
    program = str(checkout.resolve() / ".venv/bin/silent-leak") if checkout else "silent-leak"
    command = [program, "serve", "--store", str(store.resolve()), "--port", str(port)]
    return subprocess.Popen(command, cwd=checkout)  # noqa: S603 - the caller's own checkout


def measure(ports: list[int], other: int, queries: list[str]) -> dict:
    """Return the medians in milliseconds; beside an older code its own and how many times they are as long.

    How many times longer recreating takes is said if that page is served too.
    """
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        pages = [opened(browser.new_page(viewport=WINDOW), port) for port in ports]
        visits = in_turn([partial(first_visit, browser, port) for port in ports], [()] * VISITS)
        for page in pages:
            page.evaluate(WATCH_ELEMENTS)
        cards = pages[0].evaluate(CARDS_IN_SIGHT)
        asked = [partial(changed, page, GO) for page in pages]
        new, again = (in_turn(asked, [(query,) for query in queries]) for _ in "12")
        recreated = []
        if other:
            page = opened(browser.new_page(viewport=WINDOW), other)
            recreated = [changed(page, CLICK) for _ in range(5)]
        browser.close()
    every: list[dict[str, Any]] = [
        {"fresh_session_ms": medians(fresh), "new": summary(first), "again": summary(second)}
        for fresh, first, second in zip(visits, new, again, strict=True)
    ]
    figures: dict[str, Any] = {**every[0], "cards_in_sight": cards, "changes": len(queries)}
    if len(every) > 1:
        figures["older"] = every[1]
        figures["times_the_older"] = {
            kind: {name: round(took / every[1][kind][name], 2) for name, took in every[0][kind].items()}
            for kind in every[0]
        }
    if recreated:
        figures["recreated_ms"] = round(statistics.median(all_drawn for _, all_drawn in recreated))
        figures["recreated_against_new"] = round(figures["recreated_ms"] / figures["new"]["all_ms"], 1)
    return figures


def in_turn(measures: Sequence[Callable[..., Any]], asked: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Return what each of several takes, one after another, for everything that is asked."""
    taken = [[measure(*arguments) for measure in measures] for arguments in asked]
    return [list(each) for each in zip(*taken, strict=True)]


def medians(visits: Sequence[Mapping[str, float]]) -> dict[str, int]:
    """Return the median of each figure."""
    return {name: round(statistics.median(visit[name] for visit in visits)) for name in visits[0]}


def summary(taken: list[tuple[float, float]]) -> dict[str, int]:
    """Return medians and slowest: of the cards that are answered at once, and of all."""
    at_once, every = zip(*taken, strict=True)
    return {
        "at_once_ms": round(statistics.median(at_once)),
        "at_once_slowest_ms": round(max(at_once)),
        "all_ms": round(statistics.median(every)),
        "all_slowest_ms": round(max(every)),
    }


def awaited(port: int) -> str:
    """Return the address of a port once it answers."""
    url = f"http://127.0.0.1:{port}/"
    for _ in range(240):
        try:
            urllib.request.urlopen(url, timeout=30).close()
            break
        except OSError:
            time.sleep(0.25)
    return url


def opened(page: Page, port: int) -> Page:
    """Open the page at a port once it answers and has drawn."""
    url = awaited(port)
    page.add_init_script(WATCH_CANVAS)
    page.goto(url)
    page.wait_for_function("window.lastDraw > 0", timeout=60_000)
    page.wait_for_timeout(5000)
    return page


def first_visit(browser: Browser, port: int) -> dict[str, float]:
    """Return the milliseconds of a fresh session to its first paint, its answer, and its last card."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
    page.locator(".page.answered").wait_for()
    answered = 1000 * (time.perf_counter() - begun)
    page.locator(".page.drawn").wait_for()
    drawn = 1000 * (time.perf_counter() - begun)
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    context.close()
    return {"first_contentful_paint": painted, "answered": answered, "all_cards": drawn}


def changed(page: Page, change: str, *given: Any) -> tuple[float, float]:
    """Make one change; return the milliseconds from it to the last draw at once, and before the page is quiet.

    Both are the same where no card takes longer.
    """
    page.evaluate(change, *given)
    page.wait_for_function("window.lastDraw > window.clicked", timeout=60_000)
    page.wait_for_timeout(SETTLED_MS)
    page.wait_for_function(f"performance.now() - window.lastDraw > {SETTLED_MS / 2}")
    drawn = page.evaluate("[(window.firstDraw ?? window.lastDraw), window.lastDraw].map((at) => at - window.clicked)")
    return drawn[0], drawn[1]


def serve_recreating(port: int) -> None:
    """Serve a page that builds its figures anew at each click, as a plain Panel app does."""
    import panel as pn

    from dashboard.chart import NOTHING
    from dashboard.charts.registry import CHARTS
    from dashboard.figures import is_drawn
    from dashboard.live import Drawn
    from dashboard.theme import LIGHT

    charts = [card.chart(context=NOTHING, theme=LIGHT.name) for card in CHARTS if card.chart and is_drawn(card)]
    builders = [lambda chart=chart: Drawn(chart.draw(chart.blank_panels()[0])).figure for chart in charts]

    def page() -> pn.Column:
        panes = [pn.pane.Bokeh(build(), sizing_mode="stretch_width") for build in builders]
        button = pn.widgets.Button(name="Change")

        def recreate(_: object) -> None:
            for pane, build in zip(panes, builders, strict=True):
                pane.object = build()

        button.on_click(recreate)
        return pn.Column(button, *panes)

    pn.serve({"/": page}, port=port, address="127.0.0.1", show=False, verbose=False)


def generated(folder: Path) -> Path:
    """Return a store of 10,000 generated sessions."""
    from ingest.pipeline import ingest_exports
    from ingest.sample import generate

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
