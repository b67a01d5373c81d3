"""Serve the page of one store; the command line calls this."""

import gc
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import panel as pn

from dashboard.app import TITLE, create_app
from dashboard.charts.registry import CHARTS
from dashboard.figures import figure_of, is_drawn, packed_figures
from dashboard.freshness import source_of
from dashboard.theme import THEMES
from dashboard.viewer import Viewer
from dashboard.views import charts_of, shown_views
from queries.store import Store, StoreError

EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - recognised, not bound
QUIET_SECONDS = 5
SWITCH_SECONDS = 0.0005
"""How long a thread computes before one that answers a browser may go on; Python's own 5 ms add up to a second."""
NOWHERE = ("192.0.2.1", 9)
"""An address that nobody has (RFC 5737): a datagram socket aimed at it knows its own address, and sends nothing."""


def serve(
    store: Store,
    *,
    port: int = 5006,
    address: str = "127.0.0.1",
    show: bool = False,
    title: str = TITLE,
    origins: Iterable[str] = (),
) -> None:
    """Serve the page until stopped (Ctrl-C returns quietly); prints nothing.

    Only browsers whose address bar says `address:port`, localhost or one of `origins` ("dashboard.example" behind a
    proxy) may connect; on all addresses, those that say this machine's names too. Raises OSError when a port is taken.
    """

    def page() -> pn.Template:  # a function, because pn.serve shows a functools.partial as text
        return create_app(store, title=title)

    def alone(name: str) -> Callable[[], pn.Template]:
        def pane() -> pn.Template:
            return create_app(store, title=title, chart=name)

        return pane

    sys.setswitchinterval(SWITCH_SECONDS)
    threading.Thread(target=prepare, args=(store,), name="figures", daemon=True).start()
    pn.serve(
        {"/": page, **{f"/embed/{card.name}": alone(card.name) for card in CHARTS}},
        port=port,
        address=address,
        websocket_origin=sorted({*(f"{name}:{port}" for name in names_of(address)), *origins}),
        title=title,
        show=show,
        verbose=False,
        admin=False,
        compress_response=True,
    )


def names_of(address: str) -> list[str]:
    """Return the names by which browsers reach a server on an address: on all addresses, this machine's own too."""
    own = [address]
    if address in EVERYWHERE:
        own = [socket.gethostname(), socket.getfqdn()]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(NOWHERE)
                own.append(probe.getsockname()[0])
            except OSError:  # no network
                pass
    return list(dict.fromkeys([*own, "localhost", "127.0.0.1"]))


def prepare(store: Store) -> None:
    """Ask what the first page asks, and draw the figures of both themes while nobody asks for anything.

    A view that is opened before draws its own figures first. What is drawn stays for good, so the garbage collector
    need not look at it again and again: each look at all of it would stop every page for a third of a second.
    """
    with suppress(StoreError):  # the page explains it
        Viewer(source_of(store))
    drawn = [(view, theme) for theme in THEMES for view in shown_views()]
    for number, (view, theme) in enumerate(drawn):
        for card in charts_of(view):
            while number and time.monotonic() - Viewer.last_asked < QUIET_SECONDS:
                time.sleep(QUIET_SECONDS / 4)
            if card.chart and is_drawn(card):
                figure_of(card.chart, theme)
                gc.collect()
                gc.freeze()
        packed_figures(charts_of(view), theme)
