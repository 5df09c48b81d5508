from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from gbtui.facts import shapes
from gbtui.facts.bans import Ban, Bans, Jail
from gbtui.facts.containers_parse import parse_instances
from gbtui.facts.firewall_loopback import loopback_marks
from gbtui.facts.firewall_parse import parse_save
from gbtui.facts.firewall_types import Firewall, Saved
from gbtui.facts.log import LogBook
from gbtui.facts.snapshots_parse import parse_pools, parse_snapshots
from gbtui.facts.snapshots_types import Snapshots
from gbtui.profiles import load
from tests.unit.facts.fakehost import fixture

AT = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """`document` after a round trip, which only plain values survive unchanged; its head checked."""
    again: dict[str, Any] = json.loads(json.dumps(document, allow_nan=False))
    assert again == document
    assert (again["schema"], again["host"], again["taken_at"]) == (1, "prod-1", "2026-11-23T14:03:22Z")
    return again


def test_containers() -> None:
    fact = parse_instances(json.loads(fixture("instances-mixed.json")), load().split)
    document = plain(shapes.containers("prod-1", AT, fact))
    proxy = next(c for c in document["containers"] if c["name"] == "acme-proxy")
    assert {
        "tenant": "acme",
        "role": "proxy",
        "state": "Running",
        "privileged": False,
    }.items() <= proxy.items()
    assert (proxy["ipv4"], proxy["snapshots"]) == (["10.77.0.244"], 0)
    assert proxy["devices"][0] == {
        "type": "proxy",
        "name": "http",
        "listen": "tcp:127.0.0.1:18080",
        "connect": "tcp:127.0.0.1:80",
        "nat": False,
        "origin": "",
    }
    assert proxy["started"] == "2026-11-23T06:40:42.094132Z"
    stopped = next(c for c in document["containers"] if c["name"] == "z001-system")
    assert stopped["memory"] is stopped["started"] is None


def test_snapshots() -> None:
    rows, _ = parse_snapshots(fixture("zfs-list-snapshots.txt"))
    pools, _ = parse_pools(fixture("zpool-list.txt"))
    document = plain(shapes.snapshots("prod-1", AT, Snapshots(pools, tuple(rows), 0, "said")))
    assert document["pool"] == document["pools"][0]
    assert document["pool"]["capacity"] == 1
    first = document["snapshots"][0]
    assert (first["dataset"], first["name"]) == ("default/containers/acme-proxy", "snapshot-pre-upgrade")
    assert (first["used"], first["referenced"], first["holds"]) == (38400, 113296896, 0)
    assert (first["created"], first["owner"]) == ("2026-11-23T06:58:21Z", "unknown")
    assert plain(shapes.snapshots("prod-1", AT, Snapshots((), ())))["pool"] is None


def test_firewall_of_one_place_or_several() -> None:
    chains = parse_save(fixture("incident-before.txt"), "acme-system", "ip").chains
    marks, _ = loopback_marks(chains)
    saved = Saved("/etc/iptables/rules.v4", "differs", only_in_memory=("filter -A INPUT -j DROP",))
    place = Firewall("acme-system", chains, tuple(marks), saved, "nf_tables")
    document = plain(shapes.firewall("prod-1", AT, place))
    assert document == shapes.firewall("prod-1", AT, [place])
    assert document["chains"][0]["rules"] == [
        {"spec": "-p tcp -m tcp --dport 6379 -j DROP", "packets": 5, "bytes": 300, "rate": None}
    ]
    assert {"where": "acme-system", "chain": "INPUT", "policy": "ACCEPT"}.items() <= document["chains"][
        0
    ].items()
    assert document["marks"][0]["kind"] == "drop-before-loopback"
    assert document["places"][0]["saved"]["only_in_memory"] == ["filter -A INPUT -j DROP"]


def test_log_masks_what_may_be_a_token() -> None:
    book = LogBook("/log")
    book.take(fixture("caddy-access.jsonl").splitlines(), backlog=True)
    document = plain(shapes.log("prod-1", AT, book.log()))
    assert document["entries"][2]["uri"] == "/v1?a=…"
    assert document["entries"][0]["at"].startswith("2026-11-23T06:55:44.747")
    assert sum(document["by_status"].values()) == document["lines"] == 12
    assert (document["malformed"], document["sampled"]) == (0, 0)


def test_bans() -> None:
    jail = Jail("host", "sshd", (Ban("203.0.113.5", 60.0), Ban("x", None)), 1, 2, 3)
    document = plain(shapes.bans("prod-1", AT, Bans((jail,), (("acme-proxy", "not running"),))))
    assert document["jails"][0]["banned"] == [
        {"address": "203.0.113.5", "until": "2026-11-23T14:04:22Z", "left": 60.0, "times": 1},
        {"address": "x", "until": None, "left": None, "times": 1},
    ]
    assert document["notes"] == [{"where": "acme-proxy", "note": "not running"}]
