"""The `lxc` client on the simulated host: exec into a container, and the few commands the guide types."""

from __future__ import annotations

from dataclasses import replace

from gbtui.demo import lxc_client
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.lxd_power import change_power, refuse_hung
from gbtui.errors import GbtuiError

SOCKET = "/var/snap/lxd/common/lxd/unix.socket"
_VALUED = ("--user", "--group", "--cwd", "--env", "--mode")


def lxc(call: Call) -> Answer:
    """`lxc exec|list|start|stop|restart|version …`."""
    words = list(call.arguments)
    if words[:1] == ["version"]:
        return said("Client version: 5.21.2 LTS\nServer version: 5.21.2 LTS")
    if not call.state.lxd_up:
        where = f'Get "http://unix.socket/1.0": dial unix {SOCKET}: connect: connection refused'
        return failed(1, f"Error: {where}")
    if words[:1] == ["exec"]:
        found = unwrap(call)
        if isinstance(found, Answer):
            return found
        return call.state.execute(found) if call.state.execute is not None else failed(1, "Error: EOF")
    if words[:1] in (["start"], ["stop"], ["restart"]):
        return _power(call, words[0], words[1:])
    if words and words[0] in lxc_client.VERBS:
        return lxc_client.VERBS[words[0]](call, words[1:])
    return failed(1, f'Error: unknown command "{words[0] if words else ""}" for "lxc"')


def unwrap(call: Call) -> Call | Answer:
    """The call inside the container that `lxc exec NAME … -- argv` starts, or the client's refusal."""
    words, name = list(call.arguments[1:]), ""
    while words:
        word = words.pop(0)
        if word == "--":
            break
        if word in _VALUED and words:
            words.pop(0)
        elif not word.startswith("-"):
            if name:
                words.insert(0, word)
                break
            name = word
    one = call.state.instances.get(name)
    if one is None:
        return failed(1, "Error: Instance not found")
    if not one.running:
        return failed(1, "Error: Instance is not running")
    if not words:
        return failed(1, "Error: No command specified")
    return replace(call, place=call.state.places[name], argv=tuple(words), root=True)


def _power(call: Call, action: str, words: list[str]) -> Answer:
    """`lxc start|stop|restart NAME [--force] [--timeout SECONDS]`."""
    valued = {words[at + 1] for at, word in enumerate(words[:-1]) if word == "--timeout"}
    for name in [word for word in words if not word.startswith("-") and word not in valued]:
        one = call.state.instances.get(name)
        if one is None:
            return failed(1, "Error: Instance not found")
        try:
            if "--force" not in words and action != "start":
                refuse_hung(call.state, one, action)
            change_power(call.state, one, action)
        except GbtuiError as error:
            return failed(1, f"Error: {error.why}")
    return said(takes=1.0)
