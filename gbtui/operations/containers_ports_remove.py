"""`containers.remove-port`: a proxy device goes, unless it is for one of the guide's ports (items 23, 24)."""

from __future__ import annotations

from collections.abc import Mapping

from gbtui.facts.containers_listen import Span, spans
from gbtui.guard.plan import Amend, Danger, Exec, Plan, Probe, Step, Verdict, Wait
from gbtui.operations import containers_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.containers_look import EXISTS, HOST, Subject, ask_devices, subject
from gbtui.operations.containers_parameters import DEVICE
from gbtui.operations.containers_ports import ITEMS, PROTECTED, listens_on
from gbtui.operations.containers_power import DARK, darkness
from gbtui.operations.parameters import CONTAINER

OWN = Guard("own-device", "it is a proxy device of the container itself", (23,))
NEVER = Guard("protected-port", "the guide's ports are never closed", (24,))


async def remove_port(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to take one proxy device away, unless it is one of those the guide protects."""
    name, key = given["container"], given["device"]
    title = f"Remove device {key} of {name}"
    found, there = await subject(context, name)
    if found is None:
        return assemble(REMOVE_PORT, context, given, title, verdicts=(there,))
    device = found.devices.get(key)
    verdicts = [there, _own(found, key), *([_never(key, device)] if device else [])]
    if device is None or any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(REMOVE_PORT, context, given, title, verdicts=verdicts)
    listens = spans(device.get("listen", ""))
    ports = ", ".join(map(str, listens)) or device.get("listen", "")
    lost = (f"{ports} of {name} ({found.what}), until it is added again",)
    step = Step(
        title=title,
        does=Amend(name, "devices", key, device, None),
        done=scripts.device(name, key, "listen", scripts.ABSENT),
        undo=(Amend(name, "devices", key, None, device),),
    )
    closed = [Wait(_closed(span), 20.0) for span in listens]
    return assemble(
        REMOVE_PORT,
        context,
        given,
        title,
        verdicts=(*verdicts, *darkness(lost)),
        steps=(step,),
        verify=(*proofs((step,)), *closed),
        relies_on=await relying(context, (f"devices of {name}", ask_devices(name))),
        why=f"{device.get('listen', '')} on the host leads to {device.get('connect', '')} in {name}",
        dark=lost,
        target=name,
    )


def _closed(span: Span) -> Probe:
    """The host listens on none of them: one look, however many they are."""
    if span.first == span.last:
        return listens_on(next(iter(span)), yes=False)
    kind: tuple[str, ...] = ("-Hltn" if span.protocol == "tcp" else "-Hlun",)
    first, title = next(iter(span)), f"the host does not listen on {span}"
    if first.wild and ":" not in first.address:
        kind += ("-4",)  # somebody else may have one of them on IPv6
    asked = Exec(HOST, ("ss", *kind, f"sport >= :{span.first} and sport <= :{span.last}"))
    if first.wild:
        return Probe(title, asked, "stdout", "")
    address = first.lxd().partition(":")[2].rpartition(":")[0]
    return Probe(title, asked, "contains", f" {address}:", negate=True)


def _own(found: Subject, key: str) -> Verdict:
    if key in found.devices:
        kind = found.devices[key].get("type", "")
        if kind == "proxy":
            return OWN.allow(f"{key} is a proxy device of {found.name}")
        return OWN.refuse(
            f"{key} of {found.name} is of type {kind}, no port; containers.remove-mount is for disks"
        )
    if key in found.all_devices:
        profiles = ", ".join(found.one.profiles)
        return OWN.refuse(f"{key} comes from a profile ({profiles}): change it there, others have it, too")
    known = ", ".join(proxy.name for proxy in found.one.proxies) or "none"
    return OWN.refuse(f"{found.name} has no device {key}; its ports: {known}")


def _never(key: str, device: Mapping[str, str]) -> Verdict:
    listen = device.get("listen", "")
    found = spans(listen)
    if not found and not listen.startswith("unix:"):
        return NEVER.refuse(
            f"where {key} listens cannot be read ({listen}): it may be one of the guide's ports"
        )
    kept = sorted({port for span in found for port in span.holds(PROTECTED)})
    if kept:
        ports = ", ".join(map(str, kept))
        return NEVER.refuse(
            f"the device for {ports} is never removed: mail, web or names would go dark for all"
        )
    return NEVER.allow(f"{listen} is none of the guide's ports")


REMOVE_PORT = Operation(
    id="containers.remove-port",
    title="Remove a port",
    summary="take a proxy device away; those for the guide's ports are never removed",
    subject="containers",
    parameters=(CONTAINER, DEVICE),
    guards=(EXISTS, OWN, NEVER, DARK),
    danger=Danger.DISRUPTIVE,
    items=ITEMS,
    make=remove_port,
)
OPERATIONS = (REMOVE_PORT,)
