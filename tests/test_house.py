"""The house rules that a reader relies on: what README names exists, registries are complete, no name is shadowed."""

import importlib
import json
import re
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

from ingest.formats import FORMATS
from queries.vocabulary import STORED_DIMENSIONS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PIXI = tomllib.loads((ROOT / "pixi.toml").read_text(encoding="utf-8"))
PIXI_SCHEMA = ROOT.parent / "shared" / "pixi.schema.json"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RECIPES = README.split("## Recipes")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:queries|ingest|dashboard|tests|data)/[\w./-]+)`", README)))
)
def test_every_path_that_readme_names_exists(path):
    assert (ROOT / path.replace("NAME", "")).exists() or (ROOT / path).parent.is_dir()
    if "NAME" not in path:
        assert (ROOT / path).exists()


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("METRICS", "queries.metrics"),
        ("Metric", "queries.metrics"),
        ("CHARTS", "dashboard.charts.registry"),
        ("ChartView", "dashboard.chart"),
        ("FORMATS", "ingest.formats"),
        ("SESSION_COLUMNS", "queries.vocabulary"),
        ("Column", "queries.vocabulary"),
    ],
)
def test_every_name_in_a_recipe_exists(name, module):
    assert name in RECIPES
    assert hasattr(importlib.import_module(module), name)


def test_every_format_file_is_in_formats_and_has_what_the_recipe_says():
    shapes = {
        path.stem for path in (ROOT / "ingest" / "formats").glob("*.py") if "\ndef recognises(" in path.read_text()
    }
    assert shapes == {shape.NAME for shape in FORMATS}
    for shape in FORMATS:
        for name in ("NAME", "TITLE", "REQUIRED", "GRAIN", "recognises", "read", "fields_of"):
            assert f"`{name}`" in RECIPES
            assert hasattr(shape, name)


def test_stage_writes_every_dimension():
    stage = (ROOT / "ingest" / "sql" / "stage.sql").read_text(encoding="utf-8")
    assert all(re.search(rf"\bas {dimension},", stage) for dimension in STORED_DIMENSIONS)


def test_pixi_runs_the_programs_of_its_own_environment_and_names_no_dependency_twice():
    assert set(PIXI["dependencies"]) == {"python"}
    assert set(PIXI["pypi-dependencies"]) == {PROJECT["name"]}
    assert PIXI["dependencies"]["python"].startswith(PROJECT["requires-python"] + ",")
    assert set(PIXI["pypi-dependencies"][PROJECT["name"]]["extras"]) == set(PROJECT["optional-dependencies"])
    for name, command in PIXI["tasks"].items():
        assert f"pixi run {name}" in README
        for program in re.findall(r"(?:^|&& )(\S+)", command):
            assert (Path(sys.executable).parent / program).exists(), f"{program} is in no dependency of pyproject.toml"


def test_pixi_lints_as_ci_does():
    lint = PIXI["tasks"]["lint"].split(" && ")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [command for command in lint if f"uv run {command}" not in ci] == []


@pytest.mark.skipif(not PIXI_SCHEMA.exists(), reason="no shared/pixi.schema.json beside the checkout")
def test_pixi_toml_is_valid():
    jsonschema.validate(PIXI, json.loads(PIXI_SCHEMA.read_text(encoding="utf-8")))


def test_no_child_of_dashboard_shadows_the_standard_library_or_our_packages():
    names = {path.stem for path in (ROOT / "dashboard").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert not names & (set(sys.stdlib_module_names) - {"__future__"})
    ours = {"queries", "ingest", "dashboard", "data", "tests", "silent_leak"}
    assert not names & (ours | {"panel", "bokeh", "param"})


def test_ci_runs_the_test_command_of_readme():
    assert "uv run pytest" in README
    assert "uv run pytest" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_sql_is_never_made_with_string_formatting():
    """A statement inside an f-string is how injections begin; the one exception quotes through sqlglot."""
    formatted = re.compile(r"""f["']{1,3}\s*(select|insert|copy|create|attach|set)\s[^"']*""")
    for path in [*ROOT.glob("queries/**/*.py"), *ROOT.glob("ingest/**/*.py")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if formatted.search(line):
                assert "set allowed_directories = {allowed.sql(" in line, f"{path.name}:{number}: {line.strip()}"
