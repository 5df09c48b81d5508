"""What is asked inside containers: who listens, whether the role works, whose files it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gbtui.checks.host_asks import STEADY, script
from gbtui.errors import Malformed, NotFound, TimedOut
from gbtui.facts.containers_listen import Endpoint, sockets
from gbtui.facts.containers_role import ROLE_ANSWERS, Answer, parse_answers
from gbtui.facts.failure import failure
from gbtui.facts.survey import PATIENCE, PROBE, Ask, LxdAsk, Place
from gbtui.hosts.base import TIMED_OUT, Command, Completed
from gbtui.profiles import Profile
from gbtui.text import decode_json, line, text

OWNERS_OF = "owners of botserver's files"
GBO_OWNERS = """
cat /proc/self/uid_map
for path in "$1" "$1"/*; do
  [ -e "$path" ] || continue
  can=no; [ -w "$path" ] && can=yes
  stat -c "%u $can %n" -- "$path"
done | head -c 8000
"""
_LISTENERS = tuple(Command(("ss", flags), timeout=PROBE, limit=200_000) for flags in ("-Hltn", "-Hlun"))


@dataclass(frozen=True, slots=True)
class Owned:
    """A file or folder of the layout's root: whose (a uid, as seen inside), and whether root may write it."""

    path: str
    uid: int
    writable: bool


@dataclass(frozen=True, slots=True)
class Gbo:
    """`shifted`: root inside is not the host's root, by the uid map in force."""

    shifted: bool
    owned: tuple[Owned, ...]


@dataclass(frozen=True, slots=True)
class NetworkForward:
    """One of LXD's network forwards: the address it listens on, and its ports in words."""

    listens: str
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outside:
    """The interface that the host's default route goes through, and its first IPv4 address ("": none)."""

    interface: str
    address: str


def _listeners(profile: Profile, place: Place) -> Sequence[Command]:
    return _LISTENERS


def _read_listeners(done: Sequence[Completed], profile: Profile, place: Place) -> tuple[Endpoint, ...]:
    for one in done:
        if not one.ok:
            raise failure(one, f"listeners of {place.name}", hint="apt install iproute2")
    tcp, udp = done
    return (*sockets(tcp.stdout, "tcp"), *sockets(udp.stdout, "udp"))


def _role(profile: Profile, place: Place) -> Sequence[Command]:
    return tuple(
        script(
            *(ROLE_ANSWERS, "role-answers", probe.kind, f"{profile.root}/bin", *probe.targets),
            root=False,
            timeout=PATIENCE,
        )
        for probe in profile.probes
        if probe.role == place.role
    )


def _read_role(done: Sequence[Completed], profile: Profile, place: Place) -> tuple[tuple[Answer, ...], ...]:
    answers = []
    for one in done:
        found = parse_answers(one.stdout)
        if not found or not one.ok:  # a place that has no time for its own probe says nothing of the role
            raise failure(one, f"probe of {place.name}")
        cut = [answer.words for answer in found if answer.status == TIMED_OUT]
        if cut and not any(answer.status == 0 for answer in found):
            why = f"no answer in time: {cut[0]}"
            raise TimedOut(f"probe of {place.name}", why=why, hint="look at its load")
        answers.append(found)
    return tuple(answers)


def _gbo(profile: Profile, place: Place) -> Sequence[Command]:
    return (script(GBO_OWNERS, "gbo-owners", profile.root, root=False),)


def _read_gbo(done: Sequence[Completed], profile: Profile, place: Place) -> Gbo:
    if not done[0].ok:
        raise failure(done[0], OWNERS_OF)
    return parse_gbo(done[0].stdout)


def parse_gbo(data: bytes) -> Gbo:
    """The answer of `GBO_OWNERS`: the uid map, then `UID yes|no PATH` for each.

    Raises:
        Malformed: there is no uid map.
    """
    rows = text(data).splitlines()
    first = rows[0].split() if rows else []
    if len(first) != 3 or not all(word.isdecimal() for word in first):
        raise Malformed(OWNERS_OF, why=f"no uid map: {line(data)!r}"[:200])
    owned = []
    for row in rows[1:]:
        uid, _, rest = row.partition(" ")
        can, _, path = rest.partition(" ")
        if uid.isascii() and uid.isdecimal() and len(uid) < 11 and path.startswith("/"):
            owned.append(Owned(path, int(uid), can == "yes"))
    return Gbo(first[1] != "0", tuple(owned))


def _read_forwards(data: Any, profile: Profile) -> tuple[NetworkForward, ...]:
    found = []
    for entry in data if isinstance(data, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("listen_address"), str):
            ports = [port for port in entry.get("ports") or () if isinstance(port, dict)]
            words = tuple(
                f"{port.get('protocol')} :{port.get('listen_port')} → {port.get('target_address')}"
                for port in ports
            )
            found.append(NetworkForward(entry["listen_address"], words))
    return tuple(found)


def _outside(profile: Profile, place: Place) -> Sequence[Command]:
    routes, addresses = ("ip", "-j", "route", "show", "default"), ("ip", "-j", "addr", "show")
    return tuple(Command(argv, timeout=PROBE, limit=500_000) for argv in (routes, addresses))


def _read_outside(done: Sequence[Completed], profile: Profile, place: Place) -> Outside:
    for one in done:
        if not one.ok:
            raise failure(one, "the host's way outside", hint="apt install iproute2")
    routes, links = (decode_json(one.stdout, what="answer of ip") for one in done)
    devices = [str(route["dev"]) for route in _dicts(routes) if route.get("dev")]
    if not devices:
        raise NotFound("the host's way outside", why="it has no default route")
    own = next((link for link in _dicts(links) if link.get("ifname") == devices[0]), {})
    known = [
        str(each.get("local", "")) for each in _dicts(own.get("addr_info")) if each.get("family") == "inet"
    ]
    return Outside(devices[0], known[0] if known else "")


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


OUTSIDE: Ask[Outside] = Ask("the host's way outside", _outside, _read_outside, STEADY)
LISTENING: Ask[tuple[Endpoint, ...]] = Ask("listeners", _listeners, _read_listeners)
ROLE: Ask[tuple[tuple[Answer, ...], ...]] = Ask("the role's probe", _role, _read_role, patient=True)
OWNERS: Ask[Gbo] = Ask(OWNERS_OF, _gbo, _read_gbo, STEADY)
FORWARDS: LxdAsk[tuple[NetworkForward, ...]] = LxdAsk(
    "LXD's network forwards",
    lambda profile: f"networks/{profile.bridge}/forwards",
    _read_forwards,
    {"recursion": "1"},
    STEADY,
)
