import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from queries.baseline import Design, fit_baseline
from queries.cells import Cells
from queries.gaps import medians_of_others
from queries.null import deviance, dispersion, dispersions, lower_p, rejected, upper_p
from queries.parents import parental_ratios
from queries.scan import Candidates, corrected, own_scan, scan

counts = st.floats(0, 400)
means = st.floats(0.5, 400)


def invented(seed: int = 3, sessions: int = 30_000) -> Cells:
    """Return cells of three correlated dimensions whose conversions have main effects only."""
    rng = np.random.default_rng(seed)
    device = rng.choice(3, sessions, p=[0.6, 0.3, 0.1])
    country = (rng.choice(5, sessions, p=[0.4, 0.2, 0.2, 0.1, 0.1]) + (device == 1)) % 5
    source = (rng.choice(4, sessions) + (country == 2)) % 4
    logit = -2.5 + np.array([0.3, -0.5, 0])[device] + np.array([0.5, -0.7, 0.2, 0, -0.3])[country]
    converted = rng.random(sessions) < 1 / (1 + np.exp(-logit))
    names = [[f"{letter}{number}" for number in range(size)] for letter, size in zip("dcs", (3, 5, 4), strict=True)]
    return Cells.of_codes(
        ("device", "country", "source"), names, np.column_stack([device, country, source]), np.ones(sessions), converted
    )


def looked_at(cells: Cells, min_sessions: float = 200):
    design = Design.of(cells.codes, cells.sizes)
    fit = fit_baseline(design, cells.sessions, cells.conversions)
    candidates = Candidates.of(cells, design, range(2, 4), min_sessions)
    return design, fit, candidates, scan(candidates, design, fit, cells.sessions)


@settings(deadline=None)
@given(st.integers(0, 400), means)
def test_without_dispersion_the_null_is_the_poisson_mid_p_at_whole_counts(count, mean):
    value = float(lower_p(np.array([float(count)]), np.array([mean]), np.array([0.0]))[0])
    below, at = stats.poisson.cdf(count - 1, mean), stats.poisson.cdf(count, mean)
    assert value == pytest.approx((below + at) / 2, rel=1e-6, abs=1e-12)


@settings(deadline=None)
@given(st.integers(0, 300), st.floats(1, 300), st.floats(0.01, 1))
def test_with_dispersion_the_null_is_the_mid_p_of_the_negative_binomial(count, mean, tau):
    size, share = 1 / tau**2, 1 / (1 + tau**2 * mean)
    value = float(lower_p(np.array([float(count)]), np.array([mean]), np.array([tau]))[0])
    below, at = stats.nbinom.cdf(count - 1, size, share), stats.nbinom.cdf(count, size, share)
    assert value == pytest.approx((below + at) / 2, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("mean", [8, 10, 15, 30, 100])
def test_the_null_calls_no_more_than_it_says(mean):
    counts = np.arange(0.0, 300.0)
    p = lower_p(counts, np.full(300, float(mean)), np.zeros(300))
    for level in (1e-4, 1e-3, 1e-2):
        called = counts[p <= level]
        truth = stats.poisson.cdf(called.max(), mean) if len(called) else 0.0
        assert truth <= 1.8 * level


@settings(deadline=None)
@given(counts, means, st.sampled_from([0.0, 0.05, 0.3]))
def test_the_two_tails_of_the_null_add_up_to_one(count, mean, tau):
    arguments = np.array([count]), np.array([mean]), np.array([tau])
    assert lower_p(*arguments)[0] + upper_p(*arguments)[0] == pytest.approx(1, abs=1e-9)


def test_the_null_worked_by_hand():
    value = lower_p(np.array([0.0]), np.array([2.0]), np.array([0.0]))[0]
    assert value == pytest.approx(math.exp(-2.0) / 2)


def test_benjamini_hochberg_worked_by_hand():
    p = np.array([0.001, 0.039, 0.008, 0.041, 0.06, 0.9])
    assert rejected(p, 0.10).tolist() == [True, True, True, True, True, False]
    assert rejected(p, 0.05).tolist() == [True, False, True, False, False, False]
    assert rejected(np.zeros(0), 0.1).tolist() == []


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.randoms())
def test_benjamini_hochberg_does_not_care_about_order(values, random):
    order = list(range(len(values)))
    random.shuffle(order)
    p = np.array(values)
    assert rejected(p[order], 0.1).tolist() == rejected(p, 0.1)[order].tolist()


