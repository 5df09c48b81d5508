"""What the operations on services look at, and the steps they share: restart, health, steadiness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from gbtui.facts.failure import absent, failure
from gbtui.facts.services import PROPERTIES, Listener, UnitState, parse_listeners, parse_units
from gbtui.guard.plan import Exec, Probe, Reliance, Step, Verdict, Wait
from gbtui.guard.preview import command
from gbtui.operations import services_scripts as scripts
from gbtui.operations.assemble import relying
from gbtui.operations.base import Context, Guard
from gbtui.profiles import Service

RESTART_DARK = 10
HEALTHY_WITHIN = 30.0
STEADY_WITHIN = 20.0

OWNER = Guard("port-owner", "what listens on the service's port is what systemd started", (36, 61, 62))
WHO_WAITS = Guard("services-restart", "who uses the services knows that they restart", (36, 92))


@dataclass(frozen=True, slots=True)
class Target:
    """One unit to be restarted. `service` is the profile's, None where it knows nothing of it."""

    unit: str
    state: UnitState
    service: Service | None

    @property
    def name(self) -> str:
        return self.service.name if self.service else self.unit

    @property
    def port(self) -> int | None:
        """The port its health URL is at."""
        return urlsplit(self.service.health).port if self.service else None

    @property
    def lasts(self) -> bool:
        """Whether something goes on running that can be looked at."""
        return self.state.kind != "oneshot"


def _ask_units(container: str, units: Sequence[str]) -> Exec:
    return Exec(container, ("systemctl", "show", "-p", PROPERTIES, "--", *units))


async def facts(context: Context, container: str, found: Sequence[Target]) -> tuple[Reliance, ...]:
    """What a plan rests on. Processes and counters are not among it: the one to be restarted may
    well be one that ends again and again."""
    units = [target.unit for target in found]
    asked = Exec(container, ("systemctl", "show", "-p", "Id,LoadState,DropInPaths", "--", *units))
    held = holders(container, found)
    return await relying(context, ("units", asked), *([("listeners", held)] if held else []))


async def targets(context: Context, container: str, units: Sequence[str]) -> tuple[Target, ...]:
    """`units` as they are now, in that order.

    Raises:
        Failed, MissingTool: systemd cannot be asked.
    """
    done = await context.host.run(command(_ask_units(container, units)))
    if not done.ok:
        raise failure(done, f"units of {container}")
    known = {service.unit: service for service in context.profile.services_of(_role(context, container))}
    states = parse_units(done.stdout)
    return tuple(Target(unit, state, known.get(unit)) for unit, state in zip(units, states, strict=True))


def _role(context: Context, container: str) -> str:
    return context.profile.split(container)[1]


def holders(container: str, found: Sequence[Target]) -> Exec | None:
    """Who holds the ports of `found` and is none of them; None where the profile knows no port."""
    ports = [(target.port, target.unit) for target in found if target.port is not None]
    return scripts.strangers(container, ports) if ports else None


async def owners(context: Context, container: str, found: Sequence[Target]) -> Verdict:
    """Who really holds the ports: a copy that systemd did not start would outlive any restart."""
    asked = holders(container, found)
    names = ", ".join(target.unit for target in found)
    if asked is None:
        return OWNER.allow(f"the profile knows no port of {names}: systemd's word is all there is")
    done = await context.host.run(command(asked))
    if absent(done) or done.status == 127:
        return OWNER.warn(f"{container} has no ss (iproute2): who holds the ports of {names} cannot be seen")
    if not done.ok:
        raise failure(done, f"listeners of {container}")
    others = parse_listeners(done.stdout)
    if not others:
        return OWNER.allow(f"nobody but {names} listens on their ports")
    who = "; ".join(f"{one.port} in {container} is held by {_who(container, one)}" for one in others)
    hint = "a restart would leave it there and find the port taken: end it first"
    return OWNER.refuse(f"{who}. Not started by {names}: {hint}")


def _who(container: str, one: Listener) -> str:
    if not one.pid:
        return "a process outside the container (a proxy device?)"
    started = f"of {one.unit}" if one.unit else "started by hand"
    end = "" if one.unit else f": lxc exec {container} -- kill {one.pid}"
    return f"process {one.pid} ({one.program}, user {one.user}) {started}{end}"


# Steps


def restart(container: str, target: Target) -> Step:
    """Restart one unit; done once systemd has started it anew."""
    run = Exec(container, ("systemctl", "show", "-p", "InvocationID", "--value", "--", target.unit))
    done = Probe(f"{target.unit} was started anew", run, "stdout", target.state.invocation, negate=True)
    return Step(
        title=f"Restart {target.name}",
        does=Exec(container, ("systemctl", "restart", "--", target.unit), 60.0),
        done=done,
        no_undo="a restart cannot be taken back",
    )


def healthy(container: str, target: Target, timeout: float = HEALTHY_WITHIN) -> Wait:
    """Wait for the profile's health URL to answer 200, or for systemd's "active" where it has none."""
    if target.service is None:
        return Wait(scripts.steady(container, target.unit, None), timeout)
    argv = ("curl", "-fsS", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}", target.service.health)
    return Wait(Probe(f"{target.name} is healthy", Exec(container, argv, 10.0), "stdout", "200"), timeout)


def steady(container: str, target: Target) -> Wait:
    """Wait until it has run for some seconds without a restart, and holds its port itself."""
    return Wait(scripts.steady(container, target.unit, target.port), STEADY_WITHIN)


def dark(found: Sequence[Target]) -> tuple[str, ...]:
    """What does not answer while these restart."""
    return tuple(f"{one.name}{f' :{one.port}' if one.port else ''}, about {RESTART_DARK} s" for one in found)
