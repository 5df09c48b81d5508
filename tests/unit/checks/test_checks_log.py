"""The checks of the access log over facts that no fault of the demo host makes; and its script, for real."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from gbtui.checks.base import Check, Failing, Severity
from gbtui.checks.judge import judge
from gbtui.checks.log import CHECKS, CLIENTS, JSON, LOG, LOOK, THERE
from gbtui.demo.host import DemoHost
from gbtui.facts.log_watch import LogLook, parse_log
from gbtui.facts.survey import Survey
from tests.unit.checks.inspected import survey, with_answer

PROXY = "acme-proxy"


async def told(check: Check, **changed: object) -> list[Failing]:
    """What a check says of the demo's log with something else in it."""
    found: Survey = await survey(DemoHost(), CHECKS)
    log: LogLook = found.of(LOG, PROXY)
    other = replace(log, **changed)  # type: ignore[arg-type]  # the fields of the log
    return [one for _, _, one in judge((check,), with_answer(found, LOG, PROXY, other)).failing]


async def test_a_log_that_was_deleted_under_its_writer() -> None:
    failing = await told(THERE, opened=("/opt/gbo/logs/access.log (deleted)",))
    assert "elsewhere" in failing[0].message
    assert failing[0].evidence == ("proxy.service writes /opt/gbo/logs/access.log (deleted)",)


async def test_a_service_that_has_written_nothing_yet_is_well() -> None:
    assert await told(THERE, opened=()) == []


@pytest.mark.parametrize(
    ("clients", "severity"),
    [
        (["127.0.0.1"] * 19, None),
        (["127.0.0.1", "10.77.0.1"] * 20, Severity.ERROR),
        (["203.0.113.1"] * 99, None),
        (["203.0.113.1"] * 100, Severity.WARNING),
        (["203.0.113.1", "203.0.113.2"] * 100, None),
        (["10.0.0.1"] * 100 + ["203.0.113.1", "203.0.113.2"], None),
    ],
)
async def test_clients_are_judged_by_who_they_are_and_how_many(
    clients: list[str], severity: Severity | None
) -> None:
    failing = await told(CLIENTS, clients=tuple(map(ip_network, clients)))
    assert [one.severity or CLIENTS.severity for one in failing] == ([severity] if severity else [])


async def test_a_few_torn_lines_are_worth_a_notice() -> None:
    failing = await told(JSON, bad=("torn",))
    assert [one.severity for one in failing] == [Severity.NOTICE]


async def test_the_script_reads_a_log_without_taking_its_lines_along(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    record = {
        "ts": 1795442599.25,
        "request": {"remote_ip": "203.0.113.7", "uri": '/","remote_ip":"10.0.0.1"'},
    }
    log.write_bytes(json.dumps(record, separators=(",", ":")).encode() + b"\n\xff\xfe torn\0\n{}\n")
    argv = ("sh", "-c", LOOK, "gbtui-log-look", "nosuch.service", str(log), "10")
    process = await asyncio.create_subprocess_exec(*argv, stdout=PIPE, stderr=DEVNULL)
    out = (await process.communicate())[0]
    found = parse_log(out)
    assert found.kind == "file"
    assert [str(one.network_address) for one in found.clients] == ["203.0.113.7"]
    assert len(found.bad) == 1
    log.unlink()
    log.mkdir()
    process = await asyncio.create_subprocess_exec(*argv, stdout=PIPE, stderr=DEVNULL)
    assert parse_log((await process.communicate())[0]).kind == "folder"
