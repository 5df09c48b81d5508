"""One host under one operator's hands: what the command line and the screens share.

A session owns the host, the feeds of its facts and the engine. Nothing above it opens a host,
and nothing changes a host except through `apply`.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gbtui.checks import drift_look
from gbtui.checks.afterwards import Afterwards
from gbtui.checks.base import Check, Report
from gbtui.checks.catalog import CHECKS
from gbtui.checks.drift import Change
from gbtui.checks.drift_book import DriftBook, drift_dir
from gbtui.checks.drift_whose import Deed, attributed, deeds
from gbtui.checks.inspector import Inspector, state_file
from gbtui.checks.waivers_file import WaiverBook, waivers_path
from gbtui.errors import GbtuiError, NotFound, Refused
from gbtui.facts.bans import Bans, BansReader
from gbtui.facts.containers import Container, Containers, ContainersReader, ask_instances
from gbtui.facts.feed import Announcer, Feed, Watched
from gbtui.facts.firewall import Firewall, FirewallReader
from gbtui.facts.log import LogReader
from gbtui.facts.log_feed import LogFeed
from gbtui.facts.shared import Shared
from gbtui.facts.snapshots import Snapshots, SnapshotsReader
from gbtui.facts.survey import Survey
from gbtui.facts.surveyor import Surveyor
from gbtui.guard.engine import Engine
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Plan, Verdict
from gbtui.guard.port import Approver, Outcome, Progress
from gbtui.hosts import Host, Link, LxdEvent
from gbtui.hosts.shelf import Shelf
from gbtui.incidents.attend import Attendance
from gbtui.incidents.book import Incidents, incidents_dir
from gbtui.incidents.practice import Practice, TakesFaults
from gbtui.incidents.recorder import Recorder
from gbtui.incidents.types import Incident
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.operations.undo_guards import guarding
from gbtui.profiles import Profile
from gbtui.runbooks.kept import KeptWalks
from gbtui.runbooks.walk_file import Walks

if TYPE_CHECKING:
    from gbtui.runbooks.drills import Drill

EVENTS_KEPT = 200
CHECK_PAUSE = 30.0
"""Seconds between two rounds of the checks."""
INCIDENT_PAUSE = 30.0
"""Seconds between two looks whether an incident runs on the host, and what others noted on it."""
EVENTS_PAUSE = 5.0
"""Seconds before LXD's event stream is tried again after it ended."""
OWN_NOISE = frozenset({"instance-exec", "instance-console"})
"""What every look into a container is to LXD."""
POWER = frozenset({"started", "stopped", "shutdown", "restarted", "paused", "resumed", "created", "deleted"})
"""What happens to an instance that the checks look at at once."""


