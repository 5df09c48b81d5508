"""The firewall operations' scripts on the simulated host: they answer as their own documentation says."""

from __future__ import annotations

import hashlib
from copy import deepcopy
from dataclasses import replace
from ipaddress import ip_address

from gbtui.demo import services
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.lxd_devices import listens_at
from gbtui.demo.rules import Packet
from gbtui.demo.state import HOST, Place
from gbtui.demo.ufw_tool import try_settings
from gbtui.text import text

_LOCAL = {"127.0.0.1": "ip", "::1": "ip6"}
GATEWAY = "10.77.0.1"
DNS = 53


def rehearse(call: Call) -> Answer:
    """gbtui-rehearse: the same on a copy of the place's rules."""
    if call.place.no_namespaces:
        return said("impossible unshare: unshare failed: Operation not permitted")
    _, tried, *words = call.arguments
    port, _, protocol = tried.partition("/")
    scratch = replace(call.place, rules=deepcopy(call.place.rules), files=dict(call.place.files))
    told, number = _told("before", scratch, int(port), protocol or "tcp"), 0
    while words:
        count, number = int(words[0]), number + 1
        argv, words = tuple(words[1 : 1 + count]), words[1 + count :]
        done = _run(replace(call, place=scratch, stdin=b""), argv)
        if done.status:
            return Answer(0, b"failed %d\n" % number + done.stdout + done.stderr)
    told += _told("after", scratch, int(port), protocol or "tcp")
    out = "".join(f"{line}\n" for line in ("rehearsed", *told)).encode()
    for family, program in (("ip", "iptables-save"), ("ip6", "ip6tables-save")):
        out += f"== {family}\n".encode() + _run(replace(call, place=scratch), (program,)).stdout
    return Answer(0, out)


def _told(when: str, place: Place, port: int, protocol: str) -> list[str]:
    words = {"ACCEPT": "refused", "REJECT": "refused", "DROP": "silent"}
    packets = {family: Packet("lo", protocol, port, address) for address, family in _LOCAL.items()}
    return [
        f"{when} {family} {words[place.rules[family].judge(p, count=0)]}" for family, p in packets.items()
    ]


def _run(call: Call, argv: tuple[str, ...]) -> Answer:
    if call.state.execute is None:
        return failed(127, f"sh: 1: {argv[0]}: not found")
    return call.state.execute(replace(call, argv=argv))


def rules(call: Call) -> Answer:
    """gbtui-rules: its text goes to the restore's stdin."""
    program, given, *options = call.arguments
    return _run(replace(call, stdin=given.encode()), (program, "-w", *options))


def rules_around(call: Call) -> Answer:
    """gbtui-rules-around: what leads to fail2ban's chains now stays, in its place where it has one."""
    program, given = call.arguments
    saved = _run(call, (program.replace("restore", "save"),))
    running = _by_chain(text(saved.stdout).splitlines())
    out: list[str] = []
    for key, lines in _by_chain(given.splitlines()).items():
        theirs = [line for line in running.get(key, []) if _theirs(line)]
        same = sorted(theirs) == sorted(filter(_theirs, lines))
        kept = lines if same else [*theirs, *(line for line in lines if not _theirs(line))]
        out += kept if key[1] != "COMMIT" else ["COMMIT"]
    return _run(
        replace(call, stdin="".join(f"{line}\n" for line in out).encode()), (program, "-w", "--noflush")
    )


def _by_chain(lines: list[str]) -> dict[tuple[str, str], list[str]]:
    """(table, chain) → its rules; (table, "") → what stands before them, (table, "COMMIT") its end."""
    found: dict[tuple[str, str], list[str]] = {}
    table = ""
    for line in lines:
        table = line if line.startswith("*") else table
        if line.startswith("-A "):
            found.setdefault((table, line.split()[1]), []).append(line)
        elif line == "COMMIT":
            found[table, line] = []
        elif line and not line.startswith("#"):
            found.setdefault((table, ""), []).append(line)
            if line.startswith(":"):
                found.setdefault((table, line[1:].split()[0]), [])
    return found


