"""The script of the checks on the access log (`gbtui.checks.log`) on the simulated host."""

from __future__ import annotations

import re
from collections.abc import Callable

from gbtui.demo import files
from gbtui.demo.call import Answer, Call, said
from gbtui.text import text

_RECORD = re.compile(r'^\{.*"ts":([^,]{1,40}),.*"remote_ip":"([0-9A-Fa-f:.]{2,45})".*\}$')


def _look(call: Call) -> Answer:
    unit, path, count = call.arguments
    rows = [f"now {int(call.state.clock.now())}"]
    if files.is_folder(call.place, path):
        return said("\n".join([*rows, "kind folder", f"open {path}.away"]))
    data = files.content(call.state, call.place, path)
    running = call.place.units.get(unit)
    opened = [f"open {path}"] if running is not None and running.active else []
    if data is None:
        return said("\n".join([*rows, "kind none"]))
    rows += ["kind file", f"changed {int(call.place.files[path].modified)}", *opened]
    for line in [text(one) for one in data.rsplit(b"\n", int(count) + 1)[-int(count) - 1 :] if one]:
        found = _RECORD.match(line)
        rows.append(f"ok {found[1]} {found[2]}" if found else f"bad {line[:160]}")
    return said("\n".join(rows))


SCRIPTS: dict[str, Callable[[Call], Answer]] = {"gbtui-log-look": _look}
