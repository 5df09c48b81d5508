"""The reading scripts of the host's checks on the simulated host (`gbtui.facts.host`), out of its files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from gbtui.demo.call import Answer, Call, said
from gbtui.demo.state import File, Place
from gbtui.demo.systemd import systemctl
from gbtui.text import text

SSHD = "/etc/ssh/sshd_config"
DROP_INS = "/etc/ssh/sshd_config.d/"
HOLD = "/var/lib/snapd/hold/lxd"
CRON = "/etc/cron.d/zfs-rolling"
_CRON_JOB = (
    b"15 3 * * * root for c in $(lxc list -f csv -c n); do zfs snapshot default/containers/$c@daily; done\n"
)
_SSHD = b"""Include /etc/ssh/sshd_config.d/*.conf
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
"""
_TAKES = r"(lxc|zfs) +snapshot|sanoid|zfs-auto-snapshot|gbtui-rolling"
_UNITS = "/etc/systemd/system/"


def furnish(place: Place, now: float) -> None:
    """What a host of the guide has: sshd with keys alone, the snap held, a nightly snapshot by cron."""
    for path, data in ((SSHD, _SSHD), (HOLD, b""), (CRON, _CRON_JOB), ("/etc/group", b"lxd:x:110:ops\n")):
        place.files[path] = File(data, modified=now - 9e6)


def _section(name: str, status: int, lines: Iterable[str]) -> str:
    return "\n".join([f"== {name} {status}", *(f" {entry}" for entry in lines)])


def _grep(call: Call, pattern: str, *paths: str, named: bool = True) -> tuple[int, list[str]]:
    """`grep -HsE` over files and what stands in folders; status 2 where there is nothing to look into."""
    found, any_ = [], False
    for path, file in sorted(call.place.files.items()):
        if not any(path == one or (one.endswith("/") and path.startswith(one)) for one in paths):
            continue
        any_ = True
        lines = [entry for entry in text(file.data).splitlines() if re.search(pattern, entry)]
        found += [f"{path}:{entry}" if named else entry for entry in lines]
    return (0 if found else 1 if any_ else 2), found


def _host_facts(call: Call) -> Answer:
    bridge, forward_unit = call.arguments
    forward = _units_with(call, rf"^ExecStart(Post)?=.*FORWARD.* -i {bridge} .*-j ACCEPT")
    timers = _units_with(call, rf"^ExecStart=.*({_TAKES})")
    cron = ("/etc/crontab", "/etc/cron.d/", "/etc/cron.daily/", "/var/spool/cron/crontabs/")
    own = {entry.partition(":")[0].removeprefix(_UNITS) for entry in (*forward[1], *timers[1])}
    names = [
        forward_unit,
        *(name for one in sorted(own) for name in (one, one.replace(".service", ".timer"))),
    ]
    shown = systemctl(
        replace(call, argv=("systemctl", "show", "-p", "Id,LoadState,ActiveState,UnitFileState", *names))
    )
    sections = (
        ("os", _grep(call, "", "/etc/os-release", named=False)),
        ("snap", _snap(call)),
        ("sshd", (0, _effective(call))),
        ("sshd-files", _sshd_files(call)),
        ("ufw-default", _grep(call, "^DEFAULT_FORWARD_POLICY=", "/etc/default/ufw", named=False)),
        ("ufw-conf", _grep(call, "^ENABLED=", "/etc/ufw/ufw.conf", named=False)),
        ("forward-lines", forward),
        ("cron", _grep(call, rf"^[^#]*({_TAKES})", *cron)),
        ("timer-lines", timers),
        ("units", (0, text(shown.stdout).splitlines())),
    )
    return said("\n".join(_section(name, status, lines) for name, (status, lines) in sections))


def _units_with(call: Call, pattern: str) -> tuple[int, list[str]]:
    status, found = _grep(call, pattern, _UNITS)
    return status, [entry for entry in found if ".wants/" not in entry and ".service:" in entry]


def _snap(call: Call) -> tuple[int, list[str]]:
    if "snap" in call.place.missing:
        return 127, ["snap: not found"]
    notes = "held" if HOLD in call.place.files else "-"
    heading = "Name  Version         Rev    Tracking       Publisher    Notes"
    return 0, [heading, f"lxd   5.21.2-084c8c8  29619  5.21/stable    canonical**  {notes}"]


def _configuration(call: Call) -> list[tuple[str, int, str]]:
    """(path, number, line) of sshd's files in the order in which they count: drop-ins come first."""
    paths = [*sorted(path for path in call.place.files if path.startswith(DROP_INS)), SSHD]
    return [
        (path, number, entry)
        for path in paths
        for number, entry in enumerate(text(call.place.files[path].data).splitlines(), 1)
    ]


def _effective(call: Call) -> list[str]:
    found = {"pubkeyauthentication": "yes", "passwordauthentication": "yes"}
    found |= {"kbdinteractiveauthentication": "yes", "permitemptypasswords": "no"}
    given, block = dict[str, str](), ""
    for path, _, entry in _configuration(call):
        word, _, value = entry.strip().partition(" ")
        block = path if word.lower() == "match" else block
        if word.lower() in found and block != path:
            given.setdefault(word.lower(), value.strip())
    return [f"{key} {value}" for key, value in (found | given).items()]


def _sshd_files(call: Call) -> tuple[int, list[str]]:
    wanted = re.compile(
        r"^\s*(match|(password|kbdinteractive|challengeresponse)authentication)", re.IGNORECASE
    )
    every = _configuration(call)
    return 0, [f"{path}:{number}:{entry}" for path, number, entry in every if wanted.match(entry)]


def _operator(call: Call) -> Answer:
    group = call.arguments[0]
    lines = text(call.place.files["/etc/group"].data).splitlines() if "/etc/group" in call.place.files else []
    members = next((entry.rpartition(":")[2] for entry in lines if entry.startswith(f"{group}:")), "")
    groups = "ops sudo lxd" if "ops" in members.split(",") else "ops sudo"
    sudo = "sudo: a password is required" if "sudo" in call.place.missing else "sudo"
    return said("\n".join(["ops", "1000", groups, members, sudo]))


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-host-facts": _host_facts,
    "gbtui-operator": _operator,
}
