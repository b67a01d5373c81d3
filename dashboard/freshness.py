"""One engine per store and process, and how new its data is."""

import atexit
import logging
import threading
import time
from functools import cache
from pathlib import Path

from queries.engine import Engine
from queries.funnel import FUNNELS, Funnel
from queries.funnel_file import FunnelError, funnels_of
from queries.store import Snapshot, Store, StoreError

LOG = logging.getLogger(__name__)
SECONDS = 5.0
"""How long an answer to "is there a newer version" is believed, by all viewers together."""


class Source:
    """Share one engine between all viewers of a store, and look for new versions on their behalf."""

    def __init__(self, store: Store) -> None:
        """Open the store's newest version. Raises StoreError when the folder holds no store."""
        self.engine = Engine(store)
        self.engine.keep_rollups()
        self._looked = time.monotonic()
        self._looking = threading.Lock()

    def funnels(self) -> tuple[Funnel, ...]:
        """Return the funnels of the store."""
        return known_funnels(self.engine.store)

    @property
    def site(self) -> str:
        """Return the name of what is measured: that of the store's folder."""
        return self.engine.store.path.name.replace("_", " ").replace("-", " ")

    def newest(self) -> Snapshot:
        """Return the newest version, looked up every few seconds at most; the old one while the store is unreadable."""
        with self._looking:
            if time.monotonic() - self._looked >= SECONDS:
                self._looked = time.monotonic()
                try:
                    self.engine.refresh()
                except (StoreError, OSError):
                    LOG.exception("the store could not be read again; version %s stays", self.engine.snapshot.version)
            return self.engine.snapshot


def known_funnels(store: Store) -> tuple[Funnel, ...]:
    """Return the funnels of a store, its own ones too; the built-in ones while its file is broken."""
    try:
        return funnels_of(store.path)
    except (FunnelError, OSError, UnicodeDecodeError):
        LOG.exception("the store's own funnels cannot be used")
        return FUNNELS


def source_of(store: Store) -> Source:
    """Return this process's source for a store. Raises StoreError when the folder holds no store."""
    return _opened(store.path.resolve())


@cache
def _opened(path: Path) -> Source:
    return Source(Store(path))


atexit.register(_opened.cache_clear)
