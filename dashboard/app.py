"""The interface's table of contents: `create_app(store)` makes one viewer's page.

Under `panel serve dashboard/app.py` the environment variable SILENT_LEAK_STORE names the store.
"""

import html
import os
from pathlib import Path
from urllib.parse import urlencode

import panel as pn
import panel_material_ui as pmui

from dashboard.fonts import font_face_css
from dashboard.freshness import SECONDS, source_of
from dashboard.theme import DARK, FONT, LIGHT, mui_theme
from dashboard.viewer import Viewer
from queries.store import Store, StoreError

TITLE = "Silent Leak Detector"
STORE_VARIABLE = "SILENT_LEAK_STORE"
SIDEBAR_WIDTH = 256
LOGO = Path(__file__).parent / "logo.svg"

SCROLLS_AS_ONE = {
    "height": "auto",
    "minHeight": "100vh",
    "overflow": "visible",
    "width": "100%",
    "& .main": {"backgroundColor": "background.default", "overflow": "visible", "minWidth": 0},
    "& .main-content": {"overflowY": "visible"},
    "& .MuiDrawer-docked": {"position": "sticky", "top": 0},
    "& .main .MuiToolbar-root, & .sidebar .MuiToolbar-root": {"margin": 0},
}
"""The document scrolls, not a box in it: a phone hides its bars, and print shows every card."""


def create_app(store: Store, *, title: str = TITLE) -> pmui.Page:
    """Return one viewer's page over a store, in the state that its URL holds; call it once a session.

    A folder that holds no store gives a page that says which command fills it.
    """
    try:
        source = source_of(store)
    except StoreError as error:
        return explain("There is nothing to show yet", str(error), title=title)
    viewer = Viewer(source, _query())
    page = _page(title, [viewer.cards, viewer.address], [viewer.panel], dark=viewer.theme is DARK)

    def toggled(event) -> None:
        if event.new != (viewer.theme is DARK):
            viewer.selection.theme = DARK.name if event.new else LIGHT.name

    page.param.watch(toggled, "dark_theme")
    viewer.on_narrow = lambda: page.param.update(sidebar_open=False)
    viewer.selection.param.watch(lambda _: page.param.update(dark_theme=viewer.theme is DARK), "theme")
    if viewer.browser.is_served:
        pn.state.onload(viewer.browser.loaded)
        pn.state.on_session_destroyed(lambda _: viewer.stop())
        pn.state.add_periodic_callback(viewer.look_for_data, period=int(SECONDS * 1000))
    return page


def explain(heading: str, text: str, *, title: str = TITLE) -> pmui.Page:
    """Return a page that only says why there is nothing to show, and what to do."""
    said = f"<h1>{html.escape(heading)}</h1><p>{html.escape(text)}</p>"
    rules = f":host{{font-family:{FONT};padding:32px;max-width:720px}} h1{{font-size:22px;font-weight:500}}"
    return _page(title, [pn.pane.HTML(said, stylesheets=[rules], sizing_mode="stretch_width")], [], dark=False)


def _page(title: str, main: list, sidebar: list, *, dark: bool) -> pmui.Page:
    return pmui.Page(
        title=title,
        logo=LOGO,
        favicon=LOGO,
        main=main,
        sidebar=sidebar,
        sidebar_width=SIDEBAR_WIDTH,
        sidebar_resizable=False,
        sidebar_open="Mobi" not in (pn.state.headers or {}).get("User-Agent", ""),
        busy_indicator=None,
        dark_theme=dark,
        theme_config=mui_theme(),
        raw_css=[font_face_css(), f"body{{margin:0;font-family:{FONT}}}"],
        sx=SCROLLS_AS_ONE,
    )


def _query() -> str:
    arguments = pn.state.session_args or {}
    pairs = [(name, value.decode("utf-8", "replace")) for name, values in arguments.items() for value in values]
    return f"?{urlencode(pairs)}" if pairs else ""


def _served() -> pmui.Page:
    folder = os.environ.get(STORE_VARIABLE)
    if not folder:
        remedy = f"Set {STORE_VARIABLE} to its folder, for example: {STORE_VARIABLE}=store panel serve dashboard/app.py"
        return explain("No store is named", f"{remedy}. To see the page with sample sessions, run: silent-leak demo")
    return create_app(Store(folder))


if pn.state.served:
    _served().servable()
