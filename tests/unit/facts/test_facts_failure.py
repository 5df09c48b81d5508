"""What a reader's hint is said for: what failed, not what was only late."""

from __future__ import annotations

from gbtui.facts.failure import failure
from gbtui.hosts.base import Command, Completed


def ended(status: int) -> Completed:
    return Completed(Command(("zfs", "list"), timeout=2.0), status, b"", b"no such thing", 2.0)


def test_what_is_late_needs_nothing_installed() -> None:
    assert failure(ended(1), "datasets", hint="install it").hint == "install it"
    assert failure(ended(124), "datasets", hint="install it").hint == "the host may be overloaded"
    assert failure(ended(124), "datasets", hint="install it", late="prune").hint == "prune"
    assert failure(ended(1), "datasets", late="prune").hint != "prune"
