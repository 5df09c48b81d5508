"""Which host keys are trusted, and what ~/.ssh/config says of a host.

Verification is never off: `known_hosts` goes to asyncssh explicitly, always, for every hop. asyncssh
by itself would follow a `UserKnownHostsFile none` in silence.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gbtui.config import HostConfig, turns_verification_off
from gbtui.errors import BadInput, Denied, GbtuiError, Unreachable
from gbtui.text import clean

DEFAULT_KNOWN_HOSTS = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")


@dataclass(frozen=True, slots=True)
class Target:
    """One machine to connect to. `host` is what the user wrote (an alias, perhaps); `real_host`,
    `real_port` and `user` are what ~/.ssh/config makes of it; `jumps` as in ProxyJump."""

    host: str
    port: int | None
    user: str
    real_host: str
    real_port: int
    known_hosts: tuple[str, ...]
    identity: str | None
    jumps: tuple[str, ...]


def resolve(host: str, port: int | None, user: str, config: HostConfig, *, is_jump: bool = False) -> Target:
    """What ~/.ssh/config and our own configuration say of `host`.

    Raises:
        Denied: one of them turns host key verification off, or there is no file of host keys.
        BadInput: ~/.ssh/config cannot be understood.
    """
    import asyncssh  # noqa: PLC0415 – 114 ms, and only needed for SSH

    try:
        options = asyncssh.SSHClientConnectionOptions(
            host=host,
            # (): the user's file; by itself this class reads none, unlike connect()
            config=(),
            port=port if port is not None else (),
            username=user or (),
            client_keys=None,
            agent_path=None,
        )
    except ValueError as error:
        raise BadInput("~/.ssh/config", why=clean(str(error)), hint="see `ssh -G HOST`") from error
    configured = config.known_hosts
    theirs: Any = options.known_hosts
    if configured and not is_jump:
        wanted: Sequence[str] = configured
    else:
        _refuse_unverified(theirs, host, "~/.ssh/config (UserKnownHostsFile)")
        wanted = (*configured, *(theirs or DEFAULT_KNOWN_HOSTS))
    _refuse_unverified(wanted, host, "known_hosts")
    jumps = options.tunnel if isinstance(options.tunnel, str) else ""
    return Target(
        host=host,
        port=port,
        user=options.username,
        real_host=options.host,
        real_port=options.port,
        known_hosts=_readable(wanted, options.host, options.port),
        identity=None if is_jump else config.identity,
        jumps=tuple(jumps.split(",")) if jumps and jumps != "none" else (),
    )


def parse_jump(text: str) -> tuple[str, int | None, str]:
    """(host, port, user) of one ProxyJump entry: `[ssh://][user@]host[:port]`.

    Raises:
        BadInput: it is no such entry.
    """
    user, _, place = text.strip().removeprefix("ssh://").rpartition("@")
    host, _, port = place.rpartition(":") if ":" in place and not place.endswith("]") else (place, "", "")
    host = host.strip("[]")
    if not host or (port and not port.isdecimal()):
        raise BadInput("ProxyJump in ~/.ssh/config", why=clean(repr(text)), hint="[user@]host[:port]")
    return host, int(port) if port else None, user


def not_verified(target: Target, error: Exception) -> GbtuiError:
    """The words for a host key that is not trusted: never seen, or not the one that was seen."""
    import asyncssh  # noqa: PLC0415

    what = f"connecting to {target.real_host}"
    files = ", ".join(target.known_hosts)
    try:
        known = asyncssh.match_known_hosts(list(target.known_hosts), target.real_host, "", target.real_port)
    except (OSError, ValueError) as broken:
        return Denied(what, why=f"{files} cannot be read: {clean(str(broken))}", hint="mend or name another")
    if known[0] or known[2]:
        return Denied(
            what,
            why=f"its host key is not the one in {files}: the host was reinstalled, or this is not the host",
            hint=f"ask who runs it; only then ssh-keygen -R {_place(target.real_host, target.real_port)}",
        )
    return unknown_key(target.real_host, target.real_port, target.known_hosts[0], why=clean(str(error)))


def unknown_key(host: str, port: int, file: str, *, why: str = "") -> Denied:
    """The words for a host whose key is in no file."""
    scan = f"ssh-keyscan {f'-p {port} ' if port != 22 else ''}{host} >> {file}"
    return Denied(
        f"connecting to {host}",
        why=f"its host key is not known in {file}" + (f" ({why})" if why else ""),
        hint=f"connect once with ssh and compare the fingerprint, or: {scan}",
    )


def connect_error(target: Target, error: Exception) -> GbtuiError:
    """asyncssh's and the socket's exceptions at connecting, in words."""
    import asyncssh  # noqa: PLC0415

    what = f"connecting to {target.real_host} port {target.real_port}"
    why = clean(str(error)) or type(error).__name__
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return not_verified(target, error)
    if isinstance(error, asyncssh.PermissionDenied):
        hint = "is the key in the agent (`ssh-add -l`) or set as identity, and on the host?"
        return Denied(what, why=why, hint=hint)
    if isinstance(error, asyncssh.KeyImportError | asyncssh.KeyEncryptionError):
        return Denied(what, why=f"the private key: {why}", hint="add it to an agent: ssh-add")
    if isinstance(error, TimeoutError):
        return Unreachable(what, why="no answer in time", hint="is it up, and is there a firewall between?")
    if isinstance(error, OSError | asyncssh.Error | asyncssh.ChannelListenError):
        return Unreachable(what, why=why, hint="is it up, and does sshd run there?")
    return BadInput(what, why=why, hint="see ~/.ssh/config")


def _refuse_unverified(files: Sequence[str] | None, host: str, where: str) -> None:
    off = files is None or any(
        turns_verification_off(file) or Path(file).expanduser() == Path(os.devnull) for file in files
    )
    if off:
        raise Denied(
            f"connecting to {clean(host)}",
            why=f"{where} turns host key verification off for it",
            hint="name a file of host keys with known_hosts in gbtui's configuration",
        )


def _readable(files: Sequence[str], host: str, port: int) -> tuple[str, ...]:
    expanded = [str(Path(file).expanduser()) for file in files]
    there = tuple(file for file in expanded if os.access(file, os.R_OK) and Path(file).is_file())
    if not there:
        raise unknown_key(host, port, expanded[0])
    return there


def _place(host: str, port: int) -> str:
    return host if port == 22 else f"'[{host}]:{port}'"
