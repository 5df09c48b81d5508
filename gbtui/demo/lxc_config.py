"""What `lxc config` changes on the simulated host: keys, and devices."""

from __future__ import annotations

from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.lxd import DemoLxd
from gbtui.demo.state import Instance
from gbtui.errors import GbtuiError

_NO_DEVICE = failed(1, "Error: Device doesn't exist")


def change(call: Call, one: Instance, words: list[str]) -> Answer | None:
    """`lxc config set|unset NAME …` and `lxc config device add|set|remove NAME …`; None for another verb.

    `words` are without `lxc config`. An empty value takes a key away, as with the real client.
    """
    match words:
        case ["set", _, *pairs]:
            return _put(call, one, config=_with(one.config, pairs))
        case ["unset", _, key]:
            return _put(call, one, config=_with(one.config, [f"{key}="]))
        case ["device", "add", _, name, kind, *pairs]:
            if name in one.devices:
                return failed(1, "Error: The device already exists")
            return _put(call, one, name, device=_with({"type": kind}, pairs))
        case ["device", "set", _, name, *pairs]:
            if name not in one.devices:
                return _NO_DEVICE
            return _put(call, one, name, device=_with(one.devices[name], pairs))
        case ["device", "remove", _, *names]:
            if not all(name in one.devices for name in names):
                return _NO_DEVICE
            return _put(call, one, devices={k: v for k, v in one.devices.items() if k not in names})
    return None


def _with(keys: dict[str, str], pairs: list[str]) -> dict[str, str]:
    given = dict(pair.split("=", 1) for pair in pairs)
    return {key: value for key, value in {**keys, **given}.items() if value}


def _put(
    call: Call,
    one: Instance,
    name: str = "",
    *,
    config: dict[str, str] | None = None,
    device: dict[str, str] | None = None,
    devices: dict[str, dict[str, str]] | None = None,
) -> Answer:
    if device is not None:
        devices = {**one.devices, name: device}
    body = {"config": config} if config is not None else {"devices": devices}
    try:
        DemoLxd(call.state).configure(one, body, "", whole=True)
    except GbtuiError as error:
        return failed(1, f"Error: {error.why}")
    return said(takes=0.3)
