"""gbtui's own scripts on the simulated host, known by their `$0` and answering as documented there.

`gbtui.guard.scripts` and `gbtui.hosts.files` say what each one does; here the same is done to the
state. The lock held by `gbtui-lock` is in `gbtui.demo.streams`, because it lasts as long as its stdin.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from gbtui.demo import (
    ci,
    ci_keys,
    dns,
    fail2ban,
    files,
    git,
    release,
    revert,
    scripts_bans,
    scripts_containers,
    scripts_drift,
    scripts_firewall,
    scripts_host,
    scripts_proxy,
    scripts_roles,
    scripts_services,
    scripts_shelf,
    scripts_snapshots,
    vault,
)
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import File, Place
from gbtui.text import text

BUSY, OVER = 75, 76
ROOT_ONLY = 0o600


def shell(call: Call) -> Answer:
    """`sh -c SCRIPT NAME ARGUMENT…` for the scripts gbtui brings, `sh FILE` for its revert script."""
    words = call.arguments
    if words[:1] == ("-c",) and len(words) > 2 and words[2] in SCRIPTS:
        return SCRIPTS[words[2]](replace(call, argv=(words[2], *words[3:])))
    if words and words[0] in FILES and words[0] in call.place.files:
        return FILES[words[0]](call)
    if len(words) == 1 and words[0].endswith("/revert.sh"):
        if words[0] not in call.place.files:
            return failed(2, f"sh: 0: cannot open {words[0]}: No such file")
        return revert.run(call, words[0].removesuffix("/revert.sh"))
    return failed(127, f"sh: 1: {words[-1] if words else ''}: this script is not known to the demo host")


def _lock(call: Call) -> Answer:
    """Run to its end with a closed stdin: taken and given back at once, or busy."""
    run_dir = call.arguments[0]
    holder = call.state.locks.get(run_dir)
    if holder is not None:
        return Answer(BUSY, f"busy {holder}\n".encode())
    return said("held")


def _lock_look(call: Call) -> Answer:
    return said(call.state.locks.get(call.arguments[0], ""))


def _backup(call: Call) -> Answer:
    path, backup = call.arguments
    files_ = call.place.files
    if backup not in files_:
        if path not in files_:
            return failed(1, f"cp: cannot stat '{path}': No such file or directory")
        if not _has_folder(call.place, backup):
            return failed(1, f"cp: cannot create regular file '{backup}.1.new': No such file or directory")
        files_[backup] = replace(files_[path])
    return said(f"{hashlib.sha256(files_[backup].data).hexdigest()}  {backup}")


def _same(call: Call) -> Answer:
    path, digest = call.arguments
    data = files.content(call.state, call.place, path)
    same = data is not None and hashlib.sha256(data).hexdigest() == digest
    return said("same" if same else "differs")


def _put(call: Call) -> Answer:
    path = call.arguments[0]
    if not _has_folder(call.place, path):
        return failed(2, f"gbtui-put: 4: cannot create {path}.1.new: Directory nonexistent")
    files.write(call.state, call.place, path, call.stdin, mode=ROOT_ONLY)
    return said()


def _write(call: Call) -> Answer:
    path, mode, size = call.arguments
    if files.is_folder(call.place, path):
        return failed(1, "gbtui-write: not a regular file")
    if not _has_folder(call.place, path):
        template = f"{path.rpartition('/')[0]}/.gbtui-XXXXXXXXXX"
        return failed(
            1, f"mktemp: failed to create file via template '{template}': No such file or directory"
        )
    if len(call.stdin) != int(size):
        return failed(1, f"gbtui-write: received {len(call.stdin)} of {size} bytes")
    files.write(call.state, call.place, path, call.stdin, mode=int(mode, 8))
    return said()


def _has_folder(place: Place, path: str) -> bool:
    return files.is_folder(place, path.rpartition("/")[0] or "/")


def _prepare(call: Call) -> Answer:
    directory = call.arguments[0].rstrip("/")
    call.place.folders |= {directory, directory.rpartition("/")[0]}
    return said()


def _arm(call: Call) -> Answer:
    directory, unit, seconds = call.arguments
    entries = call.place.files
    if f"{directory}/outcome" in entries:
        return Answer(OVER, entries[f"{directory}/outcome"].data)
    if f"{directory}/revert.sh" not in entries:
        return failed(1, f"{directory}/revert.sh: No such file or directory")
    now = call.state.clock.now()
    old = entries.get(f"{directory}/unit")
    if old is not None:
        unit = f"{unit}-{int(now * 1e9)}"
    program = ("/bin/sh", f"{directory}/revert.sh")
    options = ("--quiet", f"--unit={unit}", f"--on-active={seconds}", "--collect")
    started = execute(call, ("systemd-run", *options, *program))
    if started.status:
        return started
    due = int(now) + int(seconds)
    for name, value in (("unit", unit), ("armed", str(due))):
        entries[f"{directory}/{name}"] = File(f"{value}\n".encode(), ROOT_ONLY, modified=now)
    if old is not None:
        call.state.timers.pop(text(old.data).strip(), None)
    return said(f"armed {due}")


def _disarm(call: Call) -> Answer:
    directory = call.arguments[0]
    if not files.is_folder(call.place, directory):
        return said("none")
    outcome = call.place.files.get(f"{directory}/outcome")
    if outcome is not None:
        return Answer(OVER, outcome.data)
    unit = call.place.files.get(f"{directory}/unit")
    if unit is not None:
        call.state.timers.pop(text(unit.data).strip(), None)
    files.remove_tree(call.place, directory)
    return said("disarmed")


def _now(call: Call) -> Answer:
    directory = call.arguments[0]
    ran = execute(call, ("/bin/sh", f"{directory}/revert.sh"))
    if ran.status:
        return replace(ran, status=1)
    unit = call.place.files.get(f"{directory}/unit")
    if unit is not None:
        call.state.timers.pop(text(unit.data).strip(), None)
    return execute(call, ("cat", f"{directory}/outcome"))


def _list(call: Call) -> Answer:
    root, entries = call.arguments[0].rstrip("/"), call.place.files
    found = {name[len(root) + 1 :].split("/")[0] for name in entries if name.startswith(f"{root}/")}
    lines = [_listed(call, f"{root}/{name}", name) for name in sorted(found)]
    return said("\n".join(line for line in lines if line))


def _listed(call: Call, directory: str, name: str) -> str:
    entries = {
        key: call.place.files.get(f"{directory}/{key}") for key in ("about", "unit", "armed", "outcome")
    }
    if entries["about"] is None or f"{directory}/reported" in call.place.files:
        return ""
    title = text(entries["about"].data).split("\n")[0]
    state, epoch = "prepared", "0"
    if entries["outcome"] is not None:
        state = text(entries["outcome"].data).split(" ")[0]
        epoch = str(int(entries["outcome"].modified))
    elif entries["armed"] is not None:
        epoch = text(entries["armed"].data).strip()
        unit = text(entries["unit"].data).strip() if entries["unit"] else ""
        state = "armed" if unit in call.state.timers else "lost"
    return f"{name}\t{state}\t{epoch}\t{title}"


def _reported(call: Call) -> Answer:
    now = call.state.clock.now()
    call.place.files[f"{call.arguments[0]}/reported"] = File(b"", ROOT_ONLY, modified=now)
    return said()


def execute(call: Call, argv: tuple[str, ...], *, stdin: bytes = b"") -> Answer:
    """Another program at the same place, as a script starts it."""
    if call.state.execute is None:
        return failed(127, f"sh: 1: {argv[0]}: not found")
    return call.state.execute(replace(call, argv=argv, stdin=stdin))


def stamp(at: float) -> str:
    """RFC 3339, whole seconds, UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bans(call: Call) -> Answer:
    """The clock, the client's banner, and its prompt before each answer."""
    now = datetime.fromtimestamp(call.state.clock.now(), UTC).strftime("%Y-%m-%d %H:%M:%S +0000")
    banner = "Fail2Ban v1.0.2 reads log file that contains password failure report\n"
    out = f"{now}\n{banner}and bans the corresponding IP addresses using firewall rules.\n\n".encode()
    err = b""
    for question in call.arguments:
        answer = fail2ban.client(replace(call, argv=("fail2ban-client", *shlex.split(question))))
        out += b"fail2ban> " + answer.stdout
        err += answer.stderr
    return Answer(0, out + b"fail2ban> ", err)


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-bans": _bans,
    "gbtui-folder-left": files.folder_left,
    "gbtui-lock": _lock,
    "gbtui-lock-look": _lock_look,
    "gbtui-backup": _backup,
    "gbtui-put": _put,
    "gbtui-same": _same,
    "gbtui-write": _write,
    "gbtui-revert-prepare": _prepare,
    "gbtui-revert-arm": _arm,
    "gbtui-revert-disarm": _disarm,
    "gbtui-revert-now": _now,
    "gbtui-revert-list": _list,
    "gbtui-revert-reported": _reported,
    **scripts_containers.SCRIPTS,
    **scripts_firewall.SCRIPTS,
    **scripts_snapshots.SCRIPTS,
}
SCRIPTS |= scripts_services.SCRIPTS
SCRIPTS |= scripts_shelf.SCRIPTS
SCRIPTS |= dns.SCRIPTS
SCRIPTS |= vault.SCRIPTS
SCRIPTS |= scripts_bans.SCRIPTS
SCRIPTS |= scripts_proxy.SCRIPTS
SCRIPTS |= scripts_host.SCRIPTS
SCRIPTS |= scripts_drift.SCRIPTS
SCRIPTS |= scripts_roles.SCRIPTS
SCRIPTS |= ci.SCRIPTS
SCRIPTS |= ci_keys.SCRIPTS
SCRIPTS |= release.SCRIPTS
SCRIPTS |= git.SCRIPTS
FILES: dict[str, Callable[[Call], Answer]] = {**scripts_snapshots.FILES, **ci.FILES}
"""Scripts that stand in files there, by their path."""
