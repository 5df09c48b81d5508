"""What would be done, as a frozen value: what was previewed is, byte for byte, what runs (R1).

A plan is pure data and survives a crash inside the journal: `to_json` / `from_json` are exact.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal


class Danger(StrEnum):
    """How bad the steps can be, from what they do, mildest first."""

    SAFE = "safe"
    REVERSIBLE = "reversible"
    DISRUPTIVE = "disruptive"
    DESTRUCTIVE = "destructive"
    IRREVERSIBLE = "irreversible"


@dataclass(frozen=True, slots=True)
class Exec:
    """A program at `where` ("host" or an instance name). `timeout` in seconds.

    `secret` names something that is asked for when its step's time has come, and given on stdin:
    the plan, the journal and the preview hold the name alone. Only a step's own action may have one.
    """

    where: str
    argv: tuple[str, ...]
    timeout: float = 30.0
    secret: str = ""

    def shown(self) -> str:
        return shlex.join(self.argv)


@dataclass(frozen=True, slots=True)
class Probe:
    """A command and what it must say for something to be true.

    `expect`: "status" (exit status equals `value`) · "stdout" (stripped output equals `value`) ·
    "contains" (output contains `value`); the last two also need exit status 0, so that a command
    that could not look is never taken for an answer. `negate` turns what is said round, not the
    need for status 0. Probes change nothing.
    """

    title: str
    run: Exec
    expect: Literal["status", "stdout", "contains"]
    value: str
    negate: bool = False

    @property
    def denied(self) -> Probe:
        """What holds where this does not."""
        return replace(self, title=f"not: {self.title}", negate=not self.negate)


@dataclass(frozen=True, slots=True)
class Replace:
    """A file replaced as a whole, with a backup first (R6). `before` is None where there was none."""

    where: str
    path: str
    before: bytes | None
    after: bytes
    backup: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Look at `probe` until it holds, at most `timeout` seconds, every `interval`."""

    probe: Probe
    timeout: float
    interval: float = 1.0


Setting = str | Mapping[str, str]
"""A configuration key's value, or a device's keys and values."""


@dataclass(frozen=True, slots=True)
class Amend:
    """One configuration key or one device of an instance, set through LXD's API with If-Match.

    `section` is "config" (`key` is a configuration key, values are text) or "devices" (`key` is a
    device's name, values are its keys and values). None means that it is not there. It is refused
    when it is not `before` any more, or when anything of the instance changes while it is written.
    """

    instance: str
    section: Literal["config", "devices"]
    key: str
    before: Setting | None
    after: Setting | None


Action = Exec | Replace | Wait | Amend


@dataclass(frozen=True, slots=True)
class Step:
    """One change (or wait), how it is proven done, and how it is undone.

    `done` tells after a crash whether the step took effect. `undo` is empty with `no_undo` saying
    why ("a restart cannot be taken back"); `armed` marks steps whose undo the host's own timer
    carries out when nobody says keep (R5). `loses` names data that the step destroys ("what was
    written to acme-email since"): destructive with an undo, irreversible without. `publishes` names
    what the step hands to others, who may act on it at once: nothing calls that back. `undone` proves
    that it is taken back, where `done` denied is no proof of it: a folder that somebody else has put
    something into stays.

    What undoing it would do later, told by who plans it: `undo_loses` names data that goes with it,
    for good; `undo_dark` what does not answer then. `part`: an action that is taken back
    with another step (in an undo: with the one after it).
    """

    title: str
    does: Action
    done: Probe | None = None
    undo: tuple[Action, ...] = ()
    no_undo: str = ""
    armed: bool = False
    loses: str = ""
    undo_loses: str = ""
    undo_dark: tuple[str, ...] = ()
    part: bool = False
    publishes: str = ""
    undone: Probe | None = None

    @property
    def back(self) -> Probe | None:
        """What proves that it is undone; None where nothing can tell."""
        return self.undone or (self.done and self.done.denied)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one guard says. `items` are the guide's item numbers it stands for.

    `unless_typed`: the guard itself allows this refusal to be overridden, by whoever types exactly
    that text; "" (and any other verdict): it cannot be. The plan of such a refusal has its steps.
    """

    guard: str
    verdict: Literal["allow", "warn", "refuse"]
    reason: str
    items: tuple[int, ...] = ()
    unless_typed: str = ""


@dataclass(frozen=True, slots=True)
class Reliance:
    """A fact the plan was made from: the output of `run` had this SHA-256 (stdout and status)."""

    title: str
    run: Exec
    sha256: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything there is to know before saying yes.

    `noop` is not "" when there is nothing to do, and says so in words. `revert_after` is the time
    in seconds after which the host undoes the armed steps by itself, 0 where nothing is armed.
    `dark` names what does not answer meanwhile ("botserver :5858, about 8 s"). `target` is the name
    to be typed for an irreversible plan. `undo_warning` says what undoing it later would do.
    """

    operation: str
    parameters: tuple[tuple[str, str], ...]
    title: str
    why: str
    danger: Danger
    steps: tuple[Step, ...]
    verify: tuple[Wait, ...]
    verdicts: tuple[Verdict, ...]
    relies_on: tuple[Reliance, ...]
    fingerprint: str
    revert_after: float = 0.0
    dark: tuple[str, ...] = ()
    noop: str = ""
    host: str = ""
    items: tuple[int, ...] = field(default=())
    target: str = ""
    undo_warning: str = ""

    @property
    def must_type(self) -> str:
        """What has to be typed before it runs: the text that overrides a refusal, or an irreversible
        plan's target (R4); "" where nothing has to be."""
        if self.overridable:
            return self.overridable[0].unless_typed
        return self._confirms

    @property
    def _confirms(self) -> str:
        if self.danger is not Danger.IRREVERSIBLE:
            return ""
        return self.target or (self.parameters[0][1] if self.parameters else self.operation)

    @property
    def refused(self) -> tuple[Verdict, ...]:
        """Every refusal, those that may be overridden by typing, too."""
        return tuple(v for v in self.verdicts if v.verdict == "refuse")

    @property
    def overridable(self) -> tuple[Verdict, ...]:
        """Refusals that whoever types `must_type` overrides."""
        return tuple(v for v in self.refused if v.unless_typed)

    @property
    def final(self) -> tuple[Verdict, ...]:
        """Refusals that nothing overrides: those without `unless_typed`, and all of them where two
        would need different texts, because only one is typed."""
        wanted = {v.unless_typed for v in self.overridable} | {self._confirms} - {""}
        if len(wanted) > 1 and self.overridable:
            return self.refused
        return tuple(v for v in self.refused if not v.unless_typed)

    @property
    def warnings(self) -> tuple[Verdict, ...]:
        return tuple(v for v in self.verdicts if v.verdict == "warn")
