"""The reading scripts of the checks inside containers, on the simulated host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gbtui.demo.call import Answer, Call, said
from gbtui.demo.lxd_devices import WHOLE
from gbtui.text import line, text

#: The program that each of these units runs.
_PROGRAMS = {"alm-ci-runner.service": "forgejo-runner"}


def _role_answers(call: Call) -> Answer:
    kind, _, *targets = call.arguments
    lines = []
    for target in targets:
        status, words = _ask(call, kind, target)
        lines.append(f"{target}\t{status}\t{words} ")
        if status == 0:
            break
    return said("\n".join(lines))


def _works(call: Call) -> Answer:
    done = _role_answers(call)
    status = [row.split("\t")[1] for row in text(done.stdout).splitlines()]
    return replace(done, status=0 if "0" in status or set(status) <= {"127"} else 1)


def _ask(call: Call, kind: str, target: str) -> tuple[int, str]:
    if kind == "process":
        running = [unit.name for unit in call.place.units.values() if unit.active]
        there = target in [_PROGRAMS.get(name, "") for name in running]
        return (0, "412") if there else (1, "no such process")
    argv = tuple(target.split())
    if kind == "http":
        argv = ("curl", "-s", "-S", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}", target)
    if call.state.execute is None:
        return 127, f"{argv[0]}: not found"
    done = call.state.execute(replace(call, argv=argv))
    words = line(done.stdout) + line(done.stderr)
    refused = kind == "http" and done.status == 0 and not words.startswith(("2", "3"))
    return (22 if refused else done.status), words


def _gbo_owners(call: Call) -> Answer:
    root, place = call.arguments[0], call.place
    held = text(place.files["/proc/self/uid_map"].data)
    inner = {
        name[len(root) + 1 :].split("/")[0]
        for name in (*place.files, *place.folders)
        if name.startswith(f"{root}/")
    }
    can = "yes" if held == WHOLE else "no"
    paths = [root, *(f"{root}/{name}" for name in sorted(inner))]
    return said("\n".join([held.strip(), *(f"{place.owners.get(path, 0)} {can} {path}" for path in paths)]))


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-role-answers": _role_answers,
    "gbtui-works": _works,
    "gbtui-gbo-owners": _gbo_owners,
}
