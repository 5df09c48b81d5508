"""What gbtui keeps on a host for whoever comes next: walks and incidents, shared by all its operators.

A shelf is a folder below `/var/lib/gbtui` (root's, 0700, files 0600). Everything that writes holds the
kernel's lock on it, so that two operators at a time lose nothing of each other's.

The scripts, known by their `$0`:

    gbtui-shelf-list DIR                one line per file: SIZE, a space, NAME; nothing where there is no DIR
    gbtui-shelf-read DIR NAME OFFSET    the bytes from OFFSET on; nothing where there is no such file
    gbtui-shelf-append DIR NAME LIMIT   stdin behind what is there; exit 75 where it would exceed LIMIT bytes
    gbtui-shelf-put DIR NAME            replaces NAME by stdin in one move
    gbtui-shelf-claim DIR NAME          stdin becomes NAME where that is empty or missing; prints what it has
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gbtui.errors import BadInput, Malformed, Refused
from gbtui.hosts.base import MIB, Command, Completed, Host
from gbtui.hosts.errors import explain
from gbtui.text import clean, text

ROOT = "/var/lib/gbtui"
LIMIT = 4 * MIB
"""Bytes that a file on a shelf has at most."""
FULL = 75
TIMEOUT = 15.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")

_LOCKED = """
set -e; umask 077; mkdir -p -- "$1"; chmod 700 -- "$1"; cd -- "$1"
exec 9>>.lock; flock -w 10 9
"""
LIST = """
cd -- "$1" 2>/dev/null || exit 0
for name in *; do if [ -f "$name" ]; then printf '%s %s\\n' "$(stat -c %s -- "$name")" "$name"; fi; done
"""
READ = """
cd -- "$1" 2>/dev/null && [ -f "$2" ] || exit 0
tail -c "+$(($3 + 1))" -- "$2"
"""
APPEND = f"""{_LOCKED}
data=$(mktemp -- .new-XXXXXXXX); trap 'rm -f -- "$data"' EXIT
cat >"$data"; size=$(wc -c <"$data"); touch -- "$2"
[ "$(($(stat -c %s -- "$2") + size))" -le "$3" ] || exit {FULL}
cat -- "$data" >>"$2"; sync -- "$2"
"""
PUT = f"""{_LOCKED}
data=$(mktemp -- .new-XXXXXXXX); trap 'rm -f -- "$data"' EXIT
cat >"$data"; sync -- "$data"; mv -f -T -- "$data" "$2"
"""
CLAIM = f"""{_LOCKED}
if ! [ -s "$2" ]; then
  data=$(mktemp -- .new-XXXXXXXX); trap 'rm -f -- "$data"' EXIT
  cat >"$data"; sync -- "$data"; mv -f -T -- "$data" "$2"
fi
cat -- "$2"
"""
REMOVE = f"""{_LOCKED}
shift; rm -f -- "$@"
"""


class Shelf:
    """The folder `name` of `host`. Every method raises what `Host.run` raises, and Denied or Failed in
    the host's own words."""

    def __init__(self, host: Host, name: str, *, root: str = ROOT) -> None:
        self._host = host
        self._folder = f"{root}/{_checked(name)}"

    async def sizes(self) -> Mapping[str, int]:
        """Every file's name and size in bytes."""
        done = await self._run("list", LIST)
        found = (line.partition(" ") for line in text(done.stdout).splitlines())
        return {name: int(size) for size, _, name in found if size.isdigit() and _NAME.fullmatch(name)}

    async def read(self, name: str, *, offset: int = 0) -> bytes:
        """The bytes of a file from `offset` on; none where there is no such file.

        Raises:
            Malformed: there are more than `LIMIT`.
        """
        return (await self.read_many(((name, offset),)))[0]

    async def read_many(self, wanted: tuple[tuple[str, int], ...]) -> tuple[bytes, ...]:
        """As `read` for several (name, offset), in one round trip."""
        commands = [self._command("read", READ, _checked(name), str(offset)) for name, offset in wanted]
        if not commands:
            return ()
        done = await self._host.run_many(commands)
        return tuple(self._whole(one, name) for one, (name, _) in zip(done, wanted, strict=True))

    async def append(self, name: str, data: bytes, *, limit: int = LIMIT) -> None:
        """`data` behind what is there, on disk when this returns.

        Raises:
            Refused: the file would have more than `limit` bytes.
        """
        command = self._command("append", APPEND, _checked(name), str(limit), stdin=data)
        done = await self._host.run(command)
        if done.status == FULL:
            raise Refused(f"{self._folder}/{name}", why=f"it would have more than {limit} bytes")
        self._must(done)

    async def put(self, name: str, data: bytes) -> None:
        """Replace a file as a whole."""
        await self._run("put", PUT, _checked(name), stdin=data)

    async def claim(self, name: str, data: bytes) -> bytes:
        """Make the file `data` unless it holds something already; what it holds then."""
        return (await self._run("claim", CLAIM, _checked(name), stdin=data)).stdout

    async def remove(self, names: Sequence[str]) -> None:
        """Take files away; those that are not there are no fault."""
        if names:
            await self._run("remove", REMOVE, *map(_checked, names))

    # -- how

    def _command(self, verb: str, script: str, *words: str, stdin: bytes | None = None) -> Command:
        argv = ("sh", "-c", script, f"gbtui-shelf-{verb}", self._folder, *words)
        return Command(argv, root=True, stdin=stdin, timeout=TIMEOUT, limit=LIMIT)

    async def _run(self, verb: str, script: str, *words: str, stdin: bytes | None = None) -> Completed:
        return self._must(await self._host.run(self._command(verb, script, *words, stdin=stdin)))

    def _must(self, done: Completed) -> Completed:
        if not done.ok:
            raise explain(done, f"what gbtui keeps in {self._folder}")
        return done

    def _whole(self, done: Completed, name: str) -> bytes:
        if self._must(done).truncated:
            raise Malformed(f"{self._folder}/{name}", why=f"more than {LIMIT} bytes")
        return done.stdout


def _checked(name: str) -> str:
    """A plain file name. Raises BadInput."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"name {clean(name)!r}", why="not a plain file name", hint="letters, digits, . _ -")
    return name
