"""The operations on the CI runner (items 76–79)."""

from __future__ import annotations

from gbtui.operations.ci_authorise import AUTHORISE
from gbtui.operations.ci_clean import CLEAN_CACHE
from gbtui.operations.ci_install import INSTALL_CLEANUP

OPERATIONS = (CLEAN_CACHE, INSTALL_CLEANUP, AUTHORISE)
