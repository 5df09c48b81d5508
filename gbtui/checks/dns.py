"""CoreDNS: nobody is flooded through it, mail works, and what it answers is its files (items 69-71)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gbtui.checks.base import Check, Failing, Remedy, Severity, by_hand, operation
from gbtui.checks.dns_asks import DNS
from gbtui.checks.scopes import NAMES
from gbtui.errors import TimedOut
from gbtui.facts.dns import Block, Rule, decides
from gbtui.facts.dns_watch import Answer, DnsLook, ZoneFile
from gbtui.facts.survey import Need, Place, Survey

ALL = "ANY"
NEEDED = ("A", "AAAA", "MX", "TXT", "CAA", "NS", "SOA")
"""Without them mail (SPF, DKIM, DMARC), certificates and delegation break."""
WORLD = ("203.0.113.1", "2001:db8::1")
"""Somebody outside, by documentation addresses."""
INSIDE = "127.0.0.1"
RELOADS = 90
"""Seconds in which CoreDNS reads a zone with a new serial by itself (its plugin `file`, once a minute)."""


def _acl(survey: Survey, place: Place) -> Iterator[Failing]:
    look = survey.of(DNS, place)
    for block in look.servers:
        rules = look.rules(block)
        for key in block.keys:
            zone = _zone(key)
            wrong = "there is no acl" if rules is None else _wrong(rules)
            if wrong:
                yield Failing(zone, f"{zone}: {wrong}", _lines(block, rules), _apply(look, place, zone))


def _zone(key: str) -> str:
    bare = key.rpartition("://")[2].removesuffix(",")
    return bare.partition(":")[0].removesuffix(".").lower() or "."


def _wrong(rules: tuple[Rule, ...]) -> str:
    """What is wrong with an acl by its own words, for whoever keeps their address; "" for nothing."""
    if any(decides(rules, "A", source) != "allow" for source in WORLD[:1]):
        return "the acl refuses everything to the world: its `block` stands before what it allows"
    if any(decides(rules, ALL, source) == "allow" for source in WORLD):
        return "the acl lets the world ask for ANY: an attacker's way to flood others"
    return ""


def _lines(block: Block, rules: tuple[Rule, ...] | None) -> tuple[str, ...]:
    head = f"Corefile line {block.line + 1}: {' '.join(block.keys)}"
    if rules is None:
        return (head, f"has: {', '.join(one.name for one in block.directives)}")
    return (head, *(f"{one.action} type {' '.join(one.types)} net {' '.join(one.nets)}" for one in rules))


def _apply(look: DnsLook, place: Place, zone: str) -> Remedy:
    if zone in look.files:
        return operation("dns.apply-acl", container=place.name, zone=zone)
    return by_hand(
        f"an acl for {zone}: allow net 10.0.0.0/8 127.0.0.0/8, then block; no zone file is behind it"
    )


def _asked(survey: Survey, place: Place) -> DnsLook:
    """What CoreDNS answers. Raises TimedOut where it answers nothing at all (dns.running says that)."""
    look = survey.of(DNS, place)
    if look.silent:
        raise TimedOut(f"CoreDNS of {place.name}", why="it answers no question at 127.0.0.1")
    return look


def _answers(survey: Survey, place: Place) -> Iterator[Failing]:
    look, masked = _asked(survey, place), _masked(survey, place)
    for zone, answers in look.answers.items():
        rules = _rules_of(look, zone)
        shut = _shut(answers, rules, masked=masked)
        open_ = masked and rules is not None and _amplifies(answers)
        if not shut and not open_:
            continue
        said = [f"{', '.join(shut)} refused"] if shut else []
        said += ["ANY answered, to whoever comes through the proxy device"] if open_ else []
        who = "asked as 127.0.0.1, as every client of the world arrives" if masked else "asked at 127.0.0.1"
        evidence = [
            f"{kind} {_told(answers.get(kind))} ({who})" for kind in (*shut, *([ALL] if open_ else []))
        ]
        why = ": mail and certificates need them" if shut else ": an attacker's way to flood others"
        yield Failing(zone, f"{zone}: {'; '.join(said)}{why}", tuple(evidence), _apply(look, place, zone))


def _masked(survey: Survey, place: Place) -> bool:
    """Whether the proxy devices make every client 127.0.0.1."""
    container = survey.container(place.name)
    devices = container.proxies if container is not None else ()
    return any(not one.nat and one.listen.endswith(":53") for one in devices)


def _shut(answers: Mapping[str, Answer], rules: tuple[Rule, ...] | None, *, masked: bool) -> tuple[str, ...]:
    """The types the world needs and is refused: as asked, and where it keeps its address, by the acl."""
    refused = {kind for kind in NEEDED if answers.get(kind, Answer("silent")).status == "REFUSED"}
    if not masked and rules is not None:
        refused |= {kind for kind in NEEDED if decides(rules, kind, WORLD[0]) != "allow"}
    return tuple(kind for kind in NEEDED if kind in refused)


def _amplifies(answers: Mapping[str, Answer]) -> bool:
    """More than one record: a single one (RFC 8482) is no gain to anybody."""
    return answers.get(ALL, Answer("silent")).records > 1


def _rules_of(look: DnsLook, zone: str) -> tuple[Rule, ...] | None:
    block = next((one for one in look.servers if one.serves(zone)), None)
    return look.rules(block) if block is not None else None


def _told(answer: Answer | None) -> str:
    if answer is None:
        return "not asked"
    return f"{answer.status}, {answer.records} records" if answer.records else answer.status


def _in_force(survey: Survey, place: Place) -> Iterator[Failing]:
    look = _asked(survey, place)
    for zone, answers in look.answers.items():
        rules = _rules_of(look, zone) or ()
        differ = []
        for kind, answer in answers.items():
            wanted = decides(rules, kind, INSIDE)
            refuses = answer.status == "REFUSED"
            if (wanted == "block" and not refuses) or (wanted == "allow" and refuses):
                differ.append(f"{kind}: {wanted} in the Corefile, {_told(answer)} when asked")
        if differ:
            message = f"{zone}: CoreDNS answers by another acl than its Corefile has: it was not reloaded"
            yield Failing(zone, message, tuple(differ), _apply(look, place, zone))


def _serial(survey: Survey, place: Place) -> Iterator[Failing]:
    look = _asked(survey, place)
    for zone, file in look.files.items():
        soa = look.answers.get(zone, {}).get("SOA", Answer("silent"))
        if soa.status != "NOERROR" or file.age < RELOADS:
            continue  # refused: dns.answers says so; and what is new is read by itself
        if file.serial is None or soa.serial != file.serial:
            yield _stale(zone, file, soa, place)


def _stale(zone: str, file: ZoneFile, soa: Answer, place: Place) -> Failing:
    evidence = (f"{file.path}: serial {file.serial or 'cannot be read'}", f"answered: serial {soa.serial}")
    remedy = operation("dns.reload", container=place.name, zone=zone)
    return Failing(zone, f"{zone}: what is answered is not what the zone's file says", evidence, remedy)


NEEDS = (Need(DNS, NAMES),)
ACL = Check(
    id="dns.acl",
    items=(69, 70),
    sentence="every server block has an acl that shuts ANY to the world, with `block` behind what is allowed",
    severity=Severity.ERROR,
    scope=NAMES,
    needs=NEEDS,
    judge=_acl,
    remedy="dns.apply-acl",
)
ANSWERS = Check(
    id="dns.answers",
    items=(69, 70),
    sentence="the world is answered what mail and certificates need, and never ANY",
    severity=Severity.ERROR,
    scope=NAMES,
    needs=NEEDS,
    judge=_answers,
    remedy="dns.apply-acl",
    certain=False,
    departs="the guide's acl refuses TXT, CAA, NS and SOA to everybody, and takes the world for its inside "
    "where the proxy device makes everybody 127.0.0.1: each type is asked for",
)
IN_FORCE = Check(
    id="dns.reloaded",
    items=(71,),
    sentence="CoreDNS answers by the acl that its Corefile has",
    severity=Severity.ERROR,
    scope=NAMES,
    needs=NEEDS,
    judge=_in_force,
    remedy="dns.apply-acl",
    certain=False,
    departs="the guide reloads with HUP, which CoreDNS ignores: the effect is looked at",
)
SERIAL = Check(
    id="dns.serial",
    items=(71,),
    sentence="the serial that is answered is the one in the zone's file",
    severity=Severity.WARNING,
    scope=NAMES,
    needs=NEEDS,
    judge=_serial,
    remedy="dns.reload",
    certain=False,
    departs="the guide reloads with HUP, which CoreDNS ignores: the effect is looked at",
)
CHECKS = (ACL, ANSWERS, IN_FORCE, SERIAL)
