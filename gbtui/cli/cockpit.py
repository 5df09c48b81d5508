"""The one doorway from the library to the screens."""

from __future__ import annotations

import argparse
from difflib import get_close_matches

from gbtui.config import Config, load_config
from gbtui.errors import BadInput


def cockpit(options: argparse.Namespace) -> int:
    """Open the cockpit in this terminal; returns its exit status."""
    from gbtui.cli.opening import build_session
    from screens.app import CockpitApp

    app = CockpitApp(build_session(options), keymap=keymap(load_config()))
    app.run()
    return app.return_code or 0


def keymap(config: Config) -> dict[str, str]:
    """The keys of the configuration. Raises BadInput for an action that does not exist."""
    from screens.actions import ACTIONS

    ids = [action.id for action in ACTIONS]
    for action in config.keys:
        if action not in ids:
            near = ", ".join(get_close_matches(action, ids, n=3)) or "docs/keys.md lists them"
            what = f"configuration {config.path}: keys.{action}"
            raise BadInput(what, why="there is no such action", hint=f"expected one of: {near}")
    return dict(config.keys)
