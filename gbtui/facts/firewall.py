"""Firewall: chains as the kernel has them, and what is saved for the next boot (items 31–37, 66–68, 93)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from gbtui.facts.failure import absent, failure
from gbtui.facts.firewall_loopback import loopback_marks
from gbtui.facts.firewall_nft import parse_nft
from gbtui.facts.firewall_parse import Key, Tables, counters, parse_backend, parse_save, with_rates
from gbtui.facts.firewall_saved import compare, saved_text, with_rule_first
from gbtui.facts.firewall_types import Chain, Firewall, Mark, Rule, Saved
from gbtui.hosts.base import Command, Completed, Host
from gbtui.profiles import Profile

__all__ = [
    "Chain",
    "Firewall",
    "FirewallReader",
    "Mark",
    "Rule",
    "Saved",
    "commands",
    "saved_text",
    "with_rule_first",
]


def commands(path: str) -> tuple[Command, ...]:
    """What is asked in one batch: both families, nft, the version, and the saved file at `path`."""
    asked = (
        ("iptables-save", "-c"),
        ("ip6tables-save", "-c"),
        ("nft", "list", "ruleset"),
        ("iptables", "--version"),
        ("test", "-e", path),
        ("cat", "--", path),
    )
    return tuple(Command(argv, root=True) for argv in asked)


class FirewallReader:
    """Reads the rules of `where`: "host", or an instance by name."""

    def __init__(
        self, host: Host, profile: Profile, where: str = "host", *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._host = host
        self._path = profile.saved_rules
        self._where = where
        self._clock = clock
        self._before: Mapping[Key, int] = {}
        self._at = 0.0

    async def read(self) -> Firewall:
        """One batch, then everything is parsed off the loop.

        Raises:
            MissingTool: neither iptables nor nft is there. Denied: not as root. NotFound: no such
            instance, or it does not run.
        """
        instance = None if self._where == "host" else self._where
        done = await self._host.run_many(commands(self._path), instance=instance)
        at = self._clock()
        found = await asyncio.to_thread(assemble, done, self._where, self._path, self._before, at - self._at)
        self._before, self._at = counters(found.chains), at
        return found


def assemble(
    done: Sequence[Completed], where: str, path: str, before: Mapping[Key, int], seconds: float
) -> Firewall:
    """One reading out of the answers to `commands`. `before` are the counters `seconds` ago.

    Raises:
        MissingTool, Denied or Failed: neither iptables-save nor nft answered.
    """
    save4, save6, nft, version, exists, file = done
    notes: list[str] = []
    if not save4.ok and not (absent(save4) and nft.ok):
        raise failure(save4, f"firewall rules of {where}")
    ip4 = parse_save(save4.stdout, where, "ip") if save4.ok else Tables()
    ip6 = parse_save(save6.stdout, where, "ip6") if save6.ok else Tables()
    own: tuple[Chain, ...] = ()
    bad_nft = 0
    if nft.ok:
        own, bad_nft = parse_nft(nft.stdout, where, ip4.names() | ip6.names())
    for answer, what in ((save4, "iptables"), (save6, "ip6tables"), (nft, "nft")):
        if absent(answer):
            notes.append(f"{what} is not installed there")
        elif not answer.ok:
            notes.append(str(failure(answer, f"{what} not read")))
        if answer.truncated:
            notes.append(f"{what}: only the first part was read")
    notes += dict.fromkeys((*ip4.warnings, *ip6.warnings))
    chains = with_rates((*ip4.chains, *ip6.chains, *own), before, seconds)
    marks, unfollowed = loopback_marks(chains)
    saved, differences = _saved(ip4, exists, file, path) if save4.ok else (None, [])
    return Firewall(
        where=where,
        chains=chains,
        marks=(*marks, *differences),
        saved=saved,
        backend=parse_backend(version.stdout),
        malformed=ip4.malformed + ip6.malformed + bad_nft,
        note="; ".join(filter(None, (*notes, unfollowed))),
    )


def _saved(running: Tables, exists: Completed, file: Completed, path: str) -> tuple[Saved, list[Mark]]:
    """The saved rules against the running ones. Where there is no file, ufw or nobody keeps them."""
    if exists.status == 1:
        return Saved(path, "absent"), []
    if not file.ok:
        return Saved(path, "unreadable", why=str(failure(file, path))), []
    where = running.chains[0].where if running.chains else ""
    return compare(running, parse_save(file.stdout, where, "ip"), path)
