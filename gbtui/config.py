"""Which hosts there are: `~/.config/gbtui/config.toml`, or an address given directly.

    default = "prod"

    [hosts.prod]
    address = "ssh://ops@host.example.org:22"   # or "local", or "demo"
    known_hosts = "~/.ssh/known_hosts"          # a path, or a list of paths
    identity = "~/.ssh/id_ed25519"
    lxd_socket = "/var/snap/lxd/common/lxd/unix.socket"
    tenant = "acme"
    read_only = false
    profile = "guide"                           # or a file that overrides single values of one

    [keys]
    "pane.filter" = "f3"                        # ids as in docs/keys.md

Reading is strict: what is not understood is refused with file, line and the expected form.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from gbtui.errors import BadInput
from gbtui.text import clean
from gbtui.toml_lines import TomlFile, read_toml

WHAT = "configuration"
#: Names of a `known_hosts` that would turn host key verification off.
NO_VERIFICATION = frozenset({"", "none", os.devnull})

ADDRESS_FORM = '"ssh://user@host:port", "local" or "demo"'
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HOSTNAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}|[0-9A-Fa-f:.]+(?:%[A-Za-z0-9_.-]+)?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")
_KEYS = re.compile(r"[A-Za-z0-9_+]{1,32}(,[A-Za-z0-9_+]{1,32}){0,7}")
_FORMS = {
    "address": ADDRESS_FORM,
    "known_hosts": "a path, or a list of paths",
    "identity": "a path of a private key",
    "lxd_socket": "an absolute path",
    "tenant": 'a name such as "acme"',
    "read_only": "true or false",
    "profile": 'a profile that comes with gbtui ("guide"), or the path of a TOML file',
}


@dataclass(frozen=True, slots=True)
class HostConfig:
    """How one host is reached. `host`, `user` and `port` are for ssh; "" and None: as ~/.ssh/config
    or ssh's defaults say. Paths are expanded."""

    name: str
    kind: Literal["local", "ssh", "demo"]
    host: str = ""
    user: str = ""
    port: int | None = None
    known_hosts: tuple[str, ...] = ()
    identity: str | None = None
    lxd_socket: str | None = None
    tenant: str = ""
    read_only: bool = False
    profile: str = ""

    @property
    def address(self) -> str:
        """As a user writes it."""
        if self.kind != "ssh":
            return self.kind
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ssh://{self.user + '@' if self.user else ''}{host}{f':{self.port}' if self.port else ''}"


@dataclass(frozen=True, slots=True)
class Config:
    """The configured hosts by name, which is meant when none is named, and keys by the action's id."""

    hosts: Mapping[str, HostConfig] = field(default_factory=dict)
    default: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None


def config_path() -> Path:
    """`$GBTUI_CONFIG`, or `gbtui/config.toml` in `$XDG_CONFIG_HOME` or `~/.config`."""
    if named := os.environ.get("GBTUI_CONFIG"):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "gbtui" / "config.toml"


def load_config(path: Path | None = None) -> Config:
    """The configuration at `path` (default: `config_path()`); empty when there is no file.

    Raises:
        BadInput: it cannot be read or says something that is not understood.
    """
    chosen = path or config_path()
    try:
        return _config(read_toml(chosen, WHAT))
    except FileNotFoundError:
        if path is None and not os.environ.get("GBTUI_CONFIG"):
            return Config()
        raise BadInput(f"{WHAT} {chosen}", why="there is no such file") from None


def parse_config(source: str, path: Path) -> Config:
    """The configuration in `source`; `path` is for its words.

    Raises:
        BadInput: with file, line and the expected form.
    """
    return _config(TomlFile(source, path, WHAT))


def _config(file: TomlFile) -> Config:
    table, reader = file.table, _Reader(file)
    for key in table:
        if key not in {"default", "hosts", "keys"}:
            raise reader.error((key,), "unknown key", "default = NAME, [hosts.NAME] tables, and [keys]")
    entries = table.get("hosts", {})
    if not isinstance(entries, dict):
        raise reader.error(("hosts",), "not a table", "[hosts.NAME]")
    hosts = {name: reader.host(name, entry) for name, entry in entries.items()}
    default = table.get("default")
    if default is not None and (not isinstance(default, str) or default not in hosts):
        raise reader.error(("default",), "names no configured host", f"one of {', '.join(hosts) or 'none'}")
    return Config(hosts, default, reader.keys(table.get("keys", {})), file.path)


def resolve_host(text: str | None, config: Config) -> HostConfig:
    """The host that `text` names: a configured name, `local`, `demo` or `ssh://…`.

    None: the configured default, or this machine.

    Raises:
        BadInput: it names nothing.
    """
    wanted = text if text is not None else config.default
    if wanted is None:
        return HostConfig("local", "local")
    if wanted in config.hosts:
        return config.hosts[wanted]
    if wanted in {"local", "demo"} or wanted.startswith("ssh://"):
        return parse_address(wanted)
    known = ", ".join(sorted(config.hosts)) or "none configured"
    raise BadInput(f"host {clean(wanted)!r}", why="no such host", hint=f"ssh://user@host[:port], or: {known}")


