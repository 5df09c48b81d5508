"""Carry out one action of a plan on a host, and answer one probe. Knows nothing of journals or plans."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from gbtui import text
from gbtui.errors import Changed, Failed, GbtuiError, NotFound, Unreachable
from gbtui.guard import scripts
from gbtui.guard.amend import amend
from gbtui.guard.fingerprint import sha256
from gbtui.guard.plan import Action, Amend, Exec, Probe, Replace, Wait
from gbtui.guard.preview import command, shown, wanted
from gbtui.guard.said import said
from gbtui.hosts.base import Command, Completed, Host, inside

FILE_TIMEOUT = 30.0
FILE_LONGEST = 45.0
"""Seconds one command of a file's replacement, and the whole of it, may take."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe said. `yes` is None when the command could not look (then `said` says why)."""

    yes: bool | None
    said: str


@dataclass(frozen=True, slots=True)
class Done:
    """An action as it went. `output` is cleaned and bounded; `status` is None where none was run.

    `untouched`: it found something else than the plan was made from, and left that as it is.
    """

    ok: bool
    output: str
    status: int | None = None
    untouched: bool = False


def judge(probe: Probe, completed: Completed) -> Answer:
    """The pure half of `ask`: what `completed` means for `probe`."""
    what = said(completed)
    if probe.expect == "status":
        return Answer((str(completed.status) == probe.value) is not probe.negate, what)
    if not completed.ok:
        return Answer(None, what)
    output = text.text(completed.stdout)
    match = output.strip() == probe.value if probe.expect == "stdout" else probe.value in output
    return Answer(match is not probe.negate, what)


async def ask(host: Host, probe: Probe) -> Answer:
    """Answer `probe` now. A missing program or a timeout is "could not look", a lost link raises."""
    try:
        return judge(probe, await host.run(command(probe.run)))
    except Unreachable:
        raise
    except GbtuiError as error:
        return Answer(None, str(error))


async def perform(
    host: Host, action: Action, stop: Callable[[], bool] = lambda: False, *, stdin: bytes | None = None
) -> Done:
    """Carry out `action`; `stop` ends a wait early, `stdin` is a program's secret.

    Raises Unreachable; other failures are a Done.
    """
    try:
        if isinstance(action, Exec):
            completed = await host.run(replace(command(action), stdin=stdin))
            return Done(completed.ok, said(completed), completed.status)
        if isinstance(action, Wait):
            return await _wait(host, action, stop)
        if isinstance(action, Amend):
            return Done(True, await amend(host, action))
        return await _replace(host, action)
    except Unreachable:
        raise
    except Changed as error:
        return Done(False, str(error), untouched=True)
    except GbtuiError as error:
        return Done(False, str(error))


def holds_file(where: str, path: str, data: bytes, *, new: bool = False) -> Probe:
    """The probe that `path` at `where` holds exactly `data`: the `done` of a Replace.

    `new`: there was no file before, so that its absence is an answer, too.
    """
    argv = ("sh", "-c", scripts.SAME, "gbtui-same", path, sha256(data)) if new else ("sha256sum", "--", path)
    title = f"{path} is the file written"
    if new:
        return Probe(title, Exec(where, argv), "stdout", "same")
    return Probe(title, Exec(where, argv), "contains", sha256(data))


def longest(action: Action) -> float:
    """How many seconds `action` may take at most."""
    if isinstance(action, Wait):
        return action.timeout + action.probe.run.timeout
    return action.timeout if isinstance(action, Exec) else FILE_LONGEST


async def _wait(host: Host, wait: Wait, stop: Callable[[], bool]) -> Done:
    clock = asyncio.get_running_loop().time
    until = clock() + wait.timeout
    while True:
        answer = await ask(host, wait.probe)
        if answer.yes:
            return Done(True, answer.said)
        if stop() or clock() + wait.interval > until:
            break
        await asyncio.sleep(wait.interval)
    last = f"; last: {answer.said}" if answer.said else ""
    return Done(False, f"{wanted(wait.probe)}: not so within {wait.timeout:g} s{last}")


async def _replace(host: Host, action: Replace) -> Done:
    now = await _read(host, action)
    if now == action.after:
        return Done(True, "already so")
    if now != action.before:
        raise Changed(f"replace {action.path}", why="it is not the file the plan was made from")
    said = await _backup(host, action) if action.before is not None and action.backup else ""
    instance = None if action.where == "host" else action.where
    await host.write(action.path, action.after, instance=instance, mode=0o644)
    if await _read(host, action) != action.after:
        raise Failed(f"replace {action.path}", why="what was read back is not what was written")
    return Done(True, said or shown(action))


async def _read(host: Host, action: Replace) -> bytes | None:
    try:
        return await host.read(action.path, instance=None if action.where == "host" else action.where)
    except NotFound:
        return None


async def _backup(host: Host, action: Replace) -> str:
    """Copy, never over another file, and check the copy's hash (R6). Twice is as good as once."""
    make = scripts.script("gbtui-backup", scripts.BACKUP, action.path, action.backup, timeout=FILE_TIMEOUT)
    completed = await host.run(_at(action.where, make))
    wrong = Failed(f"back up {action.path}", why=said(completed) or f"exit status {completed.status}")
    if not completed.ok:
        raise wrong
    if not completed.stdout.startswith(sha256(action.before or b"").encode()):
        raise Failed(
            f"back up {action.path}", why=f"{action.backup} holds something else; it stays untouched"
        )
    return f"backup {action.backup}"


def _at(where: str, make: Command) -> Command:
    return make if where == "host" else inside(where, make)
