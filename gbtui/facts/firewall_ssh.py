"""Whether the rules let the operators' own SSH in, and through which of them (items 33, 37). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from gbtui.facts.firewall_reach import Place, Sample, Way, way
from gbtui.facts.firewall_types import Chain
from gbtui.text import text

LOGINS = ("ss", "-Htnp", "state", "established")
"""Established TCP connections and their programs, as root."""
SELF = ("printenv", "SSH_CONNECTION")
"""Our own connection; asked without sudo, which drops the variable."""
_SSHD = re.compile(r'"sshd(-session)?"')


@dataclass(frozen=True, slots=True)
class Login:
    """An SSH connection to the host. `peer` is None where nobody knows from where it will come."""

    peer: str | None
    port: int
    family: str

    def words(self) -> str:
        """For people."""
        return f"SSH to port {self.port}" + (f" from {self.peer}" if self.peer else "")


UNKNOWN = (Login(None, 22, "ip"), Login(None, 22, "ip6"))
"""Where nobody is known to be logged in: whoever comes, to the usual port."""


def parse_logins(connections: bytes, own: bytes) -> tuple[Login, ...]:
    """Everybody logged in by SSH, from `LOGINS` and `SELF`; `UNKNOWN` where there is nobody."""
    found = []
    for row in text(connections).splitlines():
        words = row.split()
        if len(words) > 3 and _SSHD.search(row):  # two queues, own address, peer, program
            found.append(_login(words[3].rpartition(":")[0], words[2].rpartition(":")[2]))
    words = text(own).split()
    if len(words) == 4:
        found.append(_login(words[0], words[3]))
    return tuple(dict.fromkeys(one for one in found if one is not None)) or UNKNOWN


def _login(peer: str, port: str) -> Login | None:
    try:
        at = ip_address(peer.strip("[]").partition("%")[0])
    except ValueError:
        return None
    at = getattr(at, "ipv4_mapped", None) or at
    return Login(str(at), int(port), "ip" if at.version == 4 else "ip6") if port.isdigit() else None


def lets_in(chains: Sequence[Chain], logins: Sequence[Login]) -> dict[tuple[str, Place], Login]:
    """(family, rule) → whose SSH goes through it: what accepts a connection, its packets and the answers."""
    found: dict[tuple[str, Place], Login] = {}
    for login in logins:
        for one in _ways(chains, login):
            if one.accepted:
                found |= {(login.family, place): login for place in one.path}
    return found


def cut_off(before: Sequence[Chain], after: Sequence[Chain], logins: Sequence[Login]) -> str:
    """Words where somebody's SSH passes before and not after; "" where nobody's is worse off."""
    for login in logins:
        for was, now in zip(_ways(before, login), _ways(after, login), strict=True):
            if was.accepted and not now.accepted:
                return f"{login.words()} is no longer let in"
    return ""


def _ways(chains: Sequence[Chain], login: Login) -> Iterator[Way]:
    own = login.peer in {"127.0.0.1", "::1"}
    iface = "lo" if own else None
    for hopeful in (False, True):
        for state in ("NEW", "ESTABLISHED"):
            packet = Sample("tcp", state, login.port, None, login.peer, None, iface)
            yield way(chains, login.family, "INPUT", packet, hopeful=hopeful)
        answer = Sample("tcp", "ESTABLISHED", None, login.port, None, login.peer, iface)
        yield way(chains, login.family, "OUTPUT", answer, hopeful=hopeful)