def parse_address(text: str, *, name: str = "") -> HostConfig:
    """A host from its address alone.

    Raises:
        BadInput: it is none of the forms.
    """
    if text in {"local", "demo"}:
        return HostConfig(name or text, "local" if text == "local" else "demo")
    wrong = BadInput(f"address {clean(text)!r}", why="not an address", hint=ADDRESS_FORM)
    try:
        parts = urlsplit(text)
        port, user = parts.port, parts.username or ""
    except ValueError:
        raise wrong from None
    # not `parts.hostname`, which is in lower case: a Host in ~/.ssh/config need not be
    place = parts.netloc.rpartition("@")[2]
    host = place[1 : place.find("]")] if place.startswith("[") else place.partition(":")[0]
    # `text != clean(text)`: urlsplit drops line feeds and tabs in silence
    if (
        text != clean(text)
        or parts.scheme != "ssh"
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or port == 0
    ):
        raise wrong
    if parts.password is not None:
        raise BadInput("address", why="it holds a password", hint="use a key or an agent: " + ADDRESS_FORM)
    if not _HOSTNAME.fullmatch(host) or (user and not _USER.fullmatch(user)):
        raise wrong
    return HostConfig(name or host, "ssh", host=host, user=user, port=port)


class _Reader:
    """Reads host tables and knows where in the file each key stands."""

    def __init__(self, file: TomlFile) -> None:
        self.error = file.error

    def host(self, name: str, entry: Any) -> HostConfig:
        """One `[hosts.NAME]` table."""
        at = ("hosts", name)
        if not _NAME.fullmatch(name):
            raise self.error(at, "not a name", "letters, digits, . _ -")
        if not isinstance(entry, dict):
            raise self.error(at, "not a table", f"[hosts.{name}]")
        for key in entry:
            if key not in _FORMS:
                raise self.error((*at, key), "unknown key", f"one of {', '.join(_FORMS)}")
        address = self._string(at, entry, "address")
        if address is None:
            raise self.error(at, "address is missing", f"address = {ADDRESS_FORM}")
        try:
            base = parse_address(address, name=name)
        except BadInput as error:
            raise self.error((*at, "address"), error.why, ADDRESS_FORM) from error
        socket = self._string(at, entry, "lxd_socket")
        if socket is not None and not socket.startswith("/"):
            raise self.error((*at, "lxd_socket"), "not absolute", _FORMS["lxd_socket"])
        identity = self._string(at, entry, "identity")
        read_only = entry.get("read_only", False)
        if not isinstance(read_only, bool):
            raise self.error((*at, "read_only"), "wrong type", _FORMS["read_only"])
        return HostConfig(
            name=name,
            kind=base.kind,
            host=base.host,
            user=base.user,
            port=base.port,
            known_hosts=self._known_hosts(at, entry),
            identity=_expanded(identity) if identity is not None else None,
            lxd_socket=socket,
            tenant=self._string(at, entry, "tenant") or "",
            read_only=read_only,
            profile=self._string(at, entry, "profile") or "",
        )

    def keys(self, entry: Any) -> dict[str, str]:
        """The `[keys]` table; whether an id exists only the screens know."""
        form = '"ACTION" = "KEY", several keys separated by commas'
        if not isinstance(entry, dict):
            raise self.error(("keys",), "not a table", f"[keys] with {form}")
        for action, key in entry.items():
            if not isinstance(key, str) or not _KEYS.fullmatch(key):
                raise self.error(("keys", action), "not a key", form)
        return dict(entry)

    def _known_hosts(self, at: tuple[str, ...], entry: dict[str, Any]) -> tuple[str, ...]:
        if "known_hosts" not in entry:
            return ()
        value = entry["known_hosts"]
        paths = value if isinstance(value, list) else [value]
        where = (*at, "known_hosts")
        if not all(isinstance(item, str) for item in paths):
            raise self.error(where, "wrong type", _FORMS["known_hosts"])
        if not paths or any(turns_verification_off(item) for item in paths):
            raise self.error(where, "it turns host key verification off", _FORMS["known_hosts"])
        return tuple(_expanded(item) for item in paths)

    def _string(self, at: tuple[str, ...], entry: dict[str, Any], key: str) -> str | None:
        value = entry.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value or clean(value) != value:
            raise self.error((*at, key), "wrong type or empty", _FORMS[key])
        return value


def turns_verification_off(path: str) -> bool:
    """Whether a `known_hosts` of this name means that no host key is checked."""
    return path.strip().lower() in NO_VERIFICATION


def _expanded(path: str) -> str:
    return str(Path(path).expanduser())
