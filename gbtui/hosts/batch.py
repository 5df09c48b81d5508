"""Several commands in one script, and its output taken apart again, byte for byte.

One process start and one round trip instead of N: over SSH and through `lxc exec` the start costs
more than the command. Pure functions; the adapters run what they make.
"""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from gbtui.errors import BadInput, Malformed
from gbtui.hosts.base import MIB, TIMED_OUT, Command, Completed

#: Bytes of a script that may travel as one argument (the kernel's bound is 128 KiB, quoting included).
ARGUMENT_LIMIT = 60_000
#: Bytes of output, per stream, that a batch may have in all.
OUTPUT_LIMIT = 64 * MIB
_KILL_AFTER = 2
#: From so many of root's commands in a row on, sudo is started for all of them and not for each.
_TOGETHER = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """A script for `sh`, and what is needed to read its output."""

    commands: tuple[Command, ...]
    script: str
    boundary: str

    @property
    def seconds(self) -> float:
        """The longest that the script can take by itself."""
        return sum(command.timeout + _KILL_AFTER for command in self.commands) + 1

    @property
    def limit(self) -> int:
        """How much it may print on each stream, boundaries included."""
        wanted = sum(command.limit + 64 for command in self.commands)
        return min(wanted, OUTPUT_LIMIT)

    def on_host(self) -> Command:
        """The batch as one command: the script goes through stdin, so it may be long."""
        script = self.script.encode()
        return Command(("sh", "-s"), stdin=script, timeout=self.seconds, limit=self.limit)

    def in_shell(self) -> Command:
        """The batch as one command whose script is an argument (for `inside`).

        Raises:
            BadInput: the script is too long for one argument.
        """
        if len(self.script.encode()) > ARGUMENT_LIMIT:
            raise BadInput(
                "running commands in a container in one go",
                why=f"the script has more than {ARGUMENT_LIMIT} bytes",
                hint="run fewer commands at once",
            )
        return Command(("sh", "-c", self.script), timeout=self.seconds, limit=self.limit)


def compose(commands: Sequence[Command], *, sudo: bool = False, boundary: str | None = None) -> Batch:
    """One script that runs `commands` one after another, each with its own timeout and empty stdin.

    `sudo`: root's commands run behind `sudo -n --`, many in a row behind one where it allows a shell.
    `boundary` is random unless given.

    Raises:
        BadInput: a command wants stdin, which a batch cannot give.
    """
    mark = boundary or secrets.token_hex(16)
    # The boundary never stands in the script in one piece: a command that lists processes
    # (`ps`, `/proc/*/cmdline`) would print the script, and must not print a boundary with it.
    half = len(mark) // 2
    head = f"b={shlex.quote(mark[:half])}''{shlex.quote(mark[half:])}"
    parts = [head]
    for root, group in groupby(enumerate(commands), key=lambda one: sudo and one[1].root):
        some = list(group)
        alone = [_run(number, command, sudo=root) for number, command in some]
        if root and len(some) >= _TOGETHER:
            inner = _script([head, *(_run(number, command, sudo=False) for number, command in some)])
            alone = _behind_one(inner, alone, f"ENDS{mark[:half]}")
        parts += alone
    return Batch(tuple(commands), _script(parts), mark)


def _script(parts: Sequence[str]) -> str:
    """In braces, so that a script cut off on its way is a syntax error before anything has run."""
    return "{\n" + "\n".join(parts) + "\nexit 0\n}\n"


def _run(number: int, command: Command, *, sudo: bool) -> str:
    if command.stdin is not None or command.hold_stdin:
        raise BadInput(f"running {command.shown()} in a batch", why="it wants stdin", hint="run it alone")
    ended = f's=$?; printf \'%s:{number}:%d\\n\' "$b" "$s"; printf \'%s:{number}:%d\\n\' "$b" "$s" >&2'
    return f"{_bounded(command, sudo=sudo)} </dev/null\n{ended}"


def _behind_one(script: str, alone: Sequence[str], end: str) -> list[str]:
    """The script in a shell of root's; each command `alone` where sudo allows no shell, or nothing.

    It goes through stdin: an argument would stand in the host's log every time, as long as it is.
    """
    return [
        "if sudo -n -- sh -c : </dev/null >/dev/null 2>&1; then",
        f"sudo -n -- sh -s <<'{end}'\n{script}{end}",
        "else",
        *alone,
        "fi",
    ]


def split(batch: Batch, completed: Completed) -> tuple[Completed, ...]:
    """The result of each command of `batch`, in order, from what its script printed.

    `seconds` of each is the whole batch's: the parts are not timed. Output above a command's own
    limit is cut and marked.

    Raises:
        Malformed: the boundaries are not all there, once each, in order, on both streams.
    """
    out = _sections(batch, completed.stdout, "stdout", completed)
    err = _sections(batch, completed.stderr, "stderr", completed)
    results = []
    for command, (stdout, status), (stderr, again) in zip(batch.commands, out, err, strict=True):
        if status != again:
            raise Malformed("output of a batch", why=f"two statuses for {command.argv[0]}")
        results.append(
            Completed(
                command,
                TIMED_OUT if status == 137 and completed.seconds >= command.timeout else status,
                stdout[: command.limit],
                stderr[: command.limit],
                completed.seconds,
                max(len(stdout), len(stderr)) > command.limit,
            )
        )
    return tuple(results)


def _bounded(command: Command, *, sudo: bool) -> str:
    # timeout stands behind sudo: only root may end what root runs.
    prefix = ("sudo", "-n", "--") if sudo and command.root else ()
    return shlex.join((*prefix, "timeout", "-k", str(_KILL_AFTER), f"{command.timeout:g}", *command.argv))


def _sections(batch: Batch, data: bytes, name: str, completed: Completed) -> list[tuple[bytes, int]]:
    mark = re.escape(batch.boundary.encode())
    sections: list[tuple[bytes, int]] = []
    start = 0
    for found in re.finditer(mark + rb":(\d{1,6}):(\d{1,3})\n", data):
        if int(found[1]) != len(sections):
            raise Malformed("output of a batch", why=f"section {len(sections)} is not where it should be")
        sections.append((data[start : found.start()], int(found[2])))
        start = found.end()
    expected = len(batch.commands)
    if len(sections) != expected or start != len(data) or data.count(batch.boundary.encode()) != expected:
        why = f"{len(sections)} of {expected} sections on {name}"
        if completed.truncated:
            why += f", cut at {batch.limit} bytes"
        raise Malformed("output of a batch", why=why, hint="run the commands one by one")
    return sections
