"""What a release on the twin is made of: git and a checkout on its host, a build in the runner's container.

The stand-in of botserver is Python: a copy of it that holds a commit is the build. The twin's host has
no git: this machine's is lent to it.
"""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import pytest

from .twin.fixtures import Lab

FILE, BUILT = "/opt/gbo/bin/botserver", "/opt/gbo/ci/botserver/target/release/botserver"
CHECKOUT = "/home/ops/gb"
COMMIT = "0000000"
"""What the stand-in's health names."""

_BUILD = """
lxc exec acme-alm-ci -- sh -e -c '
mkdir -p {folder}
cp "$(readlink -f /usr/bin/python3)" {built}
echo "commit {commit}" >>{built}
chown gbuser: {built}' </dev/null
"""
_GIT = """
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
_NAMES = r"""
lxc exec acme-system -- python3 - <<'END'
from pathlib import Path
file = Path("/opt/gbo/bin/standin/web.py")
text = file.read_text()
named = '''
def _commit():
    end = Path("/proc/self/exe").read_bytes()[-15:]
    return end[7:14].decode() if end.startswith(b"commit ") else "0000000"


class Botserver(Fixed):'''
text = text.replace("class Botserver(Fixed):", named).replace('"commit": "0000000"', '"commit": _commit()')
file.write_text(text)
END
"""


def built(lab: Lab, commit: str = COMMIT) -> None:
    """The runner has built botserver from `commit`."""
    done = lab.script(_BUILD.format(folder=BUILT.rpartition("/")[0], built=BUILT, commit=commit))
    assert done.returncode == 0, done.stderr


def names_its_commit(lab: Lab) -> None:
    """From its next start on the stand-in names the commit that its binary holds."""
    done = lab.script(_NAMES)
    assert done.returncode == 0, done.stderr


def checked_out(lab: Lab) -> None:
    """A checkout with a submodule of two remotes, whose last commit was pushed to none."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("needs git on this machine, to lend it")
    packed = base64.encodebytes(Path(git).resolve().read_bytes()).decode("ascii")
    done = lab.script(_GIT.format(packed=packed))
    assert done.returncode == 0, done.stderr
