"""fail2ban as the checks see it: whether it answers, its jails, whom they ban, and what they are set to.

Pure. The same questions as everywhere, in one start of its client for each place (guide 29, 30, 72-75).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gbtui.errors import Malformed
from gbtui.facts.bans_parse import MOST_JAILS, parse_answers, parse_jails
from gbtui.facts.failure import absent, failure
from gbtui.hosts.base import MIB, Completed
from gbtui.text import clean, line, text

MOST_BANS = 10_000
_DOWN = b"Failed to access socket path"
_NO_JAIL = b"Sorry but the jail"


@dataclass(frozen=True, slots=True)
class Watch:
    """fail2ban at one place. `down` says why it does not answer ("" where it does).

    `banned` are (jail, address) as fail2ban lists them; `settings` the answers about one jail by name
    (`maxretry` → "100"), empty where there is no such jail. `wrong` says what of it was not understood.
    """

    down: str = ""
    jails: tuple[str, ...] = ()
    banned: tuple[tuple[str, str], ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


def questions(jail: str = "", names: Sequence[str] = ()) -> tuple[tuple[str, ...], ...]:
    """What is asked of a place: its jails, who is banned, and `names` of one jail's settings."""
    asked = tuple(("fail2ban-client", "get", jail, name) for name in names)
    return (("fail2ban-client", "status"), ("fail2ban-client", "banned"), *asked)


def parse_watch(done: Completed, names: Sequence[str] = ()) -> Watch:
    """Answers to `questions`.

    Raises:
        Failed and its like: the place itself did not answer. Malformed: not understood.
    """
    if absent(done):
        return Watch(down="fail2ban is not installed")
    if _DOWN in done.stderr:
        return Watch(down=line(done.stderr, limit=200) or "fail2ban does not run")
    if not done.stdout:
        raise failure(done, "fail2ban")
    _, (status, banned, *settings) = parse_answers(done.stdout, 2 + len(names))
    known = {
        name: line(answer, limit=100)
        for name, answer in zip(names, settings, strict=True)
        if not answer.startswith(_NO_JAIL)
    }
    return Watch(jails=parse_jails(status), banned=parse_addresses(banned), settings=known)


def parse_addresses(data: bytes) -> tuple[tuple[str, str], ...]:
    """(jail, address) of everybody who is banned, from `fail2ban-client banned` (a Python literal).

    Raises:
        Malformed: it is not such a literal, or above a megabyte.
    """
    what = "fail2ban-client banned"
    if len(data) > MIB:
        raise Malformed(what, why=f"{len(data)} bytes are too many")
    try:
        found = ast.literal_eval(text(data).strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError) as error:
        raise Malformed(what, why=f"not a list of jails: {line(data, limit=80)!r}") from error
    if not isinstance(found, list):
        raise Malformed(what, why=f"not a list of jails: {line(data, limit=80)!r}")
    pairs = [
        (clean(str(jail))[:64], clean(str(address))[:80])
        for entry in found[:MOST_JAILS]
        if isinstance(entry, dict)
        for jail, addresses in entry.items()
        if isinstance(addresses, list)
        for address in addresses[:MOST_BANS]
    ]
    return tuple(pairs[:MOST_BANS])


@dataclass(frozen=True, slots=True)
class Trial:
    """A jail's own filter, tried on the end of its log (item 73).

    `filter` is its name. `failures` of the lines tried should be matched and `others` should not;
    `right` and `wrong` are how many were. `error` is what kept fail2ban-regex from trying ("" for nothing).
    """

    jail: str
    filter: str
    failures: int
    others: int
    right: int
    wrong: int
    error: str = ""


def parse_trial(done: Completed) -> Trial:
    """The answer of `gbtui-bans-trial`: `name=value` a line.

    Raises:
        Failed and its like: there is no log, or no fail2ban-regex. Malformed: not understood.
    """
    if not done.ok:
        raise failure(done, "a dry run of the jail's filter")
    values = dict(row.partition("=")[::2] for row in text(done.stdout, limit=20_000).split("\n"))
    try:
        numbers = [int(values[name]) for name in ("failures", "others", "matched", "right")]
    except (KeyError, ValueError) as error:
        raise Malformed("a dry run of the jail's filter", why=line(done.stdout, limit=80)) from error
    failures, others, matched, right = numbers
    return Trial(
        jail=clean(values.get("jail", "")),
        filter=clean(values.get("filter", "")),
        failures=failures,
        others=others,
        right=right,
        wrong=max(0, matched - right),
        error=clean(values.get("error", ""))[:300],
    )


def parse_logs(done: Completed) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(jail, the logs it reads) from `gbtui-bans-logs`; empty where fail2ban does not answer.

    Raises:
        Failed and its like: the place itself did not answer.
    """
    if absent(done) or _DOWN in done.stderr:
        return ()
    if not done.ok:
        raise failure(done, "the jails' logs")
    rows = [row.split("\t") for row in text(done.stdout, limit=100_000).split("\n") if row.strip()]
    return tuple((row[0], tuple(" ".join(row[1:]).split())) for row in rows[:MOST_JAILS])
