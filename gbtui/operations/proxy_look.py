"""What the proxy's operations look at: Caddy's service, its file, what the file means and what runs."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from gbtui import text
from gbtui.errors import GbtuiError, Malformed
from gbtui.facts.proxy_config import Difference, ProxyConfig, difference, parse_config
from gbtui.facts.proxy_edit import with_absolute_imports
from gbtui.facts.proxy_floor import SUFFIX, Known, parse_known
from gbtui.guard.plan import Exec, Verdict
from gbtui.guard.preview import command
from gbtui.hosts.base import Command, Completed, inside
from gbtui.operations import proxy_scripts as scripts
from gbtui.operations.base import Context
from gbtui.operations.running import RUNS, runs

PROXY = "proxy"
RESOLVING = 10.0
READING = 60.0
"""Seconds that Caddy may take to read a file (a slow host, a big file)."""


@dataclass(frozen=True, slots=True)
class Service:
    """Caddy's unit: who it runs as, and where it keeps its data without a `storage` of its own."""

    user: str
    active: bool
    home: str
    data: str

    @property
    def default_storage(self) -> str:
        """The folder Caddy falls back to (its documented conventions)."""
        folder = self.data or (self.home and f"{self.home}/.local/share")
        return f"{folder}/caddy" if folder else ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a Caddyfile means to Caddy; `config` is None where it cannot be read, and `error` says why."""

    config: ProxyConfig | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """The proxy as it is. `data` is the file (None: there is none), `disk` what it means, `running` what
    Caddy runs. `exact` says that our hash of what runs is the hash of what Caddy prints. `known` is what
    there was once."""

    container: str
    data: bytes | None
    disk: Meaning
    running: Meaning
    exact: bool
    service: Service
    known: Known

    @property
    def names(self) -> frozenset[str]:
        """Every name that runs or is in the file: what there is to lose."""
        known = [one.config.names for one in (self.disk, self.running) if one.config is not None]
        return frozenset().union(*known)

    @property
    def now(self) -> ProxyConfig | None:
        """What runs; where that cannot be seen, what the file says."""
        return self.running.config or self.disk.config


async def find(context: Context, given: Mapping[str, str]) -> tuple[str, Verdict]:
    """The proxy's container, and whether it runs; "" with a refusal where it cannot be told which."""
    named = given.get("container", "")
    if named:
        return named, await runs(context, named)
    reply = await context.host.lxd.get("instances", {"recursion": "1"})
    names = [str(one.get("name", "")) for one in reply.data] if isinstance(reply.data, list) else []
    split = {name: context.profile.split(name) for name in names}
    found = sorted(
        name
        for name, (tenant, role) in split.items()
        if role == PROXY and context.tenant in (None, "", tenant)
    )
    if len(found) != 1:
        several = f"there are several: {', '.join(found)}" if found else "no container has the role proxy"
        return "", RUNS.refuse(f"{several}; name one: container=NAME")
    return found[0], await runs(context, found[0])


async def look(context: Context, container: str) -> Look:
    """Look at the proxy in one round trip.

    Raises:
        Malformed: what Caddy says it runs is no configuration.
    """
    profile = context.profile
    path, unit = profile.proxy_config, profile.proxy_unit
    done = await context.host.run_many(
        (
            Command(scripts.service(unit)),
            Command(("cat", "--", path)),
            Command(scripts.caddy(container, "adapt", unit, path).argv, timeout=READING),
            Command(("curl", "-fsS", "-m", "5", f"{profile.proxy_admin}/config/")),
            Command(scripts.known(path)),
        ),
        instance=container,
    )
    service, file, adapted, served, known = done
    running = _served(served, profile.proxy_admin)
    body = served.stdout.rstrip(b"\n")
    return Look(
        container=container,
        data=file.stdout if file.ok else None,
        disk=_meaning(adapted, path) if file.ok else Meaning(None, f"{path} is not there"),
        running=running,
        exact=running.config is not None and hashlib.sha256(body).hexdigest() == running.config.sha256,
        service=_service(service),
        known=parse_known(known.stdout, context.now()),
    )


async def meaning(context: Context, container: str, data: bytes) -> Meaning:
    """What `data` in the place of the proxy's file would mean to Caddy. Writes nothing."""
    folder = posixpath.dirname(context.profile.proxy_config)
    try:
        readable = with_absolute_imports(data, folder)
    except Malformed:
        readable = data  # Caddy says better what is wrong with it
    run = scripts.caddy(container, "adapt", context.profile.proxy_unit, "-", READING)
    done = await context.host.run(replace(command(run), stdin=readable))
    return _meaning(done, "the new file")


async def resolved(context: Context, container: str, names: Collection[str]) -> frozenset[str]:
    """Those of `names` for which the container finds an address."""
    argv = ("getent", "hosts", *sorted(names))
    done = await context.host.run(inside(container, Command(argv, timeout=RESOLVING)))
    words = text.text(done.stdout).lower().split()
    return frozenset(names) & frozenset(words)


def certified(before: ProxyConfig | None, after: ProxyConfig) -> frozenset[str]:
    """Names that come and need a certificate; a wildcard is not asked for."""
    known = before.names if before is not None else frozenset()
    return frozenset(
        vhost.name
        for vhost in after.vhosts
        if vhost.name not in known and vhost.name in after.hosts and "*" not in vhost.name
        if any(not listen.endswith(":80") for listen in vhost.listen)
    )


def compared(old: ProxyConfig | None, new: ProxyConfig) -> Difference:
    """The difference for people; everything is new where nothing is known of before."""
    return difference(old or ProxyConfig((), (), None, "", ""), new)


def reading(context: Context, container: str) -> tuple[tuple[str, Exec], ...]:
    """The facts a plan rests on: the file, and what runs."""
    path = context.profile.proxy_config
    return (
        (path, Exec(container, ("sha256sum", "--", path))),
        (f"{path}{SUFFIX}", Exec(container, ("sha256sum", "--", f"{path}{SUFFIX}"))),
        ("what Caddy runs", scripts.running(container, context.profile.proxy_admin)),
    )


def _meaning(done: Completed, what: str) -> Meaning:
    if not done.ok:
        return Meaning(None, _complaint(done))
    try:
        return Meaning(parse_config(done.stdout, what))
    except Malformed as error:
        return Meaning(None, str(error))


def _complaint(done: Completed) -> str:
    """Caddy's own sentence: the last line that begins with Error, without the place we fed it from."""
    lines = text.text(done.stderr, limit=20_000).splitlines()
    errors = [line for line in lines if line.startswith("Error: ")] or lines[-1:] or ["no word of why"]
    said = errors[-1].removeprefix("Error: ").removeprefix("adapting config using caddyfile: ")
    return text.clean(said.replace("/dev/stdin:", "line "))[:400]


def _served(done: Completed, admin: str) -> Meaning:
    if not done.ok:
        return Meaning(None, f"{admin} does not answer: {text.line(done.stderr) or f'status {done.status}'}")
    try:
        return Meaning(parse_config(done.stdout, f"{admin}/config/"))
    except GbtuiError as error:
        return Meaning(None, str(error))


def _service(done: Completed) -> Service:
    values = dict(line.partition("=")[::2] for line in text.text(done.stdout).splitlines())
    return Service(
        user=values.get("user", "") or "root",
        active=values.get("state") == "active",
        home=values.get("home", ""),
        data=values.get("data", ""),
    )
