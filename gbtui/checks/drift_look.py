"""The things that drift is about, found in a survey: files, rules, devices, settings, profiles, snapshots.

Their lines are kept without anything that may be a secret; the digest is of all of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from gbtui.checks.drift import CELLS, INSTANCES, LINES, READ_EVERY, Look, Source, Thing
from gbtui.checks.firewall import RULES
from gbtui.checks.scopes import SYSTEM
from gbtui.errors import GbtuiError
from gbtui.facts.containers import Container
from gbtui.facts.drift import ENABLED, UNITS, Held, command, lines_of, parse
from gbtui.facts.failure import failure
from gbtui.facts.survey import EVERY, HOST, THE_HOST, Ask, LxdAsk, Need, Place, Survey
from gbtui.guard.fingerprint import sha256
from gbtui.guard.mask import MASK, mask
from gbtui.hosts.base import MIB, Command, Completed
from gbtui.profiles import Profile
from gbtui.text import clean, text


def _files(profile: Profile, place: Place) -> Sequence[Command]:
    own = {"proxy": (profile.proxy_config,), "dns": (profile.corefile,)}
    return (command(own.get(place.role, ())),)


def _read_files(done: Sequence[Completed], profile: Profile, place: Place) -> tuple[Held, ...]:
    return parse(done[0])


def _snapshots(profile: Profile, place: Place) -> Sequence[Command]:
    argv = ("zfs", "list", "-H", "-t", "snapshot", "-o", "name")
    return (Command(argv, timeout=10.0, limit=2 * MIB),)


def _read_snapshots(done: Sequence[Completed], profile: Profile, place: Place) -> Mapping[str, Sequence[str]]:
    if not done[0].ok:
        raise failure(done[0], "names of the snapshots")
    found: dict[str, list[str]] = {}
    for one in sorted(text(done[0].stdout).split("\n")[: 100 * LINES]):
        dataset, at, name = one.partition("@")
        if at:
            found.setdefault(dataset, []).append(name)
    return found


def _profiles(data: Any, profile: Profile) -> Mapping[str, Sequence[str]]:
    return {str(one["name"]): tuple(_settings(one)) for one in data}


FILES: Ask[tuple[Held, ...]] = Ask("files that say how it is meant to be", _files, _read_files, READ_EVERY)
SNAPSHOTS: Ask[Mapping[str, Sequence[str]]] = Ask(
    "names of the snapshots", _snapshots, _read_snapshots, READ_EVERY
)
PROFILES: LxdAsk[Mapping[str, Sequence[str]]] = LxdAsk(
    "LXD's profiles", "profiles", _profiles, {"recursion": "1"}, READ_EVERY
)
RULED = SYSTEM
"""Roles whose rules are compared, beside the host's."""
NEEDS = (
    *(Need(FILES, scope) for scope in (HOST, EVERY)),
    *(Need(RULES, scope) for scope in (HOST, RULED)),
    Need(SNAPSHOTS),
    Need(PROFILES),
)


def look(survey: Survey) -> Look:
    """The things of a survey; what could not be read is left out."""
    running = [place for place in survey.places(EVERY) if place.role] if survey.unseen is None else []
    reads: list[tuple[Source, Callable[[], Iterable[Thing]]]] = [
        (("snapshots", "host"), lambda: _of_lists("snapshots", survey.of(SNAPSHOTS))),
        (("profiles", "host"), lambda: _of_lists("profile", survey.of(PROFILES))),
    ]
    for place in (THE_HOST, *running):
        reads.append((("files", place.name), partial(_of_files, survey, place)))
        if place is THE_HOST or place.role == survey.profile.release_role:
            reads.append((("rules", place.name), partial(_of_rules, survey, place)))
    found: dict[Source, tuple[Thing, ...]] = {}
    for source, things in reads:
        with suppress(GbtuiError):
            found[source] = tuple(things())
    if survey.unseen is not None:
        return Look(survey.taken_at, found)
    names = [one.name for one in survey.containers]
    found[INSTANCES] = (_thing("instances", "host", "instances", names),)
    for one in survey.containers:
        found["devices", one.name] = (_devices(one),)
        with suppress(GbtuiError):
            found["config", one.name] = (_config(one, survey.of(PROFILES)),)
    return Look(survey.taken_at, found)


