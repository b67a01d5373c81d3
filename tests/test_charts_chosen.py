"""A chart that shows a dimension keeps all its values when one is chosen: its words are then about the chosen one."""

import pytest
from builders import session, sessions, store_of
from charts_builders import day

from dashboard.ask import Ask
from dashboard.charts import view_findings
from dashboard.charts.chosen import chosen_against, comparison_note
from dashboard.charts.registry import CHARTS
from dashboard.compute import answer
from queries.check import Check
from queries.engine import Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT

SHOWN = [
    chart for chart in CHARTS if chart.name in ("funnel", "completion", "durations", "countries", "places", "sources")
]


def plain(text):
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    rows = []
    for device, source, country, count, orders in (
        ("desktop", "google", "US", 900, 90),
        ("mobile", "google", "BR", 380, 4),
        ("mobile", "youtube.com", "GB", 300, 6),
    ):
        shared = {"device_category": device, "source": source, "country": country}
        rows += sessions(count, pageviews=6, operating_system="Android" if device == "mobile" else "Windows", **shared)
        rows += sessions(orders, transactions=1, revenue=20, pageviews=12, duration_seconds=500, **shared)
    for number in range(14):
        rows += sessions(20, device_category="desktop", country=f"Z{chr(65 + number)}", source=f"site{number}")
    rows += [session(device_category="desktop", country="MT", source="rare"), session(source="rare", country="MT")]
    return Engine(store_of(tmp_path_factory.mktemp("chosen") / "store", rows))


def asked(engine, filters, finding=None):
    settings = {chart.name: {name: default for name, (_, default) in chart.settings.items()} for chart in CHARTS}
    return answer(engine, SHOWN, Ask(filters, ENGAGEMENT, settings, finding=finding))


def test_a_chosen_country_is_set_against_all_others_in_headline_card_and_list(engine):
    found = asked(engine, Filters.of(include={"country": ["MT"]}), view_findings.GEOGRAPHY)
    said = "Malta converts at 0 % (0 of 2), all others at 5.10 % (100 of 1,960): the intervals overlap"
    assert plain(found.finding[0]) == f"{said}."
    assert plain(found.cards["countries"].heading) == said
    assert plain(found.cards["places"].heading) == "Malta is 18th of 18 countries by sessions: 0 % (0 of 2) converted"
    [row] = [row for row in found.cards["countries"].body["rows"] if row["cells"][0]["text"] == "Malta"]
    assert row["kind"] == "selected"
    assert found.cards["countries"].note.startswith("Country is Malta; the others are shown here too")


def test_a_source_that_is_not_among_the_largest_has_its_row_when_chosen(engine):
    card = asked(engine, Filters.of(include={"source": ["rare"]})).cards["sources"]
    assert plain(card.heading) == (
        "rare converts at 0 % (0 of 2), all others at 5.10 % (100 of 1,960): the intervals overlap"
    )
    names = [(row["cells"][0]["text"], row["cells"][1]["text"], row["kind"]) for row in card.body["rows"]]
    assert ("rare", "2", "selected") in names
    whole = asked(engine, Filters()).cards["sources"].body["rows"]
    [more], [rest] = ([row["cells"] for row in rows if "more" in row["cells"][0]["text"]]
                      for rows in (card.body["rows"], whole))  # fmt: skip
    assert (plain(more[0]["text"]), plain(rest[0]["text"])) == ("6 more sources", "7 more sources")
    assert int(rest[1]["text"]) - int(more[1]["text"]) == 2


def test_the_funnel_is_about_the_chosen_device_with_the_others_beside_it(engine):
    card = asked(engine, Filters.of(include={"device_category": ["mobile"]})).cards["funnel"]
    assert (
        plain(card.heading)
        == "99 % of engaged sessions leave before a tenth page on mobile (680 of 690); 91 % on desktop"
    )
    [panel] = card.chart.panels(card.frame)
    said = [label for label in panel.layers["texts"]["label"] if label.endswith("left before")]
    assert said == ["0 left before", "680 left before", "0 left before"]
    assert card.note.startswith("Device is Mobile; the others are shown here too, for comparison.")


def test_a_selection_without_sessions_is_said_over_the_devices_that_remain(engine):
    filters = Filters.of(include={"device_category": ["mobile"], "operating_system": ["Windows"]})
    cards = asked(engine, filters).cards
    for name in ("funnel", "completion", "durations"):
        assert cards[name].heading.startswith("No sessions match Device is Mobile, Operating system is Windows")


def test_a_chart_without_a_filter_of_its_own_says_nothing_of_comparison(engine):
    cards = asked(engine, Filters.of(include={"visitor_type": ["(not set)"]})).cards
    assert "for comparison" not in cards["countries"].note + cards["funnel"].note
    assert comparison_note(Filters.of(include={"country": ["BR"]}), ["device_category"]) == ""


def test_several_values_and_unwanted_ones_are_named():
    many = Filters.of(include={"source": ["a", "b", "c", "d"]})
    assert chosen_against((1, 10), (2, 20), many, "source").startswith("The 4 sources chosen convert at")
    pair = Filters.of(include={"country": ["BR", "US"]})
    assert chosen_against((1, 10), (1, 10), pair, "country").startswith("Brazil and United States convert at")
    without = Filters.of(exclude={"source": ["google"]})
    said = plain(chosen_against((10, 1000), (110, 2000), without, "source"))
    assert said == (
        "All sources but google convert at 1.00 % (10 of 1,000), those left out at 10.0 % (100 of 1,000): "
        "the difference is larger than chance"
    )


def test_a_tracking_break_of_another_source_is_not_said_over_the_chosen_one(engine):
    check = Check("vanished", "probable tracking break", first=day(5), last=day(5), dimension="source", value="google",
                  taken_by="(direct)")  # fmt: skip
    for filters, told in ((Filters.of(include={"source": ["youtube.com"]}), 0), (Filters(), 1),
                          (Filters.of(include={"source": ["(direct)"]}), 1)):  # fmt: skip
        context = asked(engine, filters).context
        assert len(view_findings.broken_sources([check], context)) == told
