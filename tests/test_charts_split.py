"""The funnel's "By" is followed by the view's finding and by the completion card, whatever dimension it names."""

import datetime as dt

import pytest
from builders import sessions, store_of
from charts_builders import context, funnel_rows

from dashboard.ask import Ask
from dashboard.charts import completion_words, words
from dashboard.charts.registry import CHARTS
from dashboard.charts.completion import short_labels
from dashboard.charts.view_findings import FUNNEL
from dashboard.compute import answer
from dashboard.periods import Comparison, Days
from queries.engine import Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT

SHOWN = [chart for chart in CHARTS if chart.name in ("funnel", "completion")]
BROWSERS = {"Chrome": (900, 300), "Safari": (500, 180), "Edge": (400, 30), "Firefox": (300, 100), "Opera": (200, 60)}


def plain(text):
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Every session looks at a tenth page, one browser seldom buys; two small browsers come after the largest five."""
    rows = []
    for browser, (number, orders) in BROWSERS.items():
        shared = {"browser": browser, "pageviews": 12, "duration_seconds": 300}
        for device, part in (("desktop", 0.6), ("mobile", 0.4)):
            bought = round(orders * part)
            rows += sessions(round(number * part) - bought, device_category=device, **shared)
            rows += sessions(bought, device_category=device, transactions=1, revenue=20, **shared)
    for browser in ("Lynx", "Brave"):
        rows += sessions(40, browser=browser, device_category="desktop", pageviews=12)
    return Engine(store_of(tmp_path_factory.mktemp("split") / "store", rows))


def asked(engine, filters=None, **settings):
    return answer(engine, SHOWN, Ask(filters or Filters(), ENGAGEMENT, {"funnel": settings}, finding=FUNNEL))


def test_the_finding_and_the_completion_card_speak_of_the_chosen_dimension(engine):
    found = asked(engine, by="Browser")
    said = "Browsers differ most at the last step: Edge behind the other 4 largest, 8 % against 30 to 36 %"
    assert plain(found.finding[0]) == f"{said}."
    assert "convert with Edge (30 of 400)" in plain(found.finding[1])
    card = found.cards["completion"]
    assert plain(card["heading"]) == said
    assert card["table"]["headers"][1] == "Browser"
    assert "Split as the funnel above is: by browser. The 2 smaller ones stand together as others." in card["note"]


def test_a_tap_on_a_mark_filters_by_the_chosen_dimension_and_the_others_are_no_value(engine):
    held = asked(engine, by="Browser").cards["completion"]["sources"]["completion-2-devices"]
    assert held["dimension"] == ["browser"] * 6
    assert held["value"] == ["Chrome", "Safari", "Edge", "Firefox", "Opera", None]
    assert held["device"][-1] == "Others"


def test_without_a_choice_they_speak_of_devices(engine):
    found = asked(engine)
    said = "No device stands out at any step: the intervals overlap"
    assert found.finding[1] == f"{said}."
    assert found.cards["completion"]["heading"] == said
    assert "Split as" not in found.cards["completion"]["note"]


def test_of_two_dimensions_the_first_is_followed_and_the_note_says_so(engine):
    found = asked(engine, by="Browser", **{"and": "Device"})
    assert found.finding[0].startswith("Browsers differ most")
    assert "by browser, the first of its two dimensions." in found.cards["completion"]["note"]


def test_a_small_value_that_is_filtered_to_is_shown_by_its_own_name(engine):
    found = asked(engine, Filters.of(include={"browser": ["Lynx"]}), by="Browser")
    rows = found.cards["funnel"]["body"]["groups"][0]["rows"]
    assert [row["label"] for row in rows] == ["Chrome", "Safari", "Edge", "Firefox", "Opera", "Lynx", "Others"]
    assert "with Lynx" in found.cards["funnel"]["heading"]
    said = "Browsers differ most at the last step: Lynx behind 4 of 5 others, 0 % against 30 to 36 %"
    assert plain(found.cards["completion"]["heading"]) == said
    assert completion_words.compared_words(1, found.context, "browser") == "named"
    assert completion_words.compared_words(1, found.context, "source") == "largest"


def test_who_is_behind_more_than_anybody_is_ahead_is_the_one_that_stands_out():
    rows = [rows[2] for rows in words.by_segment(
        funnel_rows(a=(900, 900, 900, 400), b=(900, 900, 900, 420), c=(900, 900, 900, 90))
    ).values()]  # fmt: skip
    assert plain(completion_words.verdict(rows, "completion_rate", "reached", "source")) == (
        "c behind the others: 10 % against 44 to 47 %"
    )
    one = completion_words.heading({"a": [row | {"segment": "a"} for row in rows] * 2}, context(), "source")
    assert one == "One source only: a, nothing to compare"


def test_long_names_are_cut_in_their_middle_and_stay_apart():
    assert short_labels(["Chrome", "Samsung Internet"]) == ["Chrome", "Samsung Internet"]
    assert short_labels(["/shop/women/summer/dresses"]) == ["/shop/w…/dresses"]
    cut = short_labels(["/apparel/mens/t-shirts", "/apparel/kids/t-shirts"])
    assert len(set(cut)) == 2 and all("t-shirts" in each for each in cut)


def test_a_comparison_in_which_no_step_changed_says_so(tmp_path):
    def day(number):
        shared = {"session_date": dt.date(2017, 7, number), "device_category": "desktop"}
        return [
            *sessions(60, pageviews=2, **shared),
            *sessions(30, pageviews=12, **shared),
            *sessions(10, pageviews=12, transactions=1, revenue=9, **shared),
        ]

    own = Engine(store_of(tmp_path / "store", [row for number in (2, 3) for row in day(number)]))
    before = Comparison("previous", Days(dt.date(2017, 7, 2), dt.date(2017, 7, 2)))
    shown = Filters.of(dt.date(2017, 7, 3), dt.date(2017, 7, 3))
    _, line = answer(own, [], Ask(shown, ENGAGEMENT, {}, before, finding=FUNNEL)).finding
    assert plain(line).startswith("Against 2 Jul 2017 no step changed by more than chance.")
    _, alone = answer(own, [], Ask(shown, ENGAGEMENT, {}, finding=FUNNEL)).finding
    assert "no step changed" not in alone
