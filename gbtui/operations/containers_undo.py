"""An undo that changes a container's settings is held to the guards of who sets them (items 16-24).

Neither a port of the guide nor system's privilege goes by undoing, nor does a port come back that the
role must not offer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gbtui.facts.containers_listen import Endpoint, endpoints
from gbtui.guard.plan import Amend, Plan, Verdict
from gbtui.guard.undo import Judged
from gbtui.operations.base import Context
from gbtui.operations.containers_look import Subject, subject
from gbtui.operations.containers_ports import exposure, free
from gbtui.operations.containers_ports_remove import NEVER
from gbtui.operations.containers_power import darkness
from gbtui.operations.containers_privileged import KEY, MUST, ONLY
from gbtui.operations.containers_restore import guides_ports

MOST = 16
"""Ports that come back of which each is looked at: more than the guide has."""


async def judge(context: Context, original: Plan, turned: Plan) -> Judged:
    """What the guards say of every container whose settings the undo would change. Raises what LXD raises."""
    amends = [step.does for step in turned.steps if isinstance(step.does, Amend)]
    verdicts: list[Verdict] = []
    for name in dict.fromkeys(amend.instance for amend in amends):
        found, there = await subject(context, name)
        if found is None:
            verdicts.append(there)
            continue
        mine = [amend for amend in amends if amend.instance == name]
        config, devices = await _then(context, found, mine)
        if any((amend.section, amend.key) == ("config", KEY) for amend in mine):
            verdicts.append(_privilege(found, wanted=config.get(KEY) == "true"))
        if any(amend.section == "devices" for amend in mine):
            verdicts += await _ports(context, found, devices)
    of_containers = original.operation.startswith("containers.")
    return Judged((*verdicts, *(darkness(turned.dark) if of_containers else ())))


async def _then(
    context: Context, found: Subject, amends: Sequence[Amend]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Configuration and devices as LXD would put them together afterwards: the profiles', then its own."""
    config: dict[str, Any] = {}
    devices: dict[str, Any] = {}
    for profile in found.one.profiles:
        data = (await context.host.lxd.get(f"profiles/{profile}")).data
        config |= data.get("config") or {} if isinstance(data, dict) else {}
        devices |= data.get("devices") or {} if isinstance(data, dict) else {}
    own: dict[str, dict[str, Any]] = {"config": dict(found.config), "devices": dict(found.devices)}
    for amend in amends:
        own[amend.section].pop(amend.key, None)
        if amend.after is not None:
            own[amend.section][amend.key] = amend.after
    return {**config, **own["config"]}, {**devices, **own["devices"]}


def _privilege(found: Subject, *, wanted: bool) -> Verdict:
    must = found.role is not None and found.role.privileged
    if must and not wanted:
        closed = f"botserver could not write {found.profile.root} any more"
        return MUST.refuse(f"{found.name} would run unprivileged again, and {closed}: leave it privileged")
    if must:
        return MUST.allow(f"{found.name} must be privileged, so that botserver owns {found.profile.root}")
    if wanted:
        return ONLY.warn(f"root in {found.name} becomes the host's root again; only system's has to be")
    return ONLY.allow(f"{found.name} ({found.what}) needs no privilege")


async def _ports(context: Context, found: Subject, devices: Mapping[str, Any]) -> list[Verdict]:
    closed = sorted(guides_ports(found.all_devices) - guides_ports(devices))
    if closed:
        ports = ", ".join(f"{protocol} :{port}" for protocol, port in closed)
        why = f"{ports} of {found.name} would be closed again: mail, web or names would go dark for all"
        return [
            NEVER.refuse(f"{why}; leave the device, and put back by hand what else is meant to be undone")
        ]
    verdicts = [NEVER.allow(f"none of the guide's ports of {found.name} is closed by it")]
    for end in sorted(_listens(devices) - _listens(found.all_devices), key=str)[:MOST]:
        verdicts += [exposure(found, end), await free(context, found, end)]
    return verdicts


def _listens(devices: Mapping[str, Any]) -> set[Endpoint]:
    known = [one for one in devices.values() if isinstance(one, Mapping) and one.get("type") == "proxy"]
    return {end for one in known for end in endpoints(str(one.get("listen", "")))}
