"""Every guard of the catalogue is tried: named in a test, and what it says is held to.

Most have their test beside their operation. Here are those that need a state which no other test
makes, each asked for with every warning read and all text typed: a refusal stays one, and a warning
that nobody has read is one.
"""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gbtui.demo.host import DemoHost
from gbtui.demo.lxd import DemoLxd
from gbtui.hosts.base import Command, Completed, Host, LxdReply, inside
from gbtui.operations.catalog import OPERATIONS, find
from tests.crash_stage import picture
from tests.operations_cases import BUILT, STRANGER, keys_open, one_rule_more, orphaned
from tests.unit.guard.rig import Answers
from tests.unit.operations.containers_rig import Desk

TESTS = Path(__file__).parents[2]
MAIL, SYSTEM, BAN = "acme-email", "acme-system", "caddy-http-flood"


class Told(DemoLxd):
    """LXD that says of one instance what this demo has no state for."""

    def __init__(self, desk: Desk, name: str, **entry: Any) -> None:
        super().__init__(desk.host.state)
        self._name, self._entry = name, entry

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> LxdReply:
        reply = await super().get(path, params)
        if path.startswith("instances") and isinstance(reply.data, list):
            rows = [row | self._entry if row.get("name") == self._name else row for row in reply.data]
            return LxdReply(rows, reply.etag)
        return reply


def told(name: str, **entry: Any) -> Callable[[Desk], None]:
    def tell(desk: Desk) -> None:
        desk.host.lxd = Told(desk, name, **entry)

    return tell


def no_tool(place: str, *tools: str) -> Callable[[Desk], None]:
    return lambda desk: desk.host.state.places[place].missing.update(tools)


async def cut_off(host: Host) -> None:
    """Valkey's loopback is dropped."""
    assert isinstance(host, DemoHost)
    host.inject("valkey-loopback")


async def nothing(host: Host) -> None:
    """Needed as it is."""


POWER = ("start", "stop", "restart")
SNAPSHOT = {"container": SYSTEM, "snapshot": "pre-upgrade"}
SCHEDULED = told(MAIL, expanded_config={"snapshots.schedule": "@daily"})
ON_A_FOLDER = told(MAIL, expanded_devices={"root": {"type": "disk", "path": "/", "pool": "folder"}})
FROZEN, BROKEN = told(MAIL, status="Frozen"), told(MAIL, status="Error")
IN = {"container": MAIL}

#: guard → operation, parameters, what makes it object, and whether it refuses or warns.
Objection = tuple[str, str, dict[str, str], Callable[[Desk], None] | None, str]
OBJECTS: list[Objection] = [
    *(("state-is-steady", f"containers.{verb}", IN, FROZEN, "refuse") for verb in POWER),
    *(("state-is-steady", f"containers.{verb}", IN, BROKEN, "refuse") for verb in POWER),
    ("state-is-steady", "containers.set-privileged", {**IN, "value": "true"}, FROZEN, "refuse"),
    ("is-a-mount", "containers.remove-mount", {**IN, "device": "root"}, None, "refuse"),
    ("is-a-mount", "containers.remove-mount", {**IN, "device": "eth0"}, None, "refuse"),
    ("own-device", "containers.remove-port", {**IN, "device": "eth0"}, None, "refuse"),
    ("clean-stop-first", "containers.force-stop", IN, None, "warn"),
    ("nat-possible", "containers.add-port", {**IN, "listen": "tcp:8025", "nat": "true"}, None, "refuse"),
    ("name-free", "containers.snapshot", SNAPSHOT, None, "refuse"),
    ("snapshot-known", "containers.restore-snapshot", {**IN, "snapshot": "nosuch"}, None, "refuse"),
    ("nothing-newer", "containers.restore-snapshot", SNAPSHOT, None, "refuse"),
    ("on-zfs", "containers.restore-snapshot", {**IN, "snapshot": "any"}, ON_A_FOLDER, "refuse"),
    ("both-families", "firewall.drop-port", {"container": SYSTEM, "port": "5858"},
     no_tool(SYSTEM, "ip6tables", "ip6tables-save"), "warn"),
    ("one-schedule", "snapshots.install-rolling", {}, SCHEDULED, "warn"),
    ("vhosts-dark", "proxy.restart", {"reason": "a look"}, None, "warn"),
]  # fmt: skip


