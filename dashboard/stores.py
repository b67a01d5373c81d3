"""The engine of a store, shared by all that a process shows of it: charts, controls and the page."""

from pathlib import Path

from dashboard.freshness import source_of
from queries.engine import Engine
from queries.store import Store


def engine_of(store: str | Path | Store | Engine) -> Engine:
    """Return the engine of a store's folder, at its newest version; an engine is returned as it is.

    One engine serves a folder, however it is written. Raises StoreError for a folder that holds no store, TypeError for
    what names no folder.
    """
    if isinstance(store, Engine):
        return store
    if not isinstance(store, str | Path | Store):
        raise TypeError(f"{store!r} names no store: give the path of its folder, or an Engine")
    source = source_of(store if isinstance(store, Store) else Store(store))
    source.newest()
    return source.engine
