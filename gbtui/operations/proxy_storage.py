"""`proxy.set-storage`: the storage root stands in the Caddyfile, and the certificates go there (item 58).

Without it Caddy keeps certificates in its user's home; setting it without moving them would have every
certificate issued anew, and the authority's limits are soon reached.
"""

from __future__ import annotations

from collections.abc import Mapping

from gbtui import text
from gbtui.errors import Malformed
from gbtui.facts.proxy_config import ProxyConfig, difference
from gbtui.facts.proxy_edit import with_storage
from gbtui.guard.execute import ask
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Step, Verdict, Wait
from gbtui.guard.preview import command
from gbtui.operations import proxy_guards as guards
from gbtui.operations import proxy_scripts as scripts
from gbtui.operations.assemble import assemble, relying
from gbtui.operations.base import Context, Operation
from gbtui.operations.proxy_look import Look, find, look, meaning, reading
from gbtui.operations.proxy_parameters import ROOT, WHICH
from gbtui.operations.proxy_steps import Change
from gbtui.operations.running import RUNS

FILES = "file_system"


async def set_storage(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to set the storage root, certificates first."""
    root = given.get("root", "") or context.profile.proxy_storage
    container, there = await find(context, given)
    title = f"{container or 'Proxy'}: set the storage to {root}"
    if there.verdict == "refuse":
        return assemble(SET_STORAGE, context, given, title, verdicts=(there,))
    seen = await look(context, container)
    now = seen.running.config
    if seen.data is None or now is None or seen.disk.config is None:
        wrong = (there, guards.reads(seen.disk), guards.admin(seen))
        return assemble(SET_STORAGE, context, given, title, verdicts=wrong)
    if now.storage == seen.disk.config.storage == (FILES, root):
        noop = f"already so: certificates are kept in {root}"
        return assemble(SET_STORAGE, context, given, title, verdicts=(there,), noop=noop)
    try:
        data = with_storage(seen.data, root)
    except Malformed as error:
        refused = (there, guards.READS.refuse(str(error)))
        return assemble(SET_STORAGE, context, given, title, verdicts=refused)
    return await _moved(context, given, seen, data, root)


async def _moved(context: Context, given: Mapping[str, str], seen: Look, data: bytes, root: str) -> Plan:
    title = f"{seen.container}: set the storage to {root}"
    new = await meaning(context, seen.container, data)
    source = _source(seen)
    asked = {folder: scripts.certificates(seen.container, folder) for folder in (source, root) if folder}
    have, target = [await _count(context, asked[f]) for f in (source, root)] if source else ("0", "0")
    same = have == target != "0"
    full = {folder: (await ask(context.host, scripts.filled(seen.container, folder))).yes for folder in asked}
    verdicts = (
        RUNS.allow(f"{seen.container} runs"),
        guards.reads(new),
        guards.admin(seen),
        guards.disk(seen),
        _moves(seen, source, root, same=same, filled=full[root] is not False),
        *_only(context, seen, new.config, root),
    )
    if new.config is None or any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(SET_STORAGE, context, given, title, verdicts=verdicts)
    change = Change(context, seen, data, new.config, "reload", SET_STORAGE.id)
    copies = source != root and full[source] is not False and not same
    steps = [_copy(context, seen, source, root)] if copies else []
    kept = Probe("the certificates are the same ones", asked[root], "stdout", have)
    return assemble(
        SET_STORAGE,
        context,
        given,
        title,
        verdicts=(*verdicts, *guards.secrets(*change.files())),
        steps=(*steps, *change.steps()),
        verify=(*change.verify(), Wait(kept, 5.0)),
        relies_on=await relying(
            context, *reading(context, seen.container), ("the certificates", asked[source])
        ),
        why=f"certificates and keys: {have.splitlines()[0]} in {source}",
        undo_warning=f"certificates issued since then stay behind, in a folder beside {root}",
    )


def _source(seen: Look) -> str:
    """Where the running Caddy keeps its certificates; "" where that is no folder."""
    now = seen.running.config
    if now is None or now.storage is None:
        return seen.service.default_storage
    module, root = now.storage
    return (root or seen.service.default_storage) if module == FILES else ""


async def _count(context: Context, run: Exec) -> str:
    done = await context.host.run(command(run))
    return text.text(done.stdout).strip()


def _moves(seen: Look, source: str, root: str, *, same: bool, filled: bool) -> Verdict:
    """Whether the certificates can be copied without touching anything that is there."""
    if not source:
        now = seen.running.config
        module = now.storage[0] if now is not None and now.storage else "an unknown place"
        return guards.MOVES.refuse(f"certificates are kept in {module}, not in files: move them by its means")
    inner, outer = sorted((source, root), key=len, reverse=True)
    if source != root and inner.startswith(f"{outer}/"):
        return guards.MOVES.refuse(f"{inner} lies in {outer}: choose a folder of its own")
    if source != root and filled and not same:
        return guards.MOVES.refuse(f"{root} holds something else already: choose an empty folder")
    return guards.MOVES.allow(f"{source} stays as it is; {root} becomes its copy")


def _only(context: Context, seen: Look, new: ProxyConfig | None, root: str) -> tuple[Verdict, ...]:
    """Nothing but the storage changes, as Caddy reads it, and no vhost that runs is lost with it."""
    before = seen.disk.config
    if new is None or before is None:
        return ()
    kept = guards.shrink(context.profile, seen, new, ())
    changed = difference(before, new)
    if changed.added or changed.removed or changed.changed or new.rest != before.rest:
        return (
            kept,
            guards.STORAGE.refuse(f"more than the storage would change: {changed.words()}"),
        )
    if new.storage != (FILES, root):
        return (
            kept,
            guards.STORAGE.refuse("Caddy does not read the storage as it was written"),
        )
    return (
        kept,
        guards.STORAGE.allow(f"only the storage changes, to {root}"),
    )


def _copy(context: Context, seen: Look, source: str, root: str) -> Step:
    where, aside = seen.container, f"{root}.undone-{context.now():%Y%m%d%H%M%S}"
    return Step(
        title=f"Copy the certificates to {root}",
        does=scripts.copy(where, source, root),
        done=scripts.filled(where, root),
        undo=(scripts.aside(where, source, root, aside),),
    )


SET_STORAGE = Operation(
    id="proxy.set-storage",
    title="Set Caddy's storage",
    summary="set the storage root in the Caddyfile and copy the certificates there: none is re-issued",
    subject="proxy",
    parameters=(ROOT, WHICH),
    guards=(
        RUNS,
        guards.READS,
        guards.ADMIN,
        guards.DISK,
        guards.MOVES,
        guards.SHRINK,
        guards.STORAGE,
        guards.SECRETS,
    ),
    danger=Danger.REVERSIBLE,
    items=(53, 55, 56, 57, 58),
    make=set_storage,
)
OPERATIONS: tuple[Operation, ...] = (SET_STORAGE,)
