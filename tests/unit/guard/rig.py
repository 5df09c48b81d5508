"""A real host for the engine's tests: this machine, real commands, real files below one directory.

Only what this machine may not have is a stand-in, as small programs on PATH: systemd's timers (a
real background process that really fires), LXD's client (runs the command here) and sudo.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from gbtui.config import HostConfig
from gbtui.guard.engine import Engine
from gbtui.guard.execute import holds_file
from gbtui.guard.fingerprint import fingerprint, rely
from gbtui.guard.journal import Journal
from gbtui.guard.plan import Danger, Exec, Plan, Probe, Replace, Step, Wait
from gbtui.guard.port import Approval, Event
from gbtui.hosts.local import LocalHost

FAKES = {
    "systemd-run": r"""
for a; do
  case $a in --unit=*) unit=${a#*=};; --on-active=*) after=${a#*=};; --*) ;; *) break;; esac
  shift
done
[ -e "$RIG/no-timers" ] && { echo 'Failed to start transient timer unit' >&2; exit 1; }
[ -e "$RIG/timers/$unit.timer" ] && { echo 'Unit already loaded' >&2; exit 1; }
[ -e "$RIG/fast" ] && after=$(cat "$RIG/fast")
setsid sh -c 'sleep "$1"; rm -f "$2"; shift 2; exec "$@"' timer "$after" "$RIG/timers/$unit.timer" "$@" \
  </dev/null >/dev/null 2>&1 &
echo $! >"$RIG/timers/$unit.timer"; echo $! >>"$RIG/pids"
""",
    "systemctl": r"""
verb=$1; shift; [ "$1" = --quiet ] && shift
case $verb in
  is-active) [ -e "$RIG/timers/$1" ] ;;
  stop) [ -e "$RIG/timers/$1" ] || exit 5; kill -- "-$(cat "$RIG/timers/$1")"; rm -f "$RIG/timers/$1" ;;
  restart) echo "$@" >>"$RIG/restarts" ;;
  is-enabled) echo disabled; exit 1 ;;
esac
""",
    "lxc": r"""
[ "$1" = exec ] || exit 2
[ -d "$RIG/instances/$2" ] || { echo 'Error: Instance not found' >&2; exit 1; }
shift 4
exec $(cat "$RIG/wrap" 2>/dev/null) "$@"
""",
    "sudo": '[ "$1" = -n ] && shift 2; exec "$@"',
    "logger": r"""[ -e "$RIG/no-logger" ] && { echo 'socket /dev/log: No such file' >&2; exit 1; }
