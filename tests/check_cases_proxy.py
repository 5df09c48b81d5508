"""Faults of Caddy, and what the checks must find of them."""

from __future__ import annotations

from tests.check_case import Case

PROXY, DEAD = "acme-proxy", "old.customer.example"

CASES: tuple[Case, ...] = (
    Case(
        "caddy-partial",
        finds=(("proxy.vhosts-whole", PROXY),),
        shows=("only 2 vhosts", "and there were 25"),
        remedy=("proxy.vhosts-whole", PROXY),
    ),
    Case(
        "caddy-down",
        finds=(("proxy.running", f"{PROXY} proxy.service"),),
        shows=("Caddy does not run: inactive", "ActiveState=inactive"),
        remedy=("proxy.running", f"{PROXY} proxy.service"),
    ),
    Case(
        "caddy-unreadable",
        finds=(("proxy.file-adapts", PROXY),),
        shows=("unrecognized directive: rate_limit",),
        remedy=("proxy.file-adapts", PROXY),
    ),
    Case(
        "caddy-not-reloaded",
        finds=(("proxy.file-is-running", PROXY),),
        shows=("+0 −0 ~1 vhosts: ~ drive.acme.",),
        remedy=("proxy.file-is-running", PROXY),
    ),
    Case(
        "caddy-no-storage",
        finds=(("proxy.storage-root", PROXY),),
        shows=("what runs: storage none", "the file: storage none"),
        remedy=("proxy.storage-root", PROXY),
    ),
    Case(
        "caddy-dead-domain",
        finds=(("proxy.dead-domains", DEAD),),
        shows=("has no address in DNS", "failed attempts"),
        remedy=("proxy.dead-domains", DEAD),
    ),
    Case(
        "caddy-forgotten-domain",
        finds=(("proxy.forgotten-domains", DEAD),),
        shows=("gone from the configuration", "since the last load"),
        remedy=("proxy.forgotten-domains", DEAD),
        lab=False,  # the twin's Caddy (2.6.2) gives up at the reload: "context canceled"
    ),
    Case(
        "caddy-certificate-lost",
        finds=(("proxy.certificates", "www.example.org"),),
        shows=("no certificate in the storage",),
        lab=False,  # a name that the twin has not
    ),
    Case(
        "caddy-no-backup",
        finds=(("proxy.backups", PROXY),),
        shows=("not backed up before",),
        lab=False,  # the twin never has one: that is waived there
    ),
)
