"""`services.set-botserver-url`: botui reaches botserver on loopback, in the environment it runs with (63).

A drop-in is written, and not ui.service itself: the unit file may hold other variables that are
nobody's business in a preview or a journal. What counts is the environment of the running process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gbtui import text
from gbtui.errors import NotFound
from gbtui.guard.execute import holds_file
from gbtui.guard.plan import Action, Danger, Exec, Plan, Probe, Reliance, Replace, Step, Verdict, Wait
from gbtui.guard.preview import command
from gbtui.hosts.base import Command
from gbtui.operations import services_scripts as scripts
from gbtui.operations.assemble import assemble, proofs, relying
from gbtui.operations.base import Context, Guard, Operation, Parameter
from gbtui.operations.folders import make_folder
from gbtui.operations.parameters import CONTAINER
from gbtui.operations.running import RUNS, runs
from gbtui.operations.services_look import (
    OWNER,
    WHO_WAITS,
    Target,
    dark,
    facts,
    healthy,
    owners,
    restart,
    steady,
    targets,
)

KEY = "BOTSERVER_URL"
DROP_IN = "zz-botserver-url.conf"
"""Sorts behind what else may set it: the last one counts."""
RELOAD = ("systemctl", "daemon-reload")
_URL = re.compile(r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]{0,200}[A-Za-z0-9])?(?::[0-9]{1,5})?/?")
_LOCAL = ("localhost", "127.0.0.1")

HAS_UI = Guard("has-botui", "botui runs in this container", (62,))
LOCAL = Guard("url-local", "botui reaches botserver on loopback, over plain HTTP", (63,))
WINS = Guard("environment-file", "no EnvironmentFile sets another value, which would win", (63,))


def _url(value: str) -> str:
    if not _URL.fullmatch(value):
        return "not an address of that form"
    port = value.rstrip("/").rpartition(":")[2]
    return "no such port" if port.isdecimal() and not 0 < int(port) < 65536 else ""


URL = Parameter("url", "http://HOST:PORT (default: where botserver is healthy, on localhost)", _url, "")


@dataclass(frozen=True, slots=True)
class _Seen:
    """As it is: `now` in the running process, `later` at its next start ("" for not set)."""

    path: str
    file: bytes | None
    folder: bool
    now: str
    later: str
    wins: Verdict


async def make_set_url(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to set it by a drop-in, restart botui, and look at the environment it runs with."""
    container, right = given["container"], _right(context, given["container"])
    url = given["url"].rstrip("/") or right
    given = {**given, "url": url}
    title = f"Point botui in {container} to {url}"
    verdicts = [await runs(context, container)]
    ui = None if _refused(verdicts) else await _botui(context, container, verdicts)
    seen = None
    if ui is not None:
        verdicts.append(_local(url, right))
    if ui is not None and not _refused(verdicts):
        seen = await _look(context, container, ui)
        verdicts += [seen.wins, await owners(context, container, (ui,))]
    if ui is None or seen is None or _refused(verdicts):
        return assemble(SET_BOTSERVER_URL, context, given, title, verdicts=verdicts)
    if seen.now == seen.later == url and ui.state.active == "active":
        noop = f"already so: {ui.unit} runs with {KEY}={url}, and will after its next start"
        return assemble(SET_BOTSERVER_URL, context, given, title, verdicts=verdicts, noop=noop)
    verdicts.append(WHO_WAITS.warn("botui restarts: its users are away for about 10 s"))
    steps = _steps(context, container, ui, seen, url)
    effect = Wait(_effective(container, ui.unit, url), 10.0)
    return assemble(
        SET_BOTSERVER_URL,
        context,
        given,
        title,
        why=_why(seen),
        verdicts=verdicts,
        steps=steps,
        verify=(*proofs(steps), effect, healthy(container, ui, 10.0), steady(container, ui)),
        relies_on=await _facts(context, container, ui, seen),
        dark=dark((ui,)),
        target=container,
        undo_warning=f"botui restarts with {_shown(seen.now)} again: away for about 10 s (guide 63)",
    )


def _refused(verdicts: list[Verdict]) -> bool:
    return any(verdict.verdict == "refuse" for verdict in verdicts)


def _right(context: Context, container: str) -> str:
    """Where the profile's botserver of that container answers, on loopback; "" where it has none."""
    services = context.profile.services_of(context.profile.split(container)[1])
    port = next((urlsplit(one.health).port for one in services if one.name == "botserver"), None)
    return f"http://localhost:{port}" if port else ""


def _local(url: str, right: str) -> Verdict:
    if not url:
        return LOCAL.refuse("the profile knows no botserver in this container: say url=http://localhost:PORT")
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in _LOCAL or not parts.port:
        why = "the way round through the proxy closes the WebSocket before TALK runs"
        return LOCAL.refuse(
            f"{url} is not botserver on loopback: {why}; it is {right or 'http://localhost:PORT'}"
        )
    return LOCAL.allow(f"{url} is on loopback")


