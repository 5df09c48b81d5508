"""What `fail2ban-client` prints → jails and bans. Pure. Text only: its socket speaks pickle."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gbtui.errors import Malformed
from gbtui.facts.bans_types import Ban
from gbtui.hosts.base import MIB, Command
from gbtui.text import clean, line, text

MOST_JAILS = 100

BANNED = ("fail2ban-client", "banned")
"""Every jail and who is banned in it, in one start of the client (0.1–0.6 s of Python each)."""

STATUS = ("fail2ban-client", "status")
CLOCK = ("date", "+%Y-%m-%d %H:%M:%S %z")

ASK = """
command -v fail2ban-client >/dev/null || { echo "fail2ban-client: not found" >&2; exit 127; }
date '+%Y-%m-%d %H:%M:%S %z'
printf '%s\\n' "$@" quit | fail2ban-client -i
"""
"""Clock and answers in one start of the client: its interactive mode reads questions line by line.
Runs as `sh -c ASK gbtui-bans QUESTION…`; questions are arguments, never part of the text."""

PROMPT = b"fail2ban> "

_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}"
_BAN = re.compile(rf"(.*?)\s*\t({_TIME}) \+ (-?[0-9]{{1,12}}) = ({_TIME})")
_COUNT = re.compile(r"(Currently failed|Total failed|Currently banned|Total banned):\s*([0-9]{1,18})\s*$")
_LIST = re.compile(r"Jail list:\s*(.*)$")
_JAIL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@ -]{0,63}")


@dataclass(frozen=True, slots=True)
class Counts:
    """fail2ban's own counts of one jail; None where it does not say."""

    currently_failed: int | None = None
    total_failed: int | None = None
    currently_banned: int | None = None
    total_banned: int | None = None


def command(argv: tuple[str, ...], *, root: bool) -> Command:
    """A client call: root's on the host; in a container whoever asks is root already."""
    return Command(argv, root=root, timeout=30.0, limit=4 * MIB)


def asking(questions: Sequence[tuple[str, ...]], *, root: bool) -> Command:
    """All `questions` (argv of the client) in one start."""
    lines = (shlex.join(argv[1:]) for argv in questions)
    return command(("sh", "-c", ASK, "gbtui-bans", *lines), root=root)


def parse_answers(data: bytes, count: int) -> tuple[bytes, tuple[bytes, ...]]:
    """The place's clock, and the answer to each of `count` questions, from what `ASK` printed.

    Raises:
        Malformed: there are not as many prompts as questions.
    """
    head, *answers = data.split(PROMPT)
    if len(answers) != count + 1:  # one more for `quit`
        why = f"{len(answers)} prompts for {count} questions: {line(data, limit=80)!r}"
        raise Malformed("fail2ban-client -i", why=why)
    return head.split(b"\n", 1)[0], tuple(answers[:count])


def status_of(jail: str) -> tuple[str, ...]:
    return ("fail2ban-client", "status", jail)


def banip_of(jail: str) -> tuple[str, ...]:
    return ("fail2ban-client", "get", jail, "banip", "--with-time")


def parse_banned(data: bytes) -> tuple[dict[str, int], int]:
    """Jail → number banned, from `banned` (a Python literal), and the count of what is no jail.

    Raises:
        Malformed: it is not such a literal, or above a megabyte.
    """
    what = "fail2ban-client banned"
    if len(data) > MIB:
        raise Malformed(what, why=f"{len(data)} bytes are too many")
    try:
        # a literal is data: nothing in it can run, unlike in the pickle of fail2ban's own socket
        found = ast.literal_eval(text(data).strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError) as error:
        raise Malformed(what, why=f"not a list of jails: {line(data, limit=80)!r}") from error
    if not isinstance(found, list):
        raise Malformed(what, why=f"not a list of jails: {line(data, limit=80)!r}")
    jails: dict[str, int] = {}
    malformed = 0
    for entry in found:
        for name, banned in entry.items() if isinstance(entry, dict) else [("", None)]:
            named = isinstance(name, str) and _JAIL.fullmatch(name) and len(jails) < MOST_JAILS
            if named and isinstance(banned, list):
                jails[name] = len(banned)
            else:
                malformed += 1
    return jails, malformed


def parse_jails(data: bytes) -> tuple[str, ...]:
    """Names of the jails, from `status`."""
    for row in text(data).split("\n"):
        if match := _LIST.search(row):
            names = (name.strip() for name in match[1].split(","))
            return tuple(name for name in names if _JAIL.fullmatch(name))[:MOST_JAILS]
    return ()


def parse_status(data: bytes) -> Counts:
    """The counts in `status JAIL`."""
    counts = {match[1]: int(match[2]) for row in text(data).split("\n") if (match := _COUNT.search(row))}
    return Counts(
        counts.get("Currently failed"),
        counts.get("Total failed"),
        counts.get("Currently banned"),
        counts.get("Total banned"),
    )


def parse_clock(data: bytes) -> datetime | None:
    """The place's own clock (`CLOCK`), without zone, as fail2ban writes its times."""
    return _time(text(data).strip()[:19])


def parse_bans(data: bytes, now: datetime | None) -> tuple[tuple[Ban, ...], int]:
    """Lines of `get JAIL banip --with-time`, and the count of bad ones.

    fail2ban prints its server's local time without a zone: `left` is against `now`, the clock of
    the same place. None: without end, or the clock is not known.
    """
    bans, malformed = [], 0
    for row in text(data).split("\n"):
        if not row.strip():
            continue
        match = _BAN.fullmatch(row.rstrip())
        end = _time(match[4]) if match else None
        if match is None or end is None or not match[1].strip():
            malformed += 1
            continue
        forever = int(match[3]) < 0
        left = None if forever or now is None else max((end - now).total_seconds(), 0.0)
        bans.append(Ban(clean(match[1].strip()), left))
    return tuple(bans), malformed


def _time(value: str) -> datetime | None:
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S")  # no zone: fail2ban gives none
    except ValueError:
        return None
