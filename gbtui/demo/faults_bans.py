"""Faults of fail2ban on the simulated host, the same names as in the lab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gbtui.demo import fail2ban, fail2ban_config, systemd
from gbtui.demo.call import Call
from gbtui.demo.fault import Fault
from gbtui.demo.state import File, Place, State

PROXY, MAIL, HOST = "acme-proxy", "acme-email", "host"
FLOOD = "caddy-http-flood"
GATEWAY = "10.77.0.1"
_SSHD = b"[sshd]\nenabled = true\nbackend = systemd\n"
_POSTFIX = b"[postfix]\nenabled = true\nbackend = systemd\n[dovecot]\nenabled = true\nbackend = systemd\n"
_SHIPPED = b"[Definition]\nfailregex = ^ \\S+ <HOST> failed$\n"
_NEVER = b'[Definition]\nfailregex = "client_addr":"<HOST>".*"status":4\\d\\d\n'


def _path(name: str) -> str:
    return f"{fail2ban_config.ROOT}/{name}"


def _reload(state: State, place: Place) -> None:
    fail2ban.client(Call(state, place, ("fail2ban-client", "reload")))


def _edit(
    where: str, name: str, change: Callable[[bytes], bytes]
) -> tuple[Callable[[State], None], Callable[[State], None]]:
    """A file of fail2ban changed and read anew, and put back as it is from the start."""

    def inject(state: State) -> None:
        place = state.places[where]
        old = place.files.get(_path(name), File(b"", modified=state.clock.now()))
        place.files[_path(name)] = replace(old, data=change(old.data))
        _reload(state, place)

    def undo(state: State) -> None:
        place = state.places[where]
        place.files[_path(name)] = File(fail2ban_config.SEEDED[where][name].encode())
        _reload(state, place)

    return inject, undo


def _host_down(state: State) -> None:
    state.host.units["fail2ban.service"].active = False


def _host_up(state: State) -> None:
    systemd.start(state.host, state.host.units["fail2ban.service"], state.clock.now())


def _ban(where: str, jail: str, address: str) -> tuple[Callable[[State], None], Callable[[State], None]]:
    def inject(state: State) -> None:
        place = state.places[where]
        fail2ban.ban(place, place.jails[jail], address, state.clock.now())

    def undo(state: State) -> None:
        place = state.places[where]
        fail2ban.unban(place, place.jails[jail], address)

    return inject, undo


def _postfix(state: State) -> None:
    """Upstream's jails; their filters come with fail2ban's package."""
    for name in ("postfix", "dovecot"):
        state.places[MAIL].files[_path(f"filter.d/{name}.conf")] = File(_SHIPPED)
    _mail[0](state)


_mail = _edit(MAIL, "jail.d/mail.conf", lambda _: _POSTFIX)
_JAIL_FILE, _FILTER_FILE = f"jail.d/{FLOOD}.conf", f"filter.d/{FLOOD}.conf"
FAULTS: dict[str, Fault] = {
    "fail2ban-host-down": Fault("fail2ban does not run on the host", (29,), _host_down, _host_up),
    "flood-jail-missing": Fault(
        "the proxy has no jail for HTTP floods", (72,), *_edit(PROXY, _JAIL_FILE, lambda _: b"")
    ),
    "flood-jail-lax": Fault(
        "the flood jail is set to other numbers than the guide's",
        (74,),
        *_edit(PROXY, _JAIL_FILE, lambda old: old.replace(b"findtime = 60", b"findtime = 600")),
    ),
    "flood-filter-dead": Fault(
        "the flood jail runs, and its filter never matches",
        (73,),
        *_edit(PROXY, _FILTER_FILE, lambda _: _NEVER),
    ),
    "proxy-sshd-jail": Fault(
        "the jail sshd is on in the proxy, where no SSH server is",
        (75,),
        *_edit(PROXY, "jail.d/defaults-debian.conf", lambda _: _SSHD),
    ),
    "mail-jail-postfix": Fault(
        "the mail server's container has jails for postfix and dovecot, and none for Stalwart",
        (30,),
        _postfix,
        _mail[1],
    ),
    "ban-gateway": Fault(
        "the bridge's address is banned in the proxy: whoever comes through it is turned away",
        (29, 72),
        *_ban(PROXY, FLOOD, GATEWAY),
    ),
    "ban-operator": Fault(
        "an operator's address is banned on the host", (29,), *_ban(HOST, "sshd", "198.51.100.2")
    ),
}
