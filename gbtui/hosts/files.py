"""Files of a host as root, over `run`: the same on this machine, over SSH and in a container."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gbtui.errors import BadInput, Failed, GbtuiError, Malformed, NotFound
from gbtui.hosts.base import Command, Completed, inside
from gbtui.hosts.errors import explain
from gbtui.text import clean

Run = Callable[[Command], Awaitable[Completed]]

#: Seconds that reading or writing a file may take.
TIMEOUT = 30.0
#: Mode of a new file when the caller names none: nobody but root reads it by accident.
NEW_MODE = 0o600

#: sh -c WRITE_SCRIPT gbtui-write PATH MODE SIZE, content on stdin.
#:
#: A symbolic link stays a link and its target is replaced. The size is checked before the rename:
#: when the link to the operator breaks, stdin just ends, and half a file must never be installed.
WRITE_SCRIPT = """\
set -eu
path=$1 mode=$2 size=$3
fail() { printf 'gbtui-write: %s\\n' "$1" >&2; exit 1; }
if [ -L "$path" ]; then path=$(readlink -f -- "$path") || fail 'dangling link'; fi
[ ! -e "$path" ] || [ -f "$path" ] || fail 'not a regular file'
folder=$(dirname -- "$path")
umask 077
temporary=$(mktemp -- "$folder/.gbtui-XXXXXXXXXX")
trap 'rm -f -- "$temporary"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$temporary"
received=$(wc -c <"$temporary")
[ "$received" -eq "$size" ] || fail "received $received of $size bytes"
if [ -e "$path" ]; then
  chown --reference="$path" -- "$temporary"
  chmod --reference="$path" -- "$temporary"
else
  chmod "$mode" -- "$temporary"
fi
sync "$temporary"
mv -T -- "$temporary" "$path"
trap - EXIT
sync "$folder"
"""


def read_command(path: str, *, instance: str | None = None, limit: int) -> Command:
    """The command that prints the file at `path`, as root."""
    command = Command(("cat", "--", checked(path)), root=True, timeout=TIMEOUT, limit=limit)
    return inside(instance, command) if instance is not None else command


def write_command(path: str, data: bytes, *, instance: str | None = None, mode: int | None = None) -> Command:
    """The command that replaces the file at `path` as a whole, as root."""
    new = NEW_MODE if mode is None else mode
    if not 0 <= new <= 0o7777:
        raise BadInput("mode of a file", why=oct(new), hint="0 to 0o7777")
    argv = ("sh", "-c", WRITE_SCRIPT, "gbtui-write", checked(path), f"{new:o}", str(len(data)))
    command = Command(argv, root=True, stdin=data, timeout=TIMEOUT)
    return inside(instance, command) if instance is not None else command


async def read(run: Run, path: str, *, instance: str | None = None, limit: int) -> bytes:
    """The bytes of the file at `path`.

    Raises:
        NotFound, Denied, Failed: as the host says.
        Malformed: it has more than `limit` bytes.
        BadInput: `path` is not absolute.
    """
    what = f"reading {_named(path, instance)}"
    completed = await run(read_command(path, instance=instance, limit=limit))
    if completed.truncated:
        raise Malformed(what, why=f"more than {limit} bytes", hint="look at it on the host")
    if not completed.ok:
        raise _explained(completed, what)
    return completed.stdout


async def write(
    run: Run, path: str, data: bytes, *, instance: str | None = None, mode: int | None = None
) -> None:
    """Replace the file at `path`: temporary file beside it, synced, renamed. All or nothing.

    Raises:
        NotFound: its folder does not exist.
        Denied, Failed: as the host says.
        BadInput: `path` is not absolute.
    """
    completed = await run(write_command(path, data, instance=instance, mode=mode))
    if not completed.ok:
        raise _explained(completed, f"writing {_named(path, instance)}")


def checked(path: str) -> str:
    """`path`, which must be absolute and plain.

    Raises:
        BadInput: it is not.
    """
    if not path.startswith("/") or path.endswith("/") or "\0" in path or "\n" in path:
        raise BadInput(f"path {clean(path)!r}", why="not a plain absolute path", hint="/folder/file")
    return path


def _named(path: str, instance: str | None) -> str:
    return f"{path} in {instance}" if instance is not None else path


def _explained(completed: Completed, what: str) -> GbtuiError:
    error = explain(completed, what)
    if isinstance(error, NotFound) and b"No such file" in completed.stderr:
        return NotFound(what, why="no such file or folder")
    if isinstance(error, Failed) and b"Is a directory" in completed.stderr:
        return Failed(what, why="it is a folder")
    return error
