"""fail2ban-client on the simulated host, and the bans that come and go by themselves."""

from __future__ import annotations

from datetime import UTC, datetime

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.rules import Chain, Rule
from gbtui.demo.ruletext import parse_rule
from gbtui.demo.state import Ban, Jail, Place, State

_SCANNERS = ("203.0.113", "198.51.100", "192.0.2")


def jails(state: State, now: float) -> None:
    """Three jails with bans at different ages: sshd on the host, the proxy's flood, the mail server's."""
    ssh = Jail("sshd", "Journal matches:\t_SYSTEMD_UNIT=ssh.service + _COMM=sshd", [], 2, 4121, 306)
    ssh.action, ssh.ports = "nftables", "22"
    flood = Jail("caddy-http-flood", "File list:\t/opt/gbo/logs/access.log", [], 3, 90412, 118)
    flood.ports = "80,443"
    mail = Jail("stalwart", "File list:\t/opt/gbo/logs/email.log", [], 1, 2208, 64)
    mail.ports = "25,465,587,993,995,143,110,4190"
    at = {"host": ssh, "acme-proxy": flood, "acme-email": mail}
    for place, jail in at.items():
        chance = state.random("bans", place)
        for _ in range({"host": 3, "acme-proxy": 5, "acme-email": 1}[place]):
            ban(state.places[place], jail, _address(chance.random()), now - chance.uniform(60, 3300))
        state.places[place].jails[jail.name] = jail


def _address(chance: float) -> str:
    """An address of a documentation range."""
    return f"{_SCANNERS[int(chance * 997) % 3]}.{int(chance * 25013) % 240 + 5}"


def ban(place: Place, jail: Jail, address: str, at: float) -> bool:
    """Ban `address`; False when it is banned already. The packet filter follows."""
    if any(one.address == address for one in jail.bans):
        return False
    jail.bans.append(Ban(address, at, jail.lasts))
    jail.total_banned += 1
    if jail.action == "iptables-multiport":
        _chain(place, jail).rules.insert(0, _reject(address))
    return True


def unban(place: Place, jail: Jail, address: str) -> bool:
    """Lift a ban; False when there was none."""
    found = next((one for one in jail.bans if one.address == address), None)
    if found is None:
        return False
    jail.bans.remove(found)
    if jail.action == "iptables-multiport":
        rules, gone = _chain(place, jail).rules, _reject(address)
        rules[:] = [rule for rule in rules if not rule.same(gone)]
    return True


def _reject(address: str) -> Rule:
    words = ["-s", address, "-j", "REJECT", "--reject-with", "icmp-port-unreachable"]
    return parse_rule(words, {})


def _chain(place: Place, jail: Jail) -> Chain:
    """The jail's own chain, made at its first ban as fail2ban does."""
    chains = place.rules["ip"].table("filter")
    name = f"f2b-{jail.name}"
    if name not in chains:
        chains[name] = Chain(name, rules=[parse_rule(["-j", "RETURN"], chains)])
        words = ["-p", "tcp", "-m", "multiport", "--dports", jail.ports, "-j", name]
        chains["INPUT"].rules.insert(0, parse_rule(words, chains))
    return chains[name]


def live(state: State, before: float, now: float) -> None:
    """Bans run out; about every four minutes a jail catches somebody."""
    for place in state.places.values():
        for jail in place.jails.values():
            for one in [one for one in jail.bans if one.lasts >= 0 and one.since + one.lasts <= now]:
                unban(place, jail, one.address)
            for slot in range(int(before // 240) + 1, min(int(now // 240), int(before // 240) + 200) + 1):
                chance = state.random("ban", place.name, slot)
                fresh = slot * 240 + jail.lasts > now
                if fresh and chance.random() < 0.4:
                    jail.total_failed += chance.randrange(3, 40)
                    ban(place, jail, _address(chance.random()), slot * 240.0)


def client(call: Call) -> Answer:
    """`fail2ban-client status|get|set|banned|ping|version …`."""
    if not call.root:
        words = "Permission denied to socket: /var/run/fail2ban/fail2ban.sock, (you must be root)"
        return failed(255, f"{_prefix(call)}{words}")
    unit = call.place.units.get("fail2ban.service")
    if unit is None or not unit.active:
        words = "Failed to access socket path: /var/run/fail2ban/fail2ban.sock. Is fail2ban running?"
        return failed(255, f"{_prefix(call)}{words}")
    every = call.place.jails
    match call.arguments:
        case ("ping",):
            return said("Server replied: pong")
        case ("version",) | ("-V",) | ("--version",):
            return said("1.0.2" if call.arguments[0] != "--version" else "Fail2Ban v1.0.2")
        case ("status",):
            names = ", ".join(every)
            return said(f"Status\n|- Number of jail:\t{len(every)}\n`- Jail list:\t{names}")
        case ("banned",):
            return said(repr([{jail.name: [one.address for one in jail.bans]} for jail in every.values()]))
        case ("status" | "get" | "set", name, *rest) if name in every:
            return _jail(call, call.arguments[0], every[name], rest)
        case ("status" | "get" | "set", name, *_):
            return failed(
                255,
                f"{_prefix(call)}NOK: ('{name}',)",
                stdout=f"Sorry but the jail '{name}' does not exist",
            )
    return failed(255, f"{_prefix(call)}NOK: ('Invalid command',)", stdout="Invalid command")


def _jail(call: Call, verb: str, jail: Jail, rest: list[str]) -> Answer:
    match (verb, *rest):
        case ("status",):
            return said(_status(jail))
        case ("get", "banip", "--with-time"):
            return said("\n".join(_timed(one) for one in jail.bans))
        case ("get", "banip"):
            return said(" ".join(one.address for one in jail.bans))
        case ("get", "bantime"):
            return said(str(int(jail.lasts)))
        case ("get", "maxretry"):
            return said("100" if jail.name == "caddy-http-flood" else "5")
        case ("get", "findtime"):
            return said("60" if jail.name == "caddy-http-flood" else "600")
        case ("set", "banip", address):
            return said("1" if ban(call.place, jail, address, call.state.clock.now()) else "0")
        case ("set", "unbanip", address):
            return said("1" if unban(call.place, jail, address) else "0")
    words = f"Invalid command (no {verb} action or not yet implemented)"
    return failed(255, f"{_prefix(call)}NOK: ('{words}',)", stdout=words)


def _status(jail: Jail) -> str:
    return "\n".join(
        (
            f"Status for the jail: {jail.name}",
            "|- Filter",
            f"|  |- Currently failed:\t{jail.failed}",
            f"|  |- Total failed:\t{jail.total_failed}",
            f"|  `- {jail.source}",
            "`- Actions",
            f"   |- Currently banned:\t{len(jail.bans)}",
            f"   |- Total banned:\t{jail.total_banned}",
            f"   `- Banned IP list:\t{' '.join(one.address for one in jail.bans)}",
        )
    )


def _timed(one: Ban) -> str:
    since = datetime.fromtimestamp(one.since, UTC).strftime("%Y-%m-%d %H:%M:%S")
    until = "9999-12-31 23:59:59"
    if one.lasts >= 0:
        until = datetime.fromtimestamp(one.since + one.lasts, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{one.address} \t{since} + {int(one.lasts)} = {until}"


def _prefix(call: Call) -> str:
    now = datetime.fromtimestamp(call.state.clock.now(), UTC)
    return f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d} fail2ban                [2214]: ERROR   "
