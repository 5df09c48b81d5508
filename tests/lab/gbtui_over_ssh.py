"""An operator of the twin: gbtui's own command line, over SSH, with a journal of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .twin.fixtures import Lab

ROOT = Path(__file__).parents[2]
CONTAINER = "container=acme-system"
OPERATION = "firewall.accept-loopback"


class Operator:
    """Runs `gbtui` against `lab`, through `port` (another one leads through a cable that can be cut)."""

    def __init__(self, lab: Lab, home: Path, *, port: int | None = None) -> None:
        self.home = home
        self.config = home / "config.toml"
        known_hosts = home / "known_hosts"
        lines = lab.known_hosts.read_text("utf-8").splitlines()
        known_hosts.write_text(
            "".join(f"[127.0.0.1]:{port or lab.port} {' '.join(line.split()[1:])}\n" for line in lines)
        )
        self.config.write_text(
            'default = "lab"\n[hosts.lab]\n'
            f'address = "ssh://{lab.user}@{lab.host}:{port or lab.port}"\n'
            f'known_hosts = "{known_hosts}"\nidentity = "{lab.key}"\n'
        )

    def waive(self, waivers: Path) -> None:
        """Accept what the file says, as the operator of this host does."""
        (self.home / "waivers.toml").write_bytes(waivers.read_bytes())

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "GBTUI_CONFIG": str(self.config), "GBTUI_STATE": str(self.home / "state")}

    def start(self, *words: str, crash_at: str = "", editor: str = "") -> subprocess.Popen[bytes]:
        env = self.env | ({"GBTUI_CRASH_AT": crash_at} if crash_at else {})
        env |= {"VISUAL": editor} if editor else {}
        return subprocess.Popen(
            [sys.executable, "-m", "gbtui", *words],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(
        self, *words: str, crash_at: str = "", editor: str = "", seconds: float = 300
    ) -> subprocess.CompletedProcess[str]:
        process = self.start(*words, crash_at=crash_at, editor=editor)
        out, err = process.communicate(timeout=seconds)
        return subprocess.CompletedProcess(
            words, process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
        )

    def sure(self, *words: str, crash_at: str = "", seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """The same by somebody who says yes, has read each of the plan's warnings, and types its text.

        Asked first without a yes nothing is done, and what has to be read and typed is named.
        """
        asked = self.json(*words).get("outcome", {})
        read = ("--acknowledge", ",".join(asked["unacknowledged"])) if "unacknowledged" in asked else ()
        typed = ("--confirm", asked["confirm"]) if "confirm" in asked and "--confirm" not in words else ()
        return self.run(*words, "--yes", *read, *typed, crash_at=crash_at, seconds=seconds)

    def json(self, *words: str) -> Any:
        """The document a command prints; its exit status is in the words of a failure."""
        done = self.run(*words, "--json")
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"{words} ended {done.returncode}: {done.stdout}{done.stderr}") from None

    def story(self) -> list[str]:
        """The kinds of records in the journal, in order, of all operations."""
        return [record["record"] for record in self.json("journal")["records"]]


def loopback_first(lab: Lab) -> bool:
    """Whether loopback's ACCEPT is the first rule of INPUT, running and saved."""
    rules = lab.inside("system", "iptables", "-S", "INPUT").stdout.splitlines()
    saved = lab.inside("system", "grep", "^-A INPUT", "/etc/iptables/rules.v4").stdout.splitlines()
    wanted = "-A INPUT -i lo -j ACCEPT"
    return rules[1:2] == [wanted] and saved[:1] == [wanted]


def rules_text(lab: Lab) -> str:
    """Running and saved rules, to compare before and after."""
    return lab.inside(
        "system", "sh", "-c", "iptables -S; grep -v '^#' /etc/iptables/rules.v4 | sed 's/\\[[0-9:]*\\]//'"
    ).stdout
