"""The address bar holds the selection, and Back and Forward work (Panel's own sync breaks them, panel #7357)."""

import param
from panel.custom import JSComponent


class AddressBar(JSComponent):
    """Keep `query` and the browser's address the same; `replaces` changes the address without a step in the history."""

    query = param.String(default="")
    replaces = param.Boolean(default=False)

    _bundle = "location.js"
