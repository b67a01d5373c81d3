"""The page's content as one component: all cards, drawn by `card.js` from prebuilt figures and one text of state."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

from dashboard.theme import css_variables

HERE = Path(__file__).parent


def stylesheet(name: str) -> str:
    """Return the tokens and a component's own rules as one sheet for its shadow root."""
    return css_variables() + (HERE / name).read_text(encoding="utf-8")


class Cards(JSComponent):
    """Draw the finding, the chips and every card; one text of state changes them all in one repaint.

    One component for all cards, not one each: a viewer costs the server as little as an empty page. The parameters are
    described at the top of `card.js`. `on_action` receives what a person does, as a mapping with a `kind`.
    """

    layout = param.String(default="[]")
    state = param.String(default="")
    figures = param.String(default="light:")
    busy = param.Boolean(default=False)
    follows_system = param.Boolean(default=True)

    _bundle = "card.js"
    _js = ["body.js", "dom.js", "plot.js"]
    _stylesheets = [stylesheet("card.css")]

    def __init__(self, on_action: Callable[[dict[str, Any]], None], **params: Any) -> None:
        """Take the function that acts on messages."""
        super().__init__(**params)
        self._on_action = on_action

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict):
            self._on_action(data)

    def reply(self, message: dict[str, Any]) -> None:
        """Send this viewer's browser an answer that is no state: SQL to show, a file to save."""
        self._send_msg(message)
