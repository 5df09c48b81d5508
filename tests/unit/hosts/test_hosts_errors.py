"""From stderr to typed errors: messages as the tools print them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Denied, Failed, GbtuiError, MissingTool, NotFound, TimedOut, Unreachable
from gbtui.hosts.base import Command, Completed
from gbtui.hosts.errors import explain, missing_tool, refused_by_sudo
from gbtui.text import UNSAFE

LXC = ("lxc", "exec", "acme-dns", "--mode=non-interactive", "--", "fail2ban-client", "banned")


def ended(status: int, stderr: str, argv: tuple[str, ...] = ("tool", "x")) -> Completed:
    return Completed(Command(argv), status, b"", stderr.encode(), 0.1)


@pytest.mark.parametrize(
    ("status", "stderr", "argv", "kind", "says"),
    [
        (127, "sh: 1: zfs: not found", ("zfs",), MissingTool, ": zfs is"),
        (127, "bash: line 1: zfs: command not found", ("zfs",), MissingTool, ": zfs is"),
        (127, "", ("zfs",), MissingTool, ": zfs is"),
        (127, "Error: Command not found", LXC, MissingTool, "fail2ban-client"),
        (1, "Error: Command not found\n", LXC, MissingTool, "not installed there (install fail2ban-client)"),
        (127, "timeout: failed to run command 'nft': No such file or directory", (), MissingTool, ": nft is"),
        (127, "timeout: failed to run command ‘nft’: No such file or directory", (), MissingTool, ": nft is"),
        (1, "sudo: nft: command not found", ("nft",), MissingTool, ": nft is"),
        (1, "sudo: a password is required", (), Denied, "NOPASSWD"),
        (1, "sudo: a terminal is required to read the password; either use -S", (), Denied, "NOPASSWD"),
        (1, "ops is not in the sudoers file.", (), Denied, "NOPASSWD"),
        (1, "Sorry, user ops is not allowed to execute '/usr/bin/cat' as root on h.", (), Denied, "NOPASSWD"),
        (4, "iptables-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied "
            "(you must be root)", (), Denied, "root"),
        (1, "cat: /root/x: Permission denied", (), Denied, "root"),
        (1, 'Error: Get "http://unix.socket/1.0": dial unix /var/lib/lxd/unix.socket: connect: '
            "permission denied", (), Denied, "group lxd"),
        (1, 'Error: Get "http://unix.socket/1.0": dial unix /var/lib/lxd/unix.socket: connect: '
            "connection refused", (), Unreachable, "running"),
        (1, 'Error: Get "http://unix.socket/1.0": dial unix /var/lib/lxd/unix.socket: connect: '
            "no such file or directory", (), Unreachable, "running"),
        (1, "Error: LXD unix socket \"/var/snap/lxd/common/lxd/unix.socket\" not found: Please check "
            "LXD is running", (), Unreachable, "running"),
        (1, "Error: The LXD daemon doesn't appear to be started (socket path: /var/lib/lxd/unix.socket)",
            (), Unreachable, "running"),
        (1, "Error: Instance not found", (), NotFound, "Instance not found"),
        (1, "Error: not found", (), NotFound, "lxc list"),
        (1, "Error: Instance is not running", (), Failed, "start the instance"),
        (1, "cat: /x: No such file or directory", (), NotFound, "No such file"),
        (124, "", (), TimedOut, "no answer within 15 s"),
        (2, "line one\nlast words", (), Failed, "last words"),
        (2, "", (), Failed, "exit status 2"),
    ],
)  # fmt: skip
def test_explain(status: int, stderr: str, argv: tuple[str, ...], kind: type[GbtuiError], says: str) -> None:
    error = explain(ended(status, stderr, argv or ("tool", "x")), "doing it")
    assert type(error) is kind
    assert says in str(error)
    assert str(error).startswith("doing it: ")


def test_words_in_stdout_count_when_stderr_is_empty() -> None:
    assert "from stdout" in str(explain(Completed(Command(("x",)), 1, b"from stdout\n", b"", 0.1), "it"))


@given(st.binary(max_size=300), st.integers(1, 255))
def test_hostile_words_are_cleaned_and_bounded(stderr: bytes, status: int) -> None:
    words = str(explain(Completed(Command(("x",)), status, b"", stderr * 20, 0.1), "it"))
    assert not UNSAFE.search(words)
    assert len(words) < 1000


def test_a_program_that_speaks_of_missing_things_is_not_missing() -> None:
    assert missing_tool(ended(1, "grep: key: not found")) is None
    assert missing_tool(ended(0, "")) is None
    assert not refused_by_sudo(ended(0, "sudo: a password is required"))
