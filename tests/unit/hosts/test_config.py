"""The configuration: read strictly, refused with file, line and the expected form."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.config import (
    Config,
    HostConfig,
    config_path,
    load_config,
    parse_address,
    parse_config,
    resolve_host,
)
from gbtui.errors import BadInput

FULL = """\
default = "prod"

[hosts.prod]
address = "ssh://ops@host.example.org:2222"
known_hosts = ["~/kh", "/etc/kh"]
identity = "~/.ssh/id"
lxd_socket = "/srv/lxd/unix.socket"
tenant = "acme"
read_only = true

[hosts.here]
address = "local"

[hosts."play.ground"]
address = "demo"
known_hosts = "/one"
"""


def test_everything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ops")
    config = parse_config(FULL, Path("c.toml"))
    assert config.default == "prod"
    assert config.hosts["prod"] == HostConfig(
        name="prod",
        kind="ssh",
        host="host.example.org",
        user="ops",
        port=2222,
        known_hosts=("/home/ops/kh", "/etc/kh"),
        identity="/home/ops/.ssh/id",
        lxd_socket="/srv/lxd/unix.socket",
        tenant="acme",
        read_only=True,
    )
    assert config.hosts["prod"].address == "ssh://ops@host.example.org:2222"
    assert config.hosts["here"] == HostConfig("here", "local")
    assert config.hosts["play.ground"].kind == "demo"
    assert config.hosts["play.ground"].known_hosts == ("/one",)


HEAD = '[hosts.a]\naddress = "local"\n\n[hosts.b]\naddress = "ssh://h"\n'


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("colour = 1\n", 1, "unknown key"),
        (HEAD + "adress = 1\n", 6, "unknown key"),
        (HEAD + "read_only = 1\n", 6, "true or false"),
        (HEAD + 'tenant = ""\n', 6, "a name"),
        (HEAD + "tenant = 5\n", 6, "a name"),
        (HEAD + 'lxd_socket = "rel"\n', 6, "an absolute path"),
        (HEAD + "identity = []\n", 6, "a path"),
        (HEAD + 'known_hosts = "none"\n', 6, "verification off"),
        (HEAD + 'known_hosts = "/dev/null"\n', 6, "verification off"),
        (HEAD + 'known_hosts = ""\n', 6, "verification off"),
        (HEAD + "known_hosts = []\n", 6, "verification off"),
        (HEAD + 'known_hosts = ["/a", "None"]\n', 6, "verification off"),
        (HEAD + "known_hosts = [1]\n", 6, "a path, or a list"),
        ('[hosts.a]\naddress = "telnet://x"\n', 2, '"ssh://user@host:port"'),
        ("[hosts.a]\naddress = 5\n", 2, '"ssh://user@host:port"'),
        ('# one\n[hosts.a]\ntenant = "x"\n', 2, "address is missing"),
        ('default = "no"\n' + HEAD, 1, "one of a, b"),
        ("hosts = 5\n", 1, "not a table"),
        ("[hosts]\nx = 5\n", 2, "not a table"),
        ('[hosts."a b"]\naddress = "local"\n', 1, "not a name"),
        ('[hosts]\nx = { address = "local", colour = 1 }\n', 2, "unknown key"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(source: str, line: int, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_config(source, Path("/etc/c.toml"))
    assert f"/etc/c.toml, line {line}:" in str(caught.value)
    assert says in str(caught.value)


def test_toml_errors_say_where() -> None:
    with pytest.raises(BadInput, match=r"c\.toml.*line 2"):
        parse_config("a = 1\nb = = 2\n", Path("c.toml"))


@pytest.mark.parametrize(
    ("text", "host", "user", "port"),
    [
        ("ssh://host", "host", "", None),
        ("ssh://ops@Host-1.example.org:2222/", "Host-1.example.org", "ops", 2222),
        ("ssh://ops@[2001:db8::1]:22", "2001:db8::1", "ops", 22),
        ("ssh://192.0.2.1", "192.0.2.1", "", None),
    ],
)
def test_addresses(text: str, host: str, user: str, port: int | None) -> None:
    made = parse_address(text)
    assert (made.kind, made.host, made.user, made.port) == ("ssh", host, user, port)
    assert parse_address(made.address) == made


@pytest.mark.parametrize(
    "text",
    [
        "host",
        "",
        "ssh://",
        "ssh://-oProxyCommand=id",
        "ssh://a@-x",
        "ssh://-x@a",
        "ssh://host:0",
        "ssh://host:99999",
        "ssh://host:x",
        "ssh://u:secret@host",
        "ssh://host/path",
        "ssh://host?x",
        "ssh://ho st",
        "ssh://host\n",
        "http://host",
        "ssh://[::1",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_address(text)
    assert "ssh://user@host:port" in str(caught.value)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for form in (text, f"ssh://{text}"):
        try:
            made = parse_address(form)
        except BadInput:
            continue
        assert not made.host.startswith("-")
        assert not made.user.startswith("-")


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_or_refused(source: str) -> None:
    with contextlib.suppress(BadInput):
        assert isinstance(parse_config(source, Path("c.toml")), Config)


def test_resolve_host() -> None:
    config = parse_config(FULL, Path("c.toml"))
    assert resolve_host(None, config).name == "prod"
    assert resolve_host("here", config).kind == "local"
    assert resolve_host("demo", config).kind == "demo"
    assert resolve_host("ssh://ops@x:1", config).port == 1
    assert resolve_host(None, Config()) == HostConfig("local", "local")
    with pytest.raises(BadInput, match="prod"):
        resolve_host("nope", config)


def test_where_the_file_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GBTUI_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_path() == tmp_path / "gbtui/config.toml"
    assert load_config() == Config()
    monkeypatch.setenv("GBTUI_CONFIG", str(tmp_path / "mine.toml"))
    with pytest.raises(BadInput, match="no such file"):
        load_config()
    (tmp_path / "mine.toml").write_text(FULL)
    assert load_config().default == "prod"
    (tmp_path / "mine.toml").write_bytes(b"\xff")
    with pytest.raises(BadInput, match=r"mine\.toml"):
        load_config()
