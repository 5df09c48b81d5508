"""`containers.add-port`: one of LXD's proxy devices (items 16-20, 23, 24)."""

from __future__ import annotations

from collections.abc import Mapping

from gbtui.facts.containers_listen import Endpoint, sockets, spans
from gbtui.guard.plan import Amend, Danger, Exec, Plan, Probe, Step, Verdict, Wait
from gbtui.guard.preview import command
from gbtui.operations import containers_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.containers_look import EXISTS, HOST, Subject, ask_devices, ask_state, subject
from gbtui.operations.containers_parameters import CONNECT, LISTEN, NAT, endpoint
from gbtui.operations.parameters import CONTAINER

ITEMS = (16, 17, 18, 19, 20, 23, 24)
PROTECTED = frozenset({80, 443, 25, 465, 587, 993, 995, 143, 110, 4190, 53})
"""Ports whose proxy devices are never removed (item 24), TCP and UDP."""

FREE = Guard("port-free", "nothing on the host listens there yet", (16, 17, 18))
EXPOSURE = Guard("exposure-policy", "only the guide's roles offer ports to the world", (16, 17, 18, 19, 20))
CLIENT = Guard("client-address", "whoever counts on the client's address knows whether it is lost", (70, 73))
ANSWERED = Guard("somebody-listens", "something inside listens where the port leads", (23,))
NAT_FIT = Guard("nat-possible", "LXD can keep the client's address: fixed addresses on both sides", (23,))


