"""Exports that are wrong at random are accepted or refused, never failed over; the long form is benchmarks/fuzz.py."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_layers import BATCH, LAYERS
from benchmarks.fuzz_reader import Reader


@pytest.fixture(scope="module")
def reader():
    """Return a reader of cases."""
    with tempfile.TemporaryDirectory() as folder, Reader(Path(folder)) as opened:
        yield opened


@settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(number=st.integers(0, 10**9))
def test_an_export_changed_at_random_is_accepted_or_refused(reader, number):
    outcomes = LAYERS["files"](reader, number)
    assert sum(count for outcome, count in outcomes.items() if outcome.startswith(("accepted", "refused")))


@pytest.mark.parametrize("layer", ["headers", "encodings"])
def test_an_export_with_other_names_or_bytes_is_planned_recognised_or_refused(reader, layer):
    for number in range(20):
        outcomes = LAYERS[layer](reader, number)
        assert sum(outcomes.values()) > outcomes["cases"]


@pytest.mark.parametrize("layer", ["cells", "nested"])
def test_each_changed_record_of_a_file_is_a_case_and_is_accepted_rejected_or_refused(reader, layer):
    outcomes = LAYERS[layer](reader, 7)
    judged = sum(count for outcome, count in outcomes.items() if outcome != "cases")
    assert BATCH * 0.9 < outcomes["cases"] <= BATCH
    assert judged > BATCH * 0.2  # hits and events are rolled up to sessions
    assert LAYERS[layer](reader, 7)["cases"] == 0


@pytest.mark.parametrize("number", [398, 1165, 1241, 10162, 10181, 1_003_472])
def test_a_case_that_failed_once_fails_no_more(reader, number):
    """Halves of a character in rejects and in suggested mappings; fields without a name, or whose name is no text."""
    LAYERS["files"](reader, number)
