"""When a certificate is valid: its two times, read from PEM without a library for the rest of it. Pure.

X.509 in DER (RFC 5280, 4.1): Certificate { tbsCertificate { [0] version?, serial, algorithm, issuer,
validity { notBefore, notAfter }, … } … }.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gbtui.errors import Malformed
from gbtui.text import text

_SEQUENCE, _VERSION, _UTC_TIME, _TIME = 0x30, 0xA0, 0x17, 0x18
_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when, in UTC."""

    begins: datetime
    ends: datetime

    @property
    def lasts(self) -> timedelta:
        return self.ends - self.begins


def validity(pem: bytes) -> Validity:
    """The validity of the first certificate in `pem`.

    Raises:
        Malformed: there is none, or it is not understood.
    """
    body = pem.partition(_BEGIN)[2].partition(_END)[0]
    try:
        der = base64.b64decode(b"".join(body.split()), validate=True)
        _, certificate = next(_values(der))
        _, signed = next(_values(certificate))
        parts = [value for tag, value in _values(signed) if tag != _VERSION]
        begins, ends = [_time(tag, value) for tag, value in _values(parts[3])][:2]
    except (binascii.Error, ValueError, IndexError, StopIteration) as error:
        raise Malformed("a certificate", why=str(error) or "cut short") from error
    return Validity(begins, ends)


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(tag, content) of each value in a row."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            if not 0 < count < 5:
                raise ValueError("a length that is none")
            length, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + length > len(data):
            raise ValueError("cut short")
        yield tag, data[at : at + length]
        at += length


def _time(tag: int, value: bytes) -> datetime:
    words = text(value)
    if tag == _UTC_TIME:
        words = ("19" if words[:2] >= "50" else "20") + words
    elif tag != _TIME:
        raise ValueError("no time where one must be")
    return datetime.strptime(words, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
