"""What the panes are called, in the order of their numbers. Imports nothing: the first paint needs it."""

from __future__ import annotations

TITLES = {
    "containers": "containers",
    "snapshots": "snapshots",
    "firewall": "firewall",
    "bans": "bans",
    "log": "access log",
}
"""Pane id to title."""

SHORT = {"containers": "cont", "snapshots": "snap", "firewall": "fw"}
"""Names for a line of 80 cells, where they differ from the id."""
