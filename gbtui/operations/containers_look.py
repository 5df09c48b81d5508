"""What operations on containers look at: the instance among all others, what it offers, how it is proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gbtui.errors import GbtuiError, NotFound
from gbtui.facts.containers import Container, ask_instances
from gbtui.facts.containers_listen import Span, endpoints, spans
from gbtui.facts.containers_parse import parse_instances
from gbtui.facts.containers_reach import forward_of
from gbtui.guard.plan import Exec, Probe, Verdict, Wait
from gbtui.hosts.base import Command, inside
from gbtui.operations import containers_scripts as scripts
from gbtui.operations.base import Context, Guard
from gbtui.operations.containers_vhosts import vhosts_through
from gbtui.operations.snapshots_names import counted, some
from gbtui.profiles import Profile, Role, Service

HOST = "host"
CLEAN_STOP = 60
"""Seconds a container gets to shut down cleanly; then LXD gives up and leaves it running."""
STOP_TIMEOUT, START_TIMEOUT = 90.0, 180.0
HEALTHY_WITHIN, UP_WITHIN = 120.0, 120.0
MOST_NAMES = 30
RESTART_DARK = 30
"""About how long a container is away while it restarts, in seconds."""

EXISTS = Guard("instance-exists", "there is such a container, and it is the tenant's", (89,))


@dataclass(frozen=True, slots=True)
class Subject:
    """One instance, LXD's own entry of it, its role, all instances of the host, and its layout."""

    one: Container
    entry: Mapping[str, Any]
    role: Role | None
    everyone: tuple[Container, ...]
    entries: tuple[Mapping[str, Any], ...]
    profile: Profile

    @property
    def name(self) -> str:
        return self.one.name

    @property
    def what(self) -> str:
        """What it is for, in the guide's words."""
        return self.role.purpose if self.role else "role not known"

    @property
    def devices(self) -> Mapping[str, Mapping[str, str]]:
        """Its own devices, without its profiles'."""
        return _texts(self.entry.get("devices"))

    @property
    def all_devices(self) -> Mapping[str, Mapping[str, str]]:
        """Every device it has, its profiles' included."""
        return _texts(self.entry.get("expanded_devices"))

    @property
    def config(self) -> Mapping[str, str]:
        """Its own configuration, without its profiles'."""
        found = self.entry.get("config")
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}

    @property
    def last_used(self) -> str:
        """When it was started last, in LXD's own words."""
        return str(self.entry.get("last_used_at", ""))

    @property
    def ports(self) -> tuple[Span, ...]:
        """Where its proxy devices listen, sorted; a range is one."""
        found = {span for proxy in self.one.proxies for span in spans(proxy.listen)}
        return tuple(sorted(found, key=lambda span: (span.protocol, span.first, span.last, span.address)))


async def subject(context: Context, name: str) -> tuple[Subject | None, Verdict]:
    """The instance of that name with the verdict of EXISTS; None where there is none to speak of.

    Raises whatever LXD raises.
    """
    reply = await ask_instances(context.host)
    everyone = parse_instances(reply.data, context.profile.split).containers
    one = next((container for container in everyone if container.name == name), None)
    if one is None:
        return None, EXISTS.refuse(f"there is no container {name}; gbtui show containers lists them")
    if context.tenant and one.tenant != context.tenant and not name.startswith(f"{context.tenant}-"):
        return None, EXISTS.refuse(f"{name} is not of tenant {context.tenant}: choose its tenant first")
    entries = tuple(entry for entry in reply.data if isinstance(entry, dict))
    entry = next(entry for entry in entries if entry.get("name") == name)
    role = next((role for role in context.profile.roles if role.name == one.role), None)
    verdict = EXISTS.allow(
        f"{name} ({role.purpose if role else 'no role of the guide'}) is {one.state.lower()}"
    )
    return Subject(one, entry, role, everyone, entries, context.profile), verdict


# Facts relied on


def ask_state(name: str) -> Exec:
    """RUNNING or STOPPED, nothing else."""
    return Exec(HOST, ("lxc", "list", "--format", "csv", "-c", "s", f"^{name}$"))


def ask_devices(name: str) -> Exec:
    """The instance's own devices."""
    return Exec(HOST, ("lxc", "config", "device", "show", name))


# Proofs


def state_is(name: str, state: str) -> Probe:
    """LXD says that the instance is in `state` (RUNNING, STOPPED)."""
    return Probe(f"{name} is {state.lower()}", ask_state(name), "stdout", state)


def started_anew(found: Subject) -> Probe:
    """It was started since the plan was made: LXD's time of its last start is another one."""
    run = Exec(HOST, ("lxc", "query", f"/1.0/instances/{found.name}"))
    was = f'"last_used_at": "{found.last_used}"'
    return Probe(f"{found.name} was started anew", run, "contains", was, negate=True)


