"""Vault's seal and its key file: opened without a key ever being seen, and kept from everybody else."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from gbtui.demo import vault
from gbtui.demo.host import DemoHost
from gbtui.demo.state import File, Vault
from gbtui.facts.vault import Seal, parse_key_file, parse_seal
from gbtui.guard.plan import Danger, Plan
from gbtui.guard.serial import from_json, to_json
from gbtui.operations import vault_scripts as scripts
from tests.unit.guard.rig import Answers
from tests.unit.operations.hurried import engine, hurried, out, plan

BOX = {"container": "acme-system"}
UNSEAL, PROTECT = "vault.unseal", "vault.protect-init"
YES = Answers(acknowledged=("keys-private", "keys-given", "keys-in-git", "undo-warning"))


def inner(host: DemoHost) -> Vault:
    found = host.state.places["acme-system"].vault
    assert found is not None
    return found


def keys(host: DemoHost) -> File:
    return host.state.places["acme-system"].files[vault.KEYS]


def refusals(made: Plan) -> list[str]:
    assert made.steps == ()
    return [verdict.guard for verdict in made.refused]


def everything(folder: Path) -> bytes:
    """All that was written below a folder: the journal, whatever its files are called."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_three_keys_open_it_and_no_key_is_written_down(tmp_path: Path) -> None:
    host = hurried("vault-sealed")
    made = await plan(host, UNSEAL, BOX)
    assert [step.title for step in made.steps] == [f"Give Vault key {n} of 3" for n in (1, 2, 3)]
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "done", outcome.message
    assert not inner(host).sealed
    written = everything(tmp_path)
    assert b"sealed 1/3" in written, "the progress is told"
    assert not [key for key in inner(host).keys if key.encode() in written or key in repr(made)]
    assert (await plan(host, UNSEAL, BOX)).noop == "already so: Vault is not sealed"


class Typing(Answers):
    """Answers that are asked for keys, too."""

    def __init__(self, *typed: str) -> None:
        super().__init__(acknowledged=YES.acknowledged)
        self.left, self.names = list(typed), list[str]()

    async def secret(self, made: Plan, name: str) -> str:
        self.names.append(name)
        return self.left.pop(0) if self.left else ""


async def test_typed_keys_reach_vault_and_nothing_else(tmp_path: Path) -> None:
    host = hurried("vault-sealed")
    del host.state.places["acme-system"].files[vault.KEYS]
    made = await plan(host, UNSEAL, {**BOX, "keys": "prompt"})
    assert from_json(to_json(made)) == made
    typing = Typing(*inner(host).keys[1:4])
    outcome = await engine(host, tmp_path).apply(made, typing)
    assert outcome.result == "done", outcome.message
    assert not inner(host).sealed
    assert typing.names == [f"Vault unseal key {n} of 3" for n in (1, 2, 3)]
    written = everything(tmp_path)
    assert not [key for key in inner(host).keys if key.encode() in written]
    assert b"Vault unseal key 2 of 3" in written


@pytest.mark.parametrize(
    ("second", "said"), [("", "nothing was given"), ("a b;c", "not a key"), ("wrong", "1/3")]
)
async def test_a_key_that_is_none_ends_it_in_words(tmp_path: Path, second: str, said: str) -> None:
    host = hurried("vault-sealed")
    made = await plan(host, UNSEAL, {**BOX, "keys": "prompt"})
    outcome = await engine(host, tmp_path).apply(made, Typing(inner(host).keys[0], second))
    assert outcome.result != "done"
    assert said in outcome.message
    assert inner(host).sealed


async def test_who_cannot_be_asked_begins_nothing(tmp_path: Path) -> None:
    host = hurried("vault-sealed")
    made = await plan(host, UNSEAL, {**BOX, "keys": "prompt"})
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "refused"
    assert "at a terminal" in outcome.message
    assert not inner(host).given


async def test_keys_given_by_somebody_count_and_are_said(tmp_path: Path) -> None:
    host = hurried("vault-sealed")
    inner(host).given.add(inner(host).keys[4])
    made = await plan(host, UNSEAL, BOX)
    assert [v.guard for v in made.warnings] == ["keys-given"]
    assert len(made.steps) == 2
    assert (await engine(host, tmp_path).apply(made, YES)).result == "done"
    assert not inner(host).sealed


async def test_wrong_keys_leave_it_sealed_and_say_so(tmp_path: Path) -> None:
    host = hurried("vault-sealed")
    keys(host).data = json.dumps({"unseal_keys_b64": [f"wrong{n}" for n in range(5)]}).encode()
    outcome = await engine(host, tmp_path).apply(await plan(host, UNSEAL, BOX), YES)
    assert outcome.result != "done"
    assert inner(host).sealed


async def test_what_it_refuses() -> None:
    host = hurried("vault-sealed")
    keys(host).data = json.dumps({"unseal_keys_b64": ["one", "two"]}).encode()
    assert refusals(await plan(host, UNSEAL, BOX)) == ["keys-enough"]
    del host.state.places["acme-system"].files[vault.KEYS]
    made = await plan(host, UNSEAL, BOX)
    assert refusals(made) == ["keys-enough"]
    assert "keys=prompt" in made.refused[0].reason
    assert refusals(await plan(host, PROTECT, BOX)) == ["keys-there"]
    await out(host, "acme-system", "systemctl", "stop", "vault.service")
    assert refusals(await plan(host, UNSEAL, BOX)) == ["vault-answers"]
    assert refusals(await plan(host, UNSEAL, {"container": "acme-nothing"})) == ["instance-runs"]


