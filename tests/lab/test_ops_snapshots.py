"""Snapshots on the real pool: destroyed by the right tool, pruned, taken, orphans put right, rolling.

Effects are read by `zfs list` and `lxc query`. The gate runs the first; `make lab-full` all.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .gbtui_over_ssh import Operator
from .twin.fixtures import Lab, full

pytestmark = pytest.mark.timeout(900)
POOL = "default/containers"
CI, WEBMAIL, SYSTEM = f"{POOL}/acme-alm-ci", f"{POOL}/acme-webmail", f"{POOL}/acme-system"


@pytest.fixture
def operator(fresh_lab: Lab, tmp_path: Path) -> Operator:
    return Operator(fresh_lab, tmp_path)


def zfs(lab: Lab, dataset: str, columns: str = "name") -> list[str]:
    """What ZFS lists of one dataset, without the dataset's own name."""
    words = ("zfs", "list", "-Hp", "-d", "1", "-t", "snapshot", "-o", columns, dataset)
    lines = lab.run("sudo", *words).stdout.splitlines()
    return [line.removeprefix(f"{dataset}@") for line in lines]


def lxd(lab: Lab, instance: str) -> list[str]:
    """What LXD lists of one instance."""
    said = lab.run("lxc", "query", f"/1.0/instances/{instance}/snapshots").stdout
    return [url.rpartition("/")[2] for url in json.loads(said)]


def free(lab: Lab) -> int:
    lab.run("sudo", "zpool", "sync", "default")
    return int(lab.run("sudo", "zpool", "list", "-Hp", "-o", "free", "default").stdout)


def applied(operator: Operator, operation: str, *words: str, confirm: str = "") -> str:
    typed = ("--confirm", confirm) if confirm else ()
    done = operator.sure("apply", operation, *words, "--keep", *typed)
    assert done.returncode == 0, done.stdout + done.stderr
    found: str = operator.json("journal")["records"][-1]["id"]
    return found


def test_destroyed_by_the_right_tool(fresh_lab: Lab, operator: Operator) -> None:
    """Two raw ones that share 20 MB, and one of LXD's own."""
    lab, root = fresh_lab, f"{CI}@case"
    lab.script(
        "lxc exec acme-alm-ci -- sh -c 'head -c 20000000 /dev/urandom >/root/shared; sync' </dev/null\n"
        f"zfs snapshot {root}1; zfs snapshot {root}2\n"
        "lxc exec acme-alm-ci -- sh -c 'rm /root/shared; sync' </dev/null\n"
        "lxc snapshot acme-dns case\nzpool sync default\n"
    )
    before = free(lab)
    named = f"snapshots={root}1,{root}2,acme-dns/case"
    done = operator.sure("apply", "snapshots.destroy", named, "--confirm", "3 snapshots")
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = r"3 snapshots free \d+\.\dM together; their USED adds up to .* in nobody's USED"
    assert re.search(wanted, done.stdout), done.stdout
    assert not {"case1", "case2"} & set(zfs(lab, CI))
    assert "snapshot-case" not in zfs(lab, f"{POOL}/acme-dns")
    assert "case" not in lxd(lab, "acme-dns")
    assert free(lab) > before + 15_000_000


