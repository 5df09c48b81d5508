"""What a container's role adds to its menu: a runner's caches and keys, a release where it goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from screens.actions_menu import OPERATION, choices_for
from screens.selection import known
from tests.ui.screen_stage import cockpit, session, until

CI = {"ci.clean-cache", "ci.install-cleanup", "ci.authorise-runner"}
RELEASE = {"release.deploy", "release.push"}


@pytest.mark.parametrize(
    ("name", "wanted"), [("acme-alm-ci", CI), ("acme-system", RELEASE), ("acme-drive", set())]
)
async def test_a_role_offers_what_is_done_to_it(tmp_path: Path, name: str, wanted: set[str]) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):
        table = app.root.panes["containers"].table
        await until(pilot, lambda: len(table.rows) > 5)
        row = next(row for row in table.rows if getattr(row, "name", "") == name)
        given = known("containers", (row,), "host")
        assert given == {"container": name}
        offered = {choice.id.removeprefix(OPERATION) for choice in choices_for(app, "containers", row, given)}
        assert offered & (CI | RELEASE) == wanted
