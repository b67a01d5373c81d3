"""What an ingest says about itself: progress while it runs, one report a file when it is done."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

Stage = Literal["recognise", "read", "merge", "publish"]
Status = Literal["accepted", "refused"]

MAX_EXAMPLES = 5
MAX_EXAMPLE_LENGTH = 200


class IngestError(Exception):
    """Say why an ingest or an undo could not be done, and what to do; the store is as it was."""


class RefusedFileError(Exception):
    """Say what one file is, why no session can be read from it, and what to export instead."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Report how far one stage is: `done` of `total` files ("recognise"), bytes ("read") or sessions (the others)."""

    stage: Stage
    path: str
    done: int
    total: int
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """Show one rejected row: its number (1: the first after the header) and the text at fault, at most 200 long."""

    row: int
    value: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Count the rows rejected for one reason, with at most five examples."""

    reason: str
    count: int
    examples: tuple[Example, ...] = ()


@dataclass(slots=True)
class FileReport:
    """Describe what was done with one file; `rows` = added + replaced + duplicates + rejected when it was accepted.

    A warning says that a figure may be wrong, and is what --strict refuses for; a note says how the file was read and
    what in it is normal.
    `converted`, `transactions` and `revenue` (whole currency units, as decimal text) sum the file's accepted rows.
    """

    path: str
    shape: str | None = None
    status: Status = "accepted"
    reason: str | None = None
    rows: int = 0
    sessions_added: int = 0
    sessions_replaced: int = 0
    duplicates: int = 0
    rejected: list[Reject] = field(default_factory=list)
    first_date: str | None = None
    last_date: str | None = None
    missing_days: list[str] = field(default_factory=list)
    converted: int = 0
    transactions: int = 0
    revenue: str = "0.000000"
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def refused(cls, path: Path | str, reason: str, shape: str | None = None) -> "FileReport":
        """Report a file of which nothing was taken."""
        return cls(str(path), shape, "refused", reason)

    @property
    def rows_rejected(self) -> int:
        """Return the number of rejected rows, over all reasons."""
        return sum(reject.count for reject in self.rejected)


@dataclass(slots=True)
class IngestReport:
    """Describe one ingest: a report a file, and the store's version before and after (None: no store).

    `rejects` is the CSV file that shows the rejected rows, None when there are none.
    """

    files: list[FileReport]
    version_before: int | None
    version_after: int | None
    rejects: str | None = None

    @property
    def accepted(self) -> bool:
        """Say whether every file was accepted."""
        return bool(self.files) and all(file.status == "accepted" for file in self.files)

    @property
    def changed(self) -> bool:
        """Say whether the store has a new version."""
        return self.version_after != self.version_before

    def as_json(self) -> dict:
        """Return plain JSON: `{"accepted", "version_before", "version_after", "files": [{...}]}`."""
        return {
            "accepted": self.accepted,
            "version_before": self.version_before,
            "version_after": self.version_after,
            "rejects": self.rejects,
            "files": [asdict(file) for file in self.files],
        }
