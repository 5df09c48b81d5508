"""The scripts of the checks on Valkey, botserver's log and mail on the simulated host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from gbtui.demo import files, scripts_ci, services
from gbtui.demo.call import Answer, Call, said
from gbtui.demo.lxd_devices import UNIT_LISTENS, bound
from gbtui.text import text

VALKEY = "valkey-server.service"
_WANTED = ("os error 110", "started successfully", "Adding suggestion to Redis key")
_GREETINGS = {25: "220 mail.acme.test ESMTP", 587: "220 mail.acme.test ESMTP"}


def _cache(call: Call) -> Answer:
    port, client = call.arguments
    unit = call.place.units.get(VALKEY)
    rows = ["noss"] if "ss" in call.place.missing else []
    if unit is not None and unit.active and not rows:
        rows.append(f"listen\t{bound(call.place, int(port))}:{port}")
    if unit is not None:
        rows.append(f"unit\t/system.slice/{VALKEY}")
    asked = ("timeout", "2", client, "-h", "127.0.0.1", "-p", port, "ping")
    done = call.state.execute(replace(call, argv=asked)) if call.state.execute else said()
    words = text(done.stdout + done.stderr).splitlines()[:1]
    rows.append(f"ping\t{done.status}\t{''.join(words)[:200]}")
    return Answer(0, "".join(f"{row}\n" for row in rows).encode(), takes=min(done.takes, 2.0))


def _log_tail(call: Call) -> Answer:
    """The start of a botserver that reached its cache stands where it belongs in time."""
    path = call.arguments[0]
    data = files.content(call.state, call.place, path)
    if data is None:
        return said("absent")
    lines = [line for line in text(data).splitlines() if any(word in line for word in _WANTED)]
    unit = call.place.units.get("system.service")
    changed = call.place.files[path].modified
    if unit is not None and unit.cache_reached:
        stamp = datetime.fromtimestamp(unit.since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        before = [line for line in lines if not line[:1].isdigit() or line[:20] < stamp]
        started = f"{stamp} INFO botserver:BotServer started successfully on port 5858"
        lines = [*before, started, *(line for line in lines if line not in before)]
        changed = max(changed, unit.since)
    head = (f"now {int(call.state.clock.now())}", f"changed {int(changed)}")
    return said("\n".join((*head, *lines[-200:])))


def _greetings(call: Call) -> Answer:
    rows = []
    for port in map(int, call.arguments):
        open_ = any(
            port in UNIT_LISTENS.get(one.name, ()) and one.active for one in call.place.units.values()
        )
        refused = f"bash: line 1: /dev/tcp/127.0.0.1/{port}: Connection refused"
        words = _GREETINGS.get(port, "* OK ready") if open_ else refused
        silent = services.reach(call.place, port) == "DROP"
        rows.append(f"{port}\t{'' if silent else words}")
    return said("\n".join(rows))


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-cache": _cache,
    "gbtui-log-tail": _log_tail,
    "gbtui-greetings": _greetings,
    **scripts_ci.SCRIPTS,
}
