"""A survey: everything the checks look at, and what was found of it (`gbtui.facts.surveyor` takes it).

A fact to be surveyed is an `Ask`: the commands, and a pure reader of their answers. What could not be
read is kept as its error: whoever needs it says so, and nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from gbtui.errors import GbtuiError, Malformed, NotFound
from gbtui.facts.containers import Container
from gbtui.hosts.base import Command, Completed
from gbtui.hosts.errors import explain
from gbtui.profiles import Profile

T = TypeVar("T")

HOST = ("host",)
"""The scope of what is so of the host itself."""
EVERY = ("*",)
"""The scope of what is so of every running instance, of a known role or not."""

PROBE, PATIENCE = 2.0, 6.0
"""Seconds that a probe may take; and that a script may which gives each of its questions two by itself:
what has not ended by then was starved, and says nothing of what it asked."""

Scope = tuple[str, ...] | Callable[[Profile], tuple[str, ...]]
"""Which places: `HOST`, `EVERY`, or the names of roles, which a profile may have to say."""


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
    GbtuiError. `every`: seconds for which an answer is good enough; 0 asks in every survey. `patient`:
    its scripts bound themselves, and `PATIENCE` is their timeout. `late`: its reader knows by itself what
    it means that a command ran out of its time, as a patient one's does of a script that was cut off.
    """

    name: str
    commands: Callable[[Profile, Place], Sequence[Command]]
    read: Callable[[Sequence[Completed], Profile, Place], T]
    every: float = 0.0
    patient: bool = False
    late: bool = False

    def answer(self, done: Sequence[Completed], profile: Profile, place: Place) -> T:
        """What `done` says. The beginning of an answer that was cut off is none.

        Raises:
            GbtuiError: it could not be read, in words.
        """
        if not (self.late or self.patient) and (cut := next((one for one in done if one.timed_out), None)):
            raise explain(cut, self.name)
        return self.read(done, profile, place)

    def dear(self, profile: Profile, place: Place) -> bool:
        """Whether it may take so long that no survey waits for it that has an older answer."""
        return not self.patient and any(one.timeout > PROBE for one in self.commands(profile, place))


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
    kept: frozenset[Key] = field(default=frozenset(), repr=False)
    """Those of `answers` that are of an earlier survey."""
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
        return places(scope, self.containers, self.profile)

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


def places(scope: Scope, containers: Iterable[Container], profile: Profile) -> tuple[Place, ...]:
    """The places of a scope among these instances."""
    if scope == HOST:
        return (THE_HOST,)
    roles = scope(profile) if callable(scope) else scope
    wanted = [one for one in containers if roles == EVERY or one.role in roles]
    return tuple(Place(one.name, one.role, one.tenant) for one in wanted)


def understood(what: str, read: Callable[[], T]) -> T | GbtuiError:
    """What `read` gives, or its error. A defect of a reader costs its own fact, never the survey."""
    try:
        return read()
    except GbtuiError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one reader of ninety must not blind the others; it is shown
        return Malformed(what, why=f"not understood: {type(error).__name__}: {error}"[:300])
