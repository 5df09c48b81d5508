"""Rules from the words of an iptables command line, and back to iptables' own text."""

from __future__ import annotations

import re
import shlex
from ipaddress import ip_network

from gbtui.demo.rules import BUILT_IN, Chain, Rule, Ruleset

VERSION = "v1.8.11 (nf_tables)"
_LONG = {
    "--protocol": "-p", "--source": "-s", "--destination": "-d", "--in-interface": "-i",
    "--out-interface": "-o", "--match": "-m", "--jump": "-j", "--src": "-s", "--dst": "-d",
    "--destination-port": "--dport", "--source-port": "--sport",
    "--destination-ports": "--dports", "--source-ports": "--sports", "--goto": "-g",
}  # fmt: skip
_PORTS = {"--dport", "--sport"}
#: Options a match brings with it; what nobody brought is an unknown option, as with the real tool.
_OF_MATCH = {
    "tcp": {"--dport", "--sport", "--tcp-flags", "--syn"}, "udp": {"--dport", "--sport"},
    "icmp": {"--icmp-type"}, "multiport": {"--dports", "--sports", "--ports"},
    "conntrack": {"--ctstate"}, "state": {"--state"}, "comment": {"--comment"},
    "limit": {"--limit", "--limit-burst"}, "addrtype": {"--dst-type", "--src-type"},
}  # fmt: skip
_OF_TARGET = {
    "REJECT": {"--reject-with"},
    "LOG": {"--log-prefix", "--log-level"},
    "DNAT": {"--to-destination"},
    "SNAT": {"--to-source"},
    "MASQUERADE": set[str](),
}
_TARGETS = {"ACCEPT", "DROP", "RETURN", *_OF_TARGET}
_ORDER = ("-s", "-d", "-i", "-o", "-p")


class BadRule(Exception):
    """The command line is refused; the argument is the tool's sentence."""


def parse_rule(words: list[str], chains: dict[str, Chain]) -> Rule:
    """The rule of `words` (everything after the chain), as the kernel would store it."""
    head: dict[str, tuple[bool, str, str]] = {}
    matches: list[tuple[bool, str, str]] = []
    target, target_options, allowed = "", [], set[str]()
    index, negated, proto = 0, False, ""
    while index < len(words):
        name = _LONG.get(words[index], words[index])
        if name == "!":
            negated, index = True, index + 1
            continue
        if index + 1 >= len(words):
            raise BadRule(f'option "{name}" requires an argument' if _known(name) else _unknown(name))
        value = words[index + 1]
        if name in _ORDER:
            head[name] = (negated, name, _address(value) if name in ("-s", "-d") else value)
            proto = value if name == "-p" else proto
        elif name == "-m":
            matches.append((False, "-m", value))
            allowed |= _OF_MATCH.get(value, set())
        elif name in ("-j", "-g"):
            target = value
            if target not in _TARGETS and target not in chains:
                raise BadRule(f"Chain '{target}' does not exist")
        elif target in _OF_TARGET and name in _OF_TARGET[target]:
            target_options.append((name, value))
        else:
            if name in _OF_MATCH.get(proto, set()) and (False, "-m", proto) not in matches:
                matches.append((False, "-m", proto))
                allowed |= _OF_MATCH[proto]
            if name not in allowed:
                raise BadRule(_unknown(name))
            matches.append((negated, name, _port(value) if name in _PORTS else value))
        index, negated = index + 2, False
    if target == "REJECT" and not target_options:
        target_options.append(("--reject-with", "icmp-port-unreachable"))
    ordered = tuple(head[name] for name in _ORDER if name in head)
    return Rule((*ordered, *matches), target, tuple(target_options))


def _known(name: str) -> bool:
    return name in _ORDER or name in ("-m", "-j", "-g")


def _unknown(name: str) -> str:
    return f'unknown option "{name}"' if name.startswith("-") else f"Bad argument `{name}'"


def _address(value: str) -> str:
    try:
        return str(ip_network(value, strict=False))
    except ValueError:
        raise BadRule(f"host/network `{value}' not found") from None


def _port(value: str) -> str:
    parts = value.split(":")
    if not all(part.isdigit() and int(part) < 65536 for part in parts) or len(parts) > 2:
        raise BadRule(f"invalid port/service `{value}' specified")
    return value


def quoted(value: str) -> str:
    """`value` as iptables prints it: in double quotes when it holds anything special."""
    if re.fullmatch(r"[A-Za-z0-9_./:,+=@%-]+", value):
        return value
    escaped = re.sub(r'(["\\\'])', r"\\\1", value)
    return f'"{escaped}"'


def spec(rule: Rule, *, counters: bool = False) -> str:
    """The rule without its chain, as `iptables -S` prints it (with `-v`: counters before the target)."""
    words = []
    for negated, name, value in rule.options:
        words.append(f"{'! ' if negated else ''}{name} {quoted(value)}")
    if counters:
        words.append(f"-c {int(rule.packets)} {int(rule.octets)}")
    if rule.target:
        words.append(f"-j {rule.target}")
    words.extend(f"{name} {quoted(value)}" for name, value in rule.target_options)
    return " ".join(words)


def line(chain: str, rule: Rule) -> str:
    """`-A CHAIN …` of one rule."""
    return f"-A {chain} {spec(rule)}".rstrip()


def dump(table: str, chains: dict[str, Chain], *, counters: bool) -> list[str]:
    """One table as iptables-save prints it, without the comments around it."""
    made = sorted(name for name in chains if name not in BUILT_IN[table])
    lines = [f"*{table}"]
    for name in (*BUILT_IN[table], *made):
        chain = chains[name]
        lines.append(f":{name} {chain.policy or '-'} [{int(chain.packets)}:{int(chain.octets)}]")
    for name in (*BUILT_IN[table], *made):
        for rule in chains[name].rules:
            prefix = f"[{int(rule.packets)}:{int(rule.octets)}] " if counters else ""
            lines.append(prefix + line(name, rule))
    return [*lines, "COMMIT"]


def load(text: str) -> Ruleset:
    """A ruleset from text in iptables-save's form: for the seed, where it is known to be right."""
    rules, chains = Ruleset(), dict[str, Chain]()
    for raw in text.splitlines():
        if raw.startswith("*"):
            chains = rules.table(raw[1:])
        elif raw.startswith(":"):
            name, policy, *_ = raw[1:].split()
            chains.setdefault(name, Chain(name)).policy = "" if policy == "-" else policy
        elif raw.startswith("-A"):
            _, name, *words = shlex.split(raw)
            chains[name].rules.append(parse_rule(words, chains))
    return rules
