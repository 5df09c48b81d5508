"""A checkout that the profile names: pushed, pointed at, committed, without Vault's keys; real git, too."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.checks.base import Check
from gbtui.checks.judge import judge, needs_of
from gbtui.checks.release import CHECKOUT, CHECKS
from gbtui.demo.host import DemoHost
from gbtui.facts.git import Checkout, Remote, Repository, parse_checkout
from gbtui.facts.git_watch import SCRIPT
from gbtui.facts.survey import Survey
from gbtui.facts.surveyor import Surveyor
from gbtui.facts.vault import KEY_FILE
from gbtui.profiles import Profile, load
from tests.unit.checks.inspected import pairs, with_answer, words

ROOT, SUB = "/home/ops/gb", "botserver"
GIT: tuple[Check, ...] = tuple(
    check for check in CHECKS if check.id not in ("release.binary", "release.leftovers")
)
SHA = "a" * 40
EVEN = Repository("main", SHA, remotes=(Remote("origin", "same"), Remote("alm", "same")))
LEVEL = Checkout(replace(EVEN, remotes=(Remote("alm", "same"),)), EVEN, SHA)


def named() -> Profile:
    return replace(load(), release_checkout=ROOT, release_submodule=SUB)


async def found(host: DemoHost, profile: Profile) -> Survey:
    await host.open()
    return await Surveyor(host, profile).look(needs_of(GIT))


async def test_nothing_is_asked_where_no_checkout_is_named() -> None:
    survey = await found(DemoHost(), load())
    assert survey.of(CHECKOUT) is None
    assert pairs(judge(GIT, survey)) == ()


async def test_what_is_not_pushed_and_not_pointed_at_is_told_with_its_remedy() -> None:
    judged = judge(GIT, await found(DemoHost(), named()))
    assert pairs(judged) == (
        ("release.pointer", f"{ROOT} root"),
        ("release.pushed", f"{ROOT} {SUB}"),
    )
    told = {check.id: failing for check, _, failing in judged.failing}
    assert "origin: 3 commits behind" in words(told["release.pushed"])
    for failing in told.values():
        assert failing.remedy is not None
        assert (failing.remedy.operation, dict(failing.remedy.parameters)) == (
            "release.push",
            {"checkout": ROOT, "submodule": SUB},
        )


@pytest.mark.parametrize(
    ("checkout", "ids"),
    [
        (LEVEL, ()),
        (replace(LEVEL, pointer="b" * 40), ("release.pointer",)),
        (replace(LEVEL, root=replace(LEVEL.root, changed=2, dirty=("a", "b"))), ("release.clean",)),
        (replace(LEVEL, sub=replace(EVEN, secret="conf/init.json")), ("release.no-keys",)),
        (replace(LEVEL, sub=replace(EVEN, remotes=(Remote("alm", "diverged"),))), ("release.pushed",)),
    ],
)
async def test_each_judges_its_own(checkout: Checkout, ids: tuple[str, ...]) -> None:
    survey = with_answer(await found(DemoHost(), named()), CHECKOUT, "host", checkout)
    judged = judge(GIT, survey)
    assert tuple(id_ for id_, _ in pairs(judged)) == ids
    by_force = [one for _, _, one in judged.failing if one.remedy and "by force" in one.remedy.words]
    assert bool(by_force) == ("diverged" in str(checkout)), "what others pushed is never pushed over"


async def test_a_path_that_is_no_checkout_is_unknown() -> None:
    judged = judge(GIT, await found(DemoHost(), replace(named(), release_checkout="/nowhere")))
    assert pairs(judged) == ()
    assert {one.check.id for one in judged.unknown} == {check.id for check in GIT}


# The script, over real repositories


async def run(*argv: str, cwd: Path) -> str:
    env: Mapping[str, str] = {
        **os.environ,
        **{f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    process = await asyncio.create_subprocess_exec(
        *argv, cwd=cwd, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err
    return out.decode()


async def test_the_script_tells_remotes_pointer_dirt_and_keys_and_changes_nothing(tmp_path: Path) -> None:
    root, sub = tmp_path / "gb", tmp_path / "gb" / "botserver"
    for bare in ("origin.git", "alm.git"):
        await run("git", "init", "-q", "--bare", "-b", "main", bare, cwd=tmp_path)
    for folder in (root, sub):
        folder.mkdir()
        await run("git", "init", "-q", "-b", "main", cwd=folder)
        await run("git", "remote", "add", "alm", str(tmp_path / "alm.git"), cwd=folder)
    await run("git", "remote", "add", "origin", str(tmp_path / "origin.git"), cwd=sub)
    (sub / "main.rs").write_text("1")
    await run("git", "add", ".", cwd=sub)
    await run("git", "commit", "-qm", "one", cwd=sub)
    await run("git", "push", "-q", "alm", "main", cwd=sub)
    (sub / "init.json").write_text("{}")
    await run("git", "add", ".", cwd=sub)
    await run("git", "commit", "-qm", "two", cwd=sub)
    await run("git", "add", "botserver", cwd=root)
    await run("git", "commit", "-qm", "Update submodule", cwd=root)
    (sub / "new.rs").write_text("3")
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    words_ = (str(root), "botserver", "main", "init.json", "alm", "origin", "alm")
    told = parse_checkout((await run("sh", "-c", SCRIPT, "gbtui-git-look", *words_, cwd=tmp_path)).encode())
    assert told.wrong == ""
    assert told.pointer == told.sub.head
    assert [(one.name, one.state, one.ahead) for one in told.sub.remotes] == [
        ("origin", "new", 0),
        ("alm", "behind", 1),
    ]
    assert (told.sub.secret, told.sub.dirty, told.root.remotes[0].state) == ("init.json", ("new.rs",), "new")
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()} == before


# What a tree's own configuration names is not started


async def test_neither_probe_starts_what_the_trees_configuration_names(tmp_path: Path) -> None:
    tree, ran = tmp_path / "gb", tmp_path / "ran"
    sub, keys = tree / "botserver", tree / "init.json"
    sub.mkdir(parents=True)
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\necho $1 >>{ran}\n")
    hook.chmod(0o755)
    for folder in (sub, tree):
        (folder / "init.json").write_text("{}")
        await run("git", "init", "-q", "-b", "main", cwd=folder)
        await run("git", "add", "init.json", cwd=folder)
        await run("git", "commit", "-qm", "one", cwd=folder)
        await run("git", "config", "core.fsmonitor", str(hook), cwd=folder)
        await run("git", "update-index", "--fsmonitor", cwd=folder)
    await run("git", "status", cwd=tree)
    assert ran.exists(), "without a word git starts it"
    ran.unlink()
    told = await run("sh", "-c", KEY_FILE, "gbtui-key-file", str(keys), cwd=tmp_path)
    assert told.endswith(" yes\n")
    words_ = (str(tree), "botserver", "main", "init.json", "alm", "origin", "alm")
    assert "init.json" in await run("sh", "-c", SCRIPT, "gbtui-git-look", *words_, cwd=tmp_path)
    assert not ran.exists()
