"""What `firewall.accept-loopback` looks at, in one round trip: rules, saved file, boot, services."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from gbtui import text
from gbtui.facts.failure import failure
from gbtui.facts.firewall_boot import PERSISTENT, names, restored_by
from gbtui.facts.firewall_loopback import loopback_marks
from gbtui.facts.firewall_parse import Tables, parse_save
from gbtui.facts.firewall_saved import is_others
from gbtui.facts.firewall_types import Chain, Mark, Rule
from gbtui.hosts.base import Command, Completed, Host
from gbtui.profiles import Service


@dataclass(frozen=True, slots=True)
class Look:
    """One container's rules for loopback. `output` is iptables-save's, byte for byte.

    `file` is None where there is no saved file, `folder` whether it could be written, `restores`
    what brings it back at boot ("" for nothing), `inactive` the units that systemd does not run.
    """

    output: bytes
    running: Tables
    saved: Tables | None
    file: bytes | None
    folder: bool
    restores: str
    inactive: tuple[str, ...]

    @property
    def marks(self) -> list[Mark]:
        """DROPs that reach loopback's packets in the running rules."""
        return _marks(self.running)

    @property
    def right(self) -> bool:
        """Loopback is accepted, and before any DROP."""
        return _right(self.running)

    @property
    def saved_right(self) -> bool:
        """The same, in the file for the next boot."""
        return self.saved is not None and _right(self.saved)

    def first(self) -> int | None:
        """0-based place of INPUT's rule that accepts all of loopback; None where there is none."""
        rules = [rule for chain in _input(self.running) for rule in chain.rules]
        return next((number for number, rule in enumerate(rules) if accepts_loopback(rule)), None)

    def policy(self) -> str:
        """INPUT's policy."""
        return next((chain.policy for chain in _input(self.running)), "ACCEPT")

    def chains(self) -> tuple[tuple[str, str], ...]:
        """(table, "") for a table that is only ours, else (table, chain) of each chain that is."""
        found: list[tuple[str, str]] = []
        for table in dict.fromkeys(chain.table for chain in self.running.chains):
            chains = [chain for chain in self.running.chains if chain.table == table]
            ours = [chain.chain for chain in chains if not is_others(chain.chain, "")]
            found += [(table, "")] if len(ours) == len(chains) else [(table, chain) for chain in ours]
        return tuple(found)


def accepts_loopback(rule: Rule) -> bool:
    """Whether a rule is `-i lo -j ACCEPT`, with or without a comment."""
    try:
        words = shlex.split(rule.spec)
    except ValueError:
        return False
    if words[2:5:2] == ["-m", "--comment"] and words[3] == "comment":
        del words[2:6]
    return words == ["-i", "lo", "-j", "ACCEPT"]


def _input(tables: Tables) -> list[Chain]:
    """filter INPUT; empty where there is no such chain (nothing was ever set up)."""
    return [chain for chain in tables.chains if (chain.table, chain.chain) == ("filter", "INPUT")]


def _marks(tables: Tables) -> list[Mark]:
    marks, _note = loopback_marks(tables.chains)
    return marks


def _right(tables: Tables) -> bool:
    accepted = any(accepts_loopback(rule) for chain in tables.chains for rule in _filter(chain))
    return accepted and not _marks(tables)


def _filter(chain: Chain) -> Sequence[Rule]:
    return chain.rules if chain.table == "filter" else ()


def commands(path: str, services: Sequence[Service]) -> tuple[Command, ...]:
    """What is asked inside the container; `path` is the saved file."""
    units = [service.unit for service in services]
    asked: list[tuple[str, ...]] = [
        ("iptables-save",),
        ("test", "-e", path),
        ("cat", "--", path),
        ("test", "-d", path.rpartition("/")[0]),
        names(path),
        PERSISTENT,
        *([("systemctl", "is-active", *units)] if units else []),
    ]
    return tuple(Command(argv) for argv in asked)


async def look(host: Host, container: str, path: str, services: Sequence[Service]) -> Look:
    """Look at `container`.

    Raises:
        MissingTool: no iptables there. Failed: its rules or the saved file could not be read.
    """
    done = await host.run_many(commands(path, services), instance=container)
    save, exists, file, folder, places, persistent, *active = done
    if not save.ok:
        raise failure(save, f"firewall rules of {container}")
    if exists.ok and not file.ok:
        raise failure(file, path)
    return Look(
        output=save.stdout,
        running=parse_save(save.stdout, container, "ip"),
        saved=parse_save(file.stdout, container, "ip") if exists.ok else None,
        file=file.stdout if exists.ok else None,
        folder=folder.ok,
        restores=restored_by(places, persistent),
        inactive=_inactive(active[0], services) if active else (),
    )


def _inactive(active: Completed, services: Sequence[Service]) -> tuple[str, ...]:
    states = text.text(active.stdout).split()
    states += ["unknown"] * (len(services) - len(states))
    return tuple(s.unit for s, state in zip(services, states, strict=False) if state != "active")
