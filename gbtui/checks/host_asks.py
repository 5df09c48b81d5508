"""What is asked of the host itself: one script as root, one as the operator, and LXD's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gbtui.errors import Malformed
from gbtui.facts.failure import failure
from gbtui.facts.host import HOST_FACTS, OPERATOR, HostFacts, Operator, parse_host, parse_operator
from gbtui.facts.survey import PATIENCE, PROBE, Ask, LxdAsk, Place
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import Profile

STEADY = 180.0
"""Seconds for which something is good that changes only when somebody changes it. Whoever did it through
gbtui, or wants to know at once, does not wait: `Surveyor.forget`."""
_LIMIT = 100_000


def script(text: str, name: str, *words: str, root: bool = True, timeout: float = PROBE) -> Command:
    """One of gbtui's reading scripts, with its arguments apart from it."""
    return Command(("sh", "-c", text, f"gbtui-{name}", *words), root=root, timeout=timeout, limit=_LIMIT)


@dataclass(frozen=True, slots=True)
class Server:
    """What answers on LXD's socket: its name ("lxd", "incus"), version, and whether it trusts us."""

    name: str
    version: str
    trusted: bool


def _facts(profile: Profile, place: Place) -> Sequence[Command]:
    words = (profile.bridge, profile.forward_unit)
    return (script(HOST_FACTS, "host-facts", *words, timeout=PATIENCE),)


def _read_facts(done: Sequence[Completed], profile: Profile, place: Place) -> HostFacts:
    if not done[0].stdout or done[0].timed_out:
        raise failure(done[0], "facts of the host")
    return parse_host(done[0].stdout)


def _operator(profile: Profile, place: Place) -> Sequence[Command]:
    return (script(OPERATOR, "operator", profile.lxd_group, root=False),)


def _read_operator(done: Sequence[Completed], profile: Profile, place: Place) -> Operator:
    if done[0].timed_out:
        raise failure(done[0], "the operator's rights")
    return parse_operator(done[0].stdout, profile.lxd_group)


def _read_server(data: Any, profile: Profile) -> Server:
    environment = data.get("environment") if isinstance(data, dict) else None
    if not isinstance(environment, dict):
        raise Malformed("LXD's own description", why="no environment in it")
    name, version = (str(environment.get(key, "")) for key in ("server", "server_version"))
    return Server(name or "lxd", version, data.get("auth") == "trusted")


FACTS: Ask[HostFacts] = Ask("facts of the host", _facts, _read_facts, STEADY, patient=True)
OPERATOR_RIGHTS: Ask[Operator] = Ask("the operator's rights", _operator, _read_operator, STEADY)
SERVER: LxdAsk[Server] = LxdAsk("LXD's own description", "", _read_server)
