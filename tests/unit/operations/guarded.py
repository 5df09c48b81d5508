"""Operations for tests of the guards alone: one that is refused, one that typed text lets through."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gbtui.guard.plan import Danger, Exec, Plan, Probe, Step, Verdict
from gbtui.operations import catalog
from gbtui.operations.assemble import assemble
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.parameters import CONTAINER

RULE = ("INPUT", "-p", "tcp", "-m", "tcp", "--dport", "9100", "-j", "ACCEPT")
SPEC = f"-A {' '.join(RULE)}"
NEVER = Guard("never", "this is never done", (6,))
TYPED = Guard("only-typed", "this is done only by somebody who typed the name", (9,))


def step(where: str) -> Step:
    """One rule more in `where`."""
    there = Probe("the rule is there", Exec(where, ("iptables", "-w", "-S", "INPUT")), "contains", SPEC)
    undo = (Exec(where, ("iptables", "-w", "-D", *RULE)),)
    return Step("Accept 9100", Exec(where, ("iptables", "-w", "-A", *RULE)), there, undo)


def _plan(operation: Operation, context: Context, given: Mapping[str, str], verdict: Verdict) -> Plan:
    where = given["container"]
    steps = (step(where),)  # also where it is refused: the engine must stop it, not the lack of steps
    return assemble(
        operation, context, given, f"{operation.title} in {where}", verdicts=(verdict,), steps=steps
    )


async def _refused(context: Context, given: Mapping[str, str]) -> Plan:
    return _plan(REFUSED, context, given, NEVER.refuse("it would cut everybody off; ask first"))


async def _typed(context: Context, given: Mapping[str, str]) -> Plan:
    verdict = TYPED.refuse("everybody uses it", unless_typed=f"yes {given['container']}")
    return _plan(UNLESS_TYPED, context, given, verdict)


REFUSED = Operation(
    "firewall.test-refused",
    "Refuse this",
    "never",
    "firewall",
    (CONTAINER,),
    (NEVER,),
    Danger.REVERSIBLE,
    (6,),
    _refused,
)
UNLESS_TYPED = Operation(
    "firewall.test-typed",
    "Type for this",
    "typed",
    "firewall",
    (CONTAINER,),
    (TYPED,),
    Danger.REVERSIBLE,
    (9,),
    _typed,
)


def install(monkeypatch: pytest.MonkeyPatch, *users: object) -> None:
    """Put both into the catalogue, and into modules that have taken its list already."""
    every = (*catalog.OPERATIONS, REFUSED, UNLESS_TYPED)
    for user in (catalog, *users):
        monkeypatch.setattr(user, "OPERATIONS", every)
