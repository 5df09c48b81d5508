"""The narrow port between the engine and whoever answers it: screen, command line, test.

The engine asks through `Approver` and reports through `Progress`; it never imports a UI.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from gbtui.guard.plan import Plan


@dataclass(frozen=True, slots=True)
class Approval:
    """The answer to a plan. `acknowledged` names guards whose warnings were read; `typed` is the
    text typed for an irreversible plan; `by` says who answers (a user name)."""

    yes: bool
    by: str
    acknowledged: tuple[str, ...] = ()
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to operation `id`.

    `phase`: locked · begin · armed · step-begin · step-done · step-failed · verify-begin ·
    verify-done · verify-failed · undo-begin · undo-done · undo-failed · keep-wanted · kept ·
    reverted · end. `step` is the 0-based number in its phase, -1 where there is none. `output` is
    the cleaned, bounded output of a step. `outcome` comes with `end`.
    """

    id: str
    phase: str
    title: str = ""
    step: int = -1
    seconds: float = 0.0
    output: str = ""
    outcome: str = ""


class Approver(Protocol):
    """Who decides. Called once with the frozen plan, and once more for "keep" when a revert is armed."""

    async def approve(self, plan: Plan) -> Approval: ...

    async def keep(self, plan: Plan, id: str, seconds_left: float) -> Literal["keep", "revert", "leave"]:  # noqa: A002
        """Verified, revert armed: keep the change, revert it now, or leave it to the timer."""


@runtime_checkable
class SecretGiver(Protocol):
    """An approver that can be asked for a secret while the operation runs."""

    async def secret(self, plan: Plan, name: str) -> str:
        """What `name` stands for ("Vault unseal key 1 of 3"), as typed; "" for nothing. Never kept."""


class Progress(Protocol):
    def __call__(self, event: Event) -> None: ...


class Witness(Protocol):
    """Who is told of every operation, whatever route it came: an incident's timeline. Never raises."""

    async def begins(self, plan: Plan, id: str, word: str) -> None:  # noqa: A002
        """Its begin is journaled, and nothing was done yet. `word`: begin, finish or undo."""

    async def ended(self, plan: Plan, outcome: Outcome) -> None:
        """How it ended; without an id where a guard refused it before it began."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended.

    `result`: done (verified; `armed_until` is set while nobody said keep) · noop · refused ·
    changed · declined · failed-undone · failed (undo failed too, or impossible) · reverted.
    `armed_until` is when the host reverts by itself, in seconds since the epoch.
    """

    id: str
    result: Literal["done", "noop", "refused", "changed", "declined", "failed-undone", "failed", "reverted"]
    message: str
    plan: Plan
    armed_until: float | None = None
