"""The parameters of the proxy's operations."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from gbtui.errors import BadInput
from gbtui.guard.mask import mask
from gbtui.hosts.base import MIB
from gbtui.operations.base import Parameter
from gbtui.operations.parameters import CONTAINER

_PATH = re.compile(r"/[A-Za-z0-9._@+/-]{1,250}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})+")
_NAMES_MOST = 64
_BACKUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,100}\.bak-\d{12}(?:\d\d)?(?:\.undone)?")
REASON_LONGEST = 199
LONGEST = MIB
"""Bytes of a Caddyfile at most."""


def path(value: str) -> str:
    """ "" for an absolute path of plain characters without "..", else why not."""
    if not _PATH.fullmatch(value) or value.endswith("/"):
        return "not an absolute path of letters, digits and . _ @ + -"
    return "it must not go up or in place" if {"", ".", ".."} & set(value[1:].split("/")) else ""


def _domain(value: str) -> str:
    return "" if len(value) <= 253 and _NAME.fullmatch(value) else "not a domain name in lower case"


def _domains(value: str) -> str:
    names = value.split(",")
    if len(names) > _NAMES_MOST:
        return f"more than {_NAMES_MOST} names"
    return next(filter(None, map(_domain, names)), "")


def _reason(value: str) -> str:
    if not value.isprintable() or not value.strip():
        return "not words on one line"
    if mask(value) != value:
        return "it looks as if a secret stood in it, and the journal keeps it"
    return f"longer than {REASON_LONGEST} characters" if len(value) > REASON_LONGEST else ""


WHICH = Parameter("container", f"{CONTAINER.form}; the one with the role proxy", CONTAINER.check, default="")
FILE = Parameter("file", "/PATH of a Caddyfile on this machine", path)
DOMAIN = Parameter("domain", "NAME of a vhost, such as old.acme.example", _domain)
GOING = Parameter("domain", "NAME,NAME… of vhosts that are meant to go", _domains, default="")
BACKUP = Parameter(
    "backup",
    "NAME of a backup beside the configuration, such as config.bak-20261123140322",
    lambda value: "" if _BACKUP.fullmatch(value) else "not the name of a backup",
)
REASON = Parameter("reason", "WORDS that say why", _reason)
ROOT = Parameter(
    "root", "/PATH of the storage in the container (the guide's where left out)", path, default=""
)


def named(value: str) -> tuple[str, ...]:
    """The names of a list with commas."""
    return tuple(name for name in value.split(",") if name)


async def read_file(path: str) -> bytes:
    """A file of the operator's machine. Raises BadInput where it cannot be read or is no Caddyfile's size."""
    try:
        data = await asyncio.to_thread(_bytes, Path(path))
    except OSError as error:
        hint = "a Caddyfile on this machine, by its whole path"
        raise BadInput(f"file={path}", why=error.strerror or "it cannot be read", hint=hint) from error
    if not data.strip() or len(data) > LONGEST:
        size = "is empty" if not data.strip() else f"has more than {LONGEST} bytes"
        raise BadInput(f"file={path}", why=f"it {size}", hint="a whole Caddyfile")
    return data


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LONGEST + 1)
