"""Who takes surveys: everything that is asked of one place goes there in one batch.

One round trip per place (the host, or an instance), the same command once, however many asks want it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any, TypeVar, cast

from gbtui.errors import BadInput, GbtuiError
from gbtui.facts.containers import Ask as AskInstances
from gbtui.facts.containers import Containers, ContainersReader, ask_instances
from gbtui.facts.survey import THE_HOST, Ask, Key, LxdAsk, Need, Place, Survey, Unseen, places, understood
from gbtui.facts.survey_kept import Kept
from gbtui.hosts.base import Command, Completed, Host
from gbtui.profiles import Profile

T = TypeVar("T")

AT_ONCE = 3
"""Places that are asked at the same time: more would only take each other's time on the host, and a
probe that has two seconds would miss them for no fault of its own."""


class Surveyor:
    """Takes surveys of one host, and keeps the answers that stay good for a while.

    `instances` asks LXD for its instances, where several readers share the request.
    """

    def __init__(
        self,
        host: Host,
        profile: Profile,
        tenant: str | None = None,
        *,
        instances: AskInstances | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._host = host
        self._profile = profile
        self._clock = clock
        asked = instances or (lambda: ask_instances(host))
        self._containers = ContainersReader(host, profile, tenant, clock=clock, instances=asked)
        self._kept = Kept()
        self._turns = asyncio.Semaphore(AT_ONCE)

    def forget(self, asks: Iterable[Ask[Any] | LxdAsk[Any]] | None = None, place: str = "") -> None:
        """Ask anew in the next survey: something was changed, or somebody doubts the answer.

        Of `asks` (None: of all), and of one place ("": of every one). An answer that is on its way
        just now is not kept either.
        """
        self._kept.forget(asks, place)

    async def look(self, needs: Iterable[Need], *, fresh: bool = False) -> Survey:
        """One survey for all `needs`. With `fresh` nothing kept is used.

        Where LXD does not say which instances there are, the host is asked all the same.

        Raises:
            GbtuiError: the host cannot be reached, or has no instance of the tenant.
        """
        began = self._clock()
        if fresh:
            self._kept.forget()
        turn = self._kept.turn
        unseen: GbtuiError | None = None
        try:
            containers = await self._containers.read()
        except BadInput:
            raise
        except GbtuiError as error:
            if not self._host.link.connected:
                raise
            unseen, containers = error, Containers(())
        self._kept.expire(began)
        wanted = self._wanted(needs, containers)
        # where there is most to ask first: it takes longest
        ordered = sorted(wanted.items(), key=lambda entry: -len(entry[1]))
        asked = [self._ask(place, asks) for place, asks in ordered]
        found = self._kept.answers()
        kept = frozenset(found)
        for answers in await asyncio.gather(*asked):
            found.update(answers)
        at = self._clock()
        self._kept.keep(found, at, turn)
        seen = containers.containers if unseen is None else Unseen(unseen)
        return Survey(self._profile, datetime.now(UTC), seen, found, at - began, kept, unseen)

    def _wanted(
        self, needs: Iterable[Need], containers: Containers
    ) -> dict[Place, dict[Ask[Any] | LxdAsk[Any], None]]:
        """Asks by place, each once, in order; those whose kept answer is good are left out."""
        running = [one for one in containers.containers if one.running]
        wanted: dict[Place, dict[Ask[Any] | LxdAsk[Any], None]] = {}
        for need in needs:
            for place in places(need.scope, running):
                if (need.ask, place.name) not in self._kept:
                    wanted.setdefault(place, {})[need.ask] = None
        return wanted

    async def _ask(self, place: Place, asks: Iterable[Ask[Any] | LxdAsk[Any]]) -> dict[Key, Any]:
        commanded = [ask for ask in asks if isinstance(ask, Ask)]
        others = [ask for ask in asks if isinstance(ask, LxdAsk)]
        *lxd, answers = await asyncio.gather(
            *(self._ask_lxd(ask) for ask in others), self._ask_place(place, commanded)
        )
        found: dict[Key, Any] = {(ask, place.name): one for ask, one in zip(others, lxd, strict=True)}
        return found | cast("dict[Key, Any]", answers)

    async def _ask_lxd(self, ask: LxdAsk[T]) -> T | GbtuiError:
        try:
            path = ask.path if isinstance(ask.path, str) else ask.path(self._profile)
            reply = await self._host.lxd.get(path, ask.params)
        except GbtuiError as error:
            return error
        return understood(ask.name, lambda: ask.read(reply.data, self._profile))

    async def _ask_place(self, place: Place, asks: Sequence[Ask[Any]]) -> dict[Key, Any]:
        commands = {ask: tuple(ask.commands(self._profile, place)) for ask in asks}
        each = list(dict.fromkeys(command for some in commands.values() for command in some))
        try:
            done = await self._run(place, each)
        except GbtuiError as error:
            return {(ask, place.name): error for ask in asks}
        said = dict(zip(each, done, strict=True))
        return {
            (ask, place.name): understood(ask.name, _reader(ask, commands[ask], said, self._profile, place))
            for ask in asks
        }

    async def _run(self, place: Place, commands: Sequence[Command]) -> tuple[Completed, ...]:
        if not commands:
            return ()
        async with self._turns:
            return await self._host.run_many(commands, instance=None if place is THE_HOST else place.name)


def _reader(
    ask: Ask[T],
    commands: Sequence[Command],
    said: Mapping[Command, Completed],
    profile: Profile,
    place: Place,
) -> Callable[[], T]:
    return lambda: ask.read([said[command] for command in commands], profile, place)
