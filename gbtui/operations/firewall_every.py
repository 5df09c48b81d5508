"""Every operation on firewalls, as the catalogue lists them."""

from __future__ import annotations

from gbtui.operations.base import Operation
from gbtui.operations.firewall import ACCEPT_LOOPBACK
from gbtui.operations.firewall_delete import DELETE_RULE
from gbtui.operations.firewall_drop import DROP_PORT
from gbtui.operations.firewall_host import ACCEPT
from gbtui.operations.firewall_lxd import PERSIST
from gbtui.operations.firewall_restore import RESTORE
from gbtui.operations.firewall_save import SAVE

OPERATIONS: tuple[Operation, ...] = (ACCEPT_LOOPBACK, DROP_PORT, DELETE_RULE, SAVE, RESTORE, ACCEPT, PERSIST)
