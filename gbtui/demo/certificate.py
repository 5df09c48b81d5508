"""Certificates of the simulated host: as much of X.509 as says when they are valid. Nobody signed them."""

from __future__ import annotations

import base64
import textwrap
from datetime import UTC, datetime


def pem(name: str, begins: float, ends: float) -> bytes:
    """A certificate for `name`, valid between two times (epoch seconds)."""
    algorithm = _of(0x30, bytes.fromhex("06082a8648ce3d040302"))  # ecdsa-with-SHA256
    subject = _of(0x30, _of(0x31, _of(0x30, bytes.fromhex("0603550403") + _of(0x0C, name.encode()))))
    valid = _of(0x30, _time(begins) + _time(ends))
    version, serial = _of(0xA0, _of(0x02, b"\x02")), _of(0x02, b"\x01" + name.encode()[:8])
    signed = _of(0x30, version + serial + algorithm + subject + valid + subject)
    der = _of(0x30, signed + algorithm + _of(0x03, b"\0" * 9))
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()


def _of(tag: int, content: bytes) -> bytes:
    if len(content) < 128:
        return bytes((tag, len(content))) + content
    return bytes((tag, 0x82)) + len(content).to_bytes(2, "big") + content


def _time(at: float) -> bytes:
    return _of(0x17, datetime.fromtimestamp(at, UTC).strftime("%y%m%d%H%M%SZ").encode())
