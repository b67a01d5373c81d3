"""Serve the page of one store; the command line calls this."""

import threading

import panel as pn

from dashboard.app import TITLE, create_app
from dashboard.figures import packed_figures
from dashboard.theme import THEMES
from dashboard.views import charts_of, shown_views
from queries.store import Store


def serve(
    store: Store,
    *,
    port: int = 5006,
    address: str = "127.0.0.1",
    threads: int = 4,
    show: bool = False,
    title: str = TITLE,
) -> None:
    """Serve the page until stopped (Ctrl-C returns quietly); prints nothing.

    Only browsers that come by `address:port` or localhost may connect. Raises OSError when the port is taken.
    """

    def page() -> pn.Template:  # a function, because pn.serve shows a functools.partial as text
        return create_app(store, title=title)

    threading.Thread(target=prepare, name="figures", daemon=True).start()
    with pn.config.set(nthreads=threads):
        pn.serve(
            {"/": page},
            port=port,
            address=address,
            websocket_origin=sorted({f"{address}:{port}", f"localhost:{port}", f"127.0.0.1:{port}"}),
            title=title,
            show=show,
            verbose=False,
            admin=False,
            compress_response=True,
        )


def prepare() -> None:
    """Build the figures of both themes, view by view, so that no viewer waits for them."""
    for theme in THEMES:
        for view in shown_views():
            packed_figures(charts_of(view), theme)
