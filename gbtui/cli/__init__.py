"""The command line: the same library, for scripts, cron and people without a cockpit."""

from gbtui.cli.main import main

__all__ = ["main"]
