"""What brings saved rules back at boot (items 34, 67): who names the file, and is enabled. Pure."""

from __future__ import annotations

from gbtui import text
from gbtui.hosts.base import Completed

#: Where something that restores the rules at boot would name their file.
BOOT_PLACES = ("/etc/systemd/system", "/etc/network/if-pre-up.d", "/etc/rc.local")
PERSISTENT = ("systemctl", "is-enabled", "netfilter-persistent.service")
_ENABLED = (".wants/", ".requires/", "/if-pre-up.d/", "/rc.local")


def names(path: str) -> tuple[str, ...]:
    """argv of the search for who names the saved file."""
    return ("grep", "-RlsF", "--", path, *BOOT_PLACES)


def path6(path: str) -> str:
    """The IPv6 rules' file beside the IPv4 rules' one: rules.v4 → rules.v6."""
    return f"{path[:-1]}6" if path.endswith("4") else f"{path}.v6"


def restored_by(places: Completed, persistent: Completed) -> str:
    """What brings a saved file back at boot, "" for nothing: who names it and is enabled, or Debian's own."""
    for place in text.text(places.stdout).splitlines():
        if any(mark in place for mark in _ENABLED):
            return place.rpartition("/")[2]
    return "netfilter-persistent.service" if persistent.ok else ""
