"""Faults of CoreDNS, and what the checks must find of them."""

from __future__ import annotations

from tests.check_case import Case

ZONE = "acme.test"

CASES: tuple[Case, ...] = (
    Case(
        "dns-acl-missing",
        finds=(("dns.acl", ZONE),),
        shows=("there is no acl", "has: file, cache, errors"),
        remedy=("dns.acl", ZONE),
    ),
    Case(
        "dns-acl-guide",
        finds=(("dns.answers", ZONE),),
        shows=("TXT, CAA, NS, SOA refused",),
        remedy=("dns.answers", ZONE),
    ),
    Case(
        "dns-acl-not-read",
        finds=(("dns.reloaded", ZONE),),
        shows=("ANY: allow in the Corefile, REFUSED when asked",),
        remedy=("dns.reloaded", ZONE),
        lab=False,  # the twin's stand-in reads no Corefile: that is waived there
    ),
    Case(
        "coredns-down",
        finds=(("dns.running", "acme-dns dns.service"),),
        shows=("CoreDNS does not run: inactive", "ActiveState=inactive"),
        remedy=("dns.running", "acme-dns dns.service"),
    ),
    Case(
        "dns-serial",
        finds=(("dns.serial", ZONE),),
        shows=("serial 2026031802", "answered: serial 2026031801"),
        remedy=("dns.serial", ZONE),
    ),
)
