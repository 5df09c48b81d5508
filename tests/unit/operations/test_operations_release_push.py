"""A submodule and the pointer to it: pushed forward only, clean, without Vault's keys; by real git, too."""

from __future__ import annotations

import asyncio
import os
import subprocess  # noqa: TID251 - the test itself drives git
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.config import HostConfig
from gbtui.demo import git as demo
from gbtui.demo.host import DemoHost
from gbtui.demo.state import Repo
from gbtui.facts.git import parse_checkout
from gbtui.guard.plan import Danger, Exec, Plan
from gbtui.hosts.local import LocalHost
from gbtui.operations import release_push_scripts as scripts
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import load
from tests.unit.guard.rig import Answers
from tests.unit.operations.hurried import engine, hurried, plan

ID = "release.push"
BOX = {"checkout": demo.ROOT, "submodule": demo.SUB}
YES = Answers(acknowledged=("starts-ci",), typed="botserver")


def repos(host: DemoHost) -> tuple[Repo, Repo]:
    """(root, submodule)."""
    held = host.state.host.repos
    return held[demo.ROOT], held[f"{demo.ROOT}/{demo.SUB}"]


def refusals(made: Plan) -> list[str]:
    assert made.steps == ()
    return [verdict.guard for verdict in made.refused]


async def test_both_remotes_then_the_pointer(tmp_path: Path) -> None:
    host = hurried()
    root, sub = repos(host)
    made = await plan(host, ID, BOX)
    assert (made.danger, made.must_type) == (Danger.IRREVERSIBLE, "botserver")
    untyped = await engine(host, tmp_path).apply(made, Answers(acknowledged=("starts-ci",)))
    assert (untyped.result, "cannot be undone" in untyped.message) == ("refused", True)
    assert root.pointers != {demo.SUB: sub.history[-1]}
    assert [step.title.split(":")[0] for step in made.steps] == [
        "Push botserver to origin",
        "Push botserver to alm",
        "Commit the pointer",
        "Push the root repository to alm",
    ]
    assert all(step.no_undo.startswith("irreversible") for step in made.steps)
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "done", outcome.message
    assert set(sub.remotes.values()) == {sub.history[-1]}
    assert root.pointers == {demo.SUB: sub.history[-1]}
    assert root.remotes == {"alm": root.history[-1]}
    assert (await plan(host, ID, BOX)).noop.startswith("already so: origin and alm have botserver")
    back = await engine(host, tmp_path).undo(outcome.id, YES)
    assert back.result == "refused"
    assert set(sub.remotes.values()) == {sub.history[-1]}


async def test_only_what_lacks_is_pushed() -> None:
    host = hurried()
    root, sub = repos(host)
    sub.remotes["origin"] = sub.history[-1]
    sub.remotes["alm"] = ""
    first = (await plan(host, ID, BOX)).steps[0]
    assert first.title == "Push botserver to alm: has no such branch yet"
    root.pointers[demo.SUB] = sub.history[-1]
    sub.remotes["alm"] = sub.history[-1]
    made = await plan(host, ID, BOX)
    assert made.noop
    root.history.append(demo.commit_id("more"))
    made = await plan(host, ID, BOX)
    assert [step.title for step in made.steps] == [
        "Push the root repository to alm, with 1 commit that it lacks: CI starts"
    ]


async def test_what_it_refuses() -> None:
    host = hurried()
    root, sub = repos(host)
    for place in ("/no/such", "acme-nothing:/home/ops/gb", "acme-alm-ci:/home/ops/gb"):
        assert refusals(await plan(host, ID, {**BOX, "checkout": place})) == ["checkout-there"], place
    assert refusals(await plan(host, ID, {**BOX, "submodule": "botui"})) == ["checkout-there"]
    for one in (root, sub):
        one.branch = ""
        assert refusals(await plan(host, ID, BOX)) == ["checkout-there"]
        one.branch = "main"
        one.dirty = ["a.rs", "b.rs", "c.rs", "d.rs"]
        made = await plan(host, ID, BOX)
        assert refusals(made) == ["tree-clean"]
        assert "4 not committed: a.rs, b.rs, c.rs …" in made.refused[0].reason
        one.dirty = []
        one.tracked = ["conf/vault/init.json"]
        made = await plan(host, ID, BOX)
        assert refusals(made) == ["no-keys"]
        assert "git rm --cached conf/vault/init.json" in made.refused[0].reason
        one.tracked = []
        before = one.remotes["alm"]
        one.remotes["alm"] = demo.commit_id("somebody else's")
        assert refusals(await plan(host, ID, BOX)) == ["fast-forward"]
        del one.remotes["alm"]
        assert refusals(await plan(host, ID, BOX)) == ["fast-forward"]
        one.remotes["alm"] = before
    sub.secret = sub.history[-1]
    assert refusals(await plan(host, ID, BOX)) == ["no-keys"], "taken out again, and still in what is pushed"
    sub.secret = ""
    root.identity = ""
    assert refusals(await plan(host, ID, BOX)) == ["committer"]


