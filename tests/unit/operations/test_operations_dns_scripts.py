"""CoreDNS's scripts in a real shell: a dig that prints as the real one, and a process of this machine."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from gbtui.guard.plan import Exec
from gbtui.operations import dns_scripts as scripts

DIG = r"""#!/bin/sh
case "$*" in *+short*) echo 'ns1.acme.test. h.acme.test. 2026031801 7200 900 1209600 300'; exit;; esac
for word; do
  case $before in
    -t) case $word in
        ANY) echo ';; communications error to 127.0.0.1#53: timed out';;
        *) code=NOERROR; [ "$word" != TXT ] || code=REFUSED
          printf ';; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: %s, id: 14387\n' "$code"
          printf ';; flags: qr aa rd; QUERY: 1, ANSWER: 1\n\n'
          printf ';; QUESTION SECTION:\n;acme.test.\t\t\tIN\t%s\n\n' "$word";;
      esac;;
  esac
  before=$word
done
"""


async def run(script: Exec, *, path: str) -> tuple[int, str]:
    pipe = asyncio.subprocess.PIPE
    env = {**os.environ, "PATH": path}
    process = await asyncio.create_subprocess_exec(*script.argv, env=env, stdout=pipe, stderr=pipe)
    printed = (await process.communicate())[0].decode()
    return process.returncode or 0, printed


async def test_the_answers_of_a_dig(tmp_path: Path) -> None:
    dig = tmp_path / "dig"
    dig.write_text(DIG)
    dig.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    asked = scripts.dig("host", "127.0.0.1", "acme.test", ("A", "TXT", "ANY", "CAA"))
    assert await run(asked, path=path) == (0, "A NOERROR\nTXT REFUSED\nANY silent\nCAA NOERROR\n")
    assert await run(scripts.serial("host", "127.0.0.1", "acme.test"), path=path) == (0, "2026031801\n")


async def test_without_a_dig_it_is_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")
    asked = scripts.dig("host", "127.0.0.1", "acme.test", ("A",))
    assert await run(asked, path=str(tmp_path)) == (127, "")
    assert await run(scripts.serial("host", "127.0.0.1", "acme.test"), path=str(tmp_path)) == (127, "")


async def test_a_process_and_whether_it_catches_the_signal(tmp_path: Path) -> None:
    """A coredns by name alone: one that is told where its Corefile is, and one that is not."""
    (tmp_path / "coredns").symlink_to("/bin/sh")
    handler = "trap : USR1; echo up; read -r _"
    pipe = asyncio.subprocess.PIPE
    told = ("-c", handler, "coredns", "-conf", "/etc/Corefile")
    process = await asyncio.create_subprocess_exec(
        str(tmp_path / "coredns"), *told, stdin=pipe, stdout=pipe, cwd=tmp_path
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"up\n"
        rows = (await run(scripts.processes("x"), path=os.environ["PATH"]))[1].splitlines()
        assert f"1\t{tmp_path}\t/etc/Corefile" in rows
    finally:
        process.kill()
        await process.wait()
