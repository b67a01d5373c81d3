"""Measure how often the interval of the mean order value holds the true mean, on orders whose true mean is known.

    python -m benchmarks.order_intervals --samples 1000 --seed 60000
    python -m benchmarks.order_intervals --store DIR
    python -m benchmarks.order_intervals --short

Each sample is drawn from one shape of orders: log-normal, Pareto, or the orders of a store with a Pareto tail in place
of their largest tenth. Seeds below 10000 were used for tuning.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from queries.cube import ask_cells
from queries.engine import Engine
from queries.revenue import Estimate, Floats, draw_order_values
from queries.store import Store

INTERVAL = 0.8
SIZES = (30, 100, 300, 1000, 5000)
TAIL_SHARE = 0.1
SHORT = 200
SHORT_SIZES = (30, 300, 5000)
FLOORS = 0.70, 0.99
MOST_OFF = 0.20
"""Of the short form: coverage between these, for it has a standard error of .03 in 200 samples; and the median estimate
no further than this from the truth."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Hold one shape of orders: how so many are drawn, and their true mean."""

    name: str
    draw: Callable[[np.random.Generator, int], Floats]
    mean: float


def log_normal(spread: float) -> Shape:
    """Return orders whose logarithms are normal with this standard deviation."""
    return Shape(f"log-normal, {spread:g}", lambda rng, count: rng.lognormal(0.0, spread, count), np.exp(spread**2 / 2))


def pareto(index: float) -> Shape:
    """Return orders from 1 up with this tail index: the share above x is x ** -index."""
    return Shape(f"Pareto, {index:g}", lambda rng, count: 1.0 + rng.pareto(index, count), index / (index - 1.0))


def mixed(name: str, body: Floats, edge: float, index: float) -> Shape:
    """Return orders that are resampled from `body` nine times in ten, else Pareto from `edge` up."""

    def draw(rng: np.random.Generator, count: int) -> Floats:
        orders, large = rng.choice(body, count), rng.random(count) < TAIL_SHARE
        orders[large] = edge * (1.0 + rng.pareto(index, large.sum()))
        return orders

    mean = (1.0 - TAIL_SHARE) * body.mean() + TAIL_SHARE * edge * index / (index - 1.0)
    return Shape(f"{name}, Pareto tail {index:g}", draw, float(mean))


def resampled(name: str, orders: Floats) -> Shape:
    """Return orders that are resampled as they are."""
    return Shape(f"{name}, resampled", lambda rng, count: rng.choice(orders, count), float(orders.mean()))


SHAPES = (
    log_normal(0.5), log_normal(1.0), log_normal(1.5), pareto(2.5), pareto(2.0), pareto(1.5),
    Shape("gamma, 2", lambda rng, count: rng.gamma(2.0, 1.0, count), 2.0),
    Shape("equal", lambda _, count: np.full(count, 40.0), 40.0),
)  # fmt: skip


def shapes_of(store: Path) -> tuple[Shape, ...]:
    """Return shapes made of the orders of a store."""
    orders = ask_cells(Engine(Store(store))).orders
    edge = float(np.quantile(orders, 1.0 - TAIL_SHARE))
    tails = (mixed("the store's", orders[orders <= edge], edge, index) for index in (2.0, 1.5))
    return (resampled("the store's", orders), *tails)


@dataclass(frozen=True, slots=True)
class Figures:
    """Hold what became of the samples of one shape and size.

    `held` is the share of intervals with the true mean in them, `above` that of those which lie above it; `median` is
    the median estimate over the truth, `width` the median of high over low.
    """

    held: float
    above: float
    median: float
    width: float
    milliseconds: float


def measured(shape: Shape, size: int, seeds: range) -> Figures:
    """Draw one sample a seed, and its interval."""
    estimates, started, spent = [], 0.0, 0.0
    for seed in seeds:
        rng = np.random.default_rng([seed, size])
        orders = shape.draw(rng, size)
        started = time.perf_counter()
        drawn = draw_order_values(orders, rng)
        spent += time.perf_counter() - started
        estimates.append(Estimate.of(drawn, INTERVAL))
    low, median, high = (np.array([getattr(each, end) for each in estimates]) for end in ("low", "median", "high"))
    near = shape.mean * 1e-9
    held = (low <= shape.mean + near) & (shape.mean - near <= high)
    return Figures(
        float(held.mean()), float((low > shape.mean + near).mean()), float(np.median(median) / shape.mean),
        float(np.median(high / low)), 1e3 * spent / len(seeds),
    )  # fmt: skip


def lines(shapes: tuple[Shape, ...], seeds: range) -> Iterator[str]:
    """Give a table: coverage, median over truth and width of each shape and size."""
    yield f"| orders | {' | '.join(f'n = {size}' for size in SIZES)} |\n|{'---|' * (len(SIZES) + 1)}"
    slowest = 0.0
    for shape in shapes:
        found = [measured(shape, size, seeds) for size in SIZES]
        slowest = max(slowest, *(each.milliseconds for each in found))
        cells = (f"{each.held:.2f} ({each.above:.2f}) {each.median:.2f} x{each.width:.2f}" for each in found)
        yield f"| {shape.name} | {' | '.join(cells)} |"
    yield f"\nShare that hold (that lie above), median / truth, high / low; {slowest:.1f} ms at the slowest."


def short(seed: int) -> int:
    """Compare a few samples with floors; return the exit code."""
    wrong = 0
    for shape in SHAPES:
        for size in SHORT_SIZES:
            found = measured(shape, size, range(seed, seed + SHORT))
            least, most = FLOORS if found.width > 1.0 + 1e-9 else (1.0, 1.0)
            bad = not least <= found.held <= most or abs(found.median - 1.0) > MOST_OFF
            print(
                f"{shape.name}, {size}: {found.held:.2f} hold, {least:.2f} to {most:.2f} is asked; "
                f"median {found.median:.2f} of the truth{' WRONG' if bad else ''}"
            )
            wrong |= bad
    return int(wrong)


def main() -> None:
    """Print a table, or compare with floors."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--samples", type=int, default=1000)
    ask.add_argument("--seed", type=int, default=60_000)
    ask.add_argument("--store", type=Path, help="the orders of this store, instead of invented ones")
    ask.add_argument("--short", action="store_true", help="a few samples against floors; fails below them")
    args = ask.parse_args()
    if args.short:
        sys.exit(short(args.seed))
    for line in lines(shapes_of(args.store) if args.store else SHAPES, range(args.seed, args.seed + args.samples)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
