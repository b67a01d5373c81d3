import datetime as dt

import numpy as np
import pytest
from builders import session, sessions, store_of

from queries.cells import Cells
from queries.cube import ask_cells
from queries.engine import Engine
from queries.filters import FilterError, Filters
from queries.funnel import CHECKOUT
from queries.metrics import QuestionError

TWO = ("device_category", "source")


@pytest.fixture
def engine(tmp_path):
    rows = [
        *sessions(5, device_category="mobile", source="google"),
        *sessions(3, device_category="mobile", source="bing", pageviews=6),
        *sessions(2, device_category="desktop", source="google", pageviews=12, transactions=2, revenue=50),
        *sessions(1, device_category="desktop", source="mail", pageviews=12),
        session(device_category="desktop", source="' or 1=1 --", session_date=dt.date(2017, 8, 1)),
    ]
    return Engine(store_of(tmp_path / "store", rows))


def named(cells: Cells) -> dict[tuple[str, ...], tuple[float, float, float]]:
    """Return what each named combination holds."""
    return {
        tuple(names[code] for names, code in zip(cells.labels, codes, strict=True)): (count, converted, revenue)
        for codes, count, converted, revenue in zip(
            cells.codes, cells.sessions, cells.conversions, cells.revenue, strict=True
        )
    }


def test_each_combination_is_one_cell_with_its_sums(engine):
    cells = ask_cells(engine, TWO)
    assert named(cells) == {
        ("mobile", "google"): (5, 0, 0),
        ("mobile", "bing"): (3, 0, 0),
        ("desktop", "google"): (2, 2, 100),
        ("desktop", "mail"): (1, 0, 0),
        ("desktop", "' or 1=1 --"): (1, 0, 0),
    }
    assert cells.orders.tolist() == [50, 50]
    assert cells.onward == 1


def test_values_after_the_largest_are_other(engine):
    cells = ask_cells(engine, TWO, top=2)
    assert named(cells)[("desktop", "(other)")] == (2, 0, 0)
    assert cells.labels == (("(other)", "mobile", "desktop"), ("(other)", "google", "bing"))
    assert cells.sessions.sum() == 12


def test_a_step_counts_who_reached_it_and_who_completed_it(engine):
    cells = ask_cells(engine, TWO, step="Engaged")
    assert named(cells) == {
        ("mobile", "bing"): (3, 0, 0),
        ("desktop", "google"): (2, 2, 100),
        ("desktop", "mail"): (1, 1, 0),
    }
    assert cells.onward == pytest.approx(2 / 3)


def test_filters_apply_and_their_values_stay_values(engine):
    wanted = Filters.of(include={"source": ["' or 1=1 --"]})
    assert named(ask_cells(engine, TWO, wanted)) == {("desktop", "' or 1=1 --"): (1, 0, 0)}
    assert ask_cells(engine, TWO, Filters.of(date_to=dt.date(2017, 7, 31))).sessions.sum() == 11
    assert len(ask_cells(engine, TWO, Filters.of(include={"source": ["nowhere"]})).codes) == 0


def test_what_cannot_be_asked_is_named(engine):
    with pytest.raises(QuestionError, match='"Converted" is no step of the Engagement funnel that can be completed'):
        ask_cells(engine, TWO, step="Converted")
    with pytest.raises(FilterError, match='"shoe_size" is not a dimension'):
        ask_cells(engine, ("shoe_size",))


def test_cells_of_sql_and_cells_of_rows_are_the_same(tmp_path):
    rng = np.random.default_rng(1)
    drawn = {
        "device_category": rng.choice(["mobile", "desktop"], 300),
        "source": rng.choice(list("abc"), 300),
        "country": rng.choice(["DE", "FR"], 300),
        "transactions": rng.integers(0, 2, 300).tolist(),
    }
    rows = [session(pageviews=9, **{name: column[row] for name, column in drawn.items()}) for row in range(300)]
    names = ("device_category", "source", "country")
    built = Cells.of(names, [[row[name] for row in rows] for name in names], np.ones(300),
                     [row["transactions"] for row in rows])  # fmt: skip
    assert named(ask_cells(Engine(store_of(tmp_path / "store", rows)), names)) == named(built)


def test_a_funnel_with_unknown_steps_gives_no_cells_for_them(engine):
    assert ask_cells(engine, TWO, funnel=CHECKOUT, step="Added to cart").sessions.sum() == 2
