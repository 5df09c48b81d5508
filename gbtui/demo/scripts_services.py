"""The scripts of `gbtui.operations.services_scripts` on the simulated host."""

from __future__ import annotations

from collections.abc import Callable

from gbtui.demo import services, unit_files
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import Unit


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


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-strangers": _strangers,
    "gbtui-steady": _steady,
    "gbtui-environment": _environment,
    "gbtui-configured": _configured,
}
