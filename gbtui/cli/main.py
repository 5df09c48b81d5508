"""`gbtui`: parse, open a session, hand over to the command. Imports late: `--version` is instant."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable

from gbtui.cli.output import DONE, FAILED, fail, warn
from gbtui.cli.parser import parse
from gbtui.errors import GbtuiError


def main(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit status."""
    as_json = "--json" in (sys.argv if arguments is None else arguments)
    try:
        options = parse(arguments)
        return _dispatch(options)
    except GbtuiError as error:
        return fail(error, as_json=as_json)
    except KeyboardInterrupt:
        warn("gbtui: interrupted; `gbtui recover` says whether anything was left half done")
        return FAILED
    except BrokenPipeError:
        # the reader went away (`gbtui show log | head`): nothing more to say, and nobody to say it to
        sys.stdout = None
        return DONE


def _dispatch(options: argparse.Namespace) -> int:
    command: str | None = options.command
    if command is None:
        return _cockpit(options)
    if command == "show":
        from gbtui.cli.show import show

        return asyncio.run(show(options))
    if command == "check":
        from gbtui.cli.check import check

        return asyncio.run(check(options))
    if command in ("waive", "waivers"):
        from gbtui.cli import waivers

        return waivers.waive(options) if command == "waive" else waivers.waivers(options)
    if command == "runbook":
        from gbtui.cli.runbook import runbook

        return asyncio.run(runbook(options))
    if command == "drill":
        from gbtui.cli.drill import drill

        return drill(options)
    if command == "incident":
        from gbtui.cli.incident import incident

        return asyncio.run(incident(options))
    if command == "drift":
        from gbtui.cli.drift import drift

        return asyncio.run(drift(options))
    if command == "ops":
        from gbtui.cli.operate import ops

        return ops(options)
    if command == "journal":
        from gbtui.cli.journal import journal

        return journal(options)
    if command == "edit":
        from gbtui.cli.edit import edit

        return asyncio.run(_run(edit(options)))
    from gbtui.cli.operate import COMMANDS

    return asyncio.run(_run(COMMANDS[command](options)))


async def _run(work: Awaitable[int]) -> int:
    return await work


def _cockpit(options: argparse.Namespace) -> int:
    if sys.stdout.isatty() and sys.stdin.isatty():
        from gbtui.cli.cockpit import cockpit

        return cockpit(options)
    from gbtui.cli.page import page

    return asyncio.run(page(options))
