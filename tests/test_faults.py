"""The catalogue of faults: numbered once, in order, in words."""

from __future__ import annotations

import importlib.util
import sys
from itertools import pairwise
from pathlib import Path

import pytest

CATALOGUE = Path(__file__).parent / "e2e/faults/catalogue.py"


@pytest.fixture(scope="module")
def faults():
    spec = importlib.util.spec_from_file_location("catalogue_of_faults", CATALOGUE)
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FAULTS


def test_faults_are_numbered_upwards(faults):
    assert all(one.number < other.number for one, other in pairwise(faults))


def test_each_fault_says_what_is_done_and_what_must_become_of_it(faults):
    assert all(fault.provoked and fault.expected for fault in faults)
    assert not [fault for fault in faults if fault.expected.endswith(".") or fault.provoked.endswith(".")]
