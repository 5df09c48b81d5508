"""A report as Prometheus' text format, for node_exporter's textfile collector.

Gauges without timestamps (the collector refuses those), each metric with HELP and TYPE, in one block, in a
stable order. Labels are bounded; one that had to be cut ends in a hash of the whole, so that two series
never become one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gbtui.checks.base import Check, Report, Severity
from gbtui.guard.fingerprint import sha256

LONGEST = 120
"""Characters of a label's value."""
_HASHED = 12

Series = tuple[Mapping[str, str], float]

HELP = {
    "gbtui_check_success": "Whether the host could be judged at all: 1, or 0 when nothing below is known.",
    "gbtui_check_timestamp_seconds": "When the host was judged, in seconds since the epoch.",
    "gbtui_check_duration_seconds": "How long it took to read what the checks look at.",
    "gbtui_check_findings": "What is not as the guide says, by check; 0 where a check holds.",
    "gbtui_check_unknown": "Places where a check could not be judged, by check.",
    "gbtui_check_waived": "Findings that are accepted for a while, by check.",
    "gbtui_finding": "A finding that is told, 1 while it is there.",
    "gbtui_finding_since_timestamp_seconds": "Since when it has been there, in seconds since the epoch.",
}


def exposition(host: str, checks: Sequence[Check], report: Report, least: Severity = Severity.NOTICE) -> str:
    """All that `checks` said of `host`. Where only findings as bad as `least` are told, nothing is said of
    the others: 0 would look as if they held."""
    of = {"host": host}
    findings = Counter((one.check.id, one.severity) for one in report.findings)
    unknown = Counter(one.check.id for one in report.unknown)
    waived = Counter(one.check.id for one, _ in report.waived)
    ids = sorted({check.id for check in checks})
    own = {check.id: check.severity for check in checks}
    levels = {(id_, own[id_]) for id_ in ids if own[id_].rank <= least.rank} | set(findings)
    told = [
        (
            of | {"check": one.check.id, "severity": str(one.severity), "subject": one.failing.subject},
            one.since,
        )
        for _, one in sorted({one.key: one for one in report.findings}.items())
    ]
    return _written(
        {
            "gbtui_check_success": [(of, 1)],
            "gbtui_check_timestamp_seconds": [(of, report.taken_at.timestamp())],
            "gbtui_check_duration_seconds": [(of, report.seconds)],
            "gbtui_check_findings": [
                (of | {"check": id_, "severity": str(severity)}, findings[id_, severity])
                for id_, severity in sorted(levels, key=lambda pair: (pair[0], Severity(pair[1]).rank))
            ],
            "gbtui_check_unknown": [(of | {"check": id_}, unknown[id_]) for id_ in ids],
            "gbtui_check_waived": [(of | {"check": id_}, waived[id_]) for id_ in ids],
            "gbtui_finding": [(labels, 1) for labels, _ in told],
            "gbtui_finding_since_timestamp_seconds": [(labels, since.timestamp()) for labels, since in told],
        }
    )


def not_judged(host: str) -> str:
    """What is said of a host that could not be looked at: an old file must not pass for a good one."""
    return _written({"gbtui_check_success": [({"host": host}, 0)]})


def _written(metrics: Mapping[str, Iterable[Series]]) -> str:
    return "".join(f"{line}\n" for name, series in metrics.items() for line in _metric(name, list(series)))


def _metric(name: str, series: Sequence[Series]) -> Iterator[str]:
    if series:
        yield f"# HELP {name} {HELP[name]}"
        yield f"# TYPE {name} gauge"
        yield from (f"{name}{{{_labels(labels)}}} {value:.15g}" for labels, value in series)


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{escaped(bounded(value))}"' for name, value in labels.items())


def bounded(value: str) -> str:
    """At most `LONGEST` characters, still telling two values apart."""
    if len(value) <= LONGEST:
        return value
    return f"{value[: LONGEST - _HASHED - 1]}…{sha256(value.encode())[:_HASHED]}"


def escaped(value: str) -> str:
    """As the format wants a label's value: backslash, quote and line feed escaped."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
