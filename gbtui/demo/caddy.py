"""Caddy in the proxy's container: the command, the admin API, what it remembers, what it keeps on disk."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

from gbtui.demo import certificate, files, resolver
from gbtui.demo.caddyfile import Refusal, adapt
from gbtui.demo.call import Answer, Call, failed
from gbtui.demo.state import File, Place

UNIT = "proxy.service"
ADMIN = 2019
USER = "caddy"
CONFIG = "/opt/gbo/conf/config"
HOME = "/var/lib/caddy"
STORAGE = "/opt/gbo/data/caddy"
CERTIFICATES = f"{STORAGE}/certificates/acme-v02.api.letsencrypt.org-directory"
#: Caddy writes what it runs there by itself.
AUTOSAVE = f"{HOME}/.config/caddy/autosave.json"
_REFUSED = 'Post "http://localhost:2019/load": dial tcp 127.0.0.1:2019: connect: connection refused'


def caddy(call: Call) -> Answer:
    """`caddy adapt|validate|reload --config FILE [--adapter caddyfile]`, `caddy version`."""
    words = call.arguments
    if words[:1] == ("version",):
        return Answer(0, b"2.6.2\n")
    if words[:1] not in (("adapt",), ("validate",), ("reload",)) or "--config" not in words:
        return failed(1, f'Error: unknown command "{words[0] if words else ""}" for "caddy"')
    path = words[words.index("--config") + 1]
    data = call.stdin if path == "/dev/stdin" else files.content(call.state, call.place, path)
    if data is None:
        what = "input" if words[0] == "adapt" else "config"
        return failed(1, f"Error: reading {what} file: open {path}: no such file or directory")
    try:
        document = adapt(data)
    except Refusal as refusal:
        doing = "" if words[0] == "adapt" else "adapting config using caddyfile: "
        return failed(1, f"Error: {doing}{path}:{refusal}")
    if words[0] == "adapt":
        return Answer(0, json.dumps(document, separators=(",", ":")).encode() + b"\n", takes=0.05)
    if words[0] == "validate":
        return Answer(0, b"Valid configuration\n", takes=0.1)
    if not _active(call.place):
        return failed(1, f"Error: sending configuration to instance: performing request: {_REFUSED}")
    _run(call.place, document, call.state.clock.now())
    return Answer(takes=0.1)


def start(place: Place, now: float) -> bool:
    """Caddy starts with its file, and remembers nothing of before; whether it could.

    It gets the certificates that are not in its storage, for names that have an address.
    """
    place.units[UNIT].tried.clear()
    file = place.files.get(CONFIG)
    try:
        _run(place, adapt(file.data if file else b"}"), now)
    except Refusal:
        return False
    if file is not None and STORAGE.encode() in file.data:
        issue(place, now)
    return True


def issue(place: Place, now: float) -> None:
    """The certificates that are missing from the storage."""
    for name in dict.fromkeys(hosts(json.loads(running(place) or b"{}"))):
        if f"{CERTIFICATES}/{name}/{name}.crt" not in place.files and resolver.resolves(name):
            _keep(place, name, now)


def _keep(place: Place, name: str, since: float) -> None:
    key = f"-- {name} key {hashlib.sha256(name.encode()).hexdigest()} --\n".encode()
    leaf = certificate.pem(name, since, since + 90 * 86400)
    for ending, data, mode in (("crt", leaf, 0o644), ("key", key, 0o600)):
        place.files[f"{CERTIFICATES}/{name}/{name}.{ending}"] = File(data, mode, f"{USER}:{USER}", since)


def running(place: Place) -> bytes | None:
    """What the admin API's `/config/` answers; None where Caddy does not run."""
    file = place.files.get(AUTOSAVE)
    return file.data if file is not None and _active(place) else None


def hosts(document: object) -> list[str]:
    """All names in the matchers of a configuration."""
    if isinstance(document, dict):
        own = [str(name) for name in document["host"]] if isinstance(document.get("host"), list) else []
        return own + [name for inner in document.values() for name in hosts(inner)]
    return [name for inner in document for name in hosts(inner)] if isinstance(document, list) else []


def storage(place: Place, now: float) -> None:
    """What lies in the storage of a proxy that has run for months: an account, a certificate a name."""
    account = f"{STORAGE}/acme/acme-v02.api.letsencrypt.org-directory/users/default/default.json"
    place.files[account] = File(b'{"status":"valid"}\n', 0o600, f"{USER}:{USER}", now - 9e6)
    for name in dict.fromkeys(hosts(json.loads(running(place) or b"{}"))):
        _keep(place, name, now - 3e6)
    if not any(name.startswith(f"{CONFIG}.bak-") for name in place.files):
        _edited(place, now - 41 * 86400)


def _edited(place: Place, at: float) -> None:
    """The file was last changed then, and backed up before, as the guide has it."""
    config = place.files[CONFIG]
    backup = f"{CONFIG}.bak-{datetime.fromtimestamp(at - 300, UTC):%Y%m%d%H%M}"
    place.files[backup] = replace(config, modified=at - 300)
    config.modified = at


def _active(place: Place) -> bool:
    unit = place.units.get(UNIT)
    return unit is not None and unit.active


def _run(place: Place, document: dict[str, object], now: float) -> None:
    """Run a configuration: the memory of names only grows."""
    printed = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&":
        printed = printed.replace(character, f"\\u{ord(character):04x}")
    place.files[AUTOSAVE] = File(f"{printed}\n".encode(), 0o600, f"{USER}:{USER}", now)
    tried = place.units[UNIT].tried
    tried += [name for name in hosts(document) if name not in tried]