class Session:
    """Facts and operations of one host.

    `tenant` restricts containers to one tenant. `read_only` is "" or the reason why nothing is to
    be changed; the engine refuses with it, or with what the host does not permit.
    """

    def __init__(
        self,
        host: Host,
        profile: Profile,
        journal: Journal,
        *,
        user: str,
        tenant: str | None = None,
        read_only: str = "",
    ) -> None:
        self.host = host
        self.profile = profile
        self.tenant = tenant
        self.journal = journal
        self.engine = Engine(host, journal, user=user, read_only=read_only)
        self.engine.witnesses.append(Afterwards(self._changed))
        self.engine.guard_undo = guarding(self.context)
        self.engine.guards_again = self._guards_again
        self.events: deque[LxdEvent] = deque(maxlen=EVENTS_KEPT)
        self._doings: deque[LxdEvent] = deque(maxlen=EVENTS_KEPT)
        """Events that may explain a change, dated by this machine's clock: so are the looks."""
        self._heard = Announcer()
        instances = Shared(lambda: ask_instances(host))
        containers = ContainersReader(host, profile, tenant, instances=instances)
        self.containers: Feed[Containers] = Feed("containers", containers.read, interval=5)
        snapshots = SnapshotsReader(host, profile, instances=instances)
        self.snapshots: Feed[Snapshots] = Feed("snapshots", snapshots.read, interval=60)
        self._bans = BansReader(host, profile, self.ban_instances)
        self.bans: Feed[Bans] = Feed("bans", self._read_bans, interval=15)
        self._firewalls: dict[str, Feed[Firewall]] = {}
        self._log: LogFeed | None = None
        self._surveyor = Surveyor(host, profile, tenant, instances=instances)
        self.waivers = WaiverBook(_waivers_of(host), host.name)
        walks = Walks(host.name, journal.directory)
        self.walks = KeptWalks(walks, Shelf(host, "walks"), read_only=read_only)
        self.drift = DriftBook(drift_dir(host.name, tenant) if host.kind != "demo" else None)
        self._checks: Feed[Report] | None = None
        copies = incidents_dir(host.name, journal.directory) if host.kind != "demo" else None
        shelf = Shelf(host, "incidents")
        self.incidents = Incidents(host.name, shelf, user, directory=copies, read_only=read_only)
        self.incident: Feed[Incident | None] = Feed("incident", self.incidents.look, interval=INCIDENT_PAUSE)
        self._recorder = Recorder(self.incidents, self.engine.story)
        self.engine.witnesses.append(self._recorder)
        self.walks.told.append(self._recorder.walked)
        self._attendance: Attendance | None = None
        self.practice: Practice | None = None
        """The drill that is under way, or was the last one."""
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, *, events: bool = True) -> None:
        """Reach the host and, with `events`, listen to LXD's. Raises a GbtuiError in words."""
        await self.host.open()
        if self._link_changed not in self.host.on_link:
            self.host.on_link.append(self._link_changed)
        if events:
            self._tasks.append(asyncio.create_task(self._follow_events(), name="lxd events"))
            self._tasks.append(asyncio.create_task(self._look_what_is_permitted(), name="permission"))
            self._attend()

    @property
    def read_only(self) -> str:
        """Why nothing may be changed: asked for, or not permitted there; "" where it may."""
        return self.engine.read_only

    async def _look_what_is_permitted(self) -> None:
        """Whoever may change nothing learns it before trying to; nothing waits for the answer."""
        await self.engine.forbidden()

    def _attend(self) -> None:
        """Note on an incident that runs what the feeds say."""
        if self._attendance is None:
            changes = self.drift.timeline
            self._attendance = Attendance(self.incidents, self._recorder, self.checks(), self.bans, changes)
        self._attendance.begin()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._attendance is not None:
            await self._attendance.end()
        await self._recorder.close()
        await asyncio.gather(*(feed.close() for feed in self.feeds()))
        await self._surveyor.close()
        await self.host.close()

    def feeds(self) -> tuple[Watched[Any], ...]:
        """Every feed there is so far."""
        feeds: tuple[Watched[Any], ...] = (self.containers, self.snapshots, self.bans, self.incident)
        log = () if self._log is None else (self._log,)
        checks = () if self._checks is None else (self._checks,)
        return (*feeds, *self._firewalls.values(), *log, *checks)

    def _link_changed(self, link: Link) -> None:
        """Look again at once: after a lost link the feeds have long pauses, and the panes old figures."""
        self._surveyor.forget()
        for feed in self.feeds():
            feed.refresh()
        self._heard.announce()

    def firewall(self, where: str = "host") -> Feed[Firewall]:
        """The feed of one place's rules; `where` is "host" or an instance name."""
        if where not in self._firewalls:
            reader = FirewallReader(self.host, self.profile, where)
            self._firewalls[where] = Feed(f"firewall {where}", reader.read, interval=6)
        return self._firewalls[where]

    def log(self) -> LogFeed:
        """The feed of the proxy's access log."""
        if self._log is None:
            self._log = LogFeed("log", self.log_reader)
        return self._log

    def inspector(self, checks: Sequence[Check]) -> Inspector:
        """Who judges `checks` on this host; only all of them together are remembered between starts."""
        file = state_file(self.host.name) if tuple(checks) == CHECKS and self.host.kind != "demo" else None
        return Inspector(self._surveyor, checks, waivers=self.waivers.current, file=file)

    def _watcher(self) -> Inspector:
        """Who judges all checks again and again, and notes what changed meanwhile."""
        file = state_file(self.host.name) if self.host.kind != "demo" else None
        return Inspector(
            self._surveyor,
            CHECKS,
            waivers=self.waivers.current,
            file=file,
            also=drift_look.NEEDS,
            seen=self._note_changes,
        )

    def look_again(self) -> None:
        """Judge the host anew, now: of what was known nothing is used, for somebody doubts it."""
        self.checks()
        self._changed()

    def _changed(self) -> None:
        """The host is not as it was: all of it is asked again."""
        self._surveyor.forget()
        if self._checks is not None:
            self._checks.refresh()

    async def look_for_changes(self) -> tuple[Change, ...]:
        """What changed since the last look, now noted. Raises a GbtuiError as `Inspector.round`."""
        survey = await self._surveyor.look(drift_look.NEEDS, fresh=True)
        return await asyncio.to_thread(self._note_changes, survey)

    def _note_changes(self, survey: Survey) -> tuple[Change, ...]:
        done: list[tuple[Deed, ...]] = []
        doings = tuple(self._doings)

        def whose(change: Change) -> Change:
            if not done:  # the journal is read only where something changed
                done.append(deeds(self.journal.entries(self.host.name)))
            return attributed(change, done[0], doings)

        try:
            return self.drift.take(drift_look.look(survey), whose)
        except GbtuiError as error:  # the journal cannot be read: no round of the checks ends for that
            self.drift.error = error
            return ()

    def checks(self) -> Feed[Report]:
        """The feed of what the guide's rules say of the host."""
        if self._checks is None:
            self._checks = Feed("checks", self._watcher().round, interval=CHECK_PAUSE)
        return self._checks

    async def log_reader(self) -> LogReader:
        """A reader of the proxy's access log. Raises NotFound where no container is the proxy."""
        return LogReader(self.host, self.profile, await self.find_instance("proxy"))

    def known(self) -> tuple[Container, ...]:
        """The containers of the latest reading, none before the first."""
        value = self.containers.reading.value
        return value.containers if value else ()

    def instance_of(self, role: str) -> str:
        """The instance that has a role: of the chosen tenant, else the first one found."""
        for container in self.known():
            if container.role == role:
                return container.name
        return f"{self.tenant}-{role}" if self.tenant else role

    async def find_instance(self, role: str) -> str:
        """As `instance_of`, looking first when nothing was read yet. Raises NotFound."""
        if not self.known():
            reading = await self.containers.once()
            if reading.error is not None:
                raise reading.error
        if not any(container.role == role for container in self.known()):
            raise NotFound(
                f"no container has the role {role!r}",
                why=f"found: {', '.join(c.name for c in self.known()) or 'none'}",
                hint="name the tenant with --tenant, or look at `gbtui show containers`",
            )
        return self.instance_of(role)

    async def _read_bans(self) -> Bans:
        if self.containers.reading.value is None:
            await self.containers.once()
        return await self._bans.read()

    def ban_instances(self) -> tuple[str, ...]:
        """The running instances whose role is meant to have fail2ban."""
        return tuple(c.name for c in self.known() if c.running and c.role in self.profile.ban_roles)

    @property
    def context(self) -> Context:
        """What plans are made from here."""
        return Context(self.host, self.profile, self.tenant)

    async def plan(self, operation: str, parameters: Mapping[str, str]) -> Plan:
        """The frozen plan of an operation. Raises BadInput for a bad name or parameter."""
        return await find(operation).plan(self.context, parameters)

    async def _guards_again(self, plan: Plan) -> Sequence[Verdict]:
        """What the guards say of a plan that is already journaled, as the host is now."""
        return (await self.plan(plan.operation, dict(plan.parameters))).verdicts

    async def apply(self, plan: Plan, approver: Approver, progress: Progress) -> Outcome:
        """Run an approved plan; feeds rest while it runs and look again afterwards."""
        with ExitStack() as stack:
            for feed in self._changed_by(plan.operation.partition(".")[0]):
                stack.enter_context(feed.rest())
            try:
                return await self.engine.apply(plan, approver, progress)
            finally:  # before the feeds go on, and however it ended
                self._surveyor.forget()

    def _changed_by(self, subject: str) -> list[Feed[Any]]:
        """The feeds whose facts an operation on `subject` changes while it runs."""
        firewalls = self._firewalls.values()
        checks = () if self._checks is None else (self._checks,)
        if subject == "snapshots":
            return [self.snapshots, *checks]
        if subject == "bans":
            return [self.bans, *firewalls, *checks]
        snapshots = (self.snapshots,) if subject == "containers" else ()
        return [self.containers, *snapshots, *firewalls, *checks]

    async def practise(self, drill: Drill) -> Practice:
        """Begin a drill. Into the simulated host its fault is put, after every other; into a real one
        somebody else puts it.

        Raises:
            Refused: an incident runs.
            GbtuiError: the incident of the drill cannot be begun.
        """
        running = await self.incidents.look()
        if running is not None:
            what = f"the incident “{running.title}” runs"
            raise Refused("begin a drill", why=what, hint="end it first (i)")
        if isinstance(self.host, TakesFaults):
            self.host.only(drill.id)
        self.practice = Practice(drill, self.incidents)
        await self.practice.begin()
        self.look_again()
        return self.practice

    def on_event(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` after each of LXD's lifecycle events; returns what ends it."""
        return self._heard.listen(changed)

    async def _follow_events(self) -> None:
        while True:
            try:
                async with self.host.lxd.events() as events:
                    async for event in events:
                        self.events.append(event)
                        if event.action not in OWN_NOISE:
                            self._doings.append(replace(event, at=datetime.now(UTC)))
                        self.containers.refresh()
                        if "snapshot" in event.action:
                            self.snapshots.refresh()
                        if self._checks is not None and event.action.removeprefix("instance-") in POWER:
                            name = event.source.partition("?")[0].rpartition("/")[2]
                            self._surveyor.forget(place=name)
                            self._checks.refresh()
                        self._heard.announce()
            except GbtuiError:
                # Events are a hint; the feeds poll and say in words what cannot be reached.
                pass
            await asyncio.sleep(EVENTS_PAUSE)


def _waivers_of(host: Host) -> Path | None:
    """Where a host's waivers are; None for one that is not real, unless a file is named."""
    return waivers_path() if host.kind != "demo" or os.environ.get("GBTUI_WAIVERS") else None
