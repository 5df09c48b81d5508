"""What a oneshot unit with a file runs when it starts and stops, on the simulated host."""

from __future__ import annotations

import shlex
from dataclasses import replace

from gbtui.demo.call import Answer, Call, said
from gbtui.demo.unit_files import values


def turn(call: Call, name: str, verb: str) -> Answer:
    """The commands of a start or a stop, up to the first that fails; `-` before one forgives it,
    and a stop that fails keeps nothing from starting."""
    if values(call.place, name, "Type") != ["oneshot"]:
        return said()
    keys = ("ExecStop",) if verb == "stop" else ("ExecStartPre", "ExecStart")
    if verb == "restart":
        keys = ("ExecStop", *keys)
    for line in [line for key in keys for line in values(call.place, name, key)]:
        argv = tuple(shlex.split(line.removeprefix("-")))
        done = call.state.execute(replace(call, argv=argv)) if call.state.execute else said()
        if done.status and not line.startswith("-") and line not in values(call.place, name, "ExecStop"):
            return done
    return said()
