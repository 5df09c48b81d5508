"""Faults of fail2ban, and what the checks must find of them."""

from __future__ import annotations

from tests.check_case import Case

PROXY, MAIL = "acme-proxy", "acme-email"

CASES: tuple[Case, ...] = (
    Case(
        "fail2ban-host-down",
        finds=(("bans.host-sshd", "host"),),
        shows=("nobody is banned",),
    ),
    Case(
        "flood-jail-missing",
        finds=(("bans.flood-jail", PROXY),),
        shows=("no jail caddy-http-flood", "jails: none"),
        remedy=("bans.flood-jail", PROXY),
    ),
    Case(
        "flood-jail-lax",
        finds=(("bans.flood-limits", PROXY),),
        shows=("findtime 600, not 60",),
        remedy=("bans.flood-limits", PROXY),
    ),
    Case(
        "flood-filter-dead",
        finds=(("bans.flood-filter", PROXY),),
        shows=("matched 0 of",),
        remedy=("bans.flood-filter", PROXY),
    ),
    Case(
        "proxy-sshd-jail",
        finds=(("bans.no-sshd-in-proxy", PROXY),),
        shows=("caddy-http-flood, sshd",),
        remedy=("bans.no-sshd-in-proxy", PROXY),
    ),
    Case(
        "mail-jail-postfix",
        finds=(("bans.mail-jail", MAIL),),
        shows=("postfix reads no file",),
        remedy=("bans.mail-jail", MAIL),
    ),
    Case(
        "ban-gateway",
        finds=(("bans.blast-radius", f"{PROXY} caddy-http-flood 10.77.0.1"),),
        shows=("caddy-http-flood bans 10.77.0.1", "lxdbr0"),
        remedy=("bans.blast-radius", f"{PROXY} caddy-http-flood 10.77.0.1"),
    ),
    # Over SSH the operator of the twin would cut the branch that the tests sit on.
    Case(
        "ban-operator",
        finds=(("bans.host-blast-radius", "host sshd 198.51.100.2"),),
        shows=("somebody logged in on this host",),
        remedy=("bans.host-blast-radius", "host sshd 198.51.100.2"),
        lab=False,
    ),
)
