"""SSH servers for the tests: asyncssh in this process, OpenSSH's sshd where it is installed, and a
cuttable wire in front of either. Commands they run are real local processes, which they do not end:
neither does sshd."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")


@dataclass
class Keys:
    """Keys of the host and of the user, in files."""

    folder: Path
    host: asyncssh.SSHKey
    user: asyncssh.SSHKey

    @classmethod
    def make(cls, folder: Path) -> Keys:
        keys = cls(folder, *(asyncssh.generate_private_key("ssh-ed25519") for _ in range(2)))
        for name, key in (("host", keys.host), ("user", keys.user)):
            key.write_private_key(str(folder / name))
            key.write_public_key(str(folder / f"{name}.pub"))
            (folder / name).chmod(0o600)
        return keys

    @property
    def identity(self) -> str:
        return str(self.folder / "user")

    def known_hosts(self, port: int, *, key: asyncssh.SSHKey | None = None) -> str:
        """A known_hosts file for 127.0.0.1 at `port`."""
        path = self.folder / f"known_hosts-{port}"
        path.write_text(self.known_line(port, key=key))
        return str(path)

    def known_line(self, port: int, *, key: asyncssh.SSHKey | None = None) -> str:
        """The line of such a file."""
        public = (key or self.host).export_public_key("openssh").decode().strip()
        return f"[127.0.0.1]:{port} {public}\n"


@dataclass
class Server:
    """A server at 127.0.0.1. `most` is the largest number of sessions open at once (in-process)."""

    port: int
    open: int = 0
    most: int = 0
    commands: list[str] = field(default_factory=list)


@asynccontextmanager
async def in_process(keys: Keys, *, max_sessions: int = 10) -> AsyncIterator[Server]:
    """asyncssh as the server, with sshd's limit of sessions."""
    state = Server(0)

    class Peer(asyncssh.SSHServer):
        def unix_connection_requested(self, dest_path: str) -> bool:
            return True

        def connection_requested(
            self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
        ) -> bool:
            return True

    async def serve(process: asyncssh.SSHServerProcess[bytes]) -> None:
        state.commands.append(process.command or "")
        state.open += 1
        state.most = max(state.most, state.open)
        try:
            if state.open > max_sessions:
                process.stderr.write(b"open failed: MaxSessions\n")
                process.exit(255)
            else:
                await _serve(process)
        finally:
            state.open -= 1

    listener = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Peer,
        server_host_keys=[keys.host],
        authorized_client_keys=str(keys.folder / "user.pub"),
        process_factory=serve,
        encoding=None,
        allow_pty=False,
        agent_forwarding=False,
    )
    state.port = listener.get_port()
    try:
        yield state
    finally:
        listener.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(listener.wait_closed(), 2)


async def _serve(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Run the command with plain pipes; they are closed with the channel, and that is all."""
    reader, write_fd = await _pipe()
    errors, error_fd = await _pipe()
    child = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        process.command or "exit 1",
        stdin=asyncio.subprocess.PIPE,
        stdout=write_fd,
        stderr=error_fd,
        start_new_session=True,
    )
    os.close(write_fd)
    os.close(error_fd)
    pumps = [
        asyncio.ensure_future(_pump(reader.stream, process.stdout)),
        asyncio.ensure_future(_pump(errors.stream, process.stderr)),
    ]
    feed = asyncio.ensure_future(_feed(process.stdin, child))
    closed = asyncio.ensure_future(process.channel.wait_closed())
    ended = asyncio.ensure_future(child.wait())
    await asyncio.wait((closed, ended), return_when=asyncio.FIRST_COMPLETED)
    if not closed.done():
        await asyncio.wait(pumps, timeout=0.5)
        if not closed.done():
            process.exit(max(child.returncode or 0, 0))
    for task in (*pumps, feed, closed):
        task.cancel()
    await asyncio.gather(*pumps, feed, closed, return_exceptions=True)
    reader.transport.close()
    errors.transport.close()
    assert child.stdin is not None
    child.stdin.close()
    with contextlib.suppress(asyncio.CancelledError):
        await ended


@dataclass
class _Pipe:
    stream: asyncio.StreamReader
    transport: asyncio.ReadTransport


async def _pipe() -> tuple[_Pipe, int]:
    read_fd, write_fd = os.pipe()
    stream = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(stream)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(read_fd, "rb", 0))
    return _Pipe(stream, transport), write_fd


async def _pump(reader: asyncio.StreamReader, writer: asyncssh.SSHWriter[bytes]) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()


async def _feed(reader: asyncssh.SSHReader[bytes], child: asyncio.subprocess.Process) -> None:
    assert child.stdin is not None
    with contextlib.suppress(OSError, asyncssh.Error):
        while chunk := await reader.read(65536):
            child.stdin.write(chunk)
            await child.stdin.drain()
        child.stdin.close()


@asynccontextmanager
async def openssh(keys: Keys) -> AsyncIterator[Server]:
    """The real sshd, as this user, on a free port."""
    assert SSHD is not None
    port = await _free_port()
    config = keys.folder / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {keys.folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {keys.folder}/user.pub\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
    )
    # where the package's own service has never run
    await asyncio.to_thread(Path("/run/sshd").mkdir, exist_ok=True)
    child = await asyncio.create_subprocess_exec(
        SSHD, "-D", "-e", "-f", str(config), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await _listening(port)
        yield Server(port)
    finally:
        child.terminate()
        await child.wait()


async def _free_port() -> int:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()
    return port


async def _listening(port: int) -> None:
    for _ in range(500):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
    raise AssertionError("sshd never listened")


class Wire:
    """TCP in front of a server: cut it, and mend it."""

    def __init__(self, server: asyncio.Server, port: int) -> None:
        self._server = server
        self._target = port
        self._writers: set[asyncio.StreamWriter] = set()
        self.up = True
        self.accepted = 0

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        self.up = False
        for writer in tuple(self._writers):
            writer.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self.up = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if not self.up:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, back}
        try:
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            self._writers -= {writer, back}
            writer.close()
            back.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def wire(port: int) -> AsyncIterator[Wire]:
    """A cuttable wire to 127.0.0.1:`port`."""
    made: list[Wire] = []

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await made[0].serve(reader, writer)

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    made.append(Wire(server, port))
    try:
        yield made[0]
    finally:
        made[0].cut()
        server.close()
