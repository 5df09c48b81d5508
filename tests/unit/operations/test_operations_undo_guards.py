"""What a guard refuses going forward is not reached by undoing either: one test for each guard concerned."""

from __future__ import annotations

import os
import subprocess  # noqa: TID251 - the script itself is tried
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.cli import main
from gbtui.demo import network
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan
from gbtui.operations.base import Context
from gbtui.operations.catalog import OPERATIONS
from gbtui.operations.peers import peers
from gbtui.operations.undo_guards import BY_OPERATION, guarding
from gbtui.profiles import load
from gbtui.session import Session
from tests.unit.guard.rig import Answers
from tests.unit.operations import bans_stage, proxy_stage
from tests.unit.operations.containers_rig import Desk
from tests.unit.operations.firewall_rig import BOX, rules, sh, word
from tests.unit.operations.hurried import engine, hurried
from tests.unit.operations.hurried import plan as planned

MAIL, TABLES, STRANGER = "acme-email", "acme-tables", bans_stage.STRANGER
HOST_JAIL = {"container": "host", "jail": "sshd"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def refused(plan: Plan, guard: str) -> str:
    """The reason of the guard that refuses the plan, which the engine would not run."""
    (found,) = [verdict for verdict in plan.final if verdict.guard == guard]
    assert found.items
    return found.reason


# Bans


async def unbanned(stage: bans_stage.Stage, address: str = STRANGER) -> str:
    """An address that the host's jail had, lifted by gbtui."""
    await stage.run("fail2ban-client", "set", "sshd", "banip", address, where="host")
    return await stage.apply("bans.unban", **HOST_JAIL, address=address)


async def test_who_has_logged_in_since_is_not_banned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = bans_stage.Stage(tmp_path)
    op_id = await unbanned(stage)
    monkeypatch.setattr(network, "OPERATOR", STRANGER)
    back = await stage.engine.plan_undo(op_id)
    assert "log in from elsewhere first" in refused(back, "operator-peer")
    assert (await stage.engine.undo(op_id, bans_stage.yes(back))).result == "refused"
    assert STRANGER not in await stage.banned("sshd", "host")


async def test_who_logs_in_between_the_preview_and_the_yes_makes_it_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = bans_stage.Stage(tmp_path)
    made = await stage.plan("bans.ban", **HOST_JAIL, address="203.0.113.78")
    back = await stage.engine.plan_undo(await unbanned(stage))
    monkeypatch.setattr(network, "OPERATOR", STRANGER)
    for plan in (made, back):
        outcome = await stage.engine.apply(plan, bans_stage.yes(plan))
        assert (outcome.result, "who is logged in by SSH" in outcome.message) == ("changed", True)
    assert not {STRANGER, "203.0.113.78"} & set(await stage.banned("sshd", "host"))
    host = hurried()
    rule = {"container": "host", "rule": "-p tcp -m tcp --dport 9100 -j DROP"}
    await sh(host, "host", "iptables", "-w", "-A", "INPUT", *rule["rule"].split())
    plan = await planned(host, "firewall.delete-rule", rule)
    monkeypatch.setattr(network, "OPERATOR", "192.0.2.99")
    agreed = Answers(acknowledged=tuple(verdict.guard for verdict in plan.warnings))
    assert (await engine(host, tmp_path).apply(plan, agreed)).result == "changed"


def test_the_peers_are_sorted_and_each_is_there_once(tmp_path: Path) -> None:
    ssh = 'users:(("sshd-session",pid=1,fd=4))'
    rows = (
        f"0 0 10.0.0.1:22 203.0.113.9:50000 {ssh}",
        f"0 0 [2001:db8::1]:22 [2001:db8::9]:50001 {ssh}",
        '0 0 10.0.0.1:22 192.0.2.4:50002 users:(("sshd",pid=2,fd=4))',
        f"0 0 10.0.0.1:22 203.0.113.9:50003 {ssh}",
        '0 0 10.0.0.1:443 198.51.100.7:50004 users:(("lxd",pid=3,fd=4))',
    )
    shown = tmp_path / "ss"
    shown.write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(rows) + "\nEND\n")
    shown.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    argv = peers()[1].argv
    done = subprocess.run(argv, env=env, capture_output=True, check=True)
    assert done.stdout.decode().split() == ["192.0.2.4", "203.0.113.9", "[2001:db8::9]"]
    shown.write_text("#!/bin/sh\nexit 3\n")
    assert subprocess.run(argv, env=env, capture_output=True, check=False).returncode == 1


