"""What the values of a profile may be, beyond their kind: words that are known, and sensible numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gbtui.toml_lines import Key, TomlFile


@dataclass(frozen=True, slots=True)
class Form:
    """`form` says for people what `fits` tests."""

    form: str
    fits: Callable[[Any], bool]


def _one_of(*words: str) -> Form:
    return Form(" or ".join(words), lambda said: said in words)


def _number(least: int, most: int | None = None) -> Form:
    form = f"{least} or more" if most is None else f"{least} to {most}"
    return Form(form, lambda said: said >= least and (most is None or said <= most))


def _outer_port(said: str) -> bool:
    found = re.fullmatch(r"(?:tcp|udp):([0-9]{1,5})", said)
    return found is not None and 0 < int(found[1]) < 65536


PORT, PERCENT, SOME = _number(1, 65535), _number(1, 100), _number(1)
FORMS: dict[Key, Form] = {
    ("forwarding",): _one_of("devices", "dnat"),
    ("probes", "*", "kind"): _one_of("http", "process", "command"),
    ("roles", "*", "exposed", "*"): Form("tcp:PORT or udp:PORT", _outer_port),
    ("snapshots", "pool_warning"): PERCENT,
    ("snapshots", "pool_error"): PERCENT,
    ("snapshots", "held"): PERCENT,
    ("snapshots", "rolling_hours"): SOME,
    ("snapshots", "keep"): SOME,
    ("proxy", "vhost_floor"): _number(0),
    ("proxy", "backup_within"): SOME,
    ("proxy", "log_quiet"): SOME,
    ("cache", "port"): PORT,
    ("firewall", "closed_ports", "*"): PORT,
    ("mail", "greets", "*"): PORT,
    ("bans", "flood_limits"): Form("three numbers: errors, seconds, seconds", lambda said: len(said) == 3),
    ("bans", "flood_limits", "*"): SOME,
    ("ci", "cache_limit"): SOME,
    ("ci", "caches", "*", "depth"): _number(0),
}
"""By key; "*" stands for any part of one."""


def fitting(said: Any, file: TomlFile, at: Key) -> Any:
    """`said`, where it may stand at that key.

    Raises:
        BadInput: it may not, with file, line and the expected form.
    """
    for pattern, form in FORMS.items():
        here = len(pattern) == len(at) and all(a in ("*", b) for a, b in zip(pattern, at, strict=True))
        if here and not form.fits(said):
            raise file.error(at, f"{str(said)[:40]!r} cannot be", form.form)
    return said
