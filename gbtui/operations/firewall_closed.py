"""What goes dark by a change of rules: ports that are listened on, let in before and not afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gbtui.facts.containers_listen import Endpoint, sockets
from gbtui.facts.containers_reach import dnats
from gbtui.facts.firewall_reach import Sample, way
from gbtui.facts.firewall_types import Chain
from gbtui.guard.plan import Verdict
from gbtui.hosts.base import Command
from gbtui.operations.base import Context, Guard
from gbtui.operations.firewall_state import HOST

CLOSES = Guard("closes", "who changes the rules knows which ports and ways go dark by it", (16, 17, 18, 27))
_FAMILIES = ("ip", "ip6")


@dataclass(frozen=True, slots=True)
class Closed:
    """What goes dark: `ports` as `tcp :25`, `ways` in words. `blind`: who listens could not be seen."""

    where: str
    ports: tuple[str, ...]
    ways: tuple[str, ...]
    blind: bool = False

    @property
    def dark(self) -> tuple[str, ...]:
        """For a plan."""
        ports = f"{', '.join(self.ports)} of {self.where} from elsewhere"
        return tuple(f"{what}, until it is undone" for what in ((ports,) if self.ports else ()) + self.ways)

    @property
    def verdict(self) -> Verdict:
        """What has to be read before."""
        if self.dark:
            return CLOSES.warn(f"goes dark: {'; '.join(self.dark)}")
        if self.blind:
            return CLOSES.warn(f"{self.where} has no ss: which ports it closes there cannot be seen")
        return CLOSES.allow("nothing that is listened on goes dark by it")


async def closed(context: Context, where: str, before: Sequence[Chain], after: Sequence[Chain]) -> Closed:
    """What of `where` goes dark when the rules `before` become `after`.

    What cannot be judged from here (a source, a limit) is taken both ways: what goes dark in either
    counts. Raises what the host raises.
    """
    heard = await _listeners(context, where)
    ways = _led(before, after)
    bridge = context.profile.bridge
    if where == HOST and _shut(before, after, "FORWARD", Sample("tcp", "NEW", 443, iface=bridge)):
        ways += (f"the way out of the containers on {bridge}",)
    ports = [end for end in heard or () if end.outer and _shut(before, after, "INPUT", _packet(where, end))]
    ports.sort(key=lambda end: (end.protocol, end.port))
    return Closed(where, tuple(dict.fromkeys(map(str, ports))), ways, blind=heard is None)


def _packet(where: str, end: Endpoint) -> Sample:
    iface = None if where == HOST else "eth0"
    return Sample(end.protocol, "NEW", end.port, iface=iface)


def _shut(before: Sequence[Chain], after: Sequence[Chain], chain: str, packet: Sample) -> bool:
    def comes(chains: Sequence[Chain], family: str, *, hopeful: bool) -> bool:
        return way(chains, family, chain, packet, hopeful=hopeful).accepted

    return any(
        comes(before, family, hopeful=hopeful) and not comes(after, family, hopeful=hopeful)
        for family in _FAMILIES
        for hopeful in (True, False)
    )


def _led(before: Sequence[Chain], after: Sequence[Chain]) -> tuple[str, ...]:
    """Ports that a rule leads elsewhere, and no rule then."""
    then = {(one.protocol, one.port, one.address, one.to) for one in dnats(after)}
    gone = [one for one in dnats(before) if (one.protocol, one.port, one.address, one.to) not in then]
    return tuple(f"{one.protocol} :{one.port}, which a rule leads to {one.address}:{one.to}" for one in gone)


async def _listeners(context: Context, where: str) -> tuple[Endpoint, ...] | None:
    commands = [Command(("ss", flags)) for flags in ("-Hltn", "-Hlun")]
    tcp, udp = await context.host.run_many(commands, instance=None if where == HOST else where)
    if not tcp.ok or not udp.ok:
        return None
    return (*sockets(tcp.stdout, "tcp"), *sockets(udp.stdout, "udp"))
