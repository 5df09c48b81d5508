"""The scripts of `gbtui.operations.proxy_scripts` on the simulated host."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace

from gbtui.demo import caddy, files
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import File, Place


def _caddy(call: Call) -> Answer:
    verb, _, file = call.arguments
    path = "/dev/stdin" if file == "-" else file
    return caddy.caddy(replace(call, argv=("caddy", verb, "--config", path, "--adapter", "caddyfile")))


def _service(call: Call) -> Answer:
    unit = call.place.units.get(call.arguments[0])
    if unit is None or not unit.active:
        return said(f"user={caddy.USER if unit else ''}\npid=0\nstate=inactive")
    return said(f"user={caddy.USER}\npid=412\nstate=active\nhome={caddy.HOME}\ndata=")


def _config(call: Call) -> bytes | Answer:
    config = caddy.running(call.place)
    if config is None:
        words = "Failed to connect to localhost port 2019 after 0 ms: Could not connect to server"
        return failed(1, f"curl: (7) {words}")
    return config


def _running(call: Call) -> Answer:
    config = _config(call)
    return config if isinstance(config, Answer) else said(hashlib.sha256(config.rstrip(b"\n")).hexdigest())


def _serves(call: Call) -> Answer:
    config = _config(call)
    if isinstance(config, Answer):
        return config
    found, wanted = set(caddy.hosts(json.loads(config))), set(call.arguments[1:])
    missing, beyond = " ".join(sorted(wanted - found)), " ".join(sorted(found - wanted))
    lines = [f"not served: {missing}"] if missing else []
    lines += [f"not planned: {beyond}"] if beyond else []
    return said("\n".join(lines) or "as planned")


def _silent(call: Call) -> Answer:
    name, wanted, least = call.arguments
    unit = call.place.units.get(name)
    if unit is None or not unit.active:
        return said(f"{name} does not run")
    age = int(call.state.clock.now() - unit.since)
    if age < int(least):
        return said(f"runs for {age} s only")
    return said(f"3 lines about {wanted}" if wanted in unit.tried else "silent")


def _under(place: Place, folder: str) -> dict[str, File]:
    return {path: file for path, file in place.files.items() if path.startswith(f"{folder}/")}


def _certificates(call: Call) -> Answer:
    folder = f"{call.arguments[0]}/certificates"
    found = {path: file for path, file in _under(call.place, folder).items() if path[-4:] in (".crt", ".key")}
    if not found:
        return said("0")
    lines = [
        f"{hashlib.sha256(file.data).hexdigest()}  .{path[len(folder) :]}\n" for path, file in found.items()
    ]
    ordered = "".join(sorted(lines, key=lambda line: line[66:]))
    return said(f"{len(lines)}\n{hashlib.sha256(ordered.encode()).hexdigest()}")


def _copy(call: Call) -> Answer:
    source, target = call.arguments
    if not files.is_folder(call.place, source):
        return failed(1, f"cp: cannot stat '{source}': No such file or directory")
    if _under(call.place, target):
        return failed(1, f"rmdir: failed to remove '{target}': Directory not empty")
    for path, file in _under(call.place, source).items():
        if not path.startswith(f"{source}/locks/"):
            call.place.files[target + path[len(source) :]] = replace(file)
    return said()


def _aside(call: Call) -> Answer:
    source, folder, name = call.arguments
    kept = {path[len(source) :]: file.data for path, file in _under(call.place, source).items()}
    copies = _under(call.place, folder)
    for path, file in copies.items():
        del call.place.files[path]
        if {path[len(folder) :]: file.data for path, file in copies.items()} != kept:
            call.place.files[name + path[len(folder) :]] = file
    return said()


def _filled(call: Call) -> Answer:
    return said("filled" if _under(call.place, call.arguments[0]) else "empty")


def _known(call: Call) -> Answer:
    path, files = call.arguments[0], call.place.files
    record = files.get(f"{path}.vhosts")
    since = record.modified if record is not None else -1.0
    backups = [
        name
        for name, file in sorted(files.items())
        if name.removeprefix(f"{path}.bak-").isdigit() and file.modified > since
    ]
    told = ([f"{path}.vhosts"] if record is not None else []) + backups[-10:]
    lines = [f"{name.rsplit('/', 1)[1]} {b64encode(files[name].data[:262144]).decode()}" for name in told]
    return said("\n".join(lines))


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-caddy": _caddy,
    "gbtui-caddy-service": _service,
    "gbtui-caddy-running": _running,
    "gbtui-caddy-serves": _serves,
    "gbtui-caddy-silent": _silent,
    "gbtui-caddy-certificates": _certificates,
    "gbtui-caddy-copy": _copy,
    "gbtui-caddy-aside": _aside,
    "gbtui-caddy-filled": _filled,
    "gbtui-caddy-known": _known,
}
