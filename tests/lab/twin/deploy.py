"""Copies the working tree's code into the guest, to run there as it will on a host."""

import subprocess

from .settings import REPOSITORY, LabError
from .shell import Shell

PARTS = ("gbtui", "screens", "widgets", "tests", "pyproject.toml", "README.md")
TARGET = "/opt/gbtui/src"


def deploy(shell: Shell) -> None:
    """Replace `/opt/gbtui/src`; run it with `PYTHONPATH=/opt/gbtui/src /opt/gbtui/bin/python`."""
    parts = [name for name in PARTS if (REPOSITORY / name).exists()]
    pack = ["tar", "-C", str(REPOSITORY), "--exclude=__pycache__", "--owner=0", "--group=0"]
    unpack = f"rm -rf {TARGET}.new; mkdir {TARGET}.new && tar -x -C {TARGET}.new && "
    unpack += f"rm -rf {TARGET} && mv {TARGET}.new {TARGET} && chown -R ops:ops {TARGET}"
    with subprocess.Popen([*pack, "-c", *parts], stdout=subprocess.PIPE) as archive:
        done = subprocess.run([*shell.arguments("root"), unpack], stdin=archive.stdout, check=False)
    if done.returncode or archive.returncode:
        raise LabError("deploy failed")