async def test_whom_the_jail_is_told_to_spare_is_not_banned(tmp_path: Path) -> None:
    stage = bans_stage.Stage(tmp_path)
    op_id = await unbanned(stage)
    stage.host.state.places["host"].jails["sshd"].ignored = (STRANGER,)
    assert "delignoreip" in refused(await stage.engine.plan_undo(op_id), "never-banned")


async def test_a_wide_network_is_not_banned_anew(tmp_path: Path) -> None:
    stage = bans_stage.Stage(tmp_path)
    op_id = await unbanned(stage, "8.8.0.0/16")
    assert "wider than /24" in refused(await stage.engine.plan_undo(op_id), "prefix-width")


async def test_a_network_is_banned_anew_knowingly(tmp_path: Path) -> None:
    stage = bans_stage.Stage(tmp_path)
    op_id = await unbanned(stage, "8.8.4.0/24")
    back = await stage.engine.plan_undo(op_id)
    assert (back.refused, "256 addresses" in word(back, "many-addresses").reason) == ((), True)
    outcome = await stage.engine.undo(op_id, Answers(acknowledged=("undo-warning",)))
    assert (outcome.result, "many-addresses" in outcome.message) == ("refused", True)


async def test_an_orphaned_rule_does_not_come_back_on_an_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = bans_stage.Stage(tmp_path)
    await stage.run("fail2ban-client", "set", bans_stage.FLOOD, "banip", "192.0.2.200")
    rule = ("-s", f"{STRANGER}/32", "-j", "REJECT", "--reject-with", "icmp-port-unreachable")
    await stage.run("iptables", "-w", "-I", f"f2b-{bans_stage.FLOOD}", "1", *rule)
    op_id = await stage.apply("bans.clear-orphans", container=bans_stage.PROXY)
    monkeypatch.setattr(network, "OPERATOR", STRANGER)
    assert refused(await stage.engine.plan_undo(op_id), "operator-peer")


# Containers


async def test_a_guides_port_is_not_closed_by_undoing_a_restore(desk: Desk) -> None:
    """Somebody had closed 587; a restore brings it back; undoing that would close it again (guide 24)."""
    await desk.run("lxc", "snapshot", MAIL, "mine")
    del desk.instance(MAIL).devices["port-587"]
    done = await desk.done("containers.restore-snapshot", container=MAIL, snapshot="mine")
    assert "port-587" in desk.instance(MAIL).devices
    back = await desk.engine().plan_undo(done.id)
    assert "tcp :587 of acme-email would be closed again" in refused(back, "protected-port")
    assert (await desk.undo(done)).result == "refused"
    assert "port-587" in desk.instance(MAIL).devices


async def test_an_internal_role_offers_nothing_again(desk: Desk) -> None:
    device = {"type": "proxy", "listen": "tcp:0.0.0.0:5432", "connect": "tcp:127.0.0.1:5432"}
    desk.instance(TABLES).devices["open"] = device
    done = await desk.done("containers.remove-port", container=TABLES, device="open")
    assert "offers nothing to the world" in refused(await desk.engine().plan_undo(done.id), "exposure-policy")


async def test_a_port_that_another_has_by_now_is_not_free(desk: Desk) -> None:
    device = {"type": "proxy", "listen": "tcp:0.0.0.0:8025", "connect": "tcp:127.0.0.1:25"}
    desk.instance(MAIL).devices["extra"] = device
    done = await desk.done("containers.remove-port", container=MAIL, device="extra")
    desk.instance("acme-webmail").devices["theirs"] = device
    assert "device theirs of acme-webmail" in refused(await desk.engine().plan_undo(done.id), "port-free")


