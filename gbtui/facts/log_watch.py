"""The access log as the checks see it: what stands there, who writes it, and who came lately. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gbtui.errors import Malformed
from gbtui.facts.bans_filter import Network, as_network
from gbtui.facts.bans_special import special
from gbtui.text import clean, line, text

Kind = Literal["file", "folder", "none"]
_KINDS: dict[str, Kind] = {"file": "file", "folder": "folder", "none": "none"}


@dataclass(frozen=True, slots=True)
class LogLook:
    """The end of an access log. Times in epoch seconds of the place's own clock.

    `kind` is what stands at its path, `changed` when that was last written. `opened` are the files of
    that name that the service holds open (`… (deleted)` where it is gone from its folder). `clients`
    come from the last lines, in order; `bad` are the beginnings of lines that are no access records.
    """

    now: float
    kind: Kind
    changed: float
    opened: tuple[str, ...]
    clients: tuple[Network, ...]
    newest: float
    bad: tuple[str, ...]

    @property
    def public(self) -> frozenset[Network]:
        """The clients of the public Internet."""
        return frozenset(one for one in set(self.clients) if special(one) is None)


def parse_log(data: bytes) -> LogLook:
    """The answer of `gbtui-log-look`.

    Raises:
        Malformed: it does not begin as that script's answers do.
    """
    rows = [row.partition(" ")[::2] for row in text(data).split("\n") if row.strip()]
    if not rows or rows[0][0] != "now":
        raise Malformed("the access log", why=f"it begins {line(data, limit=80)!r}")
    kind: Kind = "none"
    changed = newest = 0.0
    opened, bad, clients = list[str](), list[str](), list[Network]()
    for what, rest in rows:
        if what == "kind":
            kind = _KINDS.get(rest, "none")
        elif what == "changed":
            changed = _seconds(rest)
        elif what == "open":
            opened.append(clean(rest))
        elif what == "ok":
            at, _, client = rest.rpartition(" ")
            network = as_network(client)
            clients += [network] if network is not None else []
            newest = max(newest, _seconds(at.strip('"')))
        elif what == "bad":
            bad.append(clean(rest)[:160])
    if bad and rows[-1][0] == "bad":
        bad.pop()  # the line that is being written
    return LogLook(_seconds(rows[0][1]), kind, changed, tuple(opened), tuple(clients), newest, tuple(bad))


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    return seconds if 0 <= seconds < 1e12 else 0.0
