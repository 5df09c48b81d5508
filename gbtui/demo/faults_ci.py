"""Faults of the CI runner, of releases and of what botserver stores, on the simulated host."""

from __future__ import annotations

from datetime import UTC, datetime

from gbtui.demo import release, scripts_ci
from gbtui.demo.fault import Fault
from gbtui.demo.state import GIB, File, State

RUNNER, SYSTEM = "acme-alm-ci", "acme-system"
UNIT = "alm-ci-runner.service"
BINARY = f"{release.FOLDER}/botserver"
LEFT = f"{release.FOLDER}/.botserver.gbtui-0123456789abcdef"
CRATE = f"{scripts_ci.HOME}/.cargo/registry/cache/index/huge-1.0.0.crate"
LOG = "/opt/gbo/logs/error.log"
STRANGER = "0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0f99"


def _stop(state: State) -> None:
    state.places[RUNNER].units[UNIT].active = False


def _start(state: State) -> None:
    state.places[RUNNER].units[UNIT].active = True


def _lock_out(state: State) -> None:
    state.places[SYSTEM].files.pop(scripts_ci.AUTHORISED, None)
    state.places[RUNNER].files.pop(scripts_ci.KNOWN, None)


def _let_in(state: State) -> None:
    scripts_ci.meet(state.places[RUNNER], state.places[SYSTEM], state.instances[SYSTEM].ipv4)


def _no_cleanup(state: State) -> None:
    place, timer = state.places[RUNNER], f"{scripts_ci.CLEANUP}.timer"
    place.files.pop(f"{scripts_ci.UNITS}/timers.target.wants/{timer}", None)
    place.units.pop(timer, None)


def _cleanup(state: State) -> None:
    scripts_ci.clean(state.places[RUNNER], state.clock.now())


def _grow(state: State) -> None:
    month = state.clock.now() - 30 * 86400
    state.places[RUNNER].files[CRATE] = File(b"", 0o644, "gbuser:gbuser", month, 38 * GIB)


def _shrink(state: State) -> None:
    state.places[RUNNER].files.pop(CRATE, None)


def _by_root(state: State) -> None:
    state.places[SYSTEM].files[BINARY].owner = "root:root"


def _by_owner(state: State) -> None:
    state.places[SYSTEM].files[BINARY].owner = "gbuser:gbuser"


def _leave(state: State) -> None:
    yesterday = state.clock.now() - 86400
    state.places[SYSTEM].files[LEFT] = File(b"\x7fELF", 0o600, "root:root", yesterday, 12 << 20)


def _sweep(state: State) -> None:
    state.places[SYSTEM].files.pop(LEFT, None)


def _store(state: State) -> None:
    stamp = datetime.fromtimestamp(state.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    row = f"{stamp} INFO basic: Adding suggestion to Redis key: suggestions:{STRANGER}:demo\n"
    state.places[SYSTEM].files[LOG].data += row.encode()


def _forget(state: State) -> None:
    log = state.places[SYSTEM].files[LOG]
    rows = log.data.splitlines(keepends=True)
    log.data = b"".join(row for row in rows if STRANGER.encode() not in row)


FAULTS: dict[str, Fault] = {
    "runner-stopped": Fault("the CI runner is stopped", (9, 49), _stop, _start),
    "runner-locked-out": Fault("the runner may not log in where it deploys to", (78,), _lock_out, _let_in),
    "ci-no-cleanup": Fault("nothing cleans the runner's build caches", (79,), _no_cleanup, _cleanup),
    "ci-cache-full": Fault("the runner's build caches have grown", (79,), _grow, _shrink),
    "binary-of-root": Fault("botserver's binary belongs to root", (50, 77), _by_root, _by_owner),
    "binary-leftover": Fault("a half-delivered binary lies beside it", (77,), _leave, _sweep),
    "suggestions-lost": Fault("a suggestion is stored under a user's id", (38, 41, 42), _store, _forget),
}
