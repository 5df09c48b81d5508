"""The guide's ports, traced from outside to who listens inside (items 10, 16-20, 23, 24).

Four links of one chain, each its own check, and where one is broken those behind it are silent: a
proxy device leads the port into its container · the host's packet filter lets it in · the host
listens on it · something inside listens where it leads.
"""

from __future__ import annotations

from collections.abc import Iterator

from gbtui.checks.base import Check, Failing, Remedy, Severity, by_hand, operation
from gbtui.checks.containers_asks import FORWARDS, LISTENING, OUTSIDE
from gbtui.checks.firewall import RULES
from gbtui.checks.scopes import EXPOSED
from gbtui.facts.containers_listen import Endpoint, spans
from gbtui.facts.containers_reach import Dnat, Forward, dnats, forward_of, forwards
from gbtui.facts.containers_types import Container, ProxyDevice
from gbtui.facts.firewall_reach import Sample, way
from gbtui.facts.survey import EVERY, HOST, Need, Place, Survey

STRANGER = "9.9.9.9"
"""Somebody outside: no rule of a private network is about that address."""
DEVICES = "devices"


def _exposed(survey: Survey, place: Place) -> tuple[str, ...]:
    return next((role.exposed for role in survey.profile.roles if role.name == place.role), ())


def _devices(survey: Survey, place: Place) -> tuple[Container | None, list[Forward]]:
    """A container and its forwards of the guide's ports: its devices, or the host's rules in a layout that
    has those. None while it is stopped: LXD closes them."""
    one = survey.container(place.name)
    if one is None or not one.running:
        return one, []
    if survey.profile.forwarding != DEVICES:
        return one, [_led(rule) for rule in _to(survey, one) if _port(rule) in _exposed(survey, place)]
    found = (forward_of(one, port) for port in _exposed(survey, place))
    return one, [each for each in found if each is not None]


def _port(rule: Dnat) -> str:
    return f"{rule.protocol}:{rule.port}"


def _led(rule: Dnat) -> Forward:
    """A rule of the host as the forward that it is: it keeps the client's address, as nat=true does."""
    listen = Endpoint(rule.protocol, "0.0.0.0", rule.port)  # noqa: S104 - whatever address was meant
    connect = Endpoint(rule.protocol, rule.address, rule.to)
    return Forward(ProxyDevice(str(rule), listen.lxd(), connect.lxd(), nat=True, origin=""), listen, connect)


def _named(ends: list[Forward]) -> str:
    return ", ".join(str(each.listen) for each in ends)


def _to(survey: Survey, one: Container) -> list[Dnat]:
    """Rules of the host that lead to a container."""
    return [each for each in dnats(survey.of(RULES).chains) if each.address in one.ipv4]


def _present(survey: Survey, place: Place) -> Iterator[Failing]:
    one = survey.container(place.name)
    if one is None:
        return
    devices = survey.profile.forwarding == DEVICES
    there, outside = survey.of(LISTENING), survey.of(OUTSIDE)
    rules = [] if devices else _to(survey, one)
    for port in _exposed(survey, place):
        protocol, _, number = port.partition(":")
        if any((each.protocol, str(each.port)) == (protocol, number) for each in rules):
            continue
        if devices and forward_of(one, port) is not None:
            continue
        what = "proxy device" if devices else "rule of the host"
        remedy = (
            _add(one, port, there, outside.address)
            if devices
            else by_hand(f"add a DNAT rule for {port} to {one.name}")
        )
        seen = tuple(f"{device.name}: {device.listen}" for device in one.proxies)
        yield Failing(f"{one.name} {port}", f"no {what} leads {port} into it", seen or ("none",), remedy)


