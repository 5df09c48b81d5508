"""The proxy's Caddyfile in the operator's editor: what is handed out, and the plan for what comes back.

The plan is one of `proxy.apply-config`, and its file is the one that was edited: what was refused, or
left, is gone on with by that operation, and nothing is typed twice.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gbtui.errors import BadInput, GbtuiError, NotFound, Refused
from gbtui.guard.plan import Plan
from gbtui.hosts.editor import Draft
from gbtui.operations import proxy_guards as guards
from gbtui.operations.base import Context
from gbtui.operations.proxy import APPLY_CONFIG, config_plan
from gbtui.operations.proxy_look import find, look, meaning
from gbtui.operations.proxy_parameters import LONGEST

GIVEN = tuple(parameter for parameter in APPLY_CONFIG.parameters if parameter.name != "file")
"""What may be said of an edit: all of the operation's but the file."""


@dataclass(frozen=True, slots=True)
class Found:
    """The file as it is: `name` without its folder."""

    container: str
    path: str
    data: bytes

    @property
    def name(self) -> str:
        return posixpath.basename(self.path)


def checked(given: Mapping[str, str]) -> dict[str, str]:
    """The parameters of an edit.

    Raises:
        BadInput: one is unknown, or not of its form.
    """
    known = {parameter.name: parameter for parameter in GIVEN}
    for name, value in given.items():
        if name not in known:
            usage = " ".join(parameter.usage for parameter in GIVEN)
            raise BadInput(f"an edit has no parameter {name!r}", hint=f"expected {usage}")
        known[name].accepted(value)
    return {name: given.get(name, parameter.default or "") for name, parameter in known.items()}


async def found(context: Context, given: Mapping[str, str]) -> Found:
    """The proxy's file, to be edited.

    Raises:
        Refused: there is no proxy that runs, or several.
        NotFound: it has no such file.
        Malformed: it is too large to be edited here.
    """
    container, there = await find(context, given)
    if there.verdict == "refuse":
        raise Refused("the proxy's Caddyfile", why=there.reason)
    path = context.profile.proxy_config
    try:
        data = await context.host.read(path, instance=container, limit=LONGEST)
    except NotFound as error:
        raise NotFound(f"{path} in {container}", why="it is not there", hint="container=NAME") from error
    return Found(container, path, data)


async def edited_plan(context: Context, given: Mapping[str, str], draft: Draft, data: bytes) -> Plan:
    """The plan that makes the edited text the proxy's configuration; refused where somebody else has
    changed the file meanwhile."""
    full = {**given, "file": str(draft.path)}
    return await config_plan(
        APPLY_CONFIG, context, full, data, "apply the edited configuration", base=draft.base
    )


async def lost(context: Context, container: str, data: bytes) -> tuple[str, ...]:
    """The vhosts that would go with this text, in order; none where that cannot be told."""
    try:
        seen, new = await look(context, container), await meaning(context, container, data)
    except GbtuiError:
        return ()  # the plan says it in words
    return () if new.config is None else guards.lost(seen, new.config, ())


def go_on(path: Path, given: Mapping[str, str]) -> str:
    """The command that goes on with a kept text."""
    words = ("gbtui", "apply", APPLY_CONFIG.id, f"file={path}")
    return shlex.join((*words, *(f"{name}={value}" for name, value in given.items() if value)))
