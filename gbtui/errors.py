"""Errors that carry words: what failed, why, and what the operator can do about it."""

from __future__ import annotations


class GbtuiError(Exception):
    """Something gbtui could not do.

    `what` names the thing attempted, `why` the cause in the host's own (sanitised) words,
    `hint` the next thing to do. `kind` is stable and appears in `--json` output.
    """

    kind = "error"

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what, why, hint)
        self.what = what
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        sentence = f"{self.what}: {self.why}" if self.why else self.what
        return f"{sentence} ({self.hint})" if self.hint else sentence


class Unreachable(GbtuiError):
    """The host, its SSH server or its LXD socket does not answer."""

    kind = "unreachable"


class Denied(GbtuiError):
    """The host answered and refused: permission, key, sudo, group membership."""

    kind = "denied"


class MissingTool(GbtuiError):
    """A program the command needs is not installed where it was run."""

    kind = "missing-tool"


class TimedOut(GbtuiError):
    """The command did not finish within its time and was ended."""

    kind = "timed-out"


class Malformed(GbtuiError):
    """Output that is not what the tool is documented to print. `why` says where."""

    kind = "malformed"


class NotFound(GbtuiError):
    """The named instance, jail, dataset or file does not exist on the host."""

    kind = "not-found"


class Failed(GbtuiError):
    """A command ran and ended with an error that none of the other kinds describes."""

    kind = "failed"


class BadInput(GbtuiError):
    """What the user typed cannot be accepted; `hint` holds the expected form."""

    kind = "bad-input"


class Refused(GbtuiError):
    """A guard, read-only mode or a held lock refused; `why` cites the reason."""

    kind = "refused"


class Changed(GbtuiError):
    """The host changed between the preview and the run: the plan is stale."""

    kind = "changed"
