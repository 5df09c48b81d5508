"""Who answers the engine on the command line: the options, or the person at the terminal."""

from __future__ import annotations

import asyncio
import sys
import termios
from collections.abc import Collection
from typing import Literal

from gbtui.cli.words import show_plan
from gbtui.guard.plan import Plan
from gbtui.guard.port import Approval


def at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


async def ask(question: str) -> str:
    """The answer typed at the terminal, without holding up the engine's own work."""
    sys.stderr.write(question)
    sys.stderr.flush()
    loop = asyncio.get_running_loop()
    typed = asyncio.Event()
    # a reader instead of a thread: a thread blocked in readline would hold up the exit
    loop.add_reader(sys.stdin.fileno(), typed.set)
    try:
        await typed.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline().strip()


async def ask_unseen(question: str) -> str:
    """The same, of which nothing shows while it is typed; a line of stdin where that is no terminal."""
    if not at_terminal():
        return sys.stdin.readline().strip()
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
    try:
        return await ask(question)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
        sys.stderr.write("\n")


class CommandLineApprover:
    """`yes`, `keep`, `confirm` and `acknowledged` are the options of `gbtui apply`.

    A warning is acknowledged by its guard's name, or at the terminal one by one. Without a terminal
    nothing is asked: what the options do not approve is declined, and a change that arms a revert is
    left to the host's timer unless `--keep` was given.
    """

    def __init__(
        self,
        *,
        user: str,
        yes: bool,
        keep: bool,
        confirm: str,
        quiet: bool,
        acknowledged: Collection[str] = (),
    ) -> None:
        self._user = user
        self._yes = yes
        self._keep = keep
        self._confirm = confirm
        self._quiet = quiet
        self._acknowledged = frozenset(acknowledged)

    async def approve(self, plan: Plan) -> Approval:
        if not self._quiet:
            show_plan(plan)
        read = [verdict.guard for verdict in plan.warnings if verdict.guard in self._acknowledged]
        if self._yes:
            return Approval(True, self._user, acknowledged=tuple(read), typed=self._confirm)
        if not at_terminal():
            return Approval(False, self._user)
        for verdict in plan.warnings:
            if verdict.guard not in read:
                answer = await ask(f"warning {verdict.guard}: {verdict.reason}; was it read? type yes: ")
                if answer != "yes":
                    return Approval(False, self._user)
                read.append(verdict.guard)
        typed = self._confirm
        if plan.overridable and not typed:
            typed = await ask(
                f"refused by {plan.overridable[0].guard}; type {plan.must_type} to override it: "
            )
        elif plan.must_type and not typed:
            typed = await ask("this cannot be undone; type the target's name: ")
        answer = await ask("run it? type yes: ")
        return Approval(answer == "yes", self._user, acknowledged=tuple(read), typed=typed)

    async def secret(self, plan: Plan, name: str) -> str:
        """Typed without an echo, or a line of stdin: a pipe from a password store."""
        return await ask_unseen(f"{name}: ")

    async def keep(self, plan: Plan, id: str, seconds_left: float) -> Literal["keep", "revert", "leave"]:  # noqa: A002 - the port's name
        if self._keep:
            return "keep"
        if not at_terminal() or self._quiet:
            return "leave"
        try:
            async with asyncio.timeout(seconds_left):
                answer = await ask(f"verified. keep it? {seconds_left:.0f} s left: keep / revert: ")
        except TimeoutError:
            return "leave"
        return "keep" if answer == "keep" else "revert" if answer == "revert" else "leave"
