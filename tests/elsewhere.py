"""A demo host in which no name, place or port is the guide's, to find out who still asks for the guide's.

`tests/fixtures/elsewhere.toml` is its profile. Everything that goes to the host is turned back into the
guide's words for the simulation, and everything that comes from it into those of the profile. Whoever
asks in a word of the guide's own is told which.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from posixpath import dirname
from typing import Any

from gbtui.demo.host import DemoHost
from gbtui.facts.firewall_boot import path6
from gbtui.hosts.base import MIB, Command, Completed, Lxd, LxdEvent, LxdReply, Stream
from gbtui.profiles import Profile, load

OUTER = "203.0.113.10"
"""The address that the demo host has for the world."""
PROFILE = Path(__file__).parent / "fixtures" / "elsewhere.toml"


def _pairs(guide: Profile, other: Profile) -> Iterable[tuple[str, str]]:
    """Each word of the guide's layout, and what it is there."""
    yield from names(guide, other)
    for old, new in zip(guide.services, other.services, strict=True):
        yield old.unit, new.unit
        yield _port(old.health), _port(new.health)
    for here, there in zip(guide.probes, other.probes, strict=True):
        if here.kind == "process":
            yield from zip(here.targets, there.targets, strict=True)
        if here.kind == "http":
            yield from zip(map(_port, here.targets), map(_port, there.targets), strict=True)
    said = "access_log proxy_config saved_rules cache_client corefile dns_unit vault_keys proxy_unit"
    said += " proxy_storage runner_unit runner_user release_folder tenants root forward_unit"
    said += " botserver_log database_client mail_log flood_jail"
    yield from ((getattr(guide, name), getattr(other, name)) for name in said.split())
    yield path6(guide.saved_rules), path6(other.saved_rules)
    if dirname(other.saved_rules) != "/etc":
        yield dirname(guide.saved_rules), dirname(other.saved_rules)
    yield _port(guide.proxy_admin), _port(other.proxy_admin)
    yield _port(guide.vault_address), _port(other.vault_address)
    yield from zip(map(str, guide.closed_ports), map(str, other.closed_ports), strict=True)


def _port(url: str) -> str:
    return str(re.findall(r":(\d+)", url)[-1])


def names(guide: Profile, other: Profile) -> Iterable[tuple[str, str]]:
    """Each instance, and what it is called there."""
    for one, two in zip(guide.roles, other.roles, strict=True):
        yield guide.instance("acme", one.name), other.instance("acme", two.name)


class Words:
    """The turning of words, longest first, each only where it stands alone.

    A name without its tenant (`bare`) is a word like any other: asked for, it is the whole of an argument.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]], bare: frozenset[str]) -> None:
        self.there = {guide: other for guide, other in pairs if guide != other}
        self.here = {other: guide for guide, other in self.there.items()}
        self._guide = _any(self.there)
        self._bare = bare
        self._other = _any(self.here.keys() - bare)

    def out(self, text: str) -> str:
        """What the host says, in the layout's words."""
        return self._guide.sub(lambda found: self.there[found[0]], text)

    def back(self, text: str) -> str:
        """What is asked, in the guide's words. Raises AssertionError where it is in those already."""
        asked = self._guide.search(text)
        assert asked is None, (
            f"asks for the guide's own {asked[0]!r}: …{text[max(0, asked.start() - 60) :][:160]}"
        )
        if text in self._bare:
            return self.here[text]
        return self._other.sub(lambda found: self.here[found[0]], text)


def _any(words: Iterable[str]) -> re.Pattern[str]:
    chosen = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9_-])(?:{chosen})(?![A-Za-z0-9_]|-(?:ci|editor))")


async def forward_by_rules(demo: DemoHost) -> None:
    """Take the proxy devices of the guide's ports away, and lead each by a rule of the host instead."""
    for role in load().roles:
        name = f"acme-{role.name}"
        for port in role.exposed:
            protocol, _, number = port.partition(":")
            device = f"port-{number}" + ("-udp" if protocol == "udp" else "")
            to = f"{demo.state.instances[name].ipv4}:{number}"
            rule = ("-p", protocol, "--dport", number, "-j", "DNAT", "--to-destination", to)
            for argv in (
                ("lxc", "config", "device", "remove", name, device),
                ("iptables", "-w", "-t", "nat", "-A", "PREROUTING", "-d", OUTER, *rule),
            ):
                done = await demo.run(Command(argv, root=argv[0] == "iptables"))
                assert done.ok, done.stderr


