"""What operations on containers ask and do: LXD's client, listening sockets, the kernel's own files."""

from __future__ import annotations

import asyncio
import re

import pytest

from gbtui.guard.amend import amend
from gbtui.guard.execute import ask
from gbtui.guard.plan import Amend
from gbtui.operations import containers_scripts as scripts

from .test_contract_commands import Case
from .world import World

SYSTEM, DNS, RUNNER = "acme-system", "acme-dns", "acme-alm-ci"
CASES = (
    Case(f"lxc list --format csv -c s ^{DNS}$", out=r"\ARUNNING\n\Z"),
    Case(f"lxc list --format csv -c ns ^{DNS}$", out=r"\Aacme-dns,RUNNING\n\Z"),
    Case(f"lxc list --format csv -c 4 ^{DNS}$", out=r"\A10\.77\.0\.53 \(eth0\)\n\Z"),
    Case("lxc list --format csv -c s ^nosuch$", out=r"\A\Z"),
    Case(f"lxc query /1.0/instances/{DNS}", out=r'^\t"last_used_at": "20\d\d-\d\d-\d\dT[\d:.]+Z",$'),
    Case("lxc query /1.0/instances/nosuch", 1, err=r"^Error: Instance not found$"),
    Case(
        f"lxc query /1.0/instances/{SYSTEM}/snapshots",
        out=r'^\t"/1\.0/instances/acme-system/snapshots/pre-upgrade"',
    ),
    Case(f"lxc config get {SYSTEM} security.privileged", out=r"\Atrue\n\Z"),
    Case(f"lxc config get {DNS} security.privileged", out=r"\A\n\Z"),
    Case(f"lxc config device list {DNS}", out=r"^port-53-udp$"),
    Case(
        f"lxc config device show {DNS}",
        out=r"^port-53:\n  connect: tcp:127\.0\.0\.1:53\n  listen: tcp:[\d.]+:53\n  type: proxy\n",
    ),
    Case(f"lxc config device get {DNS} port-53 connect", out=r"\Atcp:127\.0\.0\.1:53\n\Z"),
    Case(f"lxc config device get {DNS} nosuch listen", 1, err=r"^Error: Device doesn't exist"),
    Case(f"lxc start {DNS}", 1, err=r"already running"),
    Case(f"lxc snapshot {SYSTEM} pre-upgrade", 1, err=r'"pre-upgrade": .* already exists$'),
    Case(f"lxc delete {DNS}/nosuch", 1, err=r"^Error: .*not found$"),
    Case(f"lxc restore {DNS} nosuch", 1, err=r"^Error: .* does not exist$"),
    Case("ss -Hltn sport = :443", out=r"^LISTEN +\d+ +\d+ +\S*:443 "),
    Case("ss -Hltn sport = :5999", out=r"\A\Z"),
    Case("ss -Hltn sport = :53", out=r"^LISTEN +\d+ +\d+ +\S*:53 ", where=DNS),
    Case("ss -Hlun sport = :53", out=r"^UNCONN +\d+ +\d+ +\S*:53 ", where=DNS),
    Case("cat /proc/self/uid_map", out=r"^ +0 +0 +4294967295$", where=SYSTEM),
    Case("cat /proc/self/uid_map", out=r"^ +0 +[1-9]\d+ +\d+$", where=DNS),
    Case("cat /proc/self/mountinfo", out=r" /var/cache/ci ", where=RUNNER),
)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_status_and_shape(world: World, case: Case) -> None:
    done = await world.run(*case.argv.split(), where=case.where)
    said = f"{done.stdout.decode(errors='replace')[:2000]}\n{done.stderr.decode(errors='replace')[:2000]}"
    assert done.status == case.status, said
    assert re.search(case.out, done.stdout.decode(), re.MULTILINE), said
    assert re.search(case.err, done.stderr.decode(), re.MULTILINE), said


async def test_a_device_as_the_probes_see_it(world: World) -> None:
    for probe, wanted in (
        (scripts.device(DNS, "port-53", "connect", "tcp:127.0.0.1:53"), True),
        (scripts.device(DNS, "port-53", "connect", "tcp:127.0.0.1:54"), False),
        (scripts.device(DNS, "port", "connect", scripts.ABSENT), True),
        (scripts.device("nosuch", "port", "connect", scripts.ABSENT), None),
        (scripts.listens(DNS, (53,)), True),
        (scripts.listens(DNS, (53, 5999)), False),
        (scripts.writable(SYSTEM, "/opt/gbo"), True),
    ):
        assert (await ask(world.host, probe)).yes is wanted, probe.title


async def test_a_proxy_device_listens_until_it_goes(world: World) -> None:
    device = {"type": "proxy", "listen": "tcp:127.0.0.1:8099", "connect": "tcp:127.0.0.1:53"}
    await amend(world.host, Amend(DNS, "devices", "contract", None, device))
    try:
        assert b":8099 " in (await world.run("ss", "-Hltn", "sport = :8099")).stdout
    finally:
        await amend(world.host, Amend(DNS, "devices", "contract", device, None))
    assert (await world.run("ss", "-Hltn", "sport = :8099")).stdout == b""


async def test_a_refused_restore_leaves_it_stopped(world: World) -> None:
    """Why the operation refuses before it asks LXD, which stops the container first."""
    raw = f"default/containers/{DNS}@contract-raw"
    assert (await world.run("lxc", "snapshot", DNS, "contract")).ok
    try:
        assert (await world.run("zfs", "snapshot", "--", raw)).ok
        refused = await world.run("lxc", "restore", DNS, "contract", timeout=60)
        assert (refused.status, b"cannot be restored due to subsequent" in refused.stderr) == (1, True)
        state = await world.run("lxc", "list", "--format", "csv", "-c", "s", f"^{DNS}$")
        assert state.stdout == b"STOPPED\n"
        assert (await world.run("lxc", "start", DNS, timeout=60)).ok
    finally:
        await world.run("zfs", "destroy", "--", raw)
        await world.run("lxc", "delete", f"{DNS}/contract")
    async with asyncio.timeout(90):  # up again, with its address and its service, for the tests after this
        listed = ("lxc", "list", "--format", "csv", "-c", "4", f"^{DNS}$")
        while b"eth0" not in (await world.run(*listed)).stdout:
            await world.pass_time(1.0)
        while not (await world.run("ss", "-Hltn", "sport = :53", where=DNS)).stdout:
            await world.pass_time(1.0)
