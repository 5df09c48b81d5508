"""Change what Caddy runs: apply a file, restore a backup, reload, restart (guide items 53–58).

The guide's order is kept (backup, validate, reload), with three departures: Caddy validates as the
user of its service, because root's `caddy validate` leaves files that lock the service out; nothing
is taken for done before the admin API serves it; and what loses vhosts that were not named is refused.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from gbtui import text
from gbtui.errors import BadInput, NotFound
from gbtui.guard.plan import Danger, Plan, Verdict
from gbtui.hosts.base import Command, inside
from gbtui.hosts.editor import begun_with
from gbtui.operations import proxy_guards as guards
from gbtui.operations.assemble import assemble, relying
from gbtui.operations.base import Context, Operation
from gbtui.operations.proxy_look import (
    Look,
    Meaning,
    certified,
    compared,
    find,
    look,
    meaning,
    reading,
    resolved,
)
from gbtui.operations.proxy_parameters import BACKUP, FILE, GOING, LONGEST, REASON, WHICH, named, read_file
from gbtui.operations.proxy_steps import Change
from gbtui.operations.running import RUNS

UNDO = "the vhosts are again those of before"


async def apply_config(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to make a file of the operator's machine the proxy's configuration."""
    data = await read_file(given["file"])
    base = await asyncio.to_thread(begun_with, Path(given["file"]), LONGEST)
    return await config_plan(APPLY_CONFIG, context, given, data, f"apply {given['file']}", base=base)


async def config_plan(
    operation: Operation,
    context: Context,
    given: Mapping[str, str],
    data: bytes,
    what: str,
    *,
    base: bytes | None = None,
) -> Plan:
    """Plan to make `data` the proxy's configuration; for whoever has it from a file or an editor.

    `given` holds `container` and `domain` (names that are meant to go); `what` is said in the title.
    `base` is what the editor was given: refused where the file is another one by now.
    """
    container, there = await find(context, given)
    if there.verdict == "refuse":
        return assemble(operation, context, given, f"Proxy: {what}", verdicts=(there,))
    seen = await look(context, container)
    new = await meaning(context, container, data)
    before = (there,) if base is None else (there, guards.edited(base, seen, data))
    return await loaded(operation, context, given, seen, new, data=data, what=what, before=before)


async def loaded(
    operation: Operation,
    context: Context,
    given: Mapping[str, str],
    seen: Look,
    new: Meaning,
    *,
    data: bytes,
    what: str,
    before: Sequence[Verdict] = (),
) -> Plan:
    """The plan that writes `data`, has it checked, and reloads it."""
    title = f"{seen.container}: {what}"
    going = named(given.get("domain", ""))
    verdicts = (*before, *verdicts_of(context, seen, new, going))
    refused = any(verdict.verdict == "refuse" for verdict in verdicts)
    if refused or new.config is None:
        return assemble(operation, context, given, title, verdicts=verdicts)
    change = Change(context, seen, data, new.config, "reload", operation.id, going)
    verdicts += guards.secrets(*change.files())
    if not change.writes and not change.loads and not change.lowers:
        noop = f"already so: {seen.container} runs exactly this, {len(new.config.vhosts)} vhosts"
        return assemble(operation, context, given, title, verdicts=before, noop=noop)
    coming = certified(seen.now, new.config)
    if coming:
        found = await resolved(context, seen.container, coming)
        verdicts = (*verdicts, guards.resolve(coming, found))
    return assemble(
        operation,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=change.steps(),
        verify=change.verify(),
        relies_on=await relying(context, *reading(context, seen.container)),
        why=compared(seen.now, new.config).words(),
        undo_warning=UNDO if change.writes else "",
    )


def verdicts_of(
    context: Context, seen: Look, new: Meaning, going: Collection[str], *, reload: bool = True
) -> tuple[Verdict, ...]:
    """What every guard says of `new` in the place of what is there."""
    if seen.data is None:
        path = context.profile.proxy_config
        return (guards.READS.refuse(f"{path} is not there: this is not the proxy of the profile"),)
    readable = guards.reads(new)
    if new.config is None:
        return (readable,)
    kept = (
        guards.shrink(context.profile, seen, new.config, going),
        guards.storage(seen, new.config),
        guards.disk(seen),
        guards.stays(context.profile, seen, new.config),
    )
    answers = (guards.admin(seen),) if reload and seen.running.config is None else ()
    return (readable, *kept, *answers)


