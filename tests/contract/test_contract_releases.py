"""What the operations on the CI runner and on releases look at: the same on every host."""

from __future__ import annotations

from gbtui.guard.execute import ask
from gbtui.guard.plan import Exec
from gbtui.operations import ci_keys_scripts as keys
from gbtui.operations import ci_scripts as ci
from gbtui.operations import release_deploy_scripts as deploy
from gbtui.operations import release_push_scripts as push
from gbtui.profiles import load

from .world import World

SYSTEM, RUNNER = "acme-system", "acme-alm-ci"
HEALTH, FILE = "http://127.0.0.1:5858/health", "/opt/gbo/bin/botserver"


async def out(world: World, run: Exec) -> str:
    """What a look prints; it must succeed."""
    done = await world.run(*run.argv, where=run.where, timeout=run.timeout)
    assert done.ok, done.stderr
    return done.stdout.decode().strip()


async def test_an_idle_runner(world: World) -> None:
    profile = load()
    assert await out(world, ci.jobs(RUNNER, profile)) == ""
    assert await out(world, ci.others(RUNNER)) == ""
    assert (await ask(world.host, ci.none_left(RUNNER, 0, ci.caches(profile)))).yes is True


async def test_what_is_a_binary(world: World) -> None:
    for path, said in (("/nosuch", "missing"), ("/etc", "folder"), ("/etc/iptables/rules.v4", "no-elf")):
        assert await out(world, deploy.source(SYSTEM, path)) == said
    assert (await ask(world.host, deploy.staged(SYSTEM, "/nosuch", "/etc/hostname", "0" * 64))).yes is False
    assert await out(world, deploy.target(SYSTEM, "/nosuch/botserver", "gbuser", "system.service")) == ""
    rows = (await out(world, deploy.target(SYSTEM, FILE, "gbuser", "system.service"))).splitlines()
    assert {"folder\tyes", "machine\t3e00", f"starts\t{FILE}", "kept\t0", "owned\tyes"} <= set(rows)


async def test_which_commit_runs(world: World) -> None:
    assert await out(world, deploy.running(SYSTEM, "nosuch.service", "0" * 64).run) == (
        "not: nosuch.service does not run"
    )
    assert (await out(world, deploy.running(SYSTEM, "system.service", "0" * 64).run)).startswith(
        "not: process"
    )
    assert (await out(world, deploy.proof(SYSTEM, HEALTH, FILE, "abcdef0").run)).startswith("not: it is ")


async def test_who_is_not_known(world: World) -> None:
    assert await out(world, keys.runner(RUNNER, "nosuch", (SYSTEM,))) == ""
    assert await out(world, keys.target(SYSTEM, "nosuch")) == ""
    assert await out(world, keys.key_count(SYSTEM, "/nosuch", "root", "ssh-ed25519", "AAAA")) == "0"
    assert (await ask(world.host, keys.has_line(SYSTEM, "/nosuch", "root", "a b"))).yes is False


async def test_no_checkout(world: World) -> None:
    assert await out(world, push.look("host", "/nosuch", "botserver", load())) == "wrong\tmissing"
