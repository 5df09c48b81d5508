"""`nft list …` on the simulated host: LXD's and fail2ban's own tables, and iptables' seen through nft."""

from __future__ import annotations

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.rules import BUILT_IN, Chain, Rule
from gbtui.demo.state import HOST, Place, State

_HOOKS = {"INPUT": "input", "FORWARD": "forward", "OUTPUT": "output", "PREROUTING": "prerouting"}
_LXD = """table inet lxd {
	chain pstrt.lxdbr0 {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 10.77.0.0/24 ip daddr != 10.77.0.0/24 masquerade
	}

	chain fwd.lxdbr0 {
		type filter hook forward priority filter; policy accept;
		ip version 4 oifname "lxdbr0" accept
		ip version 4 iifname "lxdbr0" accept
	}

	chain in.lxdbr0 {
		type filter hook input priority filter; policy accept;
		iifname "lxdbr0" tcp dport 53 accept
		iifname "lxdbr0" udp dport 53 accept
		iifname "lxdbr0" icmp type { destination-unreachable, time-exceeded, parameter-problem } accept
		iifname "lxdbr0" udp dport 67 accept
	}

	chain out.lxdbr0 {
		type filter hook output priority filter; policy accept;
		oifname "lxdbr0" tcp sport 53 accept
		oifname "lxdbr0" udp sport 53 accept
		oifname "lxdbr0" icmp type { destination-unreachable, time-exceeded, parameter-problem } accept
		oifname "lxdbr0" udp sport 67 accept
	}
}"""


def nft(call: Call) -> Answer:
    """`nft list ruleset` and `nft list tables`."""
    if call.arguments[:1] in (("-v",), ("--version",)):
        return said("nftables v1.0.9 (Old Doc Yak #3)")
    if not call.root:
        hint = "netlink: Error: cache initialization failed: Operation not permitted"
        return failed(1, f"Operation not permitted (you must be root)\n{hint}")
    tables = _tables(call.state, call.place)
    if call.arguments == ("list", "ruleset"):
        return said("\n".join(tables))
    if call.arguments == ("list", "tables"):
        heads = (head for text in tables for head in text.splitlines() if head.startswith("table"))
        return said("\n".join(head.removesuffix(" {") for head in heads))
    return failed(
        1, f"Error: syntax error, unexpected {call.arguments[0] if call.arguments else 'end of file'}"
    )


def _tables(state: State, place: Place) -> list[str]:
    found = [_lxd(state)] if place.name == HOST else []
    found += [
        _fail2ban(jail.name, jail.ports, [one.address for one in jail.bans])
        for jail in place.jails.values()
        if jail.action == "nftables"
    ]
    for family, rules in place.rules.items():
        for name, chains in rules.tables.items():
            warning = f"# Warning: table {family} {name} is managed by iptables-nft, do not touch!"
            shown = [_chain(name, chain) for chain in chains.values() if _in_use(name, chain)]
            found.append(f"{warning}\ntable {family} {name} {{\n" + "\n\n".join(shown) + "\n}")
    return found


def _lxd(state: State) -> str:
    """LXD's table: the bridge, and three chains for each proxy device in nat mode."""
    chains = []
    for one in state.instances.values():
        for name, device in one.devices.items() if one.running else ():
            if device.get("type") == "proxy" and device.get("nat") == "true":
                chains += _forwarded(f"{one.name}.{name}", device)
    return "\n\n".join([_LXD.removesuffix("\n}"), *chains]) + "\n}"


def _forwarded(name: str, device: dict[str, str]) -> list[str]:
    protocol, address, port = device["listen"].split(":")
    _, target, there = device["connect"].split(":")
    rule = f"ip daddr {address} {protocol} dport {port} dnat ip to {target}:{there}"
    back = f"ip saddr {target} ip daddr {target} {protocol} dport {there} masquerade"
    return [
        f"\tchain {kind}.{name} {{\n\t\ttype nat hook {hook}; policy accept;\n\t\t{words}\n\t}}"
        for kind, hook, words in (
            ("prert", "prerouting priority dstnat", rule),
            ("out", "output priority -100", rule),
            ("pstrt", "postrouting priority srcnat", back),
        )
    ]


def _in_use(table: str, chain: Chain) -> bool:
    return bool(chain.rules) or chain.policy != "ACCEPT" or chain.name not in BUILT_IN[table]


def _fail2ban(jail: str, ports: str, banned: list[str]) -> str:
    elements = f"\n\t\telements = {{ {', '.join(banned)} }}" if banned else ""
    port = f"{{ {ports.replace(',', ', ')} }}" if "," in ports else ports
    return (
        f"table inet f2b-table {{\n\tset addr-set-{jail} {{\n\t\ttype ipv4_addr{elements}\n\t}}\n\n"
        "\tchain f2b-chain {\n\t\ttype filter hook input priority filter - 1; policy accept;\n"
        f"\t\ttcp dport {port} ip saddr @addr-set-{jail} reject with icmp port-unreachable\n\t}}\n}}"
    )


def _chain(table: str, chain: Chain) -> str:
    lines = [f"\tchain {chain.name} {{"]
    if chain.policy:
        kind = "filter" if table != "nat" else "nat"
        hook = _HOOKS.get(chain.name, "postrouting")
        lines.append(f"\t\ttype {kind} hook {hook} priority filter; policy {chain.policy.lower()};")
    lines += [f"\t\t{_rule(rule)}" for rule in chain.rules]
    return "\n".join([*lines, "\t}"])


def _rule(rule: Rule) -> str:
    words, proto = [], next((value for _, name, value in rule.options if name == "-p"), "")
    for negated, name, value in rule.options:
        sign = "!= " if negated else ""
        if name in ("-i", "-o"):
            words.append(f'{"iifname" if name == "-i" else "oifname"} {sign}"{value}"')
        elif name in ("-s", "-d"):
            words.append(f"ip {'saddr' if name == '-s' else 'daddr'} {sign}{value.removesuffix('/32')}")
        elif name in ("--dport", "--sport"):
            words.append(f"{proto} {name[2:]} {sign}{value}")
        elif name == "--dports":
            words.append(f"meta l4proto {proto} {proto} dport {{ {value.replace(',', ', ')} }}")
        elif name in ("--ctstate", "--state"):
            words.append(f"ct state {value.lower()}")
    words.append(f"counter packets {int(rule.packets)} bytes {int(rule.octets)}")
    if rule.target in ("ACCEPT", "DROP", "RETURN", "REJECT", "MASQUERADE"):
        words.append(rule.target.lower())
    elif rule.target == "LOG":
        words.append(
            "log" + "".join(f' prefix "{value}"' for name, value in rule.target_options if "prefix" in name)
        )
    elif rule.target:
        words.append(f"jump {rule.target}")
    return " ".join(words)
