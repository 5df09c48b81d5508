"""The learned floor on the demo host: it lies on the host, holds for every operator, and follows to what
was stated, and to nothing else."""

from __future__ import annotations

import os
import subprocess  # noqa: TID251 - the script in a real shell
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.guard.plan import Plan
from gbtui.operations import proxy_scripts as scripts
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.unit.operations.hurried import swift
from tests.unit.operations.proxy_stage import (
    CDN,
    CONFIG,
    NEW,
    PROXY,
    applied,
    config,
    file,
    hurried,
    refusals,
    served,
    undone,
    write,
)

APPLY, RELOAD, REMOVE, RESTART = (
    f"proxy.{verb}" for verb in ("apply-config", "reload", "remove-domain", "restart")
)
AT = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)
RECORD = f"{CONFIG}.vhosts"
DEAD = "cdn.acme.example"


@pytest.fixture
def host() -> DemoHost:
    """A proxy without a backup, and nothing learned yet."""
    found = hurried()
    files = found.state.places[PROXY].files
    for name in [name for name in files if name.startswith(f"{CONFIG}.")]:
        del files[name]
    return found


MINUTES = count()


async def plan(host: DemoHost, operation: str, given: Mapping[str, str]) -> Plan:
    """A plan, made a minute after the one before: each has a backup of its own."""
    at = AT + timedelta(minutes=next(MINUTES))
    return swift(await find(operation).plan(Context(host, load(), now=lambda: at), given))


async def remembered(host: DemoHost) -> set[str]:
    lines = (await host.read(RECORD, instance=PROXY)).decode().splitlines()
    return {line for line in lines if not line.startswith("#")}


async def learned(host: DemoHost, folder: Path, operator: str = "one") -> set[str]:
    """One operator has changed something, and all 25 are remembered."""
    made = await plan(host, APPLY, {"file": file(folder, await config(host) + b"# hello\n")})
    done = await applied(host, folder / operator, made)
    assert done.result == "done", done.message
    names = await remembered(host)
    assert names == await served(host)
    return names


async def cut_by_hand(host: DemoHost, *domains: str) -> None:
    """Somebody takes sites out without gbtui, and without a backup."""
    data = await config(host)
    for domain in domains:
        begin = data.index(b"\n%s {" % domain.encode())
        data = data[:begin] + data[data.index(b"\n}\n", begin) + 3 :]
    await write(host, data, reload=True)


async def test_another_operators_partial_file_is_refused_below_it(host: DemoHost, tmp_path: Path) -> None:
    """It is partial already when the next one comes: nothing is lost any more that still runs."""
    names = await learned(host, tmp_path)
    await cut_by_hand(host, *sorted(names - {"www.acme.example"})[1:])
    made = await plan(host, APPLY, {"file": file(tmp_path, await config(host) + NEW)})
    said = refusals(made)["no-shrink"]
    assert "3 vhosts remain, and the learned floor is 25 (config.vhosts, learned 2026-11-23T1" in said
    assert "by proxy.apply-config)" in said
    assert "gbtui apply proxy.reload domain=" in said
    assert made.steps == ()


async def test_it_rises_with_every_vhost(host: DemoHost, tmp_path: Path) -> None:
    names = await learned(host, tmp_path)
    made = await plan(host, APPLY, {"file": file(tmp_path, await config(host) + NEW)})
    done = await applied(host, tmp_path / "two", made)
    assert await remembered(host) == names | {"new.acme.example"}
    assert (await undone(host, tmp_path / "two", done.id)).result == "done"
    assert await remembered(host) == names


async def test_it_follows_to_a_removed_domain_and_back(host: DemoHost, tmp_path: Path) -> None:
    names = await learned(host, tmp_path)
    done = await applied(host, tmp_path, await plan(host, REMOVE, {"domain": DEAD}))
    assert done.result == "done", done.message
    assert await remembered(host) == names - {DEAD}
    assert (await undone(host, tmp_path, done.id)).result == "done"
    assert await remembered(host) == names


async def test_it_follows_to_stated_names_of_an_applied_file(host: DemoHost, tmp_path: Path) -> None:
    names = await learned(host, tmp_path)
    without = (await config(host)).replace(CDN, b"")
    made = await plan(host, APPLY, {"file": file(tmp_path, without), "domain": DEAD})
    assert (await applied(host, tmp_path, made)).result == "done"
    assert await remembered(host) == names - {DEAD}


