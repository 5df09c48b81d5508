"""What changes a host: rules, files, the lock, timers, containers; each leaves things as they were."""

from __future__ import annotations

import asyncio

import pytest

from gbtui.errors import Changed, Failed, Malformed, NotFound, Refused
from gbtui.guard import lock
from gbtui.hosts.base import Command, LxdEvent, inside

from .world import World

SYSTEM = "acme-system"
RULE = ("-i", "gbtui0", "-p", "tcp", "-m", "tcp", "--dport", "1", "-j", "ACCEPT")


async def test_a_rule_comes_and_goes(world: World) -> None:
    before = (await world.run("iptables", "-w", "-S", "INPUT", where=SYSTEM)).stdout
    assert (await world.run("iptables", "-w", "-I", "INPUT", "1", *RULE, where=SYSTEM)).ok
    try:
        lines = (await world.run("iptables", "-w", "-S", "INPUT", where=SYSTEM)).stdout.splitlines()
        assert lines[1] == b"-A INPUT " + " ".join(RULE).encode()
        assert (await world.run("iptables", "-w", "-C", "INPUT", *RULE, where=SYSTEM)).ok
    finally:
        assert (await world.run("iptables", "-w", "-D", "INPUT", *RULE, where=SYSTEM)).ok
    assert (await world.run("iptables", "-w", "-S", "INPUT", where=SYSTEM)).stdout == before


@pytest.mark.parametrize("where", [None, SYSTEM])
async def test_a_file_is_replaced_as_a_whole(world: World, where: str | None) -> None:
    path, place = "/run/gbtui-contract", where or "host"
    data = bytes(range(256)) * 40
    try:
        await world.host.write(path, data, instance=where, mode=0o640)
        assert await world.host.read(path, instance=where) == data
        await world.host.write(path, b"second\n", instance=where, mode=0o600)
        assert await world.host.read(path, instance=where) == b"second\n"
        kept = await world.run("stat", "-c", "%a %U:%G", path, where=place)
        assert kept.stdout == b"640 root:root\n"
    finally:
        await world.run("rm", "-f", path, where=place)
    with pytest.raises(NotFound):
        await world.host.read(path, instance=where)


async def test_a_file_that_cannot_be_read_or_written(world: World) -> None:
    with pytest.raises(Failed, match="folder"):
        await world.host.read("/etc")
    with pytest.raises(Malformed, match="more than 4 bytes"):
        await world.host.read("/etc/os-release", limit=4)
    with pytest.raises(NotFound):
        await world.host.write("/nosuch/file", b"x")
    with pytest.raises(NotFound):
        await world.host.read("/etc/os-release", instance="nosuch")


async def test_one_change_at_a_time(world: World) -> None:
    run_dir = "/run/gbtui-contract-lock"
    try:
        async with lock.hold(world.host, user="ada", operation="a", op_id="1", run_dir=run_dir):
            with pytest.raises(Refused, match="ada runs a"):
                async with lock.hold(world.host, user="bob", operation="b", op_id="2", run_dir=run_dir):
                    pass
        async with asyncio.timeout(20):
            while await lock.holder(world.host, run_dir=run_dir) is not None:
                await world.pass_time(0.2)
    finally:
        await world.run("rm", "-rf", run_dir)


async def test_a_timer_fires_and_is_gone(world: World) -> None:
    unit, path = "gbtui-contract-fires", "/run/gbtui-contract-fired"
    started = await world.run(
        "systemd-run", f"--unit={unit}", "--on-active=1", "--timer-property=AccuracySec=100ms", "--collect",
        "cp", "/etc/hostname", path,
    )  # fmt: skip
    assert started.ok
    assert f"Running timer as unit: {unit}.timer".encode() in started.stderr
    try:
        async with asyncio.timeout(60):
            while not (await world.run("test", "-e", path)).ok:
                await world.pass_time(0.5)
            while (await world.run("systemctl", "is-active", f"{unit}.timer")).ok:
                await world.pass_time(0.5)
    finally:
        await world.run("rm", "-f", path)


