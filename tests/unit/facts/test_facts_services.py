"""systemd's word on units, and the lines that name who else holds a port."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Malformed
from gbtui.facts.services import Listener, parse_listeners, parse_units, unit_of

SHOWN = b"""Type=simple
MainPID=442
NRestarts=2
EnvironmentFiles=/opt/gbo/bin/.env (ignore_errors=yes)
EnvironmentFiles=/etc/default/ui (ignore_errors=no)
Id=ui.service
LoadState=loaded
ActiveState=active
SubState=running
DropInPaths=/etc/systemd/system/ui.service.d/a.conf /etc/systemd/system/ui.service.d/b.conf
InvocationID=0f3c

Id=nosuch.service
LoadState=not-found
ActiveState=inactive
"""


def test_units_in_the_order_asked() -> None:
    ui, missing = parse_units(SHOWN)
    assert (ui.name, ui.load, ui.active, ui.pid, ui.restarts) == ("ui.service", "loaded", "active", 442, 2)
    assert ui.environment_files == ("/opt/gbo/bin/.env", "/etc/default/ui")
    assert len(ui.drop_ins) == 2
    assert (missing.load, missing.pid, missing.invocation) == ("not-found", 0, "")


def test_a_block_that_is_none_is_malformed() -> None:
    with pytest.raises(Malformed, match="without Id"):
        parse_units(b"Failed to connect to bus\n")


def test_who_else_listens() -> None:
    lines = (
        b"5858\t812\tgbuser\tbotserver\t/.lxc\n"
        b"5859\t0\t\t\t\n"
        b"nonsense\n"
        b"5860\t77\troot\tx\x1b[2J\t/system.slice/old.service/worker\n"
    )
    assert parse_listeners(lines) == (
        Listener(5858, 812, "gbuser", "botserver", ""),
        Listener(5859, 0, "", "", ""),
        Listener(5860, 77, "root", "x\ufffd[2J", "old.service"),
    )


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("/system.slice/ui.service", "ui.service"),
        ("/user.slice/user-1000.slice/session-3.scope", ""),
        ("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"),
        ("", ""),
    ],
)
def test_the_unit_of_a_cgroup(cgroup: str, unit: str) -> None:
    assert unit_of(cgroup) == unit


@given(st.binary(max_size=200))
def test_any_bytes_are_lines_of_sorts(data: bytes) -> None:
    assert all(one.port >= 0 and one.pid >= 0 for one in parse_listeners(data))
    with suppress(Malformed):
        assert all(one.pid >= 0 for one in parse_units(data))
