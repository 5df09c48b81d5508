"""The scripts of `gbtui.operations.services_scripts` on the simulated host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gbtui.demo import scripts_internal, services, unit_files
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import Place, Unit
from gbtui.text import text


def _listening(call: Call, port: int) -> tuple[int, str, str, str] | None:
    """(pid, user, program, cgroup) of who listens on `port` now. A copy that was there first keeps it."""
    stray = call.place.strays.get(port)
    if stray is not None:
        return stray.pid, stray.user, stray.program, stray.cgroup
    endpoint = next((one for one in services.ENDPOINTS.get(call.place.name, ()) if one.port == port), None)
    unit = call.place.units.get(endpoint.unit) if endpoint else None
    if unit is None or not unit.active or unit.flaps or unit.ready > call.state.clock.now():
        return None
    name = unit.name.removesuffix(".service")
    return unit_files.pid(unit), "root", name, f"/system.slice/{unit.name}"


def _strangers(call: Call) -> Answer:
    if "ss" in call.place.missing:
        return failed(127, "ss: not found")
    rows, words = [], call.arguments
    for port, unit in zip(words[::2], words[1::2], strict=True):
        found = _listening(call, int(port))
        if found is not None and not found[3].endswith(f"/{unit}"):
            rows.append("\t".join((port, *map(str, found))))
    return said("\n".join(rows))


def _steady(call: Call) -> Answer:
    name, least, *port = call.arguments
    unit = call.place.units.get(name)
    return said(_unsteady(call, unit, float(least), int(port[0]) if port else 0) or "steady")


def _unsteady(call: Call, unit: Unit | None, least: float, port: int) -> str:
    now = call.state.clock.now()
    if unit is None or not unit.active:
        return "is inactive"
    restarts = unit_files.restarts(unit, now)
    if restarts:
        return f"flapping: {restarts} restarts, activating"
    if now - unit.since < least:
        return f"runs for {int(now - unit.since)} s"
    if not port:
        return ""
    found = _listening(call, port)
    if found is None:
        return f"port {port}: nobody listens"
    return "" if found[3].endswith(f"/{unit.name}") else f"port {port}: held by process {found[0]}"


def _environment(call: Call) -> Answer:
    name, key = call.arguments
    unit = call.place.units.get(name)
    if unit is None or not unit.active:
        return failed(3, f"{name} does not run")
    return said(unit.environment.get(key, ""))


def _configured(call: Call) -> Answer:
    name, key = call.arguments
    unit = call.place.units.get(name)
    return said(unit.configured.get(key, "") if unit else "")


_SHOWN = (
    "Id,LoadState,ActiveState,SubState,Type,MainPID,NRestarts,InvocationID,DropInPaths,EnvironmentFiles,"
    "UnitFileState,ActiveEnterTimestamp,ExecMainStartTimestamp,Result"
)


def _services(call: Call) -> Answer:
    """gbtui-services (UNIT PORT URL KEY)…, as `gbtui.facts.services_live` says."""
    words = call.arguments
    each = list(zip(words[::4], words[1::4], words[2::4], words[3::4], strict=True))
    shown = _run(call, "systemctl", "show", "-p", _SHOWN, "--", *(unit for unit, *_ in each))
    rows = [f"now {int(call.state.clock.now())}", shown, "=="]
    rows += [word for word, tool in (("noss", "ss"), ("nocurl", "curl")) if tool in call.place.missing]
    for number, (name, port, url, key) in enumerate(each, 1):
        unit = call.place.units.get(name)
        if unit is not None and unit.active:
            rows += _program(call.place, unit)
        if key != "-" and unit is not None:
            now = unit.environment.get(key, "") if unit.active else ""
            rows.append(f"env\t{number}\t{now}\t{unit.configured.get(key, '')}")
        if url != "-":
            code = _run(call, "curl", "-s", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}", url)
            rows.append(f"health {code or '000'} {url}")
        holder = _listening(call, int(port)) if port != "-" and "ss" not in call.place.missing else None
        if holder is not None:
            pid, user, program, cgroup = holder
            rows += [f"holder\t{port}\t{pid}\t{program}\t{cgroup}", f"user%/proc/{pid}%{user}"]
    return said("\n".join(rows))


def _program(place: Place, unit: Unit) -> list[str]:
    """What a unit's process executes: the file of its name, an older one where that was replaced."""
    path = f"/opt/gbo/bin/{PROGRAMS.get(unit.name, unit.name.removesuffix('.service'))}"
    file = place.files.get(path)
    changed = int(file.modified if file else unit.since - 1e6)
    replaced = bool(file and unit.image and unit.image != file.data)
    exe = f"exe\t/proc/{unit_files.pid(unit)}/exe\t{path}{' (deleted)' if replaced else ''}"
    return [exe, f"file%{changed}%{path}"]


def _run(call: Call, *argv: str) -> str:
    done = call.state.execute(replace(call, argv=argv)) if call.state.execute else said()
    return text(done.stdout).strip("\n")


PROGRAMS = {"system.service": "botserver", "ui.service": "botui", "alm-ci-runner.service": "forgejo-runner"}

SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-strangers": _strangers,
    "gbtui-services": _services,
    "gbtui-steady": _steady,
    "gbtui-environment": _environment,
    "gbtui-configured": _configured,
    **scripts_internal.SCRIPTS,
}