async def test_what_goes_dark_is_acknowledged(desk: Desk) -> None:
    await desk.done("containers.stop", container=MAIL)
    done = await desk.done("containers.start", container=MAIL)
    outcome = await desk.engine().undo(done.id, Answers(acknowledged=("undo-warning",)))
    assert (outcome.result, "goes-dark" in outcome.message) == ("refused", True)
    assert desk.instance(MAIL).running


# Snapshots


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("containers.snapshot", {"container": MAIL, "snapshot": "mine"}),
        ("snapshots.take", {"dataset": f"default/containers/{MAIL}"}),
    ],
)
async def test_a_snapshot_that_others_need_stays(
    desk: Desk, operation: str, given: Mapping[str, str]
) -> None:
    done = await desk.done(operation, **given)
    back = await desk.engine().plan_undo(done.id)
    assert "the newest" in word(back, "newest").reason
    assert word(back, "newest").verdict == "warn"
    assert "free" in word(back, "reclaim").reason
    snapshot = max(desk.host.state.snapshots, key=lambda one: one.created)
    full = f"{snapshot.dataset}@{snapshot.name}"
    await desk.run("zfs", "hold", "mine", full)
    assert "zfs release mine" in refused(await desk.engine().plan_undo(done.id), "held")
    assert (await desk.apply(back)).result == "changed", "held between the preview and the yes"
    await desk.run("zfs", "release", "mine", full)
    snapshot.properties["clones"] = "default/copy"
    assert "destroy or promote that first" in refused(await desk.engine().plan_undo(done.id), "clones")


# The proxy


async def test_the_storage_root_is_not_dropped(tmp_path: Path) -> None:
    host = hurried()
    config = await proxy_stage.config(host)
    block = b"\tstorage file_system {\n\t\troot /opt/gbo/data/caddy\n\t}\n"
    await proxy_stage.run(host, "rm", "-rf", proxy_stage.STORE)
    await proxy_stage.write(host, config.replace(block, b""), reload=True)
    made = await planned(host, "proxy.set-storage", {"root": "/opt/gbo/data/caddy3"})
    done = await proxy_stage.applied(host, tmp_path, made)
    assert done.result == "done", done.message
    back = await engine(host, tmp_path).plan_undo(done.id)
    said = refused(back, "storage-kept")
    assert "every certificate would be issued anew" in said
    assert "proxy.set-storage moves them" in said


async def test_a_partial_file_does_not_come_back(tmp_path: Path) -> None:
    """The profile's floor holds, whatever the operation was that reached it."""
    host = hurried()
    file = proxy_stage.file(tmp_path, await proxy_stage.config(host) + proxy_stage.NEW)
    made = await planned(host, "proxy.apply-config", {"file": file})
    done = await proxy_stage.applied(host, tmp_path, made)
    profile = replace(load(), vhost_floor=len(await proxy_stage.served(host)))
    working = engine(host, tmp_path)
    working.guard_undo = guarding(Context(host, profile))
    assert "this is a partial file" in refused(await working.plan_undo(done.id), "no-shrink")


async def test_names_that_came_with_it_go_with_it_knowingly(tmp_path: Path) -> None:
    host = hurried()
    file = proxy_stage.file(tmp_path, await proxy_stage.config(host) + proxy_stage.NEW)
    made = await planned(host, "proxy.apply-config", {"file": file})
    done = await proxy_stage.applied(host, tmp_path, made)
    back = await engine(host, tmp_path).plan_undo(done.id)
    assert (back.refused, word(back, "no-shrink").verdict) == ((), "warn")
    assert "new.acme.example" in word(back, "no-shrink").reason
    assert (await proxy_stage.undone(host, tmp_path, done.id)).result == "done"


# The firewall

