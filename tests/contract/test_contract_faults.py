"""Each named fault shows, in the readers and to the guide's own commands, and is gone after its undo."""

from __future__ import annotations

import asyncio

import pytest

from gbtui.errors import Failed, MissingTool, Unreachable
from gbtui.facts.containers import ContainersReader
from gbtui.facts.firewall import FirewallReader
from gbtui.facts.log import LogReader
from gbtui.facts.snapshots import SnapshotsReader
from gbtui.profiles import Profile

from .world import World

SYSTEM, PROXY = "acme-system", "acme-proxy"
HEALTH = ("curl", "-sS", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:5858/health")


async def marks(world: World, profile: Profile) -> set[str]:
    read = await FirewallReader(world.host, profile, SYSTEM).read()
    return {mark.kind for mark in read.marks}


async def test_valkey_is_cut_off_and_comes_back(world: World, profile: Profile) -> None:
    ping = (profile.cache_client, "ping")
    async with world.fault("valkey-loopback"):
        assert "drop-before-loopback" in await marks(world, profile)
        assert (await world.run(*ping, where=SYSTEM, timeout=2)).status == 124
        assert (await world.run("timeout", "2", *ping, where=SYSTEM)).status == 124
        assert (await world.run(*HEALTH, where=SYSTEM)).stdout == b"503"
    assert await marks(world, profile) == set()
    assert (await world.run(*ping, where=SYSTEM)).stdout == b"PONG\n"
    assert (await world.run(*HEALTH, where=SYSTEM)).stdout == b"200"


async def test_the_guides_own_fix_mends_it(world: World, profile: Profile) -> None:
    """Guide items 33 to 36, by hand: rule, ping, and health only after the restart."""
    async with world.fault("valkey-loopback"):
        accept = ("iptables", "-w", "-I", "INPUT", "1", "-i", "lo", "-j", "ACCEPT")
        assert (await world.run(*accept, where=SYSTEM)).ok
        assert (await world.run(profile.cache_client, "ping", where=SYSTEM)).stdout == b"PONG\n"
        assert (await world.run(*HEALTH, where=SYSTEM)).stdout == b"503"
        assert "only-in-memory" in await marks(world, profile)
        assert (await world.run("systemctl", "restart", "system.service", where=SYSTEM)).ok
        async with asyncio.timeout(60):
            while (await world.run(*HEALTH, where=SYSTEM)).stdout != b"200":
                await world.pass_time(0.5)
    assert await marks(world, profile) == set()


async def test_a_container_is_down(world: World, profile: Profile) -> None:
    async with world.fault("container-stop"):
        read = await ContainersReader(world.host, profile).read()
        assert [one.name for one in read.containers if not one.running] == ["acme-webmail"]
    read = await ContainersReader(world.host, profile).read()
    assert all(one.running for one in read.containers)


async def test_hostile_bytes_come_clean(world: World, profile: Profile) -> None:
    async with world.fault("log-noise"):
        await world.pass_time(2)
        log = await LogReader(world.host, profile, PROXY).read(400)
        assert log.tally.malformed > 0
        read = await ContainersReader(world.host, profile).read()
        drive = next(one for one in read.containers if one.role == "drive")
        assert "@click" in drive.description
        assert "\x1b" not in drive.description
        rules = await FirewallReader(world.host, profile, SYSTEM).read()
        specs = [rule.spec for chain in rules.chains for rule in chain.rules if "4321" in rule.spec]
        assert specs
        assert all("@click" in spec and "\u202e" not in spec for spec in specs)


async def test_without_zfs(world: World, profile: Profile) -> None:
    async with world.fault("zfs-missing"):
        with pytest.raises(MissingTool):
            await SnapshotsReader(world.host, profile).read()
        assert len((await ContainersReader(world.host, profile).read()).containers) == 10
    assert (await SnapshotsReader(world.host, profile).read()).snapshots


async def test_without_lxd(world: World, profile: Profile) -> None:
    async with world.fault("lxd-down"):
        with pytest.raises(Unreachable):
            await ContainersReader(world.host, profile).read()
        with pytest.raises(Unreachable):
            await FirewallReader(world.host, profile, SYSTEM).read()
        snapshots = await SnapshotsReader(world.host, profile).read()
        assert snapshots.snapshots
        assert snapshots.note
    assert len((await ContainersReader(world.host, profile).read()).containers) == 10


async def test_a_log_that_is_no_file(world: World, profile: Profile) -> None:
    reader = LogReader(world.host, profile, PROXY)
    async with world.fault("log-unreadable"):
        with pytest.raises(Failed):
            await reader.read(10)
    assert (await reader.read(10)).entries
