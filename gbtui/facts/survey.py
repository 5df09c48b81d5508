"""A survey: everything the checks look at, in one round trip per place.

A fact to be surveyed is an `Ask`: the commands, and a pure reader of their answers. All that is asked
of one place (the host, or an instance) goes there in one batch, the same command once, however many
asks want it. What could not be read is kept as its error: whoever needs it says so, and nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Generic, TypeVar, cast

from gbtui.errors import BadInput, GbtuiError, Malformed, NotFound
from gbtui.facts.containers import Ask as AskInstances
from gbtui.facts.containers import Container, Containers, ContainersReader, ask_instances
from gbtui.hosts.base import Command, Completed, Host
from gbtui.profiles import Profile

T = TypeVar("T")

HOST = ("host",)
"""The scope of what is so of the host itself."""
EVERY = ("*",)
"""The scope of what is so of every running instance, of a known role or not."""

Scope = tuple[str, ...]
"""Which places: `HOST`, `EVERY`, or the names of roles."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is asked: `name` is "host" or an instance, `role` "host" or its role ("": none)."""

    name: str
    role: str = ""
    tenant: str = ""


THE_HOST = Place("host", "host")


@dataclass(frozen=True, eq=False, slots=True)
class Ask(Generic[T]):
    """One thing to know of a place.

    `commands` change nothing and end within `Command.timeout` (two seconds unless there is a reason);
    they take no stdin. `read` gets their answers in the same order; it is pure and may raise a
    GbtuiError. `every`: seconds for which an answer is good enough; 0 asks in every survey.
    """

    name: str
    commands: Callable[[Profile, Place], Sequence[Command]]
    read: Callable[[Sequence[Completed], Profile, Place], T]
    every: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class LxdAsk(Generic[T]):
    """One thing to know of LXD: a GET of `path` (as `Lxd.get`; it may depend on the profile), once."""

    name: str
    path: str | Callable[[Profile], str]
    read: Callable[[Any, Profile], T]
    params: Mapping[str, str] = field(default_factory=dict)
    every: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Need:
    """`ask` has to be known of every place in `scope`."""

    ask: Ask[Any] | LxdAsk[Any]
    scope: Scope = HOST


Key = tuple[Ask[Any] | LxdAsk[Any], str]


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found. `containers` are those of the tenant asked for; `seconds` is how long it took."""

    profile: Profile
    taken_at: datetime
    containers: tuple[Container, ...]
    answers: Mapping[Key, Any] = field(repr=False)
    seconds: float = 0.0
    unseen: GbtuiError | None = None
    """Why nobody knows which instances there are: then `containers` raises it for whoever looks."""

    def of(self, ask: Ask[T] | LxdAsk[T], place: Place | str = THE_HOST) -> T:
        """What `ask` found out of `place`.

        Raises:
            GbtuiError: it could not be read, in words.
        """
        name = place if isinstance(place, str) else place.name
        if (ask, name) not in self.answers:
            container = self.container(name)
            if container is not None and not container.running:
                raise NotFound(ask.name, why=f"{name} is {container.state.lower()}", hint="start it first")
            raise NotFound(ask.name, why=f"nobody asked {name} for it")
        answer = self.answers[ask, name]
        if isinstance(answer, GbtuiError):
            raise answer
        return cast("T", answer)

    def container(self, name: str) -> Container | None:
        """The instance of that name."""
        return next((one for one in self.containers if one.name == name), None)

    def places(self, scope: Scope) -> tuple[Place, ...]:
        """The places of a scope, running or not, in order."""
        return places(scope, self.containers)

    def sibling(self, place: Place, role: str) -> Place | None:
        """The instance that has `role` for the same tenant, None where there is none."""
        return next((one for one in self.places((role,)) if one.tenant == place.tenant), None)


class Unseen(tuple[Container, ...]):
    """Instances that LXD did not tell of: whoever wants to see them gets the error instead of none."""

    __slots__ = ()

    def __new__(cls, error: GbtuiError) -> Unseen:
        """Only the error is in it."""
        return super().__new__(cls, (error,))  # type: ignore[arg-type]  # never handed out

    def _tell(self) -> GbtuiError:
        return cast("GbtuiError", super().__getitem__(0))

    def __iter__(self) -> Iterator[Container]:
        raise self._tell()

    def __len__(self) -> int:
        raise self._tell()


def places(scope: Scope, containers: Iterable[Container]) -> tuple[Place, ...]:
    """The places of a scope among these instances."""
    if scope == HOST:
        return (THE_HOST,)
    wanted = [one for one in containers if scope == EVERY or one.role in scope]
    return tuple(Place(one.name, one.role, one.tenant) for one in wanted)


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
        self._kept: dict[Key, tuple[float, Any]] = {}

    async def look(self, needs: Iterable[Need], *, fresh: bool = False) -> Survey:
        """One survey for all `needs`. With `fresh` nothing kept is used.

        Where LXD does not say which instances there are, the host is asked all the same.

        Raises:
            GbtuiError: the host cannot be reached, or has no instance of the tenant.
        """
        began = self._clock()
        unseen: GbtuiError | None = None
        try:
            containers = await self._containers.read()
        except BadInput:
            raise
        except GbtuiError as error:
            if not self._host.link.connected:
                raise
            unseen, containers = error, Containers(())
        wanted = self._wanted(needs, containers, began, fresh=fresh)
        asked = [self._ask(place, asks) for place, asks in wanted.items()]
        found: dict[Key, Any] = {key: answer for key, (_, answer) in self._kept.items()}
        for answers in await asyncio.gather(*asked):
            found.update(answers)
        at = self._clock()
        for key, answer in found.items():
            if key[0].every and key not in self._kept and not isinstance(answer, GbtuiError):
                self._kept[key] = (at, answer)
        seen = containers.containers if unseen is None else Unseen(unseen)
        return Survey(self._profile, datetime.now(UTC), seen, found, at - began, unseen)

    def _wanted(
        self, needs: Iterable[Need], containers: Containers, now: float, *, fresh: bool
    ) -> dict[Place, dict[Ask[Any] | LxdAsk[Any], None]]:
        """Asks by place, each once, in order; those whose kept answer is good are left out."""
        old = [k for k, (at, _) in self._kept.items() if fresh or now - at >= k[0].every]
        for key in old:
            del self._kept[key]
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
            done = await self._run(place, each) if each else ()
        except GbtuiError as error:
            return {(ask, place.name): error for ask in asks}
        said = dict(zip(each, done, strict=True))
        return {
            (ask, place.name): understood(ask.name, _reader(ask, commands[ask], said, self._profile, place))
            for ask in asks
        }

    def _run(self, place: Place, commands: Sequence[Command]) -> Awaitable[tuple[Completed, ...]]:
        return self._host.run_many(commands, instance=None if place is THE_HOST else place.name)


def _reader(
    ask: Ask[T],
    commands: Sequence[Command],
    said: Mapping[Command, Completed],
    profile: Profile,
    place: Place,
) -> Callable[[], T]:
    return lambda: ask.read([said[command] for command in commands], profile, place)


def understood(what: str, read: Callable[[], T]) -> T | GbtuiError:
    """What `read` gives, or its error. A defect of a reader costs its own fact, never the survey."""
    try:
        return read()
    except GbtuiError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one reader of ninety must not blind the others; it is shown
        return Malformed(what, why=f"not understood: {type(error).__name__}: {error}"[:300])
