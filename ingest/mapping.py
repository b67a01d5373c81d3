"""A mapping file: which column of somebody's export is which column of ours, written in TOML."""

import difflib
import re
import tomllib
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlglot import exp

from ingest.mapping_sql import SUMMED, TIME_UNITS, compile_fields, format_fault, nested_shape, relation_of
from ingest.raw import raw_sessions
from ingest.report import IngestError, RefusedFileError
from ingest.sniff import Sample
from ingest.sources import Shape

TARGETS = {
    "session_id": "session_key",
    "visitor_id": "visitor",
    "visit_id": "visit",
    "session_start": "start",
    "duration_seconds": "duration",
    **{
        name: name
        for name in (
            *("visit_number", "visitor_type", "device_category", "operating_system", "browser", "country", "region"),
            *("channel_group", "source", "medium", "campaign", "landing_page", "hostname", "pageviews", "events"),
            *("engaged", "viewed_item", "added_to_cart", "began_checkout", "transactions", "revenue"),
        )
    },
}
"""What a mapping file may fill -> the raw field that carries it."""

SECTIONS = {
    "columns": tuple(TARGETS),
    "constants": tuple(name for name in TARGETS if name not in ("session_id", "visitor_id", "visit_id")),
    "date": ("column", "format", "month", "year", "day"),
    "session_start": ("format", "time_zone"),
    "revenue": ("unit", "decimal", "thousands", "currency", "rate"),
    "duration": ("unit",),
    "values": (*TARGETS, "month"),
}
REVENUE_UNITS = ("units", "cents", "micros")


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
    _check_names(mapping, given)
    for check in (_check_columns, _check_date, _check_time, _check_revenue, _check_values):
        check(mapping)
    return mapping


def _fault(mapping: Mapping, section: str, key: str | None, value: object, remedy: str) -> IngestError:
    shown = f" = {value!r}" if value is not None else ""
    return IngestError(f"{mapping.where(section, key)}{shown}: {remedy}")


def _check_names(mapping: Mapping, given: dict[str, Any]) -> None:
    for section, content in given.items():
        if section not in SECTIONS:
            raise _fault(mapping, section, None, None, f"no such section; there are {', '.join(SECTIONS)}.")
        if not isinstance(content, dict):
            raise _fault(mapping, section, None, content, f"write it as a section, [{section}].")
        for key in content:
            if key not in SECTIONS[section]:
                near = difflib.get_close_matches(key, SECTIONS[section], 1)
                hint = f'did you mean "{near[0]}"?' if near else f"choose from {', '.join(SECTIONS[section])}."
                raise _fault(mapping, section, key, None, f"no such key; {hint}")


def _check_columns(mapping: Mapping) -> None:
    columns, constants = mapping.sections["columns"], mapping.sections["constants"]
    for name, value in columns.items():
        several = isinstance(value, list) and value and all(isinstance(part, str) and part for part in value)
        if several and name not in SUMMED:
            raise _fault(mapping, "columns", name, value, f"only {', '.join(SUMMED)} can be summed; name one column.")
        if not several and not (isinstance(value, str) and value):
            raise _fault(
                mapping, "columns", name, value, "name a column of the export in double quotes, or a list to sum."
            )
    for name, value in constants.items():
        if not isinstance(value, str | int | float | bool):
            raise _fault(mapping, "constants", name, value, "write one text, number, true or false.")
        if name in columns:
            raise _fault(mapping, "constants", name, value, "it is a column too; keep one of the two.")


def _check_date(mapping: Mapping) -> None:
    date = mapping.sections["date"]
    if "column" in date and "month" not in date:
        for key in ("column", "format"):
            if key in date and not (isinstance(date[key], str) and date[key]):
                raise _fault(mapping, "date", key, date[key], "write it in double quotes.")
        if "format" in date and not re.search("%[dejyYmbBsxc]", date["format"]):
            raise _fault(mapping, "date", "format", date["format"], 'write it like "%d/%m/%Y" or "%Y%m%d".')
        if "format" in date and (why := format_fault(date["format"])):
            raise _fault(mapping, "date", "format", date["format"], f'{why}. Write it like "%d/%m/%Y".')
        return
    if "month" not in date:
        raise _fault(mapping, "date", None, None, "sessions need a day: give column (and format), or month with year.")
    if "column" in date or "format" in date:
        raise _fault(mapping, "date", "month", date["month"], "give either column, or month with year.")
    for key, (low, high) in {"month": (1, 12), "year": (2005, 2100), "day": (1, 31)}.items():
        value = date.get(key, 1 if key == "day" else None)
        if isinstance(value, str) and value:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _fault(mapping, "date", key, value, f"write a number from {low} to {high}, or the name of a column.")


def _check_time(mapping: Mapping) -> None:
    start, unit = mapping.sections["session_start"], mapping.sections["duration"].get("unit", "seconds")
    if unit not in TIME_UNITS:
        raise _fault(mapping, "duration", "unit", unit, f"choose from {', '.join(TIME_UNITS)}.")
    if "format" in start and not (isinstance(start["format"], str) and "%" in start["format"]):
        raise _fault(mapping, "session_start", "format", start["format"], 'write it like "%Y-%m-%d %H:%M:%S".')
    if "format" in start and (why := format_fault(start["format"])):
        raise _fault(mapping, "session_start", "format", start["format"], f'{why}. Write it like "%Y-%m-%d %H:%M".')
    zone = start.get("time_zone")
    if zone is not None and zone not in zoneinfo.available_timezones():
        raise _fault(mapping, "session_start", "time_zone", zone, 'write a zone such as "Europe/Berlin" or "UTC".')


def _check_revenue(mapping: Mapping) -> None:
    money = mapping.sections["revenue"]
    if (unit := money.get("unit", "units")) not in REVENUE_UNITS:
        raise _fault(mapping, "revenue", "unit", unit, f"choose from {', '.join(REVENUE_UNITS)}.")
    for key, allowed in {"decimal": (".", ","), "thousands": ("", ",", ".", " ", "'")}.items():
        if key in money and money[key] not in allowed:
            raise _fault(mapping, "revenue", key, money[key], f"choose from {', '.join(map(repr, allowed))}.")
    if money.get("decimal", ".") == money.get("thousands", ""):
        raise _fault(mapping, "revenue", "thousands", money.get("thousands"), "it must differ from decimal.")
    rate = money.get("rate", 1)
    if not isinstance(rate, int | float) or isinstance(rate, bool) or not 0 < rate < 1e6:
        raise _fault(mapping, "revenue", "rate", rate, "write a number above 0, the store's currency per unit.")
    currency = money.get("currency")
    if currency is not None and not re.fullmatch("[A-Z]{3}", str(currency)):
        raise _fault(mapping, "revenue", "currency", currency, 'write three capital letters such as "EUR".')


def _check_values(mapping: Mapping) -> None:
    for name, pairs in mapping.sections["values"].items():
        if not isinstance(pairs, dict):
            raise _fault(
                mapping, "values", name, pairs, f'write a section [values.{name}] with lines "theirs" = "ours".'
            )
        used = name in mapping.sections["columns"] or (name == "month" and "month" in mapping.sections["date"])
        if not used:
            raise _fault(mapping, f"values.{name}", None, None, f"{name} is not in [columns]; name its column there.")
        for theirs, ours in pairs.items():
            if not isinstance(ours, str | int | bool):
                raise _fault(mapping, f"values.{name}", theirs, ours, "write a text, a whole number, true or false.")
