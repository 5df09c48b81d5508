"""Rounds: what may have been unlucky is asked a second time, and not only judged a second time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from gbtui.checks import inspector as rounds
from gbtui.checks.base import Report
from gbtui.checks.catalog import CHECKS, chosen
from gbtui.checks.inspector import Inspector
from gbtui.demo.host import DemoHost
from gbtui.facts.surveyor import Surveyor
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import load

DEAD, RESOLVES, BACKUPS = "caddy-dead-domain", "gbtui-caddy-resolve", "gbtui-caddy-backups"


class Counted(DemoHost):
    """A demo host that counts the scripts it is asked to run."""

    def __init__(self, *faults: str) -> None:
        super().__init__(faults=faults)
        self.ran: Counter[str] = Counter()

    async def run_many(
        self, commands: Sequence[Command], *, instance: str | None = None
    ) -> tuple[Completed, ...]:
        self.ran.update(one.argv[3] for one in commands if one.argv[:2] == ("sh", "-c"))
        return await super().run_many(commands, instance=instance)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "LOOK_AGAIN", 0.0)


def ids(report: Report) -> tuple[set[str], set[str]]:
    """The checks that are told, and those that failed for the first time."""
    return {one.check.id for one in report.findings}, {one.check.id for one in report.pending}


async def test_what_failed_once_is_asked_again_though_its_answer_would_be_good_for_long() -> None:
    host = Counted(DEAD)
    inspector = Inspector(Surveyor(host, load(), "acme"), chosen(["proxy"]))
    assert ids(await inspector.round()) == (set(), {"proxy.dead-domains"})
    assert host.ran[RESOLVES] == 1
    assert ids(await inspector.round()) == ({"proxy.dead-domains"}, set())
    assert host.ran[RESOLVES] == 2
    await inspector.round()
    assert host.ran[RESOLVES] == 2, "what is told is asked in its own rhythm"


async def test_an_unlucky_answer_is_not_told_although_it_would_be_kept() -> None:
    host = Counted(DEAD)
    inspector = Inspector(Surveyor(host, load(), "acme"), chosen(["proxy"]))
    await inspector.round()
    host.undo(DEAD)
    assert ids(await inspector.round()) == (set(), set())


async def test_whoever_looks_once_is_told_what_failed_twice() -> None:
    host = Counted(DEAD)
    report = await Inspector(Surveyor(host, load(), "acme"), CHECKS).once()
    assert ids(report) == ({"proxy.dead-domains"}, set())
    assert host.ran[RESOLVES] == 2


async def test_where_nothing_fails_it_is_asked_once() -> None:
    host = Counted()
    assert ids(await Inspector(Surveyor(host, load(), "acme"), CHECKS).once()) == (set(), set())
    assert host.ran[RESOLVES] == 1
    assert host.ran[BACKUPS] == 1


async def test_nothing_new_is_told_of_what_was_so_a_while_ago() -> None:
    """ufw is switched off: the rules show it at once, and /etc/ufw/ufw.conf is good for a while."""
    host = Counted()
    inspector = Inspector(Surveyor(host, load(), "acme"), chosen(["host"]))
    await inspector.round()
    before = host.ran.copy()
    host.inject("ufw-disabled")
    for rules in host.state.host.rules.values():  # as `ufw disable` leaves them
        chains = rules.table("filter")
        for name in [name for name in chains if name.startswith("ufw")]:
            del chains[name]
        for chain in chains.values():
            chain.rules = [rule for rule in chain.rules if rule.target in ("ACCEPT", "DROP")]
    report = await inspector.round()
    assert [one.failing.message for one in report.findings if one.check.id == "host.ufw-active"] == [
        "ufw is not enabled: after a boot nothing is filtered"
    ]
    assert host.ran - before == {"gbtui-host-facts": 1}
    await inspector.round()
    assert host.ran - before == {"gbtui-host-facts": 1}, "what is known by now is asked in its own rhythm"
