"""Saved views: a name for a link, kept in `views.toml` beside the sessions, and the one that opens by default."""

import datetime as dt
import json
import threading
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from queries.files import write_whole

FILE = "views.toml"
MOST_VIEWS = 200
LONGEST_NAME = 80
LONGEST_QUERY = 20_000


class SavedViewError(ValueError):
    """Say why a view cannot be saved, and what to do."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """Hold a name and the URL query that it stands for."""

    name: str
    query: str
    saved_on: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold a view as it was before it was deleted or replaced, and whether it opened by default."""

    view: SavedView
    default: bool


@dataclass(frozen=True, slots=True)
class Book:
    """Hold all saved views in order of name, and the name of the default one ("" for none)."""

    views: tuple[SavedView, ...] = ()
    default: str = ""

    def named(self, name: str) -> SavedView | None:
        """Return the view of that name, None when there is none."""
        return next((view for view in self.views if view.name == name), None)

    def kept(self, name: str) -> Kept | None:
        """Return the view of that name as it can be brought back, None when there is none."""
        view = self.named(name)
        return Kept(view, self.default == name) if view else None


class SavedViews:
    """Keep the saved views of one store; each change is one atomic write, so a reader never sees half a file."""

    def __init__(self, folder: Path) -> None:
        """Name the store's folder; the file need not exist yet."""
        self.path = folder / FILE
        self._writing = threading.Lock()

    def read(self) -> Book:
        """Return what is saved. Raises SavedViewError when somebody's edit left the file unreadable."""
        try:
            held = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Book()
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SavedViewError(f"{self.path} cannot be read ({error}): mend or remove it") from None
        tables = held.get("view", [])
        views = [
            SavedView(table["name"], table["query"], str(table.get("saved_on", "")))
            for table in (tables if isinstance(tables, list) else [])
            if isinstance(table, dict) and isinstance(table.get("name"), str) and isinstance(table.get("query"), str)
        ]
        default = held.get("default", "")
        return _book(views, default if isinstance(default, str) else "")

    def save(self, name: str, query: str) -> Book:
        """Save a link under a name, in place of what the name stood for. Raises SavedViewError."""
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise SavedViewError(f"a view needs a name of 1 to {LONGEST_NAME} letters")
        if len(query) > LONGEST_QUERY:
            raise SavedViewError("this view has too many filters to be saved: remove some")
        with self._writing:
            book = self.read()
            others = [view for view in book.views if view.name != name]
            if len(others) >= MOST_VIEWS:
                raise SavedViewError(f"{MOST_VIEWS} views are saved already: delete one first")
            return self._write(_book([*others, SavedView(name, query, f"{dt.date.today():%Y-%m-%d}")], book.default))

    def delete(self, name: str) -> Book:
        """Forget a view; a name that is not there changes nothing. Raises SavedViewError."""
        with self._writing:
            book = self.read()
            return self._write(_book([view for view in book.views if view.name != name], book.default))

    def restore(self, kept: Kept) -> Book:
        """Bring a view back as it was, in place of what its name stands for by now. Raises SavedViewError."""
        with self._writing:
            book = self.read()
            others = [view for view in book.views if view.name != kept.view.name]
            return self._write(_book([*others, kept.view], kept.view.name if kept.default else book.default))

    def make_default(self, name: str) -> Book:
        """Let a saved view open when nothing else is asked for, with "" the plain page. Raises SavedViewError."""
        with self._writing:
            return self._write(_book(self.read().views, name))

    def _write(self, book: Book) -> Book:
        text = f"# Saved views of the dashboard: names for links.\ndefault = {_quoted(book.default)}\n"
        for view in book.views:
            pairs = (("name", view.name), ("query", view.query), ("saved_on", view.saved_on))
            text += "\n[[view]]\n" + "".join(f"{key} = {_quoted(value)}\n" for key, value in pairs)
        try:
            write_whole(self.path, text)
        except OSError as error:
            raise SavedViewError(f"{self.path} cannot be written ({error.strerror}): check who owns it") from None
        return book


def _book(views: Iterable[SavedView], default: str) -> Book:
    ordered = tuple(sorted(views, key=lambda view: view.name.lower()))
    return Book(ordered, default if any(view.name == default for view in ordered) else "")


def _quoted(text: str) -> str:
    """Return text as a TOML basic string: JSON escapes the same signs the same way, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
