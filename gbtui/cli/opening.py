"""From options and configuration to a session: which host, which journal, who asks."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gbtui.cli.telling import tell_pending
from gbtui.config import HostConfig, load_config, resolve_host
from gbtui.errors import BadInput, Unreachable
from gbtui.guard.journal import Journal
from gbtui.hosts import Host
from gbtui.profiles import GUIDE, load
from gbtui.session import Session

NO_LXD = Unreachable(
    "no host to work on",
    why="this machine has no LXD socket, and neither --host nor a configured default names another",
    hint="gbtui --demo … shows the simulated host; gbtui --host ssh://user@host … reaches a real one",
)


def build_session(options: argparse.Namespace, *, demo_default: bool = True) -> Session:
    """An unopened session for what the options ask.

    `demo_default`: the cockpit falls back to the demo host where there is no LXD; a command does
    not, because a script must never take made-up figures for real ones.
    """
    chosen = _choose(options, demo_default=demo_default)
    user = getpass.getuser()
    return Session(
        _adapter(chosen, options.drill),
        load(chosen.profile or GUIDE),
        Journal(),
        user=user,
        tenant=options.tenant or chosen.tenant or None,
        read_only=_read_only(options, chosen),
    )


@asynccontextmanager
async def opened(
    options: argparse.Namespace, *, acts: bool = False, tells: bool = True, but: str = ""
) -> AsyncIterator[Session]:
    """A session that is open inside the context and closed after it.

    Every command `tells` first what was left unfinished there (`tell_pending`: `acts`, `but`).
    """
    session = build_session(options, demo_default=False)
    try:
        await session.open(events=False)
        if tells:
            await tell_pending(session, acts=acts, but=but)
        yield session
    finally:
        await session.close()


def chosen_host(options: argparse.Namespace) -> HostConfig:
    """The host that a command is about, without reaching it. Raises BadInput and Unreachable."""
    return _choose(options, demo_default=False)


def _choose(options: argparse.Namespace, *, demo_default: bool) -> HostConfig:
    if options.demo or options.drill:
        if options.host:
            raise BadInput("--host with --demo", why="they name two hosts", hint="give one of them")
        return resolve_host("demo", load_config())
    config = load_config()
    if options.host or config.default:
        return resolve_host(options.host, config)
    from gbtui.hosts.lxd import find_lxd_socket

    if find_lxd_socket() is not None:
        return resolve_host("local", config)
    if not demo_default:
        raise NO_LXD
    return resolve_host("demo", config)


def _adapter(chosen: HostConfig, drill: str | None) -> Host:
    if chosen.kind == "demo":
        from gbtui.demo.faults import FAULTS
        from gbtui.demo.host import DemoHost

        if drill is not None and drill not in FAULTS:
            raise BadInput(
                f"--drill {drill}", why="no such drill", hint=f"one of: {', '.join(sorted(FAULTS))}"
            )
        return DemoHost(faults=(drill,) if drill else ())
    if chosen.kind == "local":
        from gbtui.hosts.local import LocalHost

        return LocalHost(chosen)
    from gbtui.hosts.ssh import SshHost

    return SshHost(chosen)


def _read_only(options: argparse.Namespace, chosen: HostConfig) -> str:
    if options.read_only:
        return "started with --read-only"
    return f"host {chosen.name!r} is read_only in the configuration" if chosen.read_only else ""
