"""From what a failed command left behind to an error with words and the next thing to do."""

from __future__ import annotations

import re
from collections.abc import Callable

from gbtui.errors import Denied, Failed, GbtuiError, MissingTool, NotFound, TimedOut, Unreachable
from gbtui.hosts.base import Completed
from gbtui.text import line

SUDO_HINT = "grant it: a sudoers drop-in such as `USER ALL=(root) NOPASSWD: ALL` for this operator"
ROOT_HINT = "run it as root, or grant `sudo -n` to this operator"
LXD_HINT = "add the user to group lxd and log in again"

#: coreutils quotes with ' or, in UTF-8, with ‘ ’.
_OPEN, _CLOSE = rb"(?:'|\xe2\x80\x98)", rb"(?:'|\xe2\x80\x99)"
#: Said by who starts the program, so they count with any status.
_NO_TOOL_ANY = (
    rb"^timeout: failed to run command " + _OPEN + rb"(?P<tool>[^\r\n]*?)" + _CLOSE + rb": No such file",
    rb"^sudo: (?P<tool>[^\r\n:]+): command not found",
    rb"\A(?P<tool>)Error: Command not found\s*\Z",  # lxc exec, which ends with 1 or 127
)
#: These words mean it only with status 127: programs speak of missing things, too.
_NO_TOOL_127 = (
    rb"timeout: can't execute '(?P<tool>[^'\r\n]*)': No such file",
    rb"exec: \"?(?P<tool>[^\r\n:\"]+)\"?: (?:executable file not found|not found)",
    rb"(?:^|: )(?P<tool>[^\r\n: ]+): (?:command )?not found",
)
_SUDO = re.compile(
    rb"^sudo: .*(password is required|terminal is required|not allowed|may not run|no tty present)|"
    rb"is not in the sudoers file|is not allowed to (execute|run)",
    re.MULTILINE,
)
_LXD_DOWN = re.compile(
    rb"(cannot connect|connection refused|no such file or directory|can't connect|is the lxd daemon)"
    rb".*(unix\.socket|lxd)|unix\.socket.*(connection refused|no such file|cannot connect)|"
    rb"lxd.*unix socket.*not found|lxd daemon doesn't appear to be started",
    re.IGNORECASE,
)
_LXD_DENIED = re.compile(
    rb"unix\.socket.*permission denied|permission denied.*unix\.socket|"
    rb"permission denied, are you in the lxd group|need.*lxd group",
    re.IGNORECASE,
)
_NO_INSTANCE = re.compile(rb"instance not found|error: not found", re.IGNORECASE)
_NOT_RUNNING = re.compile(rb"instance is not running", re.IGNORECASE)
_DENIED = re.compile(rb"permission denied|operation not permitted|must be (run as )?root", re.IGNORECASE)
_NO_FILE = re.compile(rb"no such file or directory", re.IGNORECASE)


def missing_tool(completed: Completed) -> str | None:
    """The program that is not installed where the command ran, None when that is not the cause."""
    if completed.ok:
        return None
    certain = completed.status == 127
    for pattern in (*_NO_TOOL_ANY, *(_NO_TOOL_127 if certain else ())):
        if found := re.search(pattern, completed.stderr[:4096], re.MULTILINE):
            return line(found["tool"], limit=100) or _tool(completed)
    return _tool(completed) if certain else None


def refused_by_sudo(completed: Completed) -> bool:
    """Whether sudo answered instead of the program: nothing was run."""
    return completed.status != 0 and _SUDO.search(completed.stderr[:4096]) is not None


def explain(completed: Completed, what: str) -> GbtuiError:
    """The typed error for a command that failed; `what` names the thing attempted.

    The words are the tool's own, cleaned and bounded; the kind is found in the status and in
    messages that coreutils, sudo and the LXD client are known to print.
    """
    said = _said(completed)
    head = completed.stderr[:8192] or completed.stdout[:8192]
    if completed.timed_out:
        return TimedOut(
            what, why=f"no answer within {completed.command.timeout:g} s", hint="the host may be overloaded"
        )
    if refused_by_sudo(completed):
        return Denied(what, why=said, hint=SUDO_HINT)
    if tool := missing_tool(completed):
        return MissingTool(what, why=f"{tool} is not installed there", hint=f"install {tool}")
    for pattern, make in _LADDER:
        if pattern.search(head):
            return make(what, said)
    return Failed(what, why=said or f"exit status {completed.status}")


def _said(completed: Completed) -> str:
    """The last words of the command: its error line, or its output when it had none."""
    lines = (completed.stderr.strip() or completed.stdout.strip()).splitlines()
    return line(lines[-1]) if lines else ""


def _tool(completed: Completed) -> str:
    argv = completed.command.argv
    inner = argv[argv.index("--") + 1 :] if argv[:2] == ("lxc", "exec") and "--" in argv else argv
    return inner[0] if inner else argv[0]


_LADDER: tuple[tuple[re.Pattern[bytes], Callable[[str, str], GbtuiError]], ...] = (
    (_LXD_DENIED, lambda what, said: Denied(what, why=said, hint=LXD_HINT)),
    (_LXD_DOWN, lambda what, said: Unreachable(what, why=said, hint="is the LXD daemon running?")),
    (_NO_INSTANCE, lambda what, said: NotFound(what, why=said, hint="see `lxc list`")),
    (_NOT_RUNNING, lambda what, said: Failed(what, why=said, hint="start the instance first")),
    (_DENIED, lambda what, said: Denied(what, why=said, hint=ROOT_HINT)),
    (_NO_FILE, lambda what, said: NotFound(what, why=said)),
)
