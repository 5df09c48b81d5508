"""The small programs for files and facts: cat, test, tail, stat, sha256sum, date and their kin."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from fnmatch import fnmatch

from gbtui.demo import traffic
from gbtui.demo.call import FOREVER, Answer, Call, failed, said
from gbtui.demo.state import File, Place, State

LOG_PLACE = "acme-proxy"


def content(state: State, place: Place, path: str) -> bytes | None:
    """The bytes of a file; None where there is none. The access log is made when it is looked at."""
    if path == traffic.PATH and path in place.files:
        return b"".join(traffic.last(state, 5000))
    found = place.files.get(path)
    return None if found is None else found.data


def is_folder(place: Place, path: str) -> bool:
    """Whether `path` is a folder: one made, or one that something lies in."""
    bare = path.rstrip("/")
    inside = any(name.startswith(f"{bare}/") for name in (*place.files, *place.folders))
    return bare in place.folders or inside or path == "/"


def why_not(call: Call, path: str) -> str:
    """Why `path` cannot be read as a file, in coreutils' words; "" when it can."""
    if is_folder(call.place, path):
        return "Is a directory"
    found = call.place.files.get(path)
    if found is None:
        return "No such file or directory"
    return "" if call.root or found.mode & 0o004 else "Permission denied"


def cat(call: Call) -> Answer:
    out, errors = [], []
    for path in [word for word in call.arguments if word != "--"] or ["-"]:
        words = "" if path == "-" else why_not(call, path)
        if words:
            errors.append(f"cat: {path}: {words}\n")
        else:
            out.append(call.stdin if path == "-" else content(call.state, call.place, path) or b"")
    return Answer(1 if errors else 0, b"".join(out), "".join(errors).encode())


def tail(call: Call) -> Answer:
    """`tail -n COUNT PATH`; with -F it never ends (a stream follows, see `gbtui.demo.streams`)."""
    count, path, follows = tail_options(call.arguments)
    words = why_not(call, path)
    if words:
        verb = "error reading" if words == "Is a directory" else "cannot open"
        said_ = f"tail: {verb} '{path}'" + (
            f": {words}" if verb == "error reading" else f" for reading: {words}"
        )
        return Answer(1, stderr=f"{said_}\n".encode(), takes=FOREVER if follows else 0.0)
    if path == traffic.PATH and call.place.name == LOG_PLACE:
        lines = traffic.last(call.state, count)
    else:
        lines = (content(call.state, call.place, path) or b"").splitlines(keepends=True)[-count:]
    return Answer(0, b"".join(lines), takes=FOREVER if follows else 0.0)


def tail_options(words: tuple[str, ...]) -> tuple[int, str, bool]:
    """(count, path, whether it follows) of tail's arguments."""
    count, path, follows, rest = 10, "", False, list(words)
    while rest:
        word = rest.pop(0)
        if word in ("-n", "--lines") and rest:
            count = int(rest.pop(0))
        elif word.startswith(("-n", "--lines=")) and word[-1:].isdigit():
            count = int("".join(filter(str.isdigit, word)))
        elif word in ("-F", "-f", "--follow=name", "--retry"):
            follows = True
        elif not word.startswith("-"):
            path = word
    return count, path, follows


def test(call: Call) -> Answer:
    """`test -e|-f|-d|-s|-r|-w PATH`, `test -n TEXT`."""
    words = [word for word in call.arguments if word != "]"]
    negated = words[:1] == ["!"]
    words = words[1:] if negated else words
    match words:
        case [("-n" | "-z") as flag, value]:
            holds = bool(value) == (flag == "-n")
        case ["-d", path]:
            holds = is_folder(call.place, path)
        case ["-e", path]:
            holds = path in call.place.files or is_folder(call.place, path)
        case ["-s", path]:
            holds = bool(content(call.state, call.place, path))
        case ["-f", path]:
            holds = path in call.place.files
        case ["-r" | "-w" | "-x", path]:
            holds = is_folder(call.place, path) or why_not(call, path) == ""
        case [left, ("=" | "!=") as sign, right]:
            holds = (left == right) == (sign == "=")
        case _:
            holds = bool(words)
    return Answer(0 if holds != negated else 1)


def sha256sum(call: Call) -> Answer:
    lines, errors = [], []
    for path in [word for word in call.arguments if word != "--"]:
        words = why_not(call, path)
        if words:
            errors.append(f"sha256sum: {path}: {words}\n")
            continue
        data = content(call.state, call.place, path) or b""
        lines.append(f"{hashlib.sha256(data).hexdigest()}  {path}\n")
    return Answer(1 if errors else 0, "".join(lines).encode(), "".join(errors).encode())


def stat(call: Call) -> Answer:
    """`stat -c FORMAT PATH…` with %a %U %G %s %Y %n."""
    words = [word for word in call.arguments if word not in ("-c", "--", "-L")]
    pattern, paths = (words[0], words[1:]) if words else ("%n", [])
    lines, errors = [], []
    for path in paths:
        found = call.place.files.get(path)
        if found is None and is_folder(call.place, path):
            found = File(b"", 0o755)
        if found is None:
            errors.append(f"stat: cannot statx '{path}': No such file or directory\n")
            continue
        user, _, group = found.owner.partition(":")
        values = {"%a": f"{found.mode:o}", "%U": user, "%G": group, "%s": str(len(found.data))}
        values |= {"%Y": str(int(found.modified)), "%n": path}
        shown = pattern
        for key, value in values.items():
            shown = shown.replace(key, value)
        lines.append(f"{shown}\n")
    return Answer(1 if errors else 0, "".join(lines).encode(), "".join(errors).encode())


