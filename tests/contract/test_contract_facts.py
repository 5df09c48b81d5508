"""Every reader gives the same kind of facts on every host: the guide's tenant, complete and well-formed."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from gbtui.errors import BadInput
from gbtui.facts.bans import BansReader
from gbtui.facts.containers import ContainersReader
from gbtui.facts.firewall import Chain, FirewallReader
from gbtui.facts.log import LogReader
from gbtui.facts.snapshots import SnapshotsReader
from gbtui.profiles import Profile

from .world import World

BRIDGE = IPv4Network("10.77.0.0/24")


async def test_ten_containers_of_the_guide(world: World, profile: Profile) -> None:
    read = await ContainersReader(world.host, profile, "acme").read()
    assert read.malformed == 0
    assert {one.role for one in read.containers} == {role.name for role in profile.roles}
    assert len(read.containers) == 10
    for one in read.containers:
        assert one.running, one.name
        assert any(IPv4Address(address) in BRIDGE for address in one.ipv4), one.name
        assert one.privileged is (one.role == "system")
        assert one.memory
        assert one.cpu is None
        assert one.started is not None


async def test_addresses_are_the_guides(world: World, profile: Profile) -> None:
    read = await ContainersReader(world.host, profile, "acme").read()
    addresses = {one.role: one.ipv4 for one in read.containers}
    assert addresses["proxy"] == ("10.77.0.30",)
    assert addresses["system"] == ("10.77.0.185",)


async def test_exposed_ports_are_proxy_devices(world: World, profile: Profile) -> None:
    read = await ContainersReader(world.host, profile).read()
    for one in read.containers:
        role = next(role for role in profile.roles if role.name == one.role)
        listening = {f"{d.listen.split(':')[0]}:{d.listen.rsplit(':', 1)[1]}" for d in one.proxies}
        assert listening == set(role.exposed), one.name


async def test_a_mount_that_a_profile_brings_is_seen(world: World, profile: Profile) -> None:
    read = await ContainersReader(world.host, profile).read()
    runner = next(one for one in read.containers if one.role == "alm-ci")
    mounts = [disk for disk in runner.disks if disk.path != "/"]
    assert [disk.path for disk in mounts] == ["/var/cache/ci"]
    assert "ci-cache" in mounts[0].origin


async def test_cpu_is_known_from_the_second_reading_on(world: World, profile: Profile) -> None:
    reader = ContainersReader(world.host, profile)
    await reader.read()
    await world.pass_time(0.5)
    assert all(one.cpu is not None and one.cpu >= 0 for one in (await reader.read()).containers)


async def test_another_tenant_is_refused_with_the_names_there_are(world: World, profile: Profile) -> None:
    with pytest.raises(BadInput, match="acme"):
        await ContainersReader(world.host, profile, "nosuch").read()


async def test_snapshots_of_both_owners(world: World, profile: Profile) -> None:
    read = await SnapshotsReader(world.host, profile).read()
    assert read.malformed == 0
    assert read.note == ""
    (pool,) = read.pools
    assert (pool.name, pool.health) == ("default", "ONLINE")
    assert 0 < pool.allocated < pool.size
    assert {"lxd", "raw"} <= {row.owner for row in read.snapshots}
    assert [row.holds for row in read.snapshots if row.holds] == [1]
    sizes = [row.used for row in read.snapshots if row.used is not None]
    assert sizes == sorted(sizes, reverse=True)


async def test_a_row_without_its_dataset_is_marked(world: World, profile: Profile) -> None:
    read = await SnapshotsReader(world.host, profile).read()
    lost = [(row.instance, row.name) for row in read.snapshots if row.missing == "dataset"]
    assert lost == [("acme-webmail", "snapshot-orphan")]


def chain_of(chains: tuple[Chain, ...], name: str) -> Chain:
    return next(c for c in chains if (c.family, c.table, c.chain) == ("ip", "filter", name))


async def test_loopback_first_in_the_system_container(world: World, profile: Profile) -> None:
    read = await FirewallReader(world.host, profile, "acme-system").read()
    incoming = chain_of(read.chains, "INPUT")
    assert incoming.policy == "ACCEPT"
    assert incoming.rules[0].spec == "-i lo -j ACCEPT"
    assert incoming.rules[0].packets is not None
    assert [rule.spec for rule in incoming.rules[1:]] == [
        "-p tcp -m tcp --dport 6379 -j DROP",
        "-p tcp -m tcp --dport 9000 -j DROP",
    ]
    assert (read.marks, read.backend, read.malformed) == ((), "nf_tables", 0)
    assert read.saved is not None
    assert read.saved.state == "same"


async def test_the_hosts_own_rules_and_those_of_lxd(world: World, profile: Profile) -> None:
    read = await FirewallReader(world.host, profile).read()
    assert read.malformed == 0
    assert chain_of(read.chains, "INPUT").policy == "DROP"
    assert any("22" in rule.spec for rule in chain_of(read.chains, "ufw-user-input").rules)
    assert any(c.source == "nft" and c.table == "lxd" for c in read.chains)
    assert {"ip", "ip6"} <= {c.family for c in read.chains if c.source == "iptables"}


async def test_counters_have_a_rate_from_the_second_reading_on(world: World, profile: Profile) -> None:
    reader = FirewallReader(world.host, profile, "acme-system")
    await reader.read()
    await world.pass_time(0.2)
    incoming = chain_of((await reader.read()).chains, "INPUT")
    assert all(rule.rate is not None for rule in incoming.rules)


async def test_three_jails(world: World, profile: Profile) -> None:
    read = await BansReader(world.host, profile, ("acme-proxy", "acme-email")).read()
    assert {(jail.where, jail.jail) for jail in read.jails} == {
        ("host", "sshd"),
        ("acme-proxy", "caddy-http-flood"),
        ("acme-email", "stalwart"),
    }
    assert (read.notes, read.malformed) == ((), 0)
    for jail in read.jails:
        for one in jail.banned:
            assert IPv4Address(one.address)
            assert one.left is None or one.left > 0


async def test_the_access_log(world: World, profile: Profile) -> None:
    log = await LogReader(world.host, profile, "acme-proxy").read(50)
    assert log.entries
    assert log.tally.malformed == 0
    for entry in log.entries:
        assert 100 <= entry.status < 600
        assert entry.method.isupper()
        assert entry.host
        assert entry.uri.startswith("/")
        assert entry.duration >= 0
