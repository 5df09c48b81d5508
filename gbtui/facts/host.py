"""The host itself: release, LXD's package, sshd, the operator, ufw, the forward unit (items 1-4, 27, 28, 84).

One script reads it all (`HOST_FACTS`) and prints sections: `== NAME STATUS`, then the lines of that
section with a blank before each, so that nothing in a file can be taken for a section of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gbtui.errors import Malformed, TimedOut
from gbtui.facts.host_sshd import Sshd, parse_sshd
from gbtui.hosts.base import TIMED_OUT
from gbtui.text import line, text

HOST_FACTS = """
PATH=$PATH:/usr/sbin:/sbin:/snap/bin; LC_ALL=C; export PATH LC_ALL
say() {
  name=$1; shift; out=$("$@" 2>&1)
  printf '== %s %d\\n' "$name" "$?"; printf '%s\\n' "$out" | head -c 12000 | sed 's/^/ /'
}
have() { command -v "$1" >/dev/null || { echo "$1: not found"; return 127; }; timeout 2 "$@"; }
units=/etc/systemd/system
takes='(lxc|zfs) +snapshot|sanoid|zfs-auto-snapshot|gbtui-rolling'
say os cat /etc/os-release
say snap have snap list lxd --unicode=never
say sshd have sshd -T
say sshd-files grep -HniE '^[[:space:]]*(match|(password|kbdinteractive|challengeresponse)authentication)' \\
  /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf
say ufw-default grep -E '^DEFAULT_FORWARD_POLICY=' /etc/default/ufw
say ufw-conf grep -E '^ENABLED=' /etc/ufw/ufw.conf
say forward-lines grep -HsE "^ExecStart(Post)?=.*FORWARD.* -i $1 .*-j ACCEPT" $units/*.service
say cron grep -HsE "^[^#]*($takes)" /etc/crontab /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* \\
  /var/spool/cron/crontabs/*
say timer-lines grep -HsE "^ExecStart=.*($takes)" $units/*.service
set -- "$2"
for unit in $(grep -lsE "^ExecStart.*(FORWARD|$takes)" $units/*.service); do
  unit=${unit##*/}; set -- "$@" "$unit" "${unit%.service}.timer"
done
say units timeout 2 systemctl show -p Id,LoadState,ActiveState,UnitFileState "$@" sanoid.timer
"""
"""`$1` is the bridge, `$2` the unit that is to keep its forwarding. It only reads.

snap, sshd and systemd are asked for two seconds each: status 124 where that was not enough."""

OPERATOR = """
id -un; id -u; id -nG; printf '%s\\n' "$(getent group "$1" | cut -d: -f4)"; sudo -n true 2>&1 && echo sudo
"""
"""`$1` is the group of those who may use LXD. Not as root: it is the operator's own rights that count."""

_SECTION = re.compile(r"== ([a-z-]+) (\d{1,3})")


@dataclass(frozen=True, slots=True)
class Section:
    """What one command of the script said. `status` 127: no such program there."""

    status: int
    lines: tuple[str, ...]

    @property
    def said(self) -> str:
        """The first line of it."""
        return self.lines[0] if self.lines else ""


@dataclass(frozen=True, slots=True)
class Snap:
    """LXD as snapd knows it. `held`: no refresh of its own accord."""

    version: str
    tracking: str
    held: bool


@dataclass(frozen=True, slots=True)
class UnitFile:
    """A systemd unit: loaded, active, enabled, in systemd's words."""

    name: str
    load: str
    active: str
    enabled: str


@dataclass(frozen=True, slots=True)
class HostFacts:
    """The host. `snap` None: LXD is no snap here. `ufw` None: not installed, else whether it is enabled.

    `forward_policy` is what /etc/default/ufw says. `forward_lines` are lines of units that let the
    bridge's packets through; `schedulers` lines of cron and units that take snapshots, with their files.
    """

    release: Mapping[str, str]
    snap: Snap | None
    sshd: Sshd
    ufw: bool | None
    forward_policy: str
    forward_lines: tuple[str, ...]
    cron: tuple[str, ...]
    timer_lines: tuple[str, ...]
    units: tuple[UnitFile, ...]
    no_systemd: str = ""
    """Why systemd did not say anything of its units ("" where it did)."""

    def unit(self, name: str) -> UnitFile | None:
        """The unit of that name, None where it was not asked for or does not exist."""
        return next((one for one in self.units if one.name == name and one.load == "loaded"), None)


