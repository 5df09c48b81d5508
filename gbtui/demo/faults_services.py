"""Faults of botserver, botui and their Valkey on the simulated host, by the names they have in the lab."""

from __future__ import annotations

from gbtui.demo import release, systemd, unit_files
from gbtui.demo.fault import Fault
from gbtui.demo.state import File, Place, State, Stray, Unit

SYSTEM = "acme-system"
BOTSERVER, BOTUI = "system.service", "ui.service"
BINARY = "/opt/gbo/bin/botserver"
DROP_IN = f"/etc/systemd/system/{BOTUI}.d/lab.conf"
OUTSIDE = "https://system.acme.test"


def _place(state: State) -> Place:
    return state.places[SYSTEM]


def _unit(state: State, name: str) -> Unit:
    return _place(state).units[name]


def restart(state: State, name: str) -> None:
    """Start a unit anew; its port answers at once."""
    unit, now = _unit(state, name), state.clock.now()
    systemd.start(_place(state), unit, now)
    unit.ready = now


def _stop_ui(state: State) -> None:
    _unit(state, BOTUI).active = False


def _start_ui(state: State) -> None:
    restart(state, BOTUI)


def _flap(state: State) -> None:
    unit = _unit(state, BOTUI)
    unit.flaps, unit.since = True, state.clock.now() - 60


def _steady(state: State) -> None:
    _unit(state, BOTUI).flaps = False
    restart(state, BOTUI)


def _by_hand(state: State) -> None:
    _stop_ui(state)
    _place(state).strays[5859] = Stray(4711, "root", "botui")


def _only_systemd(state: State) -> None:
    _place(state).strays.pop(5859, None)
    restart(state, BOTUI)


def _outside(state: State) -> None:
    place = _place(state)
    place.folders.add(DROP_IN.rpartition("/")[0])
    place.files[DROP_IN] = File(f"[Service]\nEnvironment=BOTSERVER_URL={OUTSIDE}\n".encode())
    unit_files.reload(place)
    restart(state, BOTUI)


def _inside(state: State) -> None:
    _place(state).files.pop(DROP_IN, None)
    unit_files.reload(_place(state))
    restart(state, BOTUI)


def _replace(state: State) -> None:
    """Another binary lies there, and nobody has restarted botserver."""
    file = _place(state).files[BINARY]
    file.data, file.modified = release.elf(release.NEXT), state.clock.now()


def _take_back(state: State) -> None:
    unit, file = _unit(state, BOTSERVER), _place(state).files[BINARY]
    file.data, file.modified = unit.image or file.data, unit.since - 8.6e4


def _late_cache(state: State) -> None:
    """Cut off while botserver started; the cache is back, and botserver never looks again."""
    unit = _unit(state, "valkey-server.service")
    unit.active = False
    restart(state, BOTSERVER)
    unit.active = True


def _look_again(state: State) -> None:
    restart(state, BOTSERVER)


FAULTS: dict[str, Fault] = {
    "ui-stopped": Fault("ui.service is stopped", (36, 51, 62), _stop_ui, _start_ui),
    "ui-flapping": Fault("ui.service ends again and again", (36, 51, 92), _flap, _steady),
    "ui-by-hand": Fault("a botui that systemd did not start holds 5859", (62,), _by_hand, _only_systemd),
    "ui-outside-url": Fault("botui reaches botserver by the world outside", (63,), _outside, _inside),
    "binary-replaced": Fault("botserver runs the binary of before", (43, 44), _replace, _take_back),
    "cache-too-late": Fault(
        "botserver looked for Valkey while it was cut off", (31, 36), _late_cache, _look_again
    ),
}
