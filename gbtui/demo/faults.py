"""Named faults of the simulated host, the same names as in the lab: each one can be put in and undone."""

from __future__ import annotations

from gbtui.demo import (
    faults_bans,
    faults_ci,
    faults_dns,
    faults_host,
    faults_internal,
    faults_log,
    faults_proxy,
    faults_services,
    lxd_power,
    systemd,
    vault,
)
from gbtui.demo.fault import Fault
from gbtui.demo.iptables import Refused, apply
from gbtui.demo.seed import RULES_V4
from gbtui.demo.state import File, State
from gbtui.demo.traffic import PATH
from gbtui.errors import BadInput

SYSTEM, PROXY = "acme-system", "acme-proxy"
LOOPBACK = ["INPUT", "-i", "lo", "-j", "ACCEPT"]
CACHE = ["INPUT", "-p", "tcp", "-m", "tcp", "--dport", "6379", "-j", "DROP"]
_LINE = b"-A INPUT -i lo -j ACCEPT\n"
#: As in the lab: markup that would be an action, and a mark that turns the text around.
HOSTILE = "[/] [@click=app.quit]x[/] \u202eevil"
NOISY = ["INPUT", "-p", "tcp", "--dport", "4321", "-m", "comment", "--comment", HOSTILE, "-j", "ACCEPT"]


def inject(state: State, name: str) -> None:
    """Put a fault in. Raises BadInput for a name there is none of; a second time changes nothing."""
    fault = _fault(name)
    if name not in state.faults:
        state.settle()
        fault.inject(state)
        state.faults.add(name)


def undo(state: State, name: str) -> None:
    """Take a fault out again; also when somebody has repaired it meanwhile."""
    fault = _fault(name)
    if name in state.faults:
        state.settle()
        fault.undo(state)
        state.faults.discard(name)


def check(name: str) -> None:
    """Raises BadInput for a name there is no fault of."""
    _fault(name)


def _fault(name: str) -> Fault:
    if name not in FAULTS:
        raise BadInput(f"fault {name!r}", why="no such fault", hint=f"one of: {', '.join(sorted(FAULTS))}")
    return FAULTS[name]


def _rule(state: State, verb: str, words: list[str]) -> bool:
    """One iptables command in the system container; whether it succeeded."""
    try:
        apply(state.places[SYSTEM].rules["ip"], "filter", [verb, *words])
    except Refused:
        return False
    return True


def _cut_cache(state: State) -> None:
    while _rule(state, "-D", LOOPBACK):
        pass
    if not _rule(state, "-C", CACHE):
        _rule(state, "-I", ["INPUT", "1", *CACHE[1:]])
    saved = state.places[SYSTEM].files[RULES_V4]
    saved.data = saved.data.replace(_LINE, b"")
    _restart_botserver(state)


def _mend_cache(state: State) -> None:
    if not _rule(state, "-C", LOOPBACK):
        _rule(state, "-I", ["INPUT", "1", *LOOPBACK[1:]])
    saved = state.places[SYSTEM].files[RULES_V4]
    if _LINE not in saved.data:
        saved.data = saved.data.replace(b"-A INPUT", _LINE + b"-A INPUT", 1)
    _restart_botserver(state)


def _restart_botserver(state: State) -> None:
    """botserver looks for its cache once, at start; the fault is there when its port answers again."""
    place = state.places[SYSTEM]
    unit, now = place.units["system.service"], state.clock.now()
    systemd.start(place, unit, now)
    unit.ready = now


def _stop_webmail(state: State) -> None:
    if state.instances["acme-webmail"].running:
        lxd_power.change_power(state, state.instances["acme-webmail"], "stop")


def _start_webmail(state: State) -> None:
    if not state.instances["acme-webmail"].running:
        lxd_power.change_power(state, state.instances["acme-webmail"], "start")


def _noise(state: State) -> None:
    state.log_noise_since = state.clock.now()
    _rule(state, "-A", NOISY)
    state.instances["acme-drive"].description = HOSTILE + "\x1b]52;c;AAAA\x07"
    lxd_power.tell(state, "instance-updated", "/1.0/instances/acme-drive")


def _quiet(state: State) -> None:
    state.log_noise_since = None
    _rule(state, "-D", NOISY)
    state.instances["acme-drive"].description = "acme drive: MinIO S3"
    lxd_power.tell(state, "instance-updated", "/1.0/instances/acme-drive")


def _hide_zfs(state: State) -> None:
    state.host.missing |= {"zfs", "zpool"}


def _show_zfs(state: State) -> None:
    state.host.missing -= {"zfs", "zpool"}


def _stop_lxd(state: State) -> None:
    state.lxd_up = False
    lxd_power.tell(state, "daemon-stopped", "")


def _start_lxd(state: State) -> None:
    state.lxd_up = True


def _hide_log(state: State) -> None:
    place = state.places[PROXY]
    place.files.pop(PATH, None)
    place.folders.add(PATH)


def _show_log(state: State) -> None:
    place = state.places[PROXY]
    place.folders.discard(PATH)
    place.files[PATH] = File(b"", 0o644, "caddy:caddy", state.clock.now())


def _seal(state: State) -> None:
    vault.seal(state.places[SYSTEM])


def _unseal(state: State) -> None:
    vault.unseal(state.places[SYSTEM])


FAULTS: dict[str, Fault] = {
    "valkey-loopback": Fault(
        "Valkey does not answer: DROP for 6379 with no loopback ACCEPT before it",
        (31, 32),
        _cut_cache,
        _mend_cache,
    ),
    "vault-sealed": Fault("Vault is sealed, as after every restart of it", (95,), _seal, _unseal),
    "container-stop": Fault("acme-webmail is stopped", (15,), _stop_webmail, _start_webmail),
    "log-noise": Fault("a flood of hostile and torn lines in the access log", (73, 91), _noise, _quiet),
    "zfs-missing": Fault("the host has no zfs program", (5, 81), _hide_zfs, _show_zfs),
    "lxd-down": Fault("LXD does not answer; the containers go on running", (2, 89), _stop_lxd, _start_lxd),
    "log-unreadable": Fault("a folder stands where the access log should be", (91,), _hide_log, _show_log),
}
FAULTS |= faults_services.FAULTS
FAULTS |= faults_ci.FAULTS
FAULTS |= faults_internal.FAULTS
FAULTS |= faults_host.FAULTS
FAULTS |= faults_bans.FAULTS
FAULTS |= faults_proxy.FAULTS
FAULTS |= faults_log.FAULTS
FAULTS |= faults_dns.FAULTS