shift 3; printf '%s\n' "$*" >>"$RIG/syslog"
""",
}


def build(root: Path) -> None:
    """Make the stand-ins below `root`."""
    for folder in ("bin", "timers", "instances/acme-system", "etc", "steps"):
        (root / folder).mkdir(parents=True)
    for name, body in FAKES.items():
        path = root / "bin" / name
        path.write_text(f"#!/bin/sh\nRIG={shlex.quote(str(root))}\n{body.lstrip()}")
        path.chmod(0o755)


def end_timers(root: Path) -> None:
    """End the background timers this rig has started, and nothing else."""
    pids = root / "pids"
    for pid in pids.read_text().split() if pids.exists() else []:
        try:
            os.killpg(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue


def plan(root: Path, *, revert_after: float = 60.0, armed: bool = True, **changes: object) -> Plan:
    """A plan with every kind of step: two that make something, a file replaced, one nothing can take back.

    Step 0 and 1 are in the "container", which here is this machine.
    """
    steps = (
        made(root, "one", where="acme-system", armed=armed),
        replaced(root, where="acme-system", armed=armed),
        Step("Wait for one", Wait(here(root / "steps/one"), 5.0, 0.05)),
        Step("Ring", ring(root), no_undo="a bell cannot be unrung"),
        made(root, "two"),
    )
    values: dict[str, object] = {
        "operation": "test.everything",
        "parameters": (("container", "acme-system"),),
        "title": "Everything",
        "why": "to see it",
        "danger": Danger.DISRUPTIVE,
        "steps": steps,
        "verify": (Wait(here(root / "steps/two"), 2.0, 0.05),),
        "verdicts": (),
        "relies_on": (),
        "fingerprint": fingerprint(()),
        "revert_after": revert_after if armed else 0.0,
        "host": "rig",
    }
    return Plan(**{**values, **changes})  # type: ignore[arg-type]  # a plan's fields by name, checked at run time


def here(path: Path, where: str = "host") -> Probe:
    argv = ("sh", "-c", '[ -d "$1" ] && echo yes || echo no', "here", str(path))
    return Probe(f"{path.name} is there", Exec(where, argv), "stdout", "yes")


def made(root: Path, name: str, *, where: str = "host", armed: bool = False) -> Step:
    path = root / "steps" / name
    undo = (Exec(where, ("rmdir", str(path))),)
    return Step(f"Make {name}", Exec(where, ("mkdir", str(path))), here(path, where), undo, armed=armed)


def replaced(root: Path, *, where: str = "host", armed: bool = False) -> Step:
    path, before, after = str(root / "etc/file"), b"old\n", b"new\xff\n"
    does = Replace(where, path, before, after, f"{path}.bak-1")
    undo = (Replace(where, path, after, before, ""),)
    return Step("Replace file", does, holds_file(where, path, after), undo, armed=armed)


def ring(root: Path) -> Exec:
    return Exec("host", ("sh", "-c", 'echo rung >>"$1"', "ring", str(root / "bell")))


@dataclass
class Answers:
    """A scripted approver."""

    yes: bool = True
    keeps: Literal["keep", "revert", "leave", "never"] = "keep"
    acknowledged: tuple[str, ...] = ()
    typed: str = ""
    asked: list[str] = field(default_factory=list)
    before_yes: Callable[[], Awaitable[None]] | None = None

    async def approve(self, plan: Plan) -> Approval:
        self.asked.append("approve")
        if self.before_yes is not None:
            await self.before_yes()
        return Approval(self.yes, "tester", self.acknowledged, self.typed)

    async def keep(self, plan: Plan, id: str, seconds_left: float) -> Literal["keep", "revert", "leave"]:  # noqa: A002 - the port's name
        self.asked.append("keep")
        if self.keeps == "never":
            await asyncio.Event().wait()
            raise AssertionError
        return self.keeps


class Rig:
    """The host, its engine, and looks at the state the steps change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host = LocalHost(HostConfig("rig", "local"))
        self.journal = Journal(root / "state")
        self.events: list[Event] = []

    def engine(self, **more: str) -> Engine:
        return Engine(
            self.host,
            self.journal,
            user="tester@here",
            run_dir=str(self.root / "run"),
            state_dir=str(self.root / "var"),
            **more,  # type: ignore[arg-type]  # only read_only
        )

    def start(self) -> None:
        """The state before any operation."""
        (self.root / "etc/file").write_bytes(b"old\n")

    def state(self) -> dict[str, object]:
        """What the steps change, without what stays behind on purpose (backups, the bell)."""
        return {
            "file": (self.root / "etc/file").read_bytes(),
            "made": sorted(path.name for path in (self.root / "steps").iterdir()),
            "timers": sorted(path.name for path in (self.root / "timers").iterdir()),
        }

    def phases(self) -> list[str]:
        return [record.record for record in self.journal.entries()]


UNTOUCHED = {"file": b"old\n", "made": [], "timers": []}
CHANGED = {"file": b"new\xff\n", "made": ["one", "two"], "timers": []}


async def _child(root: Path, keeps: str) -> None:
    rig = Rig(root)
    answers = Answers(keeps=keeps)  # type: ignore[arg-type]  # from the command line of the test
    outcome = await rig.engine().apply(plan(root), answers)
    print(f"{outcome.result}: {outcome.message}")


async def _racer(root: Path, name: str) -> None:
    """An operator with a journal of their own: plans now, and applies when all have planned ("go")."""
    rig = Rig(root)
    rig.journal = Journal(root / f"state-{name}")
    relies = await rely(rig.host, "what is made", Exec("host", ("ls", str(root / "steps"))))
    made = replace(plan(root), relies_on=(relies,), fingerprint=fingerprint((relies,)))
    print("planned", flush=True)
    while not (root / "go").exists():
        await asyncio.sleep(0.005)
    engine = rig.engine()
    engine.user = f"{name}@here"
    outcome = await engine.apply(made, Answers())
    print(f"{outcome.result}: {outcome.message}")


if __name__ == "__main__":
    asyncio.run(
        {"racer": _racer}.get(sys.argv[3] if len(sys.argv) > 3 else "", _child)(
            Path(sys.argv[1]), sys.argv[2]
        )
    )
