"""Hold the page against the command line and the files: each finding once, under one id, name, price, day and step.

Invented shops with planted causes become stores. Their findings are read from `silent-leak findings` as a table, JSON
and CSV, from the page's text in Chromium, and from the report that the page saves as one HTML file.

    uv run python -m benchmarks.rendered --shops 10
"""

import argparse
import csv
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
from deltalake import write_deltalake
from playwright.sync_api import Browser, sync_playwright

from benchmarks.browser import QUIET, awaited, free_port, serving
from benchmarks.days import FIRST_DAY, Known, build_days
from benchmarks.findings import shop_of
from benchmarks.worlds import LOG_ORDER, LOG_ORDER_SPREAD
from dashboard.charts.findings import place, since
from dashboard.format import money_short
from queries.findings.cache import register_from
from queries.findings.finding import Finding, Kind, Register
from queries.store import Store
from queries.vocabulary import DIMENSIONS, NOT_SET, SESSION_COLUMNS

A_DAY = 3_000
KINDS = get_args(Kind)
TYPES = {"BIGINT": pa.int64(), "INTEGER": pa.int32(), "SMALLINT": pa.int16(), "DATE": pa.date32(),
         "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"), "VARCHAR": pa.string(), "BOOLEAN": pa.bool_(),
         "DECIMAL(18, 6)": pa.decimal128(18, 6)}  # fmt: skip


def store_of(known: Known, folder: Path, seed: int) -> Store:
    """Write the days of a shop as sessions: orders first, among the sessions of their cell and day."""
    daily, cells = known.daily, known.daily.cells
    counts = daily.sessions.astype(int)
    row = np.repeat(np.arange(len(counts)), counts)
    order = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) < daily.conversions[row]
    rng = np.random.default_rng([seed, 21])
    revenue = np.where(order, rng.lognormal(LOG_ORDER, LOG_ORDER_SPREAD, len(row)), 0.0).round(2)
    given: dict[str, Any] = {
        name: pa.array(np.array(cells.labels[at])[cells.codes[daily.cell[row], at]], pa.string())
        for at, name in enumerate(cells.dimensions)
    }
    days = np.datetime64(FIRST_DAY) + daily.day[row].astype("timedelta64[D]")
    given |= {
        "session_id": pa.array(np.arange(len(row)) + 1), "visitor_id": pa.array(np.arange(len(row)) + 1),
        "session_date": pa.array(days), "pageviews": pa.array(np.where(order, 12, 2), pa.int32()),
        "transactions": pa.array(order.astype(int), pa.int32()),
        "revenue": pa.array(revenue).cast(pa.decimal128(18, 6)),
        "export_id": pa.array(["built"] * len(row)), "export_detail": pa.array(np.ones(len(row), int)),
    }  # fmt: skip
    columns = {column.name: _column(column, given, len(row)) for column in SESSION_COLUMNS}
    months = pa.array(np.datetime_as_string(days, unit="M"))
    store = Store(folder)
    write_deltalake(str(store.sessions), pa.table({**columns, "session_month": months}), partition_by=["session_month"])
    return store


def _column(column: Any, given: Mapping[str, pa.Array], rows: int) -> pa.Array:
    wanted = TYPES[column.sql_type]
    if column.name in given:
        return given[column.name].cast(wanted)
    return pa.array([NOT_SET] * rows, wanted) if column.name in DIMENSIONS else pa.nulls(rows, wanted)


def printed(store: Store, output: str) -> str:
    """Return what the command line prints."""
    command = [sys.executable, "-m", "silent_leak", "findings", "--store", str(store.path), "--format", output]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - this project


def plain(text: str) -> str:
    """Return a text with one kind of space."""
    return re.sub(r"\s+", " ", text).strip()


def shown(browser: Browser, address: str) -> tuple[list[tuple[str, str, str]], str]:
    """Return the rows of findings on the page (name, when and where and how sure, price), and the saved report."""
    page = browser.new_page()
    page.goto(f"{address}?view=leaks")
    page.locator(".page.drawn").wait_for(timeout=300_000)
    found = [
        tuple(plain(one.locator(part).first.text_content() or "") for part in ("h3", ".what p", ".stake b"))
        for one in page.locator("#card-findings .finding-row").all()
    ]
    page.get_by_role("button", name="Export").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("This view .HTML")).first.click()
    report = Path(download.value.path()).read_text(encoding="utf-8")
    page.close()
    return found, report  # ty: ignore - three of each


def differences(register: Register, table: str, sheet: str, rows: Sequence[Any], report: str) -> list[str]:
    """Return where a finding is not there once, or told otherwise than in the register."""
    said, told = [], [one.name for one in register.findings]
    said += [f"{name}: {told.count(name)} findings of this name" for name in set(told) if told.count(name) > 1]
    lines = list(csv.DictReader(io.StringIO(sheet)))
    ids = [line["id"] for line in lines if line["kind"] in KINDS]
    if ids != [one.id for one in register.findings]:
        said.append(f"ids in CSV: {ids}")
    if len(rows) != len(register.findings):
        said.append(f"{len(rows)} rows on the page, {len(register.findings)} in the register")
    for one, (name, why, price) in zip(register.findings, rows, strict=False):
        said += [f"{one.name}: {what}" for what in _wrong(one, name, why, price)]
        if report.count(f">{one.name}<") != 1:
            said.append(f"{one.name}: {report.count(f'>{one.name}<')} times in the report")
        if plain(table).replace(" ", "").count(one.id) != 1:
            said.append(f"{one.name}: its id {one.id} is not once in the table")
    return said


def _wrong(one: Finding, name: str, why: str, price: str) -> list[str]:
    wanted = plain(f"{since(one)}{place(one)}, {one.certainty}.")
    money = plain(money_short(one.price.median)) if one.price else "–"
    parts = (("name", name, one.name), ("day and step", why, wanted), ("price", price, money))
    return [f"its {what} on the page is “{got}”, “{due}” in the register" for what, got, due in parts if got != due]


def main() -> None:
    """Print a line a shop; fail where anything is told twice or otherwise."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--shops", type=int, default=10)
    ask.add_argument("--seed", type=int, default=600_000)
    wanted = ask.parse_args()
    wrong = 0
    with sync_playwright() as play, tempfile.TemporaryDirectory() as folder:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        for seed in range(wanted.seed, wanted.seed + wanted.shops):
            started, port = time.perf_counter(), free_port()
            known = build_days(replace(shop_of(seed), a_day=A_DAY), seed)
            store = store_of(known, Path(folder) / f"{seed}", seed)
            register = register_from(json.loads(printed(store, "json")))
            process = serving(store.path, port)
            try:
                rows, report = shown(browser, awaited(port))
            finally:
                process.terminate()
                process.wait(30)
            found = differences(register, printed(store, "table"), printed(store, "csv"), rows, report)
            wrong += len(found)
            causes = len(known.falls) + len(known.world.leaks)
            print(f"shop {seed}: {causes} causes, {len(register.findings)} findings, {len(found)} told otherwise, "
                  f"{time.perf_counter() - started:.0f} s", *found, sep="\n  ", flush=True)  # fmt: skip
    if wrong:
        sys.exit(f"{wrong} told otherwise")


if __name__ == "__main__":
    main()
