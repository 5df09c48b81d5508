"""What a row of a pane already says about an operation's parameters: nobody types what is on screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gbtui.facts.bans import Ban
from gbtui.facts.containers import Container
from gbtui.facts.log import Entry
from gbtui.facts.snapshots import SnapshotRow
from widgets.bans_pane import BanLine
from widgets.firewall_lines import ChainLine, RuleLine

SUBJECTS = {
    "containers": ("containers", "services", "firewall"),
    "snapshots": ("snapshots",),
    "firewall": ("firewall",),
    "bans": ("bans",),
    "log": ("proxy", "bans"),
}
"""Pane → the subjects of operations that its rows are about."""
_ROLE_SUBJECTS = {
    "proxy": ("proxy", "bans"),
    "email": ("bans",),
    "dns": ("dns",),
    "alm-ci": ("ci",),
    "system": ("release",),
}


def subjects(pane: str, row: Any) -> tuple[str, ...]:
    """The subjects of operations that are offered on `row`: the pane's, and those of a container's role."""
    extra = _ROLE_SUBJECTS.get(row.role, ()) if isinstance(row, Container) else ()
    return (*SUBJECTS.get(pane, ()), *extra)


def known(pane: str, rows: Sequence[Any], place: str) -> dict[str, str]:
    """Parameters by name, from the marked rows, or the one under the cursor; `place` is the firewall's."""
    found = {"container": place} if pane == "firewall" else {}
    if not rows:
        return found
    if all(isinstance(row, SnapshotRow) for row in rows):
        return found | _of_snapshots(rows)
    return found | _of_row(rows[0])


def _of_row(row: Any) -> dict[str, str]:
    if isinstance(row, Container):
        return {"container": row.name}
    if isinstance(row, RuleLine):
        return {"table": row.chain[2], "chain": row.chain[3], "rule": row.rule.spec}
    if isinstance(row, ChainLine):
        return {"table": row.chain.table, "chain": row.chain.chain}
    if isinstance(row, BanLine):
        return {"container": row.jail.where, "jail": row.jail.jail} | _of_ban(row.ban)
    if isinstance(row, Entry):
        return {"address": row.client, "domain": row.host}
    return {}


def _of_ban(ban: Ban | None) -> dict[str, str]:
    return {"address": ban.address} if ban is not None else {}


def _of_snapshots(rows: Sequence[SnapshotRow]) -> dict[str, str]:
    """All of them by name; the container and the dataset only where they are the same for all."""
    found = {"snapshots": ",".join(row.full_name for row in rows)}
    if len({row.dataset for row in rows}) == 1:
        found["dataset"] = rows[0].dataset
    if len({row.instance for row in rows}) == 1 and rows[0].instance:
        found["container"] = rows[0].instance
    if len(rows) == 1 and rows[0].owner == "lxd":
        found["snapshot"] = rows[0].name.removeprefix("snapshot-")
    return found
