"""The scripts of the checks on CI, releases and suggestions on the simulated host."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatch

from gbtui.demo import files
from gbtui.demo.call import Answer, Call, said
from gbtui.demo.state import File, Place
from gbtui.demo.unit_switch import FileUnit
from gbtui.text import text

UNITS = "/etc/systemd/system"
CLEANUP = "build-caches"
BOTS = tuple(f"0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e000{number}" for number in (1, 2))
HOME, USER = "/home/gbuser", "gbuser"
AUTHORISED, KNOWN = f"{HOME}/.ssh/authorized_keys", f"{HOME}/.ssh/known_hosts"
HOST_KEY = "/etc/ssh/ssh_host_ed25519_key.pub"
_WORDS = re.compile(rb"sccache|\.cargo|cargo-(cache|sweep)|gbtui-ci-cleanup")
_STORED = re.compile(r"Redis key: suggestions:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_SERVICE = "[Service]\nType=oneshot\nExecStart=/usr/bin/find /home/gbuser/.cache/sccache -atime +30 -delete\n"
_TIMER = "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n"


def furnish(runner: Place, target: Place, address: str, now: float) -> None:
    """A timer cleans the caches; the runner is let in, and knows whom it talks to."""
    for name, data in ((f"{CLEANUP}.service", _SERVICE), (f"{CLEANUP}.timer", _TIMER)):
        runner.files[f"{UNITS}/{name}"] = File(data.encode(), modified=now - 9e6)
    meet(runner, target, address)
    clean(runner, now)


def clean(runner: Place, now: float) -> None:
    """The timer is on."""
    timer = f"{CLEANUP}.timer"
    wanted = f"{UNITS}/timers.target.wants/{timer}"
    runner.files[wanted] = File(runner.files[f"{UNITS}/{timer}"].data, 0o777)
    runner.units[timer] = FileUnit(timer, since=now)


def meet(runner: Place, target: Place, address: str) -> None:
    """The runner's key stands in the target's file, the host's key in the runner's."""
    mine = runner.files[f"{HOME}/.ssh/id_ed25519.pub"].data
    target.files[AUTHORISED] = File(mine, 0o600, f"{USER}:{USER}")
    host = " ".join(text(target.files[HOST_KEY].data).split()[:2])
    runner.files[KNOWN] = File(f"{target.name},{address} {host}\n".encode(), 0o600, f"{USER}:{USER}")


def _sizes(call: Call) -> Answer:
    rows = []
    for folder in call.arguments:
        under = [file for path, file in call.place.files.items() if path.startswith(f"{folder}/")]
        if files.is_folder(call.place, folder):
            rows.append(f"cache\t{sum(f.stands_for + len(f.data) for f in under) // 1024}\t{folder}")
    return said("\n".join(rows))


def _cleaners(call: Call) -> Answer:
    every = call.place.files
    rows = [f"cache\t\t{folder}" for folder in call.arguments if files.is_folder(call.place, folder)]
    rows += [f"cron\t\t{path}" for path, f in every.items() if path.startswith("/etc/cron") and _says(f)]
    for path, file in every.items():
        name = path.rpartition("/")[2]
        timer = name.replace(".service", ".timer")
        own = fnmatch(path, f"{UNITS}/*.service") and path.count("/") == 4
        if own and _says(file) and f"{UNITS}/{timer}" in every:
            rows.append(f"timer\t\t{' '.join(_run(call, timer, name).split())}")
    return said("\n".join(rows))


def _says(file: File) -> bool:
    return _WORDS.search(file.data) is not None


def _run(call: Call, *units: str) -> str:
    argv = ("systemctl", "show", "-p", "Id,ActiveState,Result", "--", *units)
    done = call.state.execute(replace(call, argv=argv)) if call.state.execute else said()
    return text(done.stdout)


def _pairs(place: Place, path: str) -> list[str]:
    file = place.files.get(path)
    found = []
    for row in text(file.data).splitlines() if file else []:
        words = row.split()
        at = next((n for n, word in enumerate(words) if word.startswith(("ssh-", "ecdsa-"))), None)
        if at is not None and not row.lstrip().startswith("#"):
            found.append(f"known\t{' '.join(words[at : at + 2])}")
    return found


def _runner_keys(call: Call) -> Answer:
    folder, every = f"/home/{call.arguments[0]}/.ssh", call.place.files
    rows = []
    if f"{folder}/id_ed25519" in every:
        rows.append(f"key\t{text(every[f'{folder}/id_ed25519.pub'].data).strip()}")
    return said("\n".join([*rows, *_pairs(call.place, f"{folder}/known_hosts")]))


def _target_keys(call: Call) -> Answer:
    unit = call.place.units.get("ssh.service")
    rows = ["ssh\tyes"] if unit is not None and unit.active else []
    if HOST_KEY in call.place.files:
        rows.append(f"key\t{text(call.place.files[HOST_KEY].data).strip()}")
    return said("\n".join([*rows, *_pairs(call.place, f"/home/{call.arguments[0]}/.ssh/authorized_keys")]))


def _binaries(call: Call) -> Answer:
    folder, *names = call.arguments
    rows = [f"now {int(call.state.clock.now())}"]
    for name in names:
        for path, file in call.place.files.items():
            own = path.removeprefix(f"{folder}/")
            kind = "file" if own == name else "left" if fnmatch(own, f".{name}.*") else ""
            if kind and path.startswith(f"{folder}/"):
                size, user = len(file.data) + file.stands_for, file.owner.partition(":")[0]
                words = (kind, own, "f", f"{file.mode:o}", user, f"{file.modified:.4f}", str(size))
                rows.append("\t".join(words))
    return said("\n".join(rows))


def _suggestions(call: Call) -> Answer:
    """What was stored since the last start: lines that begin with their time, after it."""
    unit, log = call.place.units["system.service"], call.place.files.get(call.arguments[0])
    if log is None:
        return said("absent")
    since = datetime.fromtimestamp(unit.since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [row for row in text(log.data).splitlines() if row[:1].isdigit() and row[:20] >= since]
    ids = sorted({match[1] for row in lines if (match := _STORED.search(row))})
    return said("\n".join(f"bot\t{one}" if one in BOTS else f"other\t{one}\tuser\t1" for one in ids))


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-ci-sizes": _sizes,
    "gbtui-ci-cleaners": _cleaners,
    "gbtui-ci-runner-keys": _runner_keys,
    "gbtui-ci-target-keys": _target_keys,
    "gbtui-binaries": _binaries,
    "gbtui-suggestions": _suggestions,
}
