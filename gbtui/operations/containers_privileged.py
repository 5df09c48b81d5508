"""`containers.set-privileged`: `security.privileged`, which only the system container may and must have
(items 21, 22). It takes effect at a start, so the container is restarted with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gbtui.guard.plan import Action, Amend, Danger, Exec, Plan, Probe, Step, Verdict, Wait
from gbtui.guard.preview import command
from gbtui.operations import containers_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.containers_look import (
    EXISTS,
    HOST,
    RESTART_DARK,
    UP_WITHIN,
    Subject,
    ask_state,
    dark,
    listening,
    subject,
    up_again,
)
from gbtui.operations.containers_parameters import VALUE
from gbtui.operations.containers_power import DARK, STEADY, darkness, restart_action, restart_step, steady
from gbtui.operations.containers_settle import settled
from gbtui.operations.parameters import CONTAINER

KEY = "security.privileged"
ITEMS = (21, 22)
MUST = Guard("system-privileged", "system keeps its privilege: botserver must own /opt/gbo", ITEMS)
ONLY = Guard("only-system", "no other role than the guide's runs as the host's root", (21,))
RESTARTS = Guard("takes-a-restart", "the setting takes effect at a start, and is proven after one", (21, 22))

#: The uid map of a privileged container: all of the host's.
_WHOLE = "4294967295"


async def set_privileged(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to set or unset the privilege of a container and to restart it where it runs."""
    name, wanted = given["container"], given["value"] == "true"
    title = f"Make {name} {'privileged' if wanted else 'unprivileged'}"
    found, there = await subject(context, name)
    if found is None:
        return assemble(SET_PRIVILEGED, context, given, title, verdicts=(there,))
    verdicts = [there, steady(found), _role(found, wanted=wanted)]
    if any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(SET_PRIVILEGED, context, given, title, verdicts=verdicts)
    configured = found.one.privileged is wanted
    effective = await _in_effect(context, found) in (wanted, None)
    if configured and effective:
        noop = f"{name} is {'' if wanted else 'un'}privileged already"
        return assemble(SET_PRIVILEGED, context, given, title, verdicts=verdicts, noop=noop)
    return await _planned(context, given, title, found, verdicts, configured=configured, wanted=wanted)


async def _planned(
    context: Context,
    given: Mapping[str, str],
    title: str,
    found: Subject,
    verdicts: list[Verdict],
    *,
    configured: bool,
    wanted: bool,
) -> Plan:
    name, runs = found.name, found.one.running
    lost = await dark(context, found, f"about {RESTART_DARK} s")
    steps = [] if configured else [_set(found, lost, wanted=wanted)]
    if runs:
        steps.append(restart_step(found))
    return assemble(
        SET_PRIVILEGED,
        context,
        given,
        title,
        verdicts=(*verdicts, _restarts(found), *darkness(lost)),
        steps=(*steps, *(settled(context, found) if runs else ())),
        verify=(*proofs(steps), *(await _verify(context, found, wanted=wanted) if runs else ())),
        relies_on=await relying(
            context, (f"{KEY} of {name}", _ask(name)), (f"state of {name}", ask_state(name))
        ),
        why=_why(found, configured=configured, wanted=wanted),
        dark=lost,
        target=name,
        undo_warning=f"{name} is restarted, and runs {'un' if wanted else ''}privileged again",
    )


async def _in_effect(context: Context, found: Subject) -> bool | None:
    """Whether the running container is privileged, by its uid map; None where that cannot be said."""
    if not found.one.running:
        return None
    done = await context.host.run(command(_uid_map(found.name)))
    return _WHOLE.encode() in done.stdout if done.ok else None


def _uid_map(name: str) -> Exec:
    return Exec(name, ("cat", "/proc/self/uid_map"))


def _ask(name: str) -> Exec:
    return Exec(HOST, ("lxc", "config", "get", name, KEY))


def _set(found: Subject, lost: tuple[str, ...], *, wanted: bool) -> Step:
    """One key; taking it back restarts, too (`lost` goes dark), because without a start it would stay."""
    before = found.config.get(KEY)
    inherited = before is None and found.one.privileged
    after = "true" if wanted else "false" if inherited else None
    done = Probe(f"{KEY} of {found.name} is {after or 'unset'}", _ask(found.name), "stdout", after or "")
    undo: list[Action] = [Amend(found.name, "config", KEY, after, before)]
    if found.one.running:
        undo += [restart_action(found.name), Wait(privileged(found.name, yes=not wanted), UP_WITHIN)]
    return Step(
        title=f"{'Set' if after else 'Unset'} {KEY} of {found.name}",
        does=Amend(found.name, "config", KEY, before, after),
        done=done,
        undo=tuple(undo),
        undo_dark=lost,
    )


def privileged(name: str, *, yes: bool) -> Probe:
    """Whether root inside is the host's root, by the effect: the uid map in force."""
    title = f"{name} runs {'' if yes else 'un'}privileged"
    return Probe(title, _uid_map(name), "contains", _WHOLE, negate=not yes)


async def _verify(context: Context, found: Subject, *, wanted: bool) -> Sequence[Wait]:
    waits = [Wait(privileged(found.name, yes=wanted), UP_WITHIN)]
    if wanted:
        waits.append(Wait(scripts.writable(found.name, found.profile.root), 20.0))
    return (*waits, *up_again(context, found, await listening(context, found)))


def _role(found: Subject, *, wanted: bool) -> Verdict:
    must = found.role is not None and found.role.privileged
    if must and not wanted:
        why = f"{found.name} must be privileged: botserver could not write {found.profile.root} any more"
        return MUST.refuse(f"{why}; choose another container")
    if must:
        return MUST.allow(f"{found.name} must be privileged, so that botserver owns {found.profile.root}")
    if wanted:
        only = ", ".join(sorted({c.name for c in found.everyone if c.privileged})) or "none"
        return ONLY.warn(
            f"root in {found.name} becomes the host's root; the guide wants that of system only ({only})"
        )
    return ONLY.allow(f"{found.name} ({found.what}) needs no privilege")


def _restarts(found: Subject) -> Verdict:
    if found.one.running:
        return RESTARTS.warn(f"{found.name} is restarted: {KEY} takes effect at a start")
    return RESTARTS.allow(
        f"{found.name} is stopped: it takes effect at its next start; {found.profile.root} is not looked at"
    )


def _why(found: Subject, *, configured: bool, wanted: bool) -> str:
    now = "privileged" if wanted else "unprivileged"
    if configured:
        return f"{found.name} is configured {now}, and was not restarted since: it is not in effect"
    return f"{found.name} ({found.what}) is {'un' if wanted else ''}privileged"


SET_PRIVILEGED = Operation(
    id="containers.set-privileged",
    title="Set privileged",
    summary="set or unset security.privileged, restart with it, and prove it by what root inside may write",
    subject="containers",
    parameters=(CONTAINER, VALUE),
    guards=(EXISTS, STEADY, MUST, ONLY, RESTARTS, DARK),
    danger=Danger.DISRUPTIVE,
    items=ITEMS,
    make=set_privileged,
)
OPERATIONS = (SET_PRIVILEGED,)
