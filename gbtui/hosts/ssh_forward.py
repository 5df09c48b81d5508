"""LXD's socket of a remote host, as a socket here that only we can reach."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gbtui.errors import Denied, Unreachable
from gbtui.hosts.base import Command, Completed
from gbtui.hosts.errors import LXD_HINT, explain
from gbtui.hosts.lxd import DEBIAN_SOCKET, SNAP_SOCKET
from gbtui.text import clean, text

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection, SSHListener

#: A unix socket's path must fit into 108 bytes.
_LONGEST = 100
_PREFIX, _NAME = "gbtui-lxd-", "lxd"

_FIND = """\
for path do
  if test -S "$path"; then
    test -w "$path" && echo "writable $path" || echo "closed $path"
    exit 0
  fi
done
exit 3
"""


def find_command(configured: str | None) -> Command:
    """The command that looks for LXD's socket on the host; `found_socket` reads its answer."""
    candidates = (configured,) if configured is not None else (SNAP_SOCKET, DEBIAN_SOCKET)
    return Command(("sh", "-c", _FIND, "gbtui-find-lxd", *candidates))


def found_socket(completed: Completed) -> str:
    """The path of LXD's socket on the host.

    Raises:
        Unreachable: there is none.
        Denied: there is one, and this user may not use it.
    """
    looked = ", ".join(completed.command.argv[4:])
    if completed.status == 3:
        raise Unreachable(
            "LXD",
            why=f"no socket on the host at {looked}",
            hint="is LXD running there? Otherwise set lxd_socket in the configuration",
        )
    if not completed.ok:
        raise explain(completed, "looking for LXD's socket")
    word, _, path = text(completed.stdout).strip().partition(" ")
    if word != "writable":
        raise Denied("LXD", why=f"no permission on {clean(path)}", hint=LXD_HINT)
    return path


class Forward:
    """A forwarded socket in a folder of its own (0700): whoever reaches it is root over there."""

    def __init__(self, folder: Path, listener: SSHListener) -> None:
        self._folder = folder
        self._listener = listener
        self.path = str(folder / _NAME)

    def close(self) -> None:
        """Stop listening and take the socket away: asyncssh leaves the file behind."""
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)


async def forward(ssh: SSHClientConnection, remote: str) -> Forward:
    """Make `remote`, a socket on the host, reachable here.

    Raises:
        Unreachable: it cannot be forwarded.
    """
    import asyncssh  # noqa: PLC0415

    folder = _private_folder()
    try:
        listener = await ssh.forward_local_path(str(folder / _NAME), remote)
    except BaseException as error:
        with contextlib.suppress(OSError):
            folder.rmdir()
        if isinstance(error, OSError | asyncssh.Error | asyncssh.ChannelListenError):
            raise Unreachable("forwarding LXD's socket", why=clean(str(error))) from error
        raise
    return Forward(folder, listener)


def _private_folder() -> Path:
    # mkdtemp makes it 0700, whatever the umask says
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    if len(bytes(folder)) > _LONGEST:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir="/tmp"))
    sweep(folder.parent)
    return folder


def sweep(parent: Path, *, older_than: float = 60.0) -> None:
    """Take away sockets of ours that nobody listens on: those of a gbtui that was killed.

    `older_than` is in seconds: a younger one may be about to listen.
    """
    for path in parent.glob(f"{_PREFIX}*/{_NAME}"):
        with contextlib.suppress(OSError):
            found = path.stat()
            if found.st_uid != os.geteuid() or time.time() - found.st_mtime < older_than:
                continue
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
                knock.settimeout(0.2)
                if knock.connect_ex(str(path)) == errno.ECONNREFUSED:
                    path.unlink()
                    path.parent.rmdir()
