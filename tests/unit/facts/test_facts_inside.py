"""Valkey, botserver's log, suggestions, binaries, the runner: what scripts tell of them, and the scripts."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.checks.mail import parse_greetings
from gbtui.config import HostConfig
from gbtui.errors import Failed, GbtuiError, Malformed, MissingTool, NotFound
from gbtui.facts import botserver_log, cache, ci_watch, release_watch, suggestions
from gbtui.facts.botserver_log import parse_log
from gbtui.facts.cache import is_loopback, parse_cache
from gbtui.facts.ci_watch import parse_cleaners, parse_end, parse_sizes
from gbtui.facts.release_watch import parse_binaries
from gbtui.facts.suggestions import parse_suggestions
from gbtui.hosts.base import Command
from gbtui.hosts.local import LocalHost

BOT, OTHER = "0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0001", "0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0f99"
PARSERS: tuple[Callable[[bytes], object], ...] = (
    parse_cache,
    lambda data: parse_log(data, "/log"),
    lambda data: parse_suggestions(data, "there"),
    parse_binaries,
    parse_sizes,
    parse_cleaners,
    parse_end,
)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_a_typed_error(data: bytes) -> None:
    for parse in PARSERS:
        for text in (data, b"now 1\nchanged 1\n" + data, b"timer\t\t" + data, b"file\t" + data):
            with suppress(GbtuiError):
                parse(text)


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1", True),
        ("127.0.0.53%lo", True),
        ("[::1]", True),
        ("[::ffff:127.0.0.1]", True),
        ("*", False),
        ("0.0.0.0", False),  # noqa: S104 - nobody binds it here
        ("[::]", False),
        ("10.77.0.185", False),
    ],
)
def test_which_addresses_are_the_machines_own(address: str, own: bool) -> None:
    assert is_loopback(address) is own


def test_a_cache_that_answers_hangs_or_wants_a_password() -> None:
    up = parse_cache(b"listen\t127.0.0.1:6379\nunit\t/system.slice/valkey-server.service\nping\t0\tPONG\n")
    assert (up.up, up.unit, up.beyond_loopback) == (True, "valkey-server.service", ())
    assert parse_cache(b"ping\t0\tNOAUTH Authentication required.\n").up
    assert not parse_cache(b"ping\t124\t\n").up
    assert not parse_cache(b"").up
    wide = parse_cache(b"listen\t*:6379\nlisten\t[::1]:6379\n")
    assert wide.beyond_loopback == ("*",)


LOG = b"""now 1795478400
changed 1795478390
2026-11-24T00:00:00Z ERROR cache: localhost:6379: Connection timed out (os error 110)
2026-11-24T00:10:00Z INFO botserver:BotServer started successfully on port 5858
[2026-11-24 00:19:50] ERROR cache: localhost:6379: Connection timed out (os error 110)
2026-11-24T00:19:51Z ERROR smtp mail.example:587: Connection timed out (os error 110)
ERROR redis: Connection timed out (os error 110)
"""


def test_only_time_outs_of_the_cache_since_the_last_start_and_of_late_count() -> None:
    found = parse_log(LOG.replace(b"1795478400", b"1795479600").replace(b"1795478390", b"1795479590"), "/log")
    assert [one.text[:10] for one in found.timeouts(6379, 900)] == ["[2026-11-2", "ERROR redi"]
    assert found.timeouts(6379, 5) == ()
    with pytest.raises(NotFound, match="no such log"):
        parse_log(b"absent\n", "/log")
    with pytest.raises(Malformed):
        parse_log(b"tail: error\n", "/log")


def test_suggestions_of_bots_and_of_others() -> None:
    told = f"bot\t{BOT}\nother\t{OTHER}\tuser\t3\n".encode()
    bot, other = parse_suggestions(told, "there")
    assert (bot.bot, other.bot, other.user, other.keys) == (True, False, True, 3)
    with pytest.raises(Failed, match="password"):
        parse_suggestions(b"silent\tpsql: error: password authentication failed\n", "there")
    with pytest.raises(NotFound):
        parse_suggestions(b"absent\n", "there")


def test_what_cleans_the_caches_and_how_it_ended() -> None:
    told = (
        b"cache\t\t/c\ncron\t\t/etc/cron.daily/x\n"
        b"timer\t\tResult=success Id=a.timer ActiveState=active "
        b" Result=exit-code Id=a.service ActiveState=failed\n"
        b"timer\t\tId=b.timer ActiveState=inactive Id=b.service ActiveState=inactive\n"
    )
    found = parse_cleaners(told)
    assert (found.caches, found.files, found.timers) == (("/c",), ("/etc/cron.daily/x",), ("a.timer",))
    assert (found.off, found.failed) == (("b.timer",), ("a.service: exit-code",))


# The scripts, on files of this machine


async def run(script: str, *words: str, **env: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", script, "gbtui-script", *words),
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err
    return out


def tool(folder: Path, name: str, body: str) -> str:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)
    return str(folder / name)


async def test_a_cache_that_never_answers_is_given_two_seconds(tmp_path: Path) -> None:
    tool(tmp_path, "ss", 'echo "LISTEN 0 5 127.0.0.1:6379 0.0.0.0:*"')
    tool(tmp_path, "systemctl", 'printf "Id=valkey.service\\nLoadState=loaded\\n"')
    path = f"{tmp_path}:{os.environ['PATH']}"
    told = await run(cache.SCRIPT, "6379", tool(tmp_path, "cli", "exec sleep 30"), PATH=path)
    silent = parse_cache(told)
    assert (silent.status, silent.up, silent.unit) == (124, False, "valkey.service")
    up = parse_cache(await run(cache.SCRIPT, "6379", tool(tmp_path, "cli", "echo PONG"), PATH=path))
    assert (up.up, up.addresses) == (True, ("127.0.0.1",))
    gone = parse_cache(await run(cache.SCRIPT, "6379", str(tmp_path / "none"), PATH=path))
    assert gone.status == 127


async def test_the_log_is_read_from_its_end(tmp_path: Path) -> None:
    log = tmp_path / "error.log"
    log.write_bytes(b"noise\n" * 300_000 + LOG.partition(b"changed 1795478390\n")[2])
    found = parse_log(await run(botserver_log.SCRIPT, str(log)), "log")
    assert len(found.lines) == 5
    assert abs(found.now - time.time()) < 60
    assert (await run(botserver_log.SCRIPT, str(tmp_path / "none"))).strip() == b"absent"


async def test_ids_are_asked_of_the_database_only_where_something_was_stored(tmp_path: Path) -> None:
    log, asked = tmp_path / "error.log", tmp_path / "asked"
    psql = tool(tmp_path, "psql", f'echo "$*" >>{asked}; case "$*" in *bots*) echo {BOT};; *) exit 1;; esac')
    client = tool(tmp_path, "cli", "echo a; echo b")
    words = (str(log), client, "6379", psql, "botserver", "gbuser")
    row = "INFO Adding suggestion to Redis key: suggestions:{}:demo\n"
    log.write_text(row.format(OTHER) + "BotServer started successfully\n")
    assert parse_suggestions(await run(suggestions.SCRIPT, *words), "there") == ()
    assert not asked.exists()
    log.write_text(row.format(BOT) + row.format(OTHER.upper()) + row.format("';drop table bots;--"))
    bot, other = parse_suggestions(await run(suggestions.SCRIPT, *words), "there")
    assert (bot.id, bot.bot, other.id, other.keys, other.user) == (BOT, True, OTHER, 2, False)
    assert "drop" not in asked.read_text()
    tool(tmp_path, "psql", "echo 'connection refused' >&2; exit 2")
    with pytest.raises(Failed, match="connection refused"):
        parse_suggestions(await run(suggestions.SCRIPT, *words), "there")


async def test_binaries_links_and_what_a_delivery_left(tmp_path: Path) -> None:
    for name in ("botserver", ".botserver.gbtui-0", "botserver.bak-1", "botserver.new"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "botui").symlink_to("/usr/bin/python3")
    found = parse_binaries(await run(release_watch.SCRIPT, str(tmp_path), "botserver", "botui", "other"))
    assert {name: one.kind for name, one in found.files.items()} == {"botserver": "file", "botui": "link"}
    assert {one.name for one in found.temporary} == {".botserver.gbtui-0", "botserver.new"}


async def test_keys_of_both_ends(tmp_path: Path) -> None:
    def line(fill: bytes) -> str:
        parts = (b"ssh-ed25519", fill * 32)
        return (
            f"ssh-ed25519 {base64.b64encode(b''.join(len(p).to_bytes(4, 'big') + p for p in parts)).decode()}"
        )

    folder = tmp_path / ".ssh"
    folder.mkdir()
    (folder / "id_ed25519").write_text("secret")
    (folder / "id_ed25519.pub").write_text(f"{line(b'r')} ci@runner\n")
    (folder / "known_hosts").write_text(f"|1|hash= {line(b'h')}\n")
    (folder / "authorized_keys").write_text(f'# {line(b"x")}\nfrom="10.0.0.0/8" {line(b"r")} ci\n')
    tool(tmp_path, "getent", f'echo "u:x:1:1::{tmp_path}:/bin/sh"')
    tool(tmp_path, "ss", "echo LISTEN")
    path = f"{tmp_path}:{os.environ['PATH']}"
    printed = await run(ci_watch.RUNNER_KEYS, "u", PATH=path)
    assert b"secret" not in printed
    runner, target = parse_end(printed), parse_end(await run(ci_watch.TARGET_KEYS, "u", PATH=path))
    assert target.knows(runner)
    assert target.ssh
    assert len(target.known) == 1, "a key that is commented out lets nobody in"
    assert len(runner.known) == 1


def test_greetings_of_a_container_without_bash_are_not_known() -> None:
    assert parse_greetings(b"25\t220 mail\n587\t\nx\ty\n", "there") == {25: "220 mail", 587: ""}
    with pytest.raises(MissingTool):
        parse_greetings(b"nobash\n", "there")


@pytest.mark.parametrize(("status", "ends", "said"), [(124, 124, ""), (2, 0, "silent\tno such database")])
async def test_a_psql_that_is_late_is_no_database_that_is_silent(
    tmp_path: Path, status: int, ends: int, said: str
) -> None:
    log = tmp_path / "error.log"
    log.write_text("Redis key: suggestions:0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0f99:demo\n")
    psql = tool(tmp_path, "psql", f"[ {status} = 124 ] || echo no such database\nexit {status}")
    words = (str(log), "valkey-cli", "6379", psql, "botserver", "postgres")
    host = LocalHost(HostConfig("here", "local"))
    done = await host.run(Command(("sh", "-c", suggestions.SCRIPT, "gbtui-suggestions", *words)))
    assert (done.status, done.stdout.decode().rstrip()) == (ends, said)
