"""Snapshots on the real pool: destroyed by the right tool, pruned, taken, orphans put right, rolling.

Effects are read by `zfs list` and `lxc query`. The gate runs the first; `make lab-full` all.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .gbtui_over_ssh import Operator
from .twin.fixtures import FULL, Lab

pytestmark = pytest.mark.timeout(900)
full = pytest.mark.skipif(not FULL, reason="the whole suite: GBTUI_LAB_FULL=1")
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
    done = operator.run("apply", operation, *words, "--yes", "--keep", *typed)
    assert done.returncode == 0, done.stdout + done.stderr
    found: str = operator.json("journal")["records"][-1]["id"]
    return found


def test_destroyed_by_the_right_tool_and_refused_where_held(fresh_lab: Lab, operator: Operator) -> None:
    """Two raw ones that share 20 MB, one of LXD's own; a held one stays, whatever is typed."""
    lab, root = fresh_lab, f"{CI}@case"
    lab.script(
        "lxc exec acme-alm-ci -- sh -c 'head -c 20000000 /dev/urandom >/root/shared; sync' </dev/null\n"
        f"zfs snapshot {root}1; zfs snapshot {root}2\n"
        "lxc exec acme-alm-ci -- sh -c 'rm /root/shared; sync' </dev/null\n"
        "lxc snapshot acme-dns case\nzpool sync default\n"
    )
    named = f"snapshots={root}1,{root}2,acme-dns/case"
    plan = operator.json("plan", "snapshots.destroy", named)
    reclaim = next(one["reason"] for one in plan["verdicts"] if one["guard"] == "reclaim")
    assert re.search(
        r"3 snapshots free \d+\.\dM together; their USED adds up to .* in nobody's USED", reclaim
    )
    assert (plan["danger"], plan["confirm"]) == ("irreversible", "3 snapshots")
    before = free(lab)
    refused = operator.run("apply", "snapshots.destroy", named, "--yes", "--confirm", "acme-alm-ci")
    assert refused.returncode == 3, refused.stdout + refused.stderr
    assert {"case1", "case2"} <= set(zfs(lab, CI))
    applied(operator, "snapshots.destroy", named, confirm="3 snapshots")
    assert not {"case1", "case2"} & set(zfs(lab, CI))
    assert "snapshot-case" not in zfs(lab, f"{POOL}/acme-dns")
    assert "case" not in lxd(lab, "acme-dns")
    assert free(lab) > before + 15_000_000

    held = next(line.split("\t")[0] for line in zfs(lab, SYSTEM, "name,userrefs") if line.endswith("\t1"))
    done = operator.run(
        "apply", "snapshots.destroy", f"snapshots={SYSTEM}@{held}", "--yes", "--confirm", f"{SYSTEM}@{held}"
    )
    assert (done.returncode, "held by keep" in done.stderr) == (3, True), done.stdout + done.stderr
    assert held in zfs(lab, SYSTEM)


def test_taken_and_undone(fresh_lab: Lab, operator: Operator) -> None:
    before = zfs(fresh_lab, CI, "name,guid")
    op_id = applied(operator, "snapshots.take", f"dataset={CI}")
    (taken,) = set(zfs(fresh_lab, CI, "name,guid")) - set(before)
    assert taken.startswith("gbtui-20")
    undone = operator.run("undo", op_id, "--yes")
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert zfs(fresh_lab, CI, "name,guid") == before


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
@pytest.mark.parametrize("label", ["step-begin:0", "step-ran:0", "step-ran:1", "step-done:1"])
def test_killed_while_destroying_it_is_finished(fresh_lab: Lab, operator: Operator, label: str) -> None:
    lab = fresh_lab
    lab.script(f"zfs snapshot {CI}@case; lxc snapshot acme-dns case")
    words = ("snapshots.destroy", f"snapshots={CI}@case,acme-dns/case", "--yes", "--confirm", "2 snapshots")
    killed = operator.run("apply", *words, crash_at=label)
    assert killed.returncode < 0, killed.stdout + killed.stderr
    (found,) = operator.json("recover")["unfinished"]
    ended = operator.run("recover", found["id"], "--finish", "--yes")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "case" not in zfs(lab, CI)
    assert "snapshot-case" not in zfs(lab, f"{POOL}/acme-dns")
    assert "case" not in lxd(lab, "acme-dns")
    assert operator.json("recover")["unfinished"] == []