async def test_what_was_cut_by_hand_is_stated_before_more_goes(host: DemoHost, tmp_path: Path) -> None:
    names = await learned(host, tmp_path)
    await cut_by_hand(host, DEAD, "shop.acme.example")
    made = await plan(host, REMOVE, {"domain": "www.acme.example"})
    said = refusals(made)["no-shrink"]
    assert "gone are cdn.acme.example, shop.acme.example;" in said
    assert said.endswith("gbtui apply proxy.reload domain=cdn.acme.example,shop.acme.example")
    forget = await plan(host, REMOVE, {"domain": DEAD})
    assert forget.title == "acme-proxy: forget cdn.acme.example"
    assert [step.title for step in forget.steps] == [f"Remember the vhosts in {RECORD}"]
    done = await applied(host, tmp_path, forget)
    assert done.result == "done", done.message
    assert await remembered(host) == names - {DEAD}
    assert (await plan(host, REMOVE, {"domain": DEAD})).noop
    stated = await plan(host, RELOAD, {"domain": "shop.acme.example"})
    assert [step.title for step in stated.steps] == [f"Remember the vhosts in {RECORD}"]
    assert (await applied(host, tmp_path, stated)).result == "done"
    assert (await plan(host, RELOAD, {"domain": "shop.acme.example"})).noop
    done = await applied(host, tmp_path, await plan(host, REMOVE, {"domain": "www.acme.example"}))
    assert done.result == "done", done.message
    assert len(await remembered(host)) == 22


async def test_nothing_else_lowers_it(host: DemoHost, tmp_path: Path) -> None:
    """What changes no vhost is only warned about, and the floor stays: Caddy can be restarted at 03:00."""
    names = await learned(host, tmp_path)
    await cut_by_hand(host, DEAD)
    made = await plan(host, RESTART, {"reason": "it hangs"})
    warned = {verdict.guard: verdict.reason for verdict in made.warnings}
    assert "the learned floor is 25" in warned["no-shrink"]
    assert (await applied(host, tmp_path, made)).result == "done"
    same = await plan(host, APPLY, {"file": file(tmp_path, await config(host) + b"# more\n")})
    assert "no-shrink" in {verdict.guard for verdict in same.warnings}
    assert (await applied(host, tmp_path, same)).result == "done"
    assert await remembered(host) == names


async def test_backups_say_it_where_nothing_is_remembered(host: DemoHost, tmp_path: Path) -> None:
    """gbtui has never changed anything here; somebody backed up, as the guide says, and then cut."""
    await host.write(f"{CONFIG}.bak-202611231200", await config(host), instance=PROXY)
    await cut_by_hand(host, DEAD)
    made = await plan(
        host, APPLY, {"file": file(tmp_path, (await config(host)).replace(b"www.acme", b"w3.acme"))}
    )
    assert "www.acme.example" in refusals(made)["no-shrink"]
    given = {"file": file(tmp_path, await config(host)), "domain": "www.acme.example"}
    gone = await plan(host, REMOVE, {"domain": "www.acme.example"})
    assert "(the backup config.bak-202611231200): gone are cdn.acme.example;" in refusals(gone)["no-shrink"]
    assert (await plan(host, APPLY, given)).noop
    assert (await applied(host, tmp_path, await plan(host, REMOVE, {"domain": DEAD}))).result == "done"
    assert len(await remembered(host)) == 24
    assert not (await plan(host, REMOVE, {"domain": "www.acme.example"})).refused


async def test_a_backup_of_long_ago_does_not_hold_anybody_up(host: DemoHost) -> None:
    await host.write(f"{CONFIG}.bak-202601011200", await config(host), instance=PROXY)
    await cut_by_hand(host, DEAD)
    assert not (await plan(host, REMOVE, {"domain": "www.acme.example"})).refused


async def test_a_record_that_changed_makes_the_plan_stale(host: DemoHost, tmp_path: Path) -> None:
    await learned(host, tmp_path)
    made = await plan(host, REMOVE, {"domain": DEAD})
    await host.write(RECORD, b"x.test\n", instance=PROXY)
    assert (await applied(host, tmp_path, made)).result == "changed"


async def test_a_damaged_record_is_no_floor_and_is_written_anew(host: DemoHost, tmp_path: Path) -> None:
    await host.write(RECORD, b"\xff\x1b]0;x\x07", instance=PROXY)
    assert await learned(host, tmp_path)
    assert [path for path in host.state.places[PROXY].files if path.startswith(f"{RECORD}.bak-")]


def test_the_script_in_a_real_shell(tmp_path: Path) -> None:
    """The newest ten backups that are newer than the record; an undo's, and other files, are none."""
    path = tmp_path / "my config"
    path.write_bytes(b"now")

    def told() -> list[str]:
        run_ = subprocess.run(scripts.known(str(path)), capture_output=True, check=True)
        return run_.stdout.decode().splitlines()

    assert told() == []
    for number in range(12):
        (tmp_path / f"my config.bak-2026112314{number:02}").write_bytes(b"%d\n" % number)
    for other in ("my config.bak-202611231499.undone", "my config.bak-", "my config.bak-x", "other.bak-1"):
        (tmp_path / other).write_bytes(b"")
    (tmp_path / "my config.bak-202611231500").mkdir()
    assert [line.rpartition(" ")[2] for line in told()] == [
        b64encode(b"%d\n" % number).decode() for number in range(2, 12)
    ]
    record = tmp_path / "my config.vhosts"
    record.write_bytes(b"a.test\n")
    assert told() == ["my config.vhosts " + b64encode(b"a.test\n").decode()]
    later = tmp_path / "my config.bak-202611231403"
    at = record.stat().st_mtime_ns + 1_000_000
    os.utime(later, ns=(at, at))
    assert [line.split()[1] for line in told()] == ["config.vhosts", "config.bak-202611231403"]
