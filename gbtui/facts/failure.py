"""What a command that ran and failed means to a reader: the hosts' words, with the reader's own hint."""

from __future__ import annotations

from gbtui.errors import GbtuiError, TimedOut
from gbtui.hosts.base import Completed
from gbtui.hosts.errors import explain, missing_tool


def absent(done: Completed) -> bool:
    """Whether `done` failed because its program is not installed where it ran."""
    return not done.ok and missing_tool(done) is not None


def failure(done: Completed, what: str, *, hint: str = "", late: str = "") -> GbtuiError:
    """The typed error `done`, which failed, stands for.

    `hint` replaces the general one, and `late` does where it did not end in its time: there is nothing
    to install then.
    """
    error = explain(done, what)
    error.hint = (late if isinstance(error, TimedOut) else hint) or error.hint
    return error
