"""The interface's table of contents: `create_app(store)` makes one viewer's page.

Under `panel serve dashboard/app.py` the environment variable SILENT_LEAK_STORE names the store.
"""

import base64
import html
import os
import socket
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import panel as pn

from dashboard.fonts import font_face_css
from dashboard.freshness import SECONDS, source_of
from dashboard.page import script_addresses
from dashboard.selection import Selection
from dashboard.stores import engine_of
from dashboard.theme import FONT
from dashboard.viewer import Pane, Viewer
from dashboard.views import pane_view, shown_views
from queries.store import Store, StoreError

TITLE = "Silent Leak Detector"
STORE_VARIABLE = "SILENT_LEAK_STORE"
HERE = Path(__file__).parent
BARE = ".first{display:none} body{margin:0}"
"""The page before its scripts run, where it has no rail."""


def create_app(store: Store, *, title: str = TITLE, selection: Selection | None = None, chart: str = "") -> pn.Template:
    """Return one viewer's page over a store, in the state that its URL holds; call it once a session.

    With a selection the page follows that one, and what is clicked in the page changes it; a query in the URL wins.
    With the name of a chart that chart is shown alone, as for the argument `pane` of an address: a pane for an
    `<iframe>`; `height` in the address is that of its figure. A folder that holds no store gives a page that says which
    command fills it.
    """
    try:
        source = source_of(store)
    except StoreError as error:
        return explain("There is nothing to show yet", str(error), title=title)
    arguments = _arguments()
    try:
        pane = pane_of(arguments, chart)
    except LookupError as error:
        return explain("There is no such chart", str(error), title=title)
    viewer = Viewer(source, _query(arguments), title=title, selection=selection, pane=pane)
    if viewer.browser.is_served:
        pn.state.onload(viewer.browser.loaded)
        pn.state.on_session_destroyed(lambda _: viewer.stop())
        pn.state.add_periodic_callback(viewer.look_for_data, period=int(SECONDS * 1000))
    return _document(title, viewer.page, [] if pane else [view.title for view in shown_views()], first=not pane)


class Dashboard:
    """The whole page over a store, for anybody's own app or notebook.

    `Dashboard("my-store").servable()` is the page of an app; in a notebook the object shows itself, served by this
    process to this computer alone. With a selection the page follows that one, and a click in the page changes it.
    """

    def __init__(self, store: str | Path | Store, selection: Selection | None = None, *, title: str = TITLE) -> None:
        """Take the store's folder. Raises StoreError when it holds no store."""
        self.store = store if isinstance(store, Store) else Store(store)
        engine_of(self.store)
        self.selection, self.title = selection, title
        self._server: Any = None

    def page(self) -> pn.Template:
        """Return one viewer's page; call it once a session."""
        return create_app(self.store, title=self.title, selection=self.selection)

    def servable(self) -> pn.Template:
        """Make the page that of the app which is being served, and return it."""
        return self.page().servable()

    def show(self, port: int = 0, *, open: bool = True) -> Any:
        """Serve the page to this computer in a thread, and return the server; `stop()` ends it."""
        return pn.serve(self.page, port=port, address="127.0.0.1", threaded=True, show=open, verbose=False)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if self._server is None:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self._port = free.getsockname()[1]
            self._server = self.show(self._port, open=False)
        frame = f'<iframe src="http://127.0.0.1:{self._port}/" width="100%" height="820" style="border:0"></iframe>'
        return {"text/html": frame, "text/plain": f"Dashboard of {self.store.path}"}


def pane_of(arguments: list[tuple[str, str]], chart: str = "") -> Pane | None:
    """Return which chart an address asks for alone, None for the page. Raises LookupError for one that there is not."""
    known = dict(arguments)
    name = chart or known.get("pane", "")
    if not name:
        return None
    pane_view(name)
    tall = known.get("height", "")
    height = min(max(int(tall), 120), 2000) if tall.isascii() and tall.isdigit() else None
    kept = [(key, known[key]) for key in ("pane", "height") if key in known and not (chart and key == "pane")]
    return Pane(name, height, f"?{urlencode(kept)}" if kept else "")


def explain(heading: str, text: str, *, title: str = TITLE) -> pn.Template:
    """Return a page that only says why there is nothing to show, and what to do."""
    said = f"<h1>{html.escape(heading)}</h1><p>{html.escape(text)}</p>"
    rules = f":host{{font-family:{FONT};padding:32px;max-width:720px}} h1{{font-size:22px;font-weight:500}}"
    return _document(title, pn.pane.HTML(said, stylesheets=[rules], sizing_mode="stretch_width"), [])


def _document(title: str, page: pn.viewable.Viewable, views: list[str], *, first: bool = False) -> pn.Template:
    document = pn.Template(_shell())
    document.add_panel("viewer", page)
    document.add_variable("app_title", title)
    document.add_variable("app_views", views)
    document.add_variable("app_icon", _icon())
    document.add_variable("app_scripts", script_addresses() if first or views else [])
    document.add_variable("app_css", _first_css() if views else font_face_css() + BARE)
    return document


@cache
def _shell() -> str:
    return (HERE / "shell.html").read_text(encoding="utf-8")


@cache
def _icon() -> str:
    return "data:image/svg+xml;base64," + base64.b64encode((HERE / "logo.svg").read_bytes()).decode("ascii")


@cache
def _first_css() -> str:
    return font_face_css() + (HERE / "first.css").read_text(encoding="utf-8")


def _arguments() -> list[tuple[str, str]]:
    arguments = pn.state.session_args or {}
    return [(name, value.decode("utf-8", "replace")) for name, values in arguments.items() for value in values]


def _query(arguments: list[tuple[str, str]]) -> str:
    pairs = [(name, value) for name, value in arguments if name not in ("pane", "height")]
    return f"?{urlencode(pairs)}" if pairs else ""


def _served() -> pn.Template:
    folder = os.environ.get(STORE_VARIABLE)
    if not folder:
        remedy = f"Set {STORE_VARIABLE} to its folder, for example: {STORE_VARIABLE}=store panel serve dashboard/app.py"
        return explain("No store is named", f"{remedy}. To see the page with sample sessions, run: silent-leak demo")
    return create_app(Store(folder))


if pn.state.served:
    _served().servable()
