"""Read exports that are wrong in every way we can think of: each must be accepted or refused, never fail otherwise.

    uv run python benchmarks/fuzz.py                  # about 130,000 cases in five layers
    uv run python benchmarks/fuzz.py --layers cells --first 17 --rounds 1     # a case again

A case is an export with changes of its own; one that was seen before in the run is not counted. The layers, so that
each case costs only what it tests:

    files       a file of 1 to 150 records, changed in every way; read to the end of its report, by a mapping or without
    headers     a file with other names of columns and fields: recognised, its query planned by DuckDB
    encodings   a text in 20 encodings, bytes changed or packed: opened, converted, recognised
    cells       a row with one to four changed cells: typed and judged, 200 rows a file
    nested      a record with changes inside its records: the same, 200 records a file

Any exception but a refusal is a failure, and so is a report whose rows do not add up. A round is made from its number
alone. Prints what came of each layer; the exit code is 1 when a round failed.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

from benchmarks.fuzz_layers import LAYERS, Outcomes
from benchmarks.fuzz_reader import Reader

ROUNDS = {"files": 5_000, "headers": 8_000, "encodings": 40_000, "cells": 200, "nested": 200}
TOLD_EVERY = 60
"""Seconds between two lines of progress."""


def main() -> None:
    """Try the layers and print what came of them."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--layers", nargs="+", choices=LAYERS, default=list(LAYERS))
    ask.add_argument("--rounds", type=int, help="of each layer; else as many as make 130,000 cases together")
    ask.add_argument("--first", type=int, default=0, help="the number of the first round")
    given = ask.parse_args()
    total = Outcomes()
    for layer in given.layers:
        total += tried(layer, given.first, given.rounds or ROUNDS[layer])
    print(f"{total['cases']:,} cases, {total['failed']:,} failed")
    sys.exit(1 if total["failed"] else 0)


def tried(layer: str, first: int, rounds: int) -> Outcomes:
    """Try the rounds of one layer, print what came of it, and return it."""
    outcomes, begun = Outcomes(), time.perf_counter()
    told = begun
    with tempfile.TemporaryDirectory() as folder, Reader(Path(folder)) as reader:
        for number in range(first, first + rounds):
            try:
                outcomes += LAYERS[layer](reader, number)
            except Exception:
                outcomes["failed"] += 1
                print(f"{layer} {number}: {traceback.format_exc(limit=-4)}", flush=True)
                reader.renew()
            if time.perf_counter() - told > TOLD_EVERY:
                told = time.perf_counter()
                print(f"{layer} {number}: {dict(outcomes)}", file=sys.stderr, flush=True)
    seconds = time.perf_counter() - begun
    print(f"{layer}: {outcomes['cases']:,} cases in {seconds:,.0f} s, {outcomes['failed']:,} failed")
    for outcome, count in sorted((+outcomes).items()):
        print(f"    {outcome}: {count:,}", flush=True)
    return outcomes


if __name__ == "__main__":
    main()