def test_pure_chance_has_next_to_no_dispersion_and_real_spread_is_recovered():
    rng = np.random.default_rng(1)
    mean = rng.uniform(20, 400, 20_000)
    assert dispersion(rng.poisson(mean).astype(float), mean) < 0.03
    spread = rng.poisson(mean * rng.gamma(1 / 0.2**2, 0.2**2, len(mean))).astype(float)
    assert dispersion(spread, mean) == pytest.approx(0.2, abs=0.02)


def test_leaks_do_not_raise_the_dispersion():
    rng = np.random.default_rng(2)
    mean = rng.uniform(50, 400, 5_000)
    observed = rng.poisson(mean).astype(float)
    leaking = observed.copy()
    leaking[:500] *= 0.3
    assert dispersion(leaking, mean) <= dispersion(observed, mean) + 0.02


def test_an_order_with_few_segments_borrows_the_dispersion_of_all():
    rng = np.random.default_rng(4)
    mean = np.full(400, 200.0)
    observed = rng.poisson(mean * rng.gamma(25, 1 / 25, 400)).astype(float)
    taus = dispersions(observed, mean, np.array([2] * 390 + [3] * 10))
    assert taus[3] == dispersion(observed, mean)


def test_deviance_is_zero_at_expectation_and_twice_the_mean_at_none():
    assert deviance(np.array([7.0, 0.0]), np.array([7.0, 3.0])).tolist() == [0.0, 6.0]


def test_the_fit_reproduces_what_its_unpenalised_intercept_must():
    cells = invented()
    _, fit, _, _ = looked_at(cells)
    assert cells.sessions @ fit.rate == pytest.approx(cells.conversions.sum(), rel=1e-3)


def test_the_fit_recovers_main_effects():
    _, fit, _, _ = looked_at(invented(sessions=200_000))
    device, country = fit.parameters[1:4], fit.parameters[4:9]
    assert device[1] - device[0] == pytest.approx(-0.8, abs=0.15)
    assert country[1] - country[0] == pytest.approx(-1.2, abs=0.15)
    assert abs(fit.curvature) < 0.3


def test_leverage_gives_back_what_a_refit_without_the_segment_expects():
    cells = invented(sessions=100_000)
    design, fit, candidates, looked = looked_at(cells)
    segment = int(np.argmax(candidates.sessions))
    members = candidates.members(segment)
    alone = fit_baseline(design, cells.sessions, cells.conversions, (members,), fit)
    own = own_scan(candidates, design, alone, cells, (segment,))
    assert looked.leverage[segment] > 0.3
    assert own.expected[0] == pytest.approx(looked.expected[segment], rel=0.02)
    assert own.leverage[0] == pytest.approx(looked.leverage[segment], rel=0.1)


def test_each_segment_counts_what_its_cells_count():
    cells = invented()
    _, _, candidates, _ = looked_at(cells)
    for segment in range(len(candidates)):
        inside = np.ones(len(cells.sessions), dtype=bool)
        for dimension, value in candidates.key(segment):
            inside &= cells.codes[:, dimension] == value
        assert np.array_equal(np.nonzero(inside)[0], candidates.members(segment))
        assert candidates.sessions[segment] == cells.sessions[inside].sum() >= 200
        assert candidates.conversions[segment] == cells.conversions[inside].sum()


def test_a_segment_that_repeats_a_shorter_one_is_left_out():
    cells = Cells.of(
        ("device", "system"),
        [["phone"] * 2 + ["desk"] * 2, ["ios", "ios", "mac", "win"]],
        [300, 300, 300, 300],
        [9, 9, 9, 9],
    )
    candidates = Candidates.of(cells, Design.of(cells.codes, cells.sizes), range(1, 3), 200)
    named = [tuple(cells.labels[place][value] for place, value in candidates.key(s)) for s in range(len(candidates))]
    assert ("phone", "ios") not in named
    assert ("phone",) in named
    assert ("desk", "mac") not in named


def test_duplicating_the_cells_doubles_the_square_of_z_at_the_same_fit():
    cells = invented(sessions=60_000)
    _, fit, candidates, looked = looked_at(cells)
    z = (looked.observed - looked.mean) ** 2 / looked.mean
    fitted, variance = candidates.sums(cells.sessions * fit.rate, fit.weight).T
    doubled = corrected(2 * candidates.conversions, 2 * fitted, 2 * variance, looked.leverage)
    assert (doubled.observed - doubled.mean) ** 2 / doubled.mean == pytest.approx(2 * z)
    both = Cells.of_codes(
        cells.dimensions, cells.labels, np.vstack([cells.codes] * 2), np.tile(cells.sessions, 2),
        np.tile(cells.conversions, 2),
    )  # fmt: skip
    _, _, _, again = looked_at(both, 400)
    twice = (again.observed - again.mean) ** 2 / again.mean
    assert np.median(twice[z > 1] / z[z > 1]) == pytest.approx(2, rel=0.05)


