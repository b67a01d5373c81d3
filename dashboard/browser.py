"""When and where a viewer's page may be changed: on its document's loop, and not between fetched and ready."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import panel as pn
from bokeh.document import Document

Change = Callable[[], object]
Message = Mapping[str, Any]
MOST_EARLY = 1000
"""A browser that says it has sent so many more messages than came is none of ours."""


class Browser:
    """Apply changes to one session's document on its own loop, at a moment when they arrive.

    Nothing else is safe while Panel calls back on threads of a pool: param batches the events of an object, and Bokeh
    holds those of a document, in plain lists without a lock, where two threads lose one now and then. Nor is Panel's
    own writing: a message that comes while another one is on its way may lie until the next (`_dispatch_msgs` of
    panel.io.document returns when the task before it has lifted the block). So what one change does is held, and Bokeh
    writes it while it has the document's lock.

    Panel also drops what changes between the browser's fetching of the document and its "ready" (it counts on the
    fetched document to hold it), so such changes wait here until then. A message, which no document holds, waits until
    the page has said that it listens: Panel imports what draws a component without making "ready" wait for it.
    """

    def __init__(self) -> None:
        """Belong to the session that is being created; without one (tests, notebooks) changes apply at once."""
        running = _running_loop()
        self.document = pn.state.curdoc if running else _document_of_context()
        self._loop = (running or _serving_loop(self.document)) if self.is_served else None
        self._waiting: deque[Change] = deque()
        self._messages: deque[Change] = deque()
        self._queued: deque[tuple[Change, bool]] = deque()
        self._loaded = False
        self._listening = False
        self._applying: int | None = None

    @property
    def is_served(self) -> bool:
        """Say whether there is a server session behind this page."""
        return self.document is not None and self.document.session_context is not None

    @property
    def is_applying(self) -> bool:
        """Say whether this thread is applying a change to the page just now, so that more may be changed at once."""
        return self._applying == threading.get_ident()

    def later(self, change: Change, *, sends: bool = False) -> None:
        """Apply a change from any thread, as soon as the document's own loop comes round; changes keep their order.

        With `sends` it only sends a message.

        Bokeh keeps the callbacks of a document that has no session yet in a set: each call takes the oldest change.
        """
        if self._loop is None:
            change()
        else:
            self._queued.append((change, sends))
            with suppress(RuntimeError):  # the server has stopped
                self._loop.call_soon_threadsafe(self._next_tick)

    def wait(self, seconds: float) -> None:
        """Wait on a thread of a pool until all changes so far are applied, at most so long."""
        applied = threading.Event()
        self.later(applied.set)
        applied.wait(seconds)

    def _next_tick(self) -> None:
        if self.document is not None and self.document.session_context is not None:  # else the browser has gone
            self.document.add_next_tick_callback(lambda: self._apply(*self._queued.popleft()))

    def loaded(self) -> None:
        """Apply what waited; call it, on any thread, when the browser is ready."""
        self._loaded = True
        self.later(lambda: None)

    def listens(self) -> None:
        """Send the messages that waited; call it, on the document's loop, when the page has said that it hears them."""
        self._listening = True
        self._waiting.extend(self._messages)
        self._messages.clear()

    def _apply(self, change: Change, sends: bool) -> None:
        (self._messages if sends and not self._listening else self._waiting).append(change)
        if self.document is None:
            return
        self.document.hold()
        self._applying = threading.get_ident()
        try:
            while self._waiting and (self._loaded or self._unfetched()):
                self._waiting.popleft()()
        finally:
            self._applying = None
            self.document.unhold()

    def _unfetched(self) -> bool:
        session = getattr(self.document and self.document.session_context, "session", None)
        return session is None or session.connection_count == 0


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop of this thread; on one without, Bokeh 3.9's current document is that of another."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _document_of_context() -> Document | None:
    """Return the document that Panel creates on this thread: 1.10 does so without a loop, unless a script is served."""
    return pn.state._curdoc.get()


def _serving_loop(document: Document | None) -> asyncio.AbstractEventLoop | None:
    """Return the loop of the server that a document belongs to; it runs on another thread than this one."""
    server = getattr(document and document.session_context, "server_context", None)
    loop = getattr(getattr(server, "application_context", None), "io_loop", None)
    return getattr(loop, "asyncio_loop", loop)


class Inbox:
    """Put a browser's messages in the order of their `number`, from 1: the threads that bring them may overtake."""

    def __init__(self) -> None:
        """Expect the first message."""
        self._next = 1
        self._early: dict[int, Message] = {}
        self._lock = threading.Lock()

    def receive(self, message: Message, act: Callable[[Message], object]) -> None:
        """Act on a message when all before it were acted on; on one without a number, at once."""
        number = message.get("number")
        if not isinstance(number, int):
            act(message)
            return
        with self._lock:
            if self._next <= number < self._next + MOST_EARLY:
                self._early[number] = message
            while (due := self._early.pop(self._next, None)) is not None:
                self._next += 1
                act(due)
