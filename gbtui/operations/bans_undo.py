"""An undo that bans is held to the guards of a ban: who is logged in by now must not be hit (item 29)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gbtui.facts.bans_filter import Network, as_network
from gbtui.guard.plan import Action, Exec, Plan, Verdict
from gbtui.guard.undo import Judged
from gbtui.operations import bans_address
from gbtui.operations.assemble import relying
from gbtui.operations.bans import IGNORED, judge_ignored
from gbtui.operations.bans_address import judge_address
from gbtui.operations.bans_look import about_jail, never
from gbtui.operations.base import Context
from gbtui.operations.peers import peers

GUARDS = (*bans_address.GUARDS, IGNORED)
_CHAIN = "f2b-"
_SETS = (("ipset", "add"), ("nft", "add"))


async def judge(context: Context, turned: Plan) -> Judged:
    """What the guards of a ban say of every address that the undo would ban.

    Raises:
        Failed and its like: whom it would hit could not be read; nobody is banned by guess.
    """
    bans = list(dict.fromkeys(ban for step in turned.steps for ban in _bans(step.does)))
    if not bans:
        return Judged()
    own, people = await never(context.host)
    verdicts: list[Verdict] = []
    for where, jail, network in bans:
        verdicts += judge_address(network, own, people)
        if jail:
            ignored, _ = await about_jail(context.host, where, jail)
            verdicts.append(judge_ignored(network, ignored, jail))
    return Judged(tuple(dict.fromkeys(verdicts)), await relying(context, peers()))


def _bans(action: Action) -> Iterator[tuple[str, str, Network]]:
    """(place, jail or "", address) of what an action bans, by fail2ban or by a rule of its own."""
    if not isinstance(action, Exec):
        return
    jail, address = _banned(action.argv)
    network = as_network(address)
    if network is not None:
        yield action.where, jail, network


def _banned(argv: Sequence[str]) -> tuple[str, str]:
    words = [*argv, *[""] * 5]
    if words[:2] == ["fail2ban-client", "set"] and words[3] == "banip":
        return words[2], words[4]
    if words[0] in ("iptables", "ip6tables") and words[2] == "-I" and words[3].startswith(_CHAIN):
        source = words[words.index("-s") + 1] if "-s" in words else ""
        return words[3].removeprefix(_CHAIN), source
    if tuple(words[:2]) in _SETS:
        return "", argv[-1].strip("{ }")
    return "", ""
