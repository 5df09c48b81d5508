"""`gbtui waive` and `gbtui waivers`: accept a finding for a while; what is accepted, and until when."""

from __future__ import annotations

import argparse
import getpass
import glob
import os
from datetime import UTC, datetime
from pathlib import Path

from gbtui.checks.catalog import CHECKS
from gbtui.checks.waivers import Waiver
from gbtui.checks.waivers_file import FORMS, append_waiver, as_date, load_waivers, parse_waivers, waivers_path
from gbtui.checks.waivers_file import written as as_written
from gbtui.cli.opening import chosen_host
from gbtui.cli.output import DONE, SCHEMA, emit, say, table
from gbtui.errors import BadInput


def waive(options: argparse.Namespace) -> int:
    """Append one waiver, for the host that is meant, or for every host."""
    if options.check not in {check.id for check in CHECKS}:
        raise BadInput(f"check {options.check!r}", why="no check is named so", hint=FORMS["check"])
    until = as_date(options.until)
    today = datetime.now(UTC).date()
    if until is None or until < today:
        why = "not a day" if until is None else "it is over"
        raise BadInput(f"--until {options.until}", why=why, hint=FORMS["until"])
    name = "*" if options.every_host else _host(options)
    by = options.by or getpass.getuser()
    waiver = Waiver(options.check, options.subject, options.reason, by, until, name)
    parse_waivers(as_written(waiver), Path("the command line"))  # refused in words before a file is touched
    path = waivers_path()
    append_waiver(path, waiver)
    if options.json:
        emit({"schema": SCHEMA, "path": str(path), "waiver": _shape(waiver)})
    else:
        say(f"{waiver.check} {waiver.subject} is waived until {until}, in {path}")
    return DONE


def _host(options: argparse.Namespace) -> str:
    chosen = chosen_host(options)
    if chosen.kind == "demo" and not os.environ.get("GBTUI_WAIVERS"):
        why = "what is waived on the demo host is forgotten when it ends"
        raise BadInput(
            "waive", why=why, hint="name a file in GBTUI_WAIVERS to try it, or waive in the cockpit"
        )
    return glob.escape(chosen.name)


def waivers(options: argparse.Namespace) -> int:
    """Every waiver on file, whether it holds, and whether its check exists."""
    path = waivers_path()
    found = load_waivers(path)
    if options.json:
        emit({"schema": SCHEMA, "path": str(path), "waivers": [_shape(one) for one in found]})
    elif not found:
        say(f"no finding is waived: {path} has none")
    else:
        table(
            ("STATE", "UNTIL", "HOST", "CHECK", "SUBJECT", "BY", "REASON"),
            ((_state(w), str(w.until), w.host, w.check, w.subject, w.by, w.reason) for w in found),
        )
    return DONE


def _state(waiver: Waiver) -> str:
    if waiver.check not in {check.id for check in CHECKS}:
        return "no such check"
    return "holds" if waiver.holds(datetime.now(UTC)) else "expired"


def _shape(waiver: Waiver) -> dict[str, str]:
    return {
        "check": waiver.check,
        "subject": waiver.subject,
        "reason": waiver.reason,
        "by": waiver.by,
        "until": waiver.until.isoformat(),
        "host": waiver.host,
        "state": _state(waiver),
    }
