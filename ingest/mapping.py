"""A mapping file: which column of somebody's export is which column of ours, written in TOML."""

import difflib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlglot import exp

from ingest.mapping_check import SECTIONS, TARGETS, check_mapping
from ingest.mapping_sql import compile_fields, nested_shape, relation_of
from ingest.raw import raw_sessions
from ingest.report import IngestError, RefusedFileError
from ingest.sniff import Sample
from ingest.sources import Shape


@dataclass(frozen=True, slots=True)
class Mapping:
    """Hold a checked mapping file and its text, so that an error can name the line."""

    path: Path
    text: str
    sections: dict[str, dict[str, Any]]

    def format_of(self, sample: Sample) -> "MappedFormat":
        """Return the shape that reads the sample; raises RefusedFileError for a column that the file has not."""
        if sample.kind not in ("csv", "json", "parquet"):
            raise RefusedFileError(f"{sample.path.name} is no CSV, JSON or Parquet file: a mapping cannot read it.")
        found = column_names(sample)
        for section, key, column in self.columns():
            if column not in found:
                near = difflib.get_close_matches(column, found, 1)
                hint = f'did you mean "{near[0]}"?' if near else f"it has: {', '.join(found[:20])}."
                raise RefusedFileError(
                    f'{sample.path.name} has no column "{column}", which {self.where(section, key)} names: {hint}'
                )
        return MappedFormat(self)

    def columns(self) -> Iterator[tuple[str, str, str]]:
        """Yield (section, key, column) for each column of the export that the mapping names."""
        for name, value in self.sections["columns"].items():
            for column in value if isinstance(value, list) else [value]:
                yield "columns", name, column
        for key in ("column", "month", "year", "day"):
            if isinstance(value := self.sections["date"].get(key), str):
                yield "date", key, value

    def where(self, section: str, key: str | None = None) -> str:
        """Return "mapping.toml, line 7 (columns.pageviews)"."""
        number = line_of(self.text, section, key)
        name = f"{section}.{key}" if key else section
        return f"{self.path.name}, line {number} ({name})" if number else f"{self.path.name} ({name})"


@dataclass(frozen=True, slots=True)
class MappedFormat:
    """Read files by a mapping; a format like those in ingest.formats."""

    mapping: Mapping
    export_id: str = ""

    NAME = "mapping"
    GRAIN = "session"
    REQUIRED = ()

    @property
    def TITLE(self) -> str:  # noqa: N802 as the formats name it
        """Name the mapping file."""
        return f"sessions by {self.mapping.path.name}"

    def fields_of(self, sample: Sample) -> Shape:
        """Return the nested fields that the mapping reads."""
        return nested_shape((column for _, _, column in self.mapping.columns()), sample.names)

    @property
    def numbers_rows(self) -> bool:
        """Say whether sessions have no identity but the file and the row."""
        columns = self.mapping.sections["columns"]
        return "session_id" not in columns and not (
            "visitor_id" in columns and columns.keys() & {"visit_id", "visit_number"}
        )

    @property
    def notes(self) -> list[str]:
        """Return what the report should say of the mapping."""
        told = [f"read by the mapping file {self.mapping.path.name}"]
        if self.numbers_rows:
            told.append(
                "the rows have no id of their own: each is a session known by this file and its row number. A "
                "corrected copy of the file would be counted beside it, so undo this ingest first"
            )
        money = self.mapping.sections["revenue"]
        if "currency" in money:
            rate = f", multiplied by {money['rate']}" if "rate" in money else ""
            told.append(f"revenue is in {money['currency']}{rate}: keep one currency a store")
        return told

    def of_file(self, export_id: str) -> "MappedFormat":
        """Return the same for one file, whose fingerprint tells its rows from those of other files."""
        return replace(self, export_id=export_id)

    def recognises(self, sample: Sample) -> str | None:
        """Take any sample that has the columns."""
        return f"the columns of {self.mapping.path.name}" if self.mapping.format_of(sample) else None

    def read(self, sample: Sample) -> exp.Select:
        """Return the raw sessions, one per row."""
        fields = compile_fields(self.mapping.sections, TARGETS, sample)
        relation = relation_of(sample, self.fields_of(sample))
        if self.numbers_rows:
            number = exp.cast(exp.Window(this=exp.func("row_number")), "VARCHAR")
            fields["session_key"] = exp.DPipe(this=exp.Literal.string(f"{self.export_id} row "), expression=number)
        return raw_sessions(relation, fields)


def column_names(sample: Sample) -> list[str]:
    """Return the names that a mapping may use for the sample's columns; nested JSON fields are joined with dots."""
    if sample.kind != "json":
        return list(sample.header)
    names: dict[str, None] = {}
    for entry in sample.objects:
        names.update(dict.fromkeys(_nested_names(entry)))
    return list(names)


def _nested_names(entry: dict, prefix: str = "") -> Iterator[str]:
    for name, value in entry.items():
        if not name:  # SQL has no empty names
            continue
        if isinstance(value, dict):
            yield from _nested_names(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def line_of(text: str, section: str, key: str | None = None) -> int | None:
    """Return the number of the line that holds a section's key, or the section's header; None when it has none."""
    inside, header = False, None
    for number, line in enumerate(text.splitlines(), start=1):
        if found := re.match(r"\s*\[([^\]]+)\]", line):
            inside = re.sub(r"""[\s"']""", "", found[1]) == section
            header = number if inside else header
        elif name := re.match(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*=""", line):
            if inside and key and key in name.groups():
                return number
            if not inside and header is None and section in name.groups():
                header = number
    return header


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Raises IngestError, naming the line, the key, the value and the remedy.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        given = tomllib.loads(text)
    except OSError as error:
        raise IngestError(f"the mapping file {path} cannot be read: {error.strerror}. Check the path.") from None
    except UnicodeDecodeError:
        raise IngestError(f"the mapping file {path} is not UTF-8 text: save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise IngestError(
            f"the mapping file {path.name} is not TOML: {error}. Text must be in double quotes."
        ) from None
    sections = {name: given.get(name, {}) for name in SECTIONS}
    mapping = Mapping(path, text, sections)
    check_mapping(mapping, given)
    return mapping
