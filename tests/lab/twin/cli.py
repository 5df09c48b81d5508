"""The `lab` command."""

import argparse
import json
import os
import shlex
import sys
from pathlib import Path

from . import faults
from .deploy import deploy
from .lifecycle import Twin
from .report import say
from .settings import LabError, Settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="The production twin in QEMU.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="build what is missing, resume, wait for SSH")
    verbs.add_parser("down", help="end the machine")
    verbs.add_parser("reset", help="back to the saved state")
    verbs.add_parser("status", help="is it running, and are the containers")
    verbs.add_parser("faults", help="list the faults")
    verbs.add_parser("deploy", help="copy the working tree to /opt/gbtui/src in the guest")
    env = verbs.add_parser("env", help="how to reach it, as shell assignments")
    env.add_argument("--json", action="store_true")
    ssh = verbs.add_parser("ssh", help="a shell, or one command, in the guest")
    ssh.add_argument("--user", choices=("ops", "root"), default="ops")
    ssh.add_argument("command", nargs=argparse.REMAINDER)
    push = verbs.add_parser("push", help="copy one file into the guest, as root")
    push.add_argument("file", type=Path)
    push.add_argument("destination")
    for name in ("fault", "undo"):
        verbs.add_parser(name, help=f"{name} NAME").add_argument("name")
    return parser


def _ssh(twin: Twin, user: str, command: list[str]) -> None:
    """Become ssh, so that the terminal and the exit status are its own."""
    words = command[1:] if command[:1] == ["--"] else command
    options = () if words else ("-t",)
    os.execvp("ssh", [*twin.shell.arguments(user, *options), *words])


def _print_environment(twin: Twin, as_json: bool) -> None:
    pairs = twin.environment()
    if as_json:
        print(json.dumps(pairs, indent=1))
        return
    for name, value in pairs.items():
        print(f"{name}={shlex.quote(value)}")


def _dispatch(twin: Twin, chosen: argparse.Namespace) -> int:
    match chosen.verb:
        case "up" | "down" | "reset" as verb:
            getattr(twin, verb)()
            say(f"{verb}: done")
        case "status":
            for name, value in twin.status().items():
                print(f"{name}: {value}")
            return 0 if twin.running else 3
        case "faults":
            for name, text in faults.names().items():
                print(f"{name:<18} {text}")
        case "env":
            _print_environment(twin, chosen.json)
        case "ssh":
            _ssh(twin, chosen.user, chosen.command)
        case "push":
            twin.shell.push(chosen.file, chosen.destination)
        case "deploy":
            deploy(twin.shell)
        case "fault" | "undo":
            action = "inject" if chosen.verb == "fault" else "undo"
            print(faults.play(twin.shell, chosen.name, action), end="")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0, 1 for a named failure, 3 for `status` of a stopped twin."""
    chosen = _parser().parse_args(arguments)
    try:
        return _dispatch(Twin(Settings()), chosen)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
