"""Where a banned address is really held: fail2ban's list beside the packet filter's rules. Pure.

Parses what `gbtui.operations.bans_scripts` prints; the shapes are documented there.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal

from gbtui.errors import Malformed
from gbtui.text import clean, line, text

Network = IPv4Network | IPv6Network
State = Literal["listed", "blocked", "unreached"]
_STATES: dict[str, State] = {"listed": "listed", "blocked": "blocked", "unreached": "unreached"}
MOST_BOGUS = 20


@dataclass(frozen=True, slots=True)
class Held:
    """One place that holds `network` for `jail`.

    `state`: "listed" (fail2ban says so) · "blocked" (the packet filter turns it away) · "unreached"
    (a rule that no packet comes to). `tool` is "fail2ban" or the packet filter's own program, `spec`
    the rule's specification as iptables prints it, or the name of the set.
    """

    jail: str
    network: Network
    state: State
    tool: str
    spec: str = ""


@dataclass(frozen=True, slots=True)
class HeldList:
    """All of them, in the tools' order. `bogus` are entries that are no addresses: (jail, text)."""

    held: tuple[Held, ...]
    bogus: tuple[tuple[str, str], ...] = ()

    def of(self, jail: str, network: Network) -> tuple[Held, ...]:
        """Those of one jail for exactly that address."""
        return tuple(one for one in self.held if (one.jail, one.network) == (jail, network))


def parse_held(data: bytes) -> HeldList:
    """The answer of `gbtui-ban-rules`.

    Raises:
        Malformed: it does not begin as that script's answers do.
    """
    rows = text(data).split("\n")
    if rows[0] != "bans":
        raise Malformed("bans in the packet filter", why=f"it begins {line(data, limit=80)!r}")
    held, bogus = list[Held](), list[tuple[str, str]]()
    for row in rows[1:]:
        words = row.split(" ", 4)
        if len(words) < 4 or words[2] not in _STATES:
            continue
        network = as_network(words[1])
        if network is None:
            if len(bogus) < MOST_BOGUS:
                bogus.append((clean(words[0]), clean(words[1].removesuffix("/32"))))
            continue
        spec = words[4] if len(words) > 4 else ""
        held.append(Held(words[0], network, _STATES[words[2]], words[3], spec))
    return HeldList(tuple(held), tuple(bogus))


def as_network(value: str) -> Network | None:
    """An address or prefix as it is written; None where it is none, or has host bits."""
    try:
        return ip_network(value)
    except ValueError:
        return None


def shown(network: Network) -> str:
    """As fail2ban lists it: a single address without its length."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
