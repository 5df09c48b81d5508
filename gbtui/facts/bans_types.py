"""fail2ban: who is banned where, and for how much longer (guide items 29, 30, 72–75)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ban:
    """A banned address. `left` is in seconds at the moment of reading; None: without end.

    `address` is fail2ban's text and may be no address at all: fail2ban does not validate.
    """

    address: str
    left: float | None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Jail:
    """A jail of `where` ("host" or an instance). Counts are fail2ban's own, None where not given."""

    where: str
    jail: str
    banned: tuple[Ban, ...]
    currently_failed: int | None = None
    total_failed: int | None = None
    total_banned: int | None = None


@dataclass(frozen=True, slots=True)
class Bans:
    """All jails. `notes` says, per place, why nothing could be read there ("host: not running")."""

    jails: tuple[Jail, ...]
    notes: tuple[tuple[str, str], ...] = ()
    malformed: int = 0
