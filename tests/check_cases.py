"""Faults and what the checks must find of them: exactly that, with evidence, and gone after the remedy.

    Case("container-stop", finds=(("containers.running", "acme-webmail"),), shows=("Stopped",))

`fault` is a drill that the demo host (`gbtui/demo/faults*.py`) and the twin (`tests/lab/faults/*.sh`)
know by the same name. Every check of the catalogue needs a case here, or failing facts of its own in
`tests/unit/checks` (see `ELSEWHERE`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """A fault, the (check id, subject) pairs it must lead to and no others, and words the findings show.

    `remedy`: the (check id, subject) whose remedy is an operation that puts it right ("" None: none
    does, see `by_hand`: the fault is taken back and the finding has to go). `given` fills parameters
    that only the operator knows. `lab`: the twin can be brought into that state, too.
    """

    fault: str
    finds: tuple[tuple[str, str], ...]
    shows: tuple[str, ...] = ()
    remedy: tuple[str, str] | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    lab: bool = True


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
)

ELSEWHERE: Mapping[str, str] = {
    "containers.complete": "test_checks_containers.py",
}
"""Checks whose failing facts no fault of a host can make: where they are tested."""