def _add(one: Container, port: str, there: tuple[Endpoint, ...], outer: str) -> Remedy:
    """Everywhere, but where something of the host has the port on one address: then on the outer one."""
    protocol, _, number = port.partition(":")
    own = [span for device in one.proxies for span in spans(device.listen)]
    siblings = [span for span in own if span.holds((int(number),))]
    taken = [end for end in there if (end.protocol, str(end.port)) == (protocol, number)]
    address = siblings[0].address if siblings else outer if taken else ""
    listen = f"{protocol}:{address}:{number}" if address not in ("", "0.0.0.0") else port  # noqa: S104
    return operation("containers.add-port", container=one.name, listen=listen)


def _admitted(survey: Survey, place: Place) -> Iterator[Failing]:
    one, found = _devices(survey, place)
    chains, iface = survey.of(RULES).chains, survey.of(OUTSIDE).interface
    closed, seen = [], []
    for each in found if one is not None else ():
        end = each.connect if each.device.nat and each.connect else each.listen
        chain = "FORWARD" if each.device.nat else "INPUT"
        packet = Sample(end.protocol, "NEW", end.port, None, STRANGER, None, iface)
        verdict = way(chains, "ip", chain, packet, hopeful=True)
        if not verdict.accepted:
            by = " → ".join(f"{name} {number + 1}" for name, number in verdict.path) or f"policy of {chain}"
            closed.append(each)
            seen.append(f"{each.listen} from outside: {verdict.verdict} by {by}")
    if closed:
        remedy = by_hand(f"ufw allow {', '.join(f'{e.listen.port}/{e.listen.protocol}' for e in closed)}")
        yield Failing(place.name, f"the host's firewall keeps out {_named(closed)}", tuple(seen), remedy)


def _listened(survey: Survey, place: Place) -> Iterator[Failing]:
    _, found = _devices(survey, place)
    there = survey.of(LISTENING)
    deaf = [each for each in found if not each.device.nat and not any(each.listen.meets(e) for e in there)]
    if deaf:
        seen = tuple(f"{each.device.name}: {each.listen.lxd()}, and ss shows nobody there" for each in deaf)
        remedy = operation("containers.restart", container=place.name)
        yield Failing(place.name, f"the host does not listen on {_named(deaf)}", seen, remedy)


def _answered(survey: Survey, place: Place) -> Iterator[Failing]:
    _, found = _devices(survey, place)
    there = survey.of(LISTENING, place)
    led = [each for each in found if each.connect is not None]
    shut = [each for each in led if each.connect and not any(each.connect.meets(end) for end in there)]
    if not shut or len(shut) == len(led):
        return  # where nothing listens at all, the service is down, and its own check says so
    seen = tuple(f"{each.device.name}: {each.listen.lxd()} → {each.device.connect}" for each in shut)
    what = "device's connect" if survey.profile.forwarding == DEVICES else "rule's destination"
    remedy = by_hand(f"put the {what} right, or have the service listen there")
    message = f"nothing in {place.name} listens where {_named(shut)} leads"
    yield Failing(place.name, message, seen, remedy)


def _internal(survey: Survey, place: Place) -> Iterator[Failing]:
    one = survey.container(place.name)
    if one is None or not place.role or _exposed(survey, place):
        return
    for device in one.proxies:
        open_ = [span for span in spans(device.listen) if span.outer]
        if open_:
            by = f" (by profile {device.origin})" if device.origin else ""
            seen = (f"{device.name}: {device.listen} → {device.connect}{by}",)
            own = operation("containers.remove-port", container=one.name, device=device.name)
            remedy = by_hand(f"take {device.name} out of the profile") if by else own
            message = f"{', '.join(map(str, open_))} of the world leads into it, and it is internal"
            yield Failing(f"{one.name} {device.name}", message, seen, remedy)
    for rule in _to(survey, one):
        subject = f"{one.name} {rule.protocol}:{rule.port}"
        message = f"a rule of the host leads {rule.protocol} :{rule.port} into it, and it is internal"
        yield Failing(subject, message, (str(rule),), _without(rule))


