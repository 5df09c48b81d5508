"""The two jails of the guide as data: what they watch, what counts, and their files (items 30, 72–75)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from gbtui.facts.bans_sample import Sample, parse_access, parse_mail
from gbtui.profiles import Profile

ROOT = "/etc/fail2ban"
DEBIAN = f"{ROOT}/jail.d/defaults-debian.conf"
_SECTION = re.compile(rb"^\[([^\]]*)\]\s*$")
_OFF = b"enabled = false\n"


@dataclass(frozen=True, slots=True)
class JailPlan:
    """A jail as it is to be. `date` and `regex` are as fail2ban-regex takes them; times in seconds.

    `failures` names what counts, in words; `provoke` how to make one, to try the filter on.
    """

    name: str
    role: str
    log: str
    parse: Callable[[bytes], Sample]
    date: str
    regex: str
    ports: str
    maxretry: int
    findtime: int
    bantime: int
    sshd_off: bool
    failures: str
    provoke: str

    @property
    def filter_path(self) -> str:
        return f"{ROOT}/filter.d/{self.name}.conf"

    @property
    def jail_path(self) -> str:
        """A `.local` of jail.d is read last: what jail.local says of the same jail does not win."""
        return f"{ROOT}/jail.d/{self.name}.local"

    @property
    def marks(self) -> tuple[str, ...]:
        """The parts of the expression that fail2ban shows as they are written (its tags it spells out)."""
        return tuple(part for part in self.regex.split("<HOST>") if part)

    def filter_text(self) -> bytes:
        """The filter's file; `%` is doubled for Python's configuration parser."""
        regex, date = (value.replace("%", "%%") for value in (self.regex, self.date))
        return f"[Definition]\nfailregex = {regex}\ndatepattern = {date}\n".encode()

    def jail_text(self, ignored: str, action: str) -> bytes:
        """The jail's file."""
        lines = (
            f"[{self.name}]",
            "enabled = true",
            f"filter = {self.name}",
            f"logpath = {self.log}",
            "backend = polling",
            f"port = {self.ports}",
            f"maxretry = {self.maxretry}",
            f"findtime = {self.findtime}",
            f"bantime = {self.bantime}",
            f"ignoreip = {ignored}",
            f"banaction = {action}",
        )
        return ("\n".join(lines) + "\n").encode()

    def running(self) -> str:
        """What `gbtui-ban-jail` prints when it runs as it is to be."""
        sshd = "off" if self.sshd_off else "any"
        return (
            f"{self.name} maxretry={self.maxretry} findtime={self.findtime} bantime={self.bantime} "
            f"filter=this sshd={sshd}"
        )


def without_sshd(before: bytes | None) -> bytes:
    """`jail.d/defaults-debian.conf` with the jail sshd off, every other line as it was."""
    kept, found, section, place = list[bytes](), False, b"", 0
    whole = before or b""
    whole += b"" if not whole or whole.endswith(b"\n") else b"\n"
    for one in whole.splitlines(keepends=True):
        if head := _SECTION.match(one.strip()):
            section = head[1]
        switch = section == b"sshd" and re.match(rb"enabled\s*[=:]", one)
        kept.append(_OFF if switch else one)
        found = found or bool(switch)
        place = len(kept) if head and section == b"sshd" and not place else place
    if found:
        return b"".join(kept)
    if place:
        return b"".join([*kept[:place], _OFF, *kept[place:]])
    return b"".join([*kept, b"[sshd]\n", _OFF])


def _mail_ports(profile: Profile) -> str:
    exposed = next(role.exposed for role in profile.roles if role.name == "email")
    return ",".join(port.removeprefix("tcp:") for port in exposed)


def flood(profile: Profile) -> JailPlan:
    """The proxy's jail for floods of refused requests, by the name and the limits of the profile."""
    maxretry, findtime, bantime = profile.flood_limits
    return JailPlan(
        name=profile.flood_jail,
        role="proxy",
        log=profile.access_log,
        parse=parse_access,
        date='"ts":{EPOCH}',
        regex=r'^.*"remote_ip":"<HOST>".*"status":4\d\d\b',
        ports="http,https",
        maxretry=maxretry,
        findtime=findtime,
        bantime=bantime,
        sshd_off=True,
        failures="4xx",
        provoke="ask the proxy for a page that does not exist",
    )


def mail(profile: Profile) -> JailPlan:
    """The mail server's jail for failed logins."""
    return JailPlan(
        name="stalwart",
        role="email",
        log=profile.mail_log,
        parse=parse_mail,
        date="^%Y-%m-%dT%H:%M:%S%z",
        regex=(
            r"^ \w+ [^(]*\(auth\.(?:failed|too-many-attempts)\) "
            r'listenerId = "[^"]*", localPort = \d+, remoteIp = <HOST>\b'
        ),
        ports=_mail_ports(profile),
        maxretry=5,
        findtime=600,
        bantime=3600,
        sshd_off=False,
        failures="failed logins",
        provoke="log in once with a wrong password",
    )
