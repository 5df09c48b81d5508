"""Every check there is, by id and by the guide's item."""

from __future__ import annotations

from collections.abc import Iterable

from gbtui.checks import (
    answering,
    bans,
    cache,
    ci,
    containers,
    dns,
    firewall,
    firewall_kept,
    host,
    log,
    mail,
    proxy,
    release,
    services,
    snapshots,
    suggestions,
    vault,
)
from gbtui.checks.base import Check
from gbtui.errors import BadInput

ITEMS = range(1, 96)
"""The guide's items."""

CHECKS: tuple[Check, ...] = (
    *bans.CHECKS,
    *containers.CHECKS,
    *firewall.CHECKS,
    *services.CHECKS,
    *mail.CHECKS,
    *suggestions.CHECKS,
    *ci.CHECKS,
    *release.CHECKS,
    *vault.CHECKS,
    *cache.CHECKS,
    *firewall_kept.CHECKS,
    *host.CHECKS,
    *answering.CHECKS,
    *proxy.CHECKS,
    *log.CHECKS,
    *snapshots.CHECKS,
    *dns.CHECKS,
)


def of_item(item: int) -> tuple[Check, ...]:
    """The checks that stand for an item of the guide."""
    return tuple(check for check in CHECKS if item in check.items)


def chosen(words: Iterable[str]) -> tuple[Check, ...]:
    """The checks that ids, subsystems (`proxy`) or items (`58`) name; all for no word.

    Raises:
        BadInput: a word names none.
    """
    wanted = tuple(words)
    if not wanted:
        return CHECKS
    found: dict[str, Check] = {}
    for word in wanted:
        some = [one for one in CHECKS if word in (one.id, one.id.partition(".")[0])]
        if word.isascii() and word.isdecimal():
            some = list(of_item(int(word[:6])))
        if not some:
            subsystems = ", ".join(dict.fromkeys(one.id.partition(".")[0] for one in CHECKS))
            hint = f"an id of `gbtui check --list`, an item 1-95, or one of {subsystems}"
            raise BadInput(f"check {word!r}", why="no check is named so", hint=hint)
        found |= {one.id: one for one in some}
    return tuple(found.values())
