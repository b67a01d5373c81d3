"""Read a person's own funnels from `funnels.toml` beside the store; every error names the line.

```toml
[[funnel]]
name = "Product to order"

[[funnel.step]]
name = "Viewed item"
when = "viewed_item"

[[funnel.step]]
name = "Ordered"
when = "transactions > 0"
definition = "one order or more"
```
"""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

from queries.funnel import FUNNELS, Funnel, Operator, Step
from queries.vocabulary import SESSION_COLUMNS

FILE_NAME = "funnels.toml"
OPERATORS = tuple(operator for operator in get_args(Operator) if operator != "is true")
NUMBERS = tuple(column.name for column in SESSION_COLUMNS if column.sql_type == "INTEGER")
FLAGS = tuple(column.name for column in SESSION_COLUMNS if column.sql_type == "BOOLEAN")
_CONDITION = re.compile(r"(?P<column>\w+)(?:\s*(?P<operator>>=|>|=)\s*(?P<value>\d+))?")
_SIGNS = {">=": "≥", ">": "more than", "=": "exactly"}


class FunnelError(ValueError):
    """Say which line of which file defines no funnel, why, and what would."""


def funnels_of(store: Path) -> tuple[Funnel, ...]:
    """Return the funnels of a store: the built-in ones and those of its `funnels.toml`, which may replace them.

    The file lies in the store's folder. Raises FunnelError for a file that cannot be used.
    """
    path = store / FILE_NAME
    own = read_funnels(path) if path.is_file() else ()
    names = {funnel.name for funnel in own}
    return (*(funnel for funnel in FUNNELS if funnel.name not in names), *own)


def read_funnels(path: Path) -> tuple[Funnel, ...]:
    """Return the funnels that a file defines, in order. Raises FunnelError naming the file, the line and the remedy."""
    text = path.read_text(encoding="utf-8")
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FunnelError(f"{path.name} is not TOML: {error}") from None
    return _Reader(path.name, text).funnels(given)


class _Reader:
    """Turn parsed TOML into funnels, and find the line that a fault is on."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.lines = name, text.splitlines()

    def funnels(self, given: dict[str, Any]) -> tuple[Funnel, ...]:
        if unknown := sorted(set(given) - {"funnel"}):
            raise self.error(
                self.line_of(unknown[0]), f'"{unknown[0]}" is not known: begin each funnel with [[funnel]]'
            )
        listed = given.get("funnel")
        if not isinstance(listed, list) or not listed:
            raise self.error(1, "there is no funnel: begin each with [[funnel]], its steps with [[funnel.step]]")
        found: list[Funnel] = []
        for number, one in enumerate(listed):
            funnel = self.funnel(one, number)
            if any(other.name == funnel.name for other in found):
                raise self.error(self.line(number, "name"), f'there are two funnels named "{funnel.name}": rename one')
            found.append(funnel)
        return tuple(found)

    def funnel(self, given: dict[str, Any], number: int) -> Funnel:
        if unknown := sorted(set(given) - {"name", "step"}):
            raise self.error(
                self.line(number, unknown[0]), f'"{unknown[0]}" is not known: a funnel has a name and steps'
            )
        name = given.get("name")
        if not isinstance(name, str) or not name.strip():
            raise self.error(self.line(number, "name"), 'a funnel needs a name, such as name = "Product to order"')
        steps = given.get("step")
        if not isinstance(steps, list) or len(steps) < 2:
            raise self.error(self.line(number), f'"{name}" needs two steps or more: add [[funnel.step]] below it')
        read = tuple(self.step(one, number, place) for place, one in enumerate(steps))
        for place, step in enumerate(read):
            if step.name in {other.name for other in read[:place]}:
                raise self.error(
                    self.line(number, "name", place), f'"{name}" has two steps named "{step.name}": rename one'
                )
        return Funnel(name.strip(), read)

    def step(self, given: Any, number: int, place: int) -> Step:
        if not isinstance(given, dict) or (unknown := sorted(set(given) - {"name", "when", "definition"})):
            what = unknown[0] if isinstance(given, dict) else "step"
            raise self.error(
                self.line(number, what, place), f'"{what}" is not known: a step has name, when, definition'
            )
        for key, sample in (("name", "Viewed item"), ("when", "viewed_item")):
            if not isinstance(given.get(key), str) or not given[key].strip():
                raise self.error(self.line(number, key, place), f'a step needs {key}, such as {key} = "{sample}"')
        definition = given.get("definition", "")
        if not isinstance(definition, str):
            raise self.error(self.line(number, "definition", place), "definition is a text in quotes")
        column, operator, value = self.condition(given["when"].strip(), self.line(number, "when", place))
        written = definition.strip() or (f"{_SIGNS[operator]} {value} {column}" if operator in _SIGNS else column)
        return Step(
            given["name"].strip(), written.replace("_", " ") if not definition else written, column, operator, value
        )

    def condition(self, text: str, line: int) -> tuple[str, Operator, int]:
        found = _CONDITION.fullmatch(text)
        column = found["column"] if found else ""
        if not found or column not in NUMBERS + FLAGS:
            known = f"{', '.join(NUMBERS)} with {', '.join(OPERATORS)} and a number, or one of {', '.join(FLAGS)} alone"
            raise self.error(line, f'"{text}" is no condition: use {known}')
        if (column in FLAGS) == bool(found["operator"]):
            remedy = f'write when = "{column}"' if column in FLAGS else f'write when = "{column} >= 1"'
            raise self.error(line, f'"{text}" is no condition: {remedy}')
        operator = next((one for one in get_args(Operator) if one == (found["operator"] or "is true")), "is true")
        return column, operator, int(found["value"] or 0)

    def error(self, line: int, words: str) -> FunnelError:
        return FunnelError(f"{self.name}, line {line}: {words}")

    def line_of(self, key: str) -> int:
        """Return the first line that begins with a key or its table."""
        begins = re.compile(rf"\s*\[*\s*\"?{re.escape(key)}\b")
        return next((number for number, line in enumerate(self.lines, start=1) if begins.match(line)), 1)

    def line(self, number: int, key: str = "", place: int | None = None) -> int:
        """Return the line of a key of the funnel (or of its step) of that number, else that of its heading."""
        heads = [at for at, line in enumerate(self.lines) if re.match(r"\s*\[\[\s*funnel\s*\]\]", line)]
        start = heads[number] if number < len(heads) else 0
        end = heads[number + 1] if number + 1 < len(heads) else len(self.lines)
        steps = [at for at in range(start, end) if re.match(r"\s*\[\[\s*funnel\.step\s*\]\]", self.lines[at])]
        if place is not None and place < len(steps):
            start, end = steps[place], steps[place + 1] if place + 1 < len(steps) else end
        elif steps:
            end = steps[0]
        inside = (at for at in range(start, end) if key and re.match(rf"\s*{re.escape(key)}\s*=", self.lines[at]))
        return next(inside, start) + 1
