"""The acl itself: who may ask for what, what it would lose of the one there is, and who answers what now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from gbtui import text
from gbtui.errors import NotFound
from gbtui.facts.dns import Rule, acl_rules, decides, with_acl
from gbtui.facts.dns_zone import zone_types
from gbtui.facts.failure import failure
from gbtui.guard.plan import Exec, Probe, Verdict
from gbtui.guard.preview import command
from gbtui.operations import dns_scripts as scripts
from gbtui.operations.base import Context, Guard
from gbtui.operations.dns_look import Dns, zone_file

INTERNAL = ("10.0.0.0/8", "127.0.0.0/8")
"""The guide's inside: it may ask for anything."""
WORLD = ("A", "AAAA", "MX", "TXT", "CAA", "NS", "SOA", "SRV", "CNAME", "HTTPS")
"""The guide's three, and those without which mail, certificates and delegation break."""
#: What else a zone may hold that CoreDNS knows by name.
_MORE = frozenset(("CDNSKEY", "CDS", "DNSKEY", "DS", "LOC", "NAPTR", "PTR", "SSHFP", "SVCB", "TLSA", "URI"))
_WORLDS = ("203.0.113.1", "2001:db8::1")
"""Somebody outside, by documentation addresses."""
ALL, TRANSFERS = "ANY", ("AXFR", "IXFR")

TYPES = Guard("types-needed", "mail and certificates get the query types they need", (70,))
CLIENT = Guard("client-address", "the acl can tell inside from outside", (69,))
LOST = Guard("acl-replaced", "nothing else that the present acl says gets lost", (70,))
SECONDARIES = Guard("secondaries", "secondaries may transfer the zone as before", (70,))


