"""What may stand in a mapping file, and what is wrong with one: the line, the value, the remedy."""

import difflib
import re
import zoneinfo
from typing import TYPE_CHECKING, Any

from ingest.mapping_sql import SUMMED, TIME_UNITS, format_fault
from ingest.report import IngestError

if TYPE_CHECKING:
    from ingest.mapping import Mapping

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


def _fault(mapping: "Mapping", section: str, key: str | None, value: object, remedy: str) -> IngestError:
    shown = f" = {value!r}" if value is not None else ""
    return IngestError(f"{mapping.where(section, key)}{shown}: {remedy}")


def check_mapping(mapping: "Mapping", given: dict[str, Any]) -> None:
    """Check a mapping file, whose TOML gave `given`; raises IngestError for its first fault, naming the line."""
    _check_names(mapping, given)
    for check in (_check_columns, _check_date, _check_time, _check_revenue, _check_values):
        check(mapping)


def _check_names(mapping: "Mapping", given: dict[str, Any]) -> None:
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


def _check_columns(mapping: "Mapping") -> None:
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


def _check_date(mapping: "Mapping") -> None:
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


def _check_time(mapping: "Mapping") -> None:
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


def _check_revenue(mapping: "Mapping") -> None:
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


def _check_values(mapping: "Mapping") -> None:
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
