"""Every operation on firewalls, as the catalogue lists them."""

from __future__ import annotations

from gbtui.operations.base import Operation
from gbtui.operations.firewall import ACCEPT_LOOPBACK
from gbtui.operations.firewall_delete import DELETE_RULE
from gbtui.operations.firewall_drop import DROP_PORT

OPERATIONS: tuple[Operation, ...] = (ACCEPT_LOOPBACK, DROP_PORT, DELETE_RULE)