class Elsewhere:
    """A demo host in another layout (`gbtui.hosts.base.Host`)."""

    def __init__(self, demo: DemoHost, profile: str = str(PROFILE)) -> None:
        self.demo = demo
        self.profile = load(profile)
        called = frozenset(there for _, there in names(load(), self.profile))
        self._words = Words(_pairs(load(), self.profile), frozenset() if self.profile.prefixed else called)
        self.name, self.address, self.kind = demo.name, demo.address, demo.kind
        self.link, self.on_link = demo.link, demo.on_link
        self.lxd: Lxd = ElsewhereLxd(demo, self._words)
        self.open, self.close = demo.open, demo.close

    def there(self, word: str) -> str:
        """A word of the guide's layout, as it is there."""
        return self._words.out(word)

    async def run(self, command: Command) -> Completed:
        return self._said(command, await self.demo.run(self._asked(command)))

    async def run_many(
        self, commands: Sequence[Command], *, instance: str | None = None
    ) -> tuple[Completed, ...]:
        done = await self.demo.run_many([*map(self._asked, commands)], instance=self._place(instance))
        return tuple(self._said(*one) for one in zip(commands, done, strict=True))

    def stream(self, command: Command) -> AbstractAsyncContextManager[Stream]:
        return self.demo.stream(self._asked(command))

    async def read(self, path: str, *, instance: str | None = None, limit: int = 8 * MIB) -> bytes:
        found = await self.demo.read(self._words.back(path), instance=self._place(instance), limit=limit)
        return self._out(found)

    async def write(
        self, path: str, data: bytes, *, instance: str | None = None, mode: int | None = None
    ) -> None:
        path, data = self._words.back(path), self._back(data)
        await self.demo.write(path, data, instance=self._place(instance), mode=mode)

    def shell(self, instance: str) -> tuple[str, ...]:
        return self.demo.shell(self._words.back(instance))

    def _place(self, instance: str | None) -> str | None:
        return None if instance is None else self._words.back(instance)

    def _asked(self, command: Command) -> Command:
        stdin = command.stdin if command.stdin is None else self._back(command.stdin)
        return replace(command, argv=tuple(map(self._words.back, command.argv)), stdin=stdin)

    def _said(self, command: Command, done: Completed) -> Completed:
        return replace(done, command=command, stdout=self._out(done.stdout), stderr=self._out(done.stderr))

    def _out(self, data: bytes) -> bytes:
        return self._words.out(data.decode("latin-1")).encode("latin-1")

    def _back(self, data: bytes) -> bytes:
        return self._words.back(data.decode("latin-1")).encode("latin-1")


class ElsewhereLxd:
    """LXD's API of that host."""

    def __init__(self, demo: DemoHost, words: Words) -> None:
        self._lxd, self._words = demo.lxd, words

    def _turned(self, body: Mapping[str, Any]) -> Any:
        return json.loads(self._words.back(json.dumps(body)))

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> LxdReply:
        path = "/".join(map(self._words.back, path.split("/")))
        reply = await self._lxd.get(path, params)
        return replace(reply, data=json.loads(self._words.out(json.dumps(reply.data))))

    async def patch(self, path: str, body: Mapping[str, Any], *, etag: str) -> None:
        await self._lxd.patch(self._words.back(path), self._turned(body), etag=etag)

    async def put(self, path: str, body: Mapping[str, Any], *, etag: str = "") -> None:
        await self._lxd.put(self._words.back(path), self._turned(body), etag=etag)

    async def post(self, path: str, body: Mapping[str, Any]) -> None:
        await self._lxd.post(self._words.back(path), self._turned(body))

    async def delete(self, path: str) -> None:
        await self._lxd.delete(self._words.back(path))

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[LxdEvent]]:
        return self._lxd.events()
