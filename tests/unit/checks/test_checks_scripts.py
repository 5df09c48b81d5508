"""The checks' scripts, run for real over files and programs of the test's own."""

from __future__ import annotations

import asyncio
import os
import re
from asyncio.subprocess import PIPE
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gbtui.checks import proxy_scripts as scripts
from gbtui.checks.bans_asks import GUESS, GUESSED, LOGS_SCRIPT
from gbtui.checks.dns_asks import LOOK
from gbtui.checks.proxy_asks import BESIDE
from gbtui.demo import certificate
from gbtui.facts.bans_watch import parse_logs
from gbtui.facts.cache import SCRIPT as CACHE
from gbtui.facts.cache import parse_cache
from gbtui.facts.dns_watch import parse_look
from gbtui.facts.proxy_floor import parse_known
from gbtui.facts.proxy_tls import parse_stores
from gbtui.facts.survey import Place
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import load

#: fail2ban's client in its interactive mode: it prompts, and answers line by line.
CLIENT = r"""#!/bin/sh
case $1 in
  status) printf 'Status\n|- Number of jail:\t2\n`- Jail list:\tstalwart, sshd\n';;
  -i) while :; do printf 'fail2ban> '; read -r line || exit 0; case $line in
      *stalwart*) printf 'Current monitored log file(s):\n|- /a.log\n`- /b.log\n';;
      quit) exit 0;;
      *) echo 'No file is currently monitored';; esac; done;;
esac
"""


async def ran(script: str, *words: str, path: Path | None = None, shell: str = "sh") -> Completed:
    """What a script leaves behind; `path` holds programs of the test's own."""
    env = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}"} if path else None
    process = await asyncio.create_subprocess_exec(
        shell, "-c", script, "gbtui-test", *words, stdout=PIPE, stderr=PIPE, env=env
    )
    out, err = await process.communicate()
    return Completed(Command(("sh",)), process.returncode or 0, out, err, 0.0)


def programs(folder: Path, **texts: str) -> Path:
    """Programs of these names, as scripts."""
    folder = folder / "bin"
    folder.mkdir(exist_ok=True)
    for name, content in texts.items():
        (folder / name).write_text(f"#!/bin/sh\n{content}\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("content", "curl", "said"),
    [
        ("a.test {\n  import tls_config\n}\n", "printf '{\"result\":{}}\\n200'", b"api 200\n{"),
        ("a.test {\n  nonsense\n}\n", 'printf \'{"error":"no"}\\n400\'', b"api 400\n{"),
        ("a.test {\n}\n", "printf 'not found\\n404'", b"adapt 3\n"),
        ("a.test {\n}\n", "exit 7", b"adapt 3\n"),
        ("import sites/*.conf\n", "printf '{\"result\":{}}\\n200'", b"adapt 3\n"),
        ("a.test {\n\timport ../shared\n}\n", "printf '{\"result\":{}}\\n200'", b"adapt 3\n"),
    ],
)
async def test_the_file_is_adapted_by_the_api_where_that_reads_the_same(
    tmp_path: Path, content: str, curl: str, said: bytes
) -> None:
    config = tmp_path / "config"
    config.write_text(content)
    path = programs(tmp_path, curl=curl, caddy='echo "$1"; exit 3', systemctl="echo 0")
    done = await ran(scripts.ADAPTED, "proxy.service", str(config), "http://localhost:2019", path=path)
    assert done.stdout.startswith(said)


async def test_every_name_is_looked_up_once_and_a_slow_resolver_is_no_answer(tmp_path: Path) -> None:
    hosts = '{"a":[{"host":["A.example","b.example","*.c.example"]},{"host":["slow.example","-x.example"]}]}'
    getent = "case $2 in a.example) ;; slow.example) exit 1;; *) exit 2;; esac"
    path = programs(tmp_path, curl=f"echo '{hosts}'", getent=getent)
    done = await ran(scripts.RESOLVE, "http://localhost:2019", path=path)
    assert sorted(done.stdout.split(b"\n")) == [
        b"",
        b"found a.example",
        b"none b.example",
        b"slow slow.example",
    ]


async def test_of_the_journal_only_what_is_about_certificates_is_told(tmp_path: Path) -> None:
    lines = '{"logger":"tls.obtain","error":"x"}\n{"logger":"http"}\n{"msg":"load complete"}\n'
    path = programs(tmp_path, systemctl="echo 4f2a", journalctl=f"printf '{lines}'")
    done = await ran(scripts.JOURNAL, "proxy.service", path=path)
    assert done.stdout.count(b"\n") == 2
    assert b'"http"' not in done.stdout


