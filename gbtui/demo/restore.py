"""iptables-restore on the simulated host: a whole table at once, or nothing of it."""

from __future__ import annotations

import re
import shlex
from copy import deepcopy

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.iptables import Refused, apply, family, stdin_or_file, usage
from gbtui.demo.rules import BUILT_IN, Chain, Rule, Ruleset
from gbtui.demo.ruletext import VERSION, BadRule

_COUNTED = re.compile(r"\[(\d+):(\d+)\] ")


def restore(call: Call) -> Answer:
    """`iptables-restore [-n] [-c] [--test] [-w [N]] [FILE]`: FILE or stdin."""
    name = call.argv[0].rsplit("/", 1)[-1]
    if not call.root:
        words = "Could not fetch rule set generation id: Permission denied (you must be root)"
        return failed(4, f"{name} {VERSION}: {words}")
    flags = [word for word in call.arguments if word.startswith("-")]
    files = [word for word in call.arguments if not word.startswith("-") and not word.isdigit()]
    source = stdin_or_file(call, files[0] if files else None)
    if source is None:
        return failed(1, f"Can't open {files[0]}: No such file or directory")
    kept = {"-n", "--noflush"} & set(flags)
    counters = bool({"-c", "--counters"} & set(flags))
    current = call.place.rules[family(name)]
    copy = deepcopy(current)
    answer = _read(name, source, copy, flush=not kept, counters=counters)
    if answer.status == 0 and not {"-t", "--test"} & set(flags):
        current.tables = copy.tables
    return answer


def _read(name: str, source: str, rules: Ruleset, *, flush: bool, counters: bool) -> Answer:
    table = ""
    lines = source.splitlines()
    for number, raw in enumerate(lines, 1):
        entry = raw.strip()
        if not entry or entry.startswith("#"):
            continue
        try:
            if entry.startswith("*") and entry[1:] in BUILT_IN and not table:
                table = entry[1:]
                if flush:
                    rules.tables.pop(table, None)
                rules.table(table)
            elif not table:
                return failed(1, f"{name}: line {number} failed")
            elif entry == "COMMIT":
                table = ""
            else:
                _entry(rules, table, entry, counters=counters)
        except BadRule as error:
            words = f"{error}\nError occurred at line: {number}"
            return usage(name, words)
        except (Refused, ValueError) as error:
            words = error.words if isinstance(error, Refused) else "syntax error"
            return failed(1, f"{name}: line {number} failed: {words}")
    return failed(1, f"{name}: COMMIT expected at line {len(lines) + 1}") if table else said()


def _entry(rules: Ruleset, table: str, entry: str, *, counters: bool) -> None:
    """One `:CHAIN` or rule line."""
    chains = rules.table(table)
    if entry.startswith(":"):
        name, policy, *rest = entry[1:].split()
        chain = chains.setdefault(name, Chain(name))
        chain.policy = "" if policy == "-" else policy
        if counters and rest:
            _count(chain, rest[0] + " ")
        elif name not in BUILT_IN[table]:
            chain.rules.clear()
        return
    prefix = _COUNTED.match(entry)
    words = shlex.split(entry[prefix.end() :] if prefix else entry)
    apply(rules, table, words)
    if prefix and counters and words[0] in ("-A", "--append"):
        _count(chains[words[1]].rules[-1], prefix[0])


def _count(counted: Chain | Rule, counters: str) -> None:
    found = _COUNTED.match(counters)
    if found:
        counted.packets, counted.octets = float(found[1]), float(found[2])
