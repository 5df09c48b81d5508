"""LocalHost against real processes and files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from pathlib import Path

import pytest

from gbtui.errors import Denied, Failed, MissingTool, NotFound, Unreachable
from gbtui.hosts.base import Command
from gbtui.hosts.collect import ProgramStream
from gbtui.hosts.guardian import bounded, guarded
from gbtui.hosts.local import LocalHost, told
from gbtui.hosts.process import attend_in_terminal, start
from tests.unit.hosts.support import descriptors, names_and_modes, processes, until


async def test_run_gives_exact_bytes_and_the_status(local: LocalHost) -> None:
    done = await local.run(Command(("sh", "-c", r"printf 'a\0\377b'; printf e >&2; exit 3")))
    assert (done.status, done.stdout, done.stderr) == (3, b"a\0\xffb", b"e")
    assert not done.ok
    assert not done.truncated


async def test_stdin_is_given_whole_and_closed(local: LocalHost) -> None:
    data = os.urandom(300_000)
    done = await local.run(Command(("cat",), stdin=data))
    assert done.stdout == data


async def test_a_program_that_does_not_read_its_stdin_is_no_error(local: LocalHost) -> None:
    done = await local.run(Command(("true",), stdin=b"x" * 1_000_000))
    assert done.ok


async def test_without_stdin_it_is_empty_and_there_is_no_terminal(local: LocalHost) -> None:
    done = await local.run(Command(("sh", "-c", "wc -c; tty; (: </dev/tty) 2>/dev/null || echo none")))
    assert done.stdout.split() == [b"0", b"not", b"a", b"tty", b"none"]


async def test_output_above_the_limit_ends_the_program(local: LocalHost, marker: str) -> None:
    done = await local.run(Command(("sh", "-c", f"yes {marker}"), limit=10_000))
    assert done.truncated
    assert len(done.stdout) == 10_000
    assert processes(marker) == []


async def test_output_of_exactly_the_limit_is_whole(local: LocalHost) -> None:
    done = await local.run(Command(("head", "-c", "10000", "/dev/zero"), limit=10_000))
    assert (len(done.stdout), done.truncated, done.status) == (10_000, False, 0)


async def test_timeout_ends_the_whole_group_even_when_it_ignores_term(local: LocalHost, marker: str) -> None:
    script = f"trap '' TERM; echo begun; (trap '' TERM; sleep 600; : {marker}) & sleep 600; : {marker}"
    done = await local.run(Command(("sh", "-c", script, marker), timeout=0.3))
    assert done.status == 124
    assert done.stdout == b"begun\n"
    assert processes(marker) == []


async def test_cancellation_leaves_no_process(local: LocalHost, marker: str) -> None:
    script = f"sleep 600 & sleep 600; : {marker}"
    task = asyncio.create_task(local.run(Command(("sh", "-c", script, marker), timeout=600)))
    await until(lambda: bool(processes(marker)))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert processes(marker) == []


async def test_a_child_that_keeps_the_output_open_does_not_hold_the_result(
    local: LocalHost, marker: str
) -> None:
    done = await local.run(Command(("sh", "-c", "(sleep 600) & echo done", marker), timeout=60))
    assert (done.status, done.stdout) == (0, b"done\n")
    assert done.seconds < 30
    assert processes(marker) == []


async def test_a_missing_program_is_named(local: LocalHost) -> None:
    with pytest.raises(MissingTool, match="no-such-tool-here"):
        await local.run(Command(("no-such-tool-here", "x")))


async def test_a_file_that_may_not_be_executed_is_denied(local: LocalHost, tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    with pytest.raises(Denied):
        await local.run(Command((str(tool),)))


async def test_no_descriptor_leaks(local: LocalHost) -> None:
    await local.run(Command(("true",), stdin=b"x"))
    before = descriptors()
    for _ in range(20):
        await local.run(Command(("cat",), stdin=b"x"))
        with contextlib.suppress(MissingTool):
            await local.run(Command(("no-such-tool-here",)))
    await until(lambda: descriptors() <= before)


async def test_a_loop_that_is_torn_down_leaves_no_process(marker: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from gbtui.config import HostConfig\n"
        "from gbtui.hosts.base import Command\n"
        "from gbtui.hosts.local import LocalHost\n"
        "async def main():\n"
        "    host = LocalHost(HostConfig('local', 'local'))\n"
        "    argv = ('sh', '-c', 'trap \"\" TERM; sleep 600', sys.argv[1])\n"
        "    asyncio.ensure_future(host.run(Command(argv, timeout=600)))\n"
        "    await asyncio.sleep(0.5)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, marker)
    assert await process.wait() == 0
    await until(lambda: processes(marker) == [])


async def test_run_many_is_one_process_and_keeps_order_and_bytes(local: LocalHost) -> None:
    commands = (
        Command(("printf", r"\377\n")),
        Command(("sh", "-c", "cat; echo no >&2; exit 7")),
        Command(("no-such-tool-here",)),
        Command(("sleep", "600"), timeout=0.2),
        Command(("head", "-c", "100", "/dev/zero"), limit=10),
        Command(("sh", "-c", "echo $PPID")),
    )
    results = await local.run_many(commands)
    assert [r.status for r in results] == [0, 7, 127, 124, 0, 0]
    assert results[0].stdout == b"\xff\n"
    assert (results[1].stdout, results[1].stderr) == (b"", b"no\n")
    assert (results[4].stdout, results[4].truncated) == (b"\0" * 10, True)
    assert [r.command for r in results] == list(commands)
    assert await local.run_many(()) == ()


async def test_a_batch_that_lists_processes_is_not_confused_by_its_own_script(local: LocalHost) -> None:
    ps = Command(("sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null; true"))
    results = await local.run_many((ps, ps))
    assert [r.status for r in results] == [0, 0]


async def test_a_stream_follows_a_file_and_ends_with_its_context(
    local: LocalHost, tmp_path: Path, marker: str
) -> None:
    log = tmp_path / marker
    log.write_bytes(b"one\n")
    async with local.stream(Command(("tail", "-n", "+1", "-F", str(log)))) as stream:
        chunks = aiter(stream)
        assert await anext(chunks) == b"one\n"
        with log.open("ab") as file:
            file.write(b"two \xff\n")
        assert await anext(chunks) == b"two \xff\n"
        assert processes(marker) != []
    assert processes(marker) == []


async def test_a_stream_says_why_it_ended(local: LocalHost, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    async with local.stream(Command(("cat", str(missing)))) as stream:
        with pytest.raises(NotFound, match="missing"):
            async for _ in stream:
                pass


async def test_what_tail_complains_of_is_kept(local: LocalHost, tmp_path: Path) -> None:
    async with local.stream(Command(("tail", "-F", str(tmp_path / "missing")))) as stream:
        assert isinstance(stream, ProgramStream)
        await until(lambda: b"No such file" in stream.complaint)


async def test_held_stdin_stays_open_until_the_stream_is_closed(local: LocalHost, tmp_path: Path) -> None:
    farewell = tmp_path / "farewell"
    script = f'echo held; while read -r line; do echo "got $line"; done; echo bye >{farewell}'
    async with local.stream(Command(("sh", "-c", script), stdin=b"", hold_stdin=True)) as stream:
        chunks = aiter(stream)
        assert await anext(chunks) == b"held\n"
        await stream.write(b"word\n")
        assert await anext(chunks) == b"got word\n"
        assert not farewell.exists()
    assert farewell.read_text() == "bye\n"


async def test_closing_the_host_ends_what_it_started(local: LocalHost, marker: str) -> None:
    task = asyncio.create_task(local.run(Command(("sh", "-c", "sleep 600; :", marker), timeout=600)))
    await until(lambda: bool(processes(marker)))
    await local.close()
    with contextlib.suppress(Unreachable):
        assert not (await task).ok
    assert processes(marker) == []


async def test_a_guarded_program_gets_its_stdin_and_ends_when_its_holder_lets_go(marker: str) -> None:
    data = os.urandom(200_000)
    program = await start(guarded(bounded(("cat",), 60), data, sudo=False), held=True)
    feeding = asyncio.create_task(program.feed(data))
    assert await program.stdout.read(-1) == data
    assert await program.wait() == 0
    await feeding
    await program.end()

    silent = guarded(bounded(("sh", "-c", "sleep 600 & sleep 600", marker), 0), None, sudo=False)
    program = await start(silent, held=True)
    await program.feed(b"")
    await until(lambda: bool(processes(marker)))
    await program.end()
    await until(lambda: processes(marker) == [])


async def test_a_guarded_program_dies_with_a_holder_that_was_killed(marker: str) -> None:
    script = (
        "import asyncio, os, sys\n"
        "from gbtui.hosts.guardian import bounded, guarded\n"
        "from gbtui.hosts.process import start\n"
        "async def main():\n"
        "    await start(guarded(bounded(('sleep', '600', sys.argv[1]), 0), None, sudo=False), held=True)\n"
        "    argv = bounded(('sh', '-c', 'sleep 600; :', sys.argv[1]), 0)\n"
        "    await start(guarded(argv, None, sudo=False), held=True)\n"
        "    await asyncio.sleep(0.5)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, marker)
    assert await process.wait() == -9
    await until(lambda: processes(marker) == [])


async def test_read_and_write_keep_every_byte(local: LocalHost, tmp_path: Path) -> None:
    file = tmp_path / "with space and 'quote'"
    path = str(file)
    data = bytes(range(256)) * 100
    await local.write(path, data, mode=0o640)
    assert await local.read(path) == data
    assert names_and_modes(tmp_path) == {file.name: 0o640}


async def test_read_words(local: LocalHost, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        await local.read(str(tmp_path / "missing"))
    with pytest.raises(Failed, match="folder"):
        await local.read(str(tmp_path))


def test_told_maps_what_sudo_and_timeout_answer() -> None:
    from gbtui.hosts.base import Completed

    command = Command(("zfs", "list"), root=True)
    with pytest.raises(Denied, match="NOPASSWD"):
        told(Completed(command, 1, b"", b"sudo: a password is required\n", 0.1))
    stderr = "timeout: failed to run command ‘zfs’: No such file or directory\n".encode()
    with pytest.raises(MissingTool, match="zfs"):
        told(Completed(command, 127, b"", stderr, 0.1))
    assert told(Completed(command, 1, b"", b"other", 0.1)).status == 1


def test_shell_is_an_argv(local: LocalHost) -> None:
    assert local.shell("acme-proxy")[:5] == ("lxc", "exec", "acme-proxy", "-t", "--")


async def test_in_the_terminal_the_status_is_returned_and_a_missing_program_named() -> None:
    assert await attend_in_terminal(("sh", "-c", "exit 5")) == 5
    assert await attend_in_terminal(("sh", "-c", "kill -TERM $$")) == 143
    with pytest.raises(MissingTool, match="no-such-tool-here"):
        await attend_in_terminal(("no-such-tool-here",))


@pytest.fixture
async def behind_sudo(local: LocalHost) -> LocalHost:
    """A host that believes it must ask sudo; root may always do so."""
    if os.geteuid() != 0 or shutil.which("sudo") is None:
        pytest.skip("needs sudo and root")
    local._sudo = True
    return local


async def test_behind_sudo_it_is_the_same(behind_sudo: LocalHost, tmp_path: Path, marker: str) -> None:
    host, data = behind_sudo, os.urandom(100_000)
    done = await host.run(Command(("cat",), root=True, stdin=data))
    assert (done.status, done.stdout) == (0, data)
    assert (await host.run(Command(("sh", "-c", "exit 9"), root=True))).status == 9
    assert (await host.run(Command(("sleep", "600"), root=True, timeout=0.3))).status == 124
    results = await host.run_many((Command(("id", "-u"), root=True), Command(("no-such",), root=True)))
    assert [r.status for r in results] == [0, 127]
    await host.write(str(tmp_path / "file"), data)
    assert await host.read(str(tmp_path / "file")) == data
    with pytest.raises(MissingTool, match="no-such"):
        await host.run(Command(("no-such",), root=True))
    log = tmp_path / marker
    log.write_bytes(b"one\n")
    async with host.stream(Command(("tail", "-n", "+1", "-F", str(log)), root=True)) as stream:
        assert await anext(aiter(stream)) == b"one\n"
    await until(lambda: processes(marker) == [])


async def test_behind_sudo_cancellation_leaves_no_process(behind_sudo: LocalHost, marker: str) -> None:
    argv = ("sh", "-c", "sleep 600 & sleep 600", marker)
    task = asyncio.create_task(behind_sudo.run(Command(argv, root=True, timeout=600)))
    await until(lambda: bool(processes(marker)))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: processes(marker) == [])
