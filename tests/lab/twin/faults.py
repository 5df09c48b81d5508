"""Named faults: scripts of `faults/`, run in the guest as root with `inject` or `undo`."""

from .settings import LAB, LabError
from .shell import Shell

_FOLDER = LAB / "faults"


def names() -> dict[str, str]:
    """Every fault and the first comment line of its script."""
    found = {}
    for path in sorted(_FOLDER.glob("*.sh")):
        lines = path.read_text(encoding="utf-8").splitlines()
        found[path.stem] = next((line[2:] for line in lines if line.startswith("# ")), "")
    return found


def _along(script: str) -> list[str]:
    """Files of this folder that a script wants beside it: its lines `# with NAME`."""
    return [line.removeprefix("# with ") for line in script.splitlines() if line.startswith("# with ")]


def play(shell: Shell, name: str, action: str) -> str:
    """Run one fault script; it travels as a file, so that nothing in it can eat its own text."""
    if name not in names():
        raise LabError(f"no fault {name!r}: {', '.join(names())}")
    script = (_FOLDER / f"{name}.sh").read_text(encoding="utf-8")
    for file in _along(script):
        shell.must(f"cat >/run/{file}", stdin=(LAB / file).read_text(encoding="utf-8"))
    place = f"/run/lab-fault-{name}.sh"
    return shell.must(f"cat >{place} && bash -eu {place} {action} </dev/null", stdin=script)
