"""A strict reader of Prometheus' text format: what promtool and the collector refuse, it refuses.

After the format's own description (version 0.0.4): names, HELP and TYPE before the series and once, all
series of a metric together, escapes in labels, no label set twice; and for node_exporter's textfile
collector no timestamps. promtool's lint on top: HELP for every metric, base units, no `_total` on gauges.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_METRIC = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|\}|$)')
_SAMPLE = re.compile(rf"({_METRIC})(?:\{{(.*)\}})? (\S+)")
_VALUE = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf|NaN)")
_KINDS = ("counter", "gauge", "histogram", "summary", "untyped")
_SPLIT_UNITS = ("_milliseconds", "_minutes", "_hours", "_days", "_kilobytes", "_percent")

Labels = tuple[tuple[str, str], ...]


class Wrong(ValueError):
    """The text is not of the format; says in which line."""


@dataclass
class Family:
    """One metric: its help, its type, its series."""

    help: str = ""
    kind: str = ""
    series: dict[Labels, float] = field(default_factory=dict)


def parse(text: str) -> dict[str, Family]:
    """The metrics of `text` by name, in order. Raises Wrong."""
    if text and not text.endswith("\n"):
        raise Wrong("the last line has no end")
    families: dict[str, Family] = {}
    last = ""
    for number, line in enumerate(text.split("\n")[:-1], 1):
        name = _line(line, number, families)
        if name != last and families[name].series and last:
            seen = list(families)
            if seen[-1] != name:
                raise Wrong(f"line {number}: {name} again, after {last}")
        last = name
    for name, family in families.items():
        _lint(name, family)
    return families


def _line(line: str, number: int, families: dict[str, Family]) -> str:
    if line.startswith("#"):
        found = re.fullmatch(rf"# (HELP|TYPE) ({_METRIC}) (.+)", line)
        if not found:
            raise Wrong(f"line {number}: neither HELP nor TYPE")
        what, name, words = found.groups()
        family = families.setdefault(name, Family())
        if family.series or (family.help if what == "HELP" else family.kind):
            raise Wrong(f"line {number}: {what} of {name} twice, or after its series")
        if what == "TYPE" and words not in _KINDS:
            raise Wrong(f"line {number}: no such type: {words}")
        if re.search(r"\\(?![\\n])", words):
            raise Wrong(f"line {number}: a backslash that escapes nothing")
        family.help, family.kind = (words, family.kind) if what == "HELP" else (family.help, words)
        return name
    found = _SAMPLE.fullmatch(line)
    if not found or not _VALUE.fullmatch(found[3]):
        raise Wrong(f"line {number}: not a sample (or it has a timestamp): {line[:80]}")
    name, labels, value = found[1], _labels(found[2], number), float(found[3])
    family = families.setdefault(name, Family())
    if labels in family.series:
        raise Wrong(f"line {number}: the same series twice: {line[:80]}")
    family.series[labels] = value
    return name


def _labels(text: str | None, number: int) -> Labels:
    labels: dict[str, str] = {}
    rest = text or ""
    while rest:
        found = _LABEL.match(rest)
        if not found or found[1] in labels or found[1].startswith("__"):
            raise Wrong(f"line {number}: a bad label at {rest[:40]}")
        raw = found[2]
        labels[found[1]] = re.sub(r'\\(["\\n])', lambda m: "\n" if m[1] == "n" else m[1], raw)
        rest = rest[found.end() :]
        if found[3] == "," and not rest:
            raise Wrong(f"line {number}: a comma with nothing behind it")
    return tuple(sorted(labels.items()))


def _lint(name: str, family: Family) -> None:
    if not (family.help and family.kind and family.series):
        raise Wrong(f"{name}: without help, type or series")
    if family.kind == "gauge" and name.endswith(("_total", "_count", "_sum", "_bucket")):
        raise Wrong(f"{name}: a gauge named as if it were something else")
    if name.lower() != name or any(name.endswith(unit) for unit in _SPLIT_UNITS):
        raise Wrong(f"{name}: not in base units, or not in snake case")
