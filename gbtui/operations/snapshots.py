"""Everything that may be done to snapshots, by id."""

from __future__ import annotations

from gbtui.operations.base import Operation
from gbtui.operations.snapshots_destroy import DESTROY
from gbtui.operations.snapshots_orphan import FORGET
from gbtui.operations.snapshots_prune import PRUNE
from gbtui.operations.snapshots_rolling import INSTALL
from gbtui.operations.snapshots_take import TAKE

OPERATIONS: tuple[Operation, ...] = (DESTROY, PRUNE, TAKE, INSTALL, FORGET)
