"""Which commands a runbook may run by itself: those that only look. Everything else is an operation.

A list of what is allowed, not of what is forbidden: what nobody thought of is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_ANY = re.compile(r".*", re.DOTALL)
_JOURNAL_WRITES = "--rotate|--vacuum|--flush|--sync|--update|--setup|--relinquish|--smart"
_LOOKING = {
    "cat": _ANY,
    "df": _ANY,
    "grep": _ANY,
    "head": _ANY,
    "id": _ANY,
    "ls": _ANY,
    "stat": _ANY,
    "tail": re.compile(r"(?!.*(?:^| )(?:-f|-F|--follow)).*"),
    "uptime": _ANY,
    "ss": re.compile(r"(?!.*(?:^| )(?:-K|--kill)).*"),
    "ps": _ANY,
    "dig": _ANY,
    "du": _ANY,
    "free": _ANY,
    "journalctl": re.compile(rf"(?!.*(?:^| )(?:{_JOURNAL_WRITES}|-f|--follow)).*"),
    "systemctl": re.compile(r"(?:--\S+ )*(?:status|show|is-active|is-enabled|cat|list-\S+)\b.*"),
    "iptables": re.compile(r"(?:-w )?(?:-t \w+ )?-S\b.*"),
    "ip6tables": re.compile(r"(?:-w )?(?:-t \w+ )?-S\b.*"),
    "iptables-save": re.compile(r"(?!.*(?:-f|--file)).*"),
    "nft": re.compile(r"list\b.*"),
    "ufw": re.compile(r"status\b.*"),
    "zfs": re.compile(r"(?:list|get|holds)\b.*"),
    "zpool": re.compile(r"(?:list|status|get)\b.*"),
    "lxc": re.compile(r"(?:list|info|version)\b.*|config (?:show|get|device (?:show|list|get))\b.*"),
    "fail2ban-client": re.compile(r"(?:status|get|banned|ping|version)\b.*"),
    "pg_isready": _ANY,
    # a tree's own configuration names programs: its fsmonitor, and what shows a patch or a signature
    "git": re.compile(
        r"--no-optional-locks -c core\.fsmonitor=false -c log\.showSignature=false (?:-C \S+ )?"
        r"(?:status --ignore-submodules=all(?: --porcelain| --short)*|log(?: --oneline| -n \d+)*"
        r"|rev-parse\b.*|remote -v|ls-files\b.*)"
    ),
}
_VALKEY = re.compile(r"(?:-h \S+ )?(?:ping|type|ttl|exists|dbsize|info|--scan)\b.*", re.IGNORECASE)
_CURL_LONG = "data|form|upload|request|output|remote|config|cookie-jar"
_CURL_WRITES = re.compile(rf" (?:-[a-zA-Z]*[dFTXoOKc]|--(?:{_CURL_LONG}))")
_NOWHERE = re.compile(r" -o /dev/null\b")
_PSQL = frozenset(("-h", "-p", "-U", "-d", "-t", "-A", "-At", "-X", "-q", "-v", "-w", "-c"))
_SELECT = re.compile(r"\s*select\b(?!.*(?:\binto\b|\bpg_\w+\s*\())[^;]*;?\s*\Z", re.IGNORECASE | re.DOTALL)
_BARE = re.compile(r"""(?<!:):(?![:'"])|[\\`]""")
"""A variable of psql's that is not quoted by it, and what begins a command of psql's own."""


def refusal(argv: Sequence[str], stdin: str = "") -> str:
    """ "" where the command only looks, else why it is not taken for one that does."""
    if not argv:
        return "no command"
    if stdin and not argv[0].endswith("psql"):
        return "only psql is given an input"
    name, rest = argv[0].rpartition("/")[2], " ".join(argv[1:])
    if name in _LOOKING:
        fine = _LOOKING[name].fullmatch(rest) is not None
    elif name == "valkey-cli":
        fine = _VALKEY.fullmatch(rest) is not None
    elif name == "curl":
        fine = _CURL_WRITES.search(_NOWHERE.sub("", f" {rest}")) is None
    elif name == "psql":
        fine = _queries_only(argv[1:], stdin)
    else:
        return f"{name} is not among the commands that only look: make it an operation, or ask"
    return "" if fine else f"{name} with these words may change something: make it an operation, or ask"


def _queries_only(words: Sequence[str], stdin: str) -> bool:
    """Every `-c`, or the input, is one SELECT, and there is no option that could do anything else.

    psql puts variables (`-v`) into its input alone, never into `-c`, and quotes those written `:'name'`.
    """
    options = [word for word in words if word.startswith("-")]
    asked = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "-c"]
    if asked and ("-v" in options or stdin):
        return False
    if not asked and _BARE.search(stdin):
        return False
    return set(options) <= _PSQL and all(_SELECT.fullmatch(one) for one in asked or [stdin])
