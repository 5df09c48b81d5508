"""The documented `--json` shapes of the facts (schema 1): pure, stable, and only plain values.

Times are RFC 3339 in UTC, sizes bytes, durations seconds, what is not known null. New members may
come with the same schema; a member that goes or changes its meaning is another schema.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from gbtui.facts.bans_types import Bans, Jail
from gbtui.facts.containers_types import Container, Containers
from gbtui.facts.firewall_types import Chain, Firewall, Saved
from gbtui.facts.log_decode import mask_query
from gbtui.facts.log_types import Entry, Log
from gbtui.facts.snapshots_types import SnapshotRow, Snapshots

SCHEMA = 1

Document = dict[str, Any]


def rfc3339(at: datetime | None) -> str | None:
    """`2026-11-23T14:03:22Z`, with microseconds where there are any; null for None."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def containers(host: str, taken_at: datetime, fact: Containers) -> Document:
    """`show containers`."""
    return {
        **_head(host, taken_at),
        "malformed": fact.malformed,
        "containers": [_container(container) for container in fact.containers],
    }


def snapshots(host: str, taken_at: datetime, fact: Snapshots) -> Document:
    """`show snapshots`, largest first. `pool` is the first of `pools`, null where there is none."""
    pools = [asdict(pool) for pool in fact.pools]
    return {
        **_head(host, taken_at),
        "malformed": fact.malformed,
        "note": fact.note,
        "pool": pools[0] if pools else None,
        "pools": pools,
        "snapshots": [_snapshot(row) for row in fact.snapshots],
    }


def firewall(host: str, taken_at: datetime, fact: Firewall | Sequence[Firewall]) -> Document:
    """`show firewall`, of one place or several; `places` says for each what is saved for the next boot."""
    places = [fact] if isinstance(fact, Firewall) else list(fact)
    return {
        **_head(host, taken_at),
        "malformed": sum(place.malformed for place in places),
        "places": [
            {
                "where": place.where,
                "backend": place.backend,
                "note": place.note,
                "malformed": place.malformed,
                "saved": _saved(place.saved),
            }
            for place in places
        ],
        "chains": [_chain(chain) for place in places for chain in place.chains],
        "marks": [asdict(mark) for place in places for mark in place.marks],
    }


def log(host: str, taken_at: datetime, fact: Log) -> Document:
    """`show log`, oldest first. Values in query strings are masked: they carry tokens."""
    tally = fact.tally
    return {
        **_head(host, taken_at),
        "path": fact.path,
        "lines": tally.lines,
        "malformed": tally.malformed,
        "sampled": tally.sampled,
        "dropped": tally.dropped,
        "rate": tally.rate,
        "by_status": {str(status): count for status, count in tally.by_status},
        "entries": [_entry(entry) for entry in fact.entries],
    }


def bans(host: str, taken_at: datetime, fact: Bans) -> Document:
    """`show bans`. `until` is null for a ban without end, or where the place's clock is not known."""
    return {
        **_head(host, taken_at),
        "malformed": fact.malformed,
        "notes": [{"where": where, "note": note} for where, note in fact.notes],
        "jails": [_jail(jail, taken_at) for jail in fact.jails],
    }


def _head(host: str, taken_at: datetime) -> Document:
    return {"schema": SCHEMA, "host": host, "taken_at": rfc3339(taken_at)}


def _container(container: Container) -> Document:
    return {
        "name": container.name,
        "tenant": container.tenant,
        "role": container.role,
        "state": container.state,
        "privileged": container.privileged,
        "ipv4": list(container.ipv4),
        "cpu": container.cpu,
        "cpu_seconds": container.cpu_seconds,
        "memory": container.memory,
        "memory_limit": container.memory_limit,
        "disk": container.disk,
        "processes": container.processes,
        "started": rfc3339(container.started),
        "created": rfc3339(container.created),
        "description": container.description,
        "profiles": list(container.profiles),
        "devices": [
            *({"type": "proxy", **asdict(device)} for device in container.proxies),
            *({"type": "disk", **asdict(device)} for device in container.disks),
        ],
        "snapshots": len(container.snapshots),
    }


def _snapshot(row: SnapshotRow) -> Document:
    return {**asdict(row), "created": rfc3339(row.created)}


def _chain(chain: Chain) -> Document:
    return {**asdict(chain), "rules": [asdict(rule) for rule in chain.rules]}


def _saved(saved: Saved | None) -> Document | None:
    if saved is None:
        return None
    return {
        "path": saved.path,
        "state": saved.state,
        "only_in_memory": list(saved.only_in_memory),
        "only_in_file": list(saved.only_in_file),
        "why": saved.why,
    }


def _entry(entry: Entry) -> Document:
    return {
        **asdict(entry),
        "at": rfc3339(datetime.fromtimestamp(entry.at, UTC)),
        "uri": mask_query(entry.uri),
    }


def _jail(jail: Jail, taken_at: datetime) -> Document:
    return {
        "where": jail.where,
        "jail": jail.jail,
        "currently_failed": jail.currently_failed,
        "total_failed": jail.total_failed,
        "total_banned": jail.total_banned,
        "banned": [
            {
                "address": ban.address,
                "until": None if ban.left is None else rfc3339(taken_at + timedelta(seconds=ban.left)),
                "left": ban.left,
                "times": ban.times,
            }
            for ban in jail.banned
        ],
    }
