import dataclasses
import json

import numpy as np
import pytest

from benchmarks.leaks import oracle
from benchmarks.rules import RULES
from benchmarks.scores import below_floor, by_size, of_json, overlap, score, summary
from benchmarks.worlds import RECIPES, Recipe, build, members, thinned

SMALL = tuple(dataclasses.replace(recipe, sessions=20_000) for recipe in RECIPES)


@pytest.mark.parametrize("recipe", SMALL, ids=lambda recipe: recipe.name)
def test_a_world_is_what_its_recipe_says(recipe):
    world = build(recipe, 11)
    assert world.cells.sessions.sum() == recipe.sessions
    assert len(world.leaks) == recipe.leaks
    assert world.cells.sessions @ world.clean == pytest.approx(recipe.conversion * recipe.sessions, rel=0.05)
    assert ((world.clean > 0) & (world.clean < 1)).all()


def test_the_same_seed_gives_the_same_world_and_another_seed_another():
    first, again, other = (build(SMALL[0], seed) for seed in (3, 3, 4))
    assert np.array_equal(first.cells.conversions, again.cells.conversions)
    assert first.leaks == again.leaks != other.leaks


def test_a_leak_costs_what_is_written_beside_it():
    world = build(Recipe("one", sessions=50_000, leaks=1), 5)
    (leak,) = world.leaks
    inside = members(world.cells.codes, leak.segment)
    should = world.cells.sessions[inside] @ world.clean[inside]
    assert leak.lost == pytest.approx(should * (1 - leak.factor))
    assert 2 <= 1 / leak.factor <= 6
    assert world.cells.conversions[inside].sum() < should


def test_interactions_and_additive_rates_leave_the_class_of_the_model():
    plain, additive = build(Recipe("plain", 20_000), 2), build(Recipe("additive", 20_000, additive=True), 2)
    dense = build(Recipe("dense", 20_000, interactions=0.2), 2)
    assert np.array_equal(plain.cells.codes, additive.cells.codes)
    assert not np.allclose(plain.clean, additive.clean)
    assert np.std(np.log(dense.clean)) > np.std(np.log(plain.clean)) * 0.8


def test_in_the_simpson_world_the_follower_with_the_lowest_rate_has_the_highest_effect():
    world = build(Recipe("simpson", 200_000, leaks=0, simpson=True, sizes=(3, 6, 4, 5, 2, 3)), 4)
    codes, sessions = world.cells.codes, world.cells.sessions
    raw = np.bincount(codes[:, 3], sessions * world.clean) / np.bincount(codes[:, 3], sessions)
    rest = [tuple(row) for row in np.delete(codes, 3, axis=1)]
    low, high = int(raw.argmin()), int(raw.argmax())
    of_low = {key: rate for key, rate, code in zip(rest, world.clean, codes[:, 3], strict=True) if code == low}
    of_high = {key: rate for key, rate, code in zip(rest, world.clean, codes[:, 3], strict=True) if code == high}
    both = set(of_low) & set(of_high)
    assert both
    assert all(of_low[key] > of_high[key] for key in both)


def test_thinned_rows_keep_their_mix_and_lose_only_what_was_planted():
    cells = build(SMALL[0], 3).cells
    lumped = dataclasses.replace(cells, labels=(("(other)", *cells.labels[0][1:]), *cells.labels[1:]))
    world = thinned(lumped, Recipe("W9", leaks=2), 5)
    assert np.array_equal(world.cells.sessions, cells.sessions)
    assert (world.cells.conversions <= cells.conversions).all()
    touched = np.zeros(len(cells.sessions), dtype=bool)
    for leak in world.leaks:
        assert (0, 0) not in leak.segment
        touched |= members(cells.codes, leak.segment)
    assert np.array_equal(world.cells.conversions[~touched], cells.conversions[~touched])


def test_scores_by_size_of_the_leak_and_floors():
    world = build(Recipe("two", sessions=50_000, leaks=2), 8)
    found = score(world, [leak.segment for leak in world.leaks], 0.0)
    assert sum(planted for _, planted, _ in by_size([found, found])) == 4
    assert of_json(json.loads(json.dumps(dataclasses.asdict(found)))) == found
    assert below_floor("base 300 k", {"recall": 0.9, "precision": 0.89}) == [
        "base 300 k: precision is 0.890, below its floor of 0.90"
    ]
    assert below_floor("base 300 k, no leak", {"false_rows": 0.1}) == []
    assert len(below_floor("base 300 k, no leak", {"false_rows": 0.5})) == 1


def test_each_rule_lists_segments_of_the_world_without_repeats():
    world = build(Recipe("one", sessions=50_000, leaks=1), 5)
    for name, listed in RULES.items():
        segments = listed(world)
        assert len(segments) == len(set(segments)), name
    assert len(RULES["odds ratio"](world)) == 10


def test_a_list_that_names_what_was_planted_scores_full_marks_and_one_that_does_not_none():
    world = build(Recipe("two", sessions=50_000, leaks=2), 8)
    right = score(world, [leak.segment for leak in world.leaks], 0.0)
    assert (right.found, right.hits, right.shown) == (2, 2, 2)
    everything = score(world, [((4, 0),), ((4, 1),)], 0.0)
    assert (everything.found, everything.hits) == (0, 0)
    inside = members(world.cells.codes, world.leaks[0].segment)
    assert overlap(world, inside, inside) == 1.0


def test_recall_and_precision_add_up_over_worlds():
    world = build(Recipe("two", sessions=50_000, leaks=2), 8)
    full = score(world, [leak.segment for leak in world.leaks], 1.0)
    half = score(world, [world.leaks[0].segment, ((4, 1),)], 1.0)
    figures = summary([full, half])
    assert (figures["recall"], figures["precision"], figures["false_rows"]) == (0.75, 0.75, 0.5)


def test_the_oracle_finds_large_leaks():
    world = build(Recipe("large", sessions=200_000, leaks=3, factors=(5.0, 6.0)), 9)
    found = oracle(world)
    assert sum(leak.lost > 50 for leak in world.leaks) == 2
    assert found.found >= 2


def test_where_order_values_differ_a_leak_costs_what_its_own_orders_are_worth():
    plain = build(Recipe("plain", sessions=50_000), 5)
    differing = build(Recipe("differing", sessions=50_000, order_spread=0.3), 5)
    assert np.array_equal(plain.cells.conversions, differing.cells.conversions)
    mean = np.exp(3.8 + 1.1**2 / 2)
    assert [leak.revenue for leak in plain.leaks] == pytest.approx([leak.lost * mean for leak in plain.leaks])
    apart = np.array([leak.revenue / leak.lost for leak in differing.leaks]) / mean
    assert 0.05 < np.log(apart).std() < 1.5
    for world in (plain, differing):
        assert world.cells.orders.sum() == pytest.approx(world.cells.revenue.sum())
