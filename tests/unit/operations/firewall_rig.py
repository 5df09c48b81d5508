"""What the firewall operations' tests ask of the demo host."""

from __future__ import annotations

from gbtui.demo.host import DemoHost
from gbtui.guard.plan import Plan, Verdict
from gbtui.hosts.base import Command, inside
from tests.unit.guard.rig import Answers

YES = Answers(
    acknowledged=(
        *("survives-reboot", "undo-warning", "in-use", "both-families", "ufw-keeps", "rehearsed"),
        "udp-proof",
    )
)
BOX = "acme-system"
V4, V6 = "/etc/iptables/rules.v4", "/etc/iptables/rules.v6"


async def sh(host: DemoHost, where: str, *argv: str) -> str:
    """What a program prints, as root."""
    run = Command(argv, root=True) if where == "host" else inside(where, Command(argv))
    return (await host.run(run)).stdout.decode()


async def rules(host: DemoHost, where: str = BOX) -> str:
    """Both families, running."""
    return await sh(host, where, "iptables", "-w", "-S") + await sh(host, where, "ip6tables", "-w", "-S")


async def saved(host: DemoHost, where: str = BOX) -> tuple[bytes | None, ...]:
    """Both files."""
    files = host.state.places[where].files
    return tuple(files[path].data if path in files else None for path in (V4, V6))


def word(plan: Plan, guard: str) -> Verdict:
    """One guard's verdict."""
    (found,) = [verdict for verdict in plan.verdicts if verdict.guard == guard]
    return found