async def test_a_commit_since_the_preview_makes_it_stale(tmp_path: Path) -> None:
    host = hurried()
    _, sub = repos(host)
    made = await plan(host, ID, BOX)
    before = dict(sub.remotes)
    sub.history.append(demo.commit_id("just now"))
    assert (await engine(host, tmp_path).apply(made, YES)).result == "changed"
    assert sub.remotes == before


# Real git, in two bare repositories and a checkout


class Workshop:
    """A root repository with a submodule, both pushed to bare remotes; then one commit more."""

    def __init__(self, home: Path) -> None:
        self.home, self.root = home, home / "gb"
        self.sub = self.root / "botserver"
        for name in ("origin-bs", "alm-bs", "alm-gb"):
            self.git(home, "init", "--quiet", "--bare", "-b", "main", f"{name}.git")
        for folder in (self.root, self.sub):
            folder.mkdir()
            self.git(folder, "init", "--quiet", "-b", "main")
            self.git(folder, "config", "user.name", "Ops")
            self.git(folder, "config", "user.email", "ops@acme.example")
        self.git(self.sub, "remote", "add", "origin", f"{home}/origin-bs.git")
        self.git(self.sub, "remote", "add", "alm", f"{home}/alm-bs.git")
        self.git(self.root, "remote", "add", "alm", f"{home}/alm-gb.git")
        self.commit("one")
        self.git(self.sub, "push", "--quiet", "origin", "main")
        self.git(self.sub, "push", "--quiet", "alm", "main")
        modules = '[submodule "botserver"]\n\tpath = botserver\n\turl = ../alm-bs.git\n'
        (self.root / ".gitmodules").write_text(modules)
        self.git(self.root, "add", ".gitmodules", "botserver")
        self.git(self.root, "commit", "--quiet", "-m", "root")
        self.git(self.root, "push", "--quiet", "alm", "main")
        self.commit("two")

    def git(self, folder: Path, *words: str) -> str:
        argv = ["git", "-c", "advice.addEmbeddedRepo=false", "-C", str(folder), *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, name: str, folder: Path | None = None, file: str = "main.rs") -> str:
        where = folder or self.sub
        (where / file).write_text(name)
        self.git(where, "add", file)
        self.git(where, "commit", "--quiet", "-m", name)
        return self.git(where, "rev-parse", "HEAD")

    def remote(self, name: str) -> str:
        return self.git(self.home / f"{name}.git", "rev-parse", "main")

    @property
    def given(self) -> dict[str, str]:
        return {"checkout": str(self.root), "submodule": "botserver"}


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    home = tmp_path / "home"
    home.mkdir()
    return Workshop(home)


async def planned(shop: Workshop) -> Plan:
    host = LocalHost(HostConfig("here", "local"))
    return await find(ID).plan(Context(host, load()), shop.given)


async def applied(made: Plan) -> None:
    """Each step as it is, and its proof before and after."""
    for step in made.steps:
        assert step.done is not None
        assert isinstance(step.does, Exec)
        assert await run(step.done.run) == (0, "no"), step.title
        status, said = await run(step.does)
        assert status == 0, said
        assert await run(step.done.run) == (0, "yes"), step.title
        status, said = await run(step.does)
        assert status == 0, f"a second time does no harm: {said}"


async def run(run: Exec) -> tuple[int, str]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*run.argv, stdout=pipe, stderr=pipe)
    printed, errors = await process.communicate()
    return process.returncode or 0, (printed + errors).decode().strip()


@pytest.mark.skipif(os.getuid() != 0, reason="the host's commands are run as root")
async def test_real_git_is_pushed(shop: Workshop) -> None:
    made = await planned(shop)
    assert made.refused == ()
    assert len(made.steps) == 4
    await applied(made)
    head = shop.git(shop.sub, "rev-parse", "HEAD")
    assert (shop.remote("origin-bs"), shop.remote("alm-bs")) == (head, head)
    assert shop.git(shop.home / "alm-gb.git", "rev-parse", "main:botserver") == head
    assert shop.git(shop.root, "show", "--format=%s", "--name-only", "HEAD").split() == [
        "Update",
        "submodule",
        "botserver",
    ]
    assert (await planned(shop)).noop


