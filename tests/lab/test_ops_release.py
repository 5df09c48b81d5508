"""A release on the twin: a binary deployed and taken back, a submodule pushed with the pointer to it.

The stand-in of botserver is Python: a copy of it that holds a commit is the build. The twin's host has
no git: this machine's is lent to it.
"""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import pytest

from .gbtui_over_ssh import CONTAINER, Operator
from .test_twin import health
from .twin.fixtures import Lab, full

pytestmark = [pytest.mark.timeout(900), full]
FILE, BUILT = "/opt/gbo/bin/botserver", "/opt/gbo/ci/botserver/target/release/botserver"
BUILD = f"""
lxc exec acme-alm-ci -- sh -e -c '
mkdir -p {BUILT.rpartition("/")[0]}
cp "$(readlink -f /usr/bin/python3)" {BUILT}
echo "commit 0000000" >>{BUILT}
chown gbuser: {BUILT}' </dev/null
"""
GIT = """
base64 -d >/usr/local/bin/git <<'END'
{packed}
END
chmod 755 /usr/local/bin/git
for name in git-receive-pack git-upload-pack; do ln -sf git /usr/local/bin/$name; done
su - ops -s /bin/bash -c '
set -e
git config --global user.name Ops; git config --global user.email ops@acme.test
git config --global init.defaultBranch main; git config --global advice.addEmbeddedRepo false
for name in origin-bs alm-bs alm-gb; do git init --quiet --bare "$name.git"; done
git init --quiet gb; git init --quiet gb/botserver
git -C gb remote add alm /home/ops/alm-gb.git
cd gb/botserver
git remote add origin /home/ops/origin-bs.git; git remote add alm /home/ops/alm-bs.git
echo one >main.rs; git add main.rs; git commit --quiet -m one
git push --quiet origin main; git push --quiet alm main
cd ..
git add botserver; git commit --quiet -m root; git push --quiet alm main
cd botserver
echo two >main.rs; git commit --quiet -a -m two' </dev/null
"""


@pytest.fixture
def operator(fresh_lab: Lab, tmp_path: Path) -> Operator:
    return Operator(fresh_lab, tmp_path)


def running(lab: Lab) -> str:
    """What the process that listens on botserver's port was started from, by its bytes."""
    find = r"ss -Hltnp 'sport = :5858' | grep -o 'pid=[0-9]*' | cut -d= -f2"
    return lab.inside("system", "bash", "-c", f"sha256sum </proc/$({find})/exe").stdout.split()[0]


def test_deployed_proven_and_taken_back(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    done = lab.script(BUILD)
    assert done.returncode == 0, done.stderr
    built = lab.inside("alm-ci", "sha256sum", BUILT).stdout.split()[0]
    before, link = running(lab), lab.inside("system", "readlink", FILE).stdout
    assert before != built

    words = ("release.deploy", CONTAINER, f"binary=acme-alm-ci:{BUILT}", "commit=0000000")
    done = operator.sure("apply", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert running(lab) == built
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
    assert lab.script(BUILD).returncode == 0
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
    lab, git = fresh_lab, shutil.which("git")
    if git is None:
        pytest.skip("needs git on this machine, to lend it")
    packed = base64.encodebytes(Path(git).resolve().read_bytes()).decode("ascii")
    done = lab.script(GIT.format(packed=packed))
    assert done.returncode == 0, done.stderr

    def at(repository: str, what: str) -> str:
        return lab.run("git", "-C", f"/home/ops/{repository}", "rev-parse", what).stdout.strip()

    head = at("gb/botserver", "HEAD")
    given = ("checkout=/home/ops/gb", "submodule=botserver")
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
