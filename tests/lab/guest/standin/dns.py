"""CoreDNS's stand-in: answers A, SOA, TXT and MX from the zone files, over UDP and TCP."""

import shlex
import socket
import socketserver
import struct
import threading
from pathlib import Path

ZONES = Path("/opt/gbo/data")
TYPES = {"A": 1, "NS": 2, "SOA": 6, "MX": 15, "TXT": 16}
Record = tuple[int, bytes]


def wire(name: str) -> bytes:
    """A domain name as length-prefixed labels."""
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def rdata(kind: str, words: list[str]) -> bytes:
    """The record's data in wire format."""
    if kind == "A":
        return socket.inet_aton(words[0])
    if kind == "TXT":
        return b"".join(bytes([len(word)]) + word.encode() for word in words)
    if kind == "MX":
        return struct.pack(">H", int(words[0])) + wire(words[1])
    if kind == "SOA":
        return wire(words[0]) + wire(words[1]) + struct.pack(">5I", *map(int, words[2:7]))
    return wire(words[0])


def load() -> dict[str, list[Record]]:
    """Read every zone afresh: one record per line, `name ttl IN TYPE data…`."""
    records: dict[str, list[Record]] = {}
    for path in ZONES.glob("*.zone"):
        for line in path.read_text(encoding="utf-8").splitlines():
            words = shlex.split(line.partition(";")[0])
            if len(words) > 4 and words[3] in TYPES:
                entry = (TYPES[words[3]], rdata(words[3], words[4:]))
                records.setdefault(words[0].rstrip(".").lower(), []).append(entry)
    return records


def question(query: bytes) -> tuple[str, int, int]:
    """Name, type and end offset of the first question."""
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("latin-1").lower())
        at += 1 + length
    return ".".join(labels), struct.unpack(">H", query[at + 1 : at + 3])[0], at + 5


def answer(query: bytes) -> bytes:
    """NOERROR with what the zones hold, REFUSED for names outside them."""
    name, kind, end = question(query)
    records = load()
    known = records.get(name)
    found = [data for rtype, data in known or [] if rtype == kind]
    code = 0 if known is not None else 3 if any(name.endswith("." + z) for z in records) else 5
    flags = 0x8400 | (query[2] & 1) << 8 | code
    head = query[:2] + struct.pack(">5H", flags, 1, len(found), 0, 0)
    rows = (struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(data)) + data for data in found)
    return head + query[12:end] + b"".join(rows)


class Udp(socketserver.BaseRequestHandler):
    """One datagram, one answer."""

    def handle(self) -> None:
        query, sock = self.request
        sock.sendto(answer(query), self.client_address)


class Tcp(socketserver.StreamRequestHandler):
    """One length-prefixed query per connection."""

    timeout = 10

    def handle(self) -> None:
        size = self.rfile.read(2)
        if len(size) == 2:
            reply = answer(self.rfile.read(struct.unpack(">H", size)[0]))
            self.wfile.write(struct.pack(">H", len(reply)) + reply)


def serve() -> None:
    """Both transports on port 53."""
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    tcp = socketserver.ThreadingTCPServer(("0.0.0.0", 53), Tcp)
    threading.Thread(target=tcp.serve_forever, args=(60,), daemon=True).start()
    socketserver.ThreadingUDPServer(("0.0.0.0", 53), Udp).serve_forever(60)
