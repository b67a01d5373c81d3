"""The engines of a process: one for each store, shared by pages, charts and controls."""

from pathlib import Path

from dashboard.freshness import source_of
from queries.engine import Engine
from queries.store import Store


def engine_of(store: str | Path | Engine) -> Engine:
    """Return the engine of a store, opened once a process and folder. Raises StoreError when the folder is no store."""
    return store if isinstance(store, Engine) else source_of(Store(store)).engine
