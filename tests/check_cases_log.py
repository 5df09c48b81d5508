"""Faults of the access log, and what the checks must find of them."""

from __future__ import annotations

from tests.check_case import Case

PROXY = "acme-proxy"

CASES: tuple[Case, ...] = (
    Case(
        "log-unreadable",
        finds=(("log.access-log", PROXY),),
        shows=("a folder stands in its place",),
    ),
    Case(
        "log-not-json",
        finds=(("log.json-lines", PROXY),),
        shows=("no records in JSON", "handled request"),
    ),
    Case("log-silent", finds=(("log.written-lately", PROXY),), shows=("nothing was written",)),
    Case(
        "clients-masked",
        finds=(("log.client-addresses", PROXY),),
        shows=("is 127.0.0.1", "nat off"),
    ),
)