async def add_port(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to forward one port of the host into a container."""
    name, nat = given["container"], given["nat"] == "true"
    listen = endpoint(given["listen"], "0.0.0.0")  # noqa: S104 - as the guide's devices do
    title = f"Forward {listen} to {name}"
    found, there = await subject(context, name)
    if found is None:
        return assemble(ADD_PORT, context, given, title, verdicts=(there,))
    connect = endpoint(given["connect"] or f"{listen.protocol}:{listen.port}", _target(found, nat=nat))
    device = {"type": "proxy", "listen": listen.lxd(), "connect": connect.lxd()}
    device |= {"nat": "true"} if nat else {}
    same = [key for key, value in found.all_devices.items() if value == device]
    if same:
        noop = f"device {same[0]} of {name} does that already"
        return assemble(ADD_PORT, context, given, title, verdicts=(there,), noop=noop)
    verdicts = [there, *await _may(context, found, listen, connect, nat=nat)]
    if any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(ADD_PORT, context, given, title, verdicts=verdicts)
    key = _free_name(found, listen)
    step = _add(name, key, device, listen)
    return assemble(
        ADD_PORT,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=(step,),
        verify=(*proofs((step,)), *_opened(found, listen, connect, nat=nat)),
        relies_on=await relying(
            context,
            (f"devices of {name}", ask_devices(name)),
            (f"state of {name}", ask_state(name)),
            (f"listeners on {listen}", _ask_host(listen)),
        ),
        why=f"{listen.lxd()} on the host leads to {connect.lxd()} in {name} ({found.what})",
        target=name,
        undo_warning=f"{listen} of the host is closed again",
    )


async def _may(
    context: Context, found: Subject, listen: Endpoint, connect: Endpoint, *, nat: bool
) -> list[Verdict]:
    verdicts = [exposure(found, listen), await free(context, found, listen)]
    verdicts.append(_nat(found, listen, connect) if nat else _client(found, listen, connect))
    verdicts.append(await _answered(context, found, connect))
    return verdicts


def _target(found: Subject, *, nat: bool) -> str:
    """Where a port leads by default: loopback inside, or in nat mode the fixed address."""
    return (_fixed(found) or "127.0.0.1") if nat else "127.0.0.1"


def _fixed(found: Subject) -> str:
    """The static IPv4 address of its network card; "" where LXD gives it one by chance."""
    cards = [device for device in found.all_devices.values() if device.get("type") == "nic"]
    return next((card["ipv4.address"] for card in cards if card.get("ipv4.address", "none") != "none"), "")


def exposure(found: Subject, listen: Endpoint) -> Verdict:
    """Whether its role may offer that port."""
    name, shown = found.name, f"{listen.protocol}:{listen.port}"
    if not listen.outer:
        return EXPOSURE.allow(f"{listen.lxd()} can be reached from the host only")
    if found.role is None:
        return EXPOSURE.warn(
            f"{name} has no role of the guide: whether it may offer {listen} is for you to know"
        )
    if shown in found.role.exposed:
        return EXPOSURE.allow(f"{found.role.name} is meant to offer {listen}")
    if not found.role.exposed:
        why = f"{name} ({found.what}) is internal and offers nothing to the world"
        return EXPOSURE.refuse(
            f"{why}; listen={listen.protocol}:127.0.0.1:{listen.port} reaches it from the host"
        )
    offered = ", ".join(port.replace(":", " :") for port in found.role.exposed)
    return EXPOSURE.warn(f"{found.role.name} is meant to offer {offered}, not {listen}")


async def free(context: Context, found: Subject, listen: Endpoint) -> Verdict:
    """Whether nothing on the host listens there."""
    unread: list[str] = []
    for one in found.everyone:
        for proxy in one.proxies:
            if any(span.meets(listen) for span in spans(proxy.listen)):
                there = f"device {proxy.name} of {one.name} listens on {proxy.listen}"
                return FREE.refuse(f"{there}: remove it first, or choose another port")
            if not spans(proxy.listen) and not proxy.listen.startswith("unix:"):
                unread.append(f"device {proxy.name} of {one.name} ({proxy.listen})")
    done = await context.host.run(command(_ask_host(listen)))
    if not done.ok:
        return FREE.warn("who listens on the host cannot be seen (no ss): LXD says whether it is taken")
    for other in sockets(done.stdout, listen.protocol):
        if listen.meets(other):
            return FREE.refuse(f"something on the host listens on {other.lxd()} already: choose another port")
    if unread:
        return FREE.warn(f"where these listen cannot be read, and it may be there: {', '.join(unread)}")
    return FREE.allow(f"nothing listens on {listen} of the host")


def _ask_host(listen: Endpoint) -> Exec:
    kind = "-Hltn" if listen.protocol == "tcp" else "-Hlun"
    return Exec(HOST, ("ss", kind, f"sport = :{listen.port}"))


def _client(found: Subject, listen: Endpoint, connect: Endpoint) -> Verdict:
    """Without nat LXD opens a connection of its own: the service sees it, not the client (research 0.3)."""
    lost = f"the service sees {connect.address} for every client, so fail2ban and acl cannot tell them apart"
    fixed = _fixed(found)
    if not fixed:
        why = f"nat=true would keep it, if {found.name} had a fixed ipv4.address on its network card"
    elif listen.wild:
        why = f"nat=true keeps it: {found.name} has {fixed}; name the host's address, listen=tcp:ADDRESS:PORT"
    else:
        why = f"nat=true keeps it: {found.name} has the fixed address {fixed}"
    return CLIENT.warn(f"{lost}; {why}")


def _nat(found: Subject, listen: Endpoint, connect: Endpoint) -> Verdict:
    fixed = _fixed(found)
    if not fixed:
        return NAT_FIT.refuse(
            f"{found.name} has no fixed ipv4.address on its network card: leave out nat=true"
        )
    if listen.wild:
        why = "LXD forwards with nat from one address only"
        return NAT_FIT.refuse(f"{why}: name the host's, listen={listen.protocol}:ADDRESS:{listen.port}")
    if connect.address != fixed:
        return NAT_FIT.refuse(
            f"with nat it can lead to {fixed} only, not to {connect.address}: leave out connect="
        )
    return NAT_FIT.allow(f"{fixed} sees the client's own address")


async def _answered(context: Context, found: Subject, connect: Endpoint) -> Verdict:
    if not found.one.running:
        return ANSWERED.warn(f"{found.name} is stopped: the port opens when it is started")
    kind = "-Hltn" if connect.protocol == "tcp" else "-Hlun"
    done = await context.host.run(command(Exec(found.name, ("ss", kind, f"sport = :{connect.port}"))))
    if not done.ok:
        return ANSWERED.warn(f"{found.name} has no ss: whether something listens on {connect} cannot be seen")
    if sockets(done.stdout, connect.protocol):
        return ANSWERED.allow(f"something in {found.name} listens on {connect}")
    return ANSWERED.warn(f"nothing in {found.name} listens on {connect} now: connections are closed at once")


def _free_name(found: Subject, listen: Endpoint) -> str:
    base = f"port-{listen.port}" + ("" if listen.protocol == "tcp" else f"-{listen.protocol}")
    names = [base, *(f"{base}-{number}" for number in range(2, 100))]
    return next(name for name in names if name not in found.all_devices)


def _add(name: str, key: str, device: Mapping[str, str], listen: Endpoint) -> Step:
    kept = listen.port in PROTECTED
    return Step(
        title=f"Add device {key} to {name}",
        does=Amend(name, "devices", key, None, device),
        done=scripts.device(name, key, "listen", device["listen"]),
        undo=() if kept else (Amend(name, "devices", key, device, None),),
        no_undo=f"proxy devices for {listen.port} are never removed (guide 24)" if kept else "",
        undo_dark=() if kept else (f"{listen} of the host, until it is added again",),
    )


def _opened(found: Subject, listen: Endpoint, connect: Endpoint, *, nat: bool) -> tuple[Wait, ...]:
    """The effect: somebody listens on the host, or its packet filter leads there."""
    if not found.one.running:
        return ()
    if nat:
        leads = f"{listen.protocol} dport {listen.port} dnat ip to {connect.address}:{connect.port}"
        rule = Probe(f"the host leads {listen} to {connect.address}", _ruleset(), "contains", leads)
        return (Wait(rule, 20.0),)
    return (Wait(listens_on(listen, yes=True), 20.0),)


def _ruleset() -> Exec:
    return Exec(HOST, ("nft", "list", "ruleset"))


def listens_on(listen: Endpoint, *, yes: bool) -> Probe:
    """Whether the host listens there, by its sockets."""
    title = f"the host {'listens' if yes else 'does not listen'} on {listen.lxd().partition(':')[2]}"
    shown = f" {listen.lxd().partition(':')[2]} " if not listen.wild else f":{listen.port} "
    return Probe(title, _ask_host(listen), "contains", shown, negate=not yes)


ADD_PORT = Operation(
    id="containers.add-port",
    title="Forward a port",
    summary="add a proxy device: one port of the host leads into a container",
    subject="containers",
    parameters=(CONTAINER, LISTEN, CONNECT, NAT),
    guards=(EXISTS, EXPOSURE, FREE, CLIENT, NAT_FIT, ANSWERED),
    danger=Danger.DISRUPTIVE,
    items=ITEMS,
    make=add_port,
)
OPERATIONS = (ADD_PORT,)
