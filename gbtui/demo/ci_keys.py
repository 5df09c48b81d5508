"""SSH between containers of the simulated host: keys, who is let in, whom the runner knows."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from gbtui.demo import files
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import File, Place
from gbtui.text import text

HOME, USER = "/home/gbuser", "gbuser"
HOST_KEY = "/etc/ssh/ssh_host_ed25519_key.pub"
SSHD = "ssh.service"
_KIND = "ssh-ed25519"


def furnish(runner: Place, target: Place, now: float) -> None:
    """The runner has a key pair, the target an sshd; they have never met."""
    for path, data in (("id_ed25519", b"-\n"), ("id_ed25519.pub", f"{_key('runner')} ci@runner\n".encode())):
        runner.files[f"{HOME}/.ssh/{path}"] = File(data, 0o600, f"{USER}:{USER}", now - 9e6)
    target.files[HOST_KEY] = File(f"{_key('host')} root@acme-system\n".encode(), modified=now - 9e6)
    target.folders.add(HOME)


def _key(about: str) -> str:
    parts = (_KIND.encode(), sha256(f"demo {about}".encode()).digest())
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"{_KIND} {text(base64.b64encode(blob))}"


def _lines(place: Place, path: str) -> list[str]:
    file = place.files.get(path)
    return text(file.data).splitlines() if file else []


def _state(place: Place, path: str) -> str:
    if path in place.links:
        return "link"
    file = place.files.get(path)
    if file is not None:
        return f"{file.mode:o} {file.owner.partition(':')[0]}"
    return f"700 {USER}" if files.is_folder(place, path) else "missing"


def _side(call: Call, user: str, file: str) -> list[str]:
    home = f"/home/{user}"
    if not files.is_folder(call.place, home):
        return []
    rows = {
        "home": home,
        "home-state": _state(call.place, home),
        "folder": _state(call.place, f"{home}/.ssh"),
    }
    rows["file"] = _state(call.place, f"{home}/.ssh/{file}")
    return [f"{name}\t{value}" for name, value in rows.items()]


def _runner(call: Call) -> Answer:
    user, *names = call.arguments
    rows = _side(call, user, "known_hosts")
    if rows and "ssh" not in call.place.missing:
        rows.append("ssh\tyes")
    folder = f"/home/{user}/.ssh"
    if f"{folder}/id_ed25519" in call.place.files:
        rows += [f"key\t{line}" for line in _lines(call.place, f"{folder}/id_ed25519.pub")[:1]]
    for name in names:
        for line in _lines(call.place, f"{folder}/known_hosts"):
            known, _, key = line.partition(" ")
            rows += [f"known\t{name} {key}"] if name in known.split(",") else []
    return said("\n".join(rows))


def _listens(place: Place) -> bool:
    unit = place.units.get(SSHD)
    return unit is not None and unit.active


def _target(call: Call) -> Answer:
    rows = _side(call, call.arguments[0], "authorized_keys")
    if rows and _listens(call.place):
        rows.append("ssh\tyes")
    rows += [f"key\t{line}" for line in _lines(call.place, HOST_KEY)[:1]] if rows else []
    return said("\n".join(rows))


def _line_count(call: Call) -> Answer:
    path, _, line = call.arguments
    return said(str(_lines(call.place, path).count(line)))


def _holding(place: Place, path: str, key: str) -> int:
    live = [line for line in _lines(place, path) if not line.lstrip().startswith("#")]
    return sum(key in " ".join(line.split()) for line in live)


def _key_count(call: Call) -> Answer:
    path, _, kind, blob = call.arguments
    return said(str(_holding(call.place, path, f"{kind} {blob}")))


def _add(call: Call) -> Answer:
    path, user, line = call.arguments
    if not files.is_folder(call.place, path.rpartition("/")[0]):
        return failed(
            1, f"mktemp: failed to create file via template '{path}.XXXXXX': No such file or directory"
        )
    if line not in _lines(call.place, path):
        old = call.place.files.get(path, File(b"", 0o600, f"{user}:{user}"))
        call.place.files[path] = replace(old, data=old.data + line.encode() + b"\n")
    return said()


def _remove(call: Call) -> Answer:
    path, _, line, new = call.arguments
    left = [one for one in _lines(call.place, path) if one != line]
    if path not in call.place.files or left == _lines(call.place, path):
        return said()
    if new == "new" and not left:
        del call.place.files[path]
    else:
        data = "".join(f"{one}\n" for one in left).encode()
        call.place.files[path] = replace(call.place.files[path], data=data)
    return said()


def _reaches(call: Call) -> Answer:
    user, peer = call.arguments
    name, _, address = peer.partition("@")
    one = next((one for one in call.state.instances.values() if one.ipv4 == address and one.running), None)
    if one is None or not _listens(call.state.places[one.name]):
        return said(f"no: ssh: connect to host {address} port 22: Connection refused")
    far, folder = call.state.places[one.name], f"/home/{user}/.ssh"
    known = [
        line
        for line in _lines(call.place, f"{folder}/known_hosts")
        if address in line.split(" ")[0].split(",")
    ]
    host = " ".join("".join(_lines(far, HOST_KEY)[:1]).split(" ")[:2])
    if not any(line.endswith(host) for line in known):
        return said("no: Host key verification failed.")
    path = f"/home/{name}/.ssh/authorized_keys"
    mine = " ".join("".join(_lines(call.place, f"{folder}/id_ed25519.pub")[:1]).split(" ")[:2])
    file = far.files.get(path)
    if file is None or file.mode & 0o022 or not _holding(far, path, mine):
        return said(f"no: {peer}: Permission denied (publickey).")
    return said("reached", takes=0.3)


def as_user(call: Call) -> Answer:
    """`runuser -u USER -- PROGRAM …`."""
    words = call.arguments
    if words[:1] != ("-u",) or "--" not in words or call.state.execute is None:
        return failed(1, "runuser: bad usage")
    return call.state.execute(replace(call, argv=words[words.index("--") + 1 :]))


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-key-runner": _runner,
    "gbtui-key-target": _target,
    "gbtui-line-count": _line_count,
    "gbtui-key-lines": _key_count,
    "gbtui-line-add": _add,
    "gbtui-line-remove": _remove,
    "gbtui-runner-reaches": _reaches,
}
