"""Dimensions that no file holds: how they follow from a column that each file has, whatever export it came from."""

from collections.abc import Set

from sqlglot import exp

from queries.vocabulary import PAGE_FOLDER

FOLDER = "^(/([^/]*/)?|[^/].*)"
"""The first folder of a path: /shop/ of /shop/shoes/42, / of /sale; what is no path, as (not set), stays as it is."""
SOURCES = {PAGE_FOLDER: "landing_page"}
"""The column that each follows from."""


def read_column(name: str) -> exp.Expr:
    """Return a column of the files, or how a derived one follows from one.

    One function call, for DuckDB works it out once per dictionary entry of a Parquet column; a CASE takes ten times as
    long.
    """
    if name not in SOURCES:
        return exp.column(name)
    return exp.RegexpExtract(this=exp.column(SOURCES[name]), expression=exp.Literal.string(FOLDER))


def stored(names: Set[str]) -> frozenset[str]:
    """Return the columns that these are read from."""
    return frozenset(SOURCES.get(name, name) for name in names)
