"""One QEMU process: how it is started, found again, and stopped (by its own pid only)."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import monitor
from .settings import CPUS, HOST, MEMORY_MB, LabError, Settings

KERNEL_LINE = "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off init_on_alloc=0 quiet panic=-1"
# Without a host's help a processor with less to it is the faster one: string moves are interpreted byte by
# byte, wide vectors in pieces, and what guards or saves state costs at every call. It does not say that it
# has them, so neither glibc nor the kernel uses them (two fifths of the time of what starts programs).
_LACKS = "la57 erms fsrm smap smep pcid invpcid avx avx2 xsave xsaveopt xsavec xgetbv1"
ACCELERATORS = {
    "kvm": ["-accel", "kvm", "-cpu", "host"],
    "tcg": [
        "-accel",
        "tcg,thread=multi",
        "-cpu",
        ",".join(("max", *(f"{name}=off" for name in _LACKS.split()))),
    ],
}


@dataclass(frozen=True)
class Disks:
    """What a machine boots from: stock kernel and initrd, its two disks, the read-only payload."""

    kernel: Path
    initrd: Path
    root: Path
    pool: Path
    payload: Path

    def arguments(self) -> list[str]:
        """QEMU's options; `payload` is a bare tar file seen by the guest as /dev/vdc."""
        writable = "if=virtio,format=qcow2,discard=unmap,cache=unsafe"
        return [
            *("-kernel", str(self.kernel), "-initrd", str(self.initrd), "-append", KERNEL_LINE),
            *("-drive", f"file={self.root},{writable}"),
            *("-drive", f"file={self.pool},{writable}"),
            *("-drive", f"file={self.payload},if=virtio,format=raw,readonly=on"),
        ]


class Machine:
    """The twin's QEMU, identified by the pid file in its run folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._run = settings.run

    @property
    def console(self) -> Path:
        """The guest's serial console."""
        return self._run / "console.log"

    @property
    def pid(self) -> int | None:
        """The pid of a live QEMU of ours, or None."""
        try:
            number = int((self._run / "pid").read_text())
            words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        ours = b"qemu-system" in words[0] and str(self._run).encode() in b" ".join(words)
        return number if ours else None

    def start(self, disks: Disks, accelerator: str, load: str | None = None) -> None:
        """Start in the background; `load` resumes a saved state instead of booting."""
        self._run.mkdir(parents=True, exist_ok=True)
        socket = self._run / "monitor"
        socket.unlink(missing_ok=True)
        forward = f"hostfwd=tcp:{HOST}:{self._settings.port}-:22"
        line = [
            *("qemu-system-x86_64", "-M", "q35", *ACCELERATORS[accelerator]),
            *("-smp", str(CPUS), "-m", str(MEMORY_MB), "-nodefaults", "-display", "none"),
            *disks.arguments(),
            *("-netdev", f"user,id=n0,restrict=on,{forward}"),
            *("-device", "virtio-net-pci,netdev=n0", "-device", "virtio-rng-pci"),
            *("-serial", f"file:{self.console}", "-no-reboot"),
            *("-monitor", f"unix:{socket},server,nowait"),
            *(("-loadvm", load) if load else ()),
        ]
        with (self._run / "qemu.log").open("wb") as log:
            process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        (self._run / "pid").write_text(f"{process.pid}\n")
        self._wait_monitor(process, socket)

    def _wait_monitor(self, process: "subprocess.Popen[bytes]", socket: Path) -> None:
        while not socket.exists():
            if process.poll() is not None:
                said = (self._run / "qemu.log").read_text(errors="replace").strip()
                raise LabError(f"QEMU ended at once ({process.returncode}): {said}")
            time.sleep(0.05)

    def check(self) -> None:
        """Raise when QEMU is gone, with the end of the console."""
        if self.pid is None:
            tail = "\n".join(self.console.read_text(errors="replace").splitlines()[-10:])
            raise LabError(f"the machine has stopped; end of its console:\n{tail}")

    def tell(self, text: str) -> None:
        """One monitor command that prints nothing when it succeeds."""
        said = monitor.command(self._run / "monitor", text)
        if said:
            raise LabError(f"{text}: {said}")

    def await_end(self, seconds: float) -> None:
        """Wait until QEMU has ended by itself: it does when its guest reboots."""
        number, deadline = self.pid, time.monotonic() + seconds
        while self.pid is not None:
            if time.monotonic() > deadline:
                raise LabError(f"the guest did not shut down within {seconds:.0f} s; console: {self.console}")
            if number is not None:
                _reap(number)
            time.sleep(0.2)

    def stop(self) -> None:
        """End QEMU: the saved state is what counts, so nothing is shut down politely."""
        number = self.pid
        if number is None:
            return
        os.kill(number, signal.SIGTERM)
        deadline = time.monotonic() + 10
        while self.pid is not None:
            if time.monotonic() > deadline:
                os.kill(number, signal.SIGKILL)
            _reap(number)
            time.sleep(0.05)


def _reap(number: int) -> None:
    """Collect our own child, if it is one; otherwise init does."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(number, os.WNOHANG)
