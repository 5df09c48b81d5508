"""Vault on the simulated host: a seal, five keys of which three open it, and the file they lie in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import File, Place, Vault
from gbtui.text import text

FOLDER = "/opt/gbo/bin/botserver-stack/conf/vault"
KEYS = f"{FOLDER}/init.json"


def furnish(place: Place, now: float) -> None:
    """An open Vault, its keys in a file of root's."""
    keys = tuple(sha256(f"demo key {number}".encode()).hexdigest()[:44] for number in range(5))
    held = {"unseal_keys_b64": list(keys), "unseal_shares": 5, "unseal_threshold": 3}
    place.vault = Vault(keys)
    place.files[KEYS] = File(json.dumps(held, indent=1).encode(), 0o600, modified=now - 9e6)


def seal(place: Place) -> None:
    """As after every start of the real one."""
    if place.vault is not None:
        place.vault.sealed, place.vault.given = True, set()


def unseal(place: Place) -> None:
    """Open, however that came."""
    if place.vault is not None:
        place.vault.sealed, place.vault.given = False, set()


def _state(call: Call) -> str:
    vault, unit = call.place.vault, call.place.units.get("vault.service")
    if vault is None or unit is None or not unit.active:
        return "silent"
    return f"sealed {len(vault.given)}/{vault.needed}" if vault.sealed else "open"


def _seal(call: Call) -> Answer:
    return said(_state(call) if call.arguments[0].endswith(":8200") else "silent")


def _held(call: Call, path: str) -> list[str]:
    file = call.place.files.get(path)
    try:
        return list(json.loads(text(file.data))["unseal_keys_b64"]) if file else []
    except (ValueError, KeyError):
        return []


def _count(call: Call) -> Answer:
    return said(str(len(_held(call, call.arguments[0]))))


def _reached(call: Call, number: str) -> bool:
    vault, state = call.place.vault, _state(call)
    return state == "open" or (state != "silent" and vault is not None and len(vault.given) >= int(number))


def _given(call: Call) -> Answer:
    return said("yes" if _reached(call, call.arguments[1]) else "no")


def _unseal(call: Call) -> Answer:
    path, _, number = call.arguments
    vault, lines = call.place.vault, []
    for key in _held(call, path):
        if vault is None or _reached(call, number) or _state(call) == "silent":
            break
        if key in vault.keys:
            vault.given.add(key)
        if len(vault.given) >= vault.needed:
            unseal(call.place)
        lines.append(f"{_state(call)}\n")
    return Answer(0 if _reached(call, number) else 1, "".join(lines).encode())


def _unseal_typed(call: Call) -> Answer:
    key, vault = text(call.stdin).strip(), call.place.vault
    if not re.fullmatch(r"[A-Za-z0-9+/=_-]+", key):
        return failed(2, "not a key" if key else "no key")
    if vault is not None and vault.sealed and key in vault.keys:
        vault.given.add(key)
        if len(vault.given) >= vault.needed:
            unseal(call.place)
    return Answer(0 if _reached(call, call.arguments[1]) else 1, f"{_state(call)}\n".encode())


def _key_file(call: Call) -> Answer:
    path = call.arguments[0]
    file = call.place.files.get(path)
    if file is None:
        return said("missing")
    return said(f"{file.mode:o} {file.owner} {'yes' if path in call.place.tracked else 'no'}")


def change_mode(call: Call) -> Answer:
    """`chmod [--] MODE PATH…`."""
    mode, *paths = [word for word in call.arguments if word != "--"]
    return _each(call, "access", paths, lambda file: replace(file, mode=int(mode, 8)))


def change_owner(call: Call) -> Answer:
    """`chown [--] USER:GROUP PATH…`; `USER:` takes the user's own group."""
    owner, *paths = [word for word in call.arguments if word != "--"]
    user, _, group = owner.partition(":")
    return _each(call, "access", paths, lambda file: replace(file, owner=f"{user}:{group or user}"))


def _each(call: Call, verb: str, paths: list[str], change: Callable[[File], File]) -> Answer:
    name = call.argv[0].rsplit("/", 1)[-1]
    for path in paths:
        if path not in call.place.files:
            return failed(1, f"{name}: cannot {verb} '{path}': No such file or directory")
        call.place.files[path] = change(call.place.files[path])
    return said()


def git(call: Call) -> Answer:
    """`git -C FOLDER rm --cached … NAME` and `git -C FOLDER add -f -- NAME`."""
    words = list(call.arguments)
    folder = words[words.index("-C") + 1] if "-C" in words else ""
    path = f"{folder}/{words[-1]}"
    if "rm" in words and "--cached" in words:
        if path not in call.place.tracked:
            return failed(128, f"fatal: pathspec '{words[-1]}' did not match any files")
        call.place.tracked.discard(path)
        return said()
    if "add" in words:
        call.place.tracked.add(path)
        return said()
    return failed(1, "git: not simulated")


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-seal": _seal,
    "gbtui-given": _given,
    "gbtui-key-count": _count,
    "gbtui-unseal": _unseal,
    "gbtui-unseal-typed": _unseal_typed,
    "gbtui-key-file": _key_file,
}
