"""The CI runner on the simulated host: its build caches, the jobs that run, the nightly cleanup."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256

from gbtui.demo import files
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import MIB, File, Place

HOME = "/home/gbuser"
RUNNER = "alm-ci-runner.service"
INDEX = "index.crates.io-1949cf8c6b5b557f"
BUSY = 75
DAY = 86400
_KIB = 1024
#: crate, how many MiB it takes, how many days ago it was used
_CRATES = (("openssl-sys-0.9.102", 1, 41), ("tokio-1.36.0", 2, 19), ("serde-1.0.197", 1, 2))


def furnish(place: Place, now: float) -> None:
    """Crates and compiled things of the last weeks."""
    place.folders |= {HOME, "/usr/local/sbin", "/etc/systemd/system"}
    for name, size, ago in _CRATES:
        at, registry = now - ago * DAY, f"{HOME}/.cargo/registry"
        place.files[f"{registry}/cache/{INDEX}/{name}.crate"] = _file(at, size)
        place.files[f"{registry}/src/{INDEX}/{name}/src/lib.rs"] = _file(at, 4 * size)
    for number in range(24):
        key = sha256(f"object {number}".encode()).hexdigest()
        where = f"{HOME}/.cache/sccache/{key[0]}/{key[1]}/{key[2]}/{key}"
        place.files[where] = _file(now - number * 1.7 * DAY, 700 + 37 * number)


def _file(at: float, size: int) -> File:
    return File(b"", 0o644, "gbuser:gbuser", at, size * MIB)


def _entries(place: Place, cache: str) -> Iterator[tuple[str, float, int]]:
    """(path, when it was used last, bytes) of each entry of `FOLDER:DEPTH`."""
    folder, _, depth = cache.rpartition(":")
    found: dict[str, tuple[float, int]] = {}
    for path, file in place.files.items():
        parts = path.removeprefix(f"{folder}/").split("/")
        if path.startswith(f"{folder}/") and len(parts) >= int(depth):
            entry = "/".join((folder, *parts[: int(depth)]))
            at, size = found.get(entry, (0.0, 0))
            found[entry] = (max(at, file.modified), size + file.stands_for + len(file.data))
    for path, (at, size) in sorted(found.items(), key=lambda one: one[1][0]):
        yield path, at, size


def _old(place: Place, cache: str, cutoff: str) -> list[tuple[str, float, int]]:
    return [entry for entry in _entries(place, cache) if entry[1] < float(cutoff)]


def _jobs(call: Call) -> Answer:
    rows = [f"{pid}\t{name}\t{why}" for pid, (name, why) in sorted(call.place.jobs.items())]
    return said("\n".join(rows))


def _list(call: Call) -> Answer:
    cutoff, *caches = call.arguments
    rows = []
    for cache in caches:
        folder = cache.rpartition(":")[0]
        if folder in call.place.links:
            rows.append(f"link\t{folder}")
        elif files.is_folder(call.place, folder):
            old = _old(call.place, cache, cutoff)
            whole = sum(size for _, _, size in _entries(call.place, cache)) // _KIB
            lost = sum(size for _, _, size in old) // _KIB
            rows.append(f"cache\t{folder}\t{whole}\t{len(old)}\t{lost}")
            rows += [f"old\t{int(at)}\t{path.removeprefix(f'{folder}/')}" for path, at, _ in old[:3]]
    return said("\n".join(rows))


def _left(call: Call) -> Answer:
    cutoff, *caches = call.arguments
    return said(str(sum(len(_old(call.place, cache, cutoff)) for cache in caches)))


def _clean(call: Call) -> Answer:
    unit, cutoff, *caches = call.arguments
    if call.place.jobs:
        return failed(BUSY, "a job runs")
    for cache in caches:
        for path, _, _ in _old(call.place, cache, cutoff):
            files.remove_tree(call.place, path)
            call.place.files.pop(path, None)
    found = call.place.units.get(unit)
    if found is not None and found.active and call.state.execute is not None:
        call.state.execute(replace(call, argv=("systemctl", "restart", unit)))
    return said("removed", takes=2.0)


def _others(call: Call) -> Answer:
    cron = [path for path, file in call.place.files.items() if path.startswith("/etc/cron") and _cleans(file)]
    return said("\n".join(sorted(cron)))


def _cleans(file: File) -> bool:
    return b"sccache" in file.data or b".cargo" in file.data


def cleanup(call: Call) -> Answer:
    """`sh …/gbtui-ci-cleanup [--look]`."""
    return said("ready") if "--look" in call.arguments else said(takes=2.0)


FILES: dict[str, Callable[[Call], Answer]] = {"/usr/local/sbin/gbtui-ci-cleanup": cleanup}
"""Scripts that stand in files there, by their path."""

SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-ci-jobs": _jobs,
    "gbtui-ci-list": _list,
    "gbtui-ci-left": _left,
    "gbtui-ci-clean": _clean,
    "gbtui-ci-others": _others,
}
