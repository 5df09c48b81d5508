"""`snapshots.install-rolling`: a snapshot of every instance a day, kept for a week (item 84).

The guide says "via cron". A raw `zfs snapshot` by cron is unknown to LXD, keeps it from restoring
its own older ones, and is destroyed behind its back. LXD's own `snapshots.schedule` keeps both sides
consistent, but its `snapshots.expiry` also ends snapshots taken by hand, and goes on deleting when
no new ones come. So: a timer on the host that has LXD take and delete them, and never the newest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from gbtui.errors import NotFound
from gbtui.facts.snapshots_parse import LIST_POOLS, parse_pools
from gbtui.facts.snapshots_rhythm import ROLLING
from gbtui.guard.execute import ask, holds_file
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Replace, Step, Verdict
from gbtui.hosts.base import Host
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.snapshots_guards import OWNER
from gbtui.operations.snapshots_look import Sides, both_sides, clock_of, grouped
from gbtui.operations.snapshots_names import KEEP, counted, days, some
from gbtui.operations.snapshots_rolling_files import AT, ROUND, SERVICE, TIMER, files
from gbtui.operations.snapshots_take import ROOM, room

ONE = Guard("one-schedule", "nothing else takes rolling snapshots of the same containers", (83, 84))
OURS = Guard("own-files", "no file of somebody else's is replaced", (84,))
STAYS = Guard("newest-stays", "the newest of an instance is never deleted, nor one taken by hand", (84,))
RECENT = timedelta(days=2)
ONLY = "only names of its own (rolling-DAY) are deleted, and only after the day's was taken"


async def install_rolling(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan the job, its timer, and the first round."""
    keep = days(given["keep"])
    title = f"Take a snapshot of every instance daily, keep {keep} d"
    found = {path: await _read(context.host, path) for path, _ in files(keep)}
    timer = await relying(context, ("the timer", _timer_state()))
    sides = await both_sides(context.host)
    if sides.unknown:
        verdict = OWNER.refuse(f"LXD was not asked ({sides.unknown}): it is who takes them, start it first")
        return assemble(INSTALL, context, given, title, verdicts=(verdict,))
    now = await clock_of(context.host)
    on = await _on(context.host)
    if on and all(found[path] == data for path, data in files(keep)):
        noop = f"already so: {TIMER} is on, daily at {AT}, and keeps {keep} d"
        return assemble(INSTALL, context, given, title, verdicts=(), noop=noop)
    steps = _steps(context, keep, found, now, on=on)
    verdicts = (
        OWNER.allow("taken and deleted through LXD: its records and ZFS's snapshots stay in step"),
        _one(sides, now, await _scheduled(context.host)),
        _ours(found),
        STAYS.allow(f"{ONLY}; its own go after {keep} d"),
        await _room(context.host),
    )
    instances = Exec("host", ("lxc", "list", "--format", "csv", "-c", "n"))
    return assemble(
        INSTALL,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=proofs(steps),
        relies_on=(*timer, *await relying(context, ("the instances", instances))),
        why=f"daily at {AT} by {TIMER}, through LXD so that both sides know them; {keep} days are kept",
        undo_warning="no rolling snapshots are taken or deleted any more; those there stay",
    )


# Steps


def _steps(
    context: Context, keep: int, found: Mapping[str, bytes | None], now: datetime, *, on: bool
) -> tuple[Step, ...]:
    written = [_file(context, path, found[path], data) for path, data in files(keep) if found[path] != data]
    # `enable` has systemd read the files, too; one that was on before stays on when this is undone
    switched = Step(
        title=f"Turn on {TIMER}",
        does=Exec("host", ("systemctl", "enable", "--now", TIMER)),
        done=_is_on(),
        undo=() if on else (Exec("host", ("systemctl", "disable", "--now", TIMER)),),
        no_undo="it was on before" if on else "",
    )
    first = Step(
        title="Take the first round",
        does=Exec("host", ("systemctl", "start", SERVICE), 900.0),
        done=Probe(
            "every instance has the day's snapshot",
            Exec("host", ("sh", "-c", ROUND, "gbtui-rolling-round", f"{now:%Y-%m-%d}"), 120.0),
            "stdout",
            "all",
        ),
        no_undo="the snapshots taken stay; containers.delete-snapshot or snapshots.destroy takes one away",
    )
    return (*written, switched, first)


