"""The one doorway from the library to the screens."""

from __future__ import annotations

import argparse
import gc
import sys
from typing import TYPE_CHECKING

from gbtui.cli.output import warn
from gbtui.errors import BadInput, Refused

if TYPE_CHECKING:
    from gbtui.config import Config
    from gbtui.runbooks.drills import Drill
    from gbtui.session import Session


def cockpit(options: argparse.Namespace) -> int:
    """Open the cockpit in this terminal; returns its exit status.

    The configuration is read and the session built behind the first paint; what that raises (a bad
    configuration, an unknown drill) is raised here, once the terminal is as it was.
    """
    return _open(options, None)


def practise(options: argparse.Namespace, drill: Drill) -> int:
    """The cockpit on a drill: on the simulated host, unless another is named.

    Raises:
        Refused: there is no terminal to practise in.
    """
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        hint = "gbtui drill --json lists them"
        raise Refused(f"practise {drill.id}", why="this is no terminal", hint=hint)
    if not options.host:
        options.demo = True
    options.drill = None  # the cockpit puts it in when the clock starts
    return _open(options, drill)


def _open(options: argparse.Namespace, drill: Drill | None) -> int:
    from screens.app import CockpitApp

    # Nothing imported at the start is ever garbage: looking for some costs a tenth of the start.
    gc.disable()
    app = CockpitApp(lambda: _built(options), drill=drill, greets=not options.drill)
    app.run()
    for words in app.farewell:
        warn(f"gbtui: {words}")
    if app.refused is not None:
        raise app.refused
    return app.return_code or 0


def _built(options: argparse.Namespace) -> tuple[Session, dict[str, str]]:
    from gbtui.cli.opening import build_session
    from gbtui.config import load_config

    keys = keymap(load_config())
    session = build_session(options)
    gc.freeze()
    gc.enable()
    return session, keys


def keymap(config: Config) -> dict[str, str]:
    """The keys of the configuration. Raises BadInput for an action that does not exist."""
    from difflib import get_close_matches

    from screens.actions import ACTIONS

    ids = [action.id for action in ACTIONS]
    for action in config.keys:
        if action not in ids:
            near = ", ".join(get_close_matches(action, ids, n=3)) or "docs/keys.md lists them"
            what = f"configuration {config.path}: keys.{action}"
            raise BadInput(what, why="there is no such action", hint=f"expected one of: {near}")
    return dict(config.keys)
