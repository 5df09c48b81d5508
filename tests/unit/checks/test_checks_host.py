"""The checks of the host at their edges: what no fault of the demo host brings about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gbtui.checks.host import ANSWERS, FORWARD, RIGHTS, SNAP, SSH, UFW
from gbtui.checks.host_asks import FACTS, OPERATOR_RIGHTS, SERVER, Server
from gbtui.checks.judge import judge
from gbtui.demo.host import DemoHost
from gbtui.facts.host import Operator
from gbtui.facts.host_sshd import Sshd
from gbtui.facts.survey import Survey
from tests.unit.checks.inspected import pairs, survey, with_answer, words


async def found() -> Survey:
    return await survey(DemoHost(), (ANSWERS, FORWARD, RIGHTS, SNAP, SSH, UFW))


def facts(seen: Survey, **changes: Any) -> Survey:
    return with_answer(seen, FACTS, "host", replace(seen.of(FACTS), **changes))


async def test_an_lxd_that_does_not_trust_us_or_is_none() -> None:
    seen = await found()
    stranger = with_answer(seen, SERVER, "host", Server("lxd", "5.21.2", trusted=False))
    assert pairs(judge((ANSWERS,), stranger)) == (("host.lxd-answers", "lxd"),)
    other = with_answer(seen, SERVER, "host", Server("incus", "6.0", trusted=True))
    judged = judge((SNAP,), other)
    assert "incus 6.0 answers" in words(judged.failing[0][2])


@pytest.mark.parametrize(
    ("who", "subjects"),
    [
        (Operator("root", root=True, sudo="", member=True, listed=False), []),
        (Operator("ops", root=False, sudo="a password is required", member=True, listed=True), ["ops sudo"]),
        (Operator("ops", root=False, sudo="", member=False, listed=True), ["ops group"]),
    ],
)
async def test_the_operator(who: Operator, subjects: list[str]) -> None:
    judged = judge((RIGHTS,), with_answer(await found(), OPERATOR_RIGHTS, "host", who))
    assert [one.subject for _, _, one in judged.failing] == subjects


async def test_ssh_is_unknown_where_sshd_says_nothing() -> None:
    judged = judge((SSH,), facts(await found(), sshd=Sshd({}, (), (), "sshd: no hostkeys available")))
    assert (judged.failing, [one.why for one in judged.unknown]) == (
        (),
        ["sshd's effective configuration: sshd: no hostkeys available"],
    )
    keyless = facts(
        await found(), sshd=Sshd({"passwordauthentication": "no", "pubkeyauthentication": "no"}, (), ())
    )
    assert pairs(judge((SSH,), keyless)) == (("host.ssh-keys-only", "sshd"),)


async def test_ufw_that_is_not_there_is_told_from_one_that_is_off() -> None:
    seen = await found()
    off = judge((UFW,), facts(seen, ufw=False)).failing[0][2]
    assert "its rules run until then" in words(off)


async def test_a_rule_without_a_unit_and_units_nobody_can_see() -> None:
    seen = await found()
    bare = judge((FORWARD,), facts(seen, forward_lines=())).failing[0][2]
    assert "no systemd unit brings the forward rule for lxdbr0 back" in bare.message
    blind = judge((FORWARD,), facts(seen, no_systemd="Failed to connect to bus"))
    assert [one.check.id for one in blind.unknown] == ["host.lxd-forward"]
