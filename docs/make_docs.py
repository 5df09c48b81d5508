"""Write what the documentation takes from the code: keys, command line, operations, pictures.

`make docs` runs it; `tests/unit/test_docs.py` fails when the texts in the repository are not what
the code says now. Pictures are exported from the app itself, on the demo host.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from gbtui.checks.base import Check
from gbtui.checks.catalog import CHECKS, ITEMS, of_item
from gbtui.cli.parser import build
from gbtui.demo.host import DemoHost
from gbtui.guard.journal import Journal
from gbtui.operations.catalog import OPERATIONS
from gbtui.operations.undo_guards import BY_OPERATION
from gbtui.profiles import load
from gbtui.runbooks.drills import drills
from gbtui.session import Session
from screens.actions import ACTIONS, Scope
from screens.app import CockpitApp

TITLE = [{" ": "space"}.get(letter, letter) for letter in "bots hang"]
"""The keys that type an incident's title."""
DOCS = Path(__file__).parent
NOTE = "<!-- written by `make docs` from the code: edit the code -->\n\n"


def keys() -> str:

    lines = ["# Keys\n"]
    for scope in Scope:
        lines += [f"\n## {scope.value.capitalize()}\n", "| key | what it does | id |", "|---|---|---|"]
        lines += [
            f"| `{action.shown({})}` | **{action.label}**: {action.sentence} | `{action.id}` |"
            for action in ACTIONS
            if action.scope is scope
        ]
    return NOTE + "\n".join(lines) + "\n"


def command_line() -> str:

    os.environ["COLUMNS"] = "100"
    parser = build()
    parts = ["# Command line\n", f"```\n{parser.format_help()}```"]
    for action in parser._actions:
        if isinstance(action.choices, dict):
            for name, command in action.choices.items():
                parts.append(f"\n## {name}\n\n```\n{command.format_help()}```")
    return NOTE + "\n".join(parts) + "\n"


def operations() -> str:

    parts = ["# Operations\n"]
    for operation in OPERATIONS:
        parts.append(f"\n## `{operation.id}`: {operation.title}\n\n{operation.summary}\n")
        parts.append("| parameter | form |\n|---|---|")
        parts += [f"| `{parameter.name}` | {parameter.form} |" for parameter in operation.parameters]
        parts.append("\n| guard | guide items | what it holds |\n|---|---|---|")
        parts += [
            f"| `{guard.id}` | {', '.join(map(str, guard.items))} | {guard.sentence} |"
            for guard in operation.guards
        ]
        undone = ", ".join(f"`{guard.id}`" for guard in BY_OPERATION.get(operation.id, ()))
        parts += [f"\nUndoing it is held to {undone}, too."] if undone else []
    return NOTE + "\n".join(parts) + "\n"


def checks() -> str:
    """Item by item of the guide: which checks stand for it, and what puts it right."""
    lines = [
        "# The guide, checked\n",
        "Every item of the operations guide's checklist, and the checks that stand for it.\n",
        "| item | check | severity | remedy |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {item} | `{check.id}` | {check.severity} | {_remedy(check)} |"
        for item in ITEMS
        for check in of_item(item)
    ]
    lines += ["\n## What each check wants\n"]
    for check in CHECKS:
        lines += [f"- `{check.id}` (guide {', '.join(map(str, check.items))}): {check.sentence}."]
        if check.departs:
            lines += [f"  It departs from the guide: {check.departs}."]
    return NOTE + "\n".join(lines) + "\n"


def _remedy(check: Check) -> str:
    known = {operation.id for operation in OPERATIONS}
    return f"`{check.remedy}`" if check.remedy in known else check.remedy.replace("|", "\\|")


def drill_table() -> str:
    """What can be practised: the fault's name, what users say, the runbook it trains, the guide's items."""
    lines = ["# Drills\n", "| drill | what users say | runbook | items of the guide |", "|---|---|---|---|"]
    lines += [
        f"| `{one.id}` | {one.title} | {one.book.title} | {', '.join(map(str, one.items))} |"
        for one in drills()
    ]
    return NOTE + "\n".join(lines) + "\n"


TEXTS: dict[str, Callable[[], str]] = {
    "keys.md": keys,
    "command-line.md": command_line,
    "operations.md": operations,
    "checks.md": checks,
    "drills.md": drill_table,
}


async def picture(size: tuple[int, int], feeds: tuple[str, ...], keys_to_press: tuple[str, ...] = ()) -> str:
    """The cockpit on the demo host with the guide's first incident in it, as SVG, once `feeds` were read."""
    with tempfile.TemporaryDirectory() as state:
        host = DemoHost(faults=("valkey-loopback",))
        session = Session(host, load(), Journal(Path(state)), user="operator", tenant="acme")
        app = CockpitApp(session)
        async with app.run_test(size=size) as pilot:
            for key in keys_to_press[:1]:
                await pilot.press(key)
            async with asyncio.timeout(60):
                read = [app.root.feeds[name] for name in feeds]
                while not (session.checks().reading.value and all(feed.reading.value for feed in read)):
                    await pilot.pause(0.05)
            for key in keys_to_press[1:]:
                await pilot.press(key)
                await pilot.pause(0.5)
            await pilot.pause(0.2)
            return app.export_screenshot(title="gbtui")


def pictures() -> dict[str, str]:
    """File name → SVG."""
    every = ("containers", "snapshots", "firewall", "bans", "log")
    return {
        "cockpit.svg": asyncio.run(picture((160, 50), every)),
        "cockpit-narrow.svg": asyncio.run(picture((80, 24), ("firewall",), ("3",))),
        "plan.svg": asyncio.run(picture((160, 50), every, ("3", "a", "enter"))),
        "findings.svg": asyncio.run(picture((120, 30), every, ("3", "f"))),
        "incident.svg": asyncio.run(picture((120, 30), every, ("3", "i", *TITLE, "enter"))),
        "drill.svg": asyncio.run(picture((80, 24), ("firewall",), ("3", "d", "enter"))),
    }


def main() -> int:
    for name, text in TEXTS.items():
        (DOCS / name).write_text(text(), "utf-8")
    for name, svg in pictures().items():
        (DOCS / name).write_text(svg, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