def date(call: Call) -> Answer:
    """`date [+FORMAT]`: the host lives in UTC."""
    now = datetime.fromtimestamp(call.state.clock.now(), UTC)
    form = next((word[1:] for word in call.arguments if word.startswith("+")), "%a %b %e %H:%M:%S UTC %Y")
    return said(now.strftime(form.replace("%N", f"{now.microsecond * 1000:09d}")))


def ls(call: Call) -> Answer:
    """`ls [-1] [-l…] PATH…`: names, one a line."""
    lines, errors = [], []
    for path in [word for word in call.arguments if not word.startswith("-")]:
        if path in call.place.files:
            lines.append(path)
        elif is_folder(call.place, path):
            bare = path.rstrip("/")
            every = (*call.place.files, *call.place.folders)
            lines += sorted(
                {name[len(bare) + 1 :].split("/")[0] for name in every if name.startswith(f"{bare}/")}
            )
        else:
            errors.append(f"ls: cannot access '{path}': No such file or directory\n")
    return Answer(2 if errors else 0, "".join(f"{one}\n" for one in lines).encode(), "".join(errors).encode())


def remove(call: Call) -> Answer:
    """`rm [-f] [-r] PATH…`."""
    flags = "".join(word[1:] for word in call.arguments if word.startswith("-"))
    errors = []
    for path in [word for word in call.arguments if not word.startswith("-")]:
        if "r" in flags:
            remove_tree(call.place, path)
        elif call.place.files.pop(path, None) is None and "f" not in flags:
            errors.append(f"rm: cannot remove '{path}': No such file or directory\n")
    return Answer(1 if errors else 0, stderr="".join(errors).encode())


def remove_tree(place: Place, path: str) -> None:
    """Everything at and under `path`."""
    for name in [name for name in place.files if fnmatch(name, path) or name.startswith(f"{path}/")]:
        del place.files[name]
    place.folders = {name for name in place.folders if name != path and not name.startswith(f"{path}/")}


def remove_folder(call: Call) -> Answer:
    """`rmdir [--ignore-fail-on-non-empty] PATH…`: only empty ones."""
    errors = []
    for path in [word.rstrip("/") for word in call.arguments if word.startswith("/")]:
        if any(name.startswith(f"{path}/") for name in (*call.place.files, *call.place.folders)):
            if "--ignore-fail-on-non-empty" not in call.arguments:
                errors.append(f"rmdir: failed to remove '{path}': Directory not empty\n")
        elif path not in call.place.folders:
            errors.append(f"rmdir: failed to remove '{path}': No such file or directory\n")
        else:
            call.place.folders.discard(path)
    return Answer(1 if errors else 0, stderr="".join(errors).encode())


def folder_left(call: Call) -> Answer:
    """`gbtui-folder-left FOLDER`."""
    folder = call.arguments[0].rstrip("/")
    holds = any(name.startswith(f"{folder}/") for name in (*call.place.files, *call.place.folders))
    return Answer(0 if holds or not is_folder(call.place, folder) else 1)


def make_folder(call: Call) -> Answer:
    """`mkdir [-p] [-m MODE] PATH…`."""
    for path in [word for word in call.arguments if word.startswith("/")]:
        call.place.folders.add(path.rstrip("/"))
    return said()


def move(call: Call) -> Answer:
    """`mv [-f] [-T] FROM TO` and `cp [-p] FROM TO`."""
    name = call.argv[0].rsplit("/", 1)[-1]
    paths = [word for word in call.arguments if not word.startswith("-")]
    if len(paths) != 2:
        return failed(1, f"{name}: missing file operand")
    found = call.place.files.get(paths[0])
    if found is None:
        return failed(1, f"{name}: cannot stat '{paths[0]}': No such file or directory")
    call.place.files[paths[1]] = File(found.data, found.mode, found.owner, found.modified)
    if name == "mv":
        del call.place.files[paths[0]]
    return said()


def write(state: State, place: Place, path: str, data: bytes, *, mode: int | None = None) -> None:
    """Replace a file as a whole; mode and owner of an existing one stay."""
    old = place.files.get(path)
    kept, owner = (old.mode, old.owner) if old else (0o644 if mode is None else mode, "root:root")
    place.files[path] = File(data, kept, owner, state.clock.now())


def grep(call: Call) -> Answer:
    """`grep [-R] [-l] [-s] [-q] [-F] [-E] [-c] TEXT PATH…`: without -E, TEXT is taken as it stands."""
    flags = {letter for word in call.arguments if word.startswith("-") for letter in word[1:]}
    words = [word for word in call.arguments if not word.startswith("-")]
    if len(words) < 2:
        return failed(2, "Usage: grep [OPTION]... PATTERNS [FILE]...")
    try:
        wanted = re.compile((words[0] if "E" in flags else re.escape(words[0])).encode())
    except re.error:
        return failed(2, "grep: Invalid regular expression")
    out, errors = [], []
    for path in words[1:]:
        names = [name for name in call.place.files if name.startswith(f"{path}/")] if "R" in flags else []
        if path not in call.place.files and not (is_folder(call.place, path) and "R" in flags):
            errors.append(f"grep: {path}: No such file or directory\n")
        for name in sorted([*names, path]):
            data = content(call.state, call.place, name) or b""
            found = [line for line in data.splitlines(keepends=True) if wanted.search(line)]
            out += [f"{name}\n".encode()] if found and "l" in flags else found
    status = 2 if errors else 0 if out else 1
    if "c" in flags:
        out = [f"{len(out)}\n".encode()]
    shown = b"" if "q" in flags else b"".join(out)
    return Answer(status, shown, b"" if "s" in flags else "".join(errors).encode())
