"""`containers.start`, `stop`, `restart` (never by force) and `force-stop` (items 6-20, 89)."""

from __future__ import annotations

from collections.abc import Mapping

from gbtui.guard.plan import Danger, Exec, Plan, Step, Verdict
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.containers_look import (
    CLEAN_STOP,
    EXISTS,
    HOST,
    RESTART_DARK,
    START_TIMEOUT,
    STOP_TIMEOUT,
    Subject,
    ask_state,
    dark,
    listening,
    meant_to_listen,
    started_anew,
    state_is,
    subject,
    up_again,
)
from gbtui.operations.containers_settle import settled, settled_again
from gbtui.operations.parameters import CONTAINER

ITEMS = (6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
DARK = Guard("goes-dark", "who uses its ports, names and services knows that they go dark", (16, 17, 18))
STEADY = Guard("state-is-steady", "it is started or stopped, and not on its way in between", (89,))
CLEAN = Guard("clean-stop-first", "a clean stop was tried before force takes what was not written", (89,))

STOP = ("--timeout", str(CLEAN_STOP))


def start_action(name: str) -> Exec:
    """Start it."""
    return Exec(HOST, ("lxc", "start", name), START_TIMEOUT)


def stop_action(name: str) -> Exec:
    """Ask it to shut down; where it does not within a minute LXD fails and leaves it running."""
    return Exec(HOST, ("lxc", "stop", name, *STOP), STOP_TIMEOUT)


def restart_action(name: str) -> Exec:
    """Clean stop and start as one operation of LXD: a lost link cannot leave it stopped."""
    return Exec(HOST, ("lxc", "restart", name, *STOP), STOP_TIMEOUT + START_TIMEOUT)


def restart_step(found: Subject) -> Step:
    """Restart it, proven by LXD's time of its last start."""
    return Step(
        title=f"Restart {found.name}, shutting it down cleanly",
        does=restart_action(found.name),
        done=started_anew(found),
        no_undo="a restart cannot be taken back",
    )


def steady(found: Subject) -> Verdict:
    """Only Running and Stopped are acted on: Frozen, Error and the like want a look first."""
    if found.one.state in ("Running", "Stopped"):
        return STEADY.allow(f"{found.name} is {found.one.state.lower()}")
    words = f"{found.name} is {found.one.state.lower()}: look at it first (lxc info {found.name} --show-log)"
    return STEADY.refuse(words)


def darkness(lost: tuple[str, ...]) -> tuple[Verdict, ...]:
    """The warning that names what goes dark."""
    return (DARK.warn(f"does not answer meanwhile: {'; '.join(lost)}"),) if lost else ()


async def start(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to start a container and to wait until its services are healthy."""
    name = given["container"]
    title = f"Start {name}"
    found, there = await subject(context, name)
    if found is None:
        return assemble(START, context, given, title, verdicts=(there,))
    verdicts = (there, steady(found))
    if found.one.running:
        return assemble(START, context, given, title, verdicts=verdicts, noop=f"{name} runs already")
    if verdicts[1].verdict == "refuse":
        return assemble(START, context, given, title, verdicts=verdicts)
    stopped = (f"{_offers(found)} of {name}, until it is started again",)
    step = Step(title, start_action(name), state_is(name, "RUNNING"), (stop_action(name),), undo_dark=stopped)
    return assemble(
        START,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=(step, *settled(context, found)),
        verify=up_again(context, found, meant_to_listen(found)),
        relies_on=await relying(context, (f"state of {name}", ask_state(name))),
        why=f"{name} ({found.what}) is stopped",
        target=name,
        undo_warning=f"{name} is stopped again: {_offers(found)} goes dark",
    )


async def stop(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to shut a container down cleanly."""
    name = given["container"]
    title = f"Stop {name}"
    found, there = await subject(context, name)
    if found is None:
        return assemble(STOP_CLEANLY, context, given, title, verdicts=(there,))
    verdicts = (there, steady(found))
    if found.one.state == "Stopped":
        return assemble(
            STOP_CLEANLY, context, given, title, verdicts=verdicts, noop=f"{name} is stopped already"
        )
    if verdicts[1].verdict == "refuse":
        return assemble(STOP_CLEANLY, context, given, title, verdicts=verdicts)
    lost = await dark(context, found, "until it is started again")
    step = Step(
        f"{title}, shutting it down cleanly",
        stop_action(name),
        state_is(name, "STOPPED"),
        (start_action(name), *settled_again(context, found)),
    )
    return assemble(
        STOP_CLEANLY,
        context,
        given,
        title,
        verdicts=(*verdicts, *darkness(lost)),
        steps=(step,),
        verify=proofs((step,)),
        relies_on=await relying(context, (f"state of {name}", ask_state(name))),
        why=f"{name} ({found.what}) runs; it gets {CLEAN_STOP} s to shut down, else it stays up",
        dark=lost,
        target=name,
    )


async def restart(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to restart a container cleanly and to wait until all it offered is back."""
    name = given["container"]
    title = f"Restart {name}"
    found, there = await subject(context, name)
    if found is None:
        return assemble(RESTART, context, given, title, verdicts=(there,))
    verdicts = [there, steady(found)]
    if found.one.state == "Stopped":
        verdicts.append(STEADY.refuse(f"{name} is stopped: gbtui apply containers.start container={name}"))
    if any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(RESTART, context, given, title, verdicts=verdicts)
    lost = await dark(context, found, f"about {RESTART_DARK} s")
    step = restart_step(found)
    return assemble(
        RESTART,
        context,
        given,
        title,
        verdicts=(*verdicts, *darkness(lost)),
        steps=(step, *settled(context, found)),
        verify=(*proofs((step,)), *up_again(context, found, await listening(context, found))),
        relies_on=await relying(context, (f"state of {name}", ask_state(name))),
        why=f"{name} ({found.what}) shuts down cleanly and starts again",
        dark=lost,
        target=name,
    )


async def force_stop(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to kill everything in a container that does not shut down."""
    name = given["container"]
    title = f"Stop {name} by force"
    found, there = await subject(context, name)
    if found is None:
        return assemble(FORCE_STOP, context, given, title, verdicts=(there,))
    if found.one.state == "Stopped":
        noop = f"{name} is stopped already"
        return assemble(FORCE_STOP, context, given, title, verdicts=(there,), noop=noop)
    lost = await dark(context, found, "until it is started again")
    clean = f"containers.stop container={name} shuts it down cleanly: force only where that did not end"
    step = Step(
        title=f"Kill every process of {name}",
        does=Exec(HOST, ("lxc", "stop", name, "--force"), STOP_TIMEOUT),
        done=state_is(name, "STOPPED"),
        loses=f"what processes in {name} had not written",
        no_undo="what was not written is lost; containers.start brings it up again",
    )
    return assemble(
        FORCE_STOP,
        context,
        given,
        title,
        verdicts=(there, CLEAN.warn(clean), *darkness(lost)),
        steps=(step,),
        verify=proofs((step,)),
        relies_on=await relying(context, (f"state of {name}", ask_state(name))),
        why=f"{name} ({found.what}) is {found.one.state.lower()}; its processes are killed as by a power cut",
        dark=lost,
        target=name,
    )


def _offers(found: Subject) -> str:
    return ", ".join(str(span) for span in found.ports) or found.what


START = Operation(
    id="containers.start",
    title="Start container",
    summary="start a container and wait until its address, its ports and its services are back",
    subject="containers",
    parameters=(CONTAINER,),
    guards=(EXISTS, STEADY),
    danger=Danger.REVERSIBLE,
    items=ITEMS,
    make=start,
)
STOP_CLEANLY = Operation(
    id="containers.stop",
    title="Stop container",
    summary="shut a container down cleanly, never by force; names the ports and vhosts that go dark",
    subject="containers",
    parameters=(CONTAINER,),
    guards=(EXISTS, STEADY, DARK),
    danger=Danger.DISRUPTIVE,
    items=ITEMS,
    make=stop,
)
RESTART = Operation(
    id="containers.restart",
    title="Restart container",
    summary="restart a container cleanly and wait until all that it offered answers again",
    subject="containers",
    parameters=(CONTAINER,),
    guards=(EXISTS, STEADY, DARK),
    danger=Danger.DISRUPTIVE,
    items=ITEMS,
    make=restart,
)
FORCE_STOP = Operation(
    id="containers.force-stop",
    title="Stop container by force",
    summary="kill every process of a container that does not shut down; what they had not written is lost",
    subject="containers",
    parameters=(CONTAINER,),
    guards=(EXISTS, CLEAN, DARK),
    danger=Danger.IRREVERSIBLE,
    items=ITEMS,
    make=force_stop,
)
OPERATIONS = (START, STOP_CLEANLY, RESTART, FORCE_STOP)
