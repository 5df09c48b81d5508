"""Ports that lead into containers, mounts that lead out of them, and what a probe said: pure readers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.facts.containers_mounts import crossing, mounts, owns
from gbtui.facts.containers_parse import parse_instances
from gbtui.facts.containers_reach import dnats, forward_of, forwards
from gbtui.facts.containers_role import parse_answers
from gbtui.facts.containers_types import Container, DiskDevice, ProxyDevice
from gbtui.facts.firewall_types import Chain, Rule

TENANTS = "/opt/gbo/tenants"


def container(name: str, *disks: DiskDevice, proxies: tuple[ProxyDevice, ...] = ()) -> Container:
    entry = {"name": name, "status": "Running"}
    split = lambda full: tuple(full.split("-", 1)) if "-" in full else ("", "")  # noqa: E731
    return replace(parse_instances([entry], split).containers[0], disks=disks, proxies=proxies)


def disk(source: str, *, pool: str = "", path: str = "/mnt") -> DiskDevice:
    return DiskDevice("d", path, source, pool, "")


def proxy(listen: str, connect: str) -> ProxyDevice:
    return ProxyDevice("p", listen, connect, nat=False, origin="")


def nat(*specs: str) -> Chain:
    rules = tuple(Rule(spec, None, None) for spec in specs)
    return Chain("host", "iptables", "ip", "nat", "PREROUTING", "ACCEPT", None, None, rules)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("/opt/gbo/tenants/acme/system/bin", "is acme-system's"),
        ("/opt/gbo/tenants/acme/alm-ci/data", ""),
        ("/opt/gbo/tenants/acme/alm-ci/../system/bin", "is acme-system's"),
        ("/opt/gbo/tenants/other/alm-ci", "is other-alm-ci's"),
        ("/opt/gbo/tenants/acme-alm/ci/data", "is acme-alm-ci's"),
        ("/var/snap/lxd/common/lxd/containers/acme-system/rootfs/opt", "is within acme-system"),
        ("/srv/shared/objects", "is mounted in acme-drive, too"),
        ("/srv/ci-cache", ""),
    ],
)
def test_whose_files_a_mount_shows(source: str, why: str) -> None:
    everyone = [container("acme-system"), container("acme-drive", disk("/srv/shared"))]
    runner = container("acme-alm-ci", disk(source))
    said = crossing(runner, runner.disks[0], [*everyone, runner], TENANTS)
    assert said.endswith(why) if why else said == ""


@pytest.mark.parametrize(
    ("name", "tenant", "role", "own"),
    [
        ("acme-system", "acme", "system", True),
        ("acme-core", "acme", "system", False),
        ("system", "", "system", True),  # a layout without tenants in the names
        ("system", "", "", False),
        ("other-system", "other", "system", False),
    ],
)
def test_a_folder_is_an_instances_own_by_its_tenant_and_its_role(
    name: str, tenant: str, role: str, own: bool
) -> None:
    one = replace(container(name), tenant=tenant, role=role)
    assert owns(one, ("acme", "system")) is own


def test_the_root_is_no_mount_and_a_volume_of_another_pool_is_another_one() -> None:
    root, volume = disk("", pool="default", path="/"), disk("cache", pool="default")
    one, two = container("a-alm-ci", root, volume), container("a-system", replace(volume, pool="fast"))
    assert mounts(one) == (volume,)
    assert crossing(one, volume, [one, two], TENANTS) == ""
    assert "a-system" in crossing(one, volume, [one, container("a-system", volume)], TENANTS)


def test_each_port_of_a_device_has_its_target() -> None:
    one = container("a-email", proxies=(proxy("tcp:0.0.0.0:25,587", "tcp:127.0.0.1:25,1587"),))
    assert [(each.listen.port, each.connect and each.connect.port) for each in forwards(one)] == [
        (25, 25),
        (587, 1587),
    ]
    assert forward_of(one, "tcp:587") is not None
    assert forward_of(one, "udp:587") is None
    hidden = container("a-email", proxies=(proxy("tcp:127.0.0.1:25", "tcp:127.0.0.1:25"),))
    assert forward_of(hidden, "tcp:25") is None


def test_rules_that_lead_a_port_elsewhere() -> None:
    found = dnats(
        [
            nat(
                "-i eth0 -p tcp -m multiport --dports 80,443 -j DNAT --to-destination 10.77.0.30",
                "-p udp -m udp --dport 53 -j DNAT --to-destination 10.77.0.53:5353",
                '-p tcp --dport 25 -m comment --comment "generated for LXD x" -j DNAT --to-destination 1.2.3',
                "-p tcp ! --dport 22 -j DNAT --to-destination 10.77.0.30",
                "-j MASQUERADE",
            )
        ]
    )
    assert [(one.protocol, one.port, one.address, one.to) for one in found] == [
        ("tcp", 80, "10.77.0.30", 80),
        ("tcp", 443, "10.77.0.30", 443),
        ("udp", 53, "10.77.0.53", 5353),
    ]
    assert str(found[2]).startswith("-A PREROUTING -p udp")


@given(st.text(max_size=200))
def test_no_rule_breaks_the_reader(spec: str) -> None:
    dnats([nat(spec, f"-p tcp --dport {spec} -j DNAT --to-destination {spec}")])


def test_what_a_probe_said() -> None:
    refused = (
        b"http://127.0.0.1:9000/x\t7\tcurl: (7) Failed to connect \nhttp://127.0.0.1:9100/x\t0\t200 \nnoise\n"
    )
    first, second = parse_answers(refused)
    assert (first.status, second.status) == (7, 0)
    assert first.words == "http://127.0.0.1:9000/x: curl: (7) Failed to connect"
    assert parse_answers(b"pg_isready\t2\t \n")[0].words == "pg_isready: exit status 2"


@given(st.binary(max_size=300))
def test_no_bytes_break_the_answers(data: bytes) -> None:
    json.dumps([one.words for one in parse_answers(data)])
