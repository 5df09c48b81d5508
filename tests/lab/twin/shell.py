"""Commands in the guest, over SSH with strict host key checking."""

import shlex
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from .machine import Machine
from .settings import HOST, LabError, Settings

Finished = subprocess.CompletedProcess[str]


class Shell:
    """SSH to the twin as `root` or `ops`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def arguments(self, user: str, *options: str) -> list[str]:
        """The ssh command line up to, and with, the destination."""
        pairs = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(self._settings.known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "LogLevel": "ERROR",
            "ConnectTimeout": "20",
        }
        chosen = [word for key, value in pairs.items() for word in ("-o", f"{key}={value}")]
        settings = self._settings
        return [
            *("ssh", "-F", "none", "-i", str(settings.key), "-p", str(settings.port)),
            *chosen,
            *options,
            f"{user}@{HOST}",
        ]

    def run(self, command: str, *, user: str = "root", stdin: str = "", seconds: float = 120) -> Finished:
        """Run one shell command; output is captured as text, bad bytes replaced."""
        return subprocess.run(
            [*self.arguments(user), command],
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )

    def argv(self, words: Sequence[str], *, user: str = "root", seconds: float = 120) -> Finished:
        """Run one program with exactly these arguments."""
        return self.run(shlex.join(words), user=user, seconds=seconds)

    def must(self, command: str, *, seconds: float = 120, stdin: str = "") -> str:
        """Run as root and raise with the error text unless it succeeds."""
        done = self.run(command, seconds=seconds, stdin=stdin)
        if done.returncode:
            said = (done.stderr + done.stdout).strip()
            raise LabError(f"in the guest: {command[:80]} ended {done.returncode}: {said}")
        return done.stdout

    def wait(self, machine: Machine, seconds: float) -> None:
        """Wait until a login works, and set the clock in that login.

        A resumed guest believes it is still the moment it was saved. It asks for the time once
        it is logged in, so that a slow login does not make the answer old.
        """
        deadline = time.monotonic() + seconds
        while not self._set_clock():
            machine.check()
            if time.monotonic() > deadline:
                raise LabError(f"no SSH after {seconds:.0f} s; console: {machine.console}")
            time.sleep(0.2)

    def _set_clock(self) -> bool:
        ask = 'echo now; read -r now && date -s "@$now" >/dev/null'
        with subprocess.Popen(
            [*self.arguments("root", "-o", "ServerAliveInterval=10"), ask],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as login:
            answer = f"{time.time():.3f}\n" if login.stdout and login.stdout.readline() else ""
            login.communicate(answer)
        return login.returncode == 0

    def push(self, source: Path, destination: str) -> None:
        """Copy one file (no sftp needed, mode kept simple)."""
        with source.open("rb") as file:
            command = f"cat > {shlex.quote(destination)}"
            done = subprocess.run(
                [*self.arguments("root"), command], stdin=file, capture_output=True, check=False
            )
        if done.returncode:
            raise LabError(f"push {source}: {done.stderr.decode(errors='replace').strip()}")
