"""One key or device of an instance, changed with If-Match: nothing of anybody else's work is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gbtui.demo.host import DemoHost
from gbtui.errors import Changed, Failed
from gbtui.guard.amend import amend, as_argv, setting
from gbtui.guard.danger import danger_of
from gbtui.guard.engine import Engine
from gbtui.guard.fingerprint import fingerprint
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Amend, Danger, Exec, Plan, Probe, Step
from gbtui.guard.port import Outcome
from gbtui.guard.preview import commands, place, public
from gbtui.hosts.base import Command, LxdReply
from gbtui.operations.base import Parameter
from tests.unit.guard.rig import Answers

BOX = "acme-webmail"
PORT = {"type": "proxy", "listen": "tcp:0.0.0.0:8080", "connect": "tcp:127.0.0.1:80"}
OTHER = {**PORT, "connect": "tcp:127.0.0.1:8000", "proxy_protocol": "true"}
KEY = "user.gbtui"
CHANGES = {
    "set": Amend(BOX, "config", KEY, None, "a b"),
    "set again": Amend(BOX, "config", KEY, "a b", "-x=1"),
    "unset": Amend(BOX, "config", KEY, "-x=1", None),
    "add": Amend(BOX, "devices", "web", None, PORT),
    "change": Amend(BOX, "devices", "web", PORT, OTHER),
    "change back": Amend(BOX, "devices", "web", OTHER, PORT),
    "remove": Amend(BOX, "devices", "web", PORT, None),
}


def test_it_is_shown_as_the_lxd_client_does_it() -> None:
    assert {name: " ".join(as_argv(change)) for name, change in CHANGES.items()} == {
        "set": f"lxc config set {BOX} {KEY}=a b",
        "set again": f"lxc config set {BOX} {KEY}=-x=1",
        "unset": f"lxc config unset {BOX} {KEY}",
        "add": f"lxc config device add {BOX} web proxy listen=tcp:0.0.0.0:8080 connect=tcp:127.0.0.1:80",
        "change": f"lxc config device set {BOX} web connect=tcp:127.0.0.1:8000 proxy_protocol=true",
        "change back": f"lxc config device set {BOX} web connect=tcp:127.0.0.1:80 proxy_protocol=",
        "remove": f"lxc config device remove {BOX} web",
    }
    assert {place(change) for change in CHANGES.values()} == {"host"}


@pytest.fixture
def host() -> DemoHost:
    return DemoHost()


async def instance(host: DemoHost) -> Any:
    data = (await host.lxd.get(f"instances/{BOX}")).data
    return {"config": data["config"], "devices": data["devices"], "profiles": data["profiles"]}


async def test_the_api_and_what_is_shown_do_the_same(host: DemoHost) -> None:
    other = DemoHost()
    for change in CHANGES.values():
        await amend(host, change)
        done = await other.run(Command(as_argv(change), root=True))
        assert done.ok, done.stderr
        assert await instance(host) == await instance(other), change


async def test_nothing_else_of_the_instance_changes(host: DemoHost) -> None:
    before = await instance(host)
    assert "already" not in await amend(host, CHANGES["add"])
    after = await instance(host)
    assert after["devices"] == {**before["devices"], "web": PORT}
    assert (after["config"], after["profiles"]) == (before["config"], before["profiles"])
    assert await amend(host, CHANGES["add"]) == "already so"
    await amend(host, CHANGES["remove"])
    assert await instance(host) == before


@pytest.mark.parametrize(
    ("made_from", "now"), [(PORT, None), (None, OTHER), (PORT, OTHER)], ids=["gone", "new", "another"]
)
async def test_what_the_plan_was_not_made_from_is_left(
    host: DemoHost, made_from: Mapping[str, str] | None, now: Mapping[str, str] | None
) -> None:
    if now is not None:
        await amend(host, Amend(BOX, "devices", "web", None, now))
    before = await instance(host)
    wanted = {**PORT, "connect": "tcp:127.0.0.1:9"}
    with pytest.raises(Changed, match="not what the plan was made from"):
        await amend(host, Amend(BOX, "devices", "web", made_from, wanted))
    assert await instance(host) == before


class Meddler:
    """LXD, with somebody else's client that writes between our reading and our writing."""

    def __init__(self, host: DemoHost, theirs: Amend) -> None:
        self._host, self._lxd, self._theirs = host, host.lxd, theirs

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> LxdReply:
        return await self._lxd.get(path, params)

    async def put(self, path: str, body: Mapping[str, Any], *, etag: str = "") -> None:
        self._host.lxd = self._lxd
        await amend(self._host, self._theirs)
        await self._lxd.put(path, body, etag=etag)


async def test_somebody_who_writes_in_between_wins_and_loses_nothing(host: DemoHost) -> None:
    """412: LXD's own answer to an ETag that is of yesterday."""
    theirs = CHANGES["set"]
    host.lxd = Meddler(host, theirs)  # type: ignore[assignment]  # as much of it as is used
    with pytest.raises(Changed, match="ETag"):
        await amend(host, CHANGES["add"])
    now = await instance(host)
    assert now["config"][KEY] == "a b"
    assert "web" not in now["devices"]


async def test_a_value_that_lxd_takes_and_does_not_keep_is_a_failure(host: DemoHost) -> None:
    class Forgets(Meddler):
        async def put(self, path: str, body: Mapping[str, Any], *, etag: str = "") -> None:
            """Accepted, and gone."""

    host.lxd = Forgets(host, CHANGES["set"])  # type: ignore[assignment]  # as much of it as is used
    with pytest.raises(Failed, match="does not show it"):
        await amend(host, CHANGES["add"])


