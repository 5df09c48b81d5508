"""How a port of the host leads into a container: by LXD's proxy device, or by a rule of the host. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gbtui.facts.containers_listen import Endpoint, endpoints, spans
from gbtui.facts.containers_types import Container, ProxyDevice
from gbtui.facts.firewall_match import conditions, words_of
from gbtui.facts.firewall_types import Chain

_LXDS = "generated for LXD"
_TARGET = re.compile(r"\[?([0-9A-Fa-f.:]+?)\]?(?::(\d{1,5})(?:-\d+)?)?")


@dataclass(frozen=True, slots=True)
class Forward:
    """A device of a container that leads `listen` to `connect`."""

    device: ProxyDevice
    listen: Endpoint
    connect: Endpoint | None


@dataclass(frozen=True, slots=True)
class Dnat:
    """A rule of the host that leads a port to an address: `spec` is the rule's own text."""

    protocol: str
    port: int
    address: str
    to: int
    chain: str
    spec: str

    def __str__(self) -> str:
        return f"-A {self.chain} {self.spec}"


def forwards(one: Container) -> tuple[Forward, ...]:
    """Each port that its proxy devices listen on, in their order."""
    return tuple(each for device in one.proxies for each in _ports(device))


def _ports(device: ProxyDevice) -> Iterator[Forward]:
    connects = endpoints(device.connect)
    for number, listen in enumerate(endpoints(device.listen)):
        # one target for all ports, or as many targets as there are ports
        connect = connects[min(number, len(connects) - 1)] if connects else None
        yield Forward(device, listen, connect)


def forward_of(one: Container, port: str) -> Forward | None:
    """The device that leads an outer `tcp:443` into the container."""
    protocol, _, number = port.partition(":")
    for device in one.proxies:
        found = [span for span in spans(device.listen) if span.protocol == protocol]
        if any(span.holds((int(number),)) for span in found):
            own = (each for each in _ports(device) if each.listen.port == int(number))
            outer = next((each for each in own if each.listen.outer), None)
            if outer is not None:
                return outer
    return None


def dnats(chains: Sequence[Chain]) -> tuple[Dnat, ...]:
    """The rules that lead ports elsewhere, LXD's own left out; one for each port they name."""
    nat = [one for one in chains if (one.source, one.table) == ("iptables", "nat")]
    return tuple(dnat for one in nat for rule in one.rules for dnat in _dnat(one.chain, rule.spec))


def _dnat(chain: str, spec: str) -> Iterator[Dnat]:
    if "DNAT" not in spec or _LXDS in spec:
        return
    said = {option: values for negated, option, values in conditions(words_of(spec)) if not negated}
    target = _TARGET.fullmatch((said.get("--to-destination") or ("",))[0])
    if said.get("-j") != ("DNAT",) or target is None:
        return
    protocol = (said.get("-p") or ("tcp",))[0]
    for part in ",".join(said.get("--dport") or said.get("--dports") or ()).split(","):
        if part.isascii() and part.isdecimal() and len(part) < 6:
            yield Dnat(protocol, int(part), target[1], int(target[2] or part), chain, spec)
