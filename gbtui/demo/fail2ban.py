"""fail2ban-client on the simulated host, and the bans that come and go by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network

from gbtui.demo import fail2ban_config
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.rules import Chain, Rule
from gbtui.demo.ruletext import BadRule, parse_rule
from gbtui.demo.state import Ban, File, Jail, Place, State

_SCANNERS = ("203.0.113", "198.51.100", "192.0.2")


def jails(state: State, now: float) -> None:
    """Three jails with bans at different ages: sshd on the host, the proxy's flood, the mail server's."""
    state.places["acme-email"].files["/opt/gbo/logs/email.log"] = File(_mail_log(now), modified=now)
    # the log of the proxy is made when it is looked at; that there is one must be known already
    state.places["acme-proxy"].files.setdefault("/opt/gbo/logs/access.log", File(b"", modified=now))
    counts = {"host": (2, 4121, 306, 3), "acme-proxy": (3, 90412, 118, 5), "acme-email": (1, 2208, 64, 1)}
    for place, (failing, total, banned, number) in counts.items():
        fail2ban_config.furnish(state.places[place], now - 9e5)
        (settings,) = fail2ban_config.read(state.places[place])[0].values()
        jail = fail2ban_config.jail_of(settings)
        jail.failed, jail.total_failed, jail.total_banned = failing, total, banned
        chance = state.random("bans", place)
        for _ in range(number):
            ban(state.places[place], jail, _address(chance.random()), now - chance.uniform(60, 3300))
        state.places[place].jails[jail.name] = jail


def _mail_log(now: float) -> bytes:
    """Stalwart's log: logins that failed and went well, from a few clients."""
    rows = []
    for number in range(40):
        at = datetime.fromtimestamp(now - 4000 + number * 90, UTC)
        failed_ = number % 3 == 0
        words = (
            "Authentication failed (auth.failed)" if failed_ else "Authentication successful (auth.success)"
        )
        client_ = f"203.0.113.{number % 5 + 20}" if failed_ else f"198.51.100.{number % 7 + 20}"
        rows.append(
            f'{at:%Y-%m-%dT%H:%M:%SZ} INFO {words} listenerId = "imaps", localPort = 993, '
            f'remoteIp = {client_}, remotePort = {41000 + number}, accountName = "ada"\n'
        )
    return "".join(rows).encode()


def _address(chance: float) -> str:
    """An address of a documentation range."""
    network, host = _SCANNERS[int(chance * 997) % 3], int(chance * 25013) % 240 + 5
    return f"{network}.{host if host != 10 else 245}"  # .10 of the first is this host's own


def ban(place: Place, jail: Jail, address: str, at: float) -> bool:
    """Ban `address`; False when it is banned already. The packet filter follows."""
    if any(one.address == address for one in jail.bans):
        return False
    jail.bans.append(Ban(address, at, jail.lasts))
    jail.total_banned += 1
    if jail.action == "iptables-multiport":
        try:
            rule = _reject(address)
        except BadRule:
            return True  # fail2ban takes anything; its action fails, and only the log says so
        _chain(place, jail, address).rules.insert(0, rule)
    return True


def unban(place: Place, jail: Jail, address: str) -> bool:
    """Lift a ban; False when there was none."""
    found = next((one for one in jail.bans if one.address == address), None)
    if found is None:
        return False
    jail.bans.remove(found)
    if jail.action == "iptables-multiport":
        try:
            gone = _reject(address)
        except BadRule:
            return True
        rules = _chain(place, jail, address).rules
        index = next((index for index, rule in enumerate(rules) if rule.same(gone)), None)
        if index is not None:
            del rules[index]
    return True


def _reject(address: str) -> Rule:
    kind = "icmp6-port-unreachable" if ":" in address else "icmp-port-unreachable"
    words = ["-s", address, "-j", "REJECT", "--reject-with", kind]
    return parse_rule(words, {})


def _chain(place: Place, jail: Jail, address: str = "") -> Chain:
    """The jail's own chain, made at its first ban as fail2ban does."""
    chains = place.rules["ip6" if ":" in address else "ip"].table("filter")
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
        case ("banned", address):
            holders = [jail.name for jail in every.values() if address in [one.address for one in jail.bans]]
            return said(repr([holders]))
        case ("reload", *_):
            return _reload(call)
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
        case ("get", ("maxretry" | "findtime") as name):
            return said(str(getattr(jail, name)))
        case ("get", "actions"):
            return said(f"The jail {jail.name} has the following actions:\n{jail.action}")
        case ("get", "failregex"):
            return said(_tree("The following regular expression are defined:", _numbered(jail.regex)))
        case ("get", "ignoreip"):
            networks = [str(ip_network(value, strict=False)).removesuffix("/32") for value in jail.ignored]
            networks = [value.removesuffix("/128") if ":" in value else value for value in networks]
            none = "No IP address/network is ignored"
            return said(_tree("These IP addresses/networks are ignored:", networks) if networks else none)
        case ("set", "banip", address):
            return said("1" if ban(call.place, jail, address, call.state.clock.now()) else "0")
        case ("set", "unbanip", address):
            return said("1" if unban(call.place, jail, address) else "0")
    words = f"Invalid command (no {verb} action or not yet implemented)"
    return failed(255, f"{_prefix(call)}NOK: ('{words}',)", stdout=words)


def _numbered(values: tuple[str, ...]) -> list[str]:
    """As the client shows expressions: numbered, its tags spelled out."""
    host = r"(?:\[?(?:(?:::f{4,6}:)?(?P<ip4>(?:\d{1,3}\.){3}\d{1,3})|(?P<ip6>[0-9a-fA-F:]+))\]?)"
    return [f"[{number}]: {value.replace('<HOST>', host)}" for number, value in enumerate(values)]


def _tree(head: str, values: list[str]) -> str:
    return "\n".join(
        [head, *(f"|- {value}" for value in values[:-1]), *(f"`- {value}" for value in values[-1:])]
    )


def _reload(call: Call) -> Answer:
    """Jails as the files say now; bans of a jail that stays are kept, one that goes takes its rules along."""
    found, wrong = fail2ban_config.read(call.place)
    if wrong:
        return failed(255, f"{_prefix(call)}{wrong}")
    jails_ = call.place.jails
    for name in [name for name in jails_ if name not in found]:
        for one in list(jails_[name].bans):
            unban(call.place, jails_[name], one.address)
        del jails_[name]
    for name, settings in found.items():
        if name in jails_:
            fail2ban_config.apply(settings, jails_[name])
        else:
            jails_[name] = fail2ban_config.jail_of(settings)
    return said("OK", takes=0.5)


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
