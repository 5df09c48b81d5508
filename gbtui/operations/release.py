"""The operations that bring a release to production (items 43–52, 77, 85–88)."""

from __future__ import annotations

from gbtui.operations.release_deploy import DEPLOY
from gbtui.operations.release_push import PUSH

OPERATIONS = (DEPLOY, PUSH)
