"""A plan from its parts: what every operation would otherwise write down again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gbtui.guard.danger import danger_of
from gbtui.guard.fingerprint import fingerprint, rely
from gbtui.guard.plan import Exec, Plan, Reliance, Step, Verdict, Wait
from gbtui.operations.base import Context, Operation


def assemble(
    operation: Operation,
    context: Context,
    given: Mapping[str, str],
    title: str,
    *,
    verdicts: Sequence[Verdict],
    steps: Sequence[Step] = (),
    verify: Sequence[Wait] = (),
    relies_on: Sequence[Reliance] = (),
    why: str = "",
    noop: str = "",
    dark: Sequence[str] = (),
    revert_after: float = 60.0,
    target: str = "",
    undo_warning: str = "",
) -> Plan:
    """The frozen plan. A refusal or a no-op has no steps; `revert_after` counts only where a step is armed.

    Danger comes from what the steps do. Parameters left out by default stay out of the record.
    """
    return Plan(
        operation=operation.id,
        parameters=tuple((p.name, given[p.name]) for p in operation.parameters if given.get(p.name, "")),
        title=title,
        why=why,
        danger=danger_of(steps, dark),
        steps=tuple(steps),
        verify=tuple(verify),
        verdicts=tuple(verdicts),
        relies_on=tuple(relies_on),
        fingerprint=fingerprint(relies_on),
        revert_after=revert_after if any(step.armed for step in steps) else 0.0,
        dark=tuple(dark),
        noop=noop,
        host=context.host.name,
        items=operation.items,
        target=target,
        undo_warning=undo_warning if steps else "",
    )


async def relying(context: Context, *asked: tuple[str, Exec]) -> tuple[Reliance, ...]:
    """Read each (title, command) now and hold on to what it said: the facts a plan rests on.

    A command whose output has counters, ages or volatile keys in it does not belong here: the plan
    would be refused as stale every time.
    """
    return tuple([await rely(context.host, title, run) for title, run in asked])


def proofs(steps: Sequence[Step], within: float = 10.0) -> tuple[Wait, ...]:
    """Each step's own proof as a verification of the whole, `within` seconds."""
    return tuple(Wait(step.done, within) for step in steps if step.done is not None)
