"""How far a plan has come, from the engine's events. No widget: the plan screen draws it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gbtui.guard.plan import Plan
from gbtui.guard.port import Event

PartState = Literal["waiting", "running", "done", "failed", "undoing", "undone", "undo-failed"]


@dataclass(slots=True)
class Part:
    """One step or verification. `seconds` is how long it took, `output` the engine's cleaned words."""

    state: PartState = "waiting"
    seconds: float = 0.0
    output: str = ""


@dataclass(slots=True)
class RunState:
    """Everything the events said so far. `id` is "" until the engine gave the operation one."""

    steps: list[Part]
    verify: list[Part]
    id: str = ""
    phase: str = ""
    armed: bool = False
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, plan: Plan) -> RunState:
        return cls([Part() for _ in plan.steps], [Part() for _ in plan.verify])

    def take(self, event: Event) -> None:
        """Bring the parts up to date with one event."""
        self.id = event.id or self.id
        self.phase = event.phase
        group, _, what = event.phase.partition("-")
        match group:
            case "step" | "verify" | "undo" if what in _STATES[group]:
                self._part(group, event, _STATES[group][what])
            case "armed":
                self.armed = True
            case "kept" | "reverted":
                self.armed = False
                self.notes.append(event.title or event.phase)

    def _part(self, group: str, event: Event, state: PartState) -> None:
        parts = self.verify if group == "verify" else self.steps
        if not 0 <= event.step < len(parts):
            if event.title:
                self.notes.append(f"{event.title}: {state}")
            return
        part = parts[event.step]
        part.state = state
        part.seconds = event.seconds or part.seconds
        part.output = event.output or part.output


_STATES: dict[str, dict[str, PartState]] = {
    "step": {"begin": "running", "done": "done", "failed": "failed"},
    "verify": {"begin": "running", "done": "done", "failed": "failed"},
    "undo": {"begin": "undoing", "done": "undone", "failed": "undo-failed"},
}
