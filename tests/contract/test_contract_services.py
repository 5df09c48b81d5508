"""What the operations on services, CoreDNS and Vault look at: the same on every host."""

from __future__ import annotations

import re
from dataclasses import replace

from gbtui.guard.execute import ask
from gbtui.guard.plan import Exec
from gbtui.operations import dns_scripts, vault_scripts
from gbtui.operations import services_scripts as scripts
from gbtui.operations.containers_scripts import run
from gbtui.operations.containers_settle import HEALTH, settle
from gbtui.profiles import load

from .world import World

SYSTEM, DNS = "acme-system", "acme-dns"
ADDRESS, KEYS = load().vault_address, load().vault_keys


async def out(world: World, run: Exec) -> str:
    """What a look prints; it must succeed."""
    done = await world.run(*run.argv, where=run.where, timeout=run.timeout)
    assert done.ok, done.stderr
    return done.stdout.decode()


async def test_who_holds_a_port(world: World) -> None:
    assert await out(world, scripts.strangers(SYSTEM, [(5858, "system.service"), (5859, "ui.service")])) == ""
    assert await out(world, scripts.strangers(SYSTEM, [(5999, "system.service")])) == ""
    said = await out(world, scripts.strangers(SYSTEM, [(5858, "ui.service")]))
    assert re.fullmatch(r"5858\t\d+\t[^\t]+\t[^\t]+\t/system\.slice/system\.service\n", said)


async def test_what_runs_steadily(world: World) -> None:
    for unit, port, wanted in (
        ("system.service", 5858, True),
        ("valkey-server.service", None, True),
        ("system.service", 5859, False),
        ("system.service", 5999, False),
        ("nosuch.service", None, False),
    ):
        assert (await ask(world.host, scripts.steady(SYSTEM, unit, port))).yes is wanted, (unit, port)


async def test_who_found_what_it_needs_is_left_alone(world: World) -> None:
    (botserver,) = (one for one in load().services if one.starts_after)
    assert await out(world, settle(SYSTEM, botserver)) == "system.service found what it needs\n"
    deaf = replace(botserver, health="http://127.0.0.1:5999/health")
    words = "system.service is left as it is: it does not answer, or nothing does on 6379\n"
    assert await out(world, settle(SYSTEM, deaf, 1.0)) == words
    for url, status in ((botserver.health, "200"), (f"{botserver.health}y", "404"), (deaf.health, "000")):
        assert await out(world, run(SYSTEM, "gbtui-health", HEALTH, url)) == f"{status}\n"


async def test_one_key_of_an_environment(world: World) -> None:
    for key, wanted in (("BOTSERVER_URL", "http://localhost:5858\n"), ("NOSUCH", "")):
        assert (await out(world, scripts.environment(SYSTEM, "ui.service", key))).strip() == wanted.strip()
        assert (await out(world, scripts.configured(SYSTEM, "ui.service", key))).strip() == wanted.strip()
    run = scripts.environment(SYSTEM, "nosuch.service", "BOTSERVER_URL")
    assert (await world.run(*run.argv, where=SYSTEM)).status == 3


async def test_vaults_seal_and_its_keys(world: World) -> None:
    assert await out(world, vault_scripts.seal(SYSTEM, ADDRESS)) == "open\n"
    assert await out(world, vault_scripts.seal(SYSTEM, "https://127.0.0.1:8299")) == "silent\n"
    assert (await out(world, vault_scripts.count(SYSTEM, KEYS))).strip() == "5"
    assert await out(world, vault_scripts.key_file(SYSTEM, KEYS)) == "600 root:root no\n"
    assert await out(world, vault_scripts.key_file(SYSTEM, "/nosuch")) == "missing\n"
    async with world.fault("vault-sealed"):
        assert await out(world, vault_scripts.seal(SYSTEM, ADDRESS)) == "sealed 0/3\n"
        assert (await ask(world.host, vault_scripts.given(SYSTEM, ADDRESS, 1))).yes is False
    assert (await ask(world.host, vault_scripts.given(SYSTEM, ADDRESS, 3))).yes is True


async def test_coredns_and_its_answers(world: World) -> None:
    assert re.fullmatch(r"[01]\t/opt/gbo/bin\t\S*\n", await out(world, dns_scripts.processes(DNS)))
    said = await out(world, dns_scripts.dig(DNS, "127.0.0.1", "acme.test", ("A", "MX")))
    assert said == "A NOERROR\nMX NOERROR\n"
    silent = await out(world, dns_scripts.dig("host", "127.0.0.3", "acme.test", ("A",)))
    assert silent == "A silent\n"
