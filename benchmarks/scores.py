"""How a list of segments did in a world with planted leaks: recall, precision, false rows, coverage, by size."""

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.worlds import World, members
from queries.leak_report import LeakReport

ROWS = 8
HIT = 0.5
LOST = (0, 10, 20, 40, 80, 160, np.inf)
FLOORS = {
    "base 100 k": (0.60, 0.80),
    "base 300 k": (0.82, 0.90),
    "dense sd .1, 300 k": (0.70, 0.90),
}
MOST_FALSE = 0.30


@dataclass(frozen=True, slots=True)
class Score:
    """Hold how one list did in one world: planted leaks, those found, rows shown, rows that hit, seconds.

    `warned` says that its header took the stated share of false rows back.
    """

    planted: int
    found: int
    shown: int
    hits: int
    listed: int
    seconds: float
    sizes: tuple[tuple[float, bool], ...] = ()
    covered: tuple[tuple[bool, bool, bool], ...] = ()
    relative: tuple[float, ...] = ()
    warned: bool = False


def overlap(world: World, first: np.ndarray, second: np.ndarray) -> float:
    """Return intersection over union of two sets of cells, by sessions."""
    sessions = world.cells.sessions
    return float(sessions[first & second].sum() / sessions[first | second].sum())


def score(world: World, segments: list, seconds: float, report: LeakReport | None = None) -> Score:
    """Score the first rows of a list of segments (in codes) against what was planted."""
    planted = [members(world.cells.codes, leak.segment) for leak in world.leaks]
    shown = [members(world.cells.codes, segment) for segment in segments[:ROWS]]
    table = np.array([[overlap(world, row, truth) for truth in planted] for row in shown]).reshape(
        len(shown), len(planted)
    )
    found = np.asarray((table >= HIT).any(axis=0) if len(shown) else np.zeros(len(planted), dtype=bool))
    hits = int((table >= HIT).any(axis=1).sum()) if len(planted) else 0
    sizes = tuple((leak.lost, bool(found[place])) for place, leak in enumerate(world.leaks))
    covered, relative = [], []
    if report is not None:
        for place, (row, leak) in enumerate(zip(segments[:ROWS], report.leaks, strict=False)):
            for truth, planted_leak in enumerate(world.leaks):
                if tuple(row) == planted_leak.segment and table[place, truth] >= HIT:
                    covered.append(_covered(leak, planted_leak))
                    relative.append(leak.recoverable_conversions.median / planted_leak.lost)
    return Score(len(planted), int(found.sum()), len(shown), hits, len(segments), seconds, sizes, tuple(covered),
                 tuple(relative), report is not None and report.mirrored > 0)  # fmt: skip


def _covered(leak, planted) -> tuple[bool, bool, bool]:
    low, high = leak.ratio_interval
    lost, money = leak.recoverable_conversions, leak.revenue_at_stake
    return (
        low <= planted.factor <= high,
        lost.low <= planted.lost <= lost.high,
        money.low <= planted.revenue <= money.high,
    )


def summary(scores: list[Score]) -> dict[str, float]:
    """Return recall and precision over worlds with their standard errors (jackknife), coverage and run time."""
    planted, found, shown, hits = (
        np.array([getattr(entry, name) for entry in scores], dtype=float)
        for name in ("planted", "found", "shown", "hits")
    )
    recall, recall_error = _ratio(found, planted)
    precision, precision_error = _ratio(hits, shown)
    covered = np.array([row for entry in scores for row in entry.covered], dtype=float).reshape(-1, 3)
    relative = np.array([value for entry in scores for value in entry.relative])
    listed = np.array([entry.listed for entry in scores], dtype=float)
    false_rows = listed - hits
    return {
        "worlds": len(scores), "recall": recall, "recall_se": recall_error, "precision": precision,
        "precision_se": precision_error, "rows": float(shown.mean()), "false_rows": float(false_rows.mean()),
        "false_rows_se": float(false_rows.std(ddof=1) / np.sqrt(len(scores))) if len(scores) > 1 else float("nan"),
        "seconds": float(np.mean([entry.seconds for entry in scores])), "covered_rows": len(covered),
        "coverage_ratio": float(covered[:, 0].mean()) if len(covered) else float("nan"),
        "coverage_lost": float(covered[:, 1].mean()) if len(covered) else float("nan"),
        "coverage_revenue": float(covered[:, 2].mean()) if len(covered) else float("nan"),
        "warned": float(np.mean([entry.warned for entry in scores])),
        "estimate_over_truth": float(np.median(relative)) if len(relative) else float("nan"),
    }  # fmt: skip


def _ratio(part: np.ndarray, whole: np.ndarray) -> tuple[float, float]:
    if whole.sum() == 0:
        return float("nan"), float("nan")
    value, count = part.sum() / whole.sum(), len(part)
    left = (part.sum() - part) / np.maximum(whole.sum() - whole, 1e-9)
    return float(value), float(np.sqrt((count - 1) / count * ((left - left.mean()) ** 2).sum()))


def by_size(scores: list[Score]) -> list[tuple[str, int, float]]:
    """Return for each class of expected lost conversions its name, how many leaks were planted, the share found."""
    sizes = np.array([pair for entry in scores for pair in entry.sizes], dtype=float).reshape(-1, 2)
    rows = []
    for low, high in pairwise(LOST):
        inside = (sizes[:, 0] >= low) & (sizes[:, 0] < high)
        name = f"{low:g}+" if high == np.inf else f"{low:g}-{high:g}"
        rows.append((name, int(inside.sum()), float(sizes[inside, 1].mean()) if inside.any() else float("nan")))
    return rows


def of_json(entry: dict) -> Score:
    """Return a score that was written as JSON."""
    kept: dict[str, Any] = {column.name: entry[column.name] for column in fields(Score)}
    kept |= {name: tuple(tuple(row) for row in kept[name]) for name in ("sizes", "covered")}
    kept["relative"] = tuple(kept["relative"])
    return Score(**kept)


def below_floor(name: str, figures: dict[str, float]) -> list[str]:
    """Return in words each score of a kind of world that is below its floor."""
    wrong = []
    if name in FLOORS:
        for score_name, floor in zip(("recall", "precision"), FLOORS[name], strict=True):
            if figures[score_name] < floor:
                wrong.append(f"{name}: {score_name} is {figures[score_name]:.3f}, below its floor of {floor:.2f}")
    elif figures["false_rows"] > MOST_FALSE:
        wrong.append(f"{name}: {figures['false_rows']:.2f} false rows a run, above the limit of {MOST_FALSE:.2f}")
    return wrong
