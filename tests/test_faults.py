"""The catalogue of faults: numbered once, in order, in words."""

from __future__ import annotations

import importlib.util
import json
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


RESULTS = json.loads((CATALOGUE.parent / "results.json").read_text())


def test_results_are_of_tests_that_are_there():
    root = CATALOGUE.parents[3]
    for name in RESULTS:
        path, _, test = name.partition("::")
        assert f"def {test.rpartition('::')[2]}(" in (root / path).read_text(), (
            f"{name}: run `just reliability`"
        )


def test_no_test_of_a_fault_failed_when_it_was_last_run():
    assert not [name for name, said in RESULTS.items() if said["failed"]]


def test_tests_name_faults_of_the_catalogue(faults):
    assert {number for said in RESULTS.values() for number in said["faults"]} <= {
        each.number for each in faults
    }


def test_each_fault_is_shown_in_a_short_form(faults):
    shown = {number for said in RESULTS.values() if said["form"] == "short" for number in said["faults"]}
    assert not {fault.number for fault in faults} - shown
