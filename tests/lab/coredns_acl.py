"""What the twin's CoreDNS stand-in lacks, put over it by a test: the acl, and reading only when told.

Pushed into the container as `standin/dns.py`, beside the plain one as `dns_plain.py`. As the real one
it reads its files at SIGUSR1, ignores HUP, and keeps what it had when the Corefile is broken.
"""

import ipaddress
import re
import signal
import socketserver
from pathlib import Path

from . import dns_plain as plain  # type: ignore[attr-defined]  # beside it in the container

COREFILE = Path("/opt/gbo/conf/Corefile")
NAMES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV"}
NAMES |= {52: "TLSA", 65: "HTTPS", 251: "IXFR", 252: "AXFR", 255: "ANY", 257: "CAA"}
Rule = tuple[str, list[str], list[str]]
RULES: list[Rule] = []
fresh, plain_answer = plain.load, plain.answer
RECORDS = fresh()


def read(*_: object) -> None:
    """Read Corefile and zones; only the acl of the one server block is looked at."""
    text = COREFILE.read_text()
    if text.count("{") != text.count("}"):
        return
    acl = re.search(r"acl \{\n(.*?)\}", text, re.DOTALL)
    RULES.clear()
    for line in acl[1].splitlines() if acl else []:
        words = line.split()
        if words:
            at = words.index("net") if "net" in words else len(words)
            RULES.append((words[0], [word for word in words[1:at] if word != "type"], words[at + 1 :]))
    RECORDS.clear()
    RECORDS.update(fresh())


def fits(rule: Rule, kind: str, source: str) -> bool:
    """Whether a rule is about this question from this address."""
    _, types, nets = rule
    inside = not nets or any(ipaddress.ip_address(source) in ipaddress.ip_network(net) for net in nets)
    return inside and (not types or kind in types)


class Handler(socketserver.BaseRequestHandler):
    """Decides by the acl, and leaves the rest to the plain one."""

    def handle(self) -> None:
        source = self.client_address[0]

        def answer(query: bytes) -> bytes:
            _, kind, end = plain.question(query)
            fitting = (rule[0] for rule in RULES if fits(rule, NAMES.get(kind, ""), source))
            if next(fitting, "allow") == "allow":
                return bytes(plain_answer(query))
            return query[:2] + b"\x84\x05\0\1\0\0\0\0\0\0" + query[12:end]

        query, sock = self.request
        sock.sendto(answer(query), self.client_address)


def serve() -> None:
    """UDP on port 53 with the acl, TCP as before."""
    read()
    plain.load = lambda: RECORDS
    signal.signal(signal.SIGUSR1, read)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    plain.Udp = Handler
    plain.serve()
