"""The public face: what is imported when, charts that follow each other, plots that compose, README's own recipe."""

import datetime as dt
import re
import subprocess
import sys

import holoviews as hv
import panel as pn
import pytest
from builders import ROOT, sessions, store_of

import dashboard
from dashboard import Dashboard, Selection, Trend
from dashboard.charts.registry import CHARTS
from dashboard.pictures import ORIGINAL, save_pictures
from queries.store import StoreError

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    rows = [
        row
        for day in range(2, 8)
        for device, country, orders in (("desktop", "US", 6), ("mobile", "GB", 1), ("tablet", "US", 1))
        for row in [
            *sessions(60, session_date=dt.date(2017, 7, day), device_category=device, country=country, pageviews=6),
            *sessions(orders, session_date=dt.date(2017, 7, day), device_category=device, country=country, pageviews=12,
                      transactions=1, revenue=20, duration_seconds=400),
        ]
    ]  # fmt: skip
    return store_of(tmp_path_factory.mktemp("public") / "store", rows)


def loaded(code, *names):
    """Return which of some modules a fresh process has loaded after running code."""
    told = f"{code}\nimport sys\nprint(*[name for name in {names!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, cwd=ROOT)
    return ran.stdout.split()


def test_the_package_loads_nothing_until_a_name_is_used():
    assert loaded("import dashboard", "panel", "holoviews", "duckdb", "pandas", "queries.engine") == []


def test_one_chart_loads_neither_the_page_nor_what_searches_for_leaks():
    heavy = (
        "scipy.stats",
        "scipy.special",
        "deltalake",
        "panel_material_ui",
        "dashboard.viewer",
        "dashboard.charts.findings",
    )
    assert loaded("from dashboard import Trend", *heavy) == []


def test_every_public_name_exists_and_readme_names_each():
    for name in dashboard.PLACES:
        assert getattr(dashboard, name).__name__ == name
        assert f"`{name}`" in README or f"{name}(" in README
    with pytest.raises(AttributeError, match="it has Dashboard"):
        dashboard.Nonsense  # noqa: B018


def test_two_charts_on_one_selection_follow_it_and_each_other(store):
    selection = Selection()
    one, two = (Trend(store.path, selection=selection) for _ in range(2))
    pn.Column(one, two)
    before = one._live.heading.object
    selection.param.update(country=["GB"], dates=("2017-07-03", "2017-07-05"))
    assert one._live.heading.object == two._live.heading.object != before
    [drawn] = two._live.drawn
    assert len(drawn.layers["days"].source.data["day"]) == 3
    drawn.layers["targets"].source.selected.indices = [len(drawn.layers["targets"].source.data["title"]) - 1]
    assert str(selection.focus.first) == "2017-07-05"
    assert selection.country == ["GB"]


def test_a_chart_follows_its_own_setting_and_theme(store):
    chart = Trend(store.path)
    pn.Column(chart)
    chart.unit = "Month"
    assert chart._live.frame["unit"].tolist() == ["Month"]
    chart.theme = "dark"
    assert chart._live.drawn[0].figure.xaxis[0].major_label_text_color == chart.colors.text_tertiary


def test_plots_compose_whatever_backend_a_notebook_has_chosen(store):
    chart = Trend(store.path)
    frame = chart.frame()
    assert isinstance(chart.plot(frame) * hv.HLine(0.02), hv.Overlay)
    assert isinstance(chart.plot(frame) + chart.plot(frame), hv.Layout)
    hv.Store.set_current_backend("matplotlib")
    try:
        assert isinstance(chart.plot(frame), hv.Overlay)
        assert hv.Store.current_backend == "matplotlib"
    finally:
        hv.Store.set_current_backend("bokeh")


def test_a_folder_without_a_store_and_an_unknown_value_are_said(tmp_path):
    with pytest.raises(StoreError):
        Trend(tmp_path / "nothing").frame()
    with pytest.raises(StoreError):
        Dashboard(tmp_path / "nothing")
    with pytest.raises(ValueError, match="unit"):
        Trend(unit="Fortnight")
    with pytest.raises(RuntimeError, match="has no store"):
        Trend().frame()


def test_the_recipe_of_readme_makes_an_app(store):
    [code] = re.findall(r"```python\n(import panel as pn\n.*?)```", README, re.DOTALL)
    made = {}
    exec(code.replace('"my-store"', repr(str(store.path))).replace(".servable()", ""), made)  # noqa: S102 - README's own
    assert isinstance(made["selection"], Selection)


def test_the_first_lines_of_readme_on_charts_run(store):
    [code] = re.findall(r"```python\n(from dashboard import Controls.*?)```", README, re.DOTALL)
    made = {}
    exec(code.replace('"my-store"', repr(str(store.path))), made)  # noqa: S102 - README's own
    assert made["trend"].frame().empty  # its days are those of another year


def test_the_pictures_of_the_original_are_drawn_from_the_frames_of_the_page(store, tmp_path):
    files = save_pictures(store.path, tmp_path / "outputs")
    assert sorted(path.name for path in files) == sorted(
        f"{name}.{kind}" for name in ORIGINAL for kind in ("png", "svg")
    )
    assert all(path.stat().st_size > 5_000 for path in files)
    assert set(ORIGINAL.values()) <= {card.chart for card in CHARTS}
    svg = (tmp_path / "outputs" / "source_device_heatmap.svg").read_text(encoding="utf-8")
    assert "Desktop" in svg or "<use" in svg
