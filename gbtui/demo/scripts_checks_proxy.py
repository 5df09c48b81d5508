"""The scripts of the checks on Caddy (`gbtui.checks.proxy_asks`) on the simulated host."""

from __future__ import annotations

import json
import posixpath
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from gbtui.demo import caddy, resolver
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import File
from gbtui.text import text

DEFAULT = f"{caddy.HOME}/.local/share/caddy"
_STAMP = re.compile(r"\.bak-(\d{12})(\d\d)?$")


def _adapted(call: Call) -> Answer:
    """The running Caddy's `/adapt`; `caddy adapt` where it does not run."""
    _, path, _ = call.arguments
    if path not in call.place.files:
        return Answer(66, stderr=f"{path} is not there\n".encode())
    argv = ("caddy", "adapt", "--config", path, "--adapter", "caddyfile")
    done = caddy.caddy(replace(call, argv=argv))
    if caddy.running(call.place) is None:
        return Answer(0, f"adapt {done.status}\n".encode() + done.stdout + done.stderr)
    if done.status:
        words = text(done.stderr).strip().removeprefix("Error: ").replace(path, "Caddyfile")
        document = json.dumps({"error": f"adapting config using caddyfile adapter: {words}"})
        return said(f"api 400\n{document}")
    return Answer(0, b'api 200\n{"result":' + done.stdout.strip() + b"}\n")


def _backups(call: Call) -> Answer:
    path, entries = call.arguments[0], call.place.files
    if path not in entries:
        return Answer(66, stderr=f"{path} is not there\n".encode())
    rows = [f"now {int(call.state.clock.now())}", f"file {int(entries[path].modified)}"]
    rows += [
        f"backup {_made(name, file)} {name}" for name, file in sorted(entries.items()) if _is(path, name)
    ]
    return said("\n".join(rows))


def _is(path: str, name: str) -> bool:
    return name.startswith(f"{path}.bak-")


def _made(name: str, file: File) -> int:
    """When a copy was made: its name says it, because its time is that of what was copied."""
    found = _STAMP.search(name)
    if found is None:
        return int(file.modified)
    stamp = datetime.strptime(found[1] + (found[2] or "00"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return max(int(stamp.timestamp()), int(file.modified))


def _floor(call: Call) -> Answer:
    path, entries = call.arguments[0], call.place.files
    record = entries.get(f"{path}.vhosts")
    since = record.modified if record is not None else -1.0
    kept = [name for name in sorted(entries) if _is(path, name) and entries[name].modified > since][-10:]
    told = [f"{path}.vhosts", *kept] if record is not None else kept
    rows = (f"{posixpath.basename(name)} {b64encode(entries[name].data).decode()}" for name in told)
    return said("\n".join(rows))


def _leaves(call: Call) -> Answer:
    _, *roots = call.arguments
    out = b""
    for root in (*roots, DEFAULT):
        out += f"root {root}\n".encode()
        for name, file in sorted(call.place.files.items()):
            if name.startswith(f"{root}/certificates/") and name.endswith(".crt"):
                out += f"file {name}\n".encode() + file.data
    return Answer(0, out)


def _resolve(call: Call) -> Answer:
    running = caddy.running(call.place)
    if running is None:
        return failed(1, "curl: (7) Failed to connect to localhost port 2019 after 0 ms: Could not connect")
    names = sorted({name for name in caddy.hosts(json.loads(running)) if "." in name and "*" not in name})
    return said("\n".join(f"{'found' if _found(call, name) else 'none'} {name}" for name in names))


def _found(call: Call, name: str) -> bool:
    return resolver.getent(replace(call, argv=("getent", "hosts", name))).status == 0


def _journal(call: Call) -> Answer:
    """What Caddy says of names that it cannot get a certificate for."""
    unit, now = call.place.units.get(call.arguments[0]), call.state.clock.now()
    if unit is None or not unit.active:
        return said()
    rows: list[dict[str, object]] = [
        {"level": "info", "ts": now - 300, "logger": "admin.api", "msg": "load complete"}
    ]
    for name in unit.tried:
        if "." in name and not _found(call, name):
            error = f"[{name}] Obtain: [{name}] solving challenges: HTTP 400 urn:ietf:params:acme:error:dns"
            record = {"level": "error", "ts": now - 60, "logger": "tls.obtain", "msg": "will retry"}
            rows.append({**record, "error": error, "attempt": 3, "retrying_in": 300})
    return said("\n".join(json.dumps(row) for row in rows))


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-caddy-adapted": _adapted,
    "gbtui-caddy-backups": _backups,
    "gbtui-caddy-floor": _floor,
    "gbtui-caddy-leaves": _leaves,
    "gbtui-caddy-resolve": _resolve,
    "gbtui-caddy-journal": _journal,
}
