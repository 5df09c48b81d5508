"""SSH keys of the CI runner and of where it deploys to, as gbtui's scripts tell them (item 78)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from gbtui import text

TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
LONGEST = 4000
_BLOB = re.compile(r"[A-Za-z0-9+/]{32,3000}={0,2}")
_COMMENT = re.compile(r"[A-Za-z0-9._@-]{1,100}")


@dataclass(frozen=True, slots=True)
class Key:
    """A public key. `comment` is "" where it has none, or one that is no plain word."""

    kind: str
    blob: str
    comment: str = ""

    @property
    def line(self) -> str:
        """As it stands in authorized_keys."""
        return " ".join(part for part in (self.kind, self.blob, self.comment) if part)

    @property
    def words(self) -> str:
        """Enough of it to know it again: kind, the end of the key, comment."""
        return f"{self.kind} …{self.blob[-12:]}" + (f" ({self.comment})" if self.comment else "")


@dataclass(frozen=True, slots=True)
class Side:
    """One end of the connection: what the user's home holds. "" and () for what is not there.

    `folder`, `file` and `home` are "MODE USER", "missing" or "link"; `ssh` whether its program (for
    the target: its listener) is there; `keys` the runner's own, or the target's host keys; `known`
    the host keys that the runner knows the target by.
    """

    home: str = ""
    home_state: str = ""
    folder: str = ""
    file: str = ""
    ssh: bool = False
    keys: tuple[Key, ...] = ()
    known: tuple[Key, ...] = ()


def parse_key(value: str) -> Key | None:
    """`TYPE BASE64 [COMMENT]`, whose inside says the same type; None where it is none."""
    kind, _, rest = value.strip().partition(" ")
    blob, _, comment = rest.strip().partition(" ")
    if kind not in TYPES or len(value) > LONGEST or not _BLOB.fullmatch(blob):
        return None
    try:
        inside = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        return None
    name = kind.encode()
    if inside[: 4 + len(name)] != len(name).to_bytes(4, "big") + name:
        return None
    return Key(kind, blob, comment if _COMMENT.fullmatch(comment) else "")


def parse_side(data: bytes) -> Side:
    """The answer of gbtui-key-runner or gbtui-key-target; a line that is none is left out."""
    rows = [row.partition("\t")[::2] for row in text.text(data).splitlines()]
    one: Mapping[str, str] = dict(reversed(rows))
    return Side(
        home=one.get("home", ""),
        home_state=one.get("home-state", ""),
        folder=one.get("folder", ""),
        file=one.get("file", ""),
        ssh=one.get("ssh") == "yes",
        keys=tuple(key for name, value in rows if name == "key" and (key := parse_key(value))),
        known=tuple(
            key for name, value in rows if name == "known" and (key := parse_key(value.partition(" ")[2]))
        ),
    )
