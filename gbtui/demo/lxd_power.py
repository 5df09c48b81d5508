"""Simulated containers start and stop, and LXD tells those who listen."""

from __future__ import annotations

from datetime import UTC, datetime

from gbtui.demo import lxd_devices
from gbtui.demo.state import Instance, State, Unit
from gbtui.errors import BadInput, Failed
from gbtui.hosts.base import LxdEvent

_STATES = {"stop": "instance-stopped", "start": "instance-started", "restart": "instance-restarted"}


def change_power(state: State, one: Instance, action: str) -> None:
    """Start, stop or restart a container, with LXD's own refusals."""
    if action not in _STATES:
        raise BadInput(f"state of {one.name}", why=f"Unknown action {action}")
    if action == "start" and one.running:
        raise Failed(f"start {one.name}", why="The instance is already running")
    if action != "start" and not one.running:
        raise Failed(f"{action} {one.name}", why="The instance is already stopped")
    now = state.clock.now()
    one.running = action != "stop"
    one.config["volatile.last_state.power"] = "RUNNING" if one.running else "STOPPED"
    if one.running:
        one.started, one.leased = now, True
        lxd_devices.boot(state, one)
        for unit in state.places[one.name].units.values():
            unit.since = now
            unit.active = unit.active or type(unit) is Unit  # enabled; one with files is what they say
    tell(state, _STATES[action], f"/1.0/instances/{one.name}")


def refuse_hung(state: State, one: Instance, action: str) -> None:
    """A container whose init does not shut down (its place misses "shutdown") ends no clean stop."""
    if one.running and "shutdown" in state.places[one.name].missing:
        words = 'Failed shutting down instance, status is "Running": context deadline exceeded'
        raise Failed(f"{action} {one.name}", why=words)


def tell(state: State, action: str, source: str) -> None:
    """Send a lifecycle event to everybody who listens."""
    event = LxdEvent(datetime.fromtimestamp(state.clock.now(), UTC), action, source, "ops")
    for listener in list(state.listeners):
        listener(event)
