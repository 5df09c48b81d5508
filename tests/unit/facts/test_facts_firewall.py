from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Denied, MissingTool
from gbtui.facts.firewall import Firewall, FirewallReader, Rule, commands
from gbtui.facts.firewall_nft import parse_nft
from gbtui.facts.firewall_parse import parse_save
from gbtui.profiles import load
from tests.unit.facts.fakehost import Answer, FakeHost, fixture

PROFILE = load()
PATH = PROFILE.saved_rules
UFW, UFW6 = fixture("ufw-iptables-save.txt"), fixture("ufw-ip6tables-save.txt")
NFT = fixture("ufw-nft-list-ruleset.txt")
BROKEN, MENDED = fixture("incident-before.txt"), fixture("incident-after.txt")
MISSING: Answer = (127, b"", b"timeout: failed to run command 'x': No such file or directory")


def host(where: str = "host", **changes: Answer) -> FakeHost:
    answers: dict[str, Answer] = {
        "save4": UFW,
        "save6": UFW6,
        "nft": NFT,
        "version": b"iptables v1.8.11 (nf_tables)\n",
        "exists": (1, b"", b""),
        "file": (1, b"", b"cat: no"),
    }
    answers |= changes
    asked = [(where, *command.argv) for command in commands(PATH)]
    return FakeHost(dict(zip(asked, answers.values(), strict=True)))


async def read(one: FakeHost, where: str = "host") -> Firewall:
    return await FirewallReader(one, PROFILE, where).read()


async def test_a_healthy_ufw_host_in_one_batch() -> None:
    one = host()
    found = await read(one)
    assert len(one.batches) == 1
    assert found.marks == ()
    assert (found.backend, found.malformed, found.note) == ("nf_tables", 0, "")
    assert found.saved is not None
    assert found.saved.state == "absent"
    assert [c.chain for c in found.chains if c.family == "ip"][:4] == [
        "INPUT", "FORWARD", "OUTPUT", "ufw-after-forward",
    ]  # fmt: skip
    first = found.chains[0]
    assert (first.policy, first.packets, first.bytes, len(first.rules)) == ("DROP", 3, 165, 6)
    log = next(c for c in found.chains if c.chain == "ufw-after-logging-input")
    assert (log.policy, log.packets) == ("", None)
    assert log.rules[0].spec.endswith('-j LOG --log-prefix "[UFW BLOCK] "')


async def test_lxds_and_fail2bans_own_tables_come_from_nft_alone() -> None:
    found = await read(host())
    own = [c for c in found.chains if c.source == "nft"]
    assert [(c.family, c.table, c.chain) for c in own] == [
        ("inet", "lxd", "pstrt.lxdbr0"),
        ("inet", "lxd", "fwd.lxdbr0"),
        ("inet", "lxd", "in.lxdbr0"),
        ("inet", "lxd", "out.lxdbr0"),
        ("inet", "f2b-table", "@addr-set-sshd"),
        ("inet", "f2b-table", "f2b-chain"),
    ]
    assert (own[1].policy, own[1].hook) == ("ACCEPT", "type filter hook forward priority filter")
    assert own[2].rules[2].spec == (
        'iifname "lxdbr0" icmp type { destination-unreachable, time-exceeded, parameter-problem } accept'
    )
    assert [rule.spec for rule in own[4].rules] == ["type ipv4_addr", "elements = { 10.99.0.2 }"]


async def test_the_incident_is_marked_and_the_fix_takes_the_mark_away() -> None:
    found = await read(host("acme-system", save4=BROKEN, save6=b"", nft=MISSING), "acme-system")
    (mark,) = found.marks
    assert (mark.kind, mark.where, mark.chain, mark.rule) == (
        "drop-before-loopback", "acme-system", "INPUT", 0,
    )  # fmt: skip
    drop = found.chains[0].rules[0]
    assert (drop.spec, drop.packets, drop.bytes) == ("-p tcp -m tcp --dport 6379 -j DROP", 5, 300)
    assert "iptables-legacy tables present" in found.note
    assert "nft is not installed" in found.note
    mended = await read(host("acme-system", save4=MENDED, save6=b"", nft=MISSING), "acme-system")
    assert mended.marks == ()


async def test_rates_between_readings() -> None:
    ticks = iter([1.0, 3.0, 5.0])
    one = host("acme-system", save4=BROKEN, save6=b"")
    reader = FirewallReader(one, PROFILE, "acme-system", clock=lambda: next(ticks))
    key = ("acme-system", "iptables-save", "-c")
    rates = []
    for data in (BROKEN, BROKEN.replace(b"[5:300]", b"[33:1980]"), BROKEN):
        one.answers[key] = data
        rates.append((await reader.read()).chains[0].rules[0].rate)
    assert rates == [None, 14.0, None]


async def test_saved_rules_against_running_ones() -> None:
    saved = b"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n"
    found = await read(host("c", save4=MENDED, save6=b"", exists=b"", file=saved), "c")
    assert found.saved is not None
    assert (found.saved.state, found.saved.only_in_file) == ("differs", ())
    assert found.saved.only_in_memory == ("filter -A INPUT -p tcp -m tcp --dport 6379 -j DROP",)
    assert [(m.kind, m.chain, m.rule) for m in found.marks] == [("only-in-memory", "INPUT", 1)]
    found = await read(host("c", save4=saved, save6=b"", exists=b"", file=MENDED), "c")
    assert [(m.kind, m.chain, m.rule) for m in found.marks] == [("only-in-file", "INPUT", -1)]
    found = await read(host("c", save4=MENDED, save6=b"", exists=b"", file=MENDED), "c")
    assert found.saved is not None
    assert (found.saved.state, found.marks) == ("same", ())