def test_a_parent_that_runs_below_expectation_lowers_what_its_children_should_have():
    cells = invented(sessions=400_000)
    low = (cells.codes[:, 0] == 2) & (cells.codes[:, 1] == 2)
    halved = dataclasses.replace(cells, conversions=np.where(low, np.floor(cells.conversions / 2), cells.conversions))
    _, _, candidates, looked = looked_at(halved)
    assert (parental_ratios(candidates, looked, 0.0) == 1).all()
    ratios = parental_ratios(candidates, looked, 0.2)
    assert (ratios[candidates.orders == 2] == 1).all()
    children = np.array([s for s in range(len(candidates)) if set(candidates.key(s)) > {(0, 2), (1, 2)}])
    children = children[looked.testable[children]]
    assert len(children) >= 3
    before = np.log(candidates.conversions[children] / looked.expected[children])
    after = before - np.log(ratios[children])
    assert (before < -0.2).all()
    assert (np.abs(after) < 0.6 * np.abs(before)).all()


@settings(deadline=None, max_examples=10)
@given(st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_names_of_values_change_the_scan(random):
    cells = invented()
    rows = list(range(len(cells.codes)))
    random.shuffle(rows)
    renamed = [list(range(size)) for size in cells.sizes]
    for names in renamed:
        random.shuffle(names)
    codes = np.column_stack([np.array(names)[cells.codes[rows, place]] for place, names in enumerate(renamed)])
    other = Cells.of_codes(cells.dimensions, cells.labels, codes, cells.sessions[rows], cells.conversions[rows])
    _, _, candidates, looked = looked_at(cells)
    _, _, shuffled, again = looked_at(other)
    places = {shuffled.key(segment): segment for segment in range(len(shuffled))}
    for segment in range(len(candidates)):
        key = tuple((place, renamed[place][value]) for place, value in candidates.key(segment))
        assert again.expected[places[key]] == pytest.approx(looked.expected[segment], rel=1e-6)
        assert again.mean[places[key]] == pytest.approx(looked.mean[segment], rel=1e-6)


def test_nothing_that_is_lumped_together_is_judged():
    cells = invented()
    lumped = dataclasses.replace(cells, labels=(("d0", "d1", "(other)"), *cells.labels[1:]))
    _, _, all_of_them, _ = looked_at(cells)
    _, _, candidates, _ = looked_at(lumped)
    keys = {candidates.key(segment) for segment in range(len(candidates))}
    assert keys == {key for key in map(all_of_them.key, range(len(all_of_them))) if (0, 2) not in key}
    assert keys


@given(st.integers(2, 12), st.integers(0, 2**32 - 1), st.booleans())
def test_the_median_of_the_others_is_that_of_the_column_without_the_number(rows, seed, tied):
    numbers = np.random.default_rng(seed).random((rows, 7)).round(1 if tied else 9)
    expected = [np.median(np.delete(numbers, place, axis=0), axis=0) for place in range(rows)]
    np.testing.assert_array_equal(medians_of_others(numbers), expected)


@pytest.mark.parametrize("most", [0, 10**6])
def test_the_sums_of_a_segment_are_those_of_its_cells_from_small_tables_or_not(most):
    cells = invented(sessions=3000)
    design = Design.of(cells.codes, cells.sizes)
    candidates = Candidates.of(cells, design, range(2, 4), 50)
    candidates.keys.most = most
    column = np.random.default_rng(1).random(len(cells.codes))
    few = np.arange(0, len(column), 3)
    sums, shared = candidates.sums(column)[:, 0], candidates.shared(few, column[few])
    for segment in range(len(candidates)):
        inside = np.all([cells.codes[:, place] == value for place, value in candidates.key(segment)], axis=0)
        np.testing.assert_array_equal(candidates.members(segment), np.nonzero(inside)[0])
        assert candidates.conversions[segment] == cells.conversions[inside].sum()
        assert sums[segment] == pytest.approx(column[inside].sum())
        assert shared[segment] == pytest.approx(column[few][inside[few]].sum())
