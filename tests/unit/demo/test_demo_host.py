"""The simulated host as a whole: the protocol, the same seed the same host, LXD's shapes, life in it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from gbtui.demo import traffic
from gbtui.demo.clock import ManualClock
from gbtui.demo.faults import FAULTS
from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput
from gbtui.guard import lock
from gbtui.hosts.base import Command, Host, inside

CAPTURED = Path(__file__).parents[2] / "fixtures" / "facts" / "instances-zfs.json"
LOG = "/opt/gbo/logs/access.log"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def host(clock: ManualClock) -> DemoHost:
    return DemoHost(clock=clock)


async def everything(host: DemoHost) -> list[bytes]:
    """What the host says to a round of readings."""
    commands = (
        Command(("iptables-save", "-c"), root=True),
        Command(("nft", "list", "ruleset"), root=True),
        Command(("zfs", "list", "-Hp", "-t", "snapshot", "-o", "name,used,creation")),
        Command(("fail2ban-client", "banned"), root=True),
        inside("acme-proxy", Command(("tail", "-n", "50", LOG))),
    )
    said = [(await host.run(command)).stdout for command in commands]
    instances = await host.lxd.get("instances", {"recursion": "2"})
    return [*said, json.dumps(instances.data).encode()]


async def test_it_is_a_host(host: DemoHost) -> None:
    as_host: Host = host
    assert (as_host.kind, as_host.link.connected) == ("demo", True)
    await as_host.open()
    await as_host.close()
    await as_host.close()


async def test_the_same_seed_and_clock_give_the_same_host() -> None:
    first = await everything(DemoHost(seed=7, clock=ManualClock()))
    assert all(first)
    assert await everything(DemoHost(seed=7, clock=ManualClock())) == first
    assert await everything(DemoHost(seed=8, clock=ManualClock())) != first


async def test_there_is_life_in_it(host: DemoHost, clock: ManualClock) -> None:
    before = await everything(host)
    clock.advance(3600)
    after = await everything(host)
    still = [b == a for b, a in zip(before, after, strict=True)]
    # iptables, nft, zfs, bans, log, instances: only the snapshots stand still
    assert still == [False, False, True, False, False, False]


async def test_bans_run_out_in_the_jail_and_in_the_packet_filter(host: DemoHost, clock: ManualClock) -> None:
    state = host.state
    jail = state.places["acme-proxy"].jails["caddy-http-flood"]
    first = jail.bans[0]
    clock.advance(first.since + first.lasts - clock.now() + 1)
    state.settle()
    rules = await host.run(inside("acme-proxy", Command(("iptables-save",))))
    assert first.address not in {one.address for one in jail.bans}
    assert f"-s {first.address}/32".encode() not in rules.stdout


def shape(value: Any) -> Any:
    """Keys and types of a JSON value, without what differs from instance to instance."""
    free = {"config", "expanded_config", "devices", "expanded_devices", "network"}
    if isinstance(value, dict):
        return {key: "free" if key in free else shape(inner) for key, inner in sorted(value.items())}
    return type(value).__name__ if not isinstance(value, list) else "list"


async def test_instances_have_the_shape_of_a_real_server(host: DemoHost) -> None:
    captured = {one["name"]: one for one in json.loads(CAPTURED.read_text())}
    reply = await host.lxd.get("instances", {"recursion": "2"})
    ours = {one["name"]: one for one in reply.data}
    real, fake = captured["acme-system"], ours["acme-system"]
    assert shape(fake) == shape(real)
    assert shape(fake["state"]["network"]["eth0"]) == shape(real["state"]["network"]["eth0"])
    assert shape(fake["snapshots"][0]) == shape(real["snapshots"][0])


async def test_every_fault_comes_and_goes(host: DemoHost) -> None:
    quiet = [place.rules["ip"].tables.keys() for place in host.state.places.values()]
    for name, fault in FAULTS.items():
        assert fault.title
        assert fault.items
        host.inject(name)
        host.inject(name)
        host.undo(name)
        host.undo(name)
    assert host.state.faults == set()
    assert [place.rules["ip"].tables.keys() for place in host.state.places.values()] == quiet
    with pytest.raises(BadInput, match="valkey-loopback"):
        host.inject("nosuch")


async def test_faults_named_in_the_environment_are_there_from_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GBTUI_DEMO_FAULTS", "zfs-missing, lxd-down")
    assert DemoHost(clock=ManualClock(), faults=("container-stop",)).state.faults == {
        "container-stop",
        "zfs-missing",
        "lxd-down",
    }


async def test_the_log_is_followed_without_gap_or_double(host: DemoHost, clock: ManualClock) -> None:
    command = inside("acme-proxy", Command(("tail", "-F", "-n", "20", LOG)))
    got = b""
    async with host.stream(command) as stream:
        chunks = aiter(stream)
        got += await anext(chunks)
        assert got.count(b"\n") == 20
        following = asyncio.ensure_future(anext(chunks))
        for _ in range(12):
            await asyncio.sleep(0)
            clock.advance(0.25)
            for _ in range(3):
                await asyncio.sleep(0)
            if following.done():
                got += following.result()
                following = asyncio.ensure_future(anext(chunks))
        following.cancel()
    start = int(clock.now()) - 3
    lived = b"".join(line for at in range(start, start + 3) for line in traffic.second(host.state, at))
    assert got.endswith(lived)


async def test_a_held_lock_does_not_move_the_time(host: DemoHost, clock: ManualClock) -> None:
    before = clock.now()
    async with lock.hold(host, user="ada", operation="a", op_id="1"):
        for _ in range(50):
            await asyncio.sleep(0)
    assert clock.now() == before
