"""What a command that ran and failed means, as a typed error with words."""

from __future__ import annotations

from gbtui.errors import Denied, Failed, GbtuiError, MissingTool, NotFound, TimedOut
from gbtui.hosts.base import Completed
from gbtui.text import line

#: What the tools say (lower-cased) when the one who asks may not. The texts are the C locale's:
#: zfs, iptables, sudo and fail2ban do not translate these, coreutils only does with a locale set.
_DENIED = (
    "permission denied",
    "operation not permitted",
    "a password is required",
    "you must be root",
    "must be run as root",
    "is not in the sudoers",
)
_MISSING = ("command not found", "executable file not found")
_GONE = ("instance is not running", "instance not found", "container is not running")


def absent(done: Completed) -> bool:
    """Whether the program of `done` is not installed where it ran (a shell's and lxc's 127)."""
    said = done.stderr[:4096].lower()
    return done.status == 127 or any(words.encode() in said for words in _MISSING)


def failure(done: Completed, what: str, *, hint: str = "") -> GbtuiError:
    """The error that `done`, which failed, stands for. `what` names the thing attempted."""
    program = done.command.argv[0] if done.command.argv else "?"
    why = line(done.stderr) or line(done.stdout) or f"exit status {done.status}"
    said = why.lower()
    if done.status == 124:
        return TimedOut(what, why=f"no end after {done.command.timeout:g} s", hint=hint)
    if any(words in said for words in _GONE):
        return NotFound(what, why=why, hint="start the instance, or choose another")
    if absent(done):
        return MissingTool(what, why=why, hint=hint or f"install {program} there")
    if any(words in said for words in _DENIED):
        return Denied(what, why=why, hint=hint or "run as root, or grant it with sudo -n")
    return Failed(what, why=why, hint=hint)
