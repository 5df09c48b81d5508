"""How a machine is reached: one `Host` protocol, three adapters (local, ssh, demo)."""

from gbtui.hosts.base import (
    Command,
    Completed,
    Host,
    HostKind,
    Link,
    Lxd,
    LxdEvent,
    LxdReply,
    Stream,
    inside,
)

__all__ = [
    "Command",
    "Completed",
    "Host",
    "HostKind",
    "Link",
    "Lxd",
    "LxdEvent",
    "LxdReply",
    "Stream",
    "inside",
]
