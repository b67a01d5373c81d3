"""The whole page as one component: rail, bars, cards; drawn by `page.js` from prebuilt figures and texts of state."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

from dashboard.download import words
from dashboard.filters import dimensions
from dashboard.theme import css_variables
from dashboard.views import pane_view, placed, shown_views

HERE = Path(__file__).parent
SCRIPTS = (
    "bars.js",
    "boards.js",
    "body.js",
    "calendar.js",
    "card.js",
    "dom.js",
    "filterbar.js",
    "filterpanel.js",
    "findings.js",
    "plot.js",
    "popover.js",
    "renderers.js",
    "takeaway.js",
)
"""The scripts that `page.js` imports; a browser may fetch no others."""
SHEETS = ("shell.css", "calendar.css", "card.css", "findings.css", "boards.css")


def stylesheet(*names: str) -> str:
    """Return the tokens and the rules of those files as one sheet for the component's shadow root."""
    return "\n".join([css_variables(), *((HERE / name).read_text(encoding="utf-8") for name in names)])


def script_addresses() -> list[str]:
    """Return where a browser finds the page's scripts, so that it fetches all of them while it reads Bokeh's."""
    home = f"components/{Shell.__module__}/{Shell.__name__}"
    return [f"{home}/_bundle_path/page.js", *(f"{home}/_js/{name}" for name in SCRIPTS)]


class Shell(JSComponent):
    """Draw everything; `bar` changes at once with a choice, `state` when it is answered, all cards in one repaint.

    One component for all, not one each: a viewer costs the server as little as an empty page. The parameters are
    described at the top of `page.js` and go one way, to the browser. What a person does comes back as a message, a
    mapping with a `kind`, which `on_action` receives on any thread.
    """

    layout = param.String(default="{}")
    bar = param.String(default="")
    days = param.String(default="")
    state = param.String(default="")
    late = param.String(default="")
    figures = param.String(default="")
    patches = param.String(default="")
    mode = param.String(default="light")
    busy = param.Boolean(default=False)
    query = param.String(default="")
    replaces = param.Boolean(default=False)
    follows_system = param.Boolean(default=True)

    _bundle = "page.js"
    _js = list(SCRIPTS)
    _stylesheets = [stylesheet(*SHEETS)]

    def __init__(self, on_action: Callable[[dict[str, Any]], None], **params: Any) -> None:
        """Take the function that acts on messages."""
        super().__init__(**{"sizing_mode": "stretch_width", **params})
        self._on_action = on_action

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict):
            self._on_action(data)

    def reply(self, message: dict[str, Any]) -> None:
        """Send this viewer's browser an answer that is no state: values to list, SQL to show, a file to save."""
        self._send_msg(json.loads(as_text(message)))


@cache
def layout(title: str, site: str, pane: str = "") -> str:
    """Return what never changes on a page: the views and their cards, the dimensions, the names.

    `pane` names a chart that is shown alone.
    """
    return as_text({
        "title": title,
        "site": site,
        "dimensions": dimensions(),
        "words": words(),
        "pane": bool(pane),
        "views": [
            {
                "name": view.name,
                "title": view.title,
                "question": view.question,
                "icon": view.icon,
                "key": view.key,
                "second": view.second,
                "cards": [
                    {
                        "name": chart.name,
                        "label": chart.label,
                        "renderer": chart.renderer,
                        "span": span,
                        "height": chart.height,
                        "settings": [
                            {"name": name, "options": options} for name, (options, _) in chart.settings.items()
                        ],
                    }
                    for chart, span in placed(view)
                ],
            }
            for view in ((pane_view(pane),) if pane else shown_views())
        ],
    })  # fmt: skip


def as_text(value: Any) -> str:
    """Return a value as JSON that a browser accepts: no NaN, days as ISO text, numpy scalars as numbers."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a card's state holds a {type(value).__name__}, which the browser cannot read")
