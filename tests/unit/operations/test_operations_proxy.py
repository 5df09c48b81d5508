"""Applying, restoring, reloading and restarting the proxy's configuration, on the demo host."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput
from gbtui.guard.plan import Danger, Plan
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.operations.proxy import config_plan
from gbtui.profiles import load
from tests.unit.operations.proxy_stage import (
    BACKUP,
    CDN,
    CONFIG,
    NEW,
    PROXY,
    applied,
    config,
    file,
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

APPLY, RESTORE, RELOAD, RESTART = (
    f"proxy.{verb}" for verb in ("apply-config", "restore", "reload", "restart")
)


@pytest.fixture
def host() -> DemoHost:
    return hurried()


async def apply_plan(host: DemoHost, folder: Path, data: bytes, **more: str) -> Plan:
    return await plan(host, APPLY, {"file": file(folder, data), **more})


async def test_a_file_is_applied_backed_up_served_and_taken_back(host: DemoHost, tmp_path: Path) -> None:
    before, names = await config(host), await served(host)
    made = await apply_plan(host, tmp_path, before + NEW)
    assert made.danger is Danger.REVERSIBLE
    assert made.why == "+1 −0 ~0 vhosts: + new.acme.example"
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert await served(host) == names | {"new.acme.example"}
    assert await host.read(BACKUP, instance=PROXY) == before
    again = await apply_plan(host, tmp_path, before + NEW)
    assert again.noop.startswith("already so")
    back = await undone(host, tmp_path, done.id)
    assert back.result == "done", back.message
    assert (await config(host), await served(host)) == (before, names)
    assert await host.read(f"{BACKUP}.undone", instance=PROXY) == before + NEW


async def test_a_comment_is_written_and_nothing_reloaded(host: DemoHost, tmp_path: Path) -> None:
    made = await apply_plan(host, tmp_path, await config(host) + b"# hello\n")
    assert [step.title.split()[0] for step in made.steps] == ["Write", "Let", "Remember"]
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert (await undone(host, tmp_path, done.id)).result == "done"


async def test_another_upstream_is_a_change_that_is_proven(host: DemoHost, tmp_path: Path) -> None:
    changed = (await config(host)).replace(b"10.77.0.40:3000", b"10.77.0.40:4747")
    made = await apply_plan(host, tmp_path, changed)
    assert made.why == "+0 −0 ~1 vhosts: ~ alm.acme.example"
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert "10.77.0.40:4747" in await out(host, PROXY, "curl", "-fsS", "http://localhost:2019/config/")
    assert (await undone(host, tmp_path, done.id)).result == "done"
    assert "10.77.0.40:3000" in await out(host, PROXY, "curl", "-fsS", "http://localhost:2019/config/")


async def test_a_partial_file_is_refused(host: DemoHost, tmp_path: Path) -> None:
    before = await config(host)
    partial = before[: before.index(b"\n\n", before.index(b"www.acme.example"))] + b"\n"
    made = await apply_plan(host, tmp_path, partial)
    assert "24 vhosts would be lost" in refusals(made)["no-shrink"]
    assert made.steps == ()
    assert (await applied(host, tmp_path, made)).result == "refused"
    assert await config(host) == before


async def test_only_named_vhosts_may_go(host: DemoHost, tmp_path: Path) -> None:
    without = (await config(host)).replace(CDN, b"")
    assert "domain=cdn.acme.example" in refusals(await apply_plan(host, tmp_path, without))["no-shrink"]
    other = await apply_plan(host, tmp_path, without, domain="shop.acme.example")
    assert "cdn.acme.example" in refusals(other)["no-shrink"]
    made = await apply_plan(host, tmp_path, without, domain="cdn.acme.example")
    assert not made.refused
    assert (await applied(host, tmp_path, made)).result == "done"
    assert "cdn.acme.example" not in await served(host)


async def test_the_profiles_floor_holds_even_for_named_vhosts(host: DemoHost, tmp_path: Path) -> None:
    without = (await config(host)).replace(CDN, b"")
    given = {"file": file(tmp_path, without), "domain": "cdn.acme.example"}
    context = Context(host, replace(load(), vhost_floor=25))
    made = await find(APPLY).plan(context, given)
    assert "the profile's floor is 25" in refusals(made)["no-shrink"]


async def test_names_only_in_the_file_count_as_well(host: DemoHost, tmp_path: Path) -> None:
    """What runs is partial already: the whole file that is still there is the measure."""
    whole = await config(host)
    await write(host, whole.replace(CDN, b""), reload=True)
    await write(host, whole)
    made = await apply_plan(host, tmp_path, whole.replace(CDN, b""))
    assert "cdn.acme.example" in refusals(made)["no-shrink"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"\tstorage file_system {\n\t\troot /opt/gbo/data/caddy\n\t}\n", b"", "loses `storage"),
        (b"root /opt/gbo/data/caddy", b"root /srv/caddy", "proxy.set-storage"),
    ],
)
async def test_the_storage_is_not_lost(
    host: DemoHost, tmp_path: Path, old: bytes, new: bytes, words: str
) -> None:
    made = await apply_plan(host, tmp_path, (await config(host)).replace(old, new) + NEW)
    assert words in refusals(made)["storage-kept"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (b"x.acme.example {\n\tnonsense ok\n}\n", "unrecognized directive: nonsense"),
        (b"x {\n", "Syntax error"),
    ],
)
async def test_what_caddy_cannot_read_is_refused_in_its_words(
    host: DemoHost, tmp_path: Path, more: bytes, words: str
) -> None:
    made = await apply_plan(host, tmp_path, await config(host) + more)
    assert words in refusals(made)["config-reads"]
    assert "line" in refusals(made)["config-reads"]


async def test_without_the_admin_api_nothing_is_reloaded(host: DemoHost, tmp_path: Path) -> None:
    await run(host, "systemctl", "stop", "proxy.service")
    made = await apply_plan(host, tmp_path, await config(host) + NEW)
    assert "proxy.restart" in refusals(made)["admin-answers"]


@pytest.mark.parametrize("where", [b"off", b"localhost:2020", b"0.0.0.0:2019", b"unix//run/caddy.sock"])
async def test_the_admin_api_is_not_lost(host: DemoHost, tmp_path: Path, where: bytes) -> None:
    """Without it a reload could be neither proven nor taken back."""
    made = await apply_plan(host, tmp_path, (await config(host)).replace(b"localhost:2019", where))
    assert "nothing could be proven" in refusals(made)["admin-answers"]


async def test_a_file_edited_meanwhile_makes_the_plan_stale(host: DemoHost, tmp_path: Path) -> None:
    before = await config(host)
    made = await apply_plan(host, tmp_path, before + NEW)
    await write(host, before + b"# theirs\n")
    assert (await applied(host, tmp_path, made)).result == "changed"
    assert await config(host) == before + b"# theirs\n"


async def test_what_caddy_does_not_serve_is_put_back(host: DemoHost, tmp_path: Path) -> None:
    """The reload says yes, and the admin API shows something else: the old file is back, and reloaded."""
    before, names = await config(host), await served(host)
    made = await apply_plan(host, tmp_path, before + NEW)
    *others, last = made.verify
    wrong = replace(last, probe=replace(last.probe, value="other"), timeout=0.2)
    outcome = await applied(host, tmp_path, replace(made, verify=(*others, wrong)))
    assert outcome.result == "failed-undone", outcome.message
    assert (await config(host), await served(host)) == (before, names)


async def test_a_name_without_an_address_is_warned_about(host: DemoHost, tmp_path: Path) -> None:
    before = await config(host)
    site = b"%s {\n\trespond ok\n}\n"
    made = await apply_plan(host, tmp_path, before + site % b"forgotten.test")
    assert {v.guard: v.reason for v in made.warnings}["names-resolve"].startswith(
        "no address is found for forgotten.test"
    )
    for fine in (site % b"http://forgotten.test", site % b"*.forgotten.test", site % b"new.acme.example"):
        assert not (await apply_plan(host, tmp_path, before + fine)).warnings


@pytest.mark.parametrize(
    "line",
    [
        b'header Authorization "Bearer 0123456789abcdef"',
        b"log $2a$14$Zkx19XLiW6VYouLHR5NmfO",
        b"tls {\n\t\tdns cloudflare 0123456789abcdefghij\n\t}",
    ],
)
async def test_a_secret_in_the_file_is_told_without_telling_it(
    host: DemoHost, tmp_path: Path, line: bytes
) -> None:
    site = b"http://new.acme.example {\n\t%s\n\trespond ok\n}\n" % line
    made = await apply_plan(host, tmp_path, await config(host) + site)
    (warned,) = [verdict for verdict in made.warnings if verdict.guard == "secrets-in-file"]
    assert "looks like a secret" in warned.reason
    assert "0123456789" not in warned.reason
    fine = site.replace(line, b"tls {\n\t\tdns cloudflare {env.DNS_TOKEN_OF_THE_ZONE}\n\t}")
    assert not (await apply_plan(host, tmp_path, await config(host) + fine)).warnings


@pytest.mark.parametrize(
    ("path", "words"), [("/nowhere/x", "No such file"), ("/etc", "Is a directory"), ("/dev/null", "is empty")]
)
async def test_a_file_that_cannot_be_read_here_is_bad_input(host: DemoHost, path: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        await plan(host, APPLY, {"file": path})


async def test_too_large_a_file_is_bad_input(host: DemoHost, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="more than"):
        await apply_plan(host, tmp_path, b"#" * (1024 * 1024 + 1))


@pytest.mark.parametrize("container", ["acme-nothing", "acme-system"])
async def test_another_container_is_refused_in_words(host: DemoHost, tmp_path: Path, container: str) -> None:
    made = await apply_plan(host, tmp_path, await config(host), container=container)
    assert made.refused
    assert container in made.refused[0].reason or CONFIG in made.refused[0].reason


async def test_two_proxies_are_told_apart_by_tenant_or_name(host: DemoHost) -> None:
    other = replace(host.state.instances[PROXY], name="other-proxy")
    host.state.instances["other-proxy"] = other
    made = await plan(host, RELOAD, {})
    assert "acme-proxy, other-proxy" in made.refused[0].reason
    assert (await find(RELOAD).plan(Context(host, load(), tenant="acme"), {})).noop
    assert (await plan(host, RELOAD, {"container": PROXY})).noop


async def test_an_editor_hands_bytes(host: DemoHost) -> None:
    context = Context(host, load(), now=lambda: datetime(2026, 11, 23, tzinfo=UTC))
    made = await config_plan(find(APPLY), context, {}, await config(host) + NEW, "edit")
    assert made.title == "acme-proxy: edit"
    assert made.steps


async def test_what_somebody_else_wrote_meanwhile_is_not_lost(host: DemoHost) -> None:
    """The file is another one than the editor was given: refused, with what changed, secrets masked."""
    base = await config(host)
    theirs = b"%s# token: 0123456789abcdef\n\x1b]0;x\x07[/]\n" % base
    await write(host, theirs)
    context = Context(host, load())
    made = await config_plan(find(APPLY), context, {}, base + NEW, "edit", base=base)
    said = refusals(made)["still-as-edited"]
    assert "(+2 −0 lines): +# token" in said
    assert "0123456789abcdef" not in said
    assert "\x1b" not in said
    assert made.steps == ()
    same = await config_plan(find(APPLY), context, {}, theirs, "edit", base=base)
    assert "still-as-edited" not in refusals(same)


async def test_a_backup_is_restored_by_name(host: DemoHost, tmp_path: Path) -> None:
    before = await config(host)
    await host.write(f"{CONFIG}.bak-202611010905", before + NEW, instance=PROXY)
    missing = await plan(host, RESTORE, {"backup": "config.bak-202001010101"})
    assert "config.bak-202611010905" in refusals(missing)["config-reads"]
    made = await plan(host, RESTORE, {"backup": "config.bak-202611010905"})
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert "new.acme.example" in await served(host)
    assert await host.read(BACKUP, instance=PROXY) == before
    assert (await undone(host, tmp_path, done.id)).result == "done"
    assert await config(host) == before


async def test_a_partial_backup_is_refused_like_any_other_file(host: DemoHost) -> None:
    await host.write(f"{CONFIG}.bak-202611010905", NEW, instance=PROXY)
    made = await plan(host, RESTORE, {"backup": "config.bak-202611010905"})
    assert {"no-shrink", "storage-kept"} <= refusals(made).keys()


async def test_a_backup_of_another_file_is_bad_input(host: DemoHost) -> None:
    with pytest.raises(BadInput, match="not a backup of config"):
        await plan(host, RESTORE, {"backup": "passwd.bak-202611010905"})


async def test_an_edit_by_hand_is_reloaded(host: DemoHost, tmp_path: Path) -> None:
    assert (await plan(host, RELOAD, {})).noop
    await write(host, await config(host) + NEW)
    made = await plan(host, RELOAD, {})
    assert "file-is-running" in [verdict.guard for verdict in made.warnings]
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert "new.acme.example" in await served(host)
    back = await plan(host, RELOAD, {})
    assert back.noop


@pytest.mark.parametrize("operation", [RELOAD, RESTART])
async def test_a_partial_file_on_the_host_is_not_loaded(host: DemoHost, operation: str) -> None:
    whole = await config(host)
    await write(host, whole.replace(CDN, b""))
    given = {"reason": "it hangs"} if operation == RESTART else {}
    assert "cdn.acme.example" in refusals(await plan(host, operation, given))["no-shrink"]
    assert not (await plan(host, operation, {**given, "domain": "cdn.acme.example"})).refused


async def test_a_restart_has_a_reason_and_says_what_goes_dark(host: DemoHost, tmp_path: Path) -> None:
    starts = host.state.places[PROXY].units["proxy.service"].starts
    made = await plan(host, RESTART, {"reason": "certificates of a dead name"})
    assert made.danger is Danger.DISRUPTIVE
    assert made.why == "certificates of a dead name"
    assert made.dark == ("all 25 vhosts (:443), about 5 s",)
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert host.state.places[PROXY].units["proxy.service"].starts == starts + 1


async def test_a_restart_starts_a_caddy_that_is_down(host: DemoHost, tmp_path: Path) -> None:
    await run(host, "systemctl", "stop", "proxy.service")
    made = await plan(host, RESTART, {"reason": "it is down"})
    done = await applied(host, tmp_path, made)
    assert done.result == "done", done.message
    assert len(await served(host)) == 25


async def test_a_file_caddy_cannot_read_is_not_restarted_into(host: DemoHost) -> None:
    await write(host, await config(host) + b"x {\n")
    made = await plan(host, RESTART, {"reason": "it hangs"})
    assert "Syntax error" in refusals(made)["config-reads"]


async def test_no_secret_of_the_configuration_is_in_a_plan_of_what_runs(host: DemoHost) -> None:
    made = await plan(host, RESTART, {"reason": "it hangs"})
    assert "10.77.0.185" not in repr(made)
    assert not paths(host, BACKUP)


def test_a_reason_with_a_secret_in_it_is_not_taken() -> None:
    with pytest.raises(BadInput, match="a secret stood in it"):
        find("proxy.restart").checked({"reason": "the password=abc123 was changed"})
