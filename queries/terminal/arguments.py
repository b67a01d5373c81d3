"""The arguments of a question: conditions, funnels and options, as they are typed."""

import datetime as dt
import difflib
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from queries.filters import Filters, Span
from queries.funnel import FUNNELS, Funnel
from queries.terminal.console import note

if TYPE_CHECKING:
    from queries.engine import Engine
    from queries.findings.finding import State

FEW = 3
FUNNEL_NAMES = ", ".join(funnel.name.lower() for funnel in FUNNELS)


class Format(StrEnum):
    """Name the ways in which figures are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class EngineName(StrEnum):
    """Name the engines that feed the register."""

    FALLS = "falls"
    COMBINATIONS = "combinations"
    MOVES = "moves"
    VALUES = "values"


class Mark(StrEnum):
    """Name the states that people give a finding."""

    NEW = "new"
    KNOWN = "known"
    FIXED = "fixed"
    IGNORED = "ignored"

    @property
    def state(self) -> "State":
        """Return the state: what somebody calls fixed is not yet proven."""
        states: dict[Mark, State] = {
            Mark.NEW: "new",
            Mark.KNOWN: "known",
            Mark.FIXED: "fixed?",
            Mark.IGNORED: "ignored",
        }
        return states[self]


def pairs(
    texts: Iterable[str], option: str, operators: tuple[str, ...]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the (name, value) pairs of texts like NAME=VALUE, and those of texts like NAME!=VALUE.

    Raises ValueError, naming the option, for a text that is neither.
    """
    wanted, unwanted = [], []
    for text in texts:
        name, found, value = text.partition("=")
        if not found or not name.strip("! "):
            raise ValueError(
                f'{option} "{text}" is not of the form {" or ".join(f"NAME{sign}VALUE" for sign in operators)}'
            )
        (unwanted if name.endswith("!") else wanted).append((name.rstrip("! ").strip(), value))
    return wanted, unwanted


def conditions(where: Iterable[str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return what `--where` includes and what it excludes, as dimension -> values; raises ValueError."""
    grouped: tuple[dict[str, list[str]], dict[str, list[str]]] = ({}, {})
    for found, values in zip(pairs(where, "--where", ("=", "!=")), grouped, strict=True):
        for name, value in found:
            values.setdefault(name, []).append(value)
    return grouped


def asked_filters(
    date_from: dt.datetime | None, date_to: dt.datetime | None, where: Iterable[str], without: Iterable[str]
) -> Filters:
    """Return the filters of `--from`, `--to`, `--where` and `--without`; raises ValueError."""
    dates = (moment.date() if moment else None for moment in (date_from, date_to))
    return Filters.of(*dates, *conditions(where), left_out(without))


def left_out(texts: Iterable[str]) -> list[Span]:
    """Return the days of texts like 2017-07-05 and 2017-07-05..2017-07-07; raises ValueError, naming the option."""
    spans = []
    for text in texts:
        first, _, last = text.partition("..")
        try:
            spans.append((dt.date.fromisoformat(first.strip()), dt.date.fromisoformat((last or first).strip())))
        except ValueError:
            raise ValueError(f'--without "{text}" names no days: write 2017-07-05 or 2017-07-05..2017-07-07') from None
    return spans


def funnel_named(name: str) -> Funnel:
    """Return the funnel of that name, in any case; raises ValueError, naming those there are."""
    for funnel in FUNNELS:
        if funnel.name.lower() == name.lower():
            return funnel
    raise ValueError(f'there is no funnel "{name}"; choose one of: {FUNNEL_NAMES}')


def note_unknown_values(engine: "Engine", filters: Filters) -> None:
    """Say on stderr which values of a filter no session has, and what there is instead."""
    for dimension, values in (*filters.include, *filters.exclude):
        known = [str(row["segment"]) for row in engine.run("segments", by=dimension).rows]
        for value in values:
            if value not in known:
                note(f'no session has {dimension} "{value}"; {_instead(value, known)}')


def _instead(value: str, known: list[str]) -> str:
    """Return the values that are spelled most like another, else the first ones and how many more there are."""
    if near := difflib.get_close_matches(value, known, FEW):
        return f"spelled most like it: {', '.join(near)}"
    more = f" and {len(known) - FEW:,} more" if len(known) > FEW else ""
    return f"there is: {', '.join(known[:FEW])}{more}"
