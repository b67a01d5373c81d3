"""Nested records, however an export writes them, as one relation of a stated shape with text leaves."""

import ast
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from sqlglot import exp
from sqlglot.errors import ParseError

from ingest.sniff import Sample
from ingest.sources import Shape, csv_relation, duckdb_type, json_relation, parquet_relation

PYTHON = re.compile(r"\s*(\{|\[\{)'")
PARQUETS_NULL = '"NULL"'
PYTHON_WORDS = {r"'": '"', r": None\b": ": null", r": True\b": ": true", r": False\b": ": false"}
"""A dictionary as Python prints it, and what makes JSON of it when no text in it has an apostrophe."""


def found_names(sample: Sample, shape: Shape) -> dict[str, str]:
    """Return field of the shape -> the file's own name for it, whatever its case: USER_PSEUDO_ID is user_pseudo_id."""
    own: dict[str, str] = {}
    for name in sample.names:
        own.setdefault(_folded(name), name)
    return {name: own[_folded(name)] for name in shape if _folded(name) in own}


def is_nested(sample: Sample, name: str) -> bool:
    """Say whether the file's own column `name` holds records: as such, or as JSON in a text."""
    if sample.kind == "parquet" and not _is_text(actual := sample.types[sample.header.index(name)]):
        return actual.startswith(("STRUCT", "JSON")) or actual.endswith("]")
    return any(_record(value) is not None for value in _values(sample, name))


def nested_relation(sample: Sample, shape: Shape) -> exp.Subquery:
    """Return the file as a table of the shape's fields: records as structs, repeated records as lists, leaves as text.

    Takes JSON (lines, array), Parquet (BigQuery's list.element too), and JSON in texts (Snowflake, CSV cells). Names
    may be of any case, with underscores or without. A field that the file does not have is NULL; a record whose text is
    no JSON is NULL and named in the further column `broken`.
    """
    names = found_names(sample, shape)
    relation, columns, types = _columns(sample, shape, names)
    fields, broken = [], exp.Case()
    for name, inner in shape.items():
        if name not in names:
            fields.append(exp.alias_(_nothing(inner), name, quoted=True))
            continue
        value, actual = columns[name], types[name]
        if inner is not None and actual is not None and actual.is_type("TEXT", "VARCHAR"):
            text, own = _json_text(sample, names[name], value), _own_shape(inner, _records(sample, names[name]))
            blank = exp.func("nullif", exp.func("trim", value.copy()), exp.Literal.string(""))
            invalid = exp.and_(blank.is_(exp.null()).not_(), text.copy().is_(exp.null()))
            broken = broken.when(invalid, exp.Literal.string(names[name]))
            value, actual = _opened(text, own), _data_type(own)
        fields.append(exp.alias_(_shaped(value, actual, inner), name, quoted=True))
    fields.append(exp.alias_(broken if broken.args.get("ifs") else _nothing(None), "broken"))
    return exp.select(*fields).from_(relation).subquery("nested")


def json_fields(sample: Sample, shape: Shape) -> dict[str, "Shape | list | None"]:
    """Return the shape by the file's own names; records that are written as text are text."""
    fields: dict[str, Shape | list | None] = {}
    for name, own in found_names(sample, shape).items():
        values = _values(sample, own)
        texts = sum(isinstance(value, str) for value in values)
        records = sum(isinstance(value, Mapping | list) for value in values)
        fields[own] = None if texts > records else _own_shape(shape[name], values)
    return fields


def _columns(
    sample: Sample, shape: Shape, names: Mapping[str, str]
) -> tuple[exp.Table, dict[str, exp.Expr], dict[str, exp.DataType | None]]:
    """Return the relation, and for each field of the shape its column there and that column's type."""
    if sample.kind == "csv":
        columns = {name: exp.column(f"c{sample.header.index(own)}") for name, own in names.items()}
        return csv_relation(sample), {**columns}, dict.fromkeys(names, _data_type(None))
    columns = {name: exp.column(own, quoted=True) for name, own in names.items()}
    if sample.kind == "parquet":
        types = {name: _type(sample.types[sample.header.index(own)]) for name, own in names.items()}
        return parquet_relation(sample), {**columns}, types
    fields = json_fields(sample, shape)
    return json_relation(sample, fields), {**columns}, {name: _data_type(fields[own]) for name, own in names.items()}


def _values(sample: Sample, name: str) -> list[Any]:
    """Return what the first rows hold in the file's own column."""
    if sample.kind == "json":
        return [entry.get(name) for entry in sample.objects]
    position = sample.header.index(name)
    return [row[position] for row in sample.rows if position < len(row)]


def _records(sample: Sample, name: str) -> list[Any]:
    return [found for value in _values(sample, name) if (found := _record(value)) is not None]


def style_of(pairs: Iterable[tuple[str, str]]) -> Callable[[str], str]:
    """Return how a file writes names, from pairs of a known name and its own: as they are, UPPER, snake_case ..."""
    pairs = list(pairs)
    return max(STYLES, key=lambda style: sum(style(name) == own for name, own in pairs))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


STYLES: tuple[Callable[[str], str], ...] = (
    str,
    str.lower,
    str.upper,
    _snake,
    lambda name: _snake(name).upper(),
    lambda name: name.replace("_", ""),
)


