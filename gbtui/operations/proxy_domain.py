"""`proxy.remove-domain`: a dead domain leaves the Caddyfile, and Caddy's memory (guide items 59, 60)."""

from __future__ import annotations

from collections.abc import Mapping

from gbtui.errors import Malformed, NotFound
from gbtui.facts.proxy_config import difference
from gbtui.facts.proxy_edit import lines_of, without_domain
from gbtui.guard.plan import Danger, Plan, Verdict, Wait
from gbtui.operations import proxy_guards as guards
from gbtui.operations import proxy_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Operation
from gbtui.operations.proxy import KEPT, verdicts_of
from gbtui.operations.proxy_look import Look, Meaning, compared, find, look, meaning, reading
from gbtui.operations.proxy_parameters import DOMAIN, WHICH
from gbtui.operations.proxy_steps import Change

SILENT_AFTER = 5
"""Seconds after its start by which Caddy has begun with every certificate it lacks."""


async def remove_domain(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to take one domain out: its site block, and by a restart what Caddy remembers of it."""
    domain = given["domain"]
    container, there = await find(context, given)
    title = f"{container or 'Proxy'}: remove {domain}"
    if there.verdict == "refuse":
        return assemble(REMOVE_DOMAIN, context, given, title, verdicts=(there,))
    seen = await look(context, container)
    if seen.data is None:
        verdicts = (there, *verdicts_of(context, seen, seen.disk, (domain,)))
        return assemble(REMOVE_DOMAIN, context, given, title, verdicts=verdicts)
    try:
        data = without_domain(seen.data, domain)
    except Malformed as error:
        verdicts = (there, guards.READS.refuse(f"{error}; edit the file, and use proxy.apply-config"))
        return assemble(REMOVE_DOMAIN, context, given, title, verdicts=verdicts)
    except NotFound:
        if domain not in seen.names and seen.disk.config is not None:
            change = Change(context, seen, seen.data, seen.disk.config, "reload", REMOVE_DOMAIN.id, (domain,))
            if change.lowers:
                return await _forgotten(context, given, change, there)
        if domain not in seen.names:
            noop = f"already gone: no vhost of {container} is {domain}"
            return assemble(REMOVE_DOMAIN, context, given, title, verdicts=(there,), noop=noop)
        if seen.disk.config is None or domain in seen.disk.config.names:
            verdicts = (there, guards.ONLY.refuse(_elsewhere(seen, domain)))
            return assemble(REMOVE_DOMAIN, context, given, title, verdicts=verdicts)
        data = seen.data  # it runs still, and the file has lost it already
    return await _removed(context, given, seen, data, there)


async def _forgotten(context: Context, given: Mapping[str, str], change: Change, there: Verdict) -> Plan:
    """It went by hand: the learned floor follows, and nothing else is touched."""
    seen, steps = change.seen, change.remember()
    floor = seen.known.floor
    source = floor.source if floor is not None else ""
    return assemble(
        REMOVE_DOMAIN,
        context,
        given,
        f"{seen.container}: forget {given['domain']}",
        verdicts=(there, guards.SHRINK.allow(f"no vhost is {given['domain']} any more")),
        steps=steps,
        verify=proofs(steps),
        relies_on=await relying(context, *reading(context, seen.container)),
        why=f"it is gone already, and still counts in the learned floor ({source})",
    )


def _elsewhere(seen: Look, domain: str) -> str:
    lines = lines_of(seen.data or b"", domain)
    where = f"line {', '.join(map(str, lines[:5]))} names it" if lines else "an imported file may have it"
    return f"{domain} is no site's address of its own ({where}): edit it, and use proxy.apply-config"


async def _removed(
    context: Context, given: Mapping[str, str], seen: Look, data: bytes, there: Verdict
) -> Plan:
    domain = given["domain"]
    new = await meaning(context, seen.container, data)
    title = f"{seen.container}: remove {domain}"
    verdicts = [there, *verdicts_of(context, seen, new, (domain,), reload=False)]
    if new.config is None or any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(REMOVE_DOMAIN, context, given, title, verdicts=verdicts)
    only = _only(seen, new, domain)
    verdicts.append(only)
    change = Change(context, seen, data, new.config, "restart", REMOVE_DOMAIN.id, (domain,))
    verdicts += guards.secrets(*change.files())
    verdicts.append(
        guards.DARK.warn(f"{change.dark()[0]}: only a restart ends what Caddy tries for {domain}")
    )
    if only.verdict == "refuse":
        return assemble(REMOVE_DOMAIN, context, given, title, verdicts=verdicts)
    silent = scripts.silent(seen.container, context.profile.proxy_unit, domain, SILENT_AFTER)
    return assemble(
        REMOVE_DOMAIN,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=change.steps(),
        verify=(*change.verify(), Wait(silent, SILENT_AFTER + 15.0)),
        relies_on=await relying(context, *reading(context, seen.container)),
        why=compared(seen.now, new.config).words(),
        dark=change.dark(),
        undo_warning=f"Caddy restarts, and tries to get a certificate for {domain} again",
    )


def _only(seen: Look, new: Meaning, domain: str) -> Verdict:
    """What Caddy itself makes of the cut: that name goes, and no other changes."""
    before = seen.disk.config
    if before is None or new.config is None:
        return guards.ONLY.refuse("Caddy cannot read the file that is there: nothing can be compared")
    found = difference(before, new.config)
    others = [name for name in (*found.removed, *found.added, *found.changed) if name != domain]
    if others:
        named = ", ".join(others[:5])
        return guards.ONLY.refuse(f"{named} would change with it: edit the file, and use proxy.apply-config")
    if domain in new.config.names:
        return guards.ONLY.refuse(_elsewhere(seen, domain))
    return guards.ONLY.allow(f"Caddy reads the same {len(new.config.vhosts)} other vhosts")


REMOVE_DOMAIN = Operation(
    id="proxy.remove-domain",
    title="Remove a domain",
    summary="take a dead domain's site out of the Caddyfile and restart Caddy, so that it forgets it",
    subject="proxy",
    parameters=(DOMAIN, WHICH),
    guards=(*KEPT, guards.ONLY, guards.SECRETS, guards.DARK),
    danger=Danger.DISRUPTIVE,
    items=(53, 55, 56, 59, 60),
    make=remove_domain,
)
OPERATIONS: tuple[Operation, ...] = (REMOVE_DOMAIN,)
