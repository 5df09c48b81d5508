"""Faults of the host, its containers' ports and mounts, and its snapshots: what the checks find of them."""

from __future__ import annotations

from collections.abc import Mapping

from tests import check_cases_containers, check_cases_snapshots
from tests.check_case import Case

CASES: tuple[Case, ...] = (
    Case(
        "ssh-passwords",
        finds=(("host.ssh-keys-only", "sshd"),),
        shows=("passwordauthentication yes", "/etc/ssh/sshd_config.d/00-passwords.conf"),
    ),
    Case("release-old", finds=(("host.release", "host"),), shows=("22.04",), lab=False),
    Case("lxd-no-snap", finds=(("host.lxd-snap", "lxd"),), shows=("not installed as a snap",), lab=False),
    Case("lxd-unheld", finds=(("host.lxd-held", "lxd"),), shows=("not held",), lab=False),
    Case(
        "operator-outside",
        finds=(("host.operator", "ops group"),),
        shows=("not in the group lxd",),
        lab=False,
    ),
    Case("lxd-down", finds=(("host.lxd-answers", "lxd"),), shows=("does not say which instances",)),
    Case("ufw-disabled", finds=(("host.ufw-active", "ufw"),), shows=("after a boot nothing is filtered",)),
    Case(
        "forward-drop",
        finds=(("host.forward-policy", "ufw"),),
        shows=('DEFAULT_FORWARD_POLICY="DROP"', "-P FORWARD DROP (IPv4)"),
        remedy=("host.forward-policy", "ufw"),
    ),
    Case(
        "lxd-forward-off",
        finds=(("host.lxd-forward", "lxdbr0"),),
        shows=("lxd-forward.service: disabled", "FORWARD has no rule -i lxdbr0"),
        remedy=("host.lxd-forward", "lxdbr0"),
    ),
    *check_cases_containers.CASES,
    *check_cases_snapshots.CASES,
)

ELSEWHERE: Mapping[str, str] = {
    "snapshots.listed": "test_checks_snapshots.py",
    "snapshots.on-zfs": "test_checks_snapshots.py",
}
