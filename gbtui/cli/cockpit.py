"""The one doorway from the library to the screens."""

from __future__ import annotations

import argparse


def cockpit(options: argparse.Namespace) -> int:
    """Open the cockpit in this terminal; returns its exit status."""
    from gbtui.cli.opening import build_session
    from screens.app import CockpitApp

    app = CockpitApp(build_session(options))
    app.run()
    return app.return_code or 0
