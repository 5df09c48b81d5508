"""Facts as tables for a plain terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import humanize

from gbtui.cli.output import say, table
from gbtui.facts.bans import Bans
from gbtui.facts.containers import Containers
from gbtui.facts.firewall import Firewall
from gbtui.facts.log import Log
from gbtui.facts.snapshots import Snapshots


def size(value: int | None) -> str:
    """Bytes in binary units, three figures; "-" where unknown."""
    return "-" if value is None else humanize.naturalsize(value, gnu=True)


def span(seconds: float | None) -> str:
    """Seconds as the largest unit that fits: 45s, 12m, 7h, 3d."""
    if seconds is None:
        return "-"
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f}{unit}"
    return f"{max(seconds, 0):.0f}s"


def age(moment: datetime | None) -> str:
    return "-" if moment is None else span((datetime.now(UTC) - moment).total_seconds())


def containers(fact: Containers) -> None:
    table(
        ("NAME", "ROLE", "STATE", "IPV4", "MEM", "DISK", "PORTS", "SNAPSHOTS", "UP"),
        (
            (
                c.name + (" (privileged)" if c.privileged else ""),
                c.role or "-",
                c.state,
                " ".join(c.ipv4) or "-",
                size(c.memory),
                size(c.disk),
                " ".join(
                    p.listen.split(":")[-1] + ("/udp" if p.listen.startswith("udp") else "")
                    for p in c.proxies
                )
                or "-",
                str(len(c.snapshots)),
                age(c.started),
            )
            for c in fact.containers
        ),
        right=(4, 5, 7, 8),
    )


def snapshots(fact: Snapshots, *, most: int | None = None) -> None:
    """All snapshots, largest first, or the `most` largest and how many more there are."""
    shown = fact.snapshots[:most]
    for pool in fact.pools:
        say(f"pool {pool.name}: {pool.health}, {pool.capacity}% of {size(pool.size)} used")
    table(
        ("DATASET@SNAPSHOT", "USED", "REFER", "AGE", "HOLDS", "OWNER", ""),
        (
            (
                s.full_name,
                size(s.used),
                size(s.referenced),
                age(s.created),
                "-" if s.holds is None else str(s.holds),
                s.owner,
                f"no {s.missing}" if s.missing else "",
            )
            for s in shown
        ),
        right=(1, 2, 3, 4),
    )
    if len(shown) < len(fact.snapshots):
        say(f"… {len(fact.snapshots) - len(shown)} more: gbtui show snapshots")
    if fact.note:
        say(fact.note)


def firewalls(facts: Sequence[Firewall]) -> None:
    for fact in facts:
        say(f"== {fact.where}{f' ({fact.backend})' if fact.backend else ''}")
        marks = {(m.table, m.chain, m.rule): m.message for m in fact.marks}
        for chain in fact.chains:
            policy = f" policy {chain.policy}" if chain.policy else ""
            say(f"{chain.family} {chain.table} {chain.chain}{policy}")
            for number, rule in enumerate(chain.rules):
                wrong = marks.get((chain.table, chain.chain, number), "")
                count = "" if rule.packets is None else str(rule.packets)
                say(f"{'✖' if wrong else ' '}{number + 1:4}  {rule.spec}  {count}  {wrong}".rstrip())
        for mark in fact.marks:
            if mark.rule < 0:
                say(f"✖ {mark.chain}: {mark.message}")
        if fact.saved is not None and fact.saved.state != "same":
            say(f"≠ {fact.saved.path}: {fact.saved.state} {fact.saved.why}".rstrip())


def log(fact: Log) -> None:
    for e in fact.entries:
        at = datetime.fromtimestamp(e.at, UTC).strftime("%H:%M:%S")
        took = f"{e.duration * 1000:.1f}ms"
        say(f"{at} {e.status} {e.method:6} {e.host:28} {e.uri}  {e.client}  {took}  {size(e.size)}")
    say(f"{fact.tally.lines} lines, {fact.tally.malformed} malformed")


def bans(fact: Bans) -> None:
    table(
        ("WHERE", "JAIL", "BANNED", "LEFT"),
        (
            row
            for jail in fact.jails
            for row in (
                [
                    (
                        jail.where,
                        jail.jail,
                        ban.address,
                        span(ban.left) if ban.left is not None else "for good",
                    )
                    for ban in jail.banned
                ]
                or [(jail.where, jail.jail, "-", "-")]
            )
        ),
        right=(3,),
    )
    for where, note in fact.notes:
        say(f"{where}: {note}")
