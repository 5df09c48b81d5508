"""`ss` on the simulated host: who listens where (`-H -l -n -t|-u [sport = :PORT]`), who is connected."""

from __future__ import annotations

import re

from gbtui.demo import network
from gbtui.demo.call import Answer, Call, said
from gbtui.demo.lxd_devices import listens_at


def ss(call: Call) -> Answer:
    """Listening sockets of a place, one a line."""
    if "established" in call.arguments:
        return network.connections(call)
    flags = {letter for word in call.arguments if word.startswith("-") for letter in word[1:]}
    wanted = re.search(r"sport = :(\d+)", " ".join(call.arguments))
    lines = []
    for protocol, address, port in listens_at(call.state, call.place):
        if protocol[0] in flags and (wanted is None or int(wanted[1]) == port):
            state, queue = ("LISTEN", 4096) if protocol == "tcp" else ("UNCONN", 0)
            lines.append(f"{state} 0      {queue:<6} {address}:{port} 0.0.0.0:*")
    return said("\n".join(lines))
