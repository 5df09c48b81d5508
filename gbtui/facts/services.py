"""What systemd says of a unit, and who really holds a port: pure parsers (research 1.3, item 36).

The guide restarts botserver through systemd, and upstream has started it by hand as well: a copy
that systemd did not start keeps the port, and a restart of the unit changes nothing for anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

from gbtui import text
from gbtui.errors import Malformed

#: What is asked of a unit. Environment is not among them: other variables may be secrets.
PROPERTIES = (
    "Id,LoadState,ActiveState,SubState,Type,MainPID,NRestarts,InvocationID,DropInPaths,EnvironmentFiles"
)


@dataclass(frozen=True, slots=True)
class UnitState:
    """One unit. `pid` is 0 where nothing runs, `invocation` another one with every start."""

    name: str
    load: str
    active: str
    sub: str
    kind: str
    pid: int
    restarts: int
    invocation: str
    drop_ins: tuple[str, ...]
    environment_files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listener:
    """A process that listens on `port`. `unit` is the systemd unit it belongs to, "" for none;
    `pid` is 0 where the kernel does not say (a process outside this container)."""

    port: int
    pid: int
    user: str
    program: str
    unit: str


def parse_units(data: bytes) -> tuple[UnitState, ...]:
    """The answer of `systemctl show UNIT… -p PROPERTIES`, one block per unit, in the order asked.

    Raises:
        Malformed: a block without Id or LoadState.
    """
    blocks = [block for block in text.text(data).split("\n\n") if block.strip()]
    return tuple(_unit(block) for block in blocks)


def _unit(block: str) -> UnitState:
    pairs = [line.partition("=")[::2] for line in block.splitlines() if "=" in line]
    last = dict(pairs)
    if "Id" not in last or "LoadState" not in last:
        raise Malformed("systemctl show", why=f"a block without Id or LoadState: {text.clean(block)[:80]!r}")
    files = [value.partition(" (")[0] for key, value in pairs if key == "EnvironmentFiles"]
    return UnitState(
        name=last["Id"],
        load=last["LoadState"],
        active=last.get("ActiveState", ""),
        sub=last.get("SubState", ""),
        kind=last.get("Type", ""),
        pid=_number(last.get("MainPID", "")),
        restarts=_number(last.get("NRestarts", "")),
        invocation=last.get("InvocationID", ""),
        drop_ins=tuple(last.get("DropInPaths", "").split()),
        environment_files=tuple(file for file in files if file.startswith("/")),
    )


def parse_listeners(data: bytes) -> tuple[Listener, ...]:
    """The answer of gbtui-strangers: PORT, PID, USER, PROGRAM and cgroup, separated by TABs.

    A line that is none is left out.
    """
    found = []
    for row in text.text(data).splitlines():
        port, pid, user, program, cgroup, *_ = *row.split("\t"), "", "", "", "", ""
        if port.isascii() and port.isdecimal() and pid.isascii() and pid.isdecimal():
            found.append(Listener(int(port[:9]), int(pid[:9]), user, program, unit_of(cgroup)))
    return tuple(found)


def unit_of(cgroup: str) -> str:
    """The service that a cgroup path belongs to: `/system.slice/ui.service` is ui.service's."""
    return next((part for part in reversed(cgroup.split("/")) if part.endswith(".service")), "")


def _number(value: str) -> int:
    return int(value[:9]) if value.isascii() and value.isdecimal() else 0
