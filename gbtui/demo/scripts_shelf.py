"""The scripts of `gbtui.hosts.shelf` on the simulated host: the same answers over its files."""

from __future__ import annotations

from gbtui.demo.call import Answer, Call, said
from gbtui.demo.state import File

FULL = 75


def _path(call: Call) -> str:
    return "/".join(call.arguments[:2])


def _held(call: Call) -> bytes:
    found = call.place.files.get(_path(call))
    return b"" if found is None else found.data


def _keep(call: Call, data: bytes) -> Answer:
    call.place.folders.add(call.arguments[0])
    call.place.files[_path(call)] = File(data, 0o600, modified=call.state.clock.now())
    return said()


def _list(call: Call) -> Answer:
    folder = f"{call.arguments[0]}/"
    found = [(path.removeprefix(folder), one) for path, one in sorted(call.place.files.items())]
    found = [(name, one) for name, one in found if "/" not in name and not name.startswith(".")]
    return said("\n".join(f"{len(one.data)} {name}" for name, one in found))


def _read(call: Call) -> Answer:
    return Answer(0, _held(call)[int(call.arguments[2]) :])


def _append(call: Call) -> Answer:
    data = _held(call) + call.stdin
    return Answer(FULL) if len(data) > int(call.arguments[2]) else _keep(call, data)


def _put(call: Call) -> Answer:
    return _keep(call, call.stdin)


def _claim(call: Call) -> Answer:
    if not _held(call):
        _keep(call, call.stdin)
    return Answer(0, _held(call))


def _remove(call: Call) -> Answer:
    folder, *names = call.arguments
    for name in names:
        call.place.files.pop(f"{folder}/{name}", None)
    return said()


SCRIPTS = {
    "gbtui-shelf-list": _list,
    "gbtui-shelf-read": _read,
    "gbtui-shelf-append": _append,
    "gbtui-shelf-put": _put,
    "gbtui-shelf-claim": _claim,
    "gbtui-shelf-remove": _remove,
}
