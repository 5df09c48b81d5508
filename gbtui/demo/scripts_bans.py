"""The scripts of the operations on bans, on the simulated host (`gbtui.operations.bans_scripts`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

from gbtui.demo import fail2ban, scripts_checks
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.rules import Chain
from gbtui.demo.ruletext import spec
from gbtui.text import text

_HOST = r"(?P<host>(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]+)"


def _client(call: Call, *words: str) -> Answer:
    return fail2ban.client(replace(call, argv=("fail2ban-client", *words)))


def _listed(call: Call, jail: str) -> list[str] | Answer:
    """Lines of fail2ban's own list; its failure where it cannot be asked."""
    answer = _client(call, "get", jail, "banip")
    if answer.status and b"does not exist" not in answer.stdout:
        return replace(answer, status=1)
    names = [] if answer.status else text(answer.stdout).split()
    return [f"{jail} {_network(name)} listed fail2ban" for name in names]


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        return f"{value}/32"


def _filter(call: Call) -> list[str]:
    """Lines of what the packet filter holds, in the script's order."""
    rows = []
    for family, tool in (("ip", "iptables"), ("ip6", "ip6tables")):
        chains = call.place.rules[family].tables.get("filter", {})
        for chain in chains.values():
            if chain.name.startswith("f2b-"):
                state = "blocked" if _reached(chains, chain.name) else "unreached"
                rows += [
                    f"{chain.name[4:]} {one.split()[1]} {state} {tool} {one}"
                    for one in map(spec, chain.rules)
                    if one.startswith("-s ") and one.split()[3] in ("REJECT", "DROP")
                ]
    for jail in call.place.jails.values():
        if jail.action == "nftables":
            for one in jail.bans:
                name = f"addr{'6' if ':' in one.address else ''}-set-{jail.name}"
                rows.append(f"{jail.name} {_network(one.address)} blocked nft {name}")
    return rows


def _reached(chains: dict[str, Chain], name: str) -> bool:
    return any(
        rule.target == name
        for chain in chains.values()
        if not chain.name.startswith("f2b-")
        for rule in chain.rules
    )


def _rules(call: Call) -> Answer:
    rows = ["bans"]
    for jail in call.arguments:
        listed = _listed(call, jail)
        if isinstance(listed, Answer):
            return listed
        rows += listed
    return said("\n".join([*rows, *_filter(call)]))


def _state(call: Call) -> Answer:
    jail, network = call.arguments
    listed = _listed(call, jail)
    if isinstance(listed, Answer):
        return listed
    words = [row.split(" ") for row in (*listed, *_filter(call))]
    found = [f"{row[2]} {row[3]}" for row in words if row[:2] == [jail, network]]
    return said("\n".join(found or ["free"]))


def _match(call: Call) -> Answer:
    """fail2ban-regex' last line: how many lines the expression matches."""
    if "fail2ban-regex" in call.place.missing:
        return failed(127, "fail2ban-regex: not found")
    wanted = re.compile(call.arguments[1].replace("<HOST>", _HOST))
    lines = [line for line in text(call.stdin).split("\n") if line]
    matched = sum(1 for line in lines if wanted.search(_undated(line)))
    missed = len(lines) - matched
    return said(f"Lines: {len(lines)} lines, 0 ignored, {matched} matched, {missed} missed")


def _undated(line: str) -> str:
    """fail2ban takes the time out of a line before it looks for failures."""
    return re.sub(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z", "", line)


def _jail(call: Call) -> Answer:
    name, sshd, *marks = call.arguments
    answer = _client(call, "status")
    if answer.status:
        return replace(answer, status=1)
    jail = call.place.jails.get(name)
    if jail is None:
        return said("absent")
    filter_ = "this" if any(all(mark in one for mark in marks) for one in jail.regex) else "other"
    if sshd != "any":
        sshd = "on" if "sshd" in call.place.jails else "off"
    numbers = f"maxretry={jail.maxretry} findtime={jail.findtime} bantime={int(jail.lasts)}"
    return said(f"{name} {numbers} filter={filter_} sshd={sshd}")


def _peers(call: Call) -> Answer:
    execute = call.state.execute
    argv = ("ss", "-Htnp", "state", "established")
    done = (
        execute(replace(call, argv=argv, stdin=b"")) if execute is not None else failed(127, "ss: not found")
    )
    if done.status:
        return replace(done, status=1)
    rows = [row.split() for row in text(done.stdout).splitlines() if '"sshd' in row]
    return said("\n".join(sorted({words[3].rpartition(":")[0] for words in rows})))


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-ban-rules": _rules,
    "gbtui-ban-state": _state,
    "gbtui-peers": _peers,
    "gbtui-ban-match": _match,
    "gbtui-ban-jail": _jail,
    **scripts_checks.SCRIPTS,
}
