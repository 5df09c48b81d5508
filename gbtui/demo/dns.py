"""CoreDNS on the simulated host: zones as last read, an acl that decides, SIGUSR1 that reads anew.

As the real one it ignores HUP, keeps what it had when the new Corefile is broken, and sees whoever
comes through a proxy device without nat as 127.0.0.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import File, Instance, Place, Served
from gbtui.demo.tenant import OUTER
from gbtui.text import text

COREFILE, ZONE = "/opt/gbo/conf/Corefile", "/opt/gbo/data/acme.test.zone"
PLACE, GATEWAY = "acme-dns", "10.77.0.1"
GUIDE_ACL = """    acl {
        allow type ANY net 10.0.0.0/8 127.0.0.0/8
        allow type A net 0.0.0.0/0
        allow type AAAA net 0.0.0.0/0
        allow type MX net 0.0.0.0/0
        block
    }
"""
"""The guide's acl as it stands there: CoreDNS takes ANY for the one query type of that name."""
ACL = """    acl {
        block type ANY AXFR IXFR net 127.0.0.0/8 10.77.0.53/32
        allow net 10.0.0.0/8 127.0.0.0/8
        allow type A AAAA MX TXT CAA NS SOA SRV CNAME HTTPS
        block
    }
"""
"""One that does what the guide's is meant to do."""
_ZONE = f"""acme.test. 300 IN SOA ns1.acme.test. hostmaster.acme.test. 2026031801 7200 900 1209600 300
acme.test. 300 IN NS ns1.acme.test.
acme.test. 300 IN A {OUTER}
acme.test. 300 IN MX 10 mail.acme.test.
acme.test. 300 IN TXT "v=spf1 mx -all"
ns1.acme.test. 300 IN A {OUTER}
mail.acme.test. 300 IN A {OUTER}
"""


def corefile(acl: str) -> str:
    """The Corefile with this acl in its one server block."""
    return f"acme.test:53 {{\n    file {ZONE}\n{acl}    cache\n    errors\n}}\n"


def furnish(place: Place, now: float) -> None:
    """CoreDNS's files as somebody leaves them who has seen what the guide's acl refuses, read once."""
    place.files[COREFILE] = File(corefile(ACL).encode(), modified=now - 3e6)
    place.files[ZONE] = File(_ZONE.encode(), modified=now - 3e6)
    load(place)


def load(place: Place) -> None:
    """Read Corefile and zones; a broken Corefile changes nothing."""
    file = place.files.get(COREFILE)
    corefile = text(file.data) if file else ""
    if not corefile or corefile.count("{") != corefile.count("}"):
        return
    place.zones = {}
    for match in re.finditer(r"^(\S+?)(?::53)? \{\n(.*?)^\}", corefile, re.MULTILINE | re.DOTALL):
        zone, body = match[1], match[2]
        path = re.search(r"^\s*file (\S+)", body, re.MULTILINE)
        data = place.files.get(path[1]) if path else None
        words = [line.split() for line in (text(data.data).splitlines() if data else [])]
        serial = next((row[6] for row in words if len(row) > 6 and row[3] == "SOA"), "")
        types = sorted({row[3] for row in words if len(row) > 3 and row[0].rstrip(".") == zone})
        place.zones[zone] = Served(_rules(body), types, serial)


def _rules(body: str) -> list[tuple[str, list[str], list[str]]]:
    acl = re.search(r"acl \{\n(.*?)\}", body, re.DOTALL)
    rules = []
    for line in acl[1].splitlines() if acl else []:
        words = line.split()
        if words:
            at = words.index("net") if "net" in words else len(words)
            rules.append((words[0], [word for word in words[1:at] if word != "type"], words[at + 1 :]))
    return rules


def status(call: Call, server: str, zone: str, kind: str) -> str:
    """The rcode that `server` answers for the apex of `zone`, as dig shows it; "" for none."""
    place, one = call.state.places[PLACE], call.state.instances[PLACE]
    unit = place.units["dns.service"]
    source = _source(call, one, server)
    if not source or not one.running or not unit.active:
        return ""
    served = place.zones.get(zone)
    if served is None:
        return "REFUSED"
    action = next((one[0] for one in served.rules if _fits(one, kind, source)), "allow")
    return {"block": "REFUSED", "drop": ""}.get(action, "NOERROR")


def _fits(rule: tuple[str, list[str], list[str]], kind: str, source: str) -> bool:
    _, types, nets = rule
    typed = not types or kind in types
    return typed and (not nets or any(ip_address(source) in ip_network(net) for net in nets))


def _source(call: Call, one: Instance, server: str) -> str:
    """The address a question seems to come from; "" where it does not arrive."""
    if call.place.name == PLACE:
        return server if server in ("127.0.0.1", one.ipv4) else ""
    if server == one.ipv4:
        return GATEWAY
    forwards = (device for device in one.devices.values() if device.get("listen") == f"udp:{server}:53")
    device = next(forwards, None)
    if device is None:
        return ""
    return "198.51.100.2" if device.get("nat") == "true" else "127.0.0.1"


def _dig(call: Call) -> Answer:
    if "dig" in call.place.missing:
        return failed(127, "dig: not found")
    server, zone, *types = call.arguments
    rows = [f"{kind} {status(call, server, zone, kind) or 'silent'}" for kind in types]
    return said("\n".join(rows), takes=0.02 * len(rows))


def _serial(call: Call) -> Answer:
    if "dig" in call.place.missing:
        return failed(127, "dig: not found")
    server, zone = call.arguments
    answered = status(call, server, zone, "SOA") == "NOERROR"
    return said(call.state.places[PLACE].zones[zone].serial if answered else "")


def _processes(call: Call) -> Answer:
    unit = call.place.units.get("dns.service")
    return said(f"1\t/opt/gbo/bin\t{COREFILE}" if unit and unit.active else "")


def pkill(call: Call) -> Answer:
    """`pkill -SIGNAL -x coredns`: USR1 reads anew, HUP is ignored; 1 where nothing runs."""
    unit = call.place.units.get("dns.service")
    if call.arguments[-1:] != ("coredns",) or unit is None or not unit.active:
        return Answer(1)
    if "-USR1" in call.arguments:
        load(call.place)
    return said()


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-coredns": _processes,
    "gbtui-dig": _dig,
    "gbtui-serial": _serial,
}
