"""Saved views: names for links in one file beside the store, written whole or not at all."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.saved import LONGEST_NAME, MOST_VIEWS, Book, SavedViewError, SavedViews


def test_what_is_saved_is_read_back_in_order_of_name(tmp_path):
    saved = SavedViews(tmp_path)
    saved.save("US mobile", "?country=US&device_category=mobile")
    saved.save("checkout", "?view=funnel&funnel=Checkout")
    assert [view.name for view in SavedViews(tmp_path).read().views] == ["checkout", "US mobile"]
    saved.save("checkout", "?view=funnel")
    assert SavedViews(tmp_path).read().named("checkout").query == "?view=funnel"


def test_the_default_is_a_saved_view_and_goes_with_it(tmp_path):
    saved = SavedViews(tmp_path)
    saved.save("a", "?country=US")
    assert saved.make_default("a").default == "a"
    assert saved.make_default("nothing").default == ""
    saved.make_default("a")
    assert saved.delete("a") == Book()


@given(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=80),
    st.text(st.characters(exclude_categories=("Cs",))),
)
def test_any_name_and_link_survive_the_file(tmp_path_factory, name, query):
    folder = tmp_path_factory.mktemp("saved")
    clean = " ".join(name.split())
    if not clean or not clean.isprintable():
        with pytest.raises(SavedViewError, match="name"):
            SavedViews(folder).save(name, query)
        return
    SavedViews(folder).save(name, query)
    assert SavedViews(folder).read().named(clean).query == query


def test_what_cannot_be_saved_says_why(tmp_path):
    saved = SavedViews(tmp_path)
    for name in ("", "  ", "x" * (LONGEST_NAME + 1), "a\nb\0"):
        with pytest.raises(SavedViewError, match="name"):
            saved.save(name, "")
    with pytest.raises(SavedViewError, match="too many filters"):
        saved.save("long", "x" * 30_000)
    with pytest.raises(SavedViewError, match="cannot be written"):
        SavedViews(tmp_path / "missing").save("a", "")


def test_there_is_an_end_to_saving(tmp_path):
    saved = SavedViews(tmp_path)
    views = "".join(f'[[view]]\nname = "v{number}"\nquery = ""\n' for number in range(MOST_VIEWS))
    saved.path.write_text(views, encoding="utf-8")
    with pytest.raises(SavedViewError, match="delete one"):
        saved.save("one more", "")
    saved.save("v7", "?country=US")


@pytest.mark.parametrize("text", ["view = 3", "default = 4", "[[view]]\nname = 1", "[[view]]\nname = 'a'"])
def test_odd_entries_are_left_out(tmp_path, text):
    (tmp_path / "views.toml").write_text(text, encoding="utf-8")
    assert SavedViews(tmp_path).read() == Book()


def test_a_file_that_is_no_toml_is_named(tmp_path):
    (tmp_path / "views.toml").write_text("[[", encoding="utf-8")
    with pytest.raises(SavedViewError, match=r"views.toml cannot be read.*mend or remove"):
        SavedViews(tmp_path).read()


def test_the_file_is_replaced_whole_and_nothing_is_left_behind(tmp_path):
    SavedViews(tmp_path).save("a", "?x=1")
    assert [path.name for path in tmp_path.iterdir()] == ["views.toml"]
    assert tomllib.loads((tmp_path / "views.toml").read_text(encoding="utf-8"))["view"][0]["name"] == "a"
