"""How services run, out of what the script prints; and the script itself, on this machine's own tools."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import Malformed
from gbtui.facts.services_live import SCRIPT, parse_services

PRINTED = b"""now 1795478400
Type=simple
MainPID=442
NRestarts=0
ExecMainStartTimestamp=Mon 2026-11-23 14:00:00 UTC
Result=success
Id=ui.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
ActiveEnterTimestamp=Mon 2026-11-23 14:00:00 UTC

Id=nosuch.service
LoadState=not-found
ActiveState=inactive
==
nocurl
exe\t/proc/442/exe\t/opt/gbo/bin/botui (deleted)
file%1795478399%/opt/gbo/bin/botui
env\t1\thttp://localhost:5858\t
holder\t5859\t442\tbotui\t/system.slice/ui.service
holder\t5859\tx\tbotui\t/
user%/proc/442%root
health 503 http://127.0.0.1:5859/health
nonsense
"""


def test_units_health_program_environment_and_holders() -> None:
    found = parse_services(PRINTED)
    ui, missing = found.units
    assert (ui.since, ui.started, ui.enabled, ui.runs) == (1795442400.0, 1795442400.0, "enabled", True)
    assert (ui.program, ui.replaced, ui.changed) == ("/opt/gbo/bin/botui", True, 1795478399.0)
    assert (ui.now, ui.later) == ("http://localhost:5858", "")
    assert found.health == {"http://127.0.0.1:5859/health": "503"}
    assert (missing.state.load, missing.since, missing.program) == ("not-found", None, "")
    assert [(one.port, one.pid, one.user, one.unit) for one in found.holders] == [
        (5859, 442, "root", "ui.service")
    ]
    assert (found.no_curl, found.no_ss) == (True, False)
    with pytest.raises(Malformed, match="did not speak"):
        found.unit("other.service")


def test_without_a_clock_it_is_no_answer() -> None:
    with pytest.raises(Malformed, match="it begins"):
        parse_services(b"Failed to connect to bus\n")


@given(st.binary(max_size=400))
def test_any_bytes_are_an_answer_or_a_typed_error(data: bytes) -> None:
    for text in (data, b"now 1\n==\n" + data, PRINTED + data):
        with suppress(Malformed):
            parse_services(text)


SYSTEMCTL = """#!/bin/sh
cat <<END
MainPID=0
Environment=BOTSERVER_URL=http://runner
Id=runner.service
LoadState=loaded
ActiveState=inactive

MainPID=$LAB_PID
EnvironmentFiles=$LAB_FILE (ignore_errors=no)
Environment=OTHER=secret "BOTSERVER_URL=http://one" X=y
Id=ui.service
LoadState=loaded
ActiveState=active
END
"""
SS = """#!/bin/sh
echo "LISTEN 0 5 127.0.0.1:5859 0.0.0.0:* users:((\\"x\\",pid=$LAB_PID,fd=4))"
"""
CURL = """#!/bin/sh
echo "health 000 http://127.0.0.1:5859/"; exit 28
"""


async def test_the_script_reads_one_variable_and_says_who_holds_the_port(tmp_path: Path) -> None:
    for name, body in (("systemctl", SYSTEMCTL), ("ss", SS), ("curl", CURL)):
        (tmp_path / name).write_text(body)
        (tmp_path / name).chmod(0o755)
    file = tmp_path / "env"
    file.write_text('PASSWORD=hidden\nBOTSERVER_URL=http://first\nBOTSERVER_URL="https://two"\n')
    sleeper = await asyncio.create_subprocess_exec(
        "sleep", "60", env={"BOTSERVER_URL": "http://now", "TOKEN": "hidden", "PATH": os.environ["PATH"]}
    )
    env = {**os.environ, "LAB_PID": str(sleeper.pid), "LAB_FILE": str(file)}
    env["PATH"] = f"{tmp_path}:{env['PATH']}"
    words = ("runner.service", "-", "-", "-", "ui.service", "5859", "http://127.0.0.1:5859/", "BOTSERVER_URL")
    try:
        asked = await asyncio.create_subprocess_exec(
            *("sh", "-c", SCRIPT, "gbtui-services", *words), env=env, stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await asked.communicate()
    finally:
        sleeper.kill()
        await sleeper.wait()
    assert b"secret" not in printed
    assert b"hidden" not in printed
    found = parse_services(printed)
    runner, ui = found.units
    assert (ui.now, ui.later) == ("http://now", "https://two")
    assert found.health == {"http://127.0.0.1:5859/": "000"}
    assert ui.program.endswith("sleep")
    assert ui.changed is not None
    assert (runner.now, runner.later, runner.program) == ("", "", "")
    assert [one.pid for one in found.holders] == [sleeper.pid]
    assert found.holders[0].user
    assert found.holders[0].program == "sleep"