async def test_open_keys_are_a_warning() -> None:
    host = hurried("vault-sealed")
    keys(host).mode = 0o644
    made = await plan(host, UNSEAL, BOX)
    assert "vault.protect-init" in made.warnings[0].reason


async def test_the_file_is_its_owners_alone_and_undo_warns(tmp_path: Path) -> None:
    host = hurried()
    place = host.state.places["acme-system"]
    keys(host).mode, keys(host).owner = 0o644, "ubuntu:ubuntu"
    place.tracked.add(vault.KEYS)
    made = await plan(host, PROTECT, BOX)
    assert made.danger is Danger.REVERSIBLE
    assert "rekey" in made.warnings[0].reason
    working = engine(host, tmp_path)
    done = await working.apply(made, YES)
    assert done.result == "done", done.message
    assert (keys(host).mode, keys(host).owner, place.tracked) == (0o600, "root:root", set())
    assert (await plan(host, PROTECT, BOX)).noop.startswith("already so")
    assert "as open as before" in (await working.plan_undo(done.id)).warnings[-1].reason
    assert (await working.undo(done.id, YES)).result == "done"
    assert (keys(host).mode, keys(host).owner) == (0o644, "ubuntu:ubuntu")
    assert place.tracked == {vault.KEYS}


# The real scripts, against a Vault of three lines


CURL = """#!/bin/sh
cd "$(dirname "$0")" || exit 1
echo "$*" >>argv; env >>environment
case "$*" in
  */seal-status) given=$(wc -l <given); sealed=true; if [ "$given" -ge 3 ]; then sealed=false; fi
    printf '{"type": "shamir", "initialized": true, "sealed": %s, "t": 3, "n": 5, "progress": %s}\\n' \\
      "$sealed" "$given";;
  */unseal) cat >>given; echo >>given;;
esac
"""


@pytest.mark.parametrize("name", ["unseal_keys_b64", "keys_base64"])
async def test_a_key_is_in_a_body_and_nowhere_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "curl").write_text(CURL)
    (tmp_path / "curl").chmod(0o755)
    (tmp_path / "given").touch()
    held = [f"c2VjcmV0Kc+/{n}abcdefgh0123456789==" for n in range(5)]
    file = tmp_path / "init.json"
    file.write_text(json.dumps({"other": ["x"], name: held, "root_token": "hvs.nothing"}, indent=2))

    async def run(*argv: str, stdin: str = "") -> tuple[int, str]:
        env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*argv, env=env, stdin=pipe, stdout=pipe, stderr=pipe)
        printed, errors = await process.communicate(stdin.encode())
        return process.returncode or 0, (printed + errors).decode()

    where = "https://127.0.0.1:8200"
    assert await run(*scripts.count("x", str(file)).argv) == (0, "5\n")
    assert await run(*scripts.seal("x", where).argv) == (0, "sealed 0/3\n")
    assert await run(*scripts.unseal("x", str(file), where, 1).argv) == (0, "sealed 1/3\n")
    assert (
        await run(*scripts.given("x", where, 1).run.argv),
        (await run(*scripts.given("x", where, 2).run.argv)),
    ) == (
        (0, "yes\n"),
        (0, "no\n"),
    )
    typed = await run(*scripts.unseal_typed("x", where, 1, "key").argv, stdin=held[0])
    assert typed == (0, "sealed 2/3\n")
    for wrong in ("", "a;b", "a b"):
        assert (await run(*scripts.unseal_typed("x", where, 1, "key").argv, stdin=wrong))[0] == 2
    status, printed = await run(*scripts.unseal("x", str(file), where, 3).argv)
    assert (status, printed) == (0, "open\n")
    assert await run(*scripts.seal("x", where).argv) == (0, "open\n")
    bodies = [json.loads(line)["key"] for line in (tmp_path / "given").read_text().split("\n") if line]
    assert set(bodies) <= set(held)
    seen = (tmp_path / "argv").read_text() + (tmp_path / "environment").read_text() + printed
    assert not [key for key in held if key in seen]


async def test_the_key_files_own_script(tmp_path: Path) -> None:
    file = tmp_path / "init.json"
    file.write_text("{}")
    file.chmod(0o640)

    async def ask(path: Path) -> bytes:
        pipe = asyncio.subprocess.PIPE
        argv = scripts.key_file("x", str(path)).argv
        process = await asyncio.create_subprocess_exec(*argv, stdout=pipe, stderr=pipe)
        return (await process.communicate())[0]

    found = parse_key_file(await ask(file))
    assert found is not None
    assert (found.mode, found.private, found.tracked) == ("640", False, False)
    (tmp_path / "link").symlink_to(file)
    assert parse_key_file(await ask(tmp_path / "link")) is None
    assert parse_key_file(await ask(tmp_path / "none")) is None


@pytest.mark.parametrize(
    ("said", "seal"),
    [
        (b"open\n", Seal("open")),
        (b"sealed 1/3\n", Seal("sealed", 1, 3)),
        (b"uninitialized\n", Seal("uninitialized")),
        (b"silent\n", Seal("silent")),
        (b"sealed /\n", Seal("silent")),
        (b"", Seal("silent")),
    ],
)
def test_the_seal_as_told(said: bytes, seal: Seal) -> None:
    assert parse_seal(said) == seal
