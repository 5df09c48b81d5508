"""One action as a command for a shell on the host: what is pasted does what the engine would do (R1)."""

from __future__ import annotations

import base64
import hashlib
import shlex
import textwrap
from collections.abc import Mapping
from types import MappingProxyType

from gbtui.guard.amend import as_argv
from gbtui.guard.plan import Action, Amend, Exec, Probe, Replace, Wait
from gbtui.guard.scripts import PASTE
from gbtui.hosts.base import Command, inside

LARGEST = 512 * 1024
"""Bytes of base64 that are still for a clipboard."""
_END = "GBTUI"

#: (expect, negate) → what holds: `$0` is the value, `$@` the command.
_HOLDS: Mapping[tuple[str, bool], str] = MappingProxyType(
    {
        ("status", False): '"$@" >/dev/null 2>&1; [ $? = "$0" ]',
        ("status", True): '"$@" >/dev/null 2>&1; [ $? != "$0" ]',
        ("stdout", False): 'out=$("$@" 2>/dev/null) && [ "$out" = "$0" ]',
        ("stdout", True): 'out=$("$@" 2>/dev/null) && [ "$out" != "$0" ]',
        ("contains", False): 'out=$("$@" 2>/dev/null) && case $out in *"$0"*) ;; *) false ;; esac',
        ("contains", True): 'out=$("$@" 2>/dev/null) && case $out in *"$0"*) false ;; esac',
    }
)


def command(run: Exec) -> Command:
    """What the engine starts for `run`: as root on the host, or inside the instance."""
    if run.where == "host":
        return Command(run.argv, root=True, timeout=run.timeout)
    return inside(run.where, Command(run.argv, timeout=run.timeout))


def pasteable(action: Action) -> str:
    """`action` as it can be pasted into a shell on the host: one command, with a file's contents below it.

    A file too large for a clipboard is only named, as a comment.
    """
    if isinstance(action, Replace):
        return _replacement(action)
    if isinstance(action, Wait):
        return _waiting(action.probe, action.timeout, action.interval)
    if isinstance(action, Amend):
        return shlex.join(as_argv(action))
    return (
        f"{_typed(action.secret)} | {command(action).shown()}" if action.secret else command(action).shown()
    )


def _typed(name: str) -> str:
    """Asks at the terminal, unseen, and hands over by stdin what was typed (R8: no argv, no file)."""
    ask = f"printf %s {shlex.quote(f'{name}: ')} >/dev/tty"
    read = "stty -echo </dev/tty; IFS= read -r typed </dev/tty; stty echo </dev/tty"
    return f'{{ {ask}; {read}; echo >/dev/tty; printf %s "$typed"; }}'


def _waiting(probe: Probe, timeout: float, interval: float) -> str:
    until = f"until {_HOLDS[probe.expect, probe.negate]}; do sleep {interval:g}; done"
    run = command(probe.run)
    argv = ("sudo", *run.argv) if run.root else run.argv
    return shlex.join(("timeout", f"{timeout:g}", "sh", "-c", until, probe.value, *argv))


def _replacement(action: Replace) -> str:
    packed = base64.b64encode(action.after).decode("ascii")  # one-door: base64 of our own making
    if len(packed) > LARGEST:
        return f"# {action.where}: {action.path} is too large to be pasted: gbtui apply replaces it"
    before = "none" if action.before is None else hashlib.sha256(action.before).hexdigest()
    backup = action.backup if action.before is not None else ""
    argv = ("sh", "-c", PASTE, "gbtui-paste", action.path, before, backup)
    lines = "\n".join(textwrap.wrap(packed, 76))
    return f"{command(Exec(action.where, argv)).shown()} <<'{_END}'\n{lines}\n{_END}"
