"""What `make lab-faults` counts at its end."""

from __future__ import annotations

from tests.check_cases import CASES
from tests.lab_faults import Outcome, summary

BY_NAME = {case.fault: case for case in CASES}


def test_what_held_is_counted_by_checks_by_faults_and_by_who_put_it_right() -> None:
    stopped, down = Outcome(BY_NAME["container-stop"]), Outcome(BY_NAME["minio-down"])
    wrong = Outcome(BY_NAME["dns-serial"], wrong="still there")
    assert summary([stopped, down, wrong]) == (
        "2 of 3 faults held",
        "the checks that found them stand for 10 items of the guide: [6, 7, 8, 9, 10, 11, 12, 13, 14, 15]",
        "the faults themselves are failing states of 2 items: [12, 15]",
        "put right by an operation: 1: container-stop",
        "put right by hand: 1: minio-down",
    )