def has_address(name: str) -> Wait:
    """Its network is up: LXD sees an IPv4 address."""
    run = Exec(HOST, ("lxc", "list", "--format", "csv", "-c", "4", f"^{name}$"))
    return Wait(Probe(f"{name} has an IPv4 address", run, "contains", "."), UP_WITHIN)


def healthy(name: str, service: Service) -> Wait:
    """The profile's health URL answers 200 from inside."""
    argv = ("curl", "-fsS", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}", service.health)
    probe = Probe(f"{service.name} is healthy", Exec(name, argv, 10.0), "stdout", "200")
    return Wait(probe, HEALTHY_WITHIN)


def up_again(context: Context, found: Subject, ports: Sequence[int]) -> tuple[Wait, ...]:
    """Running, with its address, listening on `ports` inside, its services healthy, its role at work."""
    waits = [Wait(state_is(found.name, "RUNNING"), UP_WITHIN)]
    if any(device.get("type") == "nic" for device in found.all_devices.values()):
        waits.append(has_address(found.name))
    if ports:
        waits.append(Wait(scripts.listens(found.name, ports), HEALTHY_WITHIN))
    waits += [healthy(found.name, service) for service in services_of(context, found)]
    waits += at_work(context, found.name, HEALTHY_WITHIN)
    return tuple(waits)


def at_work(context: Context, container: str, timeout: float) -> tuple[Wait, ...]:
    """The profile's proof that the container's role does what it is for; none where it has no such proof."""
    role = context.profile.split(container)[1]
    found = [probe for probe in context.profile.probes if probe.role == role]
    programs = f"{context.profile.root}/bin"
    return tuple(Wait(scripts.works(container, probe, programs), timeout) for probe in found)


def services_of(context: Context, found: Subject) -> tuple[Service, ...]:
    """The services the profile knows for its role."""
    return context.profile.services_of(found.one.role) if found.one.role else ()


async def listening(context: Context, found: Subject) -> tuple[int, ...]:
    """TCP ports of its proxy devices' targets that something inside listens on now; none while it is down."""
    if not found.one.running:
        return ()
    targets = {end.port for proxy in found.one.proxies for end in endpoints(proxy.connect)}
    done = await context.host.run(inside(found.name, Command(("ss", "-Hltn"))))
    if not done.ok:
        return ()  # no ss there: nothing is asked of it later either
    return tuple(sorted(targets & scripts.ports_in(done.stdout)))


def meant_to_listen(found: Subject) -> tuple[int, ...]:
    """TCP ports inside that its devices for the guide's ports lead to. What other devices are for nobody
    has said: a start that waited for them could never be proven."""
    if found.role is None:
        return ()
    meant = {port for port in found.role.exposed if port.startswith("tcp:")}
    led = [forward_of(found.one, port) for port in meant]
    return tuple(sorted({each.connect.port for each in led if each is not None and each.connect}))


# What goes dark


async def dark(context: Context, found: Subject, how_long: str) -> tuple[str, ...]:
    """Ports, vhosts and services that do not answer while it is down; nothing where it is down already."""
    if not found.one.running:
        return ()
    exposed = {str(span) for span in found.ports} | {
        port.replace(":", " :") for port in (found.role.exposed if found.role else ())
    }
    ports = sorted(exposed, key=_by_port)
    lost = [f"{', '.join(ports)} of {found.name}"] if ports else []
    lost += [
        f"{s.name} :{s.health.rpartition(':')[2].partition('/')[0]}" for s in services_of(context, found)
    ]
    names = await _vhosts(context, found)
    if names:
        lost.append(f"{counted(len(names), 'vhost')}: {some(names, MOST_NAMES)}")
    lost = lost or [f"{found.name} ({found.what})"]
    return tuple(f"{what}, {how_long}" for what in lost)


def _by_port(shown: str) -> tuple[str, int]:
    """`tcp :2100-4500` by its first port."""
    protocol, _, ports = shown.partition(":")
    return protocol, int(ports.partition("-")[0])


async def _vhosts(context: Context, found: Subject) -> tuple[str, ...]:
    """Names that the tenant's proxy serves from this container; every name where it is the proxy."""
    roles = {one.role: one for one in found.everyone if one.tenant == found.one.tenant}
    proxy = roles.get("proxy")
    if proxy is None or not proxy.running:
        return ()
    try:
        return await vhosts_through(context, proxy, None if proxy.name == found.name else found.one.ipv4)
    except NotFound:
        return ()
    except GbtuiError as error:
        return (f"not known ({error})",)


def _texts(value: Any) -> Mapping[str, Mapping[str, str]]:
    if not isinstance(value, dict):
        return {}
    devices = {str(name): device for name, device in value.items() if isinstance(device, dict)}
    return {name: {str(k): str(v) for k, v in device.items()} for name, device in devices.items()}
