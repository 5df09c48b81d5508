"""Faults inside botserver's container, on the simulated host (Valkey, rules, keys), and of mail."""

from __future__ import annotations

from gbtui.demo import vault
from gbtui.demo.fault import Fault
from gbtui.demo.faults_services import SYSTEM, restart
from gbtui.demo.iptables import Refused, apply
from gbtui.demo.lxd_devices import VALKEY
from gbtui.demo.seed import RULES_V4
from gbtui.demo.state import File, State

UNIT = "valkey-server.service"
MAIL = "email.service"
LINK = "/etc/systemd/system/multi-user.target.wants/iptables-restore.service"
UNIT_FILE = "/etc/systemd/system/iptables-restore.service"
UNSAVED = ["INPUT", "-p", "tcp", "-m", "tcp", "--dport", "4444", "-j", "ACCEPT"]
DROP = ["INPUT", "-p", "tcp", "-m", "tcp", "--dport", "6379", "-j", "DROP"]


def _rule(state: State, verb: str, words: list[str]) -> bool:
    try:
        apply(state.places[SYSTEM].rules["ip"], "filter", [verb, *words])
    except Refused:
        return False
    return True


def _saved(state: State, words: list[str], *, there: bool) -> None:
    file, row = state.places[SYSTEM].files[RULES_V4], f"-A {' '.join(words)}\n".encode()
    file.data = file.data.replace(row, b"")
    if there:
        file.data = file.data.replace(b"COMMIT", row + b"COMMIT", 1)


def _stop_cache(state: State) -> None:
    state.places[SYSTEM].units[UNIT].active = False


def _start_cache(state: State) -> None:
    restart(state, UNIT)


def _expose_cache(state: State) -> None:
    state.places[SYSTEM].files[VALKEY] = File(b"bind 0.0.0.0\n")


def _hide_cache(state: State) -> None:
    state.places[SYSTEM].files.pop(VALKEY, None)


def _unsaved(state: State) -> None:
    _rule(state, "-A", UNSAVED)


def _forget(state: State) -> None:
    _rule(state, "-D", UNSAVED)
    _saved(state, UNSAVED, there=False)


def _disable(state: State) -> None:
    state.places[SYSTEM].files.pop(LINK, None)


def _enable(state: State) -> None:
    files = state.places[SYSTEM].files
    files[LINK] = File(files[UNIT_FILE].data, 0o777)


def _open_port(state: State) -> None:
    while _rule(state, "-D", DROP):
        pass
    _saved(state, DROP, there=False)


def _close_port(state: State) -> None:
    if not _rule(state, "-C", DROP):
        _rule(state, "-A", DROP)
    _saved(state, DROP, there=True)


def _open_keys(state: State) -> None:
    state.places[SYSTEM].files[vault.KEYS].mode = 0o644


def _close_keys(state: State) -> None:
    state.places[SYSTEM].files[vault.KEYS].mode = 0o600


def _stop_mail(state: State) -> None:
    state.places["acme-email"].units[MAIL].active = False


def _start_mail(state: State) -> None:
    state.places["acme-email"].units[MAIL].active = True


FAULTS: dict[str, Fault] = {
    "cache-stopped": Fault("Valkey is stopped", (35, 64), _stop_cache, _start_cache),
    "cache-exposed": Fault("Valkey listens on every address", (64,), _expose_cache, _hide_cache),
    "rules-unsaved": Fault("a rule runs that is not saved", (34,), _unsaved, _forget),
    "rules-not-restored": Fault("nothing restores the saved rules at boot", (34, 67), _disable, _enable),
    "cache-port-open": Fault("no rule drops 6379 from outside", (66, 68), _open_port, _close_port),
    "vault-keys-open": Fault("everybody can read Vault's unseal keys", (65,), _open_keys, _close_keys),
    "mail-stopped": Fault("Stalwart is stopped", (10, 17), _stop_mail, _start_mail),
}
