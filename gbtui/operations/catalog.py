"""Every operation there is, by id: one list for keys, palette, command line and runbooks."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from gbtui.errors import BadInput
from gbtui.operations import (
    bans,
    ci,
    containers,
    dns,
    firewall_every,
    proxy,
    proxy_domain,
    proxy_storage,
    release,
    services,
    snapshots,
    vault,
)
from gbtui.operations.base import Guard, Operation
from gbtui.operations.undo_guards import BY_OPERATION

OPERATIONS: tuple[Operation, ...] = (
    *bans.OPERATIONS,
    *containers.OPERATIONS,
    *firewall_every.OPERATIONS,
    *dns.OPERATIONS,
    *services.OPERATIONS,
    *vault.OPERATIONS,
    *ci.OPERATIONS,
    *release.OPERATIONS,
    *snapshots.OPERATIONS,
    *proxy.OPERATIONS,
    *proxy_domain.OPERATIONS,
    *proxy_storage.OPERATIONS,
)


def find(operation: str) -> Operation:
    """The operation of that id.

    Raises:
        BadInput: there is none; the hint names near ones.
    """
    known = {one.id: one for one in OPERATIONS}
    if operation in known:
        return known[operation]
    verb = {one.id.partition(".")[2]: one.id for one in OPERATIONS}
    begun = [name for name in (*known, *verb) if operation and name.startswith(operation)]
    near = [*begun, *get_close_matches(operation, [*known, *verb], n=3, cutoff=0.5)]
    names = list(dict.fromkeys(verb.get(name, name) for name in near))[:3]
    hint = f"did you mean {' or '.join(names)}?" if names else "gbtui ops lists them"
    raise BadInput(f"no operation {operation!r}", hint=hint)


def describe() -> dict[str, Any]:
    """All operations as `gbtui ops --json` prints them; stable, schema 1."""
    return {"schema": 1, "operations": [_describe(operation) for operation in OPERATIONS]}


def _describe(operation: Operation) -> dict[str, Any]:
    return {
        "id": operation.id,
        "title": operation.title,
        "summary": operation.summary,
        "subject": operation.subject,
        "parameters": [{"name": p.name, "form": p.form, "default": p.default} for p in operation.parameters],
        "danger": operation.danger.value,
        "items": list(operation.items),
        "guards": [_guard(guard) for guard in operation.guards],
        "undo_guards": [_guard(guard) for guard in BY_OPERATION.get(operation.id, ())],
    }


def _guard(guard: Guard) -> dict[str, Any]:
    return {"id": guard.id, "sentence": guard.sentence, "items": list(guard.items)}