@full
def test_held_and_not_typed_are_refused(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    held = next(line.split("\t")[0] for line in zfs(lab, SYSTEM, "name,userrefs") if line.endswith("\t1"))
    apply = ("apply", "snapshots.destroy")
    done = operator.sure(*apply, f"snapshots={SYSTEM}@{held}", "--confirm", f"{SYSTEM}@{held}")
    assert (done.returncode, "held by keep" in done.stderr) == (3, True), done.stdout + done.stderr
    assert held in zfs(lab, SYSTEM)
    first = zfs(lab, CI)[0]
    done = operator.sure(*apply, f"snapshots={CI}@{first}", "--confirm", "acme-alm-ci")
    assert done.returncode == 3, done.stdout + done.stderr
    assert first in zfs(lab, CI)


@full
def test_taken_and_undone(fresh_lab: Lab, operator: Operator) -> None:
    before = zfs(fresh_lab, CI, "name,guid")
    op_id = applied(operator, "snapshots.take", f"dataset={CI}")
    (taken,) = set(zfs(fresh_lab, CI, "name,guid")) - set(before)
    assert taken.startswith("gbtui-20")
    untyped = operator.run("undo", op_id, "--yes", "--acknowledge", "undo-warning,newest")
    assert untyped.returncode == 3, "undoing it destroys the snapshot"
    name = f"{CI}@{taken.partition(chr(9))[0]}"
    assert f"type '{name}' to confirm" in untyped.stderr
    undone = operator.sure("undo", op_id, "--confirm", name)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert zfs(fresh_lab, CI, "name,guid") == before


@full
def test_orphans_of_both_kinds_are_put_right(fresh_lab: Lab, operator: Operator) -> None:
    """The twin has a record whose dataset was destroyed; the other kind is made as LXD names its own."""
    fresh_lab.script(f"zfs snapshot {WEBMAIL}@snapshot-lost")
    (guid,) = [line for line in zfs(fresh_lab, WEBMAIL, "name,guid") if line.startswith("snapshot-lost\t")]
    assert "orphan" in lxd(fresh_lab, "acme-webmail")
    applied(operator, "snapshots.forget-orphan")
    assert "orphan" not in lxd(fresh_lab, "acme-webmail")
    assert guid.replace("snapshot-lost", "orphan-lost") in zfs(fresh_lab, WEBMAIL, "name,guid")
    plan = operator.json("plan", "snapshots.forget-orphan")
    assert plan["noop"].startswith("nothing to forget")


@full
def test_pruned_by_age_and_the_newest_stays(fresh_lab: Lab, operator: Operator) -> None:
    """Made old by the guest's clock: ZFS dates a snapshot with it."""
    lab = fresh_lab
    lab.script(
        "now=$(date +%s); for ago in 12 11 10; do date -s @$((now - ago * 86400)) >/dev/null\n"
        f"  zfs snapshot {CI}@daily-old-$ago; zfs snapshot {CI}@daily-2026-01-$ago; done\n"
        "date -s @$((now + 5)) >/dev/null\n"
    )
    before = zfs(lab, CI)
    plan = operator.json("plan", "snapshots.prune", "keep=7d", f"dataset={CI}")
    assert plan["confirm"] == "3 snapshots"
    applied(operator, "snapshots.prune", "keep=7d", f"dataset={CI}", confirm="3 snapshots")
    gone = {f"daily-2026-01-{ago}" for ago in (12, 11, 10)}
    assert [name for name in before if name not in gone] == zfs(lab, CI)
    assert operator.json("plan", "snapshots.prune", "keep=7d", f"dataset={CI}")["noop"]


@full
def test_rolling_by_systemd_and_undone(fresh_lab: Lab, operator: Operator) -> None:
    """The first round is taken by the unit itself; a snapshot of its own that is old goes with the next."""
    lab = fresh_lab
    lab.script("lxc snapshot acme-dns rolling-2026-01-01; lxc snapshot acme-dns pre-upgrade")
    op_id = applied(operator, "snapshots.install-rolling")
    today = lab.run("date", "-u", "+rolling-%F").stdout.strip()
    names = lab.run("lxc", "list", "--format", "csv", "-c", "n").stdout.split()
    assert len(names) == 10
    assert all(today in lxd(lab, name) for name in names)
    assert "rolling-2026-01-01" not in lxd(lab, "acme-dns")
    assert "pre-upgrade" in lxd(lab, "acme-dns")
    assert f"snapshot-{today}" in zfs(lab, f"{POOL}/acme-dns")
    timers = lab.run("systemctl", "list-timers", "--no-pager", "gbtui-rolling.timer").stdout
    assert "03:" in timers, timers
    undone = operator.sure("undo", op_id)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert "0 timers" in lab.run("systemctl", "list-timers", "--no-pager", "gbtui-rolling.timer").stdout
    assert not lab.run("sh", "-c", "ls /etc/systemd/system | grep gbtui-rolling").stdout


@full
@pytest.mark.parametrize("label", ["step-ran:0", "step-ran:1"])
def test_killed_while_destroying_it_is_finished(fresh_lab: Lab, operator: Operator, label: str) -> None:
    lab = fresh_lab
    lab.script(f"zfs snapshot {CI}@case; lxc snapshot acme-dns case")
    words = ("snapshots.destroy", f"snapshots={CI}@case,acme-dns/case", "--confirm", "2 snapshots")
    killed = operator.sure("apply", *words, crash_at=label)
    assert killed.returncode < 0, killed.stdout + killed.stderr
    (found,) = operator.json("recover")["unfinished"]
    refused = operator.run("recover", found["id"], "--finish", "--yes")
    assert refused.returncode == 3, refused.stdout + refused.stderr
    ended = operator.sure("recover", found["id"], "--finish", "--confirm", found["confirm"])
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "case" not in zfs(lab, CI)
    assert "snapshot-case" not in zfs(lab, f"{POOL}/acme-dns")
    assert "case" not in lxd(lab, "acme-dns")
    assert operator.json("recover")["unfinished"] == []