async def restore(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to make a backup the proxy's configuration again."""
    container, there = await find(context, given)
    title = f"Proxy: restore {given['backup']}"
    if there.verdict == "refuse":
        return assemble(RESTORE, context, given, title, verdicts=(there,))
    folder, name = posixpath.split(context.profile.proxy_config)
    if not given["backup"].startswith(f"{name}.bak-"):
        raise BadInput(f"backup={given['backup']}", why=f"not a backup of {name}", hint=f"{name}.bak-…")
    try:
        data = await context.host.read(f"{folder}/{given['backup']}", instance=container, limit=LONGEST)
    except NotFound:
        wrong = guards.READS.refuse(await _backups(context, container, given["backup"]))
        return assemble(RESTORE, context, given, title, verdicts=(there, wrong))
    return await config_plan(RESTORE, context, given, data, f"restore {given['backup']}")


async def _backups(context: Context, container: str, wanted: str) -> str:
    folder, name = posixpath.split(context.profile.proxy_config)
    done = await context.host.run(inside(container, Command(("ls", "-1", folder))))
    there = [one for one in text.text(done.stdout).split("\n") if one.startswith(f"{name}.bak-")]
    newest = ", ".join(sorted(there, reverse=True)[:5]) or "none"
    return f"there is no {wanted} in {folder}; the newest backups: {newest}"


async def reload(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to load the file that is there into the running Caddy."""
    container, there = await find(context, given)
    if there.verdict == "refuse":
        return assemble(RELOAD, context, given, "Proxy: reload", verdicts=(there,))
    seen = await look(context, container)
    data = seen.data or b""
    return await loaded(
        RELOAD, context, given, seen, seen.disk, data=data, what="load its file", before=(there,)
    )


async def restart(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to restart Caddy, for a reason; where it does not run, to start it."""
    container, there = await find(context, given)
    title = f"{container or 'Proxy'}: restart Caddy"
    if there.verdict == "refuse":
        return assemble(RESTART, context, given, title, verdicts=(there,))
    seen = await look(context, container)
    going = named(given.get("domain", ""))
    verdicts = [there, *verdicts_of(context, seen, seen.disk, going, reload=False)]
    if seen.disk.config is None or any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(RESTART, context, given, title, verdicts=verdicts)
    change = Change(context, seen, seen.data or b"", seen.disk.config, "restart", RESTART.id, going)
    verdicts.append(guards.DARK.warn(f"{change.dark()[0]}; a reload (proxy.reload) would go unnoticed"))
    return assemble(
        RESTART,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=change.steps(),
        verify=change.verify(),
        relies_on=await relying(context, *reading(context, container)[:2]),
        why=given["reason"],
        dark=change.dark(),
    )


KEPT = (RUNS, guards.READS, guards.SHRINK, guards.STORAGE, guards.DISK, guards.ADMIN)
_CONFIG = (*KEPT, guards.RESOLVE, guards.SECRETS)
APPLY_CONFIG = Operation(
    id="proxy.apply-config",
    title="Apply a Caddyfile",
    summary="make a file of this machine the proxy's configuration: backup, check, reload, proof",
    subject="proxy",
    parameters=(FILE, GOING, WHICH),
    guards=(*_CONFIG, guards.EDITED),
    danger=Danger.REVERSIBLE,
    items=(53, 54, 55, 56, 57, 58, 59),
    make=apply_config,
)
RESTORE = Operation(
    id="proxy.restore",
    title="Restore a Caddyfile",
    summary="make a backup the proxy's configuration again",
    subject="proxy",
    parameters=(BACKUP, GOING, WHICH),
    guards=_CONFIG,
    danger=Danger.REVERSIBLE,
    items=(53, 54, 55, 56, 57, 58, 59),
    make=restore,
)
RELOAD = Operation(
    id="proxy.reload",
    title="Reload Caddy",
    summary="load the configuration file that is there into the running Caddy",
    subject="proxy",
    parameters=(GOING, WHICH),
    guards=_CONFIG,
    danger=Danger.DISRUPTIVE,
    items=(53, 54, 56, 57, 58, 59),
    make=reload,
)
RESTART = Operation(
    id="proxy.restart",
    title="Restart Caddy",
    summary="restart Caddy, or start it, for a reason that goes into the journal",
    subject="proxy",
    parameters=(REASON, GOING, WHICH),
    guards=(*KEPT, guards.DARK),
    danger=Danger.DISRUPTIVE,
    items=(53, 54, 56, 57, 58),
    make=restart,
)
OPERATIONS: tuple[Operation, ...] = (APPLY_CONFIG, RESTORE, RELOAD, RESTART)
