"""The rest of the `lxc` client on the simulated host: query, config, list, snapshot, restore, delete."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from gbtui.demo import lxc_config, lxd_snapshots
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.lxd import DemoLxd
from gbtui.demo.state import Instance
from gbtui.errors import GbtuiError

_NO_INSTANCE = failed(1, "Error: Instance not found")


def listed(call: Call, words: list[str]) -> Answer:
    """`lxc list [REGEX] --format csv [-c COLUMNS]` with n (name), s (state), 4 (address), S (snapshots)."""
    columns, pattern, rest = "ns4tS", "", list(words)
    while rest:
        word = rest.pop(0)
        if word in ("-c", "--columns") and rest:
            columns = rest.pop(0)
        elif word in ("-f", "--format") and rest:
            rest.pop(0)
        elif not word.startswith("-"):
            pattern = word
    ordered = sorted(call.state.instances.values(), key=lambda one: one.name)
    found = [one for one in ordered if re.search(pattern, one.name)]
    return said("\n".join(",".join(_cell(one, column) for column in columns) for one in found))


def _cell(one: Instance, column: str) -> str:
    values = {
        "n": one.name,
        "s": "RUNNING" if one.running else "STOPPED",
        "4": f"{one.ipv4} (eth0)" if one.running else "",
        "t": "CONTAINER",
        "S": str(len(one.snapshots)),
    }
    return values.get(column, "")


def query(call: Call, words: list[str]) -> Answer:
    """`lxc query /1.0/PATH`: the answer as JSON with tabs."""
    path, _, asked = words[0].removeprefix("/1.0").strip("/").partition("?")
    recursion = int(asked.removeprefix("recursion=") or 0) if asked.startswith("recursion=") else 0
    try:
        found = DemoLxd(call.state).find(path.split("/") if path else [], recursion)
    except GbtuiError as error:
        return failed(1, f"Error: {error.why}")
    return said(json.dumps(found, indent="\t", sort_keys=True))


def config(call: Call, words: list[str]) -> Answer:
    """`lxc config get NAME KEY`, `lxc config device list|show|get NAME …`, and what changes them."""
    device = words[:1] == ["device"]
    rest = words[1:] if device else words
    one = call.state.instances.get(rest[1] if len(rest) > 1 else "")
    if one is None:
        return _NO_INSTANCE
    if not device and rest[0] == "get":
        return Answer(0, f"{one.config.get(rest[2], '')}\n".encode())
    if device and rest[0] == "list":
        return said("\n".join(sorted(one.devices)))
    if device and rest[0] == "show":
        return said("\n".join(_yaml(one.devices)))
    if device and rest[0] == "get":
        found = one.devices.get(rest[2])
        if found is None:
            return failed(1, "Error: Device doesn't exist")
        return Answer(0, f"{found.get(rest[3], '')}\n".encode())
    changed = lxc_config.change(call, one, words)
    return changed or failed(1, f'Error: unknown command "{rest[0]}" for "lxc config"')


def _yaml(devices: dict[str, dict[str, str]]) -> list[str]:
    lines = []
    for name, device in sorted(devices.items()):
        lines.append(f"{name}:")
        for key, value in sorted(device.items()):
            shown = f'"{value}"' if value in ("true", "false") or value.isdigit() else value
            lines.append(f"  {key}: {shown}")
    return lines or ["{}"]


def snapshot(call: Call, words: list[str]) -> Answer:
    """`lxc snapshot NAME SNAPSHOT`."""
    return _act(call, words, lambda one, name: lxd_snapshots.create(call.state, one, name))


def restore(call: Call, words: list[str]) -> Answer:
    """`lxc restore NAME SNAPSHOT`."""
    return _act(call, words, lambda one, name: lxd_snapshots.restore(call.state, one, name))


def delete(call: Call, words: list[str]) -> Answer:
    """`lxc delete NAME/SNAPSHOT`."""
    return _act(
        call,
        words[0].split("/", 1) if words and "/" in words[0] else ["", ""],
        lambda one, name: lxd_snapshots.delete(call.state, one, name),
    )


def _act(call: Call, words: list[str], act: Callable[[Instance, str], None]) -> Answer:
    one = call.state.instances.get(words[0] if words else "")
    if one is None or len(words) < 2:
        return _NO_INSTANCE
    try:
        act(one, words[1])
    except GbtuiError as error:
        return failed(1, f"Error: {error.why}")
    return said(takes=0.4)


VERBS: dict[str, Callable[[Call, list[str]], Answer]] = {
    "list": listed,
    "query": query,
    "config": config,
    "snapshot": snapshot,
    "restore": restore,
    "delete": delete,
}
