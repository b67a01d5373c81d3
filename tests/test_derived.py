"""Page folders: worked out of the landing page, in every store, from files and rollups alike."""

import pytest
from builders import sessions, store_of

from queries.cube import ask_cells
from queries.engine import Engine
from queries.filters import FilterError, Filters
from queries.vocabulary import NOT_SET

PAGES = {"/shop/shoes/42": "/shop/", "/shop/": "/shop/", "/shop": "/", "/": "/", "//cdn/x": "//", NOT_SET: NOT_SET,
         "app screen": "app screen", "/' or 1=1 --/x": "/' or 1=1 --/"}  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    rows = [row for page in PAGES for row in sessions(3, landing_page=page)]
    return Engine(store_of(tmp_path_factory.mktemp("store"), rows))


def test_a_page_lies_in_the_first_folder_of_its_path(engine):
    rows = engine.run("segments", by="page_folder").rows
    expected = dict.fromkeys(PAGES.values(), 0)
    for folder in PAGES.values():
        expected[folder] += 3
    assert {row["segment"]: row["sessions"] for row in rows} == expected


@pytest.mark.parametrize("folder", dict.fromkeys(PAGES.values()))
def test_a_folder_is_wanted_and_unwanted_like_any_value(engine, folder):
    wanted, unwanted = ({"page_folder": [folder]}, {}), ({}, {"page_folder": [folder]})
    counts = [engine.run("overview", Filters.of(include=inside, exclude=outside)).rows[0]["sessions"]
              for inside, outside in (wanted, unwanted)]  # fmt: skip
    assert counts == [3 * list(PAGES.values()).count(folder), 3 * len(PAGES) - 3 * list(PAGES.values()).count(folder)]


def test_cells_hold_folders_beside_their_pages(engine):
    cells = ask_cells(engine, ("landing_page", "page_folder"))
    named = {(cells.labels[0][page], cells.labels[1][folder]) for page, folder in cells.codes}
    assert named == set(PAGES.items())


def test_a_name_that_is_no_dimension_is_told_all_of_them():
    with pytest.raises(FilterError, match="page_folder"):
        Filters.of(include={"folder": ["/shop/"]})
