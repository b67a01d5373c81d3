"""What changed in a selection, told on the loop of a page, whoever changed it and on whatever thread."""

from collections.abc import Callable, Generator, Set
from contextlib import contextmanager
from copy import copy
from typing import Any

from dashboard.browser import Browser
from dashboard.selection import Selection

SEEN = [name for name in Selection.param if name != "name"]


class Following:
    """Call a function with the names of the params that differ from those at its last call.

    It compares states instead of collecting events: changes of several threads, or several quick ones, are one step.
    """

    def __init__(self, selection: Selection, browser: Browser, follow: Callable[[Set[str]], object]) -> None:
        """Begin with the selection as it is now."""
        self._selection, self._browser, self._call = selection, browser, follow
        self._groups = False
        self._seen = self._state()
        self._watcher = selection.param.watch(self._changed, SEEN)

    def stop(self) -> None:
        """Follow no longer."""
        self._selection.param.unwatch(self._watcher)

    @contextmanager
    def one_step(self) -> Generator[None]:
        """Take several changes as one; call it on the page's loop."""
        self._groups = True
        try:
            yield
        finally:
            self._groups = False
            self._follow()

    def _changed(self, *_events: Any) -> None:
        if self._browser.is_applying:
            self._follow()
        else:
            self._browser.later(self._follow)

    def _follow(self) -> None:
        before, now = self._seen, self._state()
        changed = {name for name in SEEN if now[name] != before[name]}
        if changed and not self._groups:
            self._seen = now
            self._call(changed)

    def _state(self) -> dict[str, Any]:
        return {name: copy(getattr(self._selection, name)) for name in SEEN}  # a list may be changed in place
