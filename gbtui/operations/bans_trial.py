"""What installing a jail looks at: its log, its filter tried on that log, its files, the jail as it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gbtui.errors import NotFound
from gbtui.facts import bans_own
from gbtui.facts.bans_sample import Sample, parse_matched
from gbtui.facts.failure import failure
from gbtui.guard.paste import command
from gbtui.guard.plan import Exec
from gbtui.hosts.base import Command, Host, inside
from gbtui.operations import bans_scripts
from gbtui.operations.bans_jails import DEBIAN, ROOT, JailPlan
from gbtui.operations.base import Context
from gbtui.text import line, text

LINES = 1000
"""How many lines of the log the filter is tried on."""

TRIAL = 60.0
_SSHD_ON = re.compile(r"^\[sshd\][^\[]*?^enabled\s*=\s*true\s*$", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found. `right` of `failures` and `wrong` of `others` lines are matched by the filter.

    `running` is what `gbtui-ban-jail` says. `ignored` and `action` go into the jail's file.
    `sshd_forced` names a file that switches sshd on after Debian's own has switched it off.
    """

    log: str
    sample: Sample
    failures: int
    right: int
    others: int
    wrong: int
    running: str
    filter_file: bytes | None
    jail_file: bytes | None
    debian_file: bytes | None
    elsewhere: tuple[str, ...]
    sshd_forced: str
    ignored: str
    action: str


async def try_out(context: Context, jail: JailPlan, where: str) -> Trial:
    """Look, and try the filter on the end of the live log; nothing is written.

    Raises:
        NotFound: there is no log. Failed, MissingTool: something could not be looked at.
    """
    host, log = context.host, jail.log
    tail = Command(("tail", "-n", str(LINES), log), timeout=TRIAL)
    running = command(jail_state(jail, where))
    named = Command(("grep", "-RlsF", "--", f"[{jail.name}]", f"{ROOT}/jail.local", f"{ROOT}/jail.d"))
    iptables = Command(("iptables", "--version"))
    end, defined, version = await host.run_many((tail, named, iptables), instance=where)
    if not end.ok:
        raise failure(end, f"{log} of {where}")
    sample = jail.parse(end.stdout)
    state = await host.run(running)
    if not state.ok:
        raise failure(state, f"jail {jail.name} of {where}")
    own = jail.jail_path
    return Trial(
        log=log,
        sample=sample,
        failures=sample.number(counts=True),
        right=await _matched(host, jail, where, sample.joined(counts=True)),
        others=sample.number(counts=False),
        wrong=await _matched(host, jail, where, sample.joined(counts=False)),
        running=line(state.stdout),
        filter_file=await _file(host, where, jail.filter_path),
        jail_file=await _file(host, where, own),
        debian_file=await _file(host, where, DEBIAN),
        elsewhere=tuple(name for name in text(defined.stdout).split() if name != own and ".bak-" not in name),
        sshd_forced=await _sshd_forced(host, where) if jail.sshd_off else "",
        ignored=await _ignored(host),
        action="iptables-multiport" if version.ok else "nftables",
    )


def jail_state(jail: JailPlan, where: str) -> Exec:
    """`gbtui-ban-jail`: the jail as it runs."""
    sshd = "off" if jail.sshd_off else "any"
    argv = ("sh", "-c", bans_scripts.JAIL, "gbtui-ban-jail", jail.name, sshd, *jail.marks)
    return Exec(where, argv, TRIAL)


async def _matched(host: Host, jail: JailPlan, where: str, lines: bytes) -> int:
    """How many of `lines` the filter takes for failures."""
    if not lines:
        return 0
    argv = ("sh", "-c", bans_scripts.MATCH, "gbtui-ban-match", jail.date, jail.regex)
    done = await host.run(inside(where, Command(argv, stdin=lines, timeout=TRIAL)))
    if not done.ok:
        raise failure(done, f"fail2ban-regex in {where}")
    return parse_matched(done.stdout)[1]


async def _file(host: Host, where: str, path: str) -> bytes | None:
    try:
        return await host.read(path, instance=where)
    except NotFound:
        return None


async def _sshd_forced(host: Host, where: str) -> str:
    path = f"{ROOT}/jail.local"
    found = await _file(host, where, path)
    return path if found is not None and _SSHD_ON.search(text(found)) else ""


async def _ignored(host: Host) -> str:
    """Loopback and the host's bridges: behind those addresses is never one client alone."""
    done = await host.run(Command(bans_own.ADDRESSES, root=True))
    if not done.ok:
        raise failure(done, "addresses of the host")
    own = bans_own.parse_addresses(done.stdout)
    bridges = [str(one.network) for one in own if one.network.prefixlen < one.network.max_prefixlen]
    return " ".join(("127.0.0.1/8", "::1", *bridges))
