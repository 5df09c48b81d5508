"""iptables and ip6tables on the simulated host: same argv, same words, same exit statuses.

Statuses and sentences are those of iptables 1.8 with the nf_tables backend: 1 for what is not there,
2 for a bad command line, 3 for a missing table, 4 for lack of permission.
"""

from __future__ import annotations

from datetime import UTC, datetime

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.rules import BUILT_IN, Chain, Rule, Ruleset
from gbtui.demo.ruletext import VERSION, BadRule, dump, line, parse_rule, spec
from gbtui.text import text

NO_RULE = "Bad rule (does a matching rule exist in that chain?)."
NO_CHAIN = "No chain/target/match by that name."
_COMMANDS = {
    "--append": "-A", "--insert": "-I", "--delete": "-D", "--check": "-C", "--list-rules": "-S",
    "--flush": "-F", "--new-chain": "-N", "--delete-chain": "-X", "--policy": "-P", "--replace": "-R",
    "--zero": "-Z", "--table": "-t", "--wait": "-w", "--verbose": "-v", "--version": "-V", "--noflush": "-n",
    "--counters": "-c", "--test": "-t",
}  # fmt: skip


class Refused(Exception):
    """`status` and the sentence (without the program's name)."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(status, words)
        self.status = status
        self.words = words


def iptables(call: Call) -> Answer:
    """`iptables …` and `ip6tables …`."""
    name = call.argv[0].rsplit("/", 1)[-1]
    if call.arguments[:1] in (("--version",), ("-V",)):
        return said(f"{name} {VERSION}")
    if not call.root:
        return _unprivileged(name)
    try:
        table, words, verbose = _options(list(call.arguments))
        return said(apply(call.place.rules[family(name)], table, words, verbose=verbose))
    except BadRule as error:
        return usage(name, str(error))
    except Refused as error:
        return failed(error.status, error.words if VERSION in error.words else f"{name}: {error.words}")


def family(name: str) -> str:
    """ "ip6" for the ip6tables programs, else "ip"."""
    return "ip6" if name.startswith("ip6") else "ip"


def usage(name: str, words: str) -> Answer:
    """Status 2: the command line is wrong."""
    return failed(2, f"{name} {VERSION}: {words}\nTry `{name} -h' or '{name} --help' for more information.")


def _unprivileged(name: str) -> Answer:
    words = "Could not fetch rule set generation id: Permission denied (you must be root)"
    return failed(4, f"{name} {VERSION}: {words}")


def _options(words: list[str]) -> tuple[str, list[str], bool]:
    """Table, the command with its own words, and whether -v was there."""
    table, rest, verbose = "filter", list[str](), False
    while words:
        word = words.pop(0)
        short = _COMMANDS.get(word, word)
        if short == "-t" and words:
            table = words.pop(0)
        elif short == "-w":
            if words and words[0].isdigit():
                words.pop(0)
        elif short in ("-v", "-n", "-x") and (not rest or rest[0] == "-S"):
            verbose = verbose or short == "-v"
        else:
            rest.append(short if not rest else word)
    if table not in BUILT_IN:
        hint = "Perhaps iptables or your kernel needs to be upgraded."
        raise Refused(3, f"iptables {VERSION}: table '{table}' does not exist\n{hint}")
    return table, rest, verbose


def apply(rules: Ruleset, table: str, words: list[str], *, verbose: bool = False) -> str:
    """Carry out one command (`-A INPUT …`); the result is what it prints."""
    if not words:
        raise BadRule("no command specified")
    verb, arguments = words[0], words[1:]
    if verb in ("-S", "-F", "-Z"):
        return _whole(verb, _seen(rules, table), arguments, verbose=verbose)
    if verb not in ("-A", "-I", "-D", "-C", "-R", "-N", "-X", "-P"):
        raise BadRule(f'unknown option "{verb}"' if verb.startswith("-") else f"Bad argument `{verb}'")
    if not arguments:
        raise BadRule(f'option "{verb}" requires an argument')
    chains = _seen(rules, table) if verb in ("-C", "-D") else rules.table(table)
    if verb in ("-N", "-X", "-P"):
        _chain(verb, table, chains, arguments)
    else:
        _rule(verb, chains, arguments)
    return ""


def _seen(rules: Ruleset, table: str) -> dict[str, Chain]:
    """The table as it looks, without making it: only a change does that."""
    return rules.tables.get(table) or Ruleset().table(table)


def _whole(verb: str, chains: dict[str, Chain], arguments: list[str], *, verbose: bool) -> str:
    if arguments and arguments[0] not in chains:
        if verb == "-S":
            words = f"chain `{arguments[0]}' in table `filter' is incompatible, use 'nft' tool."
            raise Refused(1, f"iptables {VERSION}: {words}")
        raise Refused(1, NO_CHAIN)
    chosen = [chains[arguments[0]]] if arguments else list(chains.values())
    if verb == "-S":
        return "\n".join([*_heads(chosen, verbose=verbose), *_rules(chosen, verbose=verbose)])
    for chain in chosen:
        if verb == "-F":
            chain.rules.clear()
            continue
        chain.packets = chain.octets = 0.0
        for rule in chain.rules:
            rule.packets = rule.octets = 0.0
    return ""


def _heads(chains: list[Chain], *, verbose: bool) -> list[str]:
    lines = []
    for chain in chains:
        counters = f" -c {int(chain.packets)} {int(chain.octets)}" if verbose and chain.policy else ""
        lines.append((f"-P {chain.name} {chain.policy}" if chain.policy else f"-N {chain.name}") + counters)
    return lines


def _rules(chains: list[Chain], *, verbose: bool) -> list[str]:
    return [
        f"-A {chain.name} {spec(rule, counters=True)}" if verbose else line(chain.name, rule)
        for chain in chains
        for rule in chain.rules
    ]


def _chain(verb: str, table: str, chains: dict[str, Chain], arguments: list[str]) -> None:
    name = arguments[0]
    if verb == "-N":
        if name in chains:
            raise Refused(1, "Chain already exists.")
        chains[name] = Chain(name)
        return
    if name not in chains:
        raise Refused(1, NO_CHAIN)
    if verb == "-P":
        if len(arguments) < 2 or arguments[1] not in ("ACCEPT", "DROP"):
            raise Refused(1, "Bad policy name. Run `dmesg' for more information.")
        chains[name].policy = arguments[1]
        return
    used = any(rule.target == name for chain in chains.values() for rule in chain.rules)
    if name in BUILT_IN[table] or used or chains[name].rules:
        words = f" CHAIN_DEL failed (Device or resource busy): chain {name}"
        raise Refused(4, f"iptables {VERSION}: {words}")
    del chains[name]


def _rule(verb: str, chains: dict[str, Chain], arguments: list[str]) -> None:
    name, words = arguments[0], arguments[1:]
    number = int(words.pop(0)) if verb in "-I-D-R" and words and words[0].isdigit() else 0
    if name not in chains:
        raise Refused(1, NO_CHAIN)
    rules = chains[name].rules
    if verb == "-D" and number:
        if number > len(rules):
            raise Refused(1, "Index of deletion too big.")
        del rules[number - 1]
        return
    rule = parse_rule(words, chains)
    if verb == "-A":
        rules.append(rule)
    elif verb == "-I":
        if number > len(rules) + 1:
            raise Refused(1, "Index of insertion too big.")
        rules.insert(max(number, 1) - 1, rule)
    elif verb == "-R":
        if number > len(rules):
            raise Refused(1, "Index of replacement too big.")
        rules[number - 1] = rule
    else:
        _find(verb, rules, rule)


def _find(verb: str, rules: list[Rule], rule: Rule) -> None:
    for index, candidate in enumerate(rules):
        if candidate.same(rule):
            if verb == "-D":
                del rules[index]
            return
    raise Refused(1, NO_RULE)


def save(call: Call) -> Answer:
    """`iptables-save [-c] [-t TABLE]` and `ip6tables-save`."""
    name = call.argv[0].rsplit("/", 1)[-1]
    if not call.root:
        return _unprivileged(name)
    rules = call.place.rules[family(name)]
    words = [_COMMANDS.get(word, word) for word in call.arguments]
    wanted = words[words.index("-t") + 1 :][:1] if "-t" in words else list(rules.tables)
    now = datetime.fromtimestamp(call.state.clock.now(), UTC).strftime("%a %b %e %H:%M:%S %Y")
    lines: list[str] = []
    for table in wanted:
        lines.append(f"# Generated by {name} {VERSION} on {now}")
        lines.extend(dump(table, _seen(rules, table), counters="-c" in words))
        lines.append(f"# Completed on {now}")
    return said("\n".join(lines))


def stdin_or_file(call: Call, path: str | None) -> str | None:
    """What a restore reads: the named file of the place, or stdin; None where there is no such file."""
    if path is None:
        return text(call.stdin)
    found = call.place.files.get(path)
    return None if found is None else text(found.data)
