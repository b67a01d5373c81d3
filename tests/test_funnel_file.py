"""Funnels of one's own: read from TOML, used like the built-in ones, and refused with the line at fault."""

import pytest
from builders import session, store_of

from queries.engine import Engine
from queries.funnel import CHECKOUT, ENGAGEMENT, FUNNELS, Funnel, Step
from queries.funnel_file import FunnelError, funnels_of, read_funnels

GOOD = """\
[[funnel]]
name = "Product to order"

[[funnel.step]]
name = "Viewed item"
when = "viewed_item"

[[funnel.step]]
name = "Ten pages"
when = "pageviews >= 10"

[[funnel.step]]
name = "Ordered"
when = "transactions > 0"
definition = "one order or more"
"""


def written(folder, text):
    path = folder / "funnels.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_funnel_is_read_with_its_steps(tmp_path):
    assert read_funnels(written(tmp_path, GOOD)) == (
        Funnel(
            "Product to order",
            (
                Step("Viewed item", "viewed item", "viewed_item", "is true"),
                Step("Ten pages", "≥ 10 pageviews", "pageviews", ">=", 10),
                Step("Ordered", "one order or more", "transactions", ">", 0),
            ),
        ),
    )


def test_a_store_has_the_built_in_funnels_and_its_own(tmp_path):
    assert funnels_of(tmp_path) == FUNNELS
    written(tmp_path, GOOD)
    assert [funnel.name for funnel in funnels_of(tmp_path)] == ["Engagement", "Checkout", "Product to order"]
    written(tmp_path, GOOD.replace("Product to order", "Checkout"))
    assert [funnel.name for funnel in funnels_of(tmp_path)] == ["Engagement", "Checkout"]
    assert len(funnels_of(tmp_path)[1].steps) == 3


def test_a_funnel_of_ones_own_is_counted_like_any_other(tmp_path):
    engine = Engine(store_of(tmp_path / "store", [session(viewed_item=True), session(pageviews=12), session()]))
    [funnel] = read_funnels(written(tmp_path, GOOD))
    assert [row["reached"] for row in engine.run("funnel", funnel=funnel).rows] == [2, 1, 0]


@pytest.mark.parametrize("funnel", [ENGAGEMENT, CHECKOUT], ids=lambda funnel: funnel.name)
def test_the_built_in_funnels_could_have_been_written_by_hand(tmp_path, funnel):
    lines = ["[[funnel]]", f'name = "{funnel.name}"']
    for step in funnel.steps:
        when = step.column if step.operator == "is true" else f"{step.column} {step.operator} {step.value}"
        lines += ["[[funnel.step]]", f'name = "{step.name}"', f'when = "{when}"', f'definition = "{step.definition}"']
    assert read_funnels(written(tmp_path, "\n".join(lines))) == (funnel,)


@pytest.mark.parametrize(
    ("broken", "line", "words"),
    [
        ('when = "viewed_item" and', 6, "is not TOML"),
        ('when = "viewd_item"', 6, '"viewd_item" is no condition'),
        ('when = "viewed_item >= 1"', 6, 'write when = "viewed_item"'),
        ('when = "revenue > 5"', 6, '"revenue > 5" is no condition'),
        ('when = "pageviews"', 6, 'write when = "pageviews >= 1"'),
        ('when = "pageviews > 1; drop"', 6, "is no condition"),
        ("when = 3", 6, "a step needs when"),
        ('whem = "viewed_item"', 6, '"whem" is not known'),
        ("", 4, "a step needs when"),
    ],
)
def test_a_fault_in_a_step_names_its_line(tmp_path, broken, line, words):
    text = GOOD.replace('when = "viewed_item"', broken, 1)
    with pytest.raises(FunnelError, match=f"line {line}\\b") as raised:
        read_funnels(written(tmp_path, text))
    assert words in str(raised.value)
    assert "funnels.toml" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "there is no funnel"),
        ("\nsteps = 3\n", 2, '"steps" is not known'),
        ("[[funnel]]\n[[funnel.step]]\n", 1, "needs a name"),
        ('[[funnel]]\nname = "A"\n[[funnel.step]]\nname = "B"\nwhen = "viewed_item"\n', 1, "two steps or more"),
        (GOOD.replace("Ten pages", "Ordered"), 13, 'two steps named "Ordered"'),
        (GOOD + "\n" + GOOD, 18, 'two funnels named "Product to order"'),
        (GOOD.replace("[[funnel.step]]", "colour = 1\n[[funnel.step]]", 1), 4, '"colour" is not known'),
    ],
)
def test_a_fault_in_a_funnel_names_its_line(tmp_path, text, line, words):
    with pytest.raises(FunnelError, match=f"line {line}\\b") as raised:
        read_funnels(written(tmp_path, text))
    assert words in str(raised.value)
