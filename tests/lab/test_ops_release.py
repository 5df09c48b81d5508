"""A release on the twin: a binary deployed and taken back, a submodule pushed with the pointer to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .gbtui_over_ssh import CONTAINER, Operator
from .release_stage import BUILT, CHECKOUT, COMMIT, FILE, built, checked_out
from .test_twin import health
from .twin.fixtures import Lab, full

pytestmark = [pytest.mark.timeout(900), full]


@pytest.fixture
def operator(fresh_lab: Lab, tmp_path: Path) -> Operator:
    return Operator(fresh_lab, tmp_path)


def running(lab: Lab) -> str:
    """What the process that listens on botserver's port was started from, by its bytes."""
    find = r"ss -Hltnp 'sport = :5858' | grep -o 'pid=[0-9]*' | cut -d= -f2"
    return lab.inside("system", "bash", "-c", f"sha256sum </proc/$({find})/exe").stdout.split()[0]


def test_deployed_proven_and_taken_back(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    built(lab)
    build = lab.inside("alm-ci", "sha256sum", BUILT).stdout.split()[0]
    before, link = running(lab), lab.inside("system", "readlink", FILE).stdout
    assert before != build

    words = ("release.deploy", CONTAINER, f"binary=acme-alm-ci:{BUILT}", f"commit={COMMIT}")
    done = operator.sure("apply", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert running(lab) == build
    assert lab.inside("system", "stat", "-c", "%a %U", FILE).stdout.split() == ["755", "gbuser"]
    assert health(lab) == "200"
    assert "already so" in operator.sure("apply", *words).stdout

    op_id = operator.json("journal")["records"][0]["id"]
    undone = operator.sure("undo", op_id)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert (running(lab), lab.inside("system", "readlink", FILE).stdout) == (before, link)
    assert health(lab) == "200"


def test_another_commit_is_taken_back_and_no_program_refused(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    built(lab)
    before = running(lab)
    words = ("apply", "release.deploy", CONTAINER, f"binary=acme-alm-ci:{BUILT}")
    done = operator.sure(*words, "commit=abcdef0", seconds=600)
    assert done.returncode not in (0, 3), done.stdout + done.stderr
    assert (running(lab), health(lab)) == (before, "200")
    folder = lab.inside("system", "find", "/opt/gbo/bin", "-maxdepth", "1", "-name", "*botserver*gbtui*")
    assert folder.stdout == ""
    for path in ("/etc/hostname", "/opt/gbo/bin", "acme-alm-ci:/etc/os-release"):
        refused = operator.sure("apply", "release.deploy", CONTAINER, f"binary={path}")
        assert refused.returncode == 3, refused.stdout + refused.stderr


def test_pushed_to_both_and_the_pointer(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    checked_out(lab)

    def at(repository: str, what: str) -> str:
        return lab.run("git", "-C", f"/home/ops/{repository}", "rev-parse", what).stdout.strip()

    head = at("gb/botserver", "HEAD")
    given = (f"checkout={CHECKOUT}", "submodule=botserver")
    words = ("apply", "release.push", *given, "--confirm", "botserver")
    lab.run("touch", "/home/ops/gb/botserver/forgotten.rs")
    refused = operator.sure(*words)
    assert refused.returncode == 3, refused.stdout + refused.stderr
    assert "forgotten.rs" in refused.stdout + refused.stderr
    lab.run("rm", "/home/ops/gb/botserver/forgotten.rs")

    done = operator.sure(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (at("origin-bs.git", "main"), at("alm-bs.git", "main")) == (head, head)
    assert at("alm-gb.git", "main:botserver") == head
    roots = lab.run("find", "/home/ops/gb", "-user", "root").stdout
    assert roots == "", "nothing of root's is left in the checkout"
    assert "already so" in operator.sure(*words).stdout