def _theirs(line: str) -> bool:
    if line.startswith(("-A f2b-", "-A fail2ban-")):
        return False
    return any(mark in line for mark in (" -j f2b-", " -g f2b-", " -j fail2ban-", "generated for LXD"))


def rule(call: Call) -> Answer:
    """gbtui-rule: how many lines of `-S CHAIN` are exactly that."""
    program, table, chain, line = call.arguments
    done = _run(call, (program, "-w", "-t", table, "-S", chain))
    return done if done.status else said(str(text(done.stdout).splitlines().count(line)))


def own(call: Call) -> Answer:
    """gbtui-own: a hash of what is neither fail2ban's nor LXD's."""
    program, *tables = call.arguments
    lines: list[str] = []
    for table in tables:
        done = _run(call, (program, "-w", "-t", table, "-S"))
        if done.status:
            return done
        found = [line for line in text(done.stdout).splitlines() if line[:3] in ("-P ", "-N ", "-A ")]
        others = (" f2b-", " fail2ban-", "generated for LXD")
        mine = [line for line in found if not any(mark in line for mark in others)]
        lines += [table, *sorted(mine, key=lambda line: line.split(" ")[1])]
    return said(hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest())


def connect(call: Call) -> Answer:
    """gbtui-connect: what a connection meets on its way, and whether somebody listens at its end."""
    place, judged, local = _arrives(call, "tcp")
    if place is None or "bash" in call.place.missing:
        return said("unknown", takes=1.0)
    if judged == "DROP":
        return said("silent", takes=4.0)
    listens = services.listens(place, int(call.arguments[1]), local=local)
    return said("open" if listens and judged == "ACCEPT" else "refused")


def datagram(call: Call) -> Answer:
    """gbtui-datagram: the same over UDP. Of all that listens here only DNS answers."""
    place, judged, _ = _arrives(call, "udp")
    port = int(call.arguments[1])
    if place is None or "bash" in call.place.missing:
        return said("unknown", takes=1.0)
    if judged == "DROP":
        return said("silent", takes=2.0)
    listens = ("udp", port) in {(one[0], one[2]) for one in listens_at(call.state, place)}
    if judged == "REJECT" or not listens:
        return said("refused")
    return said("open") if port == DNS else said("silent", takes=2.0)


def _arrives(call: Call, protocol: str) -> tuple[Place | None, str, bool]:
    """(where a packet to ADDRESS PORT ends, what INPUT does with it there, whether it never left)."""
    address, port = call.arguments
    here = call.place
    source = next((one.ipv4 for one in call.state.instances.values() if one.name == here.name), GATEWAY)
    local = address in _LOCAL or address == source
    owner = next(
        (one.name for one in call.state.instances.values() if one.ipv4 == address and one.running), ""
    )
    place = here if local else call.state.places.get(HOST if address == GATEWAY else owner)
    if place is None:
        return None, "", local
    packet = Packet("lo" if local else "eth0", protocol, int(port), address if local else source)
    family = "ip6" if ip_address(address).version == 6 else "ip"
    return place, place.rules[family].judge(packet), local


def dropped(call: Call) -> Answer:
    """gbtui-dropped: whether the rule's counter has moved."""
    program, line = call.arguments
    done = _run(call, (f"{program}-save", "-c", "-t", "filter"))
    if done.status:
        return done
    counted = [row.partition("] ") for row in text(done.stdout).splitlines() if row.startswith("[")]
    met = any(rest == line and not count.startswith("[0:") for count, _, rest in counted)
    return said("dropped" if met else "not yet")


SCRIPTS = {
    "gbtui-rehearse": rehearse,
    "gbtui-rules": rules,
    "gbtui-rules-around": rules_around,
    "gbtui-rule": rule,
    "gbtui-own": own,
    "gbtui-connect": connect,
    "gbtui-datagram": datagram,
    "gbtui-dropped": dropped,
    "gbtui-ufw-with": try_settings,
}
