"""`gbtui check`: the guide's rules against the host, once, for people, scripts and cron."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from dataclasses import replace
from pathlib import Path

from gbtui.checks import prometheus, shapes
from gbtui.checks.base import Check, Finding, Report, Severity
from gbtui.checks.catalog import chosen
from gbtui.cli.opening import chosen_host, opened
from gbtui.cli.output import DONE, FAILED, emit, fail, say, table
from gbtui.cli.tables import age
from gbtui.errors import BadInput, GbtuiError
from gbtui.text import clean

GLYPHS = {Severity.ERROR: "✖", Severity.WARNING: "▲", Severity.NOTICE: "●"}
UNSURE = 2


async def check(options: argparse.Namespace) -> int:
    """Check and print. Exit status: 0 all hold · 1 findings · 2 not everything could be checked."""
    checks = chosen(options.ids)
    if options.list:
        return _list(checks, as_json=options.json)
    _consistent(options)
    try:
        async with opened(options) as session:
            session.waivers.read()  # here a bad file is refused: nobody looks at the strip
            report = await session.inspector(checks).once()
            name = session.host.name
    except GbtuiError as error:
        if options.prometheus:
            _expose(prometheus.not_judged(_name(options)), options.output)
        fail(error, as_json=options.json)
        return UNSURE
    found = at_least(report, options.severity)
    if options.prometheus:
        _expose(prometheus.exposition(name, checks, found, Severity(options.severity)), options.output)
    elif options.json:
        emit(shapes.report(name, found))
    else:
        show_report(found)
    return status_of(found)


def _consistent(options: argparse.Namespace) -> None:
    if options.json and options.prometheus:
        raise BadInput("--json with --prometheus", why="they are two formats", hint="give one of them")
    if options.output and not options.prometheus:
        raise BadInput("--output", why="only --prometheus is written to a file", hint="redirect stdout")


def _name(options: argparse.Namespace) -> str:
    """What the host is called, also where it was not reached."""
    try:
        return chosen_host(options).name
    except GbtuiError:
        return options.host or "local"


def _expose(text: str, output: str) -> None:
    """Print it, or replace `output` with it in one step: the collector reads whenever it likes."""
    if not output:
        sys.stdout.write(text)
        return
    path = Path(output)
    new = path.with_name(f".{path.name}.{os.getpid()}")  # not *.prom: it is not read before it is whole
    try:
        new.write_text(text, "utf-8")
        new.chmod(0o644)
        new.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        hint = "a file in node_exporter's textfile directory"
        raise BadInput(f"--output {output}", why=clean(str(error)), hint=hint) from error


def at_least(report: Report, least: str) -> Report:
    """Only findings as bad as `least` or worse."""
    rank = Severity(least).rank
    kept = tuple(one for one in report.findings if one.severity.rank <= rank)
    counted = {severity: number for severity, number in report.counted.items() if severity.rank <= rank}
    return replace(report, findings=kept, pending=(), counted=counted)


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
    if one.lapsed:
        say(f"    the waiver expired: {one.lapsed}")
    if one.failing.remedy is not None:
        say(f"    remedy: {one.failing.remedy.shown}")
