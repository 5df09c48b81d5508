"""`gbtui check`: the guide's rules against the host, once, for people, scripts and cron."""

from __future__ import annotations

import argparse

from gbtui.checks import shapes
from gbtui.checks.base import Check, Finding, Report, Severity
from gbtui.checks.catalog import chosen
from gbtui.cli.opening import opened
from gbtui.cli.output import DONE, FAILED, emit, fail, say, table
from gbtui.cli.tables import age
from gbtui.errors import GbtuiError

GLYPHS = {Severity.ERROR: "✖", Severity.WARNING: "▲", Severity.NOTICE: "●"}
UNSURE = 2


async def check(options: argparse.Namespace) -> int:
    """Check and print. Exit status: 0 all hold · 1 findings · 2 not everything could be checked."""
    checks = chosen(options.ids)
    if options.list:
        return _list(checks, as_json=options.json)
    try:
        async with opened(options) as session:
            report = await session.inspector(checks).once()
            name = session.host.name
    except GbtuiError as error:
        fail(error, as_json=options.json)
        return UNSURE
    found = at_least(report, options.severity)
    if options.json:
        emit(shapes.report(name, found))
    else:
        show_report(found)
    return status_of(found)


def at_least(report: Report, least: str) -> Report:
    """Only findings as bad as `least` or worse."""
    rank = Severity(least).rank
    return Report(
        taken_at=report.taken_at,
        findings=tuple(one for one in report.findings if one.severity.rank <= rank),
        unknown=report.unknown,
        waived=report.waived,
        seconds=report.seconds,
    )


def status_of(report: Report) -> int:
    """0 all hold · 1 findings · 2 no finding, but not everything could be checked."""
    if report.findings:
        return FAILED
    return UNSURE if report.unknown else DONE


def _list(checks: tuple[Check, ...], *, as_json: bool) -> int:
    if as_json:
        emit(shapes.listed(checks))
        return DONE
    rows = ((one.id, items(one), str(one.severity), one.sentence, one.remedy) for one in checks)
    table(("CHECK", "ITEMS", "SEVERITY", "WHAT MUST BE SO", "REMEDY"), rows)
    return DONE


def items(check: Check) -> str:
    """Its items of the guide."""
    return ",".join(map(str, check.items))


def show_report(report: Report) -> None:
    """Findings worst first, with evidence and remedy; then what could not be checked."""
    for one in report.findings:
        _show(one)
    for unknown in report.unknown:
        say(f"? {unknown.check.id} at {unknown.place}: {unknown.why}")
    for finding, why in report.waived:
        say(f"◌ {finding.check.id} {finding.failing.subject}: waived, {why}")
    if not report.findings and not report.unknown:
        say("● everything is as the guide says")
    counts = f"{len(report.findings)} findings · {len(report.unknown)} unknown · {len(report.waived)} waived"
    say(f"{counts} · {report.seconds:.1f} s")


def _show(one: Finding) -> None:
    say(f"{GLYPHS[one.severity]} {one.failing.subject}: {one.failing.message}")
    say(f"    {one.check.id} (guide {items(one.check)}) · for {age(one.since)} · {one.check.sentence}")
    for line in one.failing.evidence:
        say(f"    | {line}")
    if one.failing.remedy is not None:
        say(f"    remedy: {one.failing.remedy.shown}")