@pytest.mark.parametrize("objection", OBJECTS, ids=lambda one: f"{one[0]}-{one[1]}")
async def test_it_is_not_got_past(tmp_path: Path, objection: Objection) -> None:
    guard, operation, given, makes, says = objection
    desk = Desk(tmp_path)
    if makes is not None:
        makes(desk)
    before = picture(desk.host)
    plan = await desk.plan(operation, **given)
    assert (guard, says) in [(verdict.guard, verdict.verdict) for verdict in plan.verdicts]
    others = tuple(one.guard for one in plan.warnings if one.guard != guard)
    read = others if says == "warn" else (*others, guard)
    outcome = await desk.engine().apply(plan, Answers(acknowledged=read, typed=plan.must_type))
    assert outcome.result == "refused", outcome.message
    assert picture(desk.host) == before


async def test_a_rule_that_is_there_at_one_look_only_is_no_orphan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """no-ban-in-progress: between fail2ban's list and its rule there is always a moment."""
    desk = Desk(tmp_path)
    await orphaned(desk.host)
    run, rule = desk.host.run, ("-s", STRANGER, "-j", "REJECT", "--reject-with", "icmp-port-unreachable")

    async def passing(command: Command) -> Completed:
        done = await run(command)
        if STRANGER.encode() in done.stdout:  # seen once, and gone before the next look
            taken = ("iptables", "-w", "-D", f"f2b-{BAN}", *rule)
            await run(inside("acme-proxy", Command(taken)))
        return done

    monkeypatch.setattr(desk.host, "run", passing)
    plan = await desk.plan("bans.clear-orphans", container="acme-proxy")
    assert [verdict.guard for verdict in plan.refused] == ["no-ban-in-progress"]
    assert (await desk.apply(plan)).result == "refused"
    assert desk.journal.entries() == ()


async def test_where_the_dataset_itself_is_gone_no_record_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dataset-there: with its pool away every snapshot of LXD's looks like a record without data."""
    desk = Desk(tmp_path)
    run = desk.host.run
    assert (await desk.plan("snapshots.forget-orphan")).steps

    async def exported(command: Command) -> Completed:
        if command.argv[:5] == ("zfs", "list", "-H", "-o", "name,guid"):
            return Completed(command, 1, b"", b"cannot open 'default': dataset does not exist", 0.0)
        return await run(command)

    monkeypatch.setattr(desk.host, "run", exported)
    before = picture(desk.host)
    plan = await desk.plan("snapshots.forget-orphan")
    assert [verdict.guard for verdict in plan.refused] == ["dataset-there"]
    assert (await desk.apply(plan)).result == "refused"
    assert picture(desk.host) == before


#: Guards that object to nothing: they say what the operation takes care of by itself, and its own tests
#: hold it to that. guard → an operation, parameters, faults.
SAYS: dict[str, tuple[str, dict[str, str], Callable[[Host], Awaitable[None]]]] = {
    "ssh-unaffected": ("firewall.accept-loopback", {"container": SYSTEM}, cut_off),
    "others-left-out": ("firewall.save", {"container": "acme-proxy"}, nothing),
    "others-stay": ("firewall.restore-saved", {"container": SYSTEM}, one_rule_more),
    "named-one-by-one": ("snapshots.destroy", {"snapshots": "acme-system/pre-upgrade"}, nothing),
    "newest-stays": ("snapshots.install-rolling", {}, nothing),
    "never-under-a-job": ("ci.install-cleanup", {"container": "acme-alm-ci"}, nothing),
    "keys-owner": ("vault.protect-init", {"container": SYSTEM}, keys_open),
    "previous-kept": ("release.deploy", {"container": SYSTEM, "binary": BUILT}, nothing),
}


@pytest.mark.parametrize("guard", SAYS)
async def test_what_an_operation_takes_care_of_is_said(tmp_path: Path, guard: str) -> None:
    desk, (operation, given, prepare) = Desk(tmp_path), SAYS[guard]
    await prepare(desk.host)
    plan = await desk.plan(operation, **given)
    (verdict,) = [one for one in plan.verdicts if one.guard == guard]
    assert verdict.verdict == "allow"
    assert verdict.reason


def _named() -> set[str]:
    """Every word of every text in the tests, docstrings included."""
    found: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {word.strip(".,:;()'\"") for word in node.value.split()}
    return found


def test_every_guard_of_the_catalogue_is_named_in_a_test() -> None:
    guards = {guard.id for operation in OPERATIONS for guard in operation.guards}
    assert sorted(guards - _named()) == []


def test_only_guards_of_their_operation_are_tried_here() -> None:
    for guard, operation in [(one[0], one[1]) for one in OBJECTS] + [(g, s[0]) for g, s in SAYS.items()]:
        assert guard in [one.id for one in find(operation).guards]
