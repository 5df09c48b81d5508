"""The checks of fail2ban over facts that no fault of the demo host makes."""

from __future__ import annotations

from gbtui.checks.bans import CHECKS, FLOOD_FILTER, FLOOD_JAIL, MAIL_JAIL, RADIUS
from gbtui.checks.bans_asks import FLOOD_TRIAL, MAIL_TRIAL, WATCH
from gbtui.checks.base import Check, Failing, Severity
from gbtui.checks.judge import judge
from gbtui.demo.host import DemoHost
from gbtui.facts.bans_watch import Trial, Watch
from gbtui.facts.survey import Survey
from tests.unit.checks.inspected import survey, with_answer

PROXY, MAIL = "acme-proxy", "acme-email"
JAILS = ("caddy-http-flood",)


async def demo() -> Survey:
    return await survey(DemoHost(), CHECKS)


def failing(found: Survey, check: Check) -> list[Failing]:
    return [one for _, _, one in judge((check,), found).failing]


async def test_bans_are_judged_by_whom_they_hit() -> None:
    found = await demo()
    addresses = ("203.0.113.10", "10.77.0.185", "192.168.3.4", "203.0.0.0/16", "not-an-ip", "203.0.113.99")
    watch = Watch(jails=JAILS, banned=tuple((JAILS[0], one) for one in addresses))
    told = failing(with_answer(found, WATCH, PROXY, watch), RADIUS)
    assert [(one.subject.split()[-1], one.severity) for one in told] == [
        ("203.0.113.10", Severity.ERROR),
        ("10.77.0.185", Severity.ERROR),
        ("192.168.3.4", Severity.ERROR),
        ("203.0.0.0/16", Severity.ERROR),
        ("not-an-ip", Severity.NOTICE),
    ]
    assert "the container acme-system" in told[1].message
    assert "its own" in told[3].message or "own address" in told[3].message


async def test_a_wide_ban_of_strangers_is_a_warning() -> None:
    watch = Watch(jails=JAILS, banned=((JAILS[0], "198.18.0.0/20"), (JAILS[0], "2001:db8:e::/47")))
    told = failing(with_answer(await demo(), WATCH, PROXY, watch), RADIUS)
    assert [one.severity for one in told] == [Severity.WARNING] * 2


async def test_a_filter_that_does_not_compile_is_shown_with_its_error() -> None:
    trial = Trial(JAILS[0], "caddy", 61, 60, 0, 0, "re.error: redefinition of group name 'a'")
    told = failing(with_answer(await demo(), FLOOD_TRIAL, PROXY, trial), FLOOD_FILTER)
    assert [one.evidence for one in told] == [("re.error: redefinition of group name 'a'",)]


async def test_a_filter_that_counts_visitors_is_told() -> None:
    trial = Trial(JAILS[0], "caddy", 61, 60, 61, 12)
    told = failing(with_answer(await demo(), FLOOD_TRIAL, PROXY, trial), FLOOD_FILTER)
    assert told[0].evidence[1] == "matched 12 of 60 other lines"


async def test_a_log_without_a_line_is_unknown_and_not_well() -> None:
    found = with_answer(await demo(), FLOOD_TRIAL, PROXY, Trial(JAILS[0], "caddy", 0, 0, 0, 0))
    assert [one.check.id for one in judge((FLOOD_FILTER,), found).unknown] == ["bans.flood-filter"]


async def test_fail2ban_that_is_down_or_missing_has_its_remedy() -> None:
    down = with_answer(await demo(), WATCH, PROXY, Watch(down="Failed to access socket path"))
    assert failing(down, FLOOD_JAIL)[0].remedy is not None
    shown = [one.remedy.shown for one in failing(down, FLOOD_JAIL) if one.remedy]
    assert shown == ["gbtui plan services.restart container=acme-proxy unit=fail2ban.service"]
    missing = with_answer(await demo(), WATCH, MAIL, Watch(down="fail2ban is not installed"))
    assert ["apt-get install" in one.remedy.shown for one in failing(missing, MAIL_JAIL) if one.remedy] == [
        True
    ]


async def test_the_mail_filter_is_tried_on_the_servers_own_words() -> None:
    found = with_answer(await demo(), MAIL_TRIAL, MAIL, Trial("stalwart", "old", 1, 0, 0, 0))
    assert "does not match" in failing(found, MAIL_JAIL)[0].message
