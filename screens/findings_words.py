"""Everything known about a row of the findings: beside the list, in its details, to copy. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from gbtui.checks.base import Check, Finding, Remedy
from screens.look import lines, mark, say
from widgets.findings_rows import FindingRow
from widgets.format import utc
from widgets.safe import safe

Group = tuple[str, tuple[tuple[str, str], ...]]

SECTIONS = {
    "finding": "What is not as the guide says stands first, the worst and oldest on top.",
    "pending": "A probe may be unlucky: what failed once is told when it fails again.",
    "unknown": "What could not be read is not taken for well. The reason says what to mend first.",
    "waived": "Findings somebody accepted, with a reason and an end date; then they are told again.",
}


def title(row: FindingRow) -> str:
    """One line for all of it."""
    return f"{row.subject}: {row.message}" if row.subject else row.message


def groups(row: FindingRow) -> tuple[Group, ...]:
    """Headed lines, name and value."""
    if row.finding is not None:
        return tuple(_of_finding(row, row.finding))
    if row.unknowns:
        found = tuple((one.check.id, _asks(one.check)) for one in row.unknowns)
        return (("", (("where", row.subject), ("why", row.message))), ("Not judged", found))
    return (("", (("", SECTIONS[row.section]),)),)


def _of_finding(row: FindingRow, finding: Finding) -> Iterator[Group]:
    check, failing = finding.check, finding.failing
    state = [("check", f"{check.id}, {finding.severity}"), ("since", utc(finding.since))]
    if row.waiver:
        state.append(("waived", row.waiver))
    if row.kind == "pending":
        state.append(("seen", "once: it is told when it fails again"))
    if finding.lapsed:
        state.append(("waiver expired", finding.lapsed))
    yield "", tuple(state)
    rule = [("must be so", check.sentence), ("items", numbers(check.items))]
    if check.departs:
        rule.append(("departs", check.departs))
    yield "The guide", tuple(rule)
    yield "Evidence", tuple(("", line) for line in failing.evidence) or (("", "none but the message"),)
    yield "Remedy", (("", remedy_words(failing.remedy, check)),)


def remedy_words(remedy: Remedy | None, check: Check) -> str:
    """The remedy as it is typed, or what to do by hand."""
    if remedy is None:
        return check.remedy
    return remedy.shown if remedy.operation else f"by hand: {remedy.words}"


def _asks(check: Check) -> str:
    return f"{check.sentence} (guide {numbers(check.items)})"


def told(row: FindingRow) -> Content:
    """What stands beside the list, the evidence before all that explains it."""
    if row.finding is not None:
        return lines(*_told(row, row.finding))
    parts = [safe(title(row), "bold") if row.kind == "heading" else mark(row.role, title(row)), Content("")]
    return lines(
        *parts,
        *(
            Content.assemble(say("dim", f"{name}  " if name else ""), safe(value))
            for _, entries in groups(row)
            for name, value in entries
        ),
    )


def _told(row: FindingRow, finding: Finding) -> Iterator[Content]:
    check, failing = finding.check, finding.failing
    yield mark(row.role, title(row))
    yield say("dim", f"{finding.severity} since {utc(finding.since)} · {check.id}")
    if row.waiver:
        yield mark("stale", f"waived: {row.waiver}")
    if row.kind == "pending":
        yield mark("dim", "failed once: told when it fails again")
    if finding.lapsed:
        yield mark("warn", f"the waiver expired: {finding.lapsed}")
    yield Content("")
    yield from (Content.assemble(say("dim", "│ "), safe(line)) for line in failing.evidence)
    yield Content.assemble(safe("→ ", "bold $text-accent"), safe(remedy_words(failing.remedy, check), "bold"))
    yield Content("")
    yield Content.assemble(say("dim", f"guide {numbers(check.items)}  "), safe(check.sentence))
    if check.departs:
        yield Content.assemble(say("dim", "departs from the guide  "), safe(check.departs))


def numbers(items: Sequence[int]) -> str:
    """Item numbers, neighbours as a range: `6–15, 32`."""
    runs: list[list[int]] = []
    for item in sorted(items):
        if runs and runs[-1][-1] == item - 1:
            runs[-1].append(item)
        else:
            runs.append([item])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)