async def test_what_is_staged_beside_is_not_committed(shop: Workshop) -> None:
    (shop.root / "notes").write_text("mine")
    shop.git(shop.root, "add", "notes")
    sha = shop.git(shop.sub, "rev-parse", "HEAD")
    commit = scripts.commit("host", str(shop.root), "botserver", sha, "Update submodule")
    assert (await run(commit))[0] == 0
    assert shop.git(shop.root, "show", "--format=", "--name-only", "HEAD") == "botserver"
    assert shop.git(shop.root, "diff", "--cached", "--name-only") == "notes"


@pytest.mark.skipif(os.getuid() != 0, reason="the host's commands are run as root")
async def test_real_git_is_refused_what_it_must(shop: Workshop) -> None:
    (shop.sub / "untracked.rs").write_text("x")
    made = await planned(shop)
    assert refusals(made) == ["tree-clean"]
    assert "untracked.rs" in made.refused[0].reason
    (shop.sub / "untracked.rs").unlink()
    shop.git(shop.sub, "checkout", "--quiet", "--detach")
    assert refusals(await planned(shop)) == ["checkout-there"]
    shop.git(shop.sub, "checkout", "--quiet", "main")
    other = shop.home / "other"
    shop.git(shop.home, "clone", "--quiet", f"{shop.home}/alm-bs.git", str(other))
    shop.git(other, "config", "user.name", "Else")
    shop.git(other, "config", "user.email", "else@acme.example")
    theirs = shop.commit("theirs", other, "theirs.rs")
    shop.git(other, "push", "--quiet", "origin", "main")
    made = await planned(shop)
    assert refusals(made) == ["fast-forward"]
    assert "never seen" in made.refused[0].reason
    shop.git(shop.sub, "fetch", "--quiet", "alm")
    assert "not here" in (await planned(shop)).refused[0].reason
    status, _ = await run(
        scripts.push("host", str(shop.sub), "alm", "main", shop.git(shop.sub, "rev-parse", "HEAD"))
    )
    assert status != 0, "git itself refuses it, too"
    assert shop.remote("alm-bs") == theirs
    shop.git(shop.sub, "remote", "set-url", "alm", "/no/such.git")
    assert "does not answer" in (await planned(shop)).refused[0].reason


@pytest.mark.skipif(os.getuid() != 0, reason="the host's commands are run as root")
async def test_keys_are_found_tracked_and_in_history(shop: Workshop) -> None:
    (shop.sub / "conf").mkdir()
    shop.commit("keys", file="conf/init.json")
    made = await planned(shop)
    assert refusals(made) == ["no-keys"]
    assert "conf/init.json" in made.refused[0].reason
    shop.git(shop.sub, "rm", "--quiet", "conf/init.json")
    shop.git(shop.sub, "commit", "--quiet", "-m", "without")
    made = await planned(shop)
    assert refusals(made) == ["no-keys"]
    assert "would be pushed" in made.refused[0].reason


async def test_the_root_is_not_pushed_at_another_commit(shop: Workshop) -> None:
    sha = shop.git(shop.sub, "rev-parse", "HEAD")
    old = shop.git(shop.root, "rev-parse", "HEAD")
    push = scripts.push_root("host", str(shop.root), ("alm", "main"), ("botserver", sha), old)
    assert "another commit than planned" in (await run(push))[1], "it does not name the submodule's yet"
    assert (await run(scripts.commit("host", str(shop.root), "botserver", sha, "Update submodule")))[0] == 0
    shop.commit("in between", shop.root, "notes")
    assert "another commit than planned" in (await run(push))[1]
    assert shop.remote("alm-gb") == old


async def test_looking_changes_nothing(shop: Workshop) -> None:
    index = shop.sub / ".git" / "index"
    before = index.read_bytes(), index.stat().st_mtime_ns
    await run(scripts.look("host", str(shop.root), "botserver", load()))
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before


@given(st.binary(max_size=300))
def test_whatever_is_printed_is_read(data: bytes) -> None:
    found = parse_checkout(data)
    assert found.wrong or found.root.head
    assert all(remote.ahead >= 0 for remote in found.sub.remotes)


def test_what_is_not_said_is_not_taken_for_pushed() -> None:
    sha = "a" * 40
    rows = f"sub.head\t{sha}\nroot.head\t{sha}\nsub.remote\torigin\tpushed\nroot.remote\talm\n"
    found = parse_checkout(rows.encode())
    assert [one.state for one in (*found.sub.remotes, *found.root.remotes)] == ["silent", "silent"]