def _of_files(survey: Survey, place: Place) -> Iterator[Thing]:
    for held in survey.of(FILES, place):
        kind, digest = _kind(held.path, survey.profile), sha256(b"%d\n" % held.size + held.data)
        lines = _safe(lines_of(held))
        if kind == "saved rules":  # when it was saved and what was counted by then is no change
            lines, digest = [_COUNTED.sub("", line) for line in lines if not line.startswith("#")], ""
        yield _thing(kind, place.name, held.path, lines, digest)


_COUNTED = re.compile(r"\s*\[\d+:\d+\]\s*")


def _kind(path: str, profile: Profile) -> str:
    kinds = {profile.proxy_config: "Caddyfile", profile.corefile: "Corefile", ENABLED: "enabled units"}
    starts = (
        (UNITS, "unit"),
        ("/etc/cron", "cron"),
        ("/var/spool/cron", "cron"),
        ("/etc/fail2ban", "jails"),
        ("/etc/iptables", "saved rules"),
    )
    return kinds.get(path) or next((kind for start, kind in starts if path.startswith(start)), "file")


def _of_rules(survey: Survey, place: Place) -> Iterator[Thing]:
    """fail2ban's chains change with every ban, and LXD writes tables of its own: nobody did that."""
    firewall = survey.of(RULES, place)
    own = [c for c in firewall.chains if c.source == "iptables" and not c.chain.startswith("f2b-")]
    lines = [
        line
        for c in own
        for line in (
            *([f"{c.family} {c.table} {c.chain} policy {c.policy}"] if c.policy else []),
            *(f"{c.family} {c.table} {c.chain} {rule.spec}" for rule in c.rules if "f2b-" not in rule.spec),
        )
    ]
    yield _thing("rules", firewall.where, "iptables", lines)


def _of_lists(kind: str, lists: Mapping[str, Sequence[str]]) -> Iterator[Thing]:
    return (_thing(kind, "host", name, lines) for name, lines in lists.items())


def _devices(one: Container) -> Thing:
    proxies = [p for p in one.proxies if not p.origin]
    lines = [f"{p.name}: {p.listen} → {p.connect}{' nat' if p.nat else ''}" for p in proxies]
    lines += [f"{d.name}: {d.path} ← {d.source or d.pool}" for d in one.disks if not d.origin]
    return _thing("devices", one.name, "devices", sorted(lines))


def _config(one: Container, profiles: Mapping[str, Sequence[str]]) -> Thing:
    """Its own settings: a profile's change is told once, of the profile."""
    brought = {line for name in one.profiles for line in profiles.get(name, ())}
    settings = _settings({"config": dict(one.config), "profiles": one.profiles})
    return _thing("config", one.name, "config", [line for line in settings if line not in brought])


def _settings(one: Mapping[str, Any]) -> Iterator[str]:
    """Configuration and devices as lines; what LXD writes by itself is left out."""
    config = {
        k: v for k, v in dict(one.get("config") or {}).items() if not k.startswith(("volatile.", "image."))
    }
    for key, value in sorted(config.items()):
        yield from _safe("\n".join(f"{key} = {part}" for part in str(value).split("\n")))
    for name, device in sorted(dict(one.get("devices") or {}).items()):
        yield from _safe(f"device {name}: {' '.join(f'{k}={v}' for k, v in sorted(device.items()))}")
    if one.get("profiles"):
        yield f"profiles = {', '.join(one['profiles'])}"


def _thing(kind: str, where: str, name: str, lines: Iterable[str], digest: str = "") -> Thing:
    every = tuple(lines)
    kept = tuple(clean(line)[:CELLS] for line in every[:LINES])
    return Thing(kind, where, name, digest or sha256("\n".join(every).encode("utf-8", "replace")), kept)


# -- no secrets -------------------------------------------------------------------------------

_NAMED = re.compile(
    r"(?i)^(\s*(?:[#;]+\s*)?[\w.-]*(?:token|secret|passw|api_?key|credential|auth)[\w.-]*[ \t=:]+)(?!\{)\S.*$"
)
_HASH = re.compile(r"\$(?:2[abxy]|argon2\w*|[156y])\$\S+")
_LONG = re.compile(r"(?<![\w./-])(?=[^\s\d]*\d)(?=[^\sA-Za-z]*[A-Za-z])[A-Za-z0-9+_=-]{24,}(?![\w./-])")


def _safe(block: str) -> list[str]:
    """The lines of a configuration, without what may be a secret: by its name, or by its looks."""
    lines = mask(block).expandtabs(4).split("\n")
    return [_LONG.sub(MASK, _HASH.sub(MASK, _NAMED.sub(rf"\1{MASK}", line))).rstrip() for line in lines]