async def test_backups_are_dated_by_when_they_were_made(tmp_path: Path) -> None:
    config = tmp_path / "config"
    assert (await ran(scripts.BACKUPS, str(config))).status == 66
    config.write_text("a.example {\n}\n")
    backup = tmp_path / "config.bak-202611231200"
    backup.write_text("old")
    os.utime(backup, (1, 1))
    found = BESIDE.read((await ran(scripts.BACKUPS, str(config)),), load(), Place("acme-proxy", "proxy"))
    assert set(found.backups) == {backup.name}
    assert 0 <= found.now - found.changed < 60
    assert found.backups[backup.name] > 1, "cp -p keeps the time of what was copied"


async def test_the_vhosts_there_were_are_those_of_backups_newer_than_the_record(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("a.example {\n}\n")
    for stamp, names in (("202611231200", "a.example, b.example"), ("202611231300", "a.example")):
        (tmp_path / f"config.bak-{stamp}").write_text(f"{names} {{\n}}\n")
    (tmp_path / "config.bak-202611231200.undone").write_text("x.example, y.example, z.example {\n}\n")
    now = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    known = parse_known((await ran(scripts.FLOOR, str(config))).stdout, now)
    assert known.floor is not None
    assert known.floor.names == {"a.example", "b.example"}
    record = tmp_path / "config.vhosts"
    record.write_text("# learned 2026-11-23T13:30:00Z by proxy.remove-domain\na.example\n")
    known = parse_known((await ran(scripts.FLOOR, str(config))).stdout, now)
    assert known.floor is not None
    assert known.floor.names == {"a.example"}


async def test_of_a_chain_the_leaf_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "certificates" / "ca" / "a.example"
    folder.mkdir(parents=True)
    leaf, issuer = certificate.pem("a.example", 0, 86400), certificate.pem("ca", 0, 9_000_000)
    (folder / "a.example.crt").write_bytes(leaf + issuer)
    (folder / "a.example.key").write_bytes(b"secret")
    done = await ran(scripts.LEAVES, "nosuch.service", str(tmp_path), str(tmp_path / "none"))
    first, second, *_ = parse_stores(done.stdout)
    found = first.certificates["a.example"]
    assert found is not None
    assert found.lasts.days == 1
    assert second.certificates == {}
    assert b"secret" not in done.stdout


@pytest.mark.parametrize("shell", ["sh", "bash"])
async def test_jails_and_their_logs_come_from_one_start_of_the_client(tmp_path: Path, shell: str) -> None:
    client = tmp_path / "fail2ban-client"
    client.write_text(CLIENT)
    client.chmod(0o755)
    done = await ran(LOGS_SCRIPT, path=tmp_path, shell=shell)
    assert parse_logs(done) == (("stalwart", ("/a.log", "/b.log")), ("sshd", ()))


async def test_zones_are_found_with_their_files_however_they_are_named(tmp_path: Path) -> None:
    zone = tmp_path / "z.zone"
    zone.write_text("@ 300 IN SOA ns1 host 2026031801 7200 900 1209600 300\n")
    corefile = tmp_path / "Corefile"
    corefile.write_text(
        f"(snippet) {{\n  errors\n}}\n"
        f"dns://a.test.:53, b.test {{ # two\n  root {tmp_path}\n  file z.zone\n}}\n"
        f"x.test {{\n  file {zone} c.test d.test {{\n    reload 10s\n  }}\n}}\n"
        ". {\n  forward . 9.9.9.9\n}\n"
    )
    done = await ran(LOOK, str(corefile), "A=1")
    look = parse_look(done.stdout)
    assert set(look.files) == {"a.test", "b.test", "c.test", "d.test"}
    assert {one.serial for one in look.files.values()} == {2026031801}
    assert {one.path for one in look.files.values()} == {str(zone)}
    assert (await ran(LOOK, str(tmp_path / "none"))).status == 66


def test_the_mail_sample_is_a_failed_login() -> None:
    assert re.search(GUESSED, GUESS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
async def test_valkeys_client_is_started_as_the_owner_of_its_file() -> None:
    with TemporaryDirectory() as name:  # pytest's own folders are closed to others
        folder = Path(name)
        client = programs(folder, client="echo PONG of $(id -u):$(id -g)") / "client"
        os.chmod(name, 0o755)  # noqa: S103, PTH101 - others have to get in, and it is gone at once
        for user, group in ((0, 0), (4711, 4712)):
            os.chown(client, user, group)
            done = await ran(CACHE, "6379", str(client))
            assert parse_cache(done.stdout).said == f"PONG of {user}:{group}"
        done = await ran(CACHE, "6379", str(folder / "none"))
        assert parse_cache(done.stdout).status == 127
