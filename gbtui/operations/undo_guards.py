"""What an undo would make of the host, held to the guards of the operations that would make the same.

Judged by what its steps do, not by whose undo it is: an operation that is new, and a plan that an
earlier release has journaled, are held to them as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gbtui.guard.plan import Plan
from gbtui.guard.undo import GuardUndo, Judged
from gbtui.operations import bans_undo, containers_undo, firewall_undo, proxy_undo, snapshots_undo
from gbtui.operations.base import Context, Guard
from gbtui.operations.containers_ports import EXPOSURE, FREE
from gbtui.operations.containers_ports_remove import NEVER
from gbtui.operations.containers_power import DARK
from gbtui.operations.containers_privileged import MUST, ONLY

_CHANGES = (NEVER, MUST, ONLY, EXPOSURE)
_PROXY = ("proxy.apply-config", "proxy.restore", "proxy.remove-domain", "proxy.set-storage")
_FIREWALL = (
    "firewall.accept-loopback",
    "firewall.delete-rule",
    "firewall.drop-port",
    "firewall.host-forward-accept",
    "firewall.persist-lxd-forward",
    "firewall.restore-saved",
    "firewall.save",
)

BY_OPERATION: Mapping[str, tuple[Guard, ...]] = MappingProxyType(
    {
        "bans.unban": bans_undo.GUARDS,
        "bans.clear-orphans": bans_undo.GUARDS,
        "containers.start": (DARK,),
        "containers.set-privileged": (MUST, ONLY, DARK),
        "containers.add-port": (NEVER, DARK),
        "containers.remove-port": (NEVER, EXPOSURE, FREE),
        "containers.restore-snapshot": (*_CHANGES, FREE, DARK),
        "containers.snapshot": snapshots_undo.GUARDS,
        "snapshots.take": snapshots_undo.GUARDS,
        **dict.fromkeys(_PROXY, proxy_undo.GUARDS),
        **dict.fromkeys(_FIREWALL, firewall_undo.GUARDS),
    }
)
"""The guards that the undo of an operation may meet, beside what is asked of every undo."""


def guarding(context: Context) -> GuardUndo:
    """The judge of undo plans, for the engine of `context`'s host."""

    async def judge(original: Plan, turned: Plan) -> Judged:
        said = (
            await bans_undo.judge(context, turned),
            await snapshots_undo.judge(context, turned),
            await proxy_undo.judge(context, original, turned),
            await firewall_undo.judge(context, turned),
            await containers_undo.judge(context, original, turned),
        )
        return Judged(
            tuple(verdict for one in said for verdict in one.verdicts),
            tuple(reliance for one in said for reliance in one.relies_on),
        )

    return judge
