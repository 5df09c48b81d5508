"""The operations on containers, in the order in which they are listed."""

from __future__ import annotations

from gbtui.operations import (
    containers_mounts,
    containers_ports,
    containers_ports_remove,
    containers_power,
    containers_privileged,
    containers_restore,
    containers_snapshots,
)
from gbtui.operations.base import Operation

OPERATIONS: tuple[Operation, ...] = (
    *containers_power.OPERATIONS,
    *containers_privileged.OPERATIONS,
    *containers_ports.OPERATIONS,
    *containers_ports_remove.OPERATIONS,
    *containers_mounts.OPERATIONS,
    *containers_snapshots.OPERATIONS,
    *containers_restore.OPERATIONS,
)
