"""The stages that run the guest: ten containers booted, then the twin provisioned and saved.

Both end in a saved machine state under the same name, so the second starts from the first's
memory and an edit of a role costs no second boot of ten containers.
"""

import shutil
import subprocess
import tarfile
from pathlib import Path

from . import accelerator
from .build import Builder
from .machine import ACCELERATORS, KERNEL_LINE, Disks, Machine
from .report import say, timed
from .settings import CPUS, LAB, MEMORY_MB, LabError, Settings
from .shell import Shell
from .stages import Stage, digest, tree

SNAPSHOT = "ready"
_BASE_FILES = ("containers.sh", "venv.sh")
_BOOT_SECONDS = 600
_WARM_UP = """
lxc list; zfs list -t all; zpool status; iptables-save; nft list ruleset; fail2ban-client status
for name in $(lxc list -f csv -c n); do lxc exec "$name" -- systemctl is-system-running </dev/null; done
su - ops -c 'sudo true; python3 -c "import json, ssl, asyncio"'
true
"""


class Provisioner:
    """Drives the guest through its two stages."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._builder = Builder(settings)
        self._machine = Machine(settings)
        self._shell = Shell(settings)

    def accelerator(self) -> str:
        """How this machine can run the guest."""
        root = self._builder.root().ensure()
        return accelerator.choose(self._settings, root / "vmlinuz", root / "initrd.img")

    def disks(self, folder: Path) -> Disks:
        """The machine's disks as they lie in a state folder."""
        root = self._builder.root().out
        return Disks(
            kernel=root / "vmlinuz",
            initrd=root / "initrd.img",
            root=folder / "root.qcow2",
            pool=folder / "pool.qcow2",
            payload=folder / "payload.tar",
        )

    def write_known_hosts(self) -> None:
        """The guest's host keys, under the name ssh clients will look for."""
        keys = (self._builder.root().out / "host_keys.pub").read_text().splitlines()
        name = f"[127.0.0.1]:{self._settings.port}"
        lines = (f"{name} {' '.join(line.split()[:2])}\n" for line in keys)
        self._settings.known_hosts.write_text("".join(lines))

    def containers(self) -> Stage:
        """Ten containers of the image, running and empty; the library environment."""
        builder = self._builder
        inputs = (builder.root(), builder.image(), builder.wheels())
        line = ["qemu-system-x86_64", "--version"]
        version = subprocess.run(line, capture_output=True, text=True, check=True).stdout
        words = (*ACCELERATORS[self.accelerator()], KERNEL_LINE, version, str(MEMORY_MB), str(CPUS))
        files = [LAB / "guest" / name for name in _BASE_FILES]
        key = digest(files, *words, *(stage.key for stage in inputs))
        return Stage("containers", key, self._boot_containers, self._settings)

    def state(self) -> Stage:
        """The provisioned, healthy twin with its memory saved."""
        key = digest(tree("guest"), self.containers().key)
        return Stage("state", key, self._provision, self._settings)

    def _boot_containers(self, out: Path) -> None:
        disks = self.disks(out)
        image, libraries = self._builder.image().ensure(), self._builder.wheels().ensure()
        with tarfile.open(disks.payload, "w") as archive:
            archive.add(image / "image.tar.zst", "image.tar.zst")
            archive.add(libraries / "site-packages.tar", "site-packages.tar")
        # Relative, so that the whole cache can be moved.
        base = f"../{self._builder.root().ensure().name}/root.qcow2"
        create = ["qemu-img", "create", "-q", "-f", "qcow2"]
        subprocess.run([*create, "-b", base, "-F", "qcow2", str(disks.root)], check=True)
        subprocess.run([*create, str(disks.pool), "12G"], check=True)
        self.write_known_hosts()
        self._machine.start(disks, self.accelerator())
        with timed("cold boot to SSH"):
            self._shell.wait(self._machine, _BOOT_SECONDS)
        self._push_guest_files("tar -xf /dev/vdc")
        self._play("containers.sh")
        self._play("venv.sh")
        self._save()

    def _provision(self, out: Path) -> None:
        booted = self.containers().ensure()
        shutil.copytree(booted, out, dirs_exist_ok=True)
        self.write_known_hosts()
        self._machine.stop()
        self._machine.start(self.disks(out), self.accelerator(), SNAPSHOT)
        self._shell.wait(self._machine, _BOOT_SECONDS)
        self._push_guest_files("true")
        self._play("provision.sh")
        self._save()

    def _push_guest_files(self, then: str) -> None:
        """The lab's guest folder, fresh, as /root/lab."""
        pack = ["tar", "-C", str(LAB / "guest"), "--exclude=__pycache__", "-c", "."]
        command = f"rm -rf /root/lab; mkdir /root/lab && cd /root/lab && tar -x && {then}"
        with subprocess.Popen(pack, stdout=subprocess.PIPE) as archive:
            line = [*self._shell.arguments("root"), command]
            subprocess.run(line, stdin=archive.stdout, check=True)

    def _play(self, script: str) -> None:
        """Run one guest script, passing its progress lines on; all it says goes to a log."""
        path = self._settings.cache / "logs" / f"{Path(script).stem}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        line = [*self._shell.arguments("root"), f"/root/lab/{script} 2>&1 </dev/null"]
        with (
            timed(script),
            path.open("w", encoding="utf-8") as log,
            subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as guest,
        ):
            for said in guest.stdout or ():
                log.write(said)
                log.flush()
                if said.startswith("[guest"):
                    say(said.rstrip())
        if guest.returncode:
            tail = "\n".join(path.read_text(errors="replace").splitlines()[-15:])
            hint = "the guest is left running: `lab ssh --user root`, then `lab down`"
            raise LabError(f"{script} ended {guest.returncode} ({hint}):\n{tail}")

    def _save(self) -> None:
        self._shell.must("rm -rf /root/lab; sync; echo 1 >/proc/sys/vm/drop_caches")
        # What every session will touch is read back in, so that a reset does not start cold.
        self._shell.must(_WARM_UP, seconds=300)
        with timed("save state"):
            self._machine.tell(f"savevm {SNAPSHOT}")
        self._machine.stop()