async def _botui(context: Context, container: str, verdicts: list[Verdict]) -> Target | None:
    """botui's unit; what is wrong with it goes to `verdicts`."""
    services = context.profile.services_of(context.profile.split(container)[1])
    unit = next((service.unit for service in services if service.name == "botui"), "")
    if not unit:
        verdicts.append(
            HAS_UI.refuse(f"the profile knows no botui in {container}: name the system container")
        )
        return None
    (found,) = await targets(context, container, (unit,))
    if found.state.load != "loaded":
        verdicts.append(HAS_UI.refuse(f"systemd in {container} has no {unit} ({found.state.load})"))
        return None
    verdicts.append(HAS_UI.allow(f"{unit} is {found.state.active}"))
    return found


async def _look(context: Context, container: str, ui: Target) -> _Seen:
    folder = f"/etc/systemd/system/{ui.unit}.d"
    path = f"{folder}/{DROP_IN}"
    try:
        file = await context.host.read(path, instance=container)
    except NotFound:
        file = None
    now = await context.host.run(command(scripts.environment(container, ui.unit, KEY)))
    later = await context.host.run(command(scripts.configured(container, ui.unit, KEY)))
    exists = await context.host.run(command(Exec(container, ("test", "-d", folder))))
    wins = await _wins(context, container, ui)
    return _Seen(path, file, exists.ok, text.line(now.stdout), text.line(later.stdout), wins)


async def _wins(context: Context, container: str, ui: Target) -> Verdict:
    """An EnvironmentFile beats every Environment=; it is searched, and not read out: it holds secrets."""
    files = ui.state.environment_files
    argv = ("grep", "-lsF", "-e", f"{KEY}=", "--", *files)
    found = await context.host.run_many([Command(argv)], instance=container) if files else ()
    named = [name for done in found for name in text.text(done.stdout).splitlines()]
    if named:
        return WINS.refuse(f"{', '.join(named)} names {KEY} and would win over ours: take it out there first")
    return WINS.allow(f"no EnvironmentFile of {ui.unit} names {KEY}")


def _why(seen: _Seen) -> str:
    if seen.now == seen.later:
        return f"botui runs with {_shown(seen.now)} (guide 63)"
    return (
        f"botui runs with {_shown(seen.now)}, and with {_shown(seen.later)} after its next start (guide 63)"
    )


def _shown(url: str) -> str:
    """An address without the name and password that may stand in it."""
    if not url:
        return f"no {KEY}"
    scheme, sep, rest = url.partition("://")
    return f"{KEY}={scheme}{sep}…@{rest.rpartition('@')[2]}" if "@" in rest else f"{KEY}={url}"


# Steps


def _steps(context: Context, container: str, ui: Target, seen: _Seen, url: str) -> tuple[Step, ...]:
    """Its file comes back before the restart that makes it count: one undo does all three."""
    after = f"[Service]\nEnvironment={KEY}={url}\n".encode()
    with_file = "the undo of the drop-in does it again"
    steps = [] if seen.folder else [make_folder(container, seen.path.rpartition("/")[0])]
    if seen.file != after:
        backup = f"{seen.path}.bak-{context.now():%Y%m%d%H%M%S}" if seen.file is not None else ""
        steps.append(
            Step(
                title=f"Set {KEY} by a drop-in of {ui.unit}",
                does=Replace(container, seen.path, seen.file, after, backup),
                done=holds_file(container, seen.path, after, new=seen.file is None),
                undo=_undo(container, ui, seen, after),
                undo_dark=dark((ui,)),
            )
        )
    steps.append(Step("Let systemd read its units", Exec(container, RELOAD), no_undo=with_file))
    return (*steps, restart(container, ui), Step(f"Wait for {ui.name}", healthy(container, ui)))


def _undo(container: str, ui: Target, seen: _Seen, after: bytes) -> tuple[Action, ...]:
    back: Action = Exec(container, ("rm", "-f", "--", seen.path))
    if seen.file is not None:
        back = Replace(container, seen.path, after, seen.file, "")
    again = Exec(container, ("systemctl", "restart", "--", ui.unit), 60.0)
    return (back, Exec(container, RELOAD), again, healthy(container, ui))


def _effective(container: str, unit: str, url: str) -> Probe:
    run = scripts.environment(container, unit, KEY)
    return Probe(f"{unit} runs with {KEY}={url}", run, "stdout", url)


async def _facts(context: Context, container: str, ui: Target, seen: _Seen) -> tuple[Reliance, ...]:
    own = await relying(
        context,
        (seen.path, Exec(container, ("sha256sum", "--", seen.path))),
        (f"{KEY} of the running process", scripts.environment(container, ui.unit, KEY)),
    )
    return (*await facts(context, container, (ui,)), *own)


SET_BOTSERVER_URL = Operation(
    id="services.set-botserver-url",
    title="Set BOTSERVER_URL",
    summary="point botui to botserver on loopback by a drop-in, restart it, see the environment it runs with",
    subject="services",
    parameters=(CONTAINER, URL),
    guards=(RUNS, LOCAL, HAS_UI, WINS, OWNER, WHO_WAITS),
    danger=Danger.DISRUPTIVE,
    items=(61, 62, 63),
    make=make_set_url,
)
