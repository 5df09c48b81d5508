"""What the checks ask of Caddy in its container (`gbtui.checks.proxy_scripts`), and how it is read."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gbtui import text
from gbtui.checks import proxy_scripts as scripts
from gbtui.checks.host_asks import STEADY
from gbtui.errors import Malformed, NotFound
from gbtui.facts.failure import failure
from gbtui.facts.proxy_config import ProxyConfig, parse_config
from gbtui.facts.proxy_floor import Known, parse_known
from gbtui.facts.proxy_tls import Attempt, Managed, Store, managed, parse_attempts, parse_stores
from gbtui.facts.survey import PATIENCE, Ask, Place
from gbtui.hosts.base import MIB, Command, Completed
from gbtui.profiles import Profile

ADAPTING = 10.0
"""Seconds for a `caddy adapt`, where the API cannot do it: a big program on a slow host."""
RESOLVING = 20.0
FILES = "file_system"
"""The storage that keeps certificates as files."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the file means to Caddy; `config` None: it cannot be read, and `error` says why."""

    config: ProxyConfig | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """What Caddy runs, and the names it keeps certificates for."""

    config: ProxyConfig
    managed: Managed


@dataclass(frozen=True, slots=True)
class Backups:
    """Epoch seconds: now, the file's last change, and when each backup was made (by its name)."""

    now: float
    changed: float
    backups: Mapping[str, float]


def _running(profile: Profile, place: Place) -> Sequence[Command]:
    return (Command(("curl", "-fsS", "-m", "2", f"{profile.proxy_admin}/config/"), timeout=PATIENCE),)


def _read_running(done: Sequence[Completed], profile: Profile, place: Place) -> Running:
    if done[0].status in (124, 127):  # nobody asked it: no time for it, or no curl
        raise failure(done[0], "Caddy's admin API")
    if not done[0].ok:
        hint = "proxy.restart starts Caddy with the file it has"
        why = text.line(done[0].stderr) or f"status {done[0].status}"
        raise NotFound(f"Caddy's admin API at {profile.proxy_admin}", why=why, hint=hint)
    what = f"{profile.proxy_admin}/config/"
    return Running(parse_config(done[0].stdout, what), managed(done[0].stdout, what))


def _script(name: str, script: str, *words: str, timeout: float = 2.0, limit: int = 4 * MIB) -> Command:
    return Command(("sh", "-c", script, name, *words), timeout=timeout, limit=limit)


def _adapted(profile: Profile, place: Place) -> Sequence[Command]:
    words = (profile.proxy_unit, profile.proxy_config, profile.proxy_admin)
    return (_script("gbtui-caddy-adapted", scripts.ADAPTED, *words, timeout=ADAPTING),)


def _read_adapted(done: Sequence[Completed], profile: Profile, place: Place) -> Meaning:
    if done[0].status == 66:
        return Meaning(None, f"{profile.proxy_config} is not there")
    if not done[0].ok:
        raise failure(done[0], "what the Caddyfile means")
    head, _, body = done[0].stdout.partition(b"\n")
    way, _, status = text.line(head).partition(" ")
    if way == "api":
        return _by_api(body, profile.proxy_config)
    if status != "0":
        return Meaning(None, _complaint(body))
    lines = [row for row in body.split(b"\n") if row.startswith(b"{")]
    return Meaning(parse_config(b"\n".join(lines[-1:]), profile.proxy_config))


def _by_api(body: bytes, what: str) -> Meaning:
    document = text.decode_json(body, what=what)
    if not isinstance(document, dict):
        raise Malformed(what, why="the answer of /adapt is not understood")
    if "error" in document:
        return Meaning(None, _complaint(str(document["error"]).encode()))
    return Meaning(parse_config(json.dumps(document.get("result")).encode(), what))


