"""The guest's Python libraries, fetched here for the guest's interpreter (it has no network)."""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

from .settings import REPOSITORY, LabError

GUEST_PYTHON = "3.13"
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux2014_x86_64")
# Published without a wheel, but pure Python: built here once.
SOURCE_ONLY = ("ws4py",)
FALLBACK = ["textual==8.2.8", "pylxd>=2.4.1", "asyncssh>=2.23.1", "rich", "humanize", "msgspec"]
# So that the project's own tests can also run inside the guest.
EXTRAS = ["pytest", "pytest-asyncio", "hypothesis"]


def requirements() -> list[str]:
    """What pyproject.toml declares (a list of its own while there is none)."""
    try:
        text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    except FileNotFoundError:
        return FALLBACK + EXTRAS
    declared = tomllib.loads(text).get("project", {}).get("dependencies", [])
    return sorted(str(item) for item in declared or FALLBACK) + EXTRAS


def _pip(*words: str) -> None:
    # pip reports what it would cache or upgrade through its environment; only errors matter here.
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words],
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LabError(f"pip {words[0]} failed:\n{done.stderr.strip()[-1500:]}")


def build(out: Path) -> None:
    """Leave `site-packages.tar`, ready to be unpacked into the guest's environment."""
    house, site = out / "wheels", out / "site"
    for name in SOURCE_ONLY:
        _pip("wheel", "--no-deps", "--quiet", "--wheel-dir", str(house), name)
    _pip(
        *("install", "--quiet", "--target", str(site), "--no-compile", "--find-links", str(house)),
        *("--only-binary=:all:", "--python-version", GUEST_PYTHON, "--implementation", "cp"),
        *(word for name in PLATFORMS for word in ("--platform", name)),
        *requirements(),
    )
    with tarfile.open(out / "site-packages.tar", "w") as archive:
        archive.add(site, ".")
    shutil.rmtree(site)
