"""When and where a viewer's page may be changed: on its document's loop, and not between fetched and ready."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import panel as pn

Change = Callable[[], object]


class Browser:
    """Apply changes to one session's document on its own loop, at a moment when they arrive.

    Nothing else is safe while Panel calls back on threads of a pool. Param batches the events of an object, and Bokeh
    holds those of a document, in plain lists without a lock: a change made on another thread, or a callback added to
    the document on one, takes an event of the loop's with it now and then, and the browser waits for it for ever.
    Panel also drops what changes between the browser's fetching of the document and its "ready" (it counts on the
    fetched document to hold it), so such changes wait here until then.
    """

    def __init__(self) -> None:
        """Belong to the session that is being created; without one (tests, notebooks) changes apply at once."""
        self.document = pn.state.curdoc
        self._loop = asyncio.get_running_loop() if self.is_served else None
        self._waiting: deque[Change] = deque()
        self._queued: deque[Change] = deque()
        self._loaded = False

    @property
    def is_served(self) -> bool:
        """Say whether there is a server session behind this page."""
        return self.document is not None and self.document.session_context is not None

    def later(self, change: Change) -> None:
        """Apply a change from any thread, as soon as the document's own loop comes round; changes keep their order.

        Bokeh keeps the callbacks of a document that has no session yet in a set: each call takes the oldest change.
        """
        if self._loop is None:
            change()
        else:
            self._queued.append(change)
            with suppress(RuntimeError):  # the server has stopped
                self._loop.call_soon_threadsafe(self._next_tick)

    def _next_tick(self) -> None:
        if self.document is not None and self.document.session_context is not None:  # else the browser has gone
            self.document.add_next_tick_callback(lambda: self._apply(self._queued.popleft()))

    def loaded(self) -> None:
        """Apply what waited; call it, on any thread, when the browser is ready."""
        self._loaded = True
        self.later(lambda: None)

    def _apply(self, change: Change) -> None:
        self._waiting.append(change)
        while self._waiting and (self._loaded or self._unfetched()):
            self._waiting.popleft()()

    def _unfetched(self) -> bool:
        session = getattr(self.document and self.document.session_context, "session", None)
        return session is None or session.connection_count == 0
