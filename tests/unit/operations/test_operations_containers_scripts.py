"""The scripts themselves in a real shell, with stand-ins for `zfs` and `lxc` that note what they are told."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess  # noqa: TID251 - the shell under test is another process
from pathlib import Path

import pytest

from gbtui.operations import containers_scripts as scripts

ZFS = """#!/bin/sh
echo "zfs $*" >>"$RIG/log"
case "$1 $*" in
list*) cat "$RIG/newest" ;;
send*) echo stream ;;
get*written*) cat "$RIG/written" ;;
get*) cat "$RIG/mark" ;;
set*) echo "${2#gbtui:restored=}" >"$RIG/mark" ;;
inherit*) echo - >"$RIG/mark" ;;
receive*) cat >"$RIG/received" ;;
esac
"""
LXC = r"""#!/bin/sh
echo "lxc $*" >>"$RIG/log"
[ -e "$RIG/no-$1" ] && exit 1
case "$1 $*" in
list*) echo RUNNING ;;
config*device\ list*) printf 'eth0\nport-80\n' ;;
config*device\ get*) echo tcp:0.0.0.0:80 ;;
esac
"""
NEWEST = "default/containers/c@snapshot-s"


class Shell:
    """A shell whose zfs and lxc are stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in (("zfs", ZFS), ("lxc", LXC)):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        for name, text in (("newest", NEWEST), ("written", "4096"), ("mark", "-"), ("log", "")):
            (folder / name).write_text(f"{text}\n")
        self.file = folder / "kept" / "c.zfs"

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "RIG": str(self.folder), "PATH": f"{self.folder}:{os.environ['PATH']}"}
        argv = ["sh", "-c", script, "gbtui-test", *arguments]
        return subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=30)

    def restore(self, *, runs: str = "yes", keep: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run(scripts.RESTORE, *self.words(runs=runs, keep=keep))

    def words(self, *, runs: str = "yes", keep: bool = True) -> tuple[str, ...]:
        return ("c", "s", "default/containers/c", str(self.file) if keep else "", "77", runs)

    def restored(self) -> str:
        return self.run(scripts.RESTORED, "default/containers/c", "s", "77").stdout.strip()

    def log(self) -> list[str]:
        """What was changed, in order."""
        lines = (self.folder / "log").read_text().splitlines()
        return [line for line in lines if line and line.split()[1] not in ("list", "get", "config")]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_kept_put_back_and_taken_back(shell: Shell) -> None:
    done = shell.restore()
    assert done.returncode == 0, done.stderr
    assert shell.log() == [
        "lxc stop c --timeout 60",
        "zfs snapshot default/containers/c@gbtui-77",
        "zfs send -i @snapshot-s default/containers/c@gbtui-77",
        "zfs destroy default/containers/c@gbtui-77",
        "zfs set gbtui:restored=77 begun default/containers/c",
        "lxc restore c s",
        "zfs set gbtui:restored=77 done default/containers/c",
        "lxc start c",
    ]
    assert shell.file.read_text() == "stream\n"
    assert shell.file.stat().st_mode & 0o077 == 0
    assert shell.restored() == "restored"
    back = shell.run(scripts.UNRESTORE, *shell.words())
    assert back.returncode == 0, back.stderr
    assert (shell.folder / "received").read_text() == "stream\n"
    assert not shell.file.exists()
    assert shell.restored() == "not"
    assert shell.log()[-1] == "lxc start c"


def test_a_stopped_one_stays_stopped_and_nothing_is_kept_without_a_file(shell: Shell) -> None:
    assert shell.restore(runs="no", keep=False).returncode == 0
    assert "lxc start c" not in shell.log()
    assert not any("snapshot" in line.split()[1] or "send" in line for line in shell.log())


def test_what_is_newer_stops_it_before_anything_is_touched(shell: Shell) -> None:
    (shell.folder / "newest").write_text("default/containers/c@daily\n")
    for script in (scripts.RESTORE, scripts.UNRESTORE):
        done = shell.run(script, *shell.words())
        assert done.returncode == 1
        assert "is newer and in the way" in done.stderr
    assert shell.log() == []


def test_one_that_does_not_shut_down_is_left_alone(shell: Shell) -> None:
    (shell.folder / "no-stop").touch()
    assert shell.restore().returncode == 1
    assert shell.log() == ["lxc stop c --timeout 60"]


def test_a_restore_that_lxd_refuses_changes_nothing(shell: Shell) -> None:
    (shell.folder / "no-restore").touch()
    assert shell.restore().returncode == 1
    assert shell.log()[-1] == "lxc start c"
    assert (shell.restored(), shell.file.exists()) == ("not", False)


def test_one_that_failed_after_its_rollback_can_be_taken_back(shell: Shell) -> None:
    (shell.folder / "no-restore").touch()
    (shell.folder / "written").write_text("0\n")
    assert shell.restore().returncode == 1
    assert (shell.restored(), shell.file.exists()) == ("restored", True)


def test_room_looks_where_the_folder_would_be(shell: Shell) -> None:
    folder = str(shell.folder / "not" / "there" / "yet")
    said = shell.run(scripts.ROOM, "default/containers/c", "snapshot-s", folder).stdout.split()
    assert said[0] == "4096"
    assert int(said[1]) > 0


def test_a_device_by_its_whole_name(shell: Shell) -> None:
    for name, wanted in (("port-80", "tcp:0.0.0.0:80"), ("port-8", "absent"), ("ort-80", "absent")):
        assert shell.run(scripts.DEVICE, "c", name, "listen").stdout.strip() == wanted
    (shell.folder / "no-config").touch()
    assert shell.run(scripts.DEVICE, "c", "port-80", "listen").returncode == 1


def test_writable_means_every_folder_in_it(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "gbo" / "data").mkdir(parents=True)
    assert shell.run(scripts.WRITABLE, str(tmp_path / "gbo")).stdout == "writable\n"
    assert list((tmp_path / "gbo").rglob(".gbtui*")) == []
    assert shell.run(scripts.WRITABLE, "/proc").stdout.startswith("not: /proc")
    assert shell.run(scripts.WRITABLE, str(tmp_path / "nosuch")).stdout.startswith("not there")


@pytest.mark.parametrize("with_ss", [True, False], ids=["ss", "kernel"])
def test_who_listens_is_seen_with_and_without_ss(shell: Shell, *, with_ss: bool) -> None:
    bare = shell.folder / "bare"
    bare.mkdir()
    for tool in ("sh", "cat", "grep", *(["ss"] if with_ss else [])):
        found = shutil.which(tool)
        if found is None:
            pytest.skip(f"no {tool} here")
        (bare / tool).symlink_to(found)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        open_, closed = str(server.getsockname()[1]), str(deaf.getsockname()[1])

        def said(*ports: str) -> str:
            argv = ["sh", "-c", scripts.LISTENS, "gbtui-listens", *ports]
            env = {"PATH": str(bare)}
            return subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout.strip()

        assert said(open_) == "all"
        assert said(open_, closed) == f"nothing listens on {closed}"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("command", "true"), 0),
        (("command", "false", "true"), 0),
        (("command", "false"), 1),
        (("command", "no-such-tool-here"), 0),
        (("command", "no-such-tool-here", "false"), 1),
        (("process", "no-such-program"), 1),
        (("process", "no-such-program", "sh"), 0),
    ],
)
def test_a_role_works_where_one_target_does_or_where_nothing_there_can_ask(
    shell: Shell, words: tuple[str, ...], status: int
) -> None:
    done = shell.run(scripts.WORKS, words[0], "/opt/gbo/bin", *words[1:])
    assert done.returncode == status, done.stdout
    assert words[1] in done.stdout
