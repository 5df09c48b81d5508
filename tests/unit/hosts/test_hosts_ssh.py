"""SshHost against real processes behind an SSH server: asyncssh's, and OpenSSH's where installed."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncssh
import pytest

from gbtui.config import HostConfig
from gbtui.errors import Denied, MissingTool, NotFound, TimedOut, Unreachable
from gbtui.hosts import ssh_link
from gbtui.hosts.base import Command, Link
from gbtui.hosts.collect import ProgramStream
from gbtui.hosts.ssh import SshHost
from gbtui.hosts.ssh_forward import sweep
from tests.unit.hosts.servers import SSHD, Keys, Server, Wire, in_process, openssh, wire
from tests.unit.hosts.support import descriptors, is_private_socket, names_and_modes, processes, until


@dataclass
class Far:
    """A host behind a wire."""

    host: SshHost
    wire: Wire
    server: Server
    keys: Keys
    config: HostConfig


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of our own: nobody's ~/.ssh has a say in these tests."""
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr(ssh_link, "FIRST_PAUSE", 0.05)
    return folder


@pytest.fixture
def keys(short_dir: Path) -> Keys:
    return Keys.make(short_dir)


@asynccontextmanager
async def far_away(keys: Keys, kind: str) -> AsyncIterator[Far]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(openssh(keys) if kind == "openssh" else in_process(keys))
        cable = await stack.enter_async_context(wire(server.port))
        config = HostConfig(
            "far",
            "ssh",
            host="127.0.0.1",
            port=cable.port,
            user="root" if os.geteuid() == 0 else "",
            known_hosts=(keys.known_hosts(cable.port),),
            identity=keys.identity,
        )
        host = SshHost(config)
        stack.push_async_callback(host.close)
        yield Far(host, cable, server, keys, config)


needs_sshd = pytest.mark.skipif(SSHD is None, reason="openssh-server is not installed")


@pytest.fixture(params=["asyncssh", pytest.param("openssh", marks=needs_sshd)])
async def far(request: pytest.FixtureRequest, keys: Keys) -> AsyncIterator[Far]:
    async with far_away(keys, request.param) as made:
        await made.host.open()
        yield made


@pytest.fixture
async def near(keys: Keys) -> AsyncIterator[Far]:
    """Like `far`, in this process only and not opened yet."""
    async with far_away(keys, "asyncssh") as made:
        yield made


async def test_run_gives_exact_bytes_and_the_status(far: Far) -> None:
    script = r"printf 'a\0\377b'; printf '\200' >&2; exit 3"
    done = await far.host.run(Command(("sh", "-c", script)))
    assert (done.status, done.stdout, done.stderr) == (3, b"a\0\xffb", b"\x80")
    assert far.host.link.connected
    assert far.host.link.round_trip is not None


async def test_arguments_are_never_shell(far: Far) -> None:
    words = ("$(id)", "a b;c", "'", '"', "*", "")
    done = await far.host.run(Command(("printf", "%s\\n", *words)))
    assert done.stdout.decode().split("\n")[:-1] == list(words)


async def test_stdin_is_given_whole(far: Far) -> None:
    data = os.urandom(300_000)
    assert (await far.host.run(Command(("cat",), stdin=data))).stdout == data
    assert (await far.host.run(Command(("cat",)))).stdout == b""
    assert (await far.host.run(Command(("true",), stdin=data))).ok


async def test_a_missing_program_is_named(far: Far) -> None:
    with pytest.raises(MissingTool, match="no-such-tool"):
        await far.host.run(Command(("no-such-tool", "x")))


async def test_timeout_ends_the_whole_group_over_there(far: Far, marker: str) -> None:
    script = "echo begun; sleep 600 & sleep 600"
    done = await far.host.run(Command(("sh", "-c", script, marker), timeout=0.5))
    assert (done.status, done.stdout) == (124, b"begun\n")
    await until(lambda: processes(marker) == [])


async def test_output_above_the_limit_ends_the_program(far: Far, marker: str) -> None:
    done = await far.host.run(Command(("sh", "-c", "yes $0", marker), limit=10_000))
    assert done.truncated
    assert len(done.stdout) == 10_000
    await until(lambda: processes(marker) == [])


