"""What an operation is: typed parameters, named guards, and a plan made from the host as it is now.

An operation only reads. Its plan is carried out by `gbtui.guard.engine`, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gbtui.errors import BadInput
from gbtui.guard.plan import Danger, Plan, Verdict
from gbtui.hosts.base import Host
from gbtui.profiles import Profile


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """What a plan is made from. `tenant` restricts to one tenant, `now` dates backups."""

    host: Host
    profile: Profile
    tenant: str | None = None
    now: Callable[[], datetime] = field(default=_now)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed parameter. `form` is what is expected; `check` gives "", or why it is not of it.

    `default` stands in where it is not given; None means that it must be.
    """

    name: str
    form: str
    check: Callable[[str], str]
    default: str | None = None

    @property
    def usage(self) -> str:
        """As it is typed: `name=FORM`, in brackets where it may be left out."""
        typed = f"{self.name}={self.form}"
        return typed if self.default is None else f"[{typed}]"

    def accepted(self, value: str) -> str:
        """`value`, checked.

        Raises:
            BadInput: it is not of the form.
        """
        why = self.check(value)
        if why:
            raise BadInput(f"{self.name}={value}", why=why, hint=f"expected {self.form}")
        return value


@dataclass(frozen=True, slots=True)
class Guard:
    """A named condition. `items` are the guide's items it stands for, `sentence` says what it holds."""

    id: str
    sentence: str
    items: tuple[int, ...]

    def allow(self, reason: str) -> Verdict:
        """It holds."""
        return Verdict(self.id, "allow", reason, self.items)

    def warn(self, reason: str) -> Verdict:
        """It may be done by somebody who has read `reason`."""
        return Verdict(self.id, "warn", reason, self.items)

    def refuse(self, reason: str, *, unless_typed: str = "") -> Verdict:
        """It must not be done; `reason` says what to do instead.

        With `unless_typed` whoever types that text may do it all the same: such a plan has its steps.
        """
        return Verdict(self.id, "refuse", reason, self.items, unless_typed)


Make = Callable[[Context, Mapping[str, str]], Awaitable[Plan]]


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that may be done. `danger` is the worst its plans can be, `items` the guide's.

    `make` gets checked parameters and reads the host; it changes nothing.
    """

    id: str
    title: str
    summary: str
    subject: str
    parameters: tuple[Parameter, ...]
    guards: tuple[Guard, ...]
    danger: Danger
    items: tuple[int, ...]
    make: Make

    def checked(self, given: Mapping[str, str]) -> dict[str, str]:
        """All parameters of this operation, each of its form, in order.

        Raises:
            BadInput: one is missing, unknown or not of its form.
        """
        usage = f"{self.id} " + " ".join(p.usage for p in self.parameters)
        known = {parameter.name for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise BadInput(f"{self.id} has no parameter {name!r}", hint=f"expected {usage}")
        for parameter in self.parameters:
            if parameter.name not in given and parameter.default is None:
                raise BadInput(f"{self.id} needs {parameter.name}=", hint=f"expected {usage}")
        return {p.name: _value(p, given) for p in self.parameters}

    async def plan(self, context: Context, given: Mapping[str, str]) -> Plan:
        """The frozen plan for these parameters, from the host as it is now.

        Raises:
            BadInput: the parameters; otherwise what reading the host raises.
        """
        return await self.make(context, self.checked(given))


def _value(parameter: Parameter, given: Mapping[str, str]) -> str:
    if parameter.name in given or parameter.default is None:
        return parameter.accepted(given[parameter.name])
    return parameter.default
