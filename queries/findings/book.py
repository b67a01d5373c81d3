"""What is remembered of findings, beside the sessions: ids, names and dates as first told, and what people said.

One file, `findings.json`, that no ingest, `undo` or `optimize` touches. Each change is one atomic write.
"""

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from queries.files import write_whole
from queries.findings.finding import State

FILE = "findings.json"
FORMAT = 1
LONGEST_TEXT = 200
MARKS: tuple[State, ...] = ("new", "known", "fixed?", "ignored")
"""The states that people set; the others follow from the data."""
_writing = threading.Lock()


class BookError(ValueError):
    """Say why a finding cannot be marked or the file cannot be read, and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold one finding as it was told last: identity, name and date, and its state with day, person and reason.

    `rate` is that since the onset when it was marked as fixed, `price` that when it was ignored. `log` has one line for
    each change: (day, version of the store, what changed and why). `last` is the finding as it was told last (JSON),
    `seen` the last day of the data that showed it, `gone` that on which it was taken back, empty if it was not.
    """

    id: str
    kind: str
    segment: Mapping[str, str]
    onset: str
    name: str
    ratio: float
    first_told: str
    state: State = "new"
    state_day: str = ""
    by: str = ""
    reason: str = ""
    rate: float | None = None
    price: float | None = None
    log: tuple[tuple[str, int, str], ...] = field(default=())
    last: Mapping[str, Any] = field(default_factory=dict)
    seen: str = ""
    gone: str = ""

    def changed(self, day: dt.date, version: int, why: str, **what: Any) -> "Entry":
        """Return the entry with something changed, and a line in its log."""
        return replace(self, **what, log=(*self.log, (f"{day:%Y-%m-%d}", version, why)))


def new_id(kind: str, segment: Mapping[str, str], onset: dt.date | None) -> str:
    """Return the id of a finding that is told for the first time: six signs that follow from what it is."""
    said = json.dumps([kind, sorted(segment.items()), f"{onset}"], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:6]


class Book:
    """Read and write what is remembered of the findings of one store."""

    def __init__(self, folder: Path) -> None:
        """Name the store's folder; the file need not exist yet."""
        self.path = folder / FILE

    def read(self) -> dict[str, Entry]:
        """Return all entries by id. Raises BookError when somebody's edit left the file unreadable."""
        try:
            held = json.loads(self.path.read_text(encoding="utf-8"))
            if not isinstance(held, dict) or held.get("format") != FORMAT:
                raise ValueError(f"its format is not {FORMAT}")
            return {id: _entry(id, each) for id, each in held["findings"].items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BookError(f"{self.path} cannot be read ({error}): mend or remove it") from None

    def written_at(self) -> int:
        """Return when the file was changed last, in nanoseconds; 0 where there is none."""
        try:
            return self.path.stat().st_mtime_ns
        except OSError:
            return 0

    def change(self, make: Callable[[dict[str, Entry]], Mapping[str, Entry]]) -> dict[str, Entry]:
        """Change all entries at once; nothing is written where nothing changed. Raises BookError."""
        with _writing:
            before = self.read()
            after = dict(make(dict(before)))
            if after != before:
                self._write(after)
            return after

    def mark(
        self, id: str, state: State, *, day: dt.date, by: str = "",
        reason: str = "", rate: float | None = None, price: float | None = None, version: int = 0,
    ) -> Entry:  # fmt: skip
        """Set the state of a finding. Raises BookError for an id or a state that is not known, or a text too long."""
        if state not in MARKS:
            raise BookError(f'a finding is marked {", ".join(MARKS)}: "{state}" follows from the data')
        by, reason = " ".join(by.split()), " ".join(reason.split())
        for what, text in (("a name", by), ("a reason", reason)):
            if len(text) > LONGEST_TEXT or not text.isprintable():
                raise BookError(f"{what} has at most {LONGEST_TEXT} letters: {text[:20]!r} has {len(text)}")
        if state == "ignored" and not reason:
            raise BookError("a finding is ignored for a reason: give one")

        def marked(entries: dict[str, Entry]) -> dict[str, Entry]:
            if id not in entries:
                raise BookError(f'no finding is called "{id}" (there are {", ".join(entries) or "none"})')
            who = f" by {by}" if by else ""
            why = f": {reason}" if reason else ""
            entries[id] = entries[id].changed(
                day, version, f"marked {state}{who}{why}", state=state, state_day=f"{day:%Y-%m-%d}", by=by,
                reason=reason, rate=rate if state == "fixed?" else None, price=price if state == "ignored" else None,
            )  # fmt: skip
            return entries

        return self.change(marked)[id]

    def _write(self, entries: Mapping[str, Entry]) -> None:
        held = {
            id: {name: each for name, each in asdict(entry).items() if name != "id"} for id, entry in entries.items()
        }
        text = json.dumps({"format": FORMAT, "findings": held}, ensure_ascii=False, indent=1) + "\n"
        try:
            write_whole(self.path, text)
        except OSError as error:
            raise BookError(f"{self.path} cannot be written ({error.strerror}): check who owns it") from None


def _entry(id: str, held: Mapping[str, Any]) -> Entry:
    known = {name: held[name] for name in Entry.__dataclass_fields__ if name in held}
    known["log"] = tuple((str(day), int(version), str(why)) for day, version, why in held.get("log", ()))
    entry = Entry(id=id, **known)
    if not (isinstance(entry.segment, dict) and all(isinstance(each, str) for each in (entry.name, entry.onset))):
        raise ValueError(f"the finding {id} has no segment, name or onset")
    return entry
