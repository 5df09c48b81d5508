"""`getent hosts NAME…` on the simulated host: the tenant's names have an address, others have none."""

from __future__ import annotations

from gbtui.demo.call import Answer, Call, failed
from gbtui.demo.tenant import OUTER
from gbtui.demo.traffic import VHOSTS


def resolves(name: str) -> bool:
    """Whether a name has an address."""
    return name in VHOSTS or name.endswith(".acme.example")


def getent(call: Call) -> Answer:
    """One line for each name that has an address; status 2 when one has none."""
    if call.arguments[:1] != ("hosts",):
        return failed(1, f"Unknown database: {call.arguments[0] if call.arguments else ''}")
    names = call.arguments[1:]
    found = [name for name in names if resolves(name)]
    lines = "".join(f"{OUTER:<15} {name}\n" for name in found)
    return Answer(0 if len(found) == len(names) else 2, lines.encode())
