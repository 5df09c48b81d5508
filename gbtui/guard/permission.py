"""Whether this operator may change the host at all: root by sudo, and LXD's socket (item 4)."""

from __future__ import annotations

import asyncio

from gbtui.errors import Denied, GbtuiError, MissingTool
from gbtui.hosts.base import Command, Host

_ROOT = Command(("true",), root=True, timeout=5.0)


async def lacking(host: Host) -> str:
    """What `host` does not let this operator do, and how that is granted; "" where it may be changed.

    One look, both questions at once. A host or an LXD that does not answer has refused nobody: that
    is for whoever works with it to say.
    """
    said = await asyncio.gather(_root(host), _lxd(host))
    return "; ".join(words for words in said if words)


async def _root(host: Host) -> str:
    try:
        await host.run(_ROOT)
    except (Denied, MissingTool) as error:
        return _words("root", error)
    except GbtuiError:
        pass
    return ""


async def _lxd(host: Host) -> str:
    try:
        await host.lxd.get("")
    except Denied as error:
        return _words("LXD", error)
    except GbtuiError:
        pass
    return ""


def _words(what: str, error: GbtuiError) -> str:
    return f"no permission for {what}: {error.why}" + (f" ({error.hint})" if error.hint else "")
