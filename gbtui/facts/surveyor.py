"""Who takes surveys: everything that is asked of one place goes there in one batch.

One round trip per place (the host, or an instance), the same command once, however many asks want it.
What may take long goes there in a batch of its own, and only a survey that knows no answer yet waits for
it: for the others it is asked in the background, and they use what was answered the last time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from gbtui.errors import BadInput, GbtuiError, TimedOut
from gbtui.facts.containers import Ask as AskInstances
from gbtui.facts.containers import Containers, ContainersReader, ask_instances
from gbtui.facts.survey import Ask, Key, LxdAsk, Need, Place, Survey, Unseen, places
from gbtui.facts.survey_asker import Asker
from gbtui.facts.survey_kept import Kept
from gbtui.hosts.base import Host
from gbtui.profiles import Profile

AnyAsk = Ask[Any] | LxdAsk[Any]

AT_ONCE = 3
"""Places that are asked at the same time: more would only take each other's time on the host, and a
probe that has two seconds would miss them for no fault of its own."""
DEAR_AT_ONCE = 2
"""The same for what may take long."""


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
        self._asker = Asker(host, profile)
        self._profile = profile
        self._clock = clock
        asked = instances or (lambda: ask_instances(host))
        self._containers = ContainersReader(host, profile, tenant, clock=clock, instances=asked)
        self._kept = Kept()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._dear_turns = asyncio.Semaphore(DEAR_AT_ONCE)
        self._background: dict[str, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """End what is asked in the background."""
        tasks = tuple(self._background.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def forget(self, asks: Iterable[AnyAsk] | None = None, place: str = "") -> None:
        """Ask anew in the next survey: something was changed, or somebody doubts the answer.

        Of `asks` (None: of all), and of one place ("": of every one). An answer that is on its way
        just now is not kept either.
        """
        self._kept.forget(asks, place)

    async def look(self, needs: Iterable[Need], *, fresh: bool = False, patient: bool = False) -> Survey:
        """One survey for all `needs`. With `fresh` nothing kept is used.

        With `patient`, for whoever looks only once, what got no answer in its time is asked again.
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
        wanted = self._wanted(needs, containers, began)
        known = self._kept.answers()
        new: dict[Key, Any] = {}
        for answers in await asyncio.gather(*self._asked(wanted)):
            new.update(answers)
        if patient:
            new.update(await self._again(wanted, new))
        at = self._clock()
        self._kept.keep(new, at, turn)
        seen = containers.containers if unseen is None else Unseen(unseen)
        kept = frozenset(known.keys() - new.keys())
        return Survey(self._profile, datetime.now(UTC), seen, known | new, at - began, kept, unseen)

    def _wanted(
        self, needs: Iterable[Need], containers: Containers, now: float
    ) -> dict[Place, dict[AnyAsk, None]]:
        """Asks by place, each once, in order; those whose kept answer is good are left out."""
        running = [one for one in containers.containers if one.running]
        wanted: dict[Place, dict[AnyAsk, None]] = {}
        for need in needs:
            for place in places(need.scope, running, self._profile):
                if self._kept.due((need.ask, place.name), now):
                    wanted.setdefault(place, {})[need.ask] = None
        return wanted

    def _asked(self, wanted: Mapping[Place, Iterable[AnyAsk]]) -> list[Coroutine[Any, Any, dict[Key, Any]]]:
        """What this survey waits for; what is dear and known is begun in the background."""
        batches: list[tuple[int, Coroutine[Any, Any, dict[Key, Any]]]] = []
        for place, asks in wanted.items():
            commanded = [ask for ask in asks if isinstance(ask, Ask)]
            dear = [ask for ask in commanded if ask.dear(self._profile, place)]
            live = [ask for ask in commanded if ask not in dear]
            late = [ask for ask in dear if (ask, place.name) in self._kept]
            first = [ask for ask in dear if ask not in late]
            batches += [(1, self._asker.lxd(ask, place)) for ask in asks if isinstance(ask, LxdAsk)]
            batches += [(len(live), self._asker.place(place, live, self._turns))] if live else []
            batches += [(len(first), self._asker.place(place, first, self._dear_turns))] if first else []
            if late and place.name not in self._background:
                self._begin(place, late)
        # where there is most to ask first: it takes longest
        return [batch for _, batch in sorted(batches, key=lambda one: -one[0])]

    def _begin(self, place: Place, asks: Sequence[Ask[Any]]) -> None:
        async def ask() -> None:
            turn = self._kept.turn
            try:
                answers = await self._asker.place(place, asks, self._dear_turns)
                self._kept.keep(answers, self._clock(), turn)
            finally:
                del self._background[place.name]

        self._background[place.name] = asyncio.create_task(ask(), name=f"dear questions to {place.name}")

    async def _again(
        self, wanted: Mapping[Place, Iterable[AnyAsk]], answers: Mapping[Key, Any]
    ) -> dict[Key, Any]:
        """What got no answer in its time, once more: one place after the other, and nothing beside it.

        On a busy host it is the look itself that starves a probe. A place that answered none of several
        asks is left alone: it is stuck, not slow.
        """
        found: dict[Key, Any] = {}
        for place, asks in wanted.items():
            commanded = [ask for ask in asks if isinstance(ask, Ask)]
            late = [ask for ask in commanded if isinstance(answers.get((ask, place.name)), TimedOut)]
            if len(late) == 1 or 0 < len(late) < len(commanded):
                found.update(await self._asker.place(place, late, self._turns))
        return found
