"""Every firewall plan is carried out in a scratch network namespace before anybody is asked (item 33).

`iptables-restore --test` proves little with nf_tables: a jump to a chain that does not exist passes it.
Here the rules as they are now are restored in a namespace of its own, the planned commands run there
for real, and what came of it is looked at: by connections, and in the rules as the kernel then has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gbtui import text
from gbtui.errors import GbtuiError, Unreachable
from gbtui.facts.firewall_loopback import loopback_marks
from gbtui.facts.firewall_parse import Tables, parse_save
from gbtui.guard.plan import Exec, Verdict
from gbtui.guard.preview import command
from gbtui.hosts.base import Host
from gbtui.operations.base import Guard
from gbtui.operations.firewall_scripts import INSIDE, REHEARSE

REHEARSED = Guard("rehearsed", "its commands were tried in a scratch network namespace first", (33, 37))
LONGEST = 60.0
_NAMES = {"ip": "IPv4", "ip6": "IPv6"}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of it. `after` holds each family's rules then, as iptables-save printed them there.

    `state`: "rehearsed" · "impossible" (no namespace there) · "failed" (a command, or the restore).
    `loopback` maps ("before"|"after", family) to what a connection on loopback came to.
    """

    state: str
    said: str = ""
    after: Mapping[str, bytes] = field(default_factory=dict)
    loopback: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def tables(self, family: str) -> Tables:
        """The rules of one family as they would be; empty where that is not known."""
        return parse_save(self.after.get(family, b""), "rehearsal", family)


async def rehearse(
    host: Host, where: str, does: Sequence[Exec], port: int, protocol: str = "tcp"
) -> Rehearsal:
    """Carry out `does` (all of them at `where`) in a namespace there; try `port` on loopback."""
    words = [word for run in does for word in (str(len(run.argv)), *run.argv)]
    tried = str(port) if protocol == "tcp" else f"{port}/{protocol}"
    argv = ("sh", "-c", REHEARSE, "gbtui-rehearse", INSIDE, tried, *words)
    try:
        done = await host.run(command(Exec(where, argv, LONGEST)))
    except Unreachable:
        raise
    except GbtuiError as error:
        return Rehearsal("impossible", str(error))
    if not done.ok:
        said = text.line(done.stderr or done.stdout, limit=300)
        return Rehearsal("impossible", said or f"exit status {done.status}")
    return parse(done.stdout)


def parse(output: bytes) -> Rehearsal:
    """What `gbtui-rehearse` printed. Anything else is a rehearsal that failed."""
    first, _, rest = output.partition(b"\n")
    word, _, more = text.line(first, limit=300).partition(" ")
    said = text.line(rest.replace(b"\n", b"; "), limit=300).strip("; ")
    if word == "impossible":
        return Rehearsal("impossible", more or "unshare -n is refused")
    if word == "unrestored":
        return Rehearsal("impossible", f"the present rules cannot be restored there: {said}")
    if word != "rehearsed":
        return Rehearsal("failed", f"command {more}: {said}" if word == "failed" else said or word)
    head, *parts = rest.split(b"== ")
    told = [text.line(line).split() for line in head.splitlines()]
    loopback = {(one[0], one[1]): one[2] for one in told if len(one) == 3}
    after = {text.line(part.partition(b"\n")[0]): part.partition(b"\n")[2] for part in parts}
    return Rehearsal("rehearsed", "", after, loopback)


def verdict(
    rehearsal: Rehearsal,
    where: str,
    *,
    proved: str = "",
    wrong: str = "",
    loopback: bool = False,
    before: Sequence[Tables] = (),
) -> Verdict:
    """The guard's word. `proved` and `wrong` are the operation's own findings in the rules after it.

    `loopback`: it must pass afterwards, whatever was before; else it must not be worse than `before`.
    """
    if rehearsal.state == "impossible":
        return REHEARSED.warn(
            f"not rehearsed, a scratch namespace in {where} is not possible: {rehearsal.said}"
        )
    if rehearsal.state == "failed":
        return REHEARSED.refuse(f"it went wrong in a scratch namespace of {where}: {rehearsal.said}")
    cut = _cut_off(rehearsal, loopback, before)
    if cut or wrong:
        return REHEARSED.refuse(f"in a scratch namespace of {where}: {cut or wrong}; nothing was changed")
    passes = [
        _NAMES[f] for (when, f), word in rehearsal.loopback.items() if when == "after" and _passes(word)
    ]
    found = [f"loopback passes ({' and '.join(passes)})"] if passes else []
    return REHEARSED.allow(
        f"in a scratch namespace of {where}: {'; '.join([*found, proved or 'it goes through'])}"
    )


def _passes(word: str) -> bool:
    return word in {"open", "refused"}


def _cut_off(rehearsal: Rehearsal, must: bool, before: Sequence[Tables]) -> str:
    """Words where loopback is cut off afterwards; "" where it is not, or was before just as well."""
    was = {(m.family, m.chain, m.message) for tables in before for m in loopback_marks(tables.chains)[0]}
    for family, name in _NAMES.items():
        silent = rehearsal.loopback.get(("after", family)) == "silent"
        if silent and (must or rehearsal.loopback.get(("before", family)) != "silent"):
            return f"loopback is cut off over {name}, a connection times out"
        for mark in loopback_marks(rehearsal.tables(family).chains)[0]:
            if must or (mark.family, mark.chain, mark.message) not in was:
                return f"{mark.chain} over {name}: {mark.message}"
    return ""
