"""KVM or emulation: /dev/kvm may open and still never boot a stock kernel, so it is tried.

The trial boots the guest's own kernel and initrd and waits for a line the initrd prints. The
answer is kept per machine (its id, host kernel and processor).
"""

import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path

from .machine import ACCELERATORS
from .report import say
from .settings import Settings
from .stages import digest

_MARKER = "Loading, please wait"
_SECONDS = 10.0


def choose(settings: Settings, kernel: Path, initrd: Path) -> str:
    """The name of the accelerator to use on this machine."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    cached = settings.cache / f"accelerator-{_machine_key()}"
    if not cached.exists():
        works = _boots_under_kvm(kernel, initrd)
        say(f"KVM trial: {'works' if works else 'useless here, using emulation'}")
        cached.write_text("kvm" if works else "tcg")
    return cached.read_text().strip()


def _machine_key() -> str:
    """KVM's usefulness belongs to a host kernel on a processor."""
    files = [path for path in (Path("/etc/machine-id"),) if path.exists()]
    model = [
        line
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
        if line.startswith(("model name", "hypervisor"))
    ]
    return digest(files, platform.release(), *model[:1])


def _boots_under_kvm(kernel: Path, initrd: Path) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        console = Path(folder) / "console"
        process = subprocess.Popen(
            [
                *("qemu-system-x86_64", "-M", "q35", *ACCELERATORS["kvm"]),
                *("-m", "512", "-nodefaults", "-display", "none", "-no-reboot"),
                *("-kernel", str(kernel), "-initrd", str(initrd)),
                *("-append", "console=ttyS0 panic=-1", "-serial", f"file:{console}"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return _marker_appears(process, console)
        finally:
            process.kill()
            process.wait()


def _marker_appears(process: "subprocess.Popen[bytes]", console: Path) -> bool:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if console.exists() and _MARKER in console.read_text(errors="replace"):
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.1)
    return False
