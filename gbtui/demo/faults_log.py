"""Faults of the access log on the simulated host, the same names as in the lab."""

from __future__ import annotations

from gbtui.demo.fault import Fault
from gbtui.demo.state import State
from gbtui.demo.traffic import PATH

PROXY = "acme-proxy"
_CONSOLE = b'2026/11/23 14:03:22.100\tINFO\thttp.log.access.log0\thandled request\t{"status": 200}\n'


def _console(state: State) -> None:
    state.log_written += [_CONSOLE] * 400


def _json(state: State) -> None:
    state.log_written.clear()


def _silence(state: State) -> None:
    state.log_rate = 0.0
    state.places[PROXY].files[PATH].modified = state.clock.now() - 30_000


def _sound(state: State) -> None:
    state.log_rate = 12.0
    state.places[PROXY].files[PATH].modified = state.clock.now()


def _mask(state: State) -> None:
    state.log_client = "127.0.0.1"


def _unmask(state: State) -> None:
    state.log_client = ""


FAULTS: dict[str, Fault] = {
    "log-not-json": Fault("the access log is written in another format than JSON", (73, 91), _console, _json),
    "log-silent": Fault("nothing is written to the access log any more", (91,), _silence, _sound),
    "clients-masked": Fault("every client in the access log is 127.0.0.1", (23, 72), _mask, _unmask),
}