def _without(rule: Dnat) -> Remedy:
    return operation("firewall.delete-rule", container="host", rule=rule.spec, chain=rule.chain, table="nat")


def _by_devices(survey: Survey, place: Place) -> Iterator[Failing]:
    profile = survey.profile
    if profile.forwarding != DEVICES:
        for one in survey.containers:
            for each in forwards(one) if one.role else ():
                seen = (f"{each.device.name}: {each.device.listen} → {each.device.connect}",)
                remedy = operation("containers.remove-port", container=one.name, device=each.device.name)
                message = f"{each.listen} is forwarded by a device; this layout forwards by rules of the host"
                yield Failing(f"{one.name} {each.device.name}", message, seen, remedy)
        return
    for forward in survey.of(FORWARDS):
        remedy = by_hand(f"lxc network forward delete {profile.bridge} {forward.listens}")
        message = f"a network forward of {profile.bridge} is there: it does not reach a host's own address"
        yield Failing(f"{profile.bridge} {forward.listens}", message, forward.ports or ("no ports",), remedy)
    exposed = {role.name for role in profile.roles if role.exposed}
    for one in survey.containers:
        for rule in _to(survey, one) if one.role in exposed else ():
            double = forward_of(one, f"{rule.protocol}:{rule.port}")
            message = f"a rule of the host leads {rule.protocol} :{rule.port} to {one.name}"
            message += f", past its device {double.device.name}" if double else ", and no device does"
            yield Failing(f"{one.name} {rule.protocol}:{rule.port}", message, (str(rule),), _without(rule))


PRESENT = Check(
    id="containers.ports-present",
    items=(16, 17, 18, 24),
    sentence="a proxy device leads each of the guide's eleven ports into its container, 53 by TCP and UDP",
    severity=Severity.ERROR,
    scope=EXPOSED,
    needs=(Need(LISTENING), Need(OUTSIDE), Need(RULES)),
    judge=_present,
    remedy="containers.add-port",
)
ADMITTED = Check(
    id="containers.ports-admitted",
    items=(16, 17, 18),
    sentence="the host's packet filter lets strangers reach the guide's ports",
    severity=Severity.ERROR,
    scope=EXPOSED,
    needs=(Need(RULES), Need(OUTSIDE)),
    judge=_admitted,
    remedy="ufw allow PORT/PROTOCOL on the host",
)
LISTENED = Check(
    id="containers.ports-listened",
    items=(16, 17, 18),
    sentence="the host listens on each port that a proxy device is for",
    severity=Severity.ERROR,
    scope=EXPOSED,
    needs=(Need(LISTENING), Need(RULES)),
    judge=_listened,
    remedy="containers.restart",
    certain=False,
)
ANSWERED = Check(
    id="containers.ports-answered",
    items=(10, 16, 17, 18),
    sentence="something inside listens where each of the guide's ports leads",
    severity=Severity.ERROR,
    scope=EXPOSED,
    needs=(Need(LISTENING, EXPOSED), Need(RULES)),
    judge=_answered,
    remedy="put the device's connect right, or have the service listen there",
    certain=False,
)
INTERNAL = Check(
    id="containers.internal-only",
    items=(19, 20),
    sentence="containers that are internal, and the CI runner, offer nothing to the world",
    severity=Severity.ERROR,
    scope=EVERY,
    needs=(Need(RULES),),
    judge=_internal,
    remedy="containers.remove-port",
)
BY_DEVICES = Check(
    id="containers.by-devices",
    items=(23,),
    sentence="ports are forwarded by proxy devices alone, by no network forward and no rule of the host",
    severity=Severity.WARNING,
    scope=HOST,
    needs=(Need(FORWARDS), Need(RULES)),
    judge=_by_devices,
    remedy="firewall.delete-rule",
)
CHECKS = (PRESENT, ADMITTED, LISTENED, ANSWERED, INTERNAL, BY_DEVICES)
