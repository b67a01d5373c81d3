"""What a mapping file means in SQL: an expression for each raw field, built with sqlglot."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

import duckdb
from sqlglot import exp

from ingest.sniff import Sample
from ingest.sources import csv_relation, json_relation, parquet_relation

SUMMED = ("pageviews", "events", "duration_seconds", "transactions", "revenue")
TIME_UNITS = ("seconds", "milliseconds", "hh:mm:ss")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
UNIT_FACTORS = {"units": "1", "cents": "0.01", "micros": "0.000001"}
SIGNS = "€$£¥ \u00a0\u202f"
HAS_OFFSET = r"\d\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$"

Sections = Mapping[str, Mapping[str, Any]]


def compile_fields(sections: Sections, targets: Mapping[str, str], sample: Sample) -> dict[str, exp.Expr | None]:
    """Return raw field -> expression over `relation_of(sample)`."""
    fields: dict[str, exp.Expr | None] = {}
    for name, value in sections["constants"].items():
        fields[targets[name]] = exp.Literal.string(str(value).lower() if isinstance(value, bool) else str(value))
    for name, value in sections["columns"].items():
        parts = [_trimmed(sample, column) for column in (value if isinstance(value, list) else [value])]
        parts = [_translated(part, sections["values"].get(name, {})) for part in parts]
        if name == "revenue":
            parts = [_number_text(part, sections["revenue"]) for part in parts]
        fields[targets[name]] = _sum(parts) if len(parts) > 1 else parts[0]
    if "duration_seconds" in sections["columns"]:
        fields["duration"] = _seconds(_given(fields, "duration"), sections["duration"].get("unit", "seconds"))
    if "session_start" in sections["columns"]:
        fields["start"] = _moment(_given(fields, "start"), sections["session_start"])
    if "revenue" in sections["columns"]:
        _set_revenue(fields, sections["revenue"])
    fields["date"] = _date(sections, sample)
    return fields


def relation_of(sample: Sample, shape: Mapping[str, Any]) -> exp.Table:
    """Return the file as a table: `c0`, `c1`, ... of a CSV, the named fields of JSON, the columns of Parquet."""
    if sample.kind == "csv":
        return csv_relation(sample)
    return json_relation(sample, shape) if sample.kind == "json" else parquet_relation(sample)


def nested_shape(names: Iterable[str], whole: Container[str] = ()) -> dict:
    """Return the JSON shape that has the dotted names as its leaves; the `whole` names are not split at their dots."""
    shape: dict = {}
    for name in names:
        inner = shape
        *outer, leaf = [name] if name in whole else name.split(".")
        for part in outer:
            inner = inner.setdefault(part, {}) or inner[part]
        inner.setdefault(leaf, None)
    return shape


def format_fault(text: str) -> str | None:
    """Return why DuckDB cannot read dates by that format; None when it can."""
    try:
        with duckdb.connect() as connection:
            connection.execute("select try_strptime('', $format)", {"format": text})
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return None


def _column(sample: Sample, name: str) -> exp.Expr:
    if sample.kind == "csv":
        return exp.column(f"c{sample.header.index(name)}")
    if sample.kind == "parquet":
        return exp.cast(exp.column(name, quoted=True), "VARCHAR")
    if name in sample.names or "." not in name:
        return exp.column(name, quoted=True)
    return exp.Dot.build([exp.to_identifier(part, quoted=True) for part in name.split(".")])


def _trimmed(sample: Sample, name: str) -> exp.Expr:
    return exp.func("trim", _column(sample, name))


def _given(fields: Mapping[str, exp.Expr | None], name: str) -> exp.Expr:
    found = fields[name]
    assert found is not None  # noqa: S101 compile_fields has just set it
    return found


def _translated(text: exp.Expr, values: Mapping[str, Any]) -> exp.Expr:
    if not values:
        return text
    chosen = exp.Case(this=text)
    for theirs, ours in values.items():
        chosen = chosen.when(exp.Literal.string(theirs), exp.Literal.string(str(ours)))
    return chosen.else_(text.copy())


def _try(text: exp.Expr, kind: str) -> exp.TryCast:
    return exp.TryCast(this=text.copy(), to=exp.DataType.build(kind, dialect="duckdb"))


def _blank(text: exp.Expr) -> exp.Expr:
    return exp.func("nullif", text.copy(), exp.Literal.string(""))


def _or_zero(part: exp.Expr) -> exp.Expr:
    """Return the part as a number, 0 where it is blank and NULL where it is no number."""
    return exp.func("coalesce", _try(part, "DECIMAL(30, 6)"), exp.Case().when(_blank(part).is_(exp.null()), "0"))


def _sum(parts: list[exp.Expr]) -> exp.Expr:
    total = _or_zero(parts[0])
    for part in parts[1:]:
        total = exp.Add(this=total, expression=_or_zero(part))
    told = exp.Anonymous(this="concat_ws", expressions=[exp.Literal.string(" + "), *(part.copy() for part in parts)])
    return exp.func("coalesce", exp.cast(total, "VARCHAR"), told)


def _number_text(text: exp.Expr, money: Mapping[str, Any]) -> exp.Expr:
    dropped = SIGNS + money.get("thousands", "")
    bare = exp.Anonymous(this="translate", expressions=[text, exp.Literal.string(dropped), exp.Literal.string("")])
    if money.get("decimal", ".") == ",":
        return exp.Anonymous(this="replace", expressions=[bare, exp.Literal.string(","), exp.Literal.string(".")])
    return bare


def _set_revenue(fields: dict[str, exp.Expr | None], money: Mapping[str, Any]) -> None:
    unit, rate = money.get("unit", "units"), money.get("rate", 1)
    text = _blank(_given(fields, "revenue"))
    if rate == 1 and unit == "micros":
        fields["revenue_micros"] = text
        del fields["revenue"]
        return
    if rate == 1 and unit == "units":
        return
    factor = exp.Mul(
        this=exp.cast(exp.Literal.number(UNIT_FACTORS[unit]), "DECIMAL(9, 6)", dialect="duckdb"),
        expression=exp.cast(exp.Literal.string(f"{rate:.9f}"), "DOUBLE"),
    )
    product = exp.Mul(this=_try(text, "DECIMAL(18, 6)"), expression=exp.paren(factor))
    wrong = exp.DPipe(this=text.copy(), expression=exp.Literal.string(" (no number)"))
    fields["revenue"] = exp.func("coalesce", exp.cast(_try(exp.paren(product), "DECIMAL(18, 6)"), "VARCHAR"), wrong)


def _seconds(text: exp.Expr, unit: str) -> exp.Expr:
    if unit == "hh:mm:ss":
        seconds: exp.Expr = exp.Anonymous(this="epoch", expressions=[_try(text, "INTERVAL")])
    else:
        seconds = _try(text, "DOUBLE")
        if unit == "milliseconds":
            seconds = exp.Div(this=seconds, expression=exp.Literal.number(1000))
    whole = exp.cast(_try(exp.func("round", seconds), "BIGINT"), "VARCHAR")
    return exp.func("coalesce", whole, text.copy())


def _moment(text: exp.Expr, given: Mapping[str, Any]) -> exp.Expr:
    if not given:
        return text
    if "format" in given:
        parsed: exp.Expr = _strptime(text, given["format"])
    else:
        parsed = _try(text, "TIMESTAMP")
    zone = exp.Literal.string(given.get("time_zone", "UTC"))
    local = exp.cast(exp.Anonymous(this="timezone", expressions=[zone, parsed]), "VARCHAR")
    if "format" in given:
        return exp.func("coalesce", local, text.copy())
    offset = exp.Anonymous(this="regexp_matches", expressions=[text.copy(), exp.Literal.string(HAS_OFFSET)])
    return exp.Case().when(offset, text.copy()).else_(exp.func("coalesce", local, text.copy()))


def _strptime(text: exp.Expr, form: str) -> exp.Expr:
    return exp.Anonymous(this="try_strptime", expressions=[text.copy(), exp.Literal.string(form)])


def _date(sections: Sections, sample: Sample) -> exp.Expr:
    given = sections["date"]
    if "month" in given:
        return _date_of_parts(sections, sample)
    text = _trimmed(sample, given["column"])
    if "format" not in given:
        return text
    day = exp.cast(exp.cast(_strptime(text, given["format"]), "DATE"), "VARCHAR")
    wrong = exp.DPipe(this=text.copy(), expression=exp.Literal.string(f' (not "{given["format"]}")'))
    return exp.func("coalesce", day, wrong)


def _date_of_parts(sections: Sections, sample: Sample) -> exp.Expr:
    given = sections["date"]
    parts = {}
    for key in ("year", "month", "day"):
        value = given.get(key, 1)
        parts[key] = _trimmed(sample, value) if isinstance(value, str) else exp.Literal.string(str(value))
    month = exp.func("lower", _translated(parts["month"], sections["values"].get("month", {})))
    names = exp.Array(expressions=[exp.Literal.string(name) for name in MONTHS])
    first = exp.Anonymous(this="left", expressions=[month.copy(), exp.Literal.number(3)])
    named = exp.Anonymous(this="list_position", expressions=[names, first])
    number = exp.func("coalesce", _try(month, "INTEGER"), named)
    two = [_padded(number), _padded(_try(parts["day"], "INTEGER"))]
    dash = exp.Literal.string("-")
    text = exp.DPipe(this=exp.cast(_try(parts["year"], "INTEGER"), "VARCHAR"), expression=dash)
    text = exp.DPipe(this=exp.DPipe(this=text, expression=two[0]), expression=dash.copy())
    told = exp.Anonymous(
        this="concat_ws", expressions=[exp.Literal.string(" "), *(part.copy() for part in parts.values())]
    )
    return exp.func("coalesce", exp.DPipe(this=text, expression=two[1]), told)


def _padded(number: exp.Expr) -> exp.Expr:
    arguments = [exp.cast(number, "VARCHAR"), exp.Literal.number(2), exp.Literal.string("0")]
    return exp.Anonymous(this="lpad", expressions=arguments)
