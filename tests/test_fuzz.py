"""Exports that are wrong at random are accepted or refused, never failed over; the long form is benchmarks/fuzz.py."""

import sys
import tempfile
from pathlib import Path

import pytest
from builders import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(ROOT / "benchmarks"))
import fuzz


@pytest.fixture(scope="module")
def reader():
    """Return a reader of cases."""
    with tempfile.TemporaryDirectory() as folder, fuzz.Reader(Path(folder)) as opened:
        yield opened


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(number=st.integers(0, 10**9))
def test_an_export_changed_at_random_is_accepted_or_refused(reader, number):
    outcomes = reader.read(number)
    assert sum(count for outcome, count in outcomes.items() if outcome.startswith(("accepted", "refused")))


@pytest.mark.parametrize("number", [398, 1165, 1241, 10162, 10181, 1_003_472])
def test_a_case_that_failed_once_fails_no_more(reader, number):
    """Halves of a character in rejects and in suggested mappings; fields without a name, or whose name is no text."""
    reader.read(number)
