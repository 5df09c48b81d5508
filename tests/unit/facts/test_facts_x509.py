"""Validity of certificates: real ones, torn ones, anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from gbtui.demo import certificate
from gbtui.errors import Malformed
from gbtui.facts.x509 import validity

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


def real(name: str, begins: datetime, ends: datetime) -> bytes:
    """A certificate as an authority makes it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:60])])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(KEY, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    st.integers(1, 10_000),
)
def test_what_an_authority_writes_is_read(begins: datetime, hours: int) -> None:
    begins = begins.replace(microsecond=0)
    found = validity(real("www.acme.example", begins, begins + timedelta(hours=hours)))
    assert (found.begins, found.lasts) == (begins, timedelta(hours=hours))


def test_the_first_of_a_chain_counts() -> None:
    first, second = (real("a.example", AT, AT + timedelta(days=days)) for days in (90, 3000))
    assert validity(first + second).lasts == timedelta(days=90)


def test_the_demo_hosts_certificates_are_read_as_a_library_reads_them() -> None:
    begins = AT.timestamp()
    pem = certificate.pem("www.acme.example", begins, begins + 86400)
    assert validity(pem).ends == AT + timedelta(days=1)


@given(st.binary(max_size=300))
def test_anything_else_is_refused_in_words(data: bytes) -> None:
    for wrong in (data, b"-----BEGIN CERTIFICATE-----\n" + data + b"\n-----END CERTIFICATE-----\n"):
        with pytest.raises(Malformed):
            validity(wrong)


@given(st.integers(1, 700))
def test_a_torn_certificate_is_refused_or_whole_enough(cut: int) -> None:
    whole = real("www.acme.example", AT, AT + timedelta(days=90))
    try:
        found = validity(whole[:cut])
    except Malformed:
        return
    assert found.lasts == timedelta(days=90)
