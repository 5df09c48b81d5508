"""The script of the checks on CoreDNS (`gbtui.checks.dns_asks`) on the simulated host."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable

from gbtui.demo import dns
from gbtui.demo.call import Answer, Call, said
from gbtui.text import text

_CODES = {"NOERROR": "0", "REFUSED": "5", "": "silent"}


def _look(call: Call) -> Answer:
    path, *types = call.arguments
    entries, now = call.place.files, call.state.clock.now()
    if path not in entries:
        return Answer(66, stderr=f"{path} is not there\n".encode())
    corefile = text(entries[path].data)
    rows = [f"corefile {_encoded(entries[path].data)}"]
    zones = re.findall(r"^(\S+?)(?::53)? \{\n\s+file (\S+)", corefile, re.MULTILINE)
    for zone, file in zones:
        if file in entries:
            age = int(now - entries[file].modified)
            rows.append(f"zone {zone} {age} {file} {_encoded(entries[file].data[:4096])}")
    rows += [_answer(call, zone, one.partition("=")[0]) for zone, _ in zones for one in types]
    return said("\n".join(rows), takes=0.05)


def _encoded(data: bytes) -> str:
    return b64encode(data).decode()


def _answer(call: Call, zone: str, kind: str) -> str:
    status = dns.status(call, "127.0.0.1", zone, kind)
    served = call.place.zones.get(zone)
    records, serial = 0, "0"
    if status == "NOERROR" and served is not None:
        records = len(served.types) if kind == "ANY" else int(kind in served.types)
        serial = served.serial if kind == "SOA" else "0"
    return f"answer {zone} {kind} {_CODES[status]} {records} {serial}"


SCRIPTS: dict[str, Callable[[Call], Answer]] = {"gbtui-dns-look": _look}