async def test_a_timer_that_is_stopped_never_fires(world: World) -> None:
    unit, path = "gbtui-contract-stopped", "/run/gbtui-contract-stopped"
    started = await world.run(
        "systemd-run", "--quiet", f"--unit={unit}", "--on-active=60", "--timer-property=AccuracySec=100ms",
        "--collect", "cp", "/etc/hostname", path,
    )  # fmt: skip
    assert started.ok
    assert (await world.run("systemctl", "is-active", f"{unit}.timer")).stdout == b"active\n"
    assert (await world.run("systemctl", "stop", f"{unit}.timer")).ok
    gone = await world.run("systemctl", "is-active", f"{unit}.timer")
    assert (gone.status != 0, gone.stdout) == (True, b"inactive\n")
    if world.kind == "demo":  # a real host's minute is not waited for: its unit is gone
        await world.pass_time(61)
    assert not (await world.run("test", "-e", path)).ok


async def test_the_tail_of_a_log_goes_on(world: World) -> None:
    path = "/run/gbtui-contract-log"
    await world.host.write(path, b"one\ntwo\n", instance=SYSTEM, mode=0o644)
    try:
        command = inside(SYSTEM, Command(("tail", "-F", "-n", "1", path)))
        async with asyncio.timeout(30), world.host.stream(command) as stream:
            async for chunk in stream:
                assert chunk == b"two\n"
                break
    finally:
        await world.run("rm", "-f", path, where=SYSTEM)


async def test_restarting_botserver_takes_a_moment(world: World) -> None:
    health = ("curl", "-fsS", "-m", "2", "-o", "/dev/null", "http://127.0.0.1:5858/health")
    restarted = await world.run("systemctl", "restart", "system.service", "ui.service", where=SYSTEM)
    assert restarted.ok
    async with asyncio.timeout(60):
        while not (await world.run(*health, where=SYSTEM)).ok:
            await world.pass_time(0.5)


async def test_a_container_stops_and_starts_with_events(world: World) -> None:
    name, seen = "acme-webmail", list[LxdEvent]()

    async def listen() -> None:
        async with world.host.lxd.events() as events:
            ready.set()
            async for event in events:
                seen.append(event)

    ready = asyncio.Event()
    listener = asyncio.create_task(listen())
    try:
        await asyncio.wait_for(ready.wait(), 30)
        await world.host.lxd.put(f"instances/{name}/state", {"action": "stop", "force": True, "timeout": 30})
        state = await world.host.lxd.get(f"instances/{name}/state")
        assert state.data["status"] == "Stopped"
        refused = await world.run("true", where=name)
        assert refused.status != 0
        assert b"not running" in refused.stderr
    finally:
        await world.host.lxd.put(f"instances/{name}/state", {"action": "start", "timeout": 30})
    async with asyncio.timeout(30):
        while not {"instance-stopped", "instance-started"} <= {event.action for event in seen}:
            await world.pass_time(0.1)
    listener.cancel()
    await asyncio.gather(listener, return_exceptions=True)
    assert all(event.source.endswith(name) for event in seen if event.action == "instance-stopped")


async def test_lxd_says_what_is_not_there_and_what_has_changed(world: World) -> None:
    with pytest.raises(NotFound):
        await world.host.lxd.get("instances/nosuch")
    reply = await world.host.lxd.get("instances/acme-dns")
    assert reply.etag
    assert reply.data["name"] == "acme-dns"
    with pytest.raises(Changed):
        await world.host.lxd.patch("instances/acme-dns", {"description": "x"}, etag="stale")
    again = await world.host.lxd.get("instances/acme-dns")
    assert again.data["description"] == reply.data["description"]


async def test_a_line_in_the_system_journal(world: World) -> None:
    """Other operators find it there by its tag, whatever it holds."""
    line = "-t contract: password=*** $(reboot) 'x'"
    assert (await world.run("logger", "-t", "gbtui-contract", "--", line)).ok
    asked = ("journalctl", "-q", "--no-pager", "-t", "gbtui-contract", "-o", "cat", "-n", "1")
    async with asyncio.timeout(20):
        while (await world.run(*asked)).stdout != line.encode() + b"\n":
            await asyncio.sleep(0.1)
