"""The operators' own way in: nothing a firewall operation does may cut it off (R5, item 33)."""

from __future__ import annotations

from collections.abc import Sequence

from gbtui.errors import GbtuiError, Unreachable
from gbtui.facts.firewall_ssh import LOGINS, SELF, Login, cut_off, parse_logins
from gbtui.facts.firewall_types import Chain
from gbtui.guard.plan import Verdict
from gbtui.hosts.base import Command, Host
from gbtui.operations.base import Guard

SSH = Guard("ssh-stays", "the operators' own SSH to the host is let in afterwards", (29, 33))


async def logins(host: Host) -> tuple[Login, ...]:
    """Who is logged in on the host by SSH now, ourselves among them."""
    return parse_logins(await _said(host, LOGINS, root=True), await _said(host, SELF, root=False))


async def _said(host: Host, argv: tuple[str, ...], *, root: bool) -> bytes:
    try:
        done = await host.run(Command(argv, root=root))
    except Unreachable:
        raise
    except GbtuiError:
        return b""  # not there: then nobody is known, and whoever comes counts
    return done.stdout if done.ok else b""


def stays(before: Sequence[Chain], after: Sequence[Chain], people: Sequence[Login]) -> Verdict:
    """The guard's word for rules that become `after`."""
    wrong = cut_off(before, after, people)
    if wrong:
        return SSH.refuse(f"{wrong}: let it in by another rule first, or change this from the console")
    return SSH.allow(f"{'; '.join(dict.fromkeys(one.words() for one in people))}: let in as before")
