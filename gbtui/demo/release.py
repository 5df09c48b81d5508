"""Binaries on the simulated host: what is built, what lies in place, and which one a process runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatch
from hashlib import sha256

from gbtui.demo import files
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import MIB, File, Place, Unit
from gbtui.text import text

FOLDER = "/opt/gbo/bin"
BUILT = "/opt/gbo/ci/botserver/target/release/botserver"
COMMIT, NEXT = "5b259a2c5a", "c0ffee1234"
MACHINE = "3e00"
_UNITS = {"system.service": f"{FOLDER}/botserver", "ui.service": f"{FOLDER}/botui"}
_OWNER = "gbuser:gbuser"


def elf(commit: str, *, kind: bytes = b"\x03\x00", machine: bytes = b"\x3e\x00") -> bytes:
    """As much of a program as anybody looks at: its head, and the commit it was built from."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + kind + machine + f"\0commit={commit}\0".encode()


def furnish(runner: Place, target: Place, now: float) -> None:
    """The runner has built the next release; the one before it runs."""
    runner.files[BUILT] = File(elf(NEXT), 0o755, _OWNER, now - 3600, 91 * MIB)
    for unit, path in _UNITS.items():
        begun = target.units[unit].since
        target.files[path] = File(elf(COMMIT), 0o755, _OWNER, begun - 3600, 90 * MIB)
        begin(target, target.units[unit])


def begin(place: Place, unit: Unit) -> None:
    """A unit's process is the binary that lies there when it starts."""
    file = place.files.get(_UNITS.get(unit.name, ""))
    unit.image = file.data if file else b""


def commit(unit: Unit) -> str:
    """The commit that a running service names."""
    match = re.search(rb"commit=([0-9a-f]+)", unit.image)
    return text(match[1]) if match else COMMIT


def _sum(place: Place, path: str) -> str:
    file = place.files.get(path)
    return sha256(file.data).hexdigest() if file else ""


def _source(call: Call) -> Answer:
    path = call.arguments[0]
    file = call.place.files.get(path)
    if path in call.place.links:
        return said("link")
    if file is None:
        return said("folder" if files.is_folder(call.place, path) else "missing")
    if not file.data:
        return said("empty")
    if file.data[:4] != b"\x7fELF":
        return said("no-elf")
    if not file.mode & 0o111:
        return said("not-executable")
    kind, machine = file.data[16:18].hex(), file.data[18:20].hex()
    return said(f"elf {len(file.data) + file.stands_for} {kind} {machine} {_sum(call.place, path)}")


def _target(call: Call) -> Answer:
    path, _, unit = call.arguments
    folder = path.rpartition("/")[0]
    if not files.is_folder(call.place, folder):
        return said()
    rows = ["folder\tyes", f"free\t{call.state.host_free // 1024}", f"machine\t{MACHINE}", "owned\tyes"]
    file = call.place.files.get(path)
    if file is not None:
        rows.append(f"file\t{file.mode:o} {file.owner} {_sum(call.place, path)}")
    kept = [name for name in call.place.files if fnmatch(name, f"{path}.bak-*")]
    return said("\n".join([*rows, f"starts\t{_UNITS.get(unit, '')}", f"kept\t{len(kept)}"]))


def _stage(call: Call) -> Answer:
    where, path, to, new, digest, owner = call.arguments
    file = call.state.places[where].files.get(path)
    one = call.state.instances.get(to)
    if file is None or one is None or not one.running:
        return failed(
            1, "Error: Instance is not running" if file else f"cat: {path}: No such file or directory"
        )
    if sha256(file.data).hexdigest() != digest:
        return failed(1, f"{new} is not the file that was planned")
    user, _, group = owner.partition(":")
    made = replace(file, mode=0o755, owner=f"{user}:{group or user}", modified=call.state.clock.now())
    call.state.places[to].files[new] = made
    return said(takes=1.0 + file.stands_for / (100 * MIB))


def _staged(call: Call) -> Answer:
    new, path, digest = call.arguments
    return said("yes" if digest in (_sum(call.place, new), _sum(call.place, path)) else "no")


def _swap(call: Call) -> Answer:
    new, path, digest, old = call.arguments
    held = call.place.files
    if new not in held and _sum(call.place, path) == digest:
        return said()
    if _sum(call.place, new) != digest:
        return failed(1, f"{new} is not the file that was planned")
    if old and old not in held:
        held[old] = replace(held[path])
    held[path] = held.pop(new)
    return said()


def _back(call: Call) -> Answer:
    path, digest, old = call.arguments
    held = call.place.files
    if old and old in held:
        held[path] = held.pop(old)
        return said()
    if _sum(call.place, path) != digest:
        return said()
    if old:
        return failed(1, f"{old} is gone: there is nothing to put back")
    del held[path]
    return said()


def _running(call: Call) -> Answer:
    name, digest = call.arguments
    unit = call.place.units.get(name)
    if unit is None or not unit.active:
        return said(f"not: {name} does not run")
    same = sha256(unit.image).hexdigest() == digest
    return said("runs" if same else f"not: process 400 runs {_UNITS.get(name, '')} (deleted)")


def _proof(call: Call) -> Answer:
    url, path, wanted = call.arguments
    asked = (
        call.state.execute(replace(call, argv=("curl", "-fsS", "-m", "5", url)))
        if call.state.execute
        else None
    )
    if asked is None or asked.status:
        return said(f"not: {text(asked.stderr).strip() if asked else ''}")
    match = re.search(r'"commit":\s*"([0-9a-f]{7,40})"', text(asked.stdout))
    if match is None:
        return said("not: it names no commit")
    file = call.place.files.get(path)
    if not wanted and match[1].encode() not in (file.data if file else b""):
        return said(f"not: it names {match[1]}, which is not in the binary")
    if wanted and not (match[1].startswith(wanted) or wanted.startswith(match[1])):
        return said(f"not: it is {match[1]}")
    return said(f"proven {match[1]}")


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-deploy-source": _source,
    "gbtui-deploy-target": _target,
    "gbtui-deploy-stage": _stage,
    "gbtui-deploy-staged": _staged,
    "gbtui-deploy-swap": _swap,
    "gbtui-deploy-back": _back,
    "gbtui-deploy-running": _running,
    "gbtui-deploy-proof": _proof,
}
