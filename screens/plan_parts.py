"""The pieces of the plan screen: a section, a step with its state, a guard's verdict."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from gbtui.guard.plan import Action, Amend, Exec, Replace, Step, Verdict, Wait
from gbtui.guard.preview import diff, place, shown, undo_words, wanted
from screens.look import STYLES, lines, mark, say
from screens.run_state import Part, PartState
from widgets.roles import GLYPHS, Role
from widgets.safe import safe, safe_lines

PART_LOOK: dict[PartState, tuple[Role, str]] = {
    "waiting": ("", ""),
    "running": ("unknown", "running"),
    "done": ("ok", "done"),
    "failed": ("error", "failed"),
    "undoing": ("unknown", "being undone"),
    "undone": ("stale", "undone"),
    "undo-failed": ("error", "undo failed"),
}
OUTPUT_LINES = 6
"""Last lines of a step's output that are shown."""


class Section(Horizontal):
    """A heading on the left, what it stands for on the right."""

    DEFAULT_CSS = """
    Section { height: auto; }
    Section > .heading { width: 8; color: $text-muted; }
    Section > .content { width: 1fr; height: auto; }
    """

    def __init__(self, heading: str, *content: Widget, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._heading = heading
        self._content = content

    def compose(self) -> ComposeResult:
        yield Static(safe(self._heading), classes="heading")
        with Vertical(classes="content"):
            yield from self._content


class StepRow(Vertical):
    """A step or a verification: what runs where, how it is undone, and how far it is."""

    DEFAULT_CSS = """
    StepRow { height: auto; }
    StepRow > .about { padding-left: 3; height: auto; }
    """

    def __init__(self, number: int, title: str, does: Action, undo: str) -> None:
        self._head = Static()
        self._about = Static(classes="about")
        super().__init__(self._head, self._about)
        self._number = number
        self._title = title
        self._does = does
        self._undo = undo
        self._part = Part()
        self._diff = False

    def on_mount(self) -> None:
        self._draw()

    def show(self, part: Part) -> None:
        """Draw another state."""
        self._part = part
        self._draw()

    def show_diff(self, shown: bool) -> None:
        """Show or hide what changes inside a replaced file."""
        self._diff = shown
        self._draw()

    def _draw(self) -> None:
        role, word = PART_LOOK[self._part.state]
        took = f" · {self._part.seconds:.1f} s" if self._part.seconds and word != "running" else ""
        state = safe(f"  {GLYPHS[role]} {word}{took}", STYLES[role]) if word else Content("")
        head = Content.assemble(safe(f"{self._number}  {self._title}", "bold"), state)
        self._head.update(head)
        parts: list[Content] = [safe_lines(command_line(self._does))]
        if self._undo:
            parts.append(say("dim", f"undo: {self._undo}"))
        if self._diff and isinstance(self._does, Replace):
            parts += [_diff_line(line) for line in diff(self._does).splitlines()]
        if self._part.output and self._part.state in ("failed", "undo-failed", "done"):
            tail = "\n".join(self._part.output.rstrip().split("\n")[-OUTPUT_LINES:])
            parts.append(safe_lines("\n".join(f"│ {line}" for line in tail.split("\n")), STYLES["dim"]))
        self._about.update(lines(*parts))


def command_line(does: Action) -> str:
    """An action as it reads at its place."""
    match does:
        case Exec() | Amend():
            return f"{place(does)} $ {shown(does)}"
        case Replace():
            return f"{place(does)}   {shown(does)}  (d: diff)"
        case Wait():
            return f"{place(does)} $ {wanted(does.probe)}  (up to {does.timeout:g} s)"


def undo_line(step: Step) -> str:
    """How a step is taken back, or why it cannot be; "" for a wait, which changes nothing."""
    if isinstance(step.does, Wait):
        return ""
    back = [
        f"put the backup of {does.path} back" if isinstance(does, Replace) else shown(does)
        for does in step.undo
    ] or [undo_words(step)]
    return " · ".join([*back, *([f"loses {step.loses}"] if step.loses else [])])


def _diff_line(line: str) -> Content:
    if line.startswith(("+++", "---", "@@")):
        return say("dim", f"  {line}")
    role: Role = "ok" if line.startswith("+") else "error" if line.startswith("-") else ""
    return safe(f"  {line}", STYLES[role].replace("bold ", ""))


def guide(words: str, items: tuple[int, ...]) -> str:
    """`words` with where the guide says so, unless they say it: `… (guide 31, 32)`."""
    return f"{words} (guide {', '.join(map(str, items))})" if items and "(guide " not in words else words


def verdict_words(verdict: Verdict) -> str:
    """What a guard says, in one line."""
    return guide(f"{verdict.guard}: {verdict.reason}", verdict.items)


class GuardRow(Static):
    """What one guard says. A warning takes the focus and is acknowledged with space."""

    BINDINGS: ClassVar = [Binding("space", "acknowledge", "Acknowledge", show=False)]
    DEFAULT_CSS = """
    GuardRow { height: auto; }
    GuardRow:focus { background: $boost; }
    """

    class Acknowledged(Message):
        """Someone says this warning was read, or takes that back."""

        def __init__(self, guard: str) -> None:
            super().__init__()
            self.guard = guard

    def __init__(self, verdict: Verdict) -> None:
        super().__init__()
        self.verdict = verdict
        self.can_focus = verdict.verdict == "warn"

    def on_mount(self) -> None:
        self.show(acknowledged=False)

    def show(self, *, acknowledged: bool) -> None:
        """Draw it, with or without the tick."""
        verdict = self.verdict
        words = verdict_words(verdict)
        match verdict.verdict:
            case "allow":
                self.update(mark("ok", words))
            case "refuse":
                override = f" · type {verdict.unless_typed} to override it" if verdict.unless_typed else ""
                self.update(mark("error", f"refused · {words}{override}"))
            case "warn":
                tick = (
                    safe("[✔ read] ", STYLES["ok"])
                    if acknowledged
                    else safe("[w: read it] ", STYLES["title"])
                )
                self.update(
                    Content.assemble(
                        safe(f"{GLYPHS['warn']} ", STYLES["warn"]), tick, safe(words, STYLES["warn"])
                    )
                )

    def action_acknowledge(self) -> None:
        self.post_message(self.Acknowledged(self.verdict.guard))
