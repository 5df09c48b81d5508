"""fail2ban: who is banned where, and for how much longer (guide items 29, 30, 72–75)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gbtui.errors import GbtuiError, Malformed
from gbtui.facts.bans_parse import (
    BANNED,
    CLOCK,
    STATUS,
    Counts,
    asking,
    banip_of,
    command,
    parse_answers,
    parse_banned,
    parse_bans,
    parse_clock,
    parse_jails,
    parse_status,
    status_of,
)
from gbtui.facts.bans_types import Ban, Bans, Jail
from gbtui.facts.failure import absent, failure
from gbtui.hosts.base import Completed, Host, inside
from gbtui.profiles import Profile

__all__ = ["Ban", "Bans", "BansReader", "Jail"]

HOST = "host"
_DOWN = b"Failed to access socket path"
_NO_JAIL = b"Sorry but the jail"


@dataclass(frozen=True, slots=True)
class _Place:
    jails: tuple[Jail, ...]
    malformed: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """A place's clock, and its answer to each question."""

    clock: bytes
    answers: Mapping[tuple[str, ...], bytes]

    def and_then(self, later: _Said) -> _Said:
        return _Said(later.clock, {**self.answers, **later.answers})


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
        self._before: dict[str, tuple[tuple[str, ...], ...]] = {}

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
        """One start of the client where the jails are those of the last reading, else two."""
        said = await self._ask(where, BANNED, *self._before.get(where, ()))
        jails, malformed = await self._jails(where, said)
        wanted = [argv for name, banned in jails.items() for argv in _details(name, banned)]
        self._before[where] = tuple(wanted)
        missing = [argv for argv in wanted if argv not in said.answers]
        if missing:
            said = said.and_then(await self._ask(where, *missing))
        now = parse_clock(said.clock)
        read = []
        for name in jails:
            counts, listed = said.answers[status_of(name)], said.answers.get(banip_of(name), b"")
            if counts.startswith(_NO_JAIL):
                continue  # the jail was stopped meanwhile
            bans, bad = parse_bans(listed, now) if jails[name] else ((), 0)
            malformed += bad
            read.append(_jail(where, name, bans, parse_status(counts)))
        note = "its clock could not be read: time left is not known" if jails and now is None else ""
        return _Place(tuple(read), malformed, note)

    async def _jails(self, where: str, said: _Said) -> tuple[dict[str, bool], int]:
        """Jail → whether somebody may be banned in it."""
        try:
            counted, malformed = parse_banned(said.answers[BANNED])
        except Malformed:
            # an unusual address can break the literal, an old client has no `banned`: `status` names them too
            status = await self._ask(where, STATUS)
            return dict.fromkeys(parse_jails(status.answers[STATUS]), True), 0
        return {name: count > 0 for name, count in counted.items()}, malformed

    async def _ask(self, where: str, *asked: tuple[str, ...]) -> _Said:
        """All questions in one start of the client; raises what keeps the place from answering."""
        root = where == HOST
        question = asking(asked, root=root)
        done = await self._host.run(question if root else inside(where, question))
        if absent(done) or _DOWN in done.stderr or b"ermission denied" in done.stderr or not done.stdout:
            raise _down(done, where)
        try:
            clock, answers = parse_answers(done.stdout, len(asked))
        except Malformed:
            return await self._ask_singly(where, asked)  # a Python without readline has no such mode
        return _Said(clock, dict(zip(asked, answers, strict=True)))

    async def _ask_singly(self, where: str, asked: tuple[tuple[str, ...], ...]) -> _Said:
        root = where == HOST
        commands = [command(argv, root=root and argv != CLOCK) for argv in (CLOCK, *asked)]
        clock, *done = await self._host.run_many(commands, instance=None if root else where)
        return _Said(clock.stdout, {one.command.argv: one.stdout for one in done})


def _details(jail: str, banned: bool) -> tuple[tuple[str, ...], ...]:
    return (status_of(jail), banip_of(jail)) if banned else (status_of(jail),)


def _jail(where: str, name: str, bans: tuple[Ban, ...], counts: Counts) -> Jail:
    return Jail(where, name, bans, counts.currently_failed, counts.total_failed, counts.total_banned)


def _down(done: Completed, where: str) -> GbtuiError:
    hint = "systemctl start fail2ban there" if _DOWN in done.stderr else ""
    return failure(done, f"fail2ban of {where}", hint=hint)
