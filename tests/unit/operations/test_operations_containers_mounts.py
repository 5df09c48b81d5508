"""`containers.remove-mount` through the real engine on the simulated host."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.guard.plan import Danger
from tests.unit.operations.containers_rig import Desk, refusal

CI = "acme-alm-ci"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def add(desk: Desk, container: str, name: str, source: str, path: str) -> None:
    reply = await desk.host.lxd.get(f"instances/{container}")
    disk = {"type": "disk", "source": source, "path": path}
    devices = {**reply.data["devices"], name: disk}
    await desk.host.lxd.put(f"instances/{container}", {"devices": devices})


async def mounted(desk: Desk, container: str, path: str) -> bool:
    return f" {path} " in await desk.run("cat", "/proc/self/mountinfo", where=container)


async def test_another_containers_files_are_unmounted_and_mounted_again(desk: Desk) -> None:
    await add(desk, CI, "deploy", "/opt/gbo/tenants/acme/system/bin", "/mnt/bin")
    plan = await desk.plan("containers.remove-mount", container=CI, device="deploy")
    assert "acme-system's" in plan.why
    assert plan.danger is Danger.DISRUPTIVE
    held = next(v.reason for v in plan.warnings if v.guard == "snapshots-hold-space")
    assert "61.2G" in held
    assert "snapshots.destroy" in held
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert not await mounted(desk, CI, "/mnt/bin")
    undone = await desk.undo(outcome)
    assert undone.result == "done", undone.message
    assert await mounted(desk, CI, "/mnt/bin")


async def test_a_profiles_mount_is_hidden_in_this_container_only(desk: Desk) -> None:
    plan = await desk.plan("containers.remove-mount", container=CI, device="cache")
    assert "no mounts from the host" in plan.why
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert desk.instance(CI).devices["cache"] == {"type": "none"}
    assert not await mounted(desk, CI, "/var/cache/ci")
    again = await desk.plan("containers.remove-mount", container=CI, device="cache")
    assert "hidden" in again.noop
    assert (await desk.undo(outcome)).result == "done"
    assert await mounted(desk, CI, "/var/cache/ci")
    assert "cache" not in desk.instance(CI).devices


async def test_an_override_of_a_profiles_mount_does_not_bring_it_back(desk: Desk) -> None:
    await add(desk, CI, "cache", "/srv/other", "/var/cache/ci")
    await desk.done("containers.remove-mount", container=CI, device="cache")
    assert not await mounted(desk, CI, "/var/cache/ci")


async def test_lxds_snapshots_tell_whether_it_was_mounted_then(desk: Desk) -> None:
    desk.host.state.snapshots[:] = [s for s in desk.host.state.snapshots if "alm-ci" not in s.dataset]
    await desk.run("lxc", "snapshot", CI, "before")
    await add(desk, CI, "deploy", "/opt/gbo/tenants/acme/system/bin", "/mnt/bin")
    plan = await desk.plan("containers.remove-mount", container=CI, device="deploy")
    assert "snapshots-hold-space" not in [v.guard for v in plan.warnings]
    await desk.run("lxc", "snapshot", CI, "after")
    plan = await desk.plan("containers.remove-mount", container=CI, device="deploy")
    held = next(v.reason for v in plan.warnings if v.guard == "snapshots-hold-space")
    assert "snapshot-after" in held
    assert "snapshot-before" not in held


async def test_what_two_containers_mount_crosses(desk: Desk) -> None:
    await add(desk, "acme-tables", "shared", "/srv/drive/dump", "/mnt/dump")
    plan = await desk.plan("containers.remove-mount", container="acme-tables", device="shared")
    assert "mounted in acme-drive, too" in plan.why
    assert not plan.refused


async def test_own_data_stays(desk: Desk) -> None:
    await add(desk, "acme-system", "data", "/opt/gbo/tenants/acme/system/data", "/opt/gbo/data")
    plan = await desk.plan("containers.remove-mount", container="acme-system", device="data")
    assert "own data" in refusal(plan)
    assert (await desk.apply(plan)).result == "refused"
    assert await mounted(desk, "acme-system", "/opt/gbo/data")
    plan = await desk.plan("containers.remove-mount", container="acme-drive", device="objects")
    assert "may be acme-drive's own data" in next(v.reason for v in plan.warnings if v.guard == "own-data")


@pytest.mark.parametrize(
    ("container", "device", "words"),
    [
        (CI, "nosuch", "has no device nosuch; its mounts: cache"),
        (CI, "root", "is the root"),
        ("acme-proxy", "port-443", "of type proxy, no mount"),
        ("acme-nothing", "x", "there is no container"),
    ],
)
async def test_what_is_no_mount(desk: Desk, container: str, device: str, words: str) -> None:
    plan = await desk.plan("containers.remove-mount", container=container, device=device)
    assert words in refusal(plan)
    assert (await desk.apply(plan)).result == "refused"


async def test_a_folder_that_only_looks_like_another_tenants(desk: Desk) -> None:
    """`..` leads anywhere: whose folder it is cannot be read from its name."""
    await add(desk, "acme-drive", "odd", "/opt/gbo/tenants/acme/drive/../system/bin", "/mnt/odd")
    plan = await desk.plan("containers.remove-mount", container="acme-drive", device="odd")
    assert "own-data" in [verdict.guard for verdict in plan.warnings]
