"""Faults and what the checks must find of them: exactly that, with evidence, and gone after the remedy.

    Case("container-stop", finds=(("containers.running", "acme-webmail"),), shows=("Stopped",))

`fault` is a drill that the demo host (`gbtui/demo/faults*.py`) and the twin (`tests/lab/faults/*.sh`)
know by the same name. Every check of the catalogue needs a case here, or failing facts of its own in
`tests/unit/checks` (see `ELSEWHERE`).
"""

from __future__ import annotations

from collections.abc import Mapping

from tests import (
    check_cases_bans,
    check_cases_dns,
    check_cases_host,
    check_cases_log,
    check_cases_proxy,
    check_cases_services,
)
from tests.check_case import Case

__all__ = ["CASES", "ELSEWHERE", "Case"]


CASES: tuple[Case, ...] = (
    Case(
        "container-stop",
        finds=(("containers.running", "acme-webmail"),),
        shows=("Roundcube", "Stopped"),
        remedy=("containers.running", "acme-webmail"),
    ),
    Case(
        "valkey-loopback",
        finds=(("firewall.loopback-first", "acme-system"),),
        shows=("--dport 6379 -j DROP",),
        remedy=("firewall.loopback-first", "acme-system"),
    ),
    *check_cases_bans.CASES,
    *check_cases_services.CASES,
    *check_cases_host.CASES,
    *check_cases_proxy.CASES,
    *check_cases_log.CASES,
    *check_cases_dns.CASES,
)

ELSEWHERE: Mapping[str, str] = {
    "containers.complete": "test_checks_containers.py",
    **check_cases_services.ELSEWHERE,
    **check_cases_host.ELSEWHERE,
}
"""Checks whose failing facts no fault of a host can make: where they are tested."""
