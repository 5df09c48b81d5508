"""Faults of the host itself, by the names they have in the lab where the twin can have them."""

from __future__ import annotations

from gbtui.demo import faults_containers, faults_snapshots, scripts_host, ufw_tool
from gbtui.demo.fault import Fault
from gbtui.demo.iptables import Refused, apply
from gbtui.demo.state import File, State

DROP_IN = "/etc/ssh/sshd_config.d/00-passwords.conf"
RELEASE = "/etc/os-release"
LINK = "/etc/systemd/system/multi-user.target.wants/lxd-forward.service"
UNIT = "/etc/systemd/system/lxd-forward.service"
RULE = ["FORWARD", "-i", "lxdbr0", "-j", "ACCEPT"]
ACCEPT, DROP = b'DEFAULT_FORWARD_POLICY="ACCEPT"', b'DEFAULT_FORWARD_POLICY="DROP"'


def _swap(state: State, path: str, old: bytes, new: bytes) -> None:
    file = state.host.files[path]
    file.data = file.data.replace(old, new)


def _passwords(state: State) -> None:
    state.host.files[DROP_IN] = File(b"PasswordAuthentication yes\n", modified=state.clock.now())


def _no_passwords(state: State) -> None:
    state.host.files.pop(DROP_IN, None)


def _old(state: State) -> None:
    _swap(state, RELEASE, b"24.04", b"22.04")


def _new(state: State) -> None:
    _swap(state, RELEASE, b"22.04", b"24.04")


def _no_snap(state: State) -> None:
    state.host.missing.add("snap")


def _snap(state: State) -> None:
    state.host.missing.discard("snap")


def _unheld(state: State) -> None:
    state.host.files.pop(scripts_host.HOLD, None)


def _held(state: State) -> None:
    state.host.files[scripts_host.HOLD] = File(b"")


def _outside(state: State) -> None:
    _swap(state, "/etc/group", b":ops", b":")


def _inside(state: State) -> None:
    _swap(state, "/etc/group", b":\n", b":ops\n")


def _ufw_off(state: State) -> None:
    _swap(state, ufw_tool.CONF, b"ENABLED=yes", b"ENABLED=no")


def _ufw_on(state: State) -> None:
    _swap(state, ufw_tool.CONF, b"ENABLED=no", b"ENABLED=yes")


def _forward_drop(state: State) -> None:
    _swap(state, ufw_tool.DEFAULTS, ACCEPT, DROP)
    ufw_tool.load(state.host, DROP)


def _forward_accept(state: State) -> None:
    _swap(state, ufw_tool.DEFAULTS, DROP, ACCEPT)
    ufw_tool.load(state.host, ACCEPT)


def _unit_off(state: State) -> None:
    state.host.files.pop(LINK, None)
    try:
        while True:
            apply(state.host.rules["ip"], "filter", ["-D", *RULE])
    except Refused:
        return


def _unit_on(state: State) -> None:
    state.host.files[LINK] = File(state.host.files[UNIT].data, 0o777)
    apply(state.host.rules["ip"], "filter", ["-I", RULE[0], "1", *RULE[1:]])


FAULTS: dict[str, Fault] = {
    "ssh-passwords": Fault("a drop-in lets people in by password", (3,), _passwords, _no_passwords),
    "release-old": Fault("the host is still Ubuntu 22.04", (1,), _old, _new),
    "lxd-no-snap": Fault("LXD is not the snap", (2,), _no_snap, _snap),
    "lxd-unheld": Fault("snapd refreshes LXD when it likes", (2,), _unheld, _held),
    "operator-outside": Fault("the operator is not in LXD's group", (4,), _outside, _inside),
    "ufw-disabled": Fault("ufw is not enabled: nothing is filtered after a boot", (27,), _ufw_off, _ufw_on),
    "forward-drop": Fault("ufw forwards nothing by default", (27,), _forward_drop, _forward_accept),
    "lxd-forward-off": Fault(
        "the unit of the forward rule is not enabled, and the rule gone", (28,), _unit_off, _unit_on
    ),
}
FAULTS |= faults_containers.FAULTS
FAULTS |= faults_snapshots.FAULTS