@dataclass(frozen=True, slots=True)
class Acl:
    """The lines to be written, and the types that the world may ask for."""

    lines: tuple[str, ...]
    types: tuple[str, ...]
    secondaries: tuple[str, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        from_lines = [line.split() for line in self.lines]
        return tuple(_rule(words) for words in from_lines)

    def written(self, dns: Dns) -> bytes:
        """The Corefile with it."""
        return with_acl(dns.corefile, dns.block, self.lines)


@dataclass(frozen=True, slots=True)
class Asked:
    """The same questions, before and after: `name` says from where, `wanted` what must be answered."""

    name: str
    run: Exec
    before: str
    wanted: str

    @property
    def right(self) -> bool:
        return self.before == self.wanted

    @property
    def heard(self) -> bool:
        """Whether everything was answered, so that the answers can come back."""
        return "silent" not in self.before

    def probe(self, wanted: str = "") -> Probe:
        """That it is answered like this (as it must be, or as before)."""
        return Probe(f"CoreDNS answers {self.name} as it should", self.run, "stdout", wanted or self.wanted)

    def differing(self) -> str:
        """What is answered otherwise now, in words."""
        pairs = zip(self.before.splitlines(), self.wanted.splitlines(), strict=False)
        wrong = [now.split() for now, wanted in pairs if now != wanted]
        by_status: dict[str, list[str]] = {}
        for kind, status in wrong:
            by_status.setdefault(status, []).append(kind)
        said = [f"{', '.join(kinds)} {_status(status)}" for status, kinds in by_status.items()]
        return f"{self.name} {'; '.join(said)}" if said else ""


def _status(status: str) -> str:
    return {"NOERROR": "answered", "REFUSED": "refused", "silent": "not answered"}.get(status, status)


async def acl_for(context: Context, dns: Dns) -> Acl:
    """The acl for a zone: the world's types, those the zone holds, and what the way in calls for."""
    held: frozenset[str] = frozenset()
    path = zone_file(dns)
    if path:
        try:
            held = zone_types(await context.host.read(path, instance=dns.container))
        except NotFound:
            held = frozenset()
    types = (*WORLD, *sorted(held & _MORE))
    secondaries = _secondaries(dns)
    lines = []
    if not dns.desk.kept:
        own = " ".join(f"{address}/32" for address in dns.desk.own)
        lines.append(f"block type {ALL} {' '.join(TRANSFERS)} net 127.0.0.0/8 {own}".rstrip())
    if secondaries:
        lines.append(f"allow type {' '.join(TRANSFERS)} net {' '.join(secondaries)}")
    lines += [f"allow net {' '.join(INTERNAL)}", f"allow type {' '.join(types)}", "block"]
    return Acl(tuple(lines), types, secondaries)


def _secondaries(dns: Dns) -> tuple[str, ...]:
    found = []
    for transfer in dns.block.all("transfer"):
        for words in transfer.body:
            for word in words[1:] if words[:1] == ("to",) else ():
                try:
                    found.append(str(ip_address(word)))
                except ValueError:
                    continue
    return tuple(dict.fromkeys(found))


def _rule(words: Sequence[str]) -> Rule:
    action, *rest = words
    at = rest.index("net") if "net" in rest else len(rest)
    return Rule(action, tuple(rest[1:at]) or ("*",), tuple(rest[at + 1 :]) or ("*",))


def in_force(dns: Dns, acl: Acl) -> bool:
    """Whether the Corefile's present acl already does what `acl` would."""
    present = dns.block.all("acl")
    rules = acl_rules(present)
    if not present or rules is None or any(one.arguments for one in present):
        return False
    sources = [*_WORLDS, *(("127.0.0.1", *dns.desk.own) if not dns.desk.kept else ())]
    shut = all(decides(rules, ALL, source) != "allow" for source in sources)
    open_ = all(
        decides(rules, kind, source) == "allow" for kind in acl.types for source in (*_WORLDS, "10.0.0.1")
    )
    passed = all(decides(rules, "AXFR", source) == "allow" for source in acl.secondaries)
    return shut and open_ and passed


def verdicts_on(dns: Dns, acl: Acl) -> list[Verdict]:
    """What an operator should know of this acl before it is written."""
    extra = [kind for kind in acl.types if kind not in ("A", "AAAA", "MX")]
    why = "the guide's own acl refuses them to everybody: SPF, DKIM and DMARC, certificates, delegation"
    verdicts = [TYPES.allow(f"besides A, AAAA and MX the world may ask for {', '.join(extra)}; {why}")]
    if dns.desk.kept:
        verdicts.append(CLIENT.allow("clients keep their address on the way in"))
    else:
        fix = "a device with nat=true keeps their addresses"
        verdicts.append(
            CLIENT.warn(
                "the proxy device makes every client 127.0.0.1, which the guide takes for inside:"
                f" ANY and transfers are refused there, too; {fix}"
            )
        )
    return [*verdicts, _lost(dns, acl), _transfers(dns, acl)]


def _lost(dns: Dns, acl: Acl) -> Verdict:
    present = dns.block.all("acl")
    rules = acl_rules(present)
    if rules is None or any(one.arguments for one in present):
        lines = "; ".join(" ".join(words) for one in present for words in one.body)
        return LOST.warn(f"the present acl is not understood, and replaced as a whole: {lines[:300]}")
    lost = [rule for rule in rules if any(not _usual(net) for net in rule.nets)]
    if lost:
        said = "; ".join(f"{rule.action} {' '.join(rule.types)} for {' '.join(rule.nets)}" for rule in lost)
        return LOST.warn(f"the present acl has rules of its own, which go: {said[:300]}")
    return LOST.allow("the present acl has no rules of its own" if present else "there is no acl yet")


def _usual(net: str) -> bool:
    """Whether the guide's acl speaks of this net, too, or the acl written here does."""
    if net in ("*", "0.0.0.0/0", "::/0"):
        return True
    return any(ip_network(net, strict=False) == ip_network(one) for one in INTERNAL) or net.endswith("/32")


def _transfers(dns: Dns, acl: Acl) -> Verdict:
    if acl.secondaries:
        return SECONDARIES.allow(f"{', '.join(acl.secondaries)} may go on transferring the zone")
    if dns.block.all("transfer"):
        return SECONDARIES.warn("the zone is transferred to whoever asks: from outside it is not any more")
    return SECONDARIES.allow("the zone is not transferred to anybody")


# Questions


async def ask(context: Context, dns: Dns, acl: Acl, zone: str) -> tuple[Asked, ...]:
    """What is answered now, and must be afterwards, from inside and from outside."""
    desk = dns.desk
    inside = [(kind, "NOERROR") for kind in acl.types]
    found = [await _asked(context, "inside", scripts.dig(desk.where, desk.inside, zone, acl.types), inside)]
    if desk.outside:
        source = desk.outside if desk.kept else "127.0.0.1"
        shut = [(ALL, "REFUSED")] if decides(acl.rules, ALL, source) != "allow" else []
        wanted = [*inside, *shut]
        run = scripts.dig(desk.where, desk.outside, zone, [kind for kind, _ in wanted])
        found.append(await _asked(context, "outside", run, wanted))
    return tuple(found)


async def _asked(context: Context, name: str, run: Exec, wanted: Sequence[tuple[str, str]]) -> Asked:
    done = await context.host.run(command(run))
    if not done.ok:
        raise failure(done, f"asking CoreDNS from {name}")
    answers = "\n".join(f"{kind} {status}" for kind, status in wanted)
    return Asked(f"from {name}", run, text.text(done.stdout).strip(), answers)


def told(dns: Dns, asked: Sequence[Asked], *, right: bool) -> str:
    """What is wrong now, in words."""
    wrong = [said for said in (one.differing() for one in asked) if said]
    if right:
        return f"{dns.path} has the acl, and it is not in force: {'; '.join(wrong)}"
    lacks = "has no acl" if not dns.block.all("acl") else "has another acl"
    return f"the server block {lacks}: {'; '.join(wrong) or 'its answers are right by chance'}"
