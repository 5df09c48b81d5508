"""Faults of Caddy on the simulated host, the same names as in the lab.

Each is made by somebody who keeps the guide's order (a backup, the edit, a reload), but for what the
fault is about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from gbtui.demo import caddy, systemd
from gbtui.demo.call import Call
from gbtui.demo.fault import Fault
from gbtui.demo.proxy_config import CADDYFILE
from gbtui.demo.scripts_checks_proxy import DEFAULT
from gbtui.demo.state import File, Place, State

PROXY = "acme-proxy"
DEAD = "old.customer.example"
_SITE = f"\n{DEAD} {{\n\timport access\n\treverse_proxy http://10.77.0.185:5859\n}}\n"
_STORAGE = "\tstorage file_system {\n\t\troot /opt/gbo/data/caddy\n\t}\n"
_UNREADABLE = "\nnew.acme.example {\n\trate_limit 10r/s\n}\n"
_CERTIFICATE = f"{caddy.STORAGE}/certificates/acme-v02.api.letsencrypt.org-directory/www.example.org"


def _place(state: State) -> Place:
    return state.places[PROXY]


def _backup(state: State) -> None:
    """As the guide has it, an hour before."""
    at = state.clock.now() - 3600
    name = f"{caddy.CONFIG}.bak-{datetime.fromtimestamp(at, UTC):%Y%m%d%H%M}"
    _place(state).files[name] = replace(_place(state).files[caddy.CONFIG], modified=at)


def _write(state: State, content: str, *, reload: bool = True) -> None:
    place = _place(state)
    place.files[caddy.CONFIG] = File(content.encode(), modified=state.clock.now())
    if reload:
        caddy.caddy(Call(state, place, ("caddy", "reload", "--config", caddy.CONFIG)))


def _edit(content: str, *, reload: bool = True) -> Callable[[State], None]:
    def inject(state: State) -> None:
        _backup(state)
        _write(state, content, reload=reload)

    return inject


def _back(state: State) -> None:
    """The file of the start, and a Caddy that remembers nothing else."""
    _write(state, CADDYFILE)
    caddy.start(_place(state), state.clock.now())


def _end(state: State) -> None:
    _place(state).units[caddy.UNIT].active = False


def _begin(state: State) -> None:
    systemd.start(_place(state), _place(state).units[caddy.UNIT], state.clock.now())


def _no_storage(state: State) -> None:
    """As on a host that never had it: the certificates lie where Caddy falls back to."""
    _edit(CADDYFILE.replace(_STORAGE, ""))(state)
    _move(state, caddy.STORAGE, DEFAULT)


def _storage_back(state: State) -> None:
    _move(state, DEFAULT, caddy.STORAGE)
    _back(state)


def _move(state: State, source: str, target: str) -> None:
    files = _place(state).files
    for name in [name for name in files if name.startswith(f"{source}/")]:
        files[target + name[len(source) :]] = files.pop(name)


def _forgotten(state: State) -> None:
    _edit(CADDYFILE + _SITE)(state)
    _write(state, CADDYFILE)


def _lose(state: State) -> None:
    files = _place(state).files
    for name in [name for name in files if name.startswith(f"{_CERTIFICATE}/")]:
        del files[name]


def _issue(state: State) -> None:
    caddy.storage(_place(state), state.clock.now())


def _no_backup(state: State) -> None:
    """An edit (of a comment) days after the last backup."""
    _write(state, f"# reviewed\n{CADDYFILE}")


def _backed_up(state: State) -> None:
    _backup(state)
    _back(state)


_PARTIAL = CADDYFILE[: CADDYFILE.index("\ncdn.acme.example {")].split("\nchat.acme.example {")[0]
FAULTS: dict[str, Fault] = {
    "caddy-partial": Fault("Caddy runs a partial configuration", (53, 54), _edit(_PARTIAL), _back),
    "caddy-down": Fault("Caddy has ended: no vhost answers", (6, 16), _end, _begin),
    "caddy-unreadable": Fault(
        "the Caddyfile holds a directive that Caddy does not know",
        (56,),
        _edit(CADDYFILE + _UNREADABLE, reload=False),
        _back,
    ),
    "caddy-not-reloaded": Fault(
        "the Caddyfile was edited, and not reloaded",
        (57,),
        _edit(CADDYFILE.replace("10.77.0.60:9000", "10.77.0.60:9001"), reload=False),
        _back,
    ),
    "caddy-no-storage": Fault("Caddy's storage is not set", (58,), _no_storage, _storage_back),
    "caddy-dead-domain": Fault("a vhost has no address in DNS", (59,), _edit(CADDYFILE + _SITE), _back),
    "caddy-forgotten-domain": Fault(
        "a dead domain was removed, and Caddy was reloaded and not restarted", (60,), _forgotten, _back
    ),
    "caddy-certificate-lost": Fault("a vhost's certificate is gone from the storage", (58,), _lose, _issue),
    "caddy-no-backup": Fault("the Caddyfile was edited without a backup", (55,), _no_backup, _backed_up),
}
