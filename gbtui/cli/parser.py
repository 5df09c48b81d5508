"""The arguments `gbtui` takes. Global options go before or after the command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

import gbtui
from gbtui.errors import BadInput

SUBJECTS = ("containers", "snapshots", "firewall", "log", "bans")
EDITED = ("proxy",)

EPILOG = """\
without a command the cockpit opens. `gbtui COMMAND --help` explains one.

exit status of apply, edit, keep, revert and undo: 0 done and verified · 1 failed, undone · 2 usage ·
3 refused by a guard · 4 changed since planned · 5 host not reached
"""


class Parser(argparse.ArgumentParser):
    """Refuses bad arguments as words in one line, not as a usage page."""

    def error(self, message: str) -> NoReturn:
        raise BadInput("the command line", why=message, hint=f"`{self.prog} --help` shows what is expected")


def global_options(*, top: bool) -> Parser:
    """The options every command takes; only the top level's have defaults, so that an option
    before the command is not overwritten by its absence after it."""
    options = Parser(add_help=False, argument_default=None if top else argparse.SUPPRESS)
    where = options.add_argument_group("host")
    where.add_argument("--host", metavar="NAME|ssh://user@host[:port]", help="the host to work on")
    switch = {"action": "store_true"} | ({"default": False} if top else {"default": argparse.SUPPRESS})
    where.add_argument("--demo", help="the simulated host: nothing there is real", **switch)
    where.add_argument("--drill", metavar="NAME", help="the simulated host with this fault in it")
    where.add_argument("--tenant", metavar="NAME", help="only this tenant's containers")
    options.add_argument("--read-only", help="refuse every change, in the engine", **switch)
    options.add_argument("--json", help="documented, stable JSON on stdout", **switch)
    return options


def build() -> Parser:
    parser = Parser(
        prog="gbtui",
        description="A cockpit for General Bots Cloud production hosts.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[global_options(top=True)],
    )
    parser.add_argument("--version", action="version", version=f"gbtui {gbtui.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    shared = [global_options(top=False)]

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary, description=summary, parents=shared)

    _looking(add)
    _checking(add)
    _changing(add)
    _deciding(add)
    return parser


Add = Callable[[str, str], argparse.ArgumentParser]


def _looking(add: Add) -> None:
    """What is so, and what was done."""
    show = add("show", "what is so, once")
    show.add_argument("subject", choices=SUBJECTS)
    show.add_argument("--where", metavar="NAME", help="firewall: only `host` or this instance")
    show.add_argument("--lines", type=int, default=500, help="log: how many lines to read (default 500)")
    runbook = add("runbook", "walkthroughs: list them, or walk one in this terminal")
    runbook.add_argument("name", metavar="NAME", nargs="?")
    runbook.add_argument("parameters", nargs="*", metavar="key=value")
    runbook.add_argument("--lint", metavar="FILE", help="say what is wrong with a runbook's file")
    runbook.add_argument("--anew", action="store_true", help="begin again, though a walk was left unfinished")
    drill = add("drill", "practise on the simulated host: list what there is, or open the cockpit on one")
    drill.add_argument("name", metavar="NAME", nargs="?")
    _incident(add)
    journal = add("journal", "the record of every change")
    journal.add_argument("id", metavar="ID", nargs="?", help="the whole story of one operation")
    journal.add_argument("--verify", action="store_true", help="prove that no line was altered or removed")


def _incident(add: Add) -> None:
    """What happened, on one timeline."""
    incident = add("incident", "one timeline of what happens while something is broken, for all operators")
    incident.add_argument(
        "what",
        nargs="?",
        default="list",
        choices=("list", "begin", "note", "milestone", "end", "show", "export"),
        help="begin TITLE, note TEXT, milestone diagnosed|repaired|verified, end SUMMARY, "
        "show [ID], export [ID]; without one: every incident of the host",
    )
    incident.add_argument("words", nargs="*", metavar="WORDS", help="a title, a text, a summary, or an ID")
    incident.add_argument("--format", choices=("md", "jsonl"), default="md", help="of an export")
    incident.add_argument("--output", metavar="FILE", default="", help="export: write this new file")
    incident.add_argument(
        "--hide-addresses", action="store_true", help="export: clients become client-1, client-2, …"
    )


def _checking(add: Add) -> None:
    """What must be so."""
    check = add("check", "the guide's rules against the host: exit 0 all hold, 1 findings, 2 could not check")
    check.add_argument("ids", metavar="ID", nargs="*", help="a check, a subsystem, or an item of the guide")
    check.add_argument("--list", action="store_true", help="every check: id, items, severity, remedy")
    check.add_argument(
        "--severity",
        choices=("error", "warning", "notice"),
        default="notice",
        help="only findings as bad as this or worse (default: all)",
    )
    check.add_argument(
        "--prometheus",
        action="store_true",
        help="Prometheus' text format, for node_exporter's textfile collector",
    )
    check.add_argument("--output", metavar="FILE", default="", help="with --prometheus: replace this file")
    waive = add("waive", "accept a finding for a while: it is told again after its last day")
    waive.add_argument("check", metavar="CHECK", help="the id of a check (`gbtui check --list`)")
    waive.add_argument(
        "subject", metavar="SUBJECT", help="a finding's subject, or a pattern such as 'acme-*'"
    )
    waive.add_argument("--reason", required=True, metavar="TEXT", help="why it is accepted")
    waive.add_argument(
        "--until", required=True, metavar="DATE", help="its last day, such as 2027-01-31 (UTC)"
    )
    waive.add_argument("--by", metavar="NAME", default="", help="who accepts it (default: you)")
    waive.add_argument("--every-host", action="store_true", help="for every host, not only for this one")
    add("waivers", "what is accepted, until when, and whether it still holds")


def _changing(add: Add) -> None:
    """What may be done."""
    drift = add("drift", "what changed on the host, by whom where that is known; looks once and notes it")
    drift.add_argument("--since", metavar="WHEN", default="", help="a time, a day, or a span such as 6h, 7d")
    drift.add_argument("--no-look", action="store_true", help="only what was noted before")
    operations = add("ops", "every operation: id, parameters, danger, guards")
    operations.add_argument(
        "of", metavar="WORD", nargs="?", default="", help="only those with it in their id"
    )
    for name, summary in (
        ("plan", "the frozen plan of an operation and the guards' verdicts; changes nothing"),
        ("apply", "run an operation: plan, guards, approval, verification"),
    ):
        operation = add(name, summary)
        operation.add_argument("operation", metavar="OP")
        operation.add_argument("parameters", nargs="*", metavar="key=value")
        if name == "apply":
            _approval_options(operation)
    edit = add("edit", "a configuration in your $EDITOR, and its plan: backup, check, reload, proof")
    edit.add_argument("subject", choices=EDITED, help="proxy: the Caddyfile")
    edit.add_argument(
        "parameters", nargs="*", metavar="key=value", help="domain=NAME,NAME… of vhosts that are meant to go"
    )
    _approval_options(edit)


def _deciding(add: Add) -> None:
    """What becomes of a change that was begun."""
    for name, summary in (
        ("keep", "keep a change whose revert is armed on the host"),
        ("revert", "take an armed change back now"),
        ("undo", "undo a finished operation from the journal"),
    ):
        decision = add(name, summary)
        decision.add_argument("id", metavar="ID")
        if name == "undo":
            _approval_options(decision)
    recover = add("recover", "list operations that were cut off; finish, undo or mark one")
    recover.add_argument("id", metavar="ID", nargs="?")
    choice = recover.add_mutually_exclusive_group()
    choice.add_argument("--finish", action="store_true", help="do the steps that are missing, and verify")
    choice.add_argument("--undo", action="store_true", help="take back the steps that were done")
    choice.add_argument("--mark", metavar="REASON", help="leave everything as it is, with a reason")
    _approval_options(recover)


def _approval_options(operation: argparse.ArgumentParser) -> None:
    operation.add_argument(
        "--yes", action="store_true", help="approve the plan unasked, but not its warnings"
    )
    operation.add_argument(
        "--acknowledge",
        metavar="GUARD,GUARD…",
        action="append",
        default=[],
        help="guards whose warnings were read; may be given again",
    )
    operation.add_argument("--keep", action="store_true", help="keep the change once it is verified")
    operation.add_argument(
        "--confirm",
        metavar="TEXT",
        default="",
        help="the text an irreversible plan, or a guard that may be overridden, asks for",
    )


_LISTS = ("parameters", "words", "ids")
"""Positional arguments of which there may be many: options may stand among them."""


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Raises BadInput in words; `--help` and `--version` print and leave as argparse does."""
    parser = build()
    options, rest = parser.parse_known_args(sys.argv[1:] if arguments is None else arguments)
    many = next((name for name in _LISTS if hasattr(options, name)), None)
    if rest and (many is None or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if many is not None:
        setattr(options, many, [*getattr(options, many), *rest])
    return options


def parameters(pairs: list[str]) -> dict[str, str]:
    """`key=value` words as a dictionary. Raises BadInput for anything else or a repeated key."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise BadInput(
                f"parameter {pair!r}", why="not of the form key=value", hint="container=acme-system"
            )
        if key in found:
            raise BadInput(f"parameter {key!r}", why="given twice", hint="give it once")
        found[key] = value
    return found
