"""CoreDNS as the checks see it: its Corefile, its zone files, and what it answers for each type. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gbtui.errors import Malformed
from gbtui.facts.dns import Block, Directive, Rule, acl_rules, parse_corefile
from gbtui.facts.dns_zone import zone_serial
from gbtui.text import clean, line

TYPES = {"A": 1, "AAAA": 28, "MX": 15, "TXT": 16, "CAA": 257, "NS": 2, "SOA": 6, "ANY": 255}
"""What is asked for: what mail, certificates and delegation need, and what amplifies."""
_RCODES = {"0": "NOERROR", "2": "SERVFAIL", "3": "NXDOMAIN", "5": "REFUSED"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its rcode ("silent" for none), how many records, the serial of an SOA (else 0)."""

    status: str
    records: int = 0
    serial: int = 0


@dataclass(frozen=True, slots=True)
class ZoneFile:
    """A zone's file: where, seconds since its last change, its serial (None: none of its own)."""

    path: str
    age: float
    serial: int | None


@dataclass(frozen=True, slots=True)
class DnsLook:
    """All of it. `answers` by zone, then by type."""

    blocks: tuple[Block, ...]
    files: Mapping[str, ZoneFile]
    answers: Mapping[str, Mapping[str, Answer]]

    @property
    def silent(self) -> bool:
        """It was asked, and answered nothing at all."""
        told = [one.status for each in self.answers.values() for one in each.values()]
        return bool(told) and all(status == "silent" for status in told)

    def rules(self, block: Block) -> tuple[Rule, ...] | None:
        """The acl of a server block, those of the snippets it imports among them; None where it has none.

        Raises:
            Malformed: the acl, or what is imported, is not understood.
        """
        acls = self._all(block, "acl")
        if not acls:
            return None
        rules = acl_rules(acls)
        if rules is None or any(one.arguments for one in acls):
            raise Malformed("acl in the Corefile", why=f"line {acls[0].line + 1}: not understood")
        return rules

    def _all(self, block: Block, name: str) -> list[Directive]:
        found: list[Directive] = []
        for one in block.directives:
            if one.name == name:
                found.append(one)
            elif one.name == "import" and one.arguments:
                snippet = f"({one.arguments[0]})"
                inner = next((other for other in self.blocks if snippet in other.keys), None)
                if inner is None:
                    why = f"line {one.line + 1}: imports {one.arguments[0]}"
                    raise Malformed("Corefile", why=f"{why}, which is not looked into")
                found += inner.all(name)
        return found

    @property
    def servers(self) -> tuple[Block, ...]:
        """The server blocks: no snippets."""
        return tuple(
            block for block in self.blocks if not block.keys[:1] or not block.keys[0].startswith("(")
        )


def parse_look(data: bytes) -> DnsLook:
    """The answer of `gbtui-dns-look`.

    Raises:
        Malformed: the Corefile, or the answer, is not understood.
    """
    look: DnsLook | None = None
    files: dict[str, ZoneFile] = {}
    answers: dict[str, dict[str, Answer]] = {}
    for row in data.split(b"\n"):
        words = row.split(b" ")
        what = words[0]
        if what == b"corefile" and len(words) == 2:
            look = DnsLook(parse_corefile(_decoded(words[1])), {}, {})
        elif what == b"zone" and len(words) >= 5:
            zone, age = (line(word) for word in words[1:3])
            path = clean(line(b" ".join(words[3:-1])))
            files[zone] = ZoneFile(path, _number(age), zone_serial(_decoded(words[-1])))
        elif what == b"answer" and len(words) == 6:
            zone, kind, code, records, serial = (line(word) for word in words[1:])
            status = _RCODES.get(code, code if code == "silent" else f"rcode {code}")
            answers.setdefault(zone, {})[kind] = Answer(status, _number(records), _number(serial))
    if look is None:
        raise Malformed("CoreDNS", why=f"it begins {line(data, limit=80)!r}")
    return replace(look, files=files, answers=answers)


def _decoded(word: bytes) -> bytes:
    try:
        return base64.b64decode(word, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("a file of CoreDNS", why=str(error)) from error


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 16 else 0
