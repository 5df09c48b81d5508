"""Faults of CoreDNS on the simulated host, the same names as in the lab."""

from __future__ import annotations

from collections.abc import Callable

from gbtui.demo import dns, systemd
from gbtui.demo.fault import Fault
from gbtui.demo.state import File, State

_OLD, _NEW = b"2026031801", b"2026031802"


def _corefile(acl: str, *, read: bool = True) -> Callable[[State], None]:
    """The Corefile with this acl, and CoreDNS reading it or not."""

    def change(state: State) -> None:
        place = state.places[dns.PLACE]
        content = dns.corefile(acl).encode()
        place.files[dns.COREFILE] = File(content, modified=state.clock.now() - 600)
        if read:
            dns.load(place)

    return change


def _raise(state: State) -> None:
    """A zone edited ten minutes ago, and CoreDNS told by HUP: it does not care."""
    file = state.places[dns.PLACE].files[dns.ZONE]
    file.data, file.modified = file.data.replace(_OLD, _NEW), state.clock.now() - 600


def _lower(state: State) -> None:
    file = state.places[dns.PLACE].files[dns.ZONE]
    file.data = file.data.replace(_NEW, _OLD)
    dns.load(state.places[dns.PLACE])


def _end(state: State) -> None:
    state.places[dns.PLACE].units["dns.service"].active = False


def _begin(state: State) -> None:
    place = state.places[dns.PLACE]
    systemd.start(place, place.units["dns.service"], state.clock.now())


_FIRST = "        block type ANY AXFR IXFR net 127.0.0.0/8 10.77.0.53/32\n"
_WHOLE = _corefile(dns.ACL)
FAULTS: dict[str, Fault] = {
    "dns-acl-missing": Fault("a zone has no acl: it answers ANY to the world", (69,), _corefile(""), _WHOLE),
    "dns-acl-guide": Fault(
        "the guide's own acl: it refuses TXT and CAA to everybody, and lets the world ask for ANY",
        (70,),
        _corefile(dns.GUIDE_ACL),
        _WHOLE,
    ),
    "dns-acl-not-read": Fault(
        "the acl was changed, and CoreDNS told by HUP, which it ignores",
        (71,),
        _corefile(dns.ACL.replace(_FIRST, ""), read=False),
        _WHOLE,
    ),
    "coredns-down": Fault("CoreDNS has ended: no name is answered", (11, 18), _end, _begin),
    "dns-serial": Fault("a zone was changed, and CoreDNS answers the old one", (71,), _raise, _lower),
}
