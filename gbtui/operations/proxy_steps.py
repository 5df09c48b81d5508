"""Steps of the proxy's operations: write the file, let Caddy check it as its own user, load it, prove it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gbtui.facts.proxy_config import ProxyConfig
from gbtui.facts.proxy_floor import SUFFIX, plain, record, same
from gbtui.guard.execute import holds_file
from gbtui.guard.plan import Action, Exec, Probe, Replace, Step, Wait
from gbtui.operations import proxy_scripts as scripts
from gbtui.operations.base import Context
from gbtui.operations.proxy_look import Look

RESTART_DARK = 5
LOADED_WITHIN = 20.0
CHECKED_WITHIN = 60.0
Load = Literal["reload", "restart"]


@dataclass(frozen=True, slots=True)
class Change:
    """A configuration on its way: what is there, what shall be there, and how it is loaded."""

    context: Context
    seen: Look
    data: bytes
    new: ProxyConfig
    load: Load
    by: str
    """The operation, for the record."""
    stated: tuple[str, ...] = ()
    """Names that are meant to be gone."""

    @property
    def path(self) -> str:
        return self.context.profile.proxy_config

    @property
    def writes(self) -> bool:
        """Whether the file changes."""
        return self.data != self.seen.data

    def files(self) -> tuple[bytes, ...]:
        """What of the configuration goes into the plan, and so into the journal."""
        return (self.seen.data or b"", self.data) if self.writes else ()

    @property
    def loads(self) -> bool:
        """Whether what runs changes."""
        running = self.seen.running.config
        return running is None or running.sha256 != self.new.sha256

    @property
    def record(self) -> bytes:
        """The vhosts to remember: more at once, fewer only where those that go were stated."""
        floor, names = self.seen.known.floor, plain(self.new.names)
        if floor is not None and len(names) < floor.height(self.stated):
            names = floor.names - set(self.stated)
        return record(names, self.context.now(), self.by)

    @property
    def lowers(self) -> bool:
        """Whether all there is to do is that the floor follows to what was stated."""
        known = self.seen.known
        counts = known.floor.names if known.floor is not None else frozenset[str]()
        gone = counts & set(self.stated) - self.new.names
        return bool(gone) and not same(known.record, self.record)

    def steps(self) -> tuple[Step, ...]:
        """Write, check, load, remember; each only where there is something to do."""
        steps = [self._write()] if self.writes else []
        loads = self.loads or self.load == "restart"
        if self.writes or loads:
            steps.append(Step("Let Caddy check the file as its service's user", self._checks()))
        if loads:
            steps.append(self._load())
        return (*steps, *self.remember())

    def remember(self) -> tuple[Step, ...]:
        """The record beside the Caddyfile: what later operators, wherever they sit, are held to."""
        before, after = self.seen.known.record, self.record
        if same(before, after):
            return ()
        where, path = self.seen.container, f"{self.path}{SUFFIX}"
        backup = f"{path}.bak-{self.context.now():%Y%m%d%H%M%S}" if before is not None else ""
        away = Exec(where, ("rm", "-f", "--", path))
        return (
            Step(
                title=f"Remember the vhosts in {path}",
                does=Replace(where, path, before, after, backup),
                done=holds_file(where, path, after, new=before is None),
                undo=(away if before is None else Replace(where, path, after, before, ""),),
            ),
        )

    def verify(self) -> tuple[Wait, ...]:
        """The file, what runs, and the names the admin API serves."""
        file = holds_file(self.seen.container, self.path, self.data)
        served = scripts.serves(self.seen.container, self.context.profile.proxy_admin, self.new.hosts)
        return (Wait(file, 10.0), Wait(self._runs(), LOADED_WITHIN), Wait(served, LOADED_WITHIN))

    def dark(self) -> tuple[str, ...]:
        """What does not answer meanwhile."""
        if self.load != "restart":
            return ()
        now = self.seen.now or self.new
        ports = sorted({listen for vhost in now.vhosts for listen in vhost.listen})
        return (f"all {len(now.vhosts)} vhosts ({' '.join(ports)}), about {RESTART_DARK} s",)

    def _write(self) -> Step:
        where, before = self.seen.container, self.seen.data
        assert before is not None  # noqa: S101 - refused earlier
        return Step(
            title=f"Write {self.path}",
            does=Replace(where, self.path, before, self.data, self._backup()),
            done=holds_file(where, self.path, self.data),
            undo=(Replace(where, self.path, self.data, before, ""),),
        )

    def _backup(self) -> str:
        return f"{self.path}.bak-{self.context.now():%Y%m%d%H%M%S}"

    def _checks(self) -> Wait:
        """Once, not again and again (a file that is refused stays refused), here and where it is pasted."""
        run = scripts.caddy(self.seen.container, "validate", self.context.profile.proxy_unit, self.path)
        return Wait(Probe("Caddy takes the file", run, "status", "0"), CHECKED_WITHIN, CHECKED_WITHIN)

    def _load(self) -> Step:
        does = self._loading()
        title = "Load it into the running Caddy" if self.load == "reload" else "Restart Caddy"
        if not self.writes:
            why = "a restart cannot be taken back"
            if self.load == "reload":
                why = "what runs now is in no file; the backups are there (proxy.restore)"
            return Step(title, does, self._runs() if self.loads else None, no_undo=why)
        return Step(title, does, self._runs(), self._back(does), undo_dark=self.dark())

    def _back(self, load: Exec) -> tuple[Action, ...]:
        """The old file first, then load it: the other way round the new one would be loaded again."""
        where, before = self.seen.container, self.seen.data
        kept = f"{self._backup()}.undone"
        return Replace(where, self.path, self.data, before or b"", kept), load

    def _loading(self) -> Exec:
        unit = self.context.profile.proxy_unit
        if self.load == "reload":
            return scripts.caddy(self.seen.container, "reload", unit, self.path)
        return Exec(self.seen.container, ("systemctl", "restart", "--", unit), 60.0)

    def _runs(self) -> Probe:
        """Exactly this configuration runs; by its names alone where our hash is not Caddy's."""
        admin = self.context.profile.proxy_admin
        if self.seen.exact or self.seen.running.config is None:
            return scripts.runs(self.seen.container, admin, self.new.sha256)
        return scripts.serves(self.seen.container, admin, self.new.hosts)
