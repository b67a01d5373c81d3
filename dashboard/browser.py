"""When a viewer's page may be changed: before the browser has fetched it, or after it says that it is ready."""

import threading
from collections import deque
from collections.abc import Callable

import panel as pn

Change = Callable[[], None]


class Browser:
    """Apply changes to one session's document at a moment when they arrive.

    Panel drops what changes between the browser's fetching of the document and its "ready" (it counts on the fetched
    document to hold it), so such changes wait here until then.
    """

    def __init__(self) -> None:
        """Belong to the session that is being created; without one (tests, notebooks) changes apply at once."""
        self.document = pn.state.curdoc
        self._waiting: list[Change] = []
        self._queued: deque[Change] = deque()
        self._lock = threading.Lock()
        self._ready = not self.is_served

    @property
    def is_served(self) -> bool:
        """Say whether there is a server session behind this page."""
        return self.document is not None and self.document.session_context is not None

    def later(self, change: Change) -> None:
        """Apply a change from any thread, as soon as the document's own loop comes round; changes keep their order.

        Bokeh keeps the callbacks of a document that has no session yet in a set: each call takes the oldest change.
        """
        if self.document is None or not self.is_served:
            change()
        else:
            self._queued.append(change)
            self.document.add_next_tick_callback(lambda: self.now(self._queued.popleft()))

    def now(self, change: Change) -> None:
        """Apply a change from a callback of this session, at once unless the browser is between fetching and ready."""
        with self._lock:
            if not (self._ready or self._unfetched()):
                self._waiting.append(change)
                return
        change()

    def loaded(self) -> None:
        """Apply what waited; call it when the browser is ready."""
        with self._lock:
            self._ready = True
            waiting, self._waiting = self._waiting, []
        for change in waiting:
            change()

    def _unfetched(self) -> bool:
        session = getattr(self.document and self.document.session_context, "session", None)
        return session is None or session.connection_count == 0
