"""What looks like a secret is masked, what does not stays, and twice is as good as once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.guard.mask import mask

SECRET = "s3cr3t-Value/9"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"password={SECRET}", "password=***"),
        (f"DB_PASSWORD={SECRET} next", "DB_PASSWORD=*** next"),
        (f"passwd: {SECRET}", "passwd: ***"),
        (f"SMTP_PASS={SECRET}", "SMTP_PASS=***"),
        (f'{{"client_secret":"{SECRET}","user":"alice"}}', '{"client_secret":***,"user":"alice"}'),
        (f"'token': '{SECRET}'", "'token': ***"),
        (f"VAULT_TOKEN={SECRET}", "VAULT_TOKEN=***"),
        (f"aws_secret_access_key = {SECRET}", "aws_secret_access_key = ***"),
        (f"key={SECRET}", "key=***"),
        (f"API_KEY={SECRET}", "API_KEY=***"),
        (f"Unseal Key 1: {SECRET}", "Unseal Key 1: ***"),
        (f"curl -u alice:{SECRET} https://x/", "curl -u alice:*** https://x/"),
        (f"mysql --password {SECRET} db", "mysql --password *** db"),
        (f"postgres://gbuser:{SECRET}@10.0.0.5/db", "postgres://gbuser:***@10.0.0.5/db"),
        (f"https://alice:{SECRET}@git.example.com/x.git", "https://alice:***@git.example.com/x.git"),
        ("https://ghp_abcdefghijklmnopqrstuvwx@github.com/x", "https://***@github.com/x"),
        ("Authorization: Basic YWxpY2U6c2VjcmV0", "Authorization: Basic ***"),
        ("authorization: bearer eyJhbGciOiJI.eyJ.x-y_z", "authorization: bearer ***"),
        ("alice $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG", "alice ***"),
        ("dns cloudflare abcdefghij0123456789", "dns cloudflare ***"),
        ("root token hvs.CAESIJ0123456789abcdef0123", "root token ***"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nrest", "***\nrest"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\ncut off", "***"),
    ],
)
def test_a_secret_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked
    assert SECRET not in masked


@pytest.mark.parametrize(
    "text",
    [
        "-A INPUT -i lo -j ACCEPT",
        "tank/lxd/containers/acme-system@daily-2026-11-23 1.2G",
        "ssh://ops@host:2222/x",
        "https://acme.example.com/path?page=2",
        "basic auth is on",
        "bypass: 3 rules; passed: 12",
        "monkey: 3",
        "200 GET /api/tokens",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  /etc/x",
        "config device add acme-proxy https proxy listen=tcp:0.0.0.0:443 connect=tcp:127.0.0.1:443",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text(max_size=200))
def test_twice_is_as_good_as_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(
    st.sampled_from(["password", "DB_PASSWORD", "token", "client-secret", "X_API_KEY", "unseal_key"]),
    st.sampled_from(["=", ": ", " = "]),
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8, max_size=40),
    st.text(max_size=30),
)
def test_the_value_of_a_named_secret_never_gets_through(
    name: str, sign: str, value: str, before: str
) -> None:
    assert value not in mask(f"{before}\n{name}{sign}{value}\n").removeprefix(mask(before))