async def test_cancellation_leaves_no_process_over_there(far: Far, marker: str) -> None:
    argv = ("sh", "-c", "sleep 600 & sleep 600", marker)
    tasks = [asyncio.create_task(far.host.run(Command(argv, timeout=600))) for _ in range(12)]
    await until(lambda: len(processes(marker)) >= 8)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    await until(lambda: processes(marker) == [])
    # and the channels are free again
    done = await asyncio.gather(*(far.host.run(Command(("true",))) for _ in range(8)))
    assert all(result.ok for result in done)


async def test_forty_runs_share_eight_channels(far: Far) -> None:
    results = await asyncio.gather(*(far.host.run(Command(("echo", str(n)))) for n in range(40)))
    assert [result.stdout for result in results] == [f"{n}\n".encode() for n in range(40)]
    assert far.server.most <= 8


async def test_run_many_is_one_command(far: Far) -> None:
    before = len(far.server.commands)
    results = await far.host.run_many(
        (Command(("printf", r"\377")), Command(("no-such-tool",)), Command(("sh", "-c", "exit 9")))
    )
    assert [(r.status, r.stdout) for r in results] == [(0, b"\xff"), (127, b""), (9, b"")]
    assert len(far.server.commands) - before in {0, 1}


async def test_files_go_there_and_back(far: Far, tmp_path: Path) -> None:
    file = tmp_path / "it's a file"
    data = bytes(range(256)) * 400
    await far.host.write(str(file), data, mode=0o640)
    assert await far.host.read(str(file)) == data
    assert names_and_modes(tmp_path)[file.name] == 0o640
    with pytest.raises(NotFound):
        await far.host.read(str(tmp_path / "missing"))


@pytest.mark.parametrize("program", ["tail", "pipe"])
async def test_a_stream_ends_with_its_context(far: Far, tmp_path: Path, marker: str, program: str) -> None:
    log = tmp_path / marker
    log.write_bytes(b"one\n")
    tail = ("tail", "-F", "-n", "+1", str(log))
    argv = tail if program == "tail" else ("sh", "-c", shlex.join(tail) + " | cat")
    async with far.host.stream(Command(argv)) as stream:
        chunks = aiter(stream)
        assert await anext(chunks) == b"one\n"
        with log.open("ab") as file:
            file.write(b"two \xff\n")
        assert await anext(chunks) == b"two \xff\n"
        assert processes(marker) != []
    await until(lambda: processes(marker) == [])


@pytest.mark.parametrize("program", ["tail", "pipe"])
async def test_a_stream_dies_with_the_link(far: Far, tmp_path: Path, marker: str, program: str) -> None:
    log = tmp_path / marker
    log.write_bytes(b"one\n")
    tail = ("tail", "-F", "-n", "+1", str(log))
    argv = tail if program == "tail" else ("sh", "-c", shlex.join(tail) + " | cat")
    async with far.host.stream(Command(argv)) as stream:
        chunks = aiter(stream)
        assert await anext(chunks) == b"one\n"
        far.wire.cut()
        with pytest.raises(Unreachable):
            await anext(chunks)
        await until(lambda: processes(marker) == [])


async def test_a_stream_says_why_it_ended(far: Far, tmp_path: Path) -> None:
    async with far.host.stream(Command(("cat", str(tmp_path / "missing")))) as stream:
        with pytest.raises(NotFound):
            async for _ in stream:
                pass
    async with far.host.stream(Command(("tail", "-F", str(tmp_path / "missing")))) as stream:
        assert isinstance(stream, ProgramStream)
        await until(lambda: b"No such file" in stream.complaint)


async def test_held_stdin_ends_with_the_stream_and_with_the_link(far: Far, tmp_path: Path) -> None:
    for number, cut in enumerate((False, True)):
        farewell = tmp_path / f"farewell-{number}"
        script = f'echo held; while read -r line; do echo "got $line"; done; echo bye >{farewell}'
        command = Command(("sh", "-c", script), hold_stdin=True)
        async with far.host.stream(command) as stream:
            chunks = aiter(stream)
            assert await anext(chunks) == b"held\n"
            await stream.write(b"word\n")
            assert await anext(chunks) == b"got word\n"
            assert not farewell.exists()
            if cut:
                far.wire.cut()
        await until(farewell.exists)