def _complaint(said: bytes) -> str:
    """Caddy's own sentence, without what it says of how it came there."""
    lines = text.text(said, limit=20_000).splitlines()
    errors = [line for line in lines if line.startswith("Error: ")] or lines[-1:] or ["no word of why"]
    words = errors[-1].removeprefix("Error: ")
    for prefix in ("adapting config using caddyfile adapter: ", "adapting config using caddyfile: "):
        words = words.removeprefix(prefix)
    return text.clean(words)[:300]


def _backups(profile: Profile, place: Place) -> Sequence[Command]:
    return (_script("gbtui-caddy-backups", scripts.BACKUPS, profile.proxy_config, limit=64 * 1024),)


def _read_backups(done: Sequence[Completed], profile: Profile, place: Place) -> Backups:
    if not done[0].ok:
        raise failure(done[0], f"backups of {profile.proxy_config}")
    now, changed, made = 0.0, 0.0, dict[str, float]()
    for row in text.text(done[0].stdout).splitlines():
        what, at, name = (*row.split(" ", 2), "", "")[:3]
        seconds = float(at) if at.isdecimal() else 0.0
        if what == "backup":
            made[name.rpartition("/")[2]] = seconds
        elif what in ("now", "file"):
            now, changed = (seconds, changed) if what == "now" else (now, seconds)
    return Backups(now, changed, made)


def _floor(profile: Profile, place: Place) -> Sequence[Command]:
    return (_script("gbtui-caddy-floor", scripts.FLOOR, profile.proxy_config),)


def _read_floor(done: Sequence[Completed], profile: Profile, place: Place) -> Known:
    if not done[0].ok:
        raise failure(done[0], "the vhosts there were")
    return parse_known(done[0].stdout, datetime.now(UTC))


def _leaves(profile: Profile, place: Place) -> Sequence[Command]:
    return (
        _script("gbtui-caddy-leaves", scripts.LEAVES, profile.proxy_unit, profile.proxy_storage, timeout=5.0),
    )


def _read_leaves(done: Sequence[Completed], profile: Profile, place: Place) -> tuple[Store, ...]:
    if not done[0].ok:
        raise failure(done[0], "certificates in Caddy's storage")
    return parse_stores(done[0].stdout)


def _resolve(profile: Profile, place: Place) -> Sequence[Command]:
    return (_script("gbtui-caddy-resolve", scripts.RESOLVE, profile.proxy_admin, timeout=RESOLVING),)


def _read_resolve(done: Sequence[Completed], profile: Profile, place: Place) -> Mapping[str, str]:
    if not done[0].stdout and not done[0].ok:
        raise failure(done[0], "addresses of the vhosts")
    rows = [row.split(" ") for row in text.text(done[0].stdout).splitlines()]
    return {row[1]: row[0] for row in rows if len(row) == 2}


def _journal(profile: Profile, place: Place) -> Sequence[Command]:
    return (_script("gbtui-caddy-journal", scripts.JOURNAL, profile.proxy_unit, timeout=5.0, limit=MIB),)


def _read_journal(done: Sequence[Completed], profile: Profile, place: Place) -> tuple[Attempt, ...]:
    if not done[0].ok:
        raise failure(done[0], "Caddy's journal")
    return parse_attempts(done[0].stdout)


def listed(names: Collection[str]) -> str:
    """A few names, in order."""
    shown = sorted(names)
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "")


RUNNING: Ask[Running] = Ask("what Caddy runs", _running, _read_running, patient=True)
FILE: Ask[Meaning] = Ask("what the Caddyfile means", _adapted, _read_adapted, 60.0)
BESIDE: Ask[Backups] = Ask("backups of the Caddyfile", _backups, _read_backups, STEADY)
KNOWN: Ask[Known] = Ask("the vhosts there were", _floor, _read_floor, 120.0)
STORES: Ask[tuple[Store, ...]] = Ask("certificates in Caddy's storage", _leaves, _read_leaves, 120.0)
RESOLVED: Ask[Mapping[str, str]] = Ask("addresses of the vhosts", _resolve, _read_resolve, 300.0)
ATTEMPTS: Ask[tuple[Attempt, ...]] = Ask("Caddy's journal", _journal, _read_journal, 60.0)
