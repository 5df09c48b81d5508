"""Firewall: loopback is accepted before anything is dropped; what runs is saved (items 31-37, 66-68, 93)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gbtui.checks.base import Check, Failing, Severity, operation
from gbtui.checks.scopes import SYSTEM
from gbtui.facts.firewall import Firewall, assemble, commands
from gbtui.facts.survey import PROBE, Ask, Need, Place, Survey
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import Profile


def _commands(profile: Profile, place: Place) -> Sequence[Command]:
    return tuple(replace(one, timeout=PROBE) for one in commands(profile.saved_rules))


def _read(done: Sequence[Completed], profile: Profile, place: Place) -> Firewall:
    return assemble(done, place.name, profile.saved_rules, {}, 0.0)


RULES: Ask[Firewall] = Ask("firewall rules", _commands, _read)


def cuts_loopback(survey: Survey, place: Place) -> bool:
    """Whether the rules are known to drop loopback's packets: then services on it cannot answer, and
    that is said once, here. Not known is no."""
    found = survey.answers.get((RULES, place.name))
    return isinstance(found, Firewall) and any(one.kind == "drop-before-loopback" for one in found.marks)


def _loopback(survey: Survey, place: Place) -> Iterator[Failing]:
    firewall = survey.of(RULES, place)
    marks = [mark for mark in firewall.marks if mark.kind == "drop-before-loopback"]
    if not marks:
        return
    chains = {mark.chain for mark in marks}
    specs = [
        f"{chain.chain} {number} {rule.spec}"
        for chain in firewall.chains
        if chain.chain in chains and chain.table == "filter"
        for number, rule in enumerate(chain.rules, 1)
    ]
    remedy = operation("firewall.accept-loopback", container=place.name) if place.role != "host" else None
    yield Failing(place.name, marks[0].message, tuple(specs), remedy)


LOOPBACK = Check(
    id="firewall.loopback-first",
    items=(32, 33, 37, 67, 93),
    sentence="loopback is accepted before any rule drops packets for it",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=(Need(RULES, SYSTEM),),
    judge=_loopback,
    remedy="firewall.accept-loopback",
    departs="the guide greps `iptables -L -n`, which never prints the interface: the rules are read with "
    "`iptables-save`, and followed in their order",
)
CHECKS = (LOOPBACK,)