@dataclass(frozen=True, slots=True)
class Operator:
    """Who gbtui is there. `member`: in the group now; `listed`: the group names the user."""

    user: str
    root: bool
    sudo: str
    member: bool
    listed: bool


def parse_sections(data: bytes) -> dict[str, Section]:
    """The script's output. What stands before the first section is left out."""
    found: dict[str, tuple[int, list[str]]] = {}
    lines: list[str] = []
    for entry in text(data).split("\n"):
        match = _SECTION.fullmatch(entry)
        if match:
            lines = []
            found[match[1]] = (int(match[2]), lines)
        elif entry.strip():
            lines.append(entry[1:])
    return {name: Section(status, tuple(said)) for name, (status, said) in found.items()}


def parse_host(data: bytes) -> HostFacts:
    """The answer of `HOST_FACTS`.

    Raises:
        Malformed: a section is missing, or sshd did not say how it is configured.
        TimedOut: one of those it asks did not answer in its time.
    """
    sections = parse_sections(data)
    if late := [name for name, section in sections.items() if section.status == TIMED_OUT]:
        raise TimedOut(
            "facts of the host", why=f"no answer from {late[0]} within 2 s", hint="look at its load"
        )
    wanted = ("os", "snap", "sshd", "sshd-files", "ufw-default", "ufw-conf", "forward-lines", "cron", "units")
    missing = [name for name in (*wanted, "timer-lines") if name not in sections]
    if missing:
        raise Malformed("facts of the host", why=f"no section {missing[0]} in {line(data)!r}"[:300])
    return HostFacts(
        release=_release(sections["os"].lines),
        snap=_snap(sections["snap"]),
        sshd=parse_sshd(sections["sshd"].lines, sections["sshd-files"].lines),
        ufw=None if sections["ufw-conf"].status == 2 else "=yes" in sections["ufw-conf"].said.lower(),
        forward_policy=_last_value(sections["ufw-default"]),
        forward_lines=_found(sections["forward-lines"]),
        cron=_found(sections["cron"]),
        timer_lines=_found(sections["timer-lines"]),
        units=_units(sections["units"].lines),
        no_systemd=sections["units"].said if sections["units"].status else "",
    )


def parse_operator(data: bytes, group: str = "lxd") -> Operator:
    """The answer of `OPERATOR`: name, uid, groups now, members of the group, then `sudo` or sudo's refusal.

    Raises:
        Malformed: it is less than that.
    """
    lines = text(data).split("\n")
    if len(lines) < 5 or not lines[1].isdecimal():
        raise Malformed("the operator's rights", why=f"it says {line(data)!r}")
    user, uid, groups, members, *sudo = lines
    said = [entry for entry in sudo if entry.strip()]
    refusal = "" if said[-1:] == ["sudo"] else (said[-1] if said else "no answer")
    member = group in groups.split() or uid == "0"
    return Operator(user, uid == "0", refusal, member, user in members.split(","))


def _release(lines: tuple[str, ...]) -> dict[str, str]:
    pairs = (entry.partition("=") for entry in lines if "=" in entry)
    return {key: value.strip("\"'") for key, _, value in pairs}


def _snap(section: Section) -> Snap | None:
    """`snap list lxd`: a heading, then name, version, revision, tracking, publisher, notes."""
    for entry in section.lines if section.status == 0 else ():
        words = entry.split()
        if words[:1] == ["lxd"] and len(words) >= 5:
            return Snap(words[1], words[3], "held" in words[-1].split(","))
    return None


def _last_value(section: Section) -> str:
    values = [entry.partition("=")[2].strip("\"' ") for entry in section.lines if "=" in entry]
    return values[-1] if values and section.status == 0 else ""


def _found(section: Section) -> tuple[str, ...]:
    """Lines that grep found: with -s a file that is not there only shows in the status."""
    return tuple(entry for entry in section.lines if entry.startswith("/"))


def _units(lines: tuple[str, ...]) -> tuple[UnitFile, ...]:
    """Blocks of `systemctl show`; the blank line between them is lost: each ends before a key repeats."""
    units: list[dict[str, str]] = [{}]
    for entry in lines:
        key, sep, value = entry.partition("=")
        if not sep:
            continue
        if key in units[-1]:
            units.append({})
        units[-1][key] = value
    return tuple(
        UnitFile(
            one["Id"], one.get("LoadState", ""), one.get("ActiveState", ""), one.get("UnitFileState", "")
        )
        for one in units
        if "Id" in one
    )
