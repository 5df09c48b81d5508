"""The unit that has LXD's containers forwarded for: its text, and what systemd knows of it (item 28)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gbtui.errors import NotFound
from gbtui.guard.plan import Exec
from gbtui.hosts.base import Command
from gbtui.operations.base import Context
from gbtui.operations.firewall_state import HOST, Family, Rules
from gbtui.text import text

UNITS = "/etc/systemd/system"
_HEAD = """[Unit]
Description=Forward the packets of LXD's containers
After=network-pre.target ufw.service netfilter-persistent.service lxd.service snap.lxd.daemon.service

[Service]
Type=oneshot
RemainAfterExit=yes
"""
_TAIL = """
[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit as it is: its file (None: there is none), whether it is wanted at boot, and has run."""

    name: str
    text: bytes | None
    enabled: bool
    active: bool

    @property
    def path(self) -> str:
        """Where its file is, or will be."""
        return f"{UNITS}/{self.name}"


async def read_unit(context: Context) -> Unit:
    """The unit as it is on the host."""
    name = context.profile.forward_unit
    try:
        found: bytes | None = await context.host.read(f"{UNITS}/{name}")
    except NotFound:
        found = None
    asked = [Command(shown(name, value).argv, root=True) for value in ("UnitFileState", "ActiveState")]
    enabled, active = await context.host.run_many(asked)
    return Unit(name, found, enabled.stdout.strip() == b"enabled", active.stdout.strip() == b"active")


def puts_in(unit: bytes | None, bridges: Sequence[str]) -> bool:
    """Whether a unit, ours or somebody's own, puts in the rule for every bridge."""
    lines = [line for line in text(unit or b"").splitlines() if line.startswith("ExecStart")]
    return all(any(f"FORWARD -i {bridge} -j ACCEPT" in line for line in lines) for bridge in bridges)


def spec(bridge: str) -> str:
    """The rule for one bridge."""
    return f"-i {bridge} -j ACCEPT"


def commands(bridges: Sequence[str], seen: Rules) -> list[tuple[str, ...]]:
    """What puts the rules in, for a rehearsal and for the unit."""
    return [
        (family.program, "-w", "-I", "FORWARD", *spec(bridge).split())
        for family in seen.families
        for bridge in bridges
    ]


def unit_text(bridges: Sequence[str], seen: Rules) -> bytes:
    """The unit: each rule taken out first, so that it is never there twice."""
    lines = []
    for words in commands(bridges, seen):
        program, insert = f"/usr/sbin/{words[0]}", " ".join(words[1:])
        delete = insert.replace("-I FORWARD", "-D FORWARD", 1)
        lines += [
            f"ExecStartPre=-{program} {delete}",
            f"ExecStart={program} {insert}",
            f"ExecStop=-{program} {delete}",
        ]
    lines.sort(key=lambda line: ("ExecStartPre", "ExecStart", "ExecStop").index(line.partition("=")[0]))
    return (_HEAD + "".join(f"{line}\n" for line in lines) + _TAIL).encode()


def covers(seen: Rules, unit: bytes) -> tuple[Family, ...]:
    """The families whose rules the unit puts in."""
    return tuple(family for family in seen.families if f"/{family.program} " in text(unit))


def shown(unit: str, value: str) -> Exec:
    """One property of the unit; unlike is-enabled and is-active it also ends well where the answer is no."""
    return Exec(HOST, ("systemctl", "show", "-p", value, "--value", unit))