DROP_SSH = f"-s {STRANGER}/32 -p tcp -m tcp --dport 22 -j DROP"


async def test_nobodys_ssh_is_cut_off_on_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = hurried()
    await sh(host, "host", "iptables", "-w", "-I", "INPUT", "1", *DROP_SSH.split())
    made = await planned(host, "firewall.delete-rule", {"container": "host", "rule": DROP_SSH})
    warned = Answers(acknowledged=tuple(verdict.guard for verdict in made.warnings))
    done = await engine(host, tmp_path).apply(made, warned)
    assert done.result == "done", done.message
    monkeypatch.setattr(network, "OPERATOR", STRANGER)
    back = await engine(host, tmp_path).plan_undo(done.id)
    assert f"from {STRANGER}" in refused(back, "ssh-stays")
    assert DROP_SSH not in await rules(host, "host")


async def test_an_undo_is_rehearsed_and_its_rules_relied_on(tmp_path: Path) -> None:
    host = hurried()
    made = await planned(host, "firewall.drop-port", {"container": BOX, "port": "9125"})
    warned = Answers(acknowledged=tuple(verdict.guard for verdict in made.warnings))
    done = await engine(host, tmp_path).apply(made, warned)
    assert done.result == "done", done.message
    back = await engine(host, tmp_path).plan_undo(done.id)
    assert "in a scratch namespace of acme-system" in word(back, "rehearsed").reason
    assert any("IPv4 rules" in one.title for one in back.relies_on)
    await sh(host, BOX, "iptables", "-w", "-A", "INPUT", "-p", "tcp", "--dport", "1", "-j", "DROP")
    agreed = Answers(acknowledged=tuple(verdict.guard for verdict in back.warnings))
    assert (await engine(host, tmp_path).apply(back, agreed)).result == "changed"


async def test_a_rehearsal_that_goes_wrong_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gbtui.operations import firewall_undo
    from gbtui.operations.firewall_rehearse import Rehearsal

    host = hurried("valkey-loopback")
    made = await planned(host, "firewall.accept-loopback", {"container": BOX})
    warned = Answers(acknowledged=tuple(verdict.guard for verdict in made.warnings))
    done = await engine(host, tmp_path).apply(made, warned)
    assert done.result == "done", done.message
    tried: list[tuple[str, ...]] = []

    async def fails(_: object, where: str, does: object, port: int) -> Rehearsal:
        tried.extend(run.argv for run in does)  # type: ignore[attr-defined]  # commands
        return Rehearsal("failed", "command 1: no such rule")

    monkeypatch.setattr(firewall_undo, "rehearse", fails)
    back = await engine(host, tmp_path).plan_undo(done.id)
    assert "no such rule" in refused(back, "rehearsed")
    assert tried == [("iptables", "-w", "-D", "INPUT", "-i", "lo", "-j", "ACCEPT")]


# Every route


async def test_the_session_holds_every_undo_to_them(tmp_path: Path) -> None:
    """The key, the palette and the command line undo through the session's engine."""
    session = Session(hurried(), load(), Journal(tmp_path), user="t")
    await session.open(events=False)
    try:
        system = session.host.state.instances["acme-system"]  # type: ignore[attr-defined]  # the demo's
        del system.config["security.privileged"]
        made = await session.plan("containers.set-privileged", {"container": "acme-system", "value": "true"})
        warned = Answers(acknowledged=tuple(verdict.guard for verdict in made.warnings))
        done = await session.apply(made, warned, lambda _: None)
        assert done.result == "done", done.message
        assert refused(await session.engine.plan_undo(done.id), "system-privileged")
    finally:
        await session.close()


def test_they_are_listed_with_the_operations(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(BY_OPERATION) <= {operation.id for operation in OPERATIONS}
    assert main(["ops", "bans.unban"]) == 0
    assert "when undone: prefix-width" in capsys.readouterr().out
    assert main(["ops", "snapshots.destroy"]) == 0
    assert "when undone" not in capsys.readouterr().out
