"""The keys of findings, runbooks and drift, as data."""

from __future__ import annotations

from screens.action import Action, Scope

FINDINGS = (
    Action(
        "findings.remedy",
        "enter",
        "Remedy",
        "Open the plan of what puts the finding right.",
        Scope.FINDINGS,
        "screen.remedy",
        1,
    ),
    Action(
        "findings.waive",
        "w",
        "Waive",
        "Accept the finding for a while, with a reason, a name and an end date.",
        Scope.FINDINGS,
        "screen.waive",
        2,
    ),
    Action(
        "findings.runbook",
        "r",
        "Runbook",
        "Follow the walkthrough that the finding leads to.",
        Scope.FINDINGS,
        "screen.runbook",
        3,
    ),
    Action(
        "findings.details",
        "d",
        "Details",
        "Show everything known about the finding on a screen of its own.",
        Scope.FINDINGS,
        "screen.details",
        3,
    ),
    Action(
        "findings.refresh",
        "R",
        "Look again",
        "Check the host against the guide again, now.",
        Scope.FINDINGS,
        "screen.look_again",
        4,
    ),
)

RUNBOOK = (
    Action(
        "runbook.do",
        "enter",
        "Do it",
        "Do the step: look, ask, or open the plan of its operation.",
        Scope.RUNBOOK,
        "screen.do",
        1,
    ),
    Action(
        "runbook.skip", "s", "Skip", "Leave the step out, with a reason.", Scope.RUNBOOK, "screen.skip", 2
    ),
    Action(
        "runbook.back",
        "b",
        "Step before",
        "Go back to the step before; what was done stays on record.",
        Scope.RUNBOOK,
        "screen.previous",
        3,
    ),
    Action(
        "runbook.note",
        "n",
        "Note",
        "Write a line on the timeline of the incident that runs.",
        Scope.RUNBOOK,
        "screen.note",
        5,
    ),
    Action(
        "runbook.copy",
        "y",
        "Copy",
        "Copy exactly what the step does to the clipboard of your terminal.",
        Scope.RUNBOOK,
        "screen.copy",
        4,
    ),
)

DRIFT = (
    Action(
        "drift.others",
        "o",
        "Only from outside",
        "Hide the changes that gbtui made itself, or show them again.",
        Scope.DRIFT,
        "screen.others",
        1,
    ),
    Action(
        "drift.refresh",
        "R",
        "Look again",
        "Look at the host again, now.",
        Scope.DRIFT,
        "screen.look_again",
        2,
    ),
    Action(
        "drift.copy",
        "y",
        "Copy",
        "Copy the change to the clipboard of your terminal.",
        Scope.DRIFT,
        "screen.copy",
        3,
    ),
)