def _file(context: Context, path: str, before: bytes | None, after: bytes) -> Step:
    backup = f"{path}.bak-{context.now():%Y%m%d%H%M%S}" if before is not None else ""
    undo = (
        Replace("host", path, after, before, "")
        if before is not None
        else Exec("host", ("rm", "-f", "--", path))
    )
    return Step(
        title=f"Write {path}",
        does=Replace("host", path, before, after, backup),
        done=holds_file("host", path, after, new=before is None),
        undo=(undo,),
    )


def _timer_state() -> Exec:
    return Exec("host", ("systemctl", "show", TIMER, "-p", "ActiveState,UnitFileState"))


def _is_on() -> Probe:
    return Probe(f"{TIMER} is on", _timer_state(), "stdout", "ActiveState=active\nUnitFileState=enabled")


# Looks and guards


async def _read(host: Host, path: str) -> bytes | None:
    try:
        return await host.read(path)
    except NotFound:
        return None


async def _on(host: Host) -> bool:
    return (await ask(host, _is_on())).yes is True


async def _room(host: Host) -> Verdict:
    done = await host.run(LIST_POOLS)
    pools, _ = parse_pools(done.stdout) if done.ok else ((), 0)
    fullest = max(pools, key=lambda pool: pool.capacity, default=None)
    return room(fullest)


async def _scheduled(host: Host) -> list[str]:
    """Instances that LXD itself takes snapshots of, by their own or a profile's configuration."""
    reply = await host.lxd.get("instances", {"recursion": "1"})
    found = []
    for one in reply.data if isinstance(reply.data, list) else []:
        config = one.get("expanded_config") if isinstance(one, dict) else None
        if isinstance(config, dict) and config.get("snapshots.schedule"):
            found.append(str(one.get("name")))
    return found


def _one(sides: Sides, now: datetime, scheduled: Sequence[str]) -> Verdict:
    """Whoever takes raw ones goes on, and newer raw ones keep LXD from restoring (research 8)."""
    raw = [row for row in sides.rows if row.owner == "raw" and ROLLING.fullmatch(row.name)]
    recent = [row for row in raw if row.created is not None and now - row.created < RECENT]
    said = []
    if recent:
        where = some([dataset.rpartition("/")[2] for dataset in grouped(recent)], 3)
        taken = f"something takes raw ones as well ({counted(len(recent))} in two days: {where})"
        said.append(f"{taken}; LXD cannot restore past those: end it (crontab -l, /etc/cron.d)")
    if scheduled:
        said.append(f"LXD's own snapshots.schedule is set on {some(scheduled, 3)}: both take them")
    return ONE.warn("; ".join(said)) if said else ONE.allow("no other rolling snapshots are being taken")


def _ours(found: Mapping[str, bytes | None]) -> Verdict:
    theirs = [path for path, data in found.items() if data is not None and b"gbtui" not in data]
    if theirs:
        return OURS.warn(f"{some(theirs)} is not gbtui's: it is replaced, with a backup beside it")
    return OURS.allow("the files are new, or gbtui's own")


INSTALL = Operation(
    id="snapshots.install-rolling",
    title="Install rolling snapshots",
    summary="a timer on the host that has LXD take a snapshot of every instance daily and keep a week",
    subject="snapshots",
    parameters=(KEEP,),
    guards=(OWNER, ONE, OURS, STAYS, ROOM),
    danger=Danger.DISRUPTIVE,
    items=(5, 83, 84),
    make=install_rolling,
)
