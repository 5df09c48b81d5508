"""What the proxy's operations learn the floor of vhosts from: the same answers on every host."""

from __future__ import annotations

from datetime import UTC, datetime

from gbtui.facts.proxy_floor import Known, parse_known, record
from gbtui.operations import proxy_scripts as scripts
from gbtui.profiles import load

from .world import World

PROXY = "acme-proxy"
FILE = load().proxy_config
NOW = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)


async def known(world: World) -> Known:
    done = await world.run(*scripts.known(FILE), where=PROXY)
    assert done.ok, done.stderr
    return parse_known(done.stdout, NOW)


async def test_the_record_and_newer_backups_are_told(world: World) -> None:
    await world.run("rm", "-f", "--", f"{FILE}.vhosts", where=PROXY)
    assert (await known(world)).record is None
    learned = record({"a.test", "b.test"}, NOW, "proxy.reload")
    backup, undone = f"{FILE}.bak-202611231403", f"{FILE}.bak-202611231404.undone"
    try:
        await world.host.write(f"{FILE}.vhosts", learned, instance=PROXY, mode=0o644)
        found = await known(world)
        assert found.record == learned
        assert found.floor is not None
        assert found.floor.names == {"a.test", "b.test"}, "older backups do not count any more"
        await world.pass_time(1)
        for path in (backup, undone):
            sites = b"a.test, b.test, c.test {\n}\nd.test {\n}\n" + b"e.test {\n}\n" * (path == undone)
            await world.host.write(path, sites, instance=PROXY, mode=0o644)
        found = await known(world)
        assert found.floor is not None
        assert found.floor.names == {"a.test", "b.test", "c.test", "d.test"}
    finally:
        await world.run("rm", "-f", "--", f"{FILE}.vhosts", backup, undone, where=PROXY)
    assert (await known(world)).record is None
