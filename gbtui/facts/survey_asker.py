"""How a place is asked: all of its commands in one batch, each once, and each answer to who asked for it."""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from gbtui.errors import GbtuiError
from gbtui.facts.survey import THE_HOST, Ask, Key, LxdAsk, Place, understood
from gbtui.hosts.base import Command, Completed, Host
from gbtui.profiles import Profile

T = TypeVar("T")


class Asker:
    """Asks one host; an answer that cannot be had or read is its error."""

    def __init__(self, host: Host, profile: Profile) -> None:
        self._host = host
        self._profile = profile

    async def lxd(self, ask: LxdAsk[Any], place: Place) -> dict[Key, Any]:
        """What LXD's API says."""
        try:
            path = ask.path if isinstance(ask.path, str) else ask.path(self._profile)
            reply = await self._host.lxd.get(path, ask.params)
        except GbtuiError as error:
            return {(ask, place.name): error}
        return {(ask, place.name): understood(ask.name, lambda: ask.read(reply.data, self._profile))}

    async def place(self, place: Place, asks: Sequence[Ask[Any]], turns: Semaphore) -> dict[Key, Any]:
        """What the place says, in one batch, as soon as there is a turn."""
        commands = {ask: tuple(ask.commands(self._profile, place)) for ask in asks}
        each = list(dict.fromkeys(command for some in commands.values() for command in some))
        each.sort(key=lambda command: not command.root)  # root's in a row, so that one sudo does for them
        try:
            done = await self._run(place, each, turns)
        except GbtuiError as error:
            return {(ask, place.name): error for ask in asks}
        said = dict(zip(each, done, strict=True))
        return {
            (ask, place.name): understood(ask.name, _reader(ask, commands[ask], said, self._profile, place))
            for ask in asks
        }

    async def _run(
        self, place: Place, commands: Sequence[Command], turns: Semaphore
    ) -> tuple[Completed, ...]:
        if not commands:
            return ()
        async with turns:
            return await self._host.run_many(commands, instance=None if place is THE_HOST else place.name)


def _reader(
    ask: Ask[T],
    commands: Sequence[Command],
    said: Mapping[Command, Completed],
    profile: Profile,
    place: Place,
) -> Callable[[], T]:
    return lambda: ask.answer([said[command] for command in commands], profile, place)
