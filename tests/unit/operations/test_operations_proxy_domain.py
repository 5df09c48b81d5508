"""`proxy.remove-domain` and `proxy.set-storage` on the demo host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.guard.plan import Danger
from tests.unit.operations.proxy_stage import (
    BACKUP,
    CDN,
    NEW,
    PROXY,
    STORE,
    applied,
    config,
    hurried,
    out,
    paths,
    plan,
    refusals,
    run,
    served,
    undone,
    write,
)

REMOVE, STORAGE = "proxy.remove-domain", "proxy.set-storage"
DEAD = "cdn.acme.example"
OTHER = "/opt/gbo/data/caddy2"
SET = b"\tstorage file_system {\n\t\troot /opt/gbo/data/caddy\n\t}\n"


@pytest.fixture
def host() -> DemoHost:
    return hurried()


async def test_a_dead_domain_goes_and_caddy_forgets_it(host: DemoHost, tmp_path: Path) -> None:
    before, names = await config(host), await served(host)
    unit = host.state.places[PROXY].units["proxy.service"]
    assert DEAD in unit.tried
    made = await plan(host, REMOVE, {"domain": DEAD})
    assert made.danger is Danger.DISRUPTIVE
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert await config(host) == before.replace(CDN[1:], b"")
    assert await served(host) == names - {DEAD}
    assert DEAD not in unit.tried
    assert await host.read(BACKUP, instance=PROXY) == before
    assert (await plan(host, REMOVE, {"domain": DEAD})).noop.startswith("already gone")
    back = await undone(host, tmp_path, done.id)
    assert back.result == "done", back.message
    assert (await config(host), await served(host)) == (before, names)


async def test_a_reload_would_not_be_enough(host: DemoHost, tmp_path: Path) -> None:
    """Somebody removed it by hand and reloaded: it is still tried, and a restart is still planned for it."""
    await write(host, (await config(host)).replace(CDN, b""))
    made = await plan(host, REMOVE, {"domain": DEAD})
    assert [step.title.split()[0] for step in made.steps] == ["Let", "Restart", "Remember"]
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert DEAD not in await served(host)
    assert DEAD not in host.state.places[PROXY].units["proxy.service"].tried


async def test_one_of_several_names_of_a_block_goes(host: DemoHost, tmp_path: Path) -> None:
    before = await config(host)
    await write(
        host, before + NEW.replace(b"acme.example {", b"acme.example, http://two.test {"), reload=True
    )
    done = await applied(host, tmp_path, await plan(host, REMOVE, {"domain": "new.acme.example"}))
    assert done.result == "done", done.message
    assert await config(host) == before + b"http://two.test {\n\trespond new\n}\n"


async def test_a_name_inside_another_site_is_refused_with_its_line(host: DemoHost) -> None:
    wild = b"*.wild.test {\n\t@a host a.wild.test\n\trespond @a ok\n}\n"
    await write(host, await config(host) + wild, reload=True)
    made = await plan(host, REMOVE, {"domain": "a.wild.test"})
    assert "is no site's address of its own (line" in refusals(made)["only-that-domain"]
    whole = await plan(host, REMOVE, {"domain": "*.wild.test"})
    assert "a.wild.test" in refusals(whole)["no-shrink"]


async def test_an_unknown_domain_is_a_no_op(host: DemoHost) -> None:
    assert (await plan(host, REMOVE, {"domain": "nobody.test"})).noop


async def test_other_edits_are_not_smuggled_in(host: DemoHost) -> None:
    """The file on the host has lost another vhost meanwhile: a restart would lose that one, too."""
    other = b"shop.acme.example {\n\timport access\n\treverse_proxy http://10.77.0.185:5859\n}\n"
    before = await config(host)
    assert other in before
    await write(host, before.replace(other, b""))
    made = await plan(host, REMOVE, {"domain": DEAD})
    assert "shop.acme.example" in refusals(made)["no-shrink"]


async def test_a_caddy_that_still_tries_it_puts_everything_back(host: DemoHost, tmp_path: Path) -> None:
    before = await config(host)
    made = await plan(host, REMOVE, {"domain": DEAD})
    *others, last = made.verify
    never = replace(last, probe=replace(last.probe, value="never"), timeout=0.2)
    outcome = await applied(host, tmp_path, replace(made, verify=(*others, never)))
    assert outcome.result == "failed-undone", outcome.message
    assert await config(host) == before
    assert DEAD in await served(host)


async def test_the_storage_moves_with_its_certificates(host: DemoHost, tmp_path: Path) -> None:
    before, kept = await config(host), paths(host, f"{STORE}/")
    assert len(kept) > 50
    made = await plan(host, STORAGE, {"root": OTHER})
    assert made.danger is Danger.REVERSIBLE
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert paths(host, f"{OTHER}/") == kept, "owners and bytes"
    assert paths(host, f"{STORE}/") == kept, "nothing is taken away"
    assert await config(host) == before.replace(b"data/caddy\n", b"data/caddy2\n")
    assert f'"root":"{OTHER}"' in await out(host, PROXY, "curl", "-fsS", "http://localhost:2019/config/")
    back = await undone(host, tmp_path, done.id)
    assert back.result == "done", back.message
    assert await config(host) == before
    assert not paths(host, OTHER)


async def test_a_certificate_issued_since_is_never_destroyed_by_undoing(
    host: DemoHost, tmp_path: Path
) -> None:
    done = await applied(host, tmp_path, await plan(host, STORAGE, {"root": OTHER}))
    await host.write(f"{OTHER}/certificates/since.crt", b"since", instance=PROXY)
    back = await undone(host, tmp_path, done.id)
    assert back.result == "done", back.message
    assert paths(host, f"{OTHER}.undone-20261123140322/")["certificates/since.crt"][0] == b"since"


async def test_the_default_storage_is_found_and_moved(host: DemoHost, tmp_path: Path) -> None:
    """The guide's trap: no storage in the file, certificates in the home of Caddy's user."""
    place = host.state.places[PROXY]
    home = "/var/lib/caddy/.local/share/caddy"
    for name in [name for name in place.files if name.startswith(f"{STORE}/")]:
        place.files[home + name[len(STORE) :]] = place.files.pop(name)
    await write(host, (await config(host)).replace(SET, b""), reload=True)
    kept = paths(host, f"{home}/")
    made = await plan(host, STORAGE, {})
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert paths(host, f"{STORE}/") == kept
    assert SET in await config(host)
    assert (await plan(host, STORAGE, {})).noop == f"already so: certificates are kept in {STORE}"


async def test_a_folder_that_holds_something_else_is_refused(host: DemoHost) -> None:
    await run(host, "mkdir", "-p", f"{OTHER}/certificates")
    await host.write(f"{OTHER}/certificates/other.crt", b"x", instance=PROXY)
    made = await plan(host, STORAGE, {"root": OTHER})
    assert "holds something else" in refusals(made)["certificates-move"]


@pytest.mark.parametrize("root", [f"{STORE}/inner", "/opt/gbo/data"])
async def test_folders_within_each_other_are_refused(host: DemoHost, root: str) -> None:
    made = await plan(host, STORAGE, {"root": root})
    assert "choose a folder of its own" in refusals(made)["certificates-move"]


async def test_a_partial_file_on_the_host_is_not_loaded_with_it(host: DemoHost) -> None:
    await write(host, (await config(host)).replace(CDN, b""))
    made = await plan(host, STORAGE, {"root": OTHER})
    assert DEAD in refusals(made)["no-shrink"]


async def test_a_storage_that_is_no_folder_is_refused(host: DemoHost) -> None:
    await write(host, (await config(host)).replace(SET, b"\tstorage redis\n"), reload=True)
    made = await plan(host, STORAGE, {})
    assert "kept in redis" in refusals(made)["certificates-move"]
