"""DuckDB relations over export files: every column as text, nothing left to a sniffer."""

from collections.abc import Mapping, Sequence

from sqlglot import exp

from ingest.engine import glob_safe
from ingest.sniff import Sample

MAX_LINE_BYTES = 4_000_000
MAX_OBJECT_BYTES = 64_000_000
JSON_FORMATS = {"lines": "newline_delimited", "array": "array", "objects": "unstructured"}

Shape = Mapping[str, "Shape | list | None"]


def csv_relation(sample: Sample) -> exp.Table:
    """Return the CSV file as a table of text columns `c0`, `c1`, ...; broken lines go to `reject_errors`."""
    columns = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(f"c{position}"), expression=exp.Literal.string("VARCHAR"))
            for position in range(len(sample.header))
        ]
    )
    options = {
        "columns": columns,
        "auto_detect": exp.false(),
        "header": exp.true(),
        "delim": exp.Literal.string(sample.delimiter),
        "quote": exp.Literal.string('"'),
        "escape": exp.Literal.string('"'),
        "compression": exp.Literal.string(sample.compression),
        "max_line_size": exp.Literal.number(MAX_LINE_BYTES),
        "store_rejects": exp.true(),
    }
    if sample.skip:
        options["skip"] = exp.Literal.number(sample.skip)
    if sample.is_short:
        options |= {"null_padding": exp.true(), "parallel": exp.false()}
    return _table_function("read_csv", sample, options)


def csv_column(position: int | None) -> exp.Column | None:
    """Return the text column at that position of `csv_relation`; None where there is none."""
    return None if position is None else exp.column(f"c{position}")


def json_relation(sample: Sample, shape: Shape) -> exp.Table:
    """Return newline-delimited JSON (or one JSON array) as a table of the shape's fields, leaves as text.

    A shape is a mapping of field to None (text), a nested shape, or a list of one shape (repeated record).
    """
    columns = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=exp.Literal.string(duckdb_type(inner)))
            for name, inner in shape.items()
        ]
    )
    options = {
        "columns": columns,
        "format": exp.Literal.string(JSON_FORMATS[sample.layout]),
        "compression": exp.Literal.string(sample.compression),
        "maximum_object_size": exp.Literal.number(MAX_OBJECT_BYTES),
    }
    return _table_function("read_json", sample, options)


def parquet_relation(sample: Sample) -> exp.Table:
    """Return the Parquet file as it is."""
    return _table_function("read_parquet", sample, {"hive_partitioning": exp.false(), "binary_as_string": exp.true()})


def staged_relation(files: Sequence[str], **options: bool) -> exp.Select:
    """Select all of some Parquet files of ours, named as DuckDB takes them, with options of read_parquet."""
    given = {"hive_partitioning": False} | options
    named = [
        exp.EQ(this=exp.to_identifier(option), expression=exp.convert(value)) for option, value in sorted(given.items())
    ]
    paths = exp.Array(expressions=[exp.Literal.string(file) for file in files])
    return exp.select("*").from_(exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[paths, *named])))


def duckdb_type(shape: "Shape | list | None") -> str:
    """Return the DuckDB type of a JSON shape whose leaves are text."""
    return _data_type(shape).sql(dialect="duckdb")


def _data_type(shape: "Shape | list | None") -> exp.DataType:
    if shape is None:
        return exp.DataType.build("VARCHAR")
    if isinstance(shape, list):
        return exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[_data_type(shape[0])], nested=True)
    fields = [
        exp.ColumnDef(this=exp.to_identifier(name, quoted=True), kind=_data_type(inner))
        for name, inner in shape.items()
    ]
    return exp.DataType(this=exp.DataType.Type.STRUCT, expressions=fields, nested=True)


def _table_function(name: str, sample: Sample, options: Mapping[str, exp.Expr]) -> exp.Table:
    arguments = [exp.EQ(this=exp.to_identifier(option), expression=value) for option, value in options.items()]
    return exp.Table(
        this=exp.Anonymous(this=name, expressions=[exp.Literal.string(glob_safe(sample.path)), *arguments])
    )
