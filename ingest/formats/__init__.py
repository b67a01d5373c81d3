"""The accepted export shapes, and how a file finds its shape."""

from typing import Protocol

from sqlglot import exp

from ingest.formats import canonical, ga4_events, ga4_flat, ga360_bigquery, ga360_flat, ga360_hits, kaggle_json
from ingest.formats.refusals import INSTEAD, why_refused
from ingest.report import RefusedFileError
from ingest.sniff import Sample
from ingest.sources import Shape


class Format(Protocol):
    """Describe what a format file defines."""

    @property
    def NAME(self) -> str:  # noqa: N802 a module's constant
        """The shape's name in reports."""
        ...

    @property
    def TITLE(self) -> str:  # noqa: N802
        """What the shape is, in words."""
        ...

    @property
    def GRAIN(self) -> str:  # noqa: N802
        """What a row is: session, hit (rolled up to sessions) or event."""
        ...

    @property
    def REQUIRED(self) -> tuple[str, ...]:  # noqa: N802
        """The columns without which the shape cannot be."""
        ...

    def recognises(self, sample: Sample) -> str | None:
        """Return the evidence that the sample has this shape; None when it has not."""
        ...

    def read(self, sample: Sample) -> exp.Select:
        """Return the query that gives the file's raw sessions or events (see ingest.raw)."""
        ...

    def fields_of(self, sample: Sample) -> Shape:
        """Return the JSON fields that `read` takes from the file; none when it is no JSON."""
        ...


FORMATS: tuple[Format, ...] = (
    canonical,
    ga360_bigquery,
    ga4_events,
    ga4_flat,
    kaggle_json,
    ga360_flat,
    ga360_hits,
)
"""Every accepted shape, in the order they are tried."""


def format_of(sample: Sample) -> Format:
    """Return the first shape that recognises the sample.

    Raises RefusedFileError, saying what the file is and what to export instead, when none does.
    """
    if reason := why_refused(sample):
        raise RefusedFileError(reason)
    for shape in FORMATS:
        if shape.recognises(sample):
            return shape
    raise RefusedFileError(_unknown(sample))


def _unknown(sample: Sample) -> str:
    names = sample.names
    if sample.kind == "csv" and sample.text.lstrip()[:1] in ("{", "["):
        return (
            f"{sample.path.name} begins like JSON, but its first object cannot be read: no known export shape. "
            f"Download it again. {INSTEAD}"
        )
    if sample.kind == "csv" and len(names) < 2:
        first = names[0][:60] if names else ""
        return f'{sample.path.name} is no table, and no known export shape (its first line is "{first}"). {INSTEAD}'
    found = set(map(str.lower, names))
    shares = {shape.NAME: sum(_has(found, name) for name in shape.REQUIRED) / len(shape.REQUIRED) for shape in FORMATS}
    nearest = max(FORMATS, key=lambda shape: shares[shape.NAME])
    missing = [name for name in nearest.REQUIRED if not _has(found, name)]
    shown = ", ".join(name[:40] for name in names[:12]) + (", ..." if len(names) > 12 else "")
    lacks = ""
    if shares[nearest.NAME]:
        needs = f"which also needs {', '.join(missing)}" if missing else "but these columns do not hold what it needs"
        lacks = f" The nearest is {nearest.TITLE}, {needs}."
    return (
        f"{sample.path.name} has the columns {shown}: no known export shape.{lacks} If each of its rows is a session, "
        f"a mapping file can name its columns: silent-leak ingest --suggest-mapping {sample.path.name}. If not, "
        f"{INSTEAD[0].lower()}{INSTEAD[1:]}"
    )


def _has(found: set[str], requirement: str) -> bool:
    return requirement.split(" ")[0].lower() in found
