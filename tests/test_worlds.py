import dataclasses

import numpy as np
import pytest

from benchmarks.leaks import oracle, overlap, score, summary
from benchmarks.worlds import RECIPES, Recipe, build, members

SMALL = tuple(dataclasses.replace(recipe, sessions=20_000) for recipe in RECIPES)


@pytest.mark.parametrize("recipe", SMALL, ids=lambda recipe: recipe.name)
def test_a_world_is_what_its_recipe_says(recipe):
    world = build(recipe, 11)
    assert world.cells.sessions.sum() == recipe.sessions
    assert len(world.leaks) == recipe.leaks
    assert world.cells.sessions @ world.clean == pytest.approx(0.03 * recipe.sessions, rel=0.05)
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