async def test_a_cut_link_is_told_and_mended(far: Far, marker: str) -> None:
    told: list[Link] = []
    far.host.on_link.append(told.append)
    long = asyncio.create_task(far.host.run(Command(("sh", "-c", "sleep 600; :", marker), timeout=600)))
    await until(lambda: bool(processes(marker)))
    before = far.host.link.since
    far.wire.cut()
    with pytest.raises(Unreachable):
        await long
    await until(lambda: not far.host.link.connected)
    with pytest.raises(Unreachable, match="not connected since"):
        await far.host.run(Command(("true",)))
    await until(lambda: processes(marker) == [])
    tries = far.wire.accepted
    await until(lambda: far.wire.accepted > tries)
    far.wire.mend()
    await until(lambda: far.host.link.connected)
    assert (await far.host.run(Command(("echo", "back")))).stdout == b"back\n"
    await until(lambda: bool(told) and told[-1].connected)
    assert not told[0].connected
    assert told[0].why
    assert far.host.link.since > before


async def test_close_leaves_nothing(far: Far, marker: str) -> None:
    task = asyncio.create_task(far.host.run(Command(("sh", "-c", "sleep 600; :", marker), timeout=600)))
    await until(lambda: bool(processes(marker)))
    await far.host.close()
    await far.host.close()
    assert not far.host.link.connected
    await asyncio.wait((task,), timeout=20)
    assert task.done()
    task.exception()
    await until(lambda: processes(marker) == [])


async def test_lxds_socket_is_forwarded_privately_and_taken_away(far: Far, short_dir: Path) -> None:
    sockets = short_dir / "lxd.socket"
    async with await asyncio.start_unix_server(_answer, sockets):
        host = SshHost(replace(far.config, lxd_socket=str(sockets)))
        await host.open()
        path = Path(await host._lxd_socket())
        assert is_private_socket(path)
        assert str(path.parent).startswith(tempfile.gettempdir())
        reader, writer = await asyncio.open_unix_connection(path)
        assert await reader.read() == b"lxd\n"
        writer.close()
        await host.close()
        assert not path.parent.exists()


async def test_what_a_killed_gbtui_left_is_swept(short_dir: Path) -> None:
    dead, live = short_dir / "gbtui-lxd-dead", short_dir / "gbtui-lxd-live"
    for folder in (dead, live):
        folder.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(dead / "lxd"))
    async with await asyncio.start_unix_server(_answer, live / "lxd"):
        sweep(short_dir)
        assert dead.exists()
        sweep(short_dir, older_than=-1)
        assert not dead.exists()
        assert live.exists()


async def test_no_lxd_socket_over_there(far: Far, short_dir: Path) -> None:
    host = SshHost(replace(far.config, lxd_socket=str(short_dir / "none")))
    await host.open()
    with pytest.raises(Unreachable, match="no socket"):
        await host.lxd.get("instances")
    await host.close()


async def test_an_unknown_host_key_is_denied(near: Far, keys: Keys) -> None:
    empty = keys.folder / "empty"
    empty.write_text("# nobody\n")
    host = SshHost(replace(near.config, known_hosts=(str(empty),)))
    with pytest.raises(Denied, match="ssh-keyscan") as caught:
        await host.open()
    assert str(empty) in str(caught.value)
    assert not host.link.connected
    assert "not known" in host.link.why
    missing = SshHost(replace(near.config, known_hosts=(str(keys.folder / "no"),)))
    with pytest.raises(Denied, match="ssh-keyscan"):
        await missing.open()


async def test_another_host_key_is_denied(near: Far, keys: Keys) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    files = (keys.known_hosts(near.wire.port, key=other),)
    with pytest.raises(Denied, match="not the one"):
        await SshHost(replace(near.config, known_hosts=files)).open()


@pytest.mark.parametrize("value", ["none", "/dev/null", "NONE"])
async def test_a_configuration_without_verification_is_refused(near: Far, home: Path, value: str) -> None:
    (home / ".ssh/config").write_text(f"Host *\n  UserKnownHostsFile {value}\n")
    with pytest.raises(Denied, match="verification off"):
        await SshHost(replace(near.config, known_hosts=())).open()
    with pytest.raises(Denied, match="verification off"):
        await SshHost(replace(near.config, known_hosts=(value,))).open()
    assert near.wire.accepted == 0


