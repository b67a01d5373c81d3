"""An ingest in words: one line a file, then what was refused, rejected or is odd, each thing said once."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ingest.report import FileReport, IngestReport, Reject

Kind = Literal["refused", "rejected", "warning", "note"]

KINDS: tuple[Kind, ...] = ("refused", "rejected", "warning", "note")
COLUMNS = ("File", "Shape", "Rows", "Added", "Replaced", "Duplicates", "Rejected", "Converted", "Revenue", "Days")
MOST_FILES = 40
MOST_NAMES = 3
MOST_ALIKE = 3
MOST_FINDINGS = 40
QUOTED = re.compile(r'"[^"]*"|\([^()]*\)')
SINGULAR = {"are": "is", "have": "has", "go": "goes"}
WORDS_THAT_TELL = 5
"""Two findings that begin with the same five words, whatever the figures and names, say the same of their files."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Say one thing of one file, or of several that share it; `text` is None for what a kind has no words for."""

    kind: Kind
    files: tuple[str, ...]
    text: str

    @property
    def where(self) -> str:
        """Name the files: "a.csv", or "31 files (a.csv, b.csv, c.csv, ...)"."""
        if len(self.files) == 1:
            return self.files[0]
        names = ", ".join(self.files[:MOST_NAMES])
        return f"{len(self.files)} files ({names}{', ...' if len(self.files) > MOST_NAMES else ''})"


def table_rows(report: IngestReport) -> list[tuple[str, ...]]:
    """Return a row of COLUMNS a file (of many files, those with something to say and one for the others), and a sum."""
    names = short_names([file.path for file in report.files])
    listed = list(zip(names, report.files, strict=True))
    quiet: list[FileReport] = []
    if len(listed) > MOST_FILES:
        listed.sort(key=lambda pair: not (pair[1].status == "refused" or pair[1].rejected or pair[1].warnings))
        listed, quiet = listed[:MOST_FILES], [file for _, file in listed[MOST_FILES:]]
    rows = [_row(name, file) for name, file in listed]
    if quiet:
        rows.append(_sum_row(f"{len(quiet):,} more files", quiet))
    if len(report.files) > 1:
        rows.append(_sum_row("all files", report.files))
    return rows


def findings(report: IngestReport) -> Iterator[Finding]:
    """Yield what is to be said: refusals, then rejected rows, warnings and notes; the same words once for all files.

    What many files say with figures of their own is said with those of the first; at most 40 things are said.
    """
    names = short_names([file.path for file in report.files])
    said: dict[tuple[Kind, str], dict[str, list[str]]] = {}
    for name, file in zip(names, report.files, strict=True):
        for kind, text in _said(file):
            said.setdefault((kind, _gist(text, name)), {}).setdefault(text, []).append(name)
    found = [
        one for wanted in KINDS for (kind, _), texts in said.items() if kind == wanted for one in _told(kind, texts)
    ]
    yield from found[:MOST_FINDINGS]
    if more := found[MOST_FINDINGS:]:
        text = f"{len(more):,} more things are to be said of them: --report FILE writes all"
        yield Finding(more[0].kind, tuple(dict.fromkeys(name for one in more for name in one.files)), text)


def _told(kind: Kind, texts: dict[str, list[str]]) -> Iterator[Finding]:
    if len(texts) <= MOST_ALIKE:
        yield from (Finding(kind, tuple(files), text) for text, files in texts.items())
        return
    files = dict.fromkeys(name for names in texts.values() for name in names)
    yield Finding(kind, tuple(files), f"each with figures of its own, such as: {next(iter(texts))}")


def _gist(text: str, name: str) -> str:
    """Return the first words of a text, without figures and what is quoted or in brackets."""
    words = re.findall(r"[^\W\d_]+", QUOTED.sub(" ", text.replace(Path(name).name, " ")))
    return " ".join(SINGULAR.get(word, word).removesuffix("s") for word in words[:WORDS_THAT_TELL])


def closing(report: IngestReport) -> str:
    """Say what became of the store."""
    refused = sum(file.status == "refused" for file in report.files)
    read = len(report.files) - refused
    count = f"{read:,} {'file was' if read == 1 else 'files were'} read"
    count += f", {refused:,} refused. " if refused else ". "
    if report.version_after is None:
        return count + "Nothing was stored."
    if not report.changed:
        return count + f"The store is unchanged (version {report.version_after})."
    added = sum(file.sessions_added for file in report.files)
    replaced = sum(file.sessions_replaced for file in report.files)
    return (
        count + f"{added:,} sessions added, {replaced:,} replaced: the store is now at version {report.version_after}."
    )


def short_names(paths: Sequence[str]) -> list[str]:
    """Return the files' names; their paths below the common folder where two names are the same."""
    names = [Path(path).name or path for path in paths]
    if len(set(names)) == len(names):
        return names
    common = os.path.commonpath([Path(path).absolute().parent for path in paths])
    return [os.path.relpath(Path(path).absolute(), common) for path in paths]


def _said(file: FileReport) -> Iterator[tuple[Kind, str]]:
    if file.status == "refused":
        name = Path(file.path).name
        yield "refused", str(file.reason).removeprefix(f"{name}: ").removeprefix(f"{name} ")
    for reject in file.rejected:
        yield "rejected", reject_words(reject)
    for warning in file.warnings:
        yield "warning", warning
    if file.status == "accepted":
        for note in file.notes:
            yield "note", note


def reject_words(reject: Reject) -> str:
    """Return "3 rows: date is not a calendar day (row 7: never; row 9: 0)"."""
    examples = "; ".join(f"row {one.row:,}" + (f": {one.value}" if one.value else "") for one in reject.examples[:3])
    rows = "1 row" if reject.count == 1 else f"{reject.count:,} rows"
    return f"{rows}: {reject.reason}" + (f" ({examples})" if examples else "")


def _row(name: str, file: FileReport) -> tuple[str, ...]:
    if file.status == "refused":
        return (name, "refused", *[""] * 8)
    days = f"{file.first_date} to {file.last_date}" if file.first_date != file.last_date else str(file.first_date)
    return name, file.shape or "", *_figures([file]), days


def _sum_row(name: str, files: Sequence[FileReport]) -> tuple[str, ...]:
    files = [file for file in files if file.status == "accepted"]
    days = [day for file in files for day in (file.first_date, file.last_date) if day]
    return name, "", *_figures(files), f"{min(days)} to {max(days)}" if days else ""


def _figures(files: Sequence[FileReport]) -> Iterator[str]:
    for name in ("rows", "sessions_added", "sessions_replaced", "duplicates", "rows_rejected", "converted"):
        yield f"{sum(getattr(file, name) for file in files):,}"
    yield f"{sum(float(file.revenue) for file in files):,.2f}"
