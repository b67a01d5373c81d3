"""The rules that others rank segments by, on the same segments: what the leak list is measured against."""

import numpy as np
from scipy.stats import norm

from benchmarks.worlds import World
from queries.baseline import Design
from queries.null import rejected
from queries.scan import Candidates

POSTHOG_COUNT, POSTHOG_SHARE, POSTHOG_ROWS = 25, 0.02, 10
Segments = list[tuple[tuple[int, int], ...]]


def segments_of(world: World) -> Candidates:
    """Return the segments that the leak list judges."""
    cells = world.cells
    support = max(200.0, 0.002 * cells.sessions.sum())
    return Candidates.of(cells, Design.of(cells.codes, cells.sizes), range(2, 4), support)


def lowest_rate(world: World) -> Segments:
    """List the segments by their raw conversion rate, lowest first."""
    candidates = segments_of(world)
    return _listed(candidates, candidates.conversions / candidates.sessions, np.ones(len(candidates), dtype=bool))


def lost_against_overall(world: World) -> Segments:
    """List the segments below the overall rate by the conversions they lack."""
    candidates, rate = segments_of(world), _rate(world)
    lost = candidates.sessions * rate - candidates.conversions
    return _listed(candidates, -lost, lost > 0)


def half_of_overall(world: World) -> Segments:
    """List the segments below half of the overall rate by sessions: a scorecard's traffic light."""
    candidates, rate = segments_of(world), _rate(world)
    return _listed(candidates, -candidates.sessions, candidates.conversions < 0.5 * rate * candidates.sessions)


def z_against_the_rest(world: World) -> Segments:
    """List the segments whose two-proportion z against the rest survives Benjamini-Hochberg at 10 %, smallest first."""
    candidates, cells = segments_of(world), world.cells
    total, converted = cells.sessions.sum(), cells.conversions.sum()
    rest, rest_converted = total - candidates.sessions, converted - candidates.conversions
    pooled = converted / total
    spread = np.sqrt(pooled * (1 - pooled) * (1 / candidates.sessions + 1 / rest))
    z = (candidates.conversions / candidates.sessions - rest_converted / rest) / spread
    return _listed(candidates, z, rejected(norm.cdf(z), 0.10) & (z < 0))


def odds_ratio(world: World) -> Segments:
    """List ten segments by PostHog's odds ratio of converting: at least min(25, 2 %) sessions, one added to each count.

    Source: PostHog's funnel correlation, MIN_PERSON_COUNT, MIN_PERSON_PERCENTAGE and PRIOR_COUNT as of 2026.
    """
    cells = world.cells
    support = min(POSTHOG_COUNT, POSTHOG_SHARE * cells.sessions.sum())
    candidates = Candidates.of(cells, Design.of(cells.codes, cells.sizes), range(2, 4), support)
    converted = candidates.conversions + 1
    lost = candidates.sessions - candidates.conversions + 1
    rest_converted = cells.conversions.sum() - candidates.conversions + 1
    rest_lost = cells.sessions.sum() - cells.conversions.sum() - (candidates.sessions - candidates.conversions) + 1
    ratio = (converted / lost) / (rest_converted / rest_lost)
    return _listed(candidates, ratio, ratio < 1)[:POSTHOG_ROWS]


def slice_score(world: World, size_weight: float = 0.95) -> Segments:
    """List the segments by SliceLine's score a (e_s / e - 1) - (1 - a)(n / n_s - 1) of the error of not converting.

    Source: Sagadeeva, Boehm (SIGMOD 2021), with their a = .95.
    """
    candidates, total = segments_of(world), world.cells.sessions.sum()
    error = 1 - candidates.conversions / candidates.sessions
    score = size_weight * (error / (1 - _rate(world)) - 1) - (1 - size_weight) * (total / candidates.sessions - 1)
    return _listed(candidates, -score, score > 0)


RULES = {
    "lowest rate": lowest_rate,
    "lost against overall": lost_against_overall,
    "the original's scorecard": half_of_overall,
    "z and BH": z_against_the_rest,
    "odds ratio": odds_ratio,
    "SliceLine": slice_score,
}


def _rate(world: World) -> float:
    return float(world.cells.conversions.sum() / world.cells.sessions.sum())


def _listed(candidates: Candidates, ranking: np.ndarray, chosen: np.ndarray) -> Segments:
    order = np.argsort(ranking, kind="stable")
    return [candidates.key(int(place)) for place in order[chosen[order]]]
