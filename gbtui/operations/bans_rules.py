"""One rule of the packet filter for a banned address, taken away or put back by its own tool.

Always by specification, never by number: fail2ban inserts rules meanwhile (guide item 93).
"""

from __future__ import annotations

import shlex

from gbtui.errors import Malformed
from gbtui.facts.bans_filter import Held, shown
from gbtui.guard.plan import Exec


def deleted(where: str, rule: Held) -> Exec:
    """The command that takes `rule` away.

    Raises:
        Malformed: its specification cannot be read.
    """
    return _exec(where, rule, ("-D",), "del", "delete")


def added(where: str, rule: Held) -> Exec:
    """The command that puts `rule` back, first in its chain."""
    return _exec(where, rule, ("-I",), "add", "add")


def _exec(where: str, rule: Held, chain: tuple[str, ...], ipset: str, nft: str) -> Exec:
    if rule.tool in ("iptables", "ip6tables"):
        return Exec(where, (rule.tool, "-w", *chain, f"f2b-{rule.jail}", *_words(rule)))
    if rule.tool == "ipset":
        return Exec(where, ("ipset", ipset, rule.spec, shown(rule.network)))
    element = f"{{ {shown(rule.network)} }}"
    return Exec(where, ("nft", nft, "element", "inet", "f2b-table", rule.spec, element))


def _words(rule: Held) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(rule.spec))
    except ValueError as error:
        raise Malformed(f"rule of f2b-{rule.jail}", why=f"{error}: {rule.spec}") from error
