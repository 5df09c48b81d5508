"""The system journal of the simulated host: `logger` writes to it, `journalctl` reads it."""

from __future__ import annotations

from datetime import UTC, datetime

from gbtui.demo.call import Answer, Call, failed, said

KEPT = 1000


def logger(call: Call) -> Answer:
    """`logger -t TAG -- MESSAGE…`."""
    words = list(call.arguments)
    tag = "root" if call.root else "ops"
    if words[:1] == ["-t"] and len(words) > 1:
        tag, words = words[1], words[2:]
    if words[:1] == ["--"]:
        words = words[1:]
    call.state.syslog.append((call.state.clock.now(), tag, " ".join(words)))
    del call.state.syslog[:-KEPT]
    return said()


def journalctl(call: Call) -> Answer:
    """`journalctl [-q] [--no-pager] [-t TAG] [-u UNIT] [-n N] [-o cat] [_UID=0]`: what was logged, oldest
    first. Nobody but root logs here."""
    words, tag, count, bare = list(call.arguments), "", KEPT, False
    while words:
        word = words.pop(0)
        if word in ("-t", "-n", "-o", "-u") and words:
            value = words.pop(0)
            tag = value.removesuffix(".service") if word == "-u" else tag
            tag = value if word == "-t" else tag
            count = int(value) if word == "-n" else count
            bare = bare or value == "cat"
        elif word not in ("-q", "--no-pager", "_UID=0"):
            return failed(1, f"journalctl: {word} is not simulated")
    lines = [line for line in call.state.syslog if tag in ("", line[1])][-count:]
    if not lines:
        return said("" if bare else "-- No entries --")
    return said("\n".join(line[2] if bare else _line(line) for line in lines))


def _line(line: tuple[float, str, str]) -> str:
    at = datetime.fromtimestamp(line[0], UTC).strftime("%b %d %H:%M:%S")
    return f"{at} acme-host {line[1]}[4711]: {line[2]}"
