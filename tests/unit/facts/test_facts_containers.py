from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import BadInput, Malformed, Unreachable
from gbtui.facts.containers import ContainersReader
from gbtui.facts.containers_parse import moment, parse_instances, size
from gbtui.profiles import load
from gbtui.text import UNSAFE, clean_tree
from tests.unit.facts.fakehost import FakeHost, fixture

PROFILE = load()
ZFS: list[dict[str, Any]] = json.loads(fixture("instances-zfs.json"))
MIXED: list[dict[str, Any]] = json.loads(fixture("instances-mixed.json"))


def test_real_instances_on_zfs() -> None:
    proxy, system = parse_instances(ZFS, PROFILE.split).containers
    assert (proxy.name, proxy.tenant, proxy.role, proxy.state) == ("acme-proxy", "acme", "proxy", "Running")
    assert proxy.ipv4 == ("10.77.0.188",)
    assert ("eth0", "inet6", "fe80::216:3eff:fe2e:cd84") in proxy.network
    assert not any(interface == "lo" for interface, _, _ in proxy.network)
    assert (proxy.memory, proxy.memory_limit, proxy.disk) == (59334656, 256 * 1024**2, 779264)
    assert proxy.cpu_seconds == pytest.approx(19.845879)
    assert (proxy.processes, proxy.cpu) == (16, None)
    assert (proxy.privileged, system.privileged) == (False, True)
    assert [s.name for s in system.snapshots] == ["pre-upgrade"]
    assert system.started == datetime(2026, 11, 23, 6, 57, 12, 943811, tzinfo=UTC)
    assert proxy.disks[0].origin == "default"
    assert proxy.disks[0].pool == "default"
    assert ("limits.memory", "256MiB") in proxy.config


def test_proxy_and_disk_devices_of_real_instances() -> None:
    containers = {c.name: c for c in parse_instances(MIXED, PROFILE.split).containers}
    ports = {p.name: p for p in containers["acme-proxy"].proxies}
    assert ports["httpnat"].nat
    assert not ports["http"].nat
    assert (ports["http"].listen, ports["http"].connect) == ("tcp:127.0.0.1:18080", "tcp:127.0.0.1:80")
    assert {p.origin for p in ports.values()} == {""}
    disks = {d.name: d for d in containers["acme-alm-ci"].disks}
    assert (disks["data"].source, disks["data"].origin) == ("/srv/lab-a/acme/data", "")
    assert disks["root"].origin == "default"


def test_a_stopped_instance_has_no_live_figures() -> None:
    stopped = next(c for c in parse_instances(MIXED, PROFILE.split).containers if c.name == "z001-system")
    assert not stopped.running
    live = (stopped.memory, stopped.cpu_seconds, stopped.processes, stopped.started, stopped.ipv4)
    assert live == (None, None, None, None, ())


def test_a_device_from_several_profiles_names_them_all() -> None:
    entry = {**ZFS[0], "profiles": ["default", "mounts"]}
    (container,) = parse_instances([entry], PROFILE.split).containers
    assert container.disks[0].origin == "default, mounts"


def test_what_cannot_be_read_costs_that_entry() -> None:
    found = parse_instances([None, {"name": 3}, {"name": "x"}, *ZFS], PROFILE.split)
    assert (len(found.containers), found.malformed) == (2, 3)
    with pytest.raises(Malformed):
        parse_instances({"error": "x"}, PROFILE.split)


async def test_one_request_and_the_cpu_share_between_two() -> None:
    ticks = iter([10.0, 14.0])
    host = FakeHost(lxd={"instances": ZFS})
    reader = ContainersReader(host, PROFILE, "acme", clock=lambda: next(ticks))
    assert [c.cpu for c in (await reader.read()).containers] == [None, None]
    later = json.loads(json.dumps(ZFS))
    later[0]["state"]["cpu"]["usage"] += 2_000_000_000
    later[1]["last_used_at"] = "2026-11-23T08:00:00Z"  # started again in between
    host.fake_lxd.replies["instances"] = later
    assert [c.cpu for c in (await reader.read()).containers] == [pytest.approx(0.5), None]
    assert host.fake_lxd.asked == [("instances", {"recursion": "2"})] * 2


async def test_a_wrong_tenant_is_told_which_there_are() -> None:
    other = {**ZFS[0], "name": "beta-proxy"}
    host = FakeHost(lxd={"instances": [*ZFS, other]})
    with pytest.raises(BadInput, match=r"wrong tenant.*'gamma'.*acme, beta"):
        await ContainersReader(host, PROFILE, "gamma").read()
    assert [c.name for c in (await ContainersReader(host, PROFILE, "beta").read()).containers] == [
        "beta-proxy"
    ]


async def test_an_instance_of_no_known_role_stays_visible_to_its_tenant() -> None:
    host = FakeHost(lxd={"instances": [*ZFS, {**ZFS[0], "name": "acme-spare"}, {**ZFS[0], "name": "acmex"}]})
    names = [c.name for c in (await ContainersReader(host, PROFILE, "acme").read()).containers]
    assert names == ["acme-proxy", "acme-spare", "acme-system"]


async def test_an_lxd_that_is_gone_is_not_hidden() -> None:
    with pytest.raises(Unreachable):
        await ContainersReader(FakeHost(lxd={"instances": Unreachable("LXD")}), PROFILE).read()


@pytest.mark.parametrize(
    ("written", "bytes_"),
    [("512MiB", 512 << 20), ("2GB", 2 * 10**9), ("1kB", 1000), ("1024", 1024), ("7B", 7), ("50%", None)],
)
def test_sizes_as_lxd_writes_them(written: str, bytes_: int | None) -> None:
    assert size(written) == bytes_


def test_zero_times_are_no_times() -> None:
    assert moment("0001-01-01T00:00:00Z") is None
    assert moment("1970-01-01T00:00:00Z") is None
    assert moment("2026-11-23T06:58:20.524169227Z") == datetime(2026, 11, 23, 6, 58, 20, 524169, tzinfo=UTC)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PATHS = [
    ("state",), ("state", "cpu"), ("state", "network"), ("state", "network", "eth0", "addresses"),
    ("state", "disk"), ("state", "disk", "root", "usage"), ("expanded_devices",), ("devices",),
    ("expanded_devices", "root"), ("expanded_config",), ("expanded_config", "limits.memory"), ("name",),
    ("snapshots",), ("profiles",), ("last_used_at",), ("created_at",), ("status",), ("description",),
]  # fmt: skip


@given(path=st.sampled_from(PATHS), value=JSON)
def test_any_json_anywhere_parses_or_is_counted(path: tuple[str, ...], value: Any) -> None:
    entry = json.loads(json.dumps(ZFS[0]))
    inner = entry
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = clean_tree(value)
    found = parse_instances([entry], PROFILE.split)
    assert len(found.containers) + found.malformed == 1
    for container in found.containers:
        assert not UNSAFE.search(container.name)
        assert all(isinstance(address, str) for address in container.ipv4)
