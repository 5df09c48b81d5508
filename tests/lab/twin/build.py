"""The stages that need no running machine: from an apt mirror to a bootable disk."""

import os
import shutil
import subprocess
from pathlib import Path

from . import wheels
from .report import timed
from .settings import LAB, LabError, Settings
from .stages import Stage, digest, run_script

# Package of the distribution -> a program that proves it is there.
HOST_PACKAGES = {
    "qemu-system-x86": "qemu-system-x86_64",
    "qemu-utils": "qemu-img",
    "mmdebstrap": "mmdebstrap",
    "e2fsprogs": "mke2fs",
    "zstd": "zstd",
    "openssh-client": "ssh",
}
BUILD = LAB / "build"


def install_host_packages() -> None:
    """Install what is missing, from this machine's own distribution."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [name for name, tool in HOST_PACKAGES.items() if not shutil.which(tool, path=path)]
    if not missing:
        return
    if os.geteuid() != 0:
        raise LabError(f"missing packages: {' '.join(missing)} (install them, or run as root)")
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=900", "-qq"]
    install = [*apt, "install", "-y", "--no-install-recommends", *missing]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with timed(f"install {' '.join(missing)}"):
        for line in ([*apt, "update"], install):
            subprocess.run(line, env=environment, stdout=subprocess.DEVNULL, check=True, timeout=1200)


class Builder:
    """Knows the inputs of every stage up to the guest's root disk."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def _log(self, name: str) -> Path:
        return self._settings.cache / "logs" / f"{name}.log"

    def client_key(self) -> Path:
        """The operator's key pair, made once."""
        key = self._settings.key
        if not key.exists():
            key.parent.mkdir(parents=True, exist_ok=True)
            line = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "gbtui-lab", "-f"]
            subprocess.run([*line, str(key)], check=True)
        return self._settings.public_key

    def kernel_version(self) -> str:
        """The kernel of the last build, or the mirror's current one for a first build."""
        known = self._settings.cache / "kernel"
        if not known.exists():
            scratch = self._settings.cache / "kernel.tmp"
            version = run_script("kernel.sh", scratch, self._log("kernel"))
            shutil.rmtree(scratch, ignore_errors=True)
            known.write_text(version)
        return known.read_text().strip()

    def module(self) -> Stage:
        """OpenZFS for the guest's kernel."""
        version = self.kernel_version()

        def build(out: Path) -> None:
            run_script("zfs-module.sh", out, self._log("module"), {"KV": version})

        key = digest([BUILD / "zfs-module.sh"], version)
        return Stage("module", key, build, self._settings)

    def image(self) -> Stage:
        """The container image."""

        def build(out: Path) -> None:
            run_script("image.sh", out, self._log("image"))

        files = [BUILD / name for name in ("image.sh", "image-chroot.sh", "image.list")]
        return Stage("image", digest(files), build, self._settings)

    def root(self) -> Stage:
        """The guest's root disk, kernel and host keys."""
        public, module = self.client_key(), self.module()

        def build(out: Path) -> None:
            deb = module.ensure() / "zfs-modules.deb"
            extra = {"KV": self.kernel_version(), "MODULE": str(deb), "PUBKEY": str(public)}
            run_script("root.sh", out, self._log("root"), extra)

        files = [BUILD / name for name in ("root.sh", "root-chroot.sh", "root.list")]
        key = digest([*files, public], module.key)
        return Stage("root", key, build, self._settings)

    def wheels(self) -> Stage:
        """Python libraries for the guest."""
        files = [LAB / "twin" / "wheels.py"]
        key = digest(files, *wheels.requirements())
        return Stage("wheels", key, wheels.build, self._settings)
