"""fail2ban: who is banned where, and for how much longer (guide items 29, 30, 72–75)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gbtui.errors import GbtuiError, Malformed
from gbtui.facts.bans_parse import (
    BANNED,
    CLOCK,
    STATUS,
    Counts,
    banip_of,
    command,
    parse_banned,
    parse_bans,
    parse_clock,
    parse_jails,
    parse_status,
    status_of,
)
from gbtui.facts.bans_types import Ban, Bans, Jail
from gbtui.facts.failure import absent, failure
from gbtui.hosts.base import Completed, Host
from gbtui.profiles import Profile

__all__ = ["Ban", "Bans", "BansReader", "Jail"]

HOST = "host"
_DOWN = b"Failed to access socket path"


@dataclass(frozen=True, slots=True)
class _Place:
    jails: tuple[Jail, ...]
    malformed: int = 0
    note: str = ""


class BansReader:
    """Reads every jail of the host and of the instances that have fail2ban.

    `containers` are names, or a callable that gives them at each reading: those of the tenant's
    running instances whose role is in `profile.ban_roles` (others are left out here).
    """

    def __init__(
        self, host: Host, profile: Profile, containers: Callable[[], Iterable[str]] | Iterable[str] = ()
    ) -> None:
        self._host = host
        self._profile = profile
        self._containers = containers

    async def read(self) -> Bans:
        """All places side by side. A place that cannot be read costs a note, never the others.

        Raises:
            The host's own error, where no place at all could be read.
        """
        places = [HOST, *self._instances()]
        found = await asyncio.gather(*(self._place(where) for where in places))
        errors = [one for one in found if isinstance(one, GbtuiError)]
        if len(errors) == len(found):
            raise errors[0]
        good = [one for one in found if isinstance(one, _Place)]
        notes = [
            (where, str(one) if isinstance(one, GbtuiError) else one.note)
            for where, one in zip(places, found, strict=True)
        ]
        return Bans(
            jails=tuple(jail for one in good for jail in one.jails),
            notes=tuple((where, note) for where, note in notes if note),
            malformed=sum(one.malformed for one in good),
        )

    def _instances(self) -> list[str]:
        given = self._containers() if callable(self._containers) else self._containers
        return [name for name in given if self._profile.split(name)[1] in self._profile.ban_roles]

    async def _place(self, where: str) -> _Place | GbtuiError:
        try:
            return await self._read_place(where)
        except GbtuiError as error:
            return error

    async def _read_place(self, where: str) -> _Place:
        """Two batches: which jails, and then their details; `banip` only where somebody is banned."""
        (first,) = await self._ask(where, BANNED)
        if not first.ok and (absent(first) or _DOWN in first.stderr or b"ermission denied" in first.stderr):
            raise _down(first, where)
        jails, malformed = await self._jails(where, first)
        asked = [argv for name, banned in jails.items() for argv in _details(name, banned)]
        done = await self._ask(where, CLOCK, *asked) if jails else ()
        answers = {one.command.argv: one for one in done}
        now = parse_clock(answers[CLOCK].stdout) if done else None
        read = []
        for name in jails:
            counts, listed = answers[status_of(name)], answers.get(banip_of(name))
            if not counts.ok:
                continue  # the jail was stopped between the two batches
            bans, bad = parse_bans(listed.stdout, now) if listed is not None else ((), 0)
            malformed += bad
            read.append(_jail(where, name, bans, parse_status(counts.stdout)))
        note = "its clock could not be read: time left is not known" if done and now is None else ""
        return _Place(tuple(read), malformed, note)

    async def _jails(self, where: str, first: Completed) -> tuple[dict[str, bool], int]:
        """Jail → whether somebody may be banned in it."""
        try:
            if first.ok:
                counted, malformed = parse_banned(first.stdout)
                return {name: count > 0 for name, count in counted.items()}, malformed
        except Malformed:
            pass  # an unusual address can break the literal: `status` names the jails as well
        (status,) = await self._ask(where, STATUS)
        if not status.ok:
            raise _down(status, where)
        return dict.fromkeys(parse_jails(status.stdout), True), 0

    async def _ask(self, where: str, *asked: tuple[str, ...]) -> tuple[Completed, ...]:
        root = where == HOST
        commands = [command(argv, root=root and argv != CLOCK) for argv in asked]
        return await self._host.run_many(commands, instance=None if root else where)


def _details(jail: str, banned: bool) -> tuple[tuple[str, ...], ...]:
    return (status_of(jail), banip_of(jail)) if banned else (status_of(jail),)


def _jail(where: str, name: str, bans: tuple[Ban, ...], counts: Counts) -> Jail:
    return Jail(where, name, bans, counts.currently_failed, counts.total_failed, counts.total_banned)


def _down(done: Completed, where: str) -> GbtuiError:
    hint = "systemctl start fail2ban there" if _DOWN in done.stderr else ""
    return failure(done, f"fail2ban of {where}", hint=hint)