async def test_what_is_missing_is_said_and_costs_no_more_than_itself() -> None:
    found = await read(host(save4=MISSING, save6=MISSING))
    assert {c.source for c in found.chains} == {"nft"}
    assert found.saved is None
    assert "iptables is not installed" in found.note
    found = await read(host(nft=(1, b"", b"netlink: Error: Operation not permitted")))
    assert {c.source for c in found.chains} == {"iptables"}
    assert "nft not read" in found.note
    with pytest.raises(MissingTool):
        await read(host(save4=MISSING, save6=MISSING, nft=MISSING))
    with pytest.raises(Denied):
        await read(host(save4=(1, b"", b"sudo: a password is required")))


async def test_an_unreadable_file_says_why() -> None:
    found = await read(host(exists=b"", file=(1, b"", b"cat: x: Permission denied")))
    assert found.saved is not None
    assert found.saved.state == "unreadable"
    assert "Permission denied" in found.saved.why


def test_quoting_and_order_are_the_tools_own() -> None:
    spec = '-s 10.0.0.0/8 -m comment --comment "evil \\"q\\" $(x)  [/]" -j ACCEPT'
    data = f"*filter\n:INPUT ACCEPT [1:2]\n[3:4] -A INPUT {spec}\n-A INPUT\nCOMMIT\n".encode()
    (chain,) = parse_save(data, "host", "ip").chains
    assert chain.rules == (Rule(spec, 3, 4), Rule("", None, None))


def test_malformed_lines_cost_themselves() -> None:
    data = b"stray\n*filter\n:INPUT ACCEPT [0:0]\n-X what\n[1:2 -A INPUT\n-A INPUT -j DROP\n\xff\x1b]0;x\n"
    tables = parse_save(data, "host", "ip")
    assert (tables.malformed, tables.whole) == (4, False)
    assert tables.chains[0].rules == (Rule("-j DROP", None, None),)


def test_nested_sets_maps_and_cut_output() -> None:
    data = b"""table inet own {
\tmap ports {
\t\ttype inet_service : verdict
\t\telements = { 22 : accept,
\t\t\t     80 : drop }
\t}
\tcounter seen {
\t\tpackets 3 bytes 4
\t}
\tchain in {
\t\ttype filter hook input priority filter - 1; policy drop;
\t\ttcp dport vmap { 22 : accept,
\t\t\t80 : drop } comment "a } b { c"
\t\tip saddr 10.0.0.1 counter packets 7 bytes 8 drop comment "counter packets 1 bytes 2"
"""
    chains, malformed = parse_nft(data, "host", ())
    assert [c.chain for c in chains] == ["@ports", "counter seen", "in"]
    assert chains[0].rules[1].spec == "elements = { 22 : accept, 80 : drop }"
    assert (chains[2].policy, chains[2].hook) == ("DROP", "type filter hook input priority filter - 1")
    assert chains[2].rules[0].spec == 'tcp dport vmap { 22 : accept, 80 : drop } comment "a } b { c"'
    dropped = chains[2].rules[1]
    assert (dropped.packets, dropped.bytes) == (7, 8)
    assert dropped.spec == 'ip saddr 10.0.0.1 counter drop comment "counter packets 1 bytes 2"'
    assert malformed == 1


def test_a_table_that_older_nft_does_not_warn_of_is_still_iptables() -> None:
    data = fixture("lxd-nat-nft-list-ruleset.txt")
    chains, malformed = parse_nft(data, "host", {("ip", "filter")})
    assert {c.table for c in chains} == {"lxd"}
    assert "prert.acme-proxy.httpnat" in {c.chain for c in chains}
    assert malformed == 0


NAMES = st.text("abcXYZ0-_.", min_size=1, max_size=8)
SPECS = st.lists(
    st.sampled_from(["-p tcp", "-i lo", "--dport 22", "-j DROP", "! -s 1.2.3.4/32", '--comment "a  b"']),
    min_size=1,
).map(" ".join)
COUNT = st.integers(0, 2**63)


@given(NAMES, st.lists(st.tuples(NAMES, st.lists(st.tuples(COUNT, COUNT, SPECS))), unique_by=lambda c: c[0]))
def test_what_iptables_prints_comes_back(
    table: str, chains: list[tuple[str, list[tuple[int, int, str]]]]
) -> None:
    declared = "".join(f":{name} - [0:0]\n" for name, _ in chains)
    added = "".join(f"[{p}:{b}] -A {name} {spec}\n" for name, rules in chains for p, b, spec in rules)
    found = parse_save(f"*{table}\n{declared}{added}COMMIT\n".encode(), "host", "ip")
    assert (found.malformed, found.whole) == (0, True)
    assert [(c.chain, [(r.packets, r.bytes, r.spec) for r in c.rules]) for c in found.chains] == chains


@given(st.binary(max_size=400) | st.text('*:-A[]{}"\n \tINPUTtablechain#', max_size=300).map(str.encode))
def test_any_bytes_parse(data: bytes) -> None:
    parse_save(data, "host", "ip")
    parse_nft(data, "host", ())
    parse_nft(b"table inet x {\n chain y {\n" + data, "host", ())
