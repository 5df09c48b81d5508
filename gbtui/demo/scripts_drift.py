"""The script of `gbtui.facts.drift` on the simulated host: files by pattern, and the enabled units."""

from __future__ import annotations

from fnmatch import fnmatchcase

from gbtui.demo.call import Answer, Call
from gbtui.demo.state import Place

MOST, UNITS = 65_536, "/etc/systemd/system"


def _files(call: Call) -> Answer:
    names = _enabled(call.place)
    out = b"== %d enabled\n%s\n" % (len(names), names)
    for pattern in call.arguments:
        for path in sorted(call.place.files):
            if path.count("/") == pattern.count("/") and fnmatchcase(path, pattern):
                data = call.place.files[path].data
                out += b"== %d %s\n%s\n" % (len(data), path.encode(), data[:MOST])
    return Answer(0, out)


def _enabled(place: Place) -> bytes:
    """Units that start at boot; the simulated host keeps their links as files."""
    links = (path.removeprefix(f"{UNITS}/") for path in place.files if path.startswith(f"{UNITS}/"))
    return "\n".join(sorted(link for link in links if ".wants/" in link)).encode()


SCRIPTS = {"gbtui-drift": _files}
