"""The interface's table of contents: `create_app(store)` makes one viewer's page.

Under `panel serve dashboard/app.py` the environment variable SILENT_LEAK_STORE names the store.
"""

import base64
import html
import os
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

import panel as pn

from dashboard.fonts import font_face_css
from dashboard.freshness import SECONDS, source_of
from dashboard.page import script_addresses
from dashboard.selection import Selection
from dashboard.theme import FONT
from dashboard.viewer import Viewer
from dashboard.views import shown_views
from queries.store import Store, StoreError

TITLE = "Silent Leak Detector"
STORE_VARIABLE = "SILENT_LEAK_STORE"
HERE = Path(__file__).parent


def create_app(store: Store, *, title: str = TITLE, selection: Selection | None = None) -> pn.Template:
    """Return one viewer's page over a store, in the state that its URL holds; call it once a session.

    With a selection the page follows that one, and what is clicked in the page changes it; a query in the URL wins.
    A folder that holds no store gives a page that says which command fills it.
    """
    try:
        source = source_of(store)
    except StoreError as error:
        return explain("There is nothing to show yet", str(error), title=title)
    viewer = Viewer(source, _query(), title=title, selection=selection)
    if viewer.browser.is_served:
        pn.state.onload(viewer.browser.loaded)
        pn.state.on_session_destroyed(lambda _: viewer.stop())
        pn.state.add_periodic_callback(viewer.look_for_data, period=int(SECONDS * 1000))
    return _document(title, viewer.page, [view.title for view in shown_views()])


def explain(heading: str, text: str, *, title: str = TITLE) -> pn.Template:
    """Return a page that only says why there is nothing to show, and what to do."""
    said = f"<h1>{html.escape(heading)}</h1><p>{html.escape(text)}</p>"
    rules = f":host{{font-family:{FONT};padding:32px;max-width:720px}} h1{{font-size:22px;font-weight:500}}"
    return _document(title, pn.pane.HTML(said, stylesheets=[rules], sizing_mode="stretch_width"), [])


def _document(title: str, page: pn.viewable.Viewable, views: list[str]) -> pn.Template:
    document = pn.Template(_shell())
    document.add_panel("viewer", page)
    document.add_variable("app_title", title)
    document.add_variable("app_views", views)
    document.add_variable("app_icon", _icon())
    document.add_variable("app_scripts", script_addresses() if views else [])
    document.add_variable("app_css", _first_css() if views else font_face_css())
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


def _query() -> str:
    arguments = pn.state.session_args or {}
    pairs = [(name, value.decode("utf-8", "replace")) for name, values in arguments.items() for value in values]
    return f"?{urlencode(pairs)}" if pairs else ""


def _served() -> pn.Template:
    folder = os.environ.get(STORE_VARIABLE)
    if not folder:
        remedy = f"Set {STORE_VARIABLE} to its folder, for example: {STORE_VARIABLE}=store panel serve dashboard/app.py"
        return explain("No store is named", f"{remedy}. To see the page with sample sessions, run: silent-leak demo")
    return create_app(Store(folder))


if pn.state.served:
    _served().servable()