# Through the engine


def step(change: Amend, **more: Any) -> Step:
    probe = Probe(
        "the device is there",
        Exec("host", ("lxc", "config", "device", "show", BOX)),
        "contains",
        "listen: tcp:0.0.0.0:8080",
        negate=change.after is None,
    )
    back = replace(change, before=change.after, after=change.before)
    return Step("Forward 8080", change, probe, (back,), **more)


def plan(*steps: Step, revert_after: float = 0.0) -> Plan:
    values = (
        "test.amend",
        (("container", BOX),),
        "Forward",
        "to see it",
        Danger.REVERSIBLE,
        steps,
        (),
        (),
        (),
    )
    return Plan(*values, fingerprint(()), revert_after, host="demo")


async def apply(host: DemoHost, path: Path, made: Plan, answers: Answers | None = None) -> Outcome:
    return await Engine(host, Journal(path), user="t@h").apply(made, answers or Answers())


async def test_done_and_undone_later(host: DemoHost, tmp_path: Path) -> None:
    before = await instance(host)
    done = await apply(host, tmp_path, plan(step(CHANGES["add"])))
    assert done.result == "done", done.message
    assert (await instance(host))["devices"]["web"] == PORT
    undone = await Engine(host, Journal(tmp_path), user="t@h").undo(done.id, Answers())
    assert undone.result == "done", undone.message
    assert await instance(host) == before


async def test_a_later_step_that_fails_takes_it_back(host: DemoHost, tmp_path: Path) -> None:
    before = await instance(host)
    made = plan(step(CHANGES["add"]), Step("Break", Exec("host", ("false",))))
    assert (await apply(host, tmp_path, made)).result == "failed-undone"
    assert await instance(host) == before


async def test_the_hosts_own_revert_takes_it_back(host: DemoHost, tmp_path: Path) -> None:
    before = await instance(host)
    made = plan(step(CHANGES["add"], armed=True), revert_after=60.0)
    reverted = await apply(host, tmp_path, made, Answers(keeps="revert"))
    assert reverted.result == "reverted", reverted.message
    assert await instance(host) == before


async def test_changed_by_another_client_between_plan_and_apply(host: DemoHost, tmp_path: Path) -> None:
    made = plan(step(CHANGES["add"]))
    theirs = Amend(BOX, "devices", "web", None, OTHER)

    async def meanwhile() -> None:
        await amend(host, theirs)

    outcome = await apply(host, tmp_path, made, Answers(before_yes=meanwhile))
    assert outcome.result == "changed", outcome.message
    assert "not what the plan was made from" in outcome.message
    assert "Nothing had been changed. Plan again." in outcome.message
    assert Journal(tmp_path).unfinished("demo") == ()
    assert setting((await host.lxd.get(f"instances/{BOX}")).data, theirs) == OTHER


async def test_overtaken_at_a_later_step_it_is_undone(host: DemoHost, tmp_path: Path) -> None:
    first = Amend(BOX, "config", KEY, None, "a b")
    theirs = Amend(BOX, "devices", "web", None, OTHER)
    done = Probe("it is set", Exec("host", ("lxc", "config", "get", BOX, KEY)), "stdout", "a b")
    set_it = Step("Set it", first, done, (replace(first, before="a b", after=None),))

    async def meanwhile() -> None:
        await amend(host, theirs)

    made = plan(set_it, step(CHANGES["add"]))
    outcome = await apply(host, tmp_path, made, Answers(before_yes=meanwhile))
    assert outcome.result == "failed-undone", outcome.message
    assert "Everything done was undone." in outcome.message
    assert setting((await host.lxd.get(f"instances/{BOX}")).data, theirs) == OTHER


def test_it_is_public_as_a_command_on_the_host() -> None:
    shown = public(plan(step(CHANGES["add"])))["steps"][0]
    assert shown["where"] == "host"
    assert shown["command"] == shown["does"] == " ".join(as_argv(CHANGES["add"]))
    assert shown["undo"] == [f"lxc config device remove {BOX} web"]
    assert commands(plan(step(CHANGES["remove"]))) == (f"lxc config device remove {BOX} web",)


# What is lost, and what may be left out


def test_lost_data_decides_how_dangerous_a_step_is() -> None:
    run = Exec("host", ("zfs", "destroy", "x@y"))
    assert danger_of([Step("d", run, loses="x@y", no_undo="gone")]) is Danger.IRREVERSIBLE
    assert danger_of([Step("p", run, no_undo="gone", publishes="x")]) is Danger.IRREVERSIBLE
    assert danger_of([Step("r", run, no_undo="a restart")]) is Danger.DISRUPTIVE
    assert danger_of([Step("r", run, undo=(run,), loses="what was written since")]) is Danger.DESTRUCTIVE
    both = [Step("d", run, loses="x@y"), Step("r", run, undo=(run,), loses="z")]
    assert danger_of(both) is Danger.IRREVERSIBLE
    assert danger_of([Step("r", run, undo=(run,))], ("x",)) is Danger.DISRUPTIVE
    assert public(plan(Step("d", run, loses="x@y")))["steps"][0]["loses"] == "x@y"


def test_a_parameter_with_a_default_may_be_left_out() -> None:
    optional = Parameter("keep", "DAYS", lambda value: "" if value.isdecimal() else "not a number", "7")
    assert optional.usage == "[keep=DAYS]"
    assert replace(optional, default=None).usage == "keep=DAYS"
