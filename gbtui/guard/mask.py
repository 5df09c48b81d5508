"""Secrets in what programs print: masked before it is journaled, shown or sent to the host's own journal.

A net under R8, not a substitute for it: gbtui hands secrets over by stdin only. Patterns cannot know
every secret, and a masked word that was none costs nothing. A plan is never masked (what was
previewed is what runs), and therefore never holds a secret.
"""

from __future__ import annotations

import re
from typing import Any

MASK = "***"

_WORDS = "passw(?:or)?d|passphrase|secret|token|credential|api[_-]?key|unseal[_-]?key|private[_-]?key"
_NAME = rf"(?:[\w.-]*(?:{_WORDS})[\w.-]*|(?:[\w.-]*[_.-])?pass)"
_VALUE = r"""(?:"[^"\n]*"|'[^'\n]*'|[^\s"',;&]+)"""

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # whole private keys
    (re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL), MASK),
    # user:password@ in addresses; with http also a token that stands alone for the user
    (re.compile(r"(?i)\b(https?://)[^\s/@\"']+@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s/:@\"']*):[^\s\"']+@"), rf"\1:{MASK}@"),
    # Authorization: Basic … · Bearer …
    (re.compile(r"(?i)\b(basic|bearer)[ \t]+[A-Za-z0-9+/._~=-]{6,}"), rf"\1 {MASK}"),
    # curl -u user:password
    (re.compile(r"(?<!\S)(-u|--user)([= ])([^\s:'\"]+):\S+"), rf"\1\2\3:{MASK}"),
    # name=value, name: value, "name": "value"; and key=value, where a colon would be plain text
    (re.compile(rf"(?i)(?<![\w.-])({_NAME}[\"']?[ \t]*[=:][ \t]*){_VALUE}"), rf"\1{MASK}"),
    (re.compile(rf"(?i)(?<![\w.-])((?:[\w.-]*[_.-])?key[\"']?=){_VALUE}"), rf"\1{MASK}"),
    # --password value, Unseal Key 1: value
    (re.compile(rf"(?i)(?<!\S)(--?(?:password|passphrase|secret|token)[ \t]+)(?!-){_VALUE}"), rf"\1{MASK}"),
    (re.compile(rf"(?i)\b(unseal key \d+[ \t]*:[ \t]*){_VALUE}"), rf"\1{MASK}"),
    # a password's bcrypt hash; a DNS provider's token in a Caddyfile
    (re.compile(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{20,}"), MASK),
    (re.compile(r"\b(dns[ \t]+[a-z0-9_]+[ \t]+)[^\s{}]{16,}"), rf"\1{MASK}"),
    # tokens that are known by their looks: Vault, GitHub
    (re.compile(r"\b(?:hv[sbr]\.[\w-]{20,}|gh[pousr]_\w{20,})"), MASK),
)


def mask(text: str) -> str:
    """`text` with what looks like a secret replaced. Twice is as good as once."""
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text


def mask_tree(value: Any) -> Any:
    """JSON values with every text in them masked; keys stay."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list | tuple):
        return [mask_tree(item) for item in value]
    if isinstance(value, dict):
        return {key: mask_tree(item) for key, item in value.items()}
    return value
