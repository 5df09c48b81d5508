"""A folder that an operation makes for its file: taken away with it, unless somebody else uses it by then."""

from __future__ import annotations

from gbtui.guard.plan import Exec, Probe, Step

LEFT = '[ ! -d "$1" ] || [ -n "$(ls -A -- "$1")" ]'
"""gbtui-folder-left FOLDER: status 0 where it is gone, or holds something."""


def make_folder(where: str, folder: str, make: tuple[str, ...] = ("mkdir", "-p")) -> Step:
    """Make `folder` in `where`; `make` is the command without it, as another user or with a mode."""
    return Step(
        title=f"Make {folder}",
        does=Exec(where, (*make, "--", folder)),
        done=Probe(f"{folder} is there", Exec(where, ("test", "-d", folder)), "status", "0"),
        undo=(Exec(where, ("rmdir", "--ignore-fail-on-non-empty", "--", folder)),),
        undone=Probe(
            f"{folder} is gone, or holds what is somebody else's",
            Exec(where, ("sh", "-c", LEFT, "gbtui-folder-left", folder)),
            "status",
            "0",
        ),
    )