def _own_shape(shape: "Shape | list | None", values: Iterable[Any]) -> "Shape | list | None":
    """Return the shape with the names that the values have; a name that none of them has is in the others' style.

    Exports leave out what is null, so the first rows need not have what only a few sessions have.
    """
    if shape is None:
        return None
    values = list(values)
    if isinstance(shape, list):
        return [_own_shape(shape[0], [one for value in values if isinstance(value, list) for one in value])]
    records = [value for value in values if isinstance(value, Mapping)]
    own: dict[str, str] = {}
    for record in records:
        for name in record:
            own.setdefault(_folded(name), name)
    style = style_of((name, own[_folded(name)]) for name in shape if _folded(name) in own)
    named = {name: own.get(_folded(name)) or style(name) for name in shape}
    return {
        named[name]: _own_shape(inner, [record.get(named[name]) for record in records]) for name, inner in shape.items()
    }


def _shaped(value: exp.Expr, actual: exp.DataType | None, shape: "Shape | list | None", depth: int = 0) -> exp.Expr:
    """Return `value`, which has the actual type, as a value of the shape.

    A column of Parquet's null type is never touched: DuckDB 2.0 fails over it.
    """
    if actual is None or actual.is_type("NULL"):
        return _nothing(shape)
    if actual.sql(dialect="duckdb") == duckdb_type(shape):
        return value
    if shape is None:
        return exp.cast(value, "VARCHAR")
    if isinstance(shape, list):
        if actual.this != exp.DataType.Type.ARRAY and (wrapped := _members(actual).get("list")):
            value, actual = exp.Dot.build([value, exp.to_identifier("list", quoted=True)]), wrapped
        if actual.this != exp.DataType.Type.ARRAY:
            return _nothing(shape)
        return _each(value, actual.expressions[0], shape, depth)
    members = _members(actual)
    if not members:
        return _nothing(shape)
    parts = []
    for name, inner in shape.items():
        part = _nothing(inner)
        if member := members.get(_folded(name)):
            own = exp.to_identifier(member.meta["name"], quoted=True)
            part = _shaped(exp.Dot.build([value.copy(), own]), member, inner, depth)
        parts.append(exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=part))
    return exp.Struct(expressions=parts)


def _each(value: exp.Expr, element: exp.DataType, shape: list, depth: int) -> exp.Expr:
    name = exp.to_identifier(f"x{depth}")
    one: exp.Expr = name.copy()
    if inner := _members(element).get("element"):
        one, element = exp.Dot.build([one, exp.to_identifier("element", quoted=True)]), inner
    body = _shaped(one, element, shape[0], depth + 1)
    return exp.Transform(this=value, expression=exp.Lambda(this=body, expressions=[name]))


def _members(actual: exp.DataType) -> dict[str, exp.DataType]:
    """Return the fields of a struct type by folded name, each type remembering its own spelling."""
    if actual.this != exp.DataType.Type.STRUCT:
        return {}
    members: dict[str, exp.DataType] = {}
    for member in actual.expressions:
        kind = member.args.get("kind")
        if isinstance(kind, exp.DataType) and _folded(member.name) not in members:
            kind.meta["name"] = member.name
            members[_folded(member.name)] = kind
    return members


def _json_text(sample: Sample, name: str, text: exp.Expr) -> exp.Expr:
    """Return the text where it is JSON, else NULL; what Python prints of a dictionary is made JSON if it can be."""
    found = exp.Case().when(exp.func("json_valid", text.copy()), text.copy())
    if not any(isinstance(value, str) and PYTHON.match(value) for value in _values(sample, name)):
        return found
    json_like = text.copy()
    for pattern, instead in PYTHON_WORDS.items():
        arguments = [json_like, exp.Literal.string(pattern), exp.Literal.string(instead), exp.Literal.string("g")]
        json_like = exp.Anonymous(this="regexp_replace", expressions=arguments)
    return found.when(exp.func("json_valid", json_like), json_like.copy())


def _opened(text: exp.Expr, shape: "Shape | list | None") -> exp.Expr:
    structure = exp.Literal.string(json.dumps(_json_structure(shape)))
    return exp.Anonymous(this="json_transform", expressions=[text, structure])


def _json_structure(shape: "Shape | list | None") -> object:
    if shape is None:
        return "VARCHAR"
    if isinstance(shape, list):
        return [_json_structure(shape[0])]
    return {name: _json_structure(inner) for name, inner in shape.items()}


def _nothing(shape: "Shape | list | None") -> exp.Expr:
    return exp.Cast(this=exp.null(), to=_data_type(shape).copy())


def _data_type(shape: "Shape | list | None") -> exp.DataType:
    found = _type(duckdb_type(shape))
    assert found is not None  # noqa: S101 our own type
    return found


@cache
def _type(name: str) -> exp.DataType | None:
    """Return a DuckDB type; None for Parquet's null type, UNKNOWN where sqlglot does not know it (TIMESTAMPTZ_NS)."""
    if name == PARQUETS_NULL:
        return None
    try:
        return exp.DataType.build("VARCHAR" if _is_text(name) else name, dialect="duckdb")
    except ParseError:
        return exp.DataType(this=exp.DataType.Type.UNKNOWN)


def _is_text(name: str) -> bool:
    return name in ("VARCHAR", "JSON", "BLOB")


def _folded(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.lower())


def _record(value: object) -> Mapping | list | None:
    """Return the record that a value is, or that its text tells as JSON or as Python prints it; else None."""
    if isinstance(value, str):
        if value.lstrip()[:1] not in ("{", "["):
            return None
        try:
            value = ast.literal_eval(value) if PYTHON.match(value) else json.loads(value)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None
    return value if isinstance(value, Mapping | list) else None
