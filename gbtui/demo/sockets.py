"""`ss` on the simulated host: who listens where (`-H -l -n -t|-u [FILTER]`), who is connected.

FILTER is `sport = :PORT`, or `sport >= :PORT and sport <= :PORT`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gbtui.demo import network
from gbtui.demo.call import Answer, Call, said
from gbtui.demo.lxd_devices import listens_at


def ss(call: Call) -> Answer:
    """Listening sockets of a place, one a line."""
    if "established" in call.arguments:
        return network.connections(call)
    flags = {letter for word in call.arguments if word.startswith("-") for letter in word[1:]}
    wanted = _filter(" ".join(call.arguments))
    lines = []
    for protocol, address, port in listens_at(call.state, call.place):
        if protocol[0] in flags and wanted(port):
            state, queue = ("LISTEN", 4096) if protocol == "tcp" else ("UNCONN", 0)
            lines.append(f"{state} 0      {queue:<6} {address}:{port} 0.0.0.0:*")
    return said("\n".join(lines))


def _filter(words: str) -> Callable[[int], bool]:
    """Whether a port is among those asked for."""
    found = {sign: int(port) for sign, port in re.findall(r"sport (=|>=|<=) :(\d+)", words)}
    low, high = found.get(">=", 0), found.get("<=", 65535)
    return lambda port: low <= port <= high and found.get("=", port) == port
