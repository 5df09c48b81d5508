"""What the rules do to packets for one port of a container, and what they would be with ours. Pure."""

from __future__ import annotations

from gbtui.facts.firewall_edit import with_rule_last
from gbtui.facts.firewall_parse import Tables, parse_save
from gbtui.facts.firewall_reach import Sample, Way, way
from gbtui.facts.firewall_saved import saved_text, with_rule_first
from gbtui.operations.firewall_others import Door
from gbtui.operations.firewall_state import Family

LOOPBACK = "-i lo -j ACCEPT"


def packet(door: Door, *, own: bool = False, six: bool = False) -> Sample:
    """A new packet for it, from elsewhere or from the container's `own` loopback."""
    address = ("::1" if six else "127.0.0.1") if own else None
    return Sample(door.protocol, "NEW", int(door.port), None, address, address, "lo" if own else "eth0")


def dropped(tables: Tables, family: str, door: Door) -> bool:
    """Whether the port is closed to others: by our rule, or whatever may let somebody in."""
    rules = [r.spec for c in tables.chains if (c.table, c.chain) == ("filter", "INPUT") for r in c.rules]
    if door.spec in rules:
        return not way(tables.chains, family, "INPUT", packet(door), hopeful=False).accepted
    return not way(tables.chains, family, "INPUT", packet(door), hopeful=True).accepted


def loopback(tables: Tables, family: str, door: Door) -> Way:
    """What becomes of a packet for it over loopback."""
    sample = packet(door, own=True, six=family == "ip6")
    return way(tables.chains, family, "INPUT", sample, hopeful=False)


def saved(family: Family, door: Door) -> bool:
    """Whether the rules for the next boot close it, and leave loopback open."""
    if family.file is None:
        return False
    tables = parse_save(family.file, "file", family.name)
    return dropped(tables, family.name, door) and loopback(tables, family.name, door).accepted


def saved_with(family: Family, door: Door) -> bytes:
    """The rules to save: those that run, with ours."""
    rules = family.output or b""
    if opens(family, door):
        rules = with_rule_first(rules, "INPUT", LOOPBACK)
    if dropped(family.running, family.name, door):
        return saved_text(rules)
    return with_rule_last(rules, "INPUT", door.spec)


def opens(family: Family, door: Door) -> bool:
    """Whether loopback's ACCEPT has to come first: never set up in a family nobody has looked after."""
    found = loopback(family.running, family.name, door)
    return not dropped(family.running, family.name, door) and not (found.accepted and found.path)
