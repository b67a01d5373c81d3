"""Nested records, however an export writes them, as one relation of a stated shape with text leaves."""

import json
import re
from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import ParseError

from ingest.sniff import Sample
from ingest.sources import Shape, csv_relation, duckdb_type, json_relation, parquet_relation


def found_names(sample: Sample, shape: Shape) -> dict[str, str]:
    """Return field of the shape -> the file's own name for it, whatever its case: USER_PSEUDO_ID is user_pseudo_id."""
    own: dict[str, str] = {}
    for name in sample.names:
        own.setdefault(_folded(name), name)
    return {name: own[_folded(name)] for name in shape if _folded(name) in own}


def is_nested(sample: Sample, name: str) -> bool:
    """Say whether the file's own column `name` holds records: as such, or as JSON in a text."""
    if sample.kind == "json":
        return any(_is_record(entry.get(name)) for entry in sample.objects)
    position = sample.header.index(name)
    if sample.kind == "parquet":
        return sample.types[position] not in ("BIGINT", "INTEGER", "DOUBLE", "DATE", "BOOLEAN")
    return any(position < len(row) and _is_record(row[position]) for row in sample.rows)


def nested_relation(sample: Sample, shape: Shape) -> exp.Subquery:
    """Return the file as a table of the shape's fields: records as structs, repeated records as lists, leaves as text.

    Takes JSON (lines, array), Parquet (BigQuery's list.element too), and JSON in texts (Snowflake, CSV cells). A field
    that the file does not have is NULL; a text that is no JSON is NULL.
    """
    names = found_names(sample, shape)
    if sample.kind == "json":
        relation = json_relation(sample, json_fields(sample, shape))
        columns = {name: exp.column(own, quoted=True) for name, own in names.items()}
        types = {name: duckdb_type(json_fields(sample, shape)[own]) for name, own in names.items()}
    elif sample.kind == "parquet":
        relation = parquet_relation(sample)
        columns = {name: exp.column(own, quoted=True) for name, own in names.items()}
        types = {name: sample.types[sample.header.index(own)] for name, own in names.items()}
    else:
        relation = csv_relation(sample)
        columns = {name: exp.column(f"c{sample.header.index(own)}") for name, own in names.items()}
        types = dict.fromkeys(names, "VARCHAR")
    fields = [
        exp.alias_(
            _shaped(columns[name], _type(types[name]), inner) if name in names else _nothing(inner), name, quoted=True
        )
        for name, inner in shape.items()
    ]
    return exp.select(*fields).from_(relation).subquery("nested")


def json_fields(sample: Sample, shape: Shape) -> dict[str, "Shape | list | None"]:
    """Return the shape by the file's own names; records that are written as text are text."""
    fields: dict[str, Shape | list | None] = {}
    for name, own in found_names(sample, shape).items():
        inner = shape[name]
        is_text = any(isinstance(entry.get(own), str) for entry in sample.objects)
        fields[own] = None if is_text else inner
    return fields


def _shaped(value: exp.Expr, actual: exp.DataType | None, shape: "Shape | list | None", depth: int = 0) -> exp.Expr:
    """Return `value`, which has the actual type, as a value of the shape.

    A column of Parquet's null type is never touched: DuckDB 2.0 fails over it.
    """
    if actual is None or actual.is_type("NULL"):
        return _nothing(shape)
    if shape is None:
        return value if actual.is_type("VARCHAR") else exp.cast(value, "VARCHAR")
    if actual.is_type("TEXT", "VARCHAR", "JSON", "BLOB", "VARBINARY"):
        return _opened(exp.cast(value, "VARCHAR"), shape)
    if isinstance(shape, list):
        if actual.this != exp.DataType.Type.ARRAY and (wrapped := _members(actual).get("list")):
            value, actual = exp.Dot.build([value, exp.to_identifier("list", quoted=True)]), wrapped
        if actual.this != exp.DataType.Type.ARRAY:
            return _nothing(shape)
        return _each(value, actual.expressions[0], shape, depth)
    members = _members(actual)
    if not members:
        return _nothing(shape)
    parts = [
        exp.PropertyEQ(
            this=exp.to_identifier(name, quoted=True),
            expression=_shaped(
                exp.Dot.build([value.copy(), exp.to_identifier(members[name.lower()].meta["name"], quoted=True)]),
                members[name.lower()],
                inner,
                depth,
            )
            if name.lower() in members
            else _nothing(inner),
        )
        for name, inner in shape.items()
    ]
    return exp.Struct(expressions=parts)


def _each(value: exp.Expr, element: exp.DataType, shape: list, depth: int) -> exp.Expr:
    name = exp.to_identifier(f"x{depth}")
    one: exp.Expr = name.copy()
    if inner := _members(element).get("element"):
        one, element = exp.Dot.build([one, exp.to_identifier("element", quoted=True)]), inner
    body = _shaped(one, element, shape[0], depth + 1)
    return exp.Transform(this=value, expression=exp.Lambda(this=body, expressions=[name]))


def _members(actual: exp.DataType) -> dict[str, exp.DataType]:
    """Return the fields of a struct type by lower-case name, each type remembering its own spelling."""
    if actual.this != exp.DataType.Type.STRUCT:
        return {}
    members = {}
    for member in actual.expressions:
        kind = member.args.get("kind")
        if isinstance(kind, exp.DataType):
            kind.meta["name"] = member.name
            members[member.name.lower()] = kind
    return members


def _opened(text: exp.Expr, shape: "Shape | list") -> exp.Expr:
    structure = exp.Literal.string(json.dumps(_json_structure(shape)))
    valid = exp.Case().when(exp.func("json_valid", text), text.copy())
    return exp.Anonymous(this="json_transform", expressions=[valid, structure])


def _json_structure(shape: "Shape | list | None") -> object:
    if shape is None:
        return "VARCHAR"
    if isinstance(shape, list):
        return [_json_structure(shape[0])]
    return {name: _json_structure(inner) for name, inner in shape.items()}


def _nothing(shape: "Shape | list | None") -> exp.Expr:
    return exp.cast(exp.null(), duckdb_type(shape), dialect="duckdb")


def _type(name: str) -> exp.DataType | None:
    try:
        return exp.DataType.build(name, dialect="duckdb")
    except ParseError:
        return None


def _folded(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.lower())


def _is_record(value: object) -> bool:
    if isinstance(value, str):
        if value[:1] not in "{[":
            return False
        try:
            value = json.loads(value)
        except ValueError:
            return False
    return isinstance(value, Mapping | list)
