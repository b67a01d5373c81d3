"""The wheel, installed where nothing else is: it holds all that the page needs, on every Python that is named.

SILENT_LEAK_PYTHONS="3.11 3.12 3.13" names the Pythons; without it the wheel is tried on the running one.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlparse

import pytest
from builders import ROOT
from test_browser import (  # noqa: F401 - fixtures are used by their names
    CHROMIUM,
    DRAWN_CANVASES,
    Visit,
    chromium,
    free_port,
    shows,
    started,
)

UV = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
PYTHONS = os.environ.get("SILENT_LEAK_PYTHONS", "").split() or [sys.executable]
CLEAN = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
CLEAN["UV_PYTHON_DOWNLOADS"] = "never"
PACKAGES = ("dashboard", "ingest", "queries")
ROBOTO = "() => document.fonts.ready.then((fonts) => [...fonts].map((font) => `${font.weight} ${font.status}`).sort())"
SAY_WHERE = """
import importlib.metadata, platform, dashboard, queries.metrics, silent_leak
print(dashboard.__file__, queries.metrics.__file__, silent_leak.__file__, sep="\\n")
names = "panel", "bokeh", "panel-material-ui", "holoviews", "hvplot", "param", "duckdb", "pandas", "numpy"
print("Python", platform.python_version(), *(f"{name} {importlib.metadata.version(name)}" for name in names))
"""

pytestmark = pytest.mark.skipif(not UV, reason="no uv: pip install uv")


def ran(*command, folder):
    """Return what a command says on stdout; it knows nothing of the checkout."""
    told = subprocess.run(list(map(str, command)), cwd=folder, env=CLEAN, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return told.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    ran(UV, "build", "--wheel", "--out-dir", folder, ROOT, folder=folder)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module", params=PYTHONS, ids=lambda python: Path(python).name)
def installed(request, wheel, tmp_path_factory):
    """Return the folder of the commands of an environment that holds the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("installed")
    if subprocess.run([UV, "python", "find", request.param], cwd=folder, env=CLEAN, capture_output=True).returncode:
        pytest.skip(f"no Python {request.param} here")
    ran(UV, "venv", "--python", request.param, folder / "venv", folder=folder)
    commands = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    ran(UV, "pip", "install", "--python", commands / "python", wheel, folder=folder)
    return commands


def test_the_wheel_holds_every_file_of_the_packages(wheel):
    with zipfile.ZipFile(wheel) as packed:
        held = set(packed.namelist())
    files = {path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()}
    named = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    assert {"dashboard/assets/world.json", "queries/sql/funnel.sql", "dashboard/page.js"} <= named
    assert sorted(named - held) == []


@pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium, or set CHROMIUM")
def test_the_demo_of_an_installed_wheel_is_drawn_in_every_view(installed, chromium, tmp_path):  # noqa: F811
    said = ran(installed / "python", "-W", "error", "-c", SAY_WHERE, folder=tmp_path).splitlines()
    assert all("site-packages" in line for line in said[:-1]), said
    print(said[-1])
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    demo = [installed / "silent-leak", "demo", "--no-show", "--sessions", "10000", "--folder", tmp_path / "demo"]
    process = started([*map(str, demo), "--port", str(port)], address, {"PYTHONPATH": ""}, tmp_path)
    try:
        visit = Visit(chromium, address)
        page = visit()
        assert "converted" in page.locator("h1").inner_text().lower()
        page.wait_for_function(f"({DRAWN_CANVASES})() >= 2", polling=500)
        for link in page.get_by_role("navigation", name="Views").first.get_by_role("link").all():
            link.click()
            shows(page, link.locator(".link-text").inner_text())
            assert page.locator(".problem.failed:visible").count() == 0
        assert page.evaluate(ROBOTO) == ["400 loaded", "500 loaded"]
        world = visit("?view=geography").locator("#card-countries")
        world.scroll_into_view_if_needed()
        world.locator("canvas").first.wait_for()
        visit.pages[-1].wait_for_function(f"({DRAWN_CANVASES})() >= 1", polling=500)
        assert visit.problems == []
        assert {host for host in visit.hosts if host} == {urlparse(address).netloc}
    finally:
        process.terminate()
        output = process.communicate(timeout=30)[0]
    assert "Traceback" not in output
    assert "could not be built" not in output
    assert "Warning" not in output
