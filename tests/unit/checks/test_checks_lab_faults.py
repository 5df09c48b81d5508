"""What `make lab-faults` counts at its end."""

from __future__ import annotations

from tests.check_cases import CASES
from tests.lab_faults import ALONE, Outcome, grouped, places, summary

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


def test_what_is_tried_at_once_is_of_different_places_and_each_is_tried() -> None:
    cases = [case for case in CASES if case.lab]
    groups = grouped(cases)
    assert sorted(case.fault for group in groups for case in group) == sorted(case.fault for case in cases)
    assert len(groups) < len(cases) / 3
    for group in groups:
        everywhere = [place for case in group for place in places(case)]
        assert len(everywhere) == len(set(everywhere)), [case.fault for case in group]
        assert len(group) == 1 or not {case.fault for case in group} & set(ALONE)


def test_a_finding_is_of_the_place_its_subject_or_else_its_check_names() -> None:
    named = {name: places(BY_NAME[name]) for name in ("snapshot-lost", "dns-serial", "caddy-dead-domain")}
    assert named == {
        "snapshot-lost": {"acme-webmail"},
        "dns-serial": {"acme-dns"},
        "caddy-dead-domain": {"acme-proxy"},
    }
    assert places(BY_NAME["forward-drop"]) == {"host"}