async def test_ssh_config_is_honoured(near: Far, home: Path, keys: Keys) -> None:
    (home / ".ssh/config").write_text(
        f"Host alias\n  HostName 127.0.0.1\n  Port {near.wire.port}\n  User {near.config.user or 'x'}\n"
        f"  IdentityFile {keys.identity}\n  RemoteCommand echo no\n  RequestTTY force\n"
    )
    shutil.copy(near.config.known_hosts[0], home / ".ssh/known_hosts")
    host = SshHost(HostConfig("alias", "ssh", host="alias"))
    await host.open()
    assert (await host.run(Command(("echo", "yes")))).stdout == b"yes\n"
    await host.close()


async def test_proxy_jump_verifies_every_hop(near: Far, home: Path, keys: Keys) -> None:
    async with in_process(keys) as inner:
        config = (
            f"Host jump\n  HostName 127.0.0.1\n  Port {near.wire.port}\n"
            f"Host inner\n  HostName 127.0.0.1\n  Port {inner.port}\n  ProxyJump jump\n"
            f"Host *\n  IdentityFile {keys.identity}\n"
        )
        (home / ".ssh/config").write_text(config)
        lines = [keys.known_line(port) for port in (near.wire.port, inner.port)]
        (home / ".ssh/known_hosts").write_text("".join(lines))
        host = SshHost(HostConfig("inner", "ssh", host="inner"))
        await host.open()
        assert (await host.run(Command(("echo", "in")))).stdout == b"in\n"
        assert near.wire.accepted == 1
        await host.close()

        (home / ".ssh/known_hosts").write_text(lines[1])
        with pytest.raises(Denied, match=f"-p {near.wire.port}"):
            await SshHost(HostConfig("inner", "ssh", host="inner")).open()
        (home / ".ssh/config").write_text("Host jump\n  UserKnownHostsFile none\n" + config)
        with pytest.raises(Denied, match="verification off"):
            await SshHost(HostConfig("inner", "ssh", host="inner")).open()


async def test_a_key_that_is_not_accepted_is_denied(near: Far, short_dir: Path) -> None:
    other = short_dir / "other"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(other))
    with pytest.raises(Denied, match="ssh-add"):
        await SshHost(replace(near.config, identity=str(other))).open()


async def test_nobody_listening_is_unreachable(near: Far) -> None:
    near.wire.cut()
    with pytest.raises(Unreachable):
        await near.host.open()
    with pytest.raises(Unreachable):
        await near.host.run(Command(("true",)))
    near.wire.mend()
    await near.host.open()
    await near.host.open()
    assert (await near.host.run(Command(("true",)))).ok


async def test_streams_leave_channels_for_commands(near: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    from gbtui.hosts import ssh_program

    monkeypatch.setattr(ssh_program, "TURN_TIMEOUT", 0.2)
    await near.host.open()
    async with AsyncExitStack() as stack:
        for _ in range(6):
            await stack.enter_async_context(near.host.stream(Command(("cat",), hold_stdin=True)))
        with pytest.raises(TimedOut, match="busy"):
            await stack.enter_async_context(near.host.stream(Command(("cat",), hold_stdin=True)))
        assert (await near.host.run(Command(("true",)))).ok
    assert near.server.most <= 8


async def test_no_descriptor_leaks(near: Far) -> None:
    await near.host.open()
    await near.host.run(Command(("true",)))
    before = descriptors()
    for _ in range(10):
        await near.host.run(Command(("true",)))
    await until(lambda: descriptors() <= before)


def test_the_shell_is_ssh_with_the_same_trust() -> None:
    config = HostConfig(
        "far",
        "ssh",
        host="prod",
        user="ops",
        port=2222,
        known_hosts=("/k h",),
        identity="/id",
    )
    argv = SshHost(config).shell("acme-proxy; id")
    assert argv[0] == "ssh"
    assert argv[argv.index("-p") + 1] == "2222"
    assert argv[argv.index("-l") + 1] == "ops"
    assert 'UserKnownHostsFile="/k h"' in argv
    assert argv[-2] == "prod"
    assert shlex.split(argv[-1])[:3] == ["lxc", "exec", "acme-proxy; id"]


async def _answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"lxd\n")
    await writer.drain()
    writer.close()
