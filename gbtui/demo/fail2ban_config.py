"""fail2ban's configuration on the simulated host: jails are what its files say at the last reload."""

from __future__ import annotations

from configparser import ConfigParser, Error
from dataclasses import dataclass

from gbtui.demo.state import File, Jail, Place
from gbtui.text import text

ROOT = "/etc/fail2ban"
_SPANS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_PORTS = {"http": "80", "https": "443", "ssh": "22"}

FLOOD_FILTER = """[Definition]
failregex = ^.*"remote_ip":"<HOST>".*"status":4\\d\\d\\b
datepattern = "ts":{EPOCH}
"""
FLOOD_JAIL = """[caddy-http-flood]
enabled = true
filter = caddy-http-flood
logpath = /opt/gbo/logs/access.log
backend = polling
port = http,https
maxretry = 100
findtime = 60
bantime = 1h
banaction = iptables-multiport
"""
MAIL_FILTER = """[Definition]
failregex = \\(auth\\.failed\\).*remoteIp = <HOST>\\b
datepattern = ^%%Y-%%m-%%dT%%H:%%M:%%SZ
"""
MAIL_JAIL = """[stalwart]
enabled = true
filter = stalwart
logpath = /opt/gbo/logs/email.log
backend = polling
port = 25,465,587,993,995,143,110,4190
maxretry = 5
findtime = 10m
bantime = 1h
banaction = iptables-multiport
"""
SSH_JAIL = """[sshd]
enabled = true
backend = systemd
maxretry = 3
findtime = 10m
bantime = 1h
ignoreip = 127.0.0.1/8 ::1
"""
NO_SSHD = "[sshd]\nenabled = false\n"
SEEDED = {
    "host": {"jail.d/acme.conf": SSH_JAIL},
    "acme-proxy": {
        "filter.d/caddy-http-flood.conf": FLOOD_FILTER,
        "jail.d/caddy-http-flood.conf": FLOOD_JAIL,
        "jail.d/defaults-debian.conf": NO_SSHD,
    },
    "acme-email": {
        "filter.d/stalwart.conf": MAIL_FILTER,
        "jail.d/mail.conf": MAIL_JAIL,
        "jail.d/defaults-debian.conf": NO_SSHD,
    },
}


@dataclass(frozen=True, slots=True)
class Settings:
    """One enabled jail as configured: times in seconds, `regex` as its filter has it."""

    name: str
    filter: str
    log: str
    ports: str
    maxretry: int
    findtime: int
    bantime: int
    action: str
    regex: tuple[str, ...]
    ignored: tuple[str, ...]


def furnish(place: Place, at: float) -> None:
    """The files that are there from the start."""
    for name, content in SEEDED.get(place.name, {}).items():
        place.files[f"{ROOT}/{name}"] = File(content.encode(), modified=at)
    place.folders |= {ROOT, f"{ROOT}/jail.d", f"{ROOT}/filter.d"}


def read(place: Place) -> tuple[dict[str, Settings], str]:
    """Enabled jails by name, and the first error ("" for none). `.local` files are read last."""
    parser = ConfigParser(interpolation=None, strict=False)
    folder = f"{ROOT}/jail.d/"
    names = sorted(name for name in place.files if name.startswith(folder))
    order = [name for name in names if name.endswith(".conf")]
    order += [f"{ROOT}/jail.local"] + [name for name in names if name.endswith(".local")]
    for name in order:
        if name in place.files:
            try:
                parser.read_string(text(place.files[name].data), name)
            except Error as error:
                return {}, str(error).splitlines()[0]
    found = {}
    for name in parser.sections():
        if name != "DEFAULT" and parser.get(name, "enabled", fallback="false") == "true":
            try:
                found[name] = _settings(place, parser, name)
            except KeyError as error:
                return {}, f"Unable to read the filter '{error.args[0]}'"
            except FileNotFoundError as error:
                return {}, f"Have not found any log file for {name} jail: {error}"
    return found, ""


def _settings(place: Place, parser: ConfigParser, name: str) -> Settings:
    def value(key: str, default: str) -> str:
        return parser.get(name, key, fallback=default)

    log = value("logpath", "")
    if log and log not in place.files:
        raise FileNotFoundError(log)
    regex = () if name == "sshd" else _regex(place, value("filter", name))
    ports = ",".join(_PORTS.get(word.strip(), word.strip()) for word in value("port", "22").split(","))
    return Settings(
        name=name,
        filter=value("filter", name),
        log=log,
        ports=ports,
        maxretry=int(value("maxretry", "5")),
        findtime=span(value("findtime", "10m")),
        bantime=span(value("bantime", "10m")),
        action=value("banaction", "nftables"),
        regex=regex,
        ignored=tuple(value("ignoreip", "").split()),
    )


def _regex(place: Place, name: str) -> tuple[str, ...]:
    path = f"{ROOT}/filter.d/{name}.conf"
    if path not in place.files:
        raise KeyError(name)
    parser = ConfigParser(interpolation=None)
    parser.read_string(text(place.files[path].data), path)
    lines = parser.get("Definition", "failregex", fallback="").splitlines()
    return tuple(line.strip().replace("%%", "%") for line in lines if line.strip())


def span(value: str) -> int:
    """fail2ban's way to write a time, in seconds."""
    return int(value[:-1]) * _SPANS[value[-1]] if value[-1:] in _SPANS else int(value)


def jail_of(settings: Settings) -> Jail:
    """A fresh jail of these settings."""
    source = f"File list:\t{settings.log}" if settings.log else ""
    source = source or "Journal matches:\t_SYSTEMD_UNIT=ssh.service + _COMM=sshd"
    jail = Jail(settings.name, source, [])
    apply(settings, jail)
    return jail


def apply(settings: Settings, jail: Jail) -> None:
    """The settings, in a jail whose bans stay."""
    jail.ports, jail.action, jail.lasts = settings.ports, settings.action, float(settings.bantime)
    jail.maxretry, jail.findtime = settings.maxretry, settings.findtime
    jail.regex, jail.ignored = settings.regex, settings.ignored
