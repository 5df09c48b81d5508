"""Firewall: what runs survives a reboot, and internal services are closed to others (items 34, 66, 68)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gbtui import text
from gbtui.checks.base import Check, Failing, Severity, by_hand, operation
from gbtui.checks.firewall import RULES
from gbtui.checks.host_asks import STEADY
from gbtui.checks.scopes import SYSTEM
from gbtui.facts.cache import is_loopback, split_local
from gbtui.facts.failure import absent, failure
from gbtui.facts.firewall import Firewall, Saved
from gbtui.facts.firewall_boot import PERSISTENT, names, path6, restored_by
from gbtui.facts.firewall_parse import Tables, parse_save
from gbtui.facts.firewall_reach import Sample, way
from gbtui.facts.firewall_saved import compare
from gbtui.facts.survey import Ask, Need, Place, Survey
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import Profile

LABELS = {"ip": "IPv4", "ip6": "IPv6"}
Ports = Mapping[int, tuple[str, ...]]
"""TCP port → the addresses beyond loopback that something listens on."""


@dataclass(frozen=True, slots=True)
class Boot:
    """What the next boot brings: who restores the IPv4 rules ("" nobody), the IPv6 ones, and those."""

    restores: str
    restores6: str
    saved6: Tables | None


def _boot_commands(profile: Profile, place: Place) -> Sequence[Command]:
    four, six = profile.saved_rules, path6(profile.saved_rules)
    argvs = (names(four), names(six), PERSISTENT, ("test", "-e", six), ("cat", "--", six))
    return tuple(Command(argv, timeout=2.0, limit=262144) for argv in argvs)


def _read_boot(done: Sequence[Completed], profile: Profile, place: Place) -> Boot:
    four, six, persistent, exists, file = done
    if absent(four) or four.timed_out:
        raise failure(four, f"what restores the rules of {place.name}")
    if exists.ok and not file.ok:
        raise failure(file, path6(profile.saved_rules))
    saved = parse_save(file.stdout, place.name, "ip6") if exists.ok else None
    return Boot(restored_by(four, persistent), restored_by(six, persistent), saved)


def _listening_commands(profile: Profile, place: Place) -> Sequence[Command]:
    return (Command(("ss", "-Hltn"), timeout=2.0, limit=65536),)


def _read_listening(done: Sequence[Completed], profile: Profile, place: Place) -> Ports:
    if not done[0].ok:
        raise failure(done[0], f"who listens in {place.name}")
    return parse_listening(done[0].stdout)


def parse_listening(data: bytes) -> Ports:
    """The answer of `ss -Hltn`, without what listens on loopback alone."""
    found: dict[int, list[str]] = {}
    for row in text.text(data).splitlines():
        words = row.split()
        address, port = split_local(words[3]) if len(words) > 4 else ("", None)
        if port is not None and not is_loopback(address):
            found.setdefault(port, []).append(address)
    return {port: tuple(dict.fromkeys(addresses)) for port, addresses in found.items()}


BOOT: Ask[Boot] = Ask("rules of the next boot", _boot_commands, _read_boot, every=STEADY)
LISTENING: Ask[Ports] = Ask("listening ports", _listening_commands, _read_listening)


# Judges


def saved(survey: Survey, place: Place) -> Iterator[Failing]:
    """The running rules are the saved ones, and something restores them."""
    rules, boot = survey.of(RULES, place), survey.of(BOOT, place)
    path = survey.profile.saved_rules
    remedy = operation("firewall.save", container=place.name)
    four = rules.saved
    if four is not None and four.state == "absent":
        four = _against(rules, "ip", Tables(), path)
    six = _against(rules, "ip6", boot.saved6 or Tables(), path6(path))
    lines = [*_differences(four), *_differences(six)]
    if lines:
        message = "the rules that run are not those of the next boot"
        yield Failing(place.name, message, tuple(lines), remedy)
    own = rules.saved is not None and rules.saved.state != "absent"
    if own and not boot.restores:
        words = (
            f"enable the unit that restores {path} in {place.name}: "
            "systemctl enable iptables-restore.service, or install iptables-persistent"
        )
        message = "nothing restores the saved rules at boot"
        seen = (f"no enabled unit, if-pre-up.d script or rc.local names {path}",)
        yield Failing(f"{place.name} boot", message, seen, by_hand(words))
    if boot.saved6 is not None and not boot.restores6 and _needs6(survey, place):
        seen = (f"{six.path} is there, and no enabled unit names it",)
        words = f"have the unit that restores {path} run ip6tables-restore {six.path}, too"
        yield Failing(
            f"{place.name} boot IPv6", "nothing restores the saved IPv6 rules", seen, by_hand(words)
        )


def _needs6(survey: Survey, place: Place) -> bool:
    """Whether an internal port listens on IPv6, where only a rule keeps others out."""
    ports = survey.of(LISTENING, place)
    return any(_family(one) == "ip6" for port in survey.profile.closed_ports for one in ports.get(port, ()))


def _against(rules: Firewall, family: str, there: Tables, path: str) -> Saved:
    """The running rules of a family against saved ones."""
    chains = tuple(one for one in rules.chains if (one.source, one.family) == ("iptables", family))
    return compare(Tables(chains), there, path)[0]


def _differences(one: Saved | None) -> list[str]:
    if one is None:
        return []
    if one.state == "unreadable":
        return [f"{one.path}: {one.why}"]
    lines = [f"only running, gone at the next boot: {rule}" for rule in one.only_in_memory]
    lines += [f"only in {one.path}, back at the next boot: {rule}" for rule in one.only_in_file]
    return lines or ([f"{one.path}: {one.why}"] if one.state == "differs" else [])


def closed(survey: Survey, place: Place) -> Iterator[Failing]:
    """Each internal port is dropped for others, or nothing beyond loopback listens on it."""
    rules, ports = survey.of(RULES, place), survey.of(LISTENING, place)
    for port in survey.profile.closed_ports:
        listens = ports.get(port, ())
        reached = [one for one in listens if not _dropped(rules, _family(one), port)]
        reached += [
            one for one in listens if one == "*" and one not in reached and not _dropped(rules, "ip6", port)
        ]
        remedy = operation("firewall.drop-port", container=place.name, port=str(port))
        subject = f"{place.name} port {port}"
        if reached:
            seen = (*(f"listens on {one}:{port}" for one in listens), *_input(rules))
            yield Failing(subject, f"port {port} is open to everybody who reaches {place.name}", seen, remedy)
        elif port == survey.profile.cache_port and not _dropped(rules, "ip", port):
            seen = (f"nothing beyond loopback listens on {port} now", *_input(rules))
            message = f"no rule drops {port} from outside: only Valkey's own bind address keeps others out"
            yield Failing(subject, message, seen, remedy, severity=Severity.WARNING)


def _family(address: str) -> str:
    return "ip6" if ":" in address else "ip"


def _dropped(rules: Firewall, family: str, port: int) -> bool:
    """Whether nobody from elsewhere gets in, but whom a rule before the DROP lets in on purpose."""
    packet = Sample("tcp", "NEW", port, None, None, None, "eth0")
    ours = f"-p tcp -m tcp --dport {port} -j DROP"
    chains = [
        one for one in rules.chains if (one.family, one.table, one.chain) == (family, "filter", "INPUT")
    ]
    there = any(rule.spec == ours for one in chains for rule in one.rules)
    return not way(rules.chains, family, "INPUT", packet, hopeful=not there).accepted


def _input(rules: Firewall) -> tuple[str, ...]:
    chains = [one for one in rules.chains if (one.table, one.chain) == ("filter", "INPUT")]
    lines = [
        f"{LABELS.get(one.family, one.family)} INPUT {number} {rule.spec}"
        for one in chains
        for number, rule in enumerate(one.rules, 1)
    ]
    return tuple(lines) or ("INPUT has no rules",)


SAVED = Check(
    id="firewall.saved",
    items=(34, 37, 67),
    sentence="the rules that run are saved, and come back at the next boot",
    severity=Severity.WARNING,
    scope=SYSTEM,
    needs=(Need(RULES, SYSTEM), Need(BOOT, SYSTEM), Need(LISTENING, SYSTEM)),
    judge=saved,
    remedy="firewall.save",
    departs="the guide saves and stops there: fail2ban's and LXD's own rules are left out of the comparison, "
    "and what restores the file at boot is looked for",
)
CLOSED = Check(
    id="firewall.closed-ports",
    items=(66, 68),
    sentence="Valkey and MinIO in botserver's container are dropped for everybody else, IPv4 and IPv6",
    severity=Severity.ERROR,
    scope=SYSTEM,
    needs=(Need(RULES, SYSTEM), Need(LISTENING, SYSTEM)),
    judge=closed,
    remedy="firewall.drop-port",
    departs="the guide's DROP is for IPv4 alone; a port is closed where nobody from elsewhere gets to it: by "
    "a rule, or because nothing beyond loopback listens (6379 wants its rule in any case). The drive's own "
    "MinIO is there for the other containers",
)
CHECKS = (SAVED, CLOSED)
