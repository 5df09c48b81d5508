"""A walk as it leaves this machine for the host, and as it comes back. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from gbtui.errors import Changed, Malformed, Refused
from gbtui.guard.mask import mask
from gbtui.runbooks.walk import OUTPUT_LINES, Record, Walk
from gbtui.runbooks.walk_file import from_json
from gbtui.text import decode_json

LARGEST = 256 * 1024
"""Bytes of a walk on a host; where it would be more, it goes there with less of its outputs."""


def name_of(walk: Walk) -> str:
    """Its file on the shelf."""
    return f"{walk.id}.json"


def encoded(walk: Walk) -> bytes:
    """Secrets masked, and as much of the outputs as there is room for.

    Raises:
        Refused: there is not even room for its steps.
    """
    masked = [_masked(record) for record in walk.records]
    data = b""
    for lines in (OUTPUT_LINES, 50, 10, 0):
        shorter = tuple(replace(record, output=record.output[:lines]) for record in masked)
        data = json.dumps(asdict(replace(walk, records=shorter)), indent=1).encode()
        if len(data) <= LARGEST:
            return data
    raise Refused("the walk", why=f"it has {len(data)} bytes, and at most {LARGEST} are kept on a host")


def _masked(record: Record) -> Record:
    output = mask("\n".join(record.output)).split("\n") if record.output else ()
    return replace(record, note=mask(record.note), output=tuple(output))


def decoded(name: str, data: bytes) -> Walk | None:
    """The walk in the file `name` of the shelf; None where it is none, or not the one of that name."""
    try:
        walk = from_json(decode_json(data, what="a walk on the host"))
    except Malformed:
        return None
    return walk if name_of(walk) == name else None


def steps_of(walk: Walk) -> tuple[Record, ...]:
    """What was done, without what differs by place: outputs and notes are masked on a host."""
    return tuple(replace(record, note="", output=()) for record in walk.records)


def further(walk: Walk, other: Walk) -> bool:
    """Whether `walk`, from the host, counts instead of `other`, the version kept here.

    More records count more. Of as many others, those on the host do: whoever made them may be at it now.
    """
    theirs, ours = steps_of(walk), steps_of(other)
    return (len(theirs), walk.ended) > (len(ours), other.ended) or (
        len(theirs) == len(ours) and theirs != ours
    )


def follows(walk: Walk, there: Walk) -> bool:
    """Whether `walk` is the host's version and more: somebody was cut off before the host had the rest."""
    theirs, ours = steps_of(there), steps_of(walk)
    return len(ours) > len(theirs) and ours[: len(theirs)] == theirs


def must_follow(walk: Walk, there: Walk) -> None:
    """Nobody's steps are written over, and none is done that somebody else has done meanwhile.

    Raises:
        Changed: `walk` does not begin with the records that the host has.
    """
    theirs = steps_of(there)
    if steps_of(walk)[: len(theirs)] != theirs:
        last = theirs[-1]
        why = f"{last.by or 'somebody'} has gone on with it meanwhile ({last.step}: {last.state})"
        raise Changed("this walk", why=why, hint="leave it, and open the runbook again")
