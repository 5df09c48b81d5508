"""The textfile exposition: strictly of the format, stable, bounded, and saying what was found."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.checks.base import Failing, Finding, Report, Severity, Unknown
from gbtui.checks.containers import COMPLETE, RUNNING
from gbtui.checks.firewall import LOOPBACK
from gbtui.checks.prometheus import LONGEST, bounded, exposition, not_judged
from tests.exposition import Wrong, parse

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
CHECKS = (RUNNING, COMPLETE, LOOPBACK)


def found(*subjects: str, severity: Severity = Severity.ERROR) -> Report:
    findings = tuple(Finding(RUNNING, Failing(one, "stopped", severity=severity), AT) for one in subjects)
    waived = ((Finding(COMPLETE, Failing("x", "none"), AT), "known"),)
    return Report(AT, findings, (Unknown(LOOPBACK, "acme-system", "dark"),), waived, seconds=1.25)


def labels(**given: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({"host": "prod-1", **given}.items()))


def test_what_was_found_is_in_the_gauges() -> None:
    text = exposition("prod-1", CHECKS, found("acme-dns", "acme-webmail"))
    read = parse(text)
    assert text == exposition("prod-1", CHECKS, found("acme-webmail", "acme-dns"))
    assert read["gbtui_check_success"].series == {labels(): 1}
    assert read["gbtui_check_timestamp_seconds"].series == {labels(): AT.timestamp()}
    assert read["gbtui_check_duration_seconds"].series == {labels(): 1.25}
    counted = read["gbtui_check_findings"].series
    assert counted[labels(check="containers.running", severity="error")] == 2
    assert counted[labels(check="firewall.loopback-first", severity="error")] == 0
    assert read["gbtui_check_unknown"].series[labels(check="firewall.loopback-first")] == 1
    assert read["gbtui_check_waived"].series[labels(check="containers.complete")] == 1
    dns = labels(check="containers.running", severity="error", subject="acme-dns")
    assert read["gbtui_finding"].series[dns] == 1
    assert read["gbtui_finding_since_timestamp_seconds"].series[dns] == AT.timestamp()


def test_a_finding_of_another_severity_than_its_check_has_a_series_of_its_own() -> None:
    counted = parse(exposition("prod-1", CHECKS, found("a", severity=Severity.NOTICE)))[
        "gbtui_check_findings"
    ]
    assert counted.series[labels(check="containers.running", severity="notice")] == 1
    assert counted.series[labels(check="containers.running", severity="error")] == 0


def test_nothing_is_said_of_what_was_not_asked_for() -> None:
    text = exposition("prod-1", CHECKS, Report(AT), Severity.ERROR)
    assert all(dict(one)["severity"] == "error" for one in parse(text)["gbtui_check_findings"].series)
    assert "gbtui_finding{" not in text


def test_a_host_that_could_not_be_judged_says_so() -> None:
    assert parse(not_judged("prod-1"))["gbtui_check_success"].series == {labels(): 0}


@given(st.lists(st.text(max_size=400), unique=True, max_size=5), st.text(max_size=200))
def test_any_subject_and_host_keeps_to_the_format(subjects: list[str], host: str) -> None:
    report = found(*subjects)
    read = parse(exposition(host, CHECKS, report))
    told = {one.failing.subject for one in report.findings}
    series = read["gbtui_finding"].series if told else {}
    assert len(series) == len(told)
    assert all(len(value) <= LONGEST for one in series for _, value in one)


def test_two_long_subjects_stay_two_series() -> None:
    one, other = "x" * 200 + "a", "x" * 200 + "b"
    assert bounded(one) != bounded(other)
    assert len(bounded(one)) == LONGEST


@pytest.mark.parametrize(
    "text",
    [
        "a 1",
        "a 1\n",
        "# HELP a b\n# TYPE a gauge\na 1 1700000000\n",
        '# HELP a b\n# TYPE a gauge\na{x="1"} 1\na{x="1"} 2\n',
        '# HELP a b\n# TYPE a gauge\na{x="\\d"} 1\n',
        '# HELP a b\n# TYPE a gauge\na{x="1",} 1\n',
        "# HELP a b\na 1\n# TYPE a gauge\n",
        "# HELP a_total b\n# TYPE a_total gauge\na_total 1\n",
        '# HELP a b\n# TYPE a gauge\na 1\n# HELP c d\n# TYPE c gauge\nc 1\na{x="1"} 1\n',
        "# HELP a b\n# TYPE a gauge\na 0x10\n",
    ],
)
def test_the_reader_refuses_what_the_format_does(text: str) -> None:
    with pytest.raises(Wrong):
        parse(text)
