"""One configuration key or device of an instance, changed as LXD's own client does it: read, change
that one thing, write back with If-Match (research 5, traps of concurrent writers)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gbtui.errors import Changed, Failed
from gbtui.guard.plan import Amend, Setting
from gbtui.hosts.base import Host

_WRITTEN = ("architecture", "config", "description", "devices", "ephemeral", "profiles", "stateful")
"""What LXD takes back in a PUT of an instance; the rest of what it tells is its own."""


def as_argv(action: Amend) -> tuple[str, ...]:
    """The same change as the LXD client makes it, to be shown and pasted."""
    if action.section == "config":
        if action.after is None:
            return ("lxc", "config", "unset", action.instance, action.key)
        return ("lxc", "config", "set", action.instance, f"{action.key}={action.after}")
    head = ("lxc", "config", "device")
    if action.after is None:
        return (*head, "remove", action.instance, action.key)
    after = _keys(action.after)
    if action.before is None:
        kind = after.get("type", "")
        rest = (f"{key}={value}" for key, value in after.items() if key != "type")
        return (*head, "add", action.instance, action.key, kind, *rest)
    before = _keys(action.before)
    changed = {key: after.get(key, "") for key in (*before, *after) if before.get(key) != after.get(key)}
    return (*head, "set", action.instance, action.key, *(f"{key}={value}" for key, value in changed.items()))


async def amend(host: Host, action: Amend) -> str:
    """Make the change and prove it by reading again; words for the journal.

    Raises:
        Changed: it is not what the plan was made from, or somebody wrote in between (412).
        Failed: LXD took it and does not show it.
    """
    path = f"instances/{action.instance}"
    reply = await host.lxd.get(path)
    now = setting(reply.data, action)
    if now == action.after:
        return "already so"
    if now != action.before:
        why = "it is not what the plan was made from"
        raise Changed(f"{action.section} {action.key} of {action.instance}", why=why, hint="plan again")
    body = {key: reply.data[key] for key in _WRITTEN if key in reply.data}
    section = {key: value for key, value in body.get(action.section, {}).items() if key != action.key}
    if action.after is not None:
        section[action.key] = action.after if isinstance(action.after, str) else dict(action.after)
    await host.lxd.put(path, {**body, action.section: section}, etag=reply.etag)
    if setting((await host.lxd.get(path)).data, action) != action.after:
        raise Failed(f"set {action.key} of {action.instance}", why="LXD took it and does not show it")
    return " ".join(as_argv(action)[1:])


def setting(data: Any, action: Amend) -> Setting | None:
    """What an instance's own (not its profiles') value is; None where it has none."""
    section = data.get(action.section) if isinstance(data, Mapping) else None
    found = section.get(action.key) if isinstance(section, Mapping) else None
    return None if found is None else dict(found) if isinstance(found, Mapping) else str(found)


def _keys(value: Setting) -> Mapping[str, str]:
    return value if isinstance(value, Mapping) else {}
