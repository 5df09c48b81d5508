"""`gbtui drill`: list what can be practised, or open the cockpit on one."""

from __future__ import annotations

import argparse

from gbtui.cli.output import DONE, SCHEMA, emit, say, table
from gbtui.runbooks.drills import Drill, drills, find_drill


def drill(options: argparse.Namespace) -> int:
    """Exit status: 0 listed, or as the cockpit's. Raises BadInput for a drill that is none."""
    if options.name is not None:
        chosen = find_drill(options.name)
        if options.json:
            emit({"schema": SCHEMA, **_shape(chosen)})
            return DONE
        from gbtui.cli.cockpit import practise

        return practise(options, chosen)
    every = drills()
    if options.json:
        emit({"schema": SCHEMA, "drills": [_shape(one) for one in every]})
        return DONE
    table(
        ("DRILL", "TRAINS", "ITEMS", "WHAT USERS SAY"),
        ((one.id, one.book.id, " ".join(map(str, one.items)), one.title) for one in every),
    )
    say("gbtui drill NAME opens the cockpit on it: a simulated host, with hints and a score")
    return DONE


def _shape(one: Drill) -> dict[str, object]:
    return {"id": one.id, "title": one.title, "runbook": one.book.id, "items": list(one.items)}
