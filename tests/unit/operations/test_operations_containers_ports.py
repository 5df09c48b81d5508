"""`containers.add-port` and `remove-port` through the real engine on the simulated host."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.facts.containers_listen import Endpoint, endpoints, sockets, spans
from gbtui.guard.plan import Danger
from gbtui.operations.containers_ports import PROTECTED
from tests.unit.operations.containers_rig import Desk, refusal

MAIL, PROXY = "acme-email", "acme-proxy"
OUTER = "203.0.113.10"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def listens(desk: Desk, port: int) -> bool:
    return f":{port} " in await desk.run("ss", "-Hltn", f"sport = :{port}")


async def test_a_port_is_forwarded_and_taken_back(desk: Desk) -> None:
    plan = await desk.plan("containers.add-port", container=MAIL, listen="tcp:8025", connect="tcp:25")
    assert plan.danger is Danger.REVERSIBLE
    assert {"client-address", "exposure-policy"} == {verdict.guard for verdict in plan.warnings}
    assert "10.77.0.50" in next(v.reason for v in plan.warnings if v.guard == "client-address")
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert await listens(desk, 8025)
    again = await desk.plan("containers.add-port", container=MAIL, listen="tcp:8025", connect="tcp:25")
    assert again.noop == f"device port-8025 of {MAIL} does that already"
    assert (await desk.undo(outcome)).result == "done"
    assert not await listens(desk, 8025)
    assert "port-8025" not in desk.instance(MAIL).devices


async def test_nat_keeps_the_clients_address(desk: Desk) -> None:
    given_ = {"container": PROXY, "listen": f"tcp:{OUTER}:8080", "connect": "tcp:80", "nat": "true"}
    plan = await desk.plan("containers.add-port", **given_)
    assert "client-address" not in [verdict.guard for verdict in plan.warnings]
    assert (await desk.apply(plan)).result == "done"
    rules = await desk.run("nft", "list", "ruleset")
    assert f"ip daddr {OUTER} tcp dport 8080 dnat ip to 10.77.0.30:80" in rules
    assert not await listens(desk, 8080)
    await desk.done("containers.remove-port", container=PROXY, device="port-8080")
    assert "dport 8080" not in await desk.run("nft", "list", "ruleset")


async def test_nat_needs_fixed_addresses_on_both_sides(desk: Desk) -> None:
    plan = await desk.plan("containers.add-port", container=PROXY, listen="tcp:8080", nat="true")
    assert "name the host's, listen=tcp:ADDRESS:8080" in refusal(plan)
    wrong = {"listen": f"tcp:{OUTER}:8080", "connect": "tcp:127.0.0.1:80", "nat": "true"}
    assert "10.77.0.30 only" in refusal(await desk.plan("containers.add-port", container=PROXY, **wrong))
    del desk.instance(PROXY).devices["eth0"]["ipv4.address"]
    plan = await desk.plan("containers.add-port", container=PROXY, listen=f"tcp:{OUTER}:8080", nat="true")
    assert "no fixed ipv4.address" in refusal(plan)


@pytest.mark.parametrize("role", ["system", "alm", "alm-ci", "drive", "tables", "table-editor", "webmail"])
async def test_internal_roles_offer_nothing_to_the_world(desk: Desk, role: str) -> None:
    for listen in ("tcp:7000", "udp:7000", f"tcp:{OUTER}:7000", "tcp:[::]:7000"):
        plan = await desk.plan("containers.add-port", container=f"acme-{role}", listen=listen)
        assert "exposure-policy" in refusal(plan)
        assert (await desk.apply(plan)).result == "refused"
    await desk.done("containers.add-port", container=f"acme-{role}", listen="tcp:127.0.0.1:7000")


@pytest.mark.parametrize(
    ("listen", "words"),
    [
        ("tcp:22", "something on the host listens on tcp:0.0.0.0:22"),
        ("tcp:443", f"device port-443 of {PROXY}"),
        (f"tcp:{OUTER}:443", f"device port-443 of {PROXY}"),
        ("udp:53", "device port-53-udp of acme-dns"),
        ("tcp:10.77.0.1:53", "something on the host listens on tcp:10.77.0.1:53"),
    ],
)
async def test_a_taken_port_is_refused_and_says_by_whom(desk: Desk, listen: str, words: str) -> None:
    plan = await desk.plan("containers.add-port", container=MAIL, listen=listen)
    assert words in refusal(plan)


async def test_the_port_of_a_stopped_container_is_taken_too(desk: Desk) -> None:
    await desk.run("lxc", "stop", PROXY)
    plan = await desk.plan("containers.add-port", container=MAIL, listen="tcp:443")
    assert f"device port-443 of {PROXY}" in refusal(plan)


async def test_a_port_where_nobody_listens_is_warned_of(desk: Desk) -> None:
    plan = await desk.plan("containers.add-port", container=MAIL, listen="tcp:8026", connect="tcp:8026")
    assert "nothing in acme-email listens" in next(
        v.reason for v in plan.warnings if v.guard == "somebody-listens"
    )


async def test_a_port_is_removed_and_put_back(desk: Desk) -> None:
    await desk.done("containers.add-port", container=MAIL, listen="tcp:8025", connect="tcp:25")
    plan = await desk.plan("containers.remove-port", container=MAIL, device="port-8025")
    assert plan.danger is Danger.DISRUPTIVE
    assert "tcp :8025" in plan.dark[0]
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert not await listens(desk, 8025)
    assert (await desk.undo(outcome)).result == "done"
    assert await listens(desk, 8025)


async def test_the_guides_ports_are_never_removed(desk: Desk) -> None:
    tried = set()
    for one in list(desk.host.state.instances.values()):
        for key, device in list(one.devices.items()):
            if device["type"] == "proxy":
                plan = await desk.plan("containers.remove-port", container=one.name, device=key)
                assert "protected-port" in refusal(plan)
                assert (await desk.apply(plan, typed=one.name)).result == "refused"
                assert key in one.devices
                tried.add(int(device["listen"].rpartition(":")[2]))
    assert tried == PROTECTED


@pytest.mark.parametrize(
    "listen",
    [
        "tcp:0.0.0.0:400-500",
        "udp:[::]:53",
        "tcp:127.0.0.1:8000,25",
        "tcp:?",
        "tcp:0.0.0.0:2100-4500",
        "tcp:0.0.0.0:1000-65535",
        "udp:[::]:1-65535",
        "tcp:0.0.0.0:5000-4000",
        "tcp:0.0.0.0:8000,4000-70000",
        "tcp:0.0.0.0:5000-65535,5000-65535",
    ],
)
async def test_ranges_lists_and_riddles_do_not_get_past_it(desk: Desk, listen: str) -> None:
    desk.instance(MAIL).devices["odd"] = {"type": "proxy", "listen": listen, "connect": "tcp:127.0.0.1:1"}
    plan = await desk.plan("containers.remove-port", container=MAIL, device="odd")
    assert "protected-port" in refusal(plan)


@pytest.mark.parametrize(
    ("listen", "port"),
    [
        ("tcp:0.0.0.0:4000-6500", 6200),
        ("tcp:0.0.0.0:2100-4500", 4300),
        ("tcp:0.0.0.0:7000,2100-65535", 65535),
    ],
)
async def test_a_port_deep_in_a_range_is_taken(desk: Desk, listen: str, port: int) -> None:
    desk.instance("acme-alm").devices["range"] = {
        "type": "proxy",
        "listen": listen,
        "connect": "tcp:10.0.0.1:1",
    }
    plan = await desk.plan("containers.add-port", container=MAIL, listen=f"tcp:{port}")
    assert f"device range of acme-alm listens on {listen}" in refusal(plan)


async def test_where_a_device_listens_nobody_can_read_whether_a_port_is_free_is_said(desk: Desk) -> None:
    desk.instance("acme-alm").devices["odd"] = {"type": "proxy", "listen": "tcp:a:1-9", "connect": "tcp:::1"}
    desk.instance("acme-alm").running = False
    plan = await desk.plan("containers.add-port", container=MAIL, listen="tcp:8025", connect="tcp:25")
    words = next(verdict.reason for verdict in plan.warnings if verdict.guard == "port-free")
    assert "odd of acme-alm (tcp:a:1-9)" in words


@pytest.mark.parametrize("listen", ["tcp:0.0.0.0:4200-6500", "tcp:203.0.113.10:4200-6500,7000"])
async def test_a_range_is_removed_as_one(desk: Desk, listen: str) -> None:
    device = {"type": "proxy", "listen": listen, "connect": "tcp:127.0.0.1:25"}
    desk.instance(MAIL).devices["range"] = device
    plan = await desk.plan("containers.remove-port", container=MAIL, device="range")
    assert plan.dark[0].startswith("tcp :4200-6500"), plan.dark
    assert len(plan.dark[0]) < 100
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert not await listens(desk, 5000)
    assert (await desk.undo(outcome)).result == "done"
    assert await listens(desk, 5000)


async def test_a_range_that_is_still_listened_on_is_not_said_to_be_closed(desk: Desk) -> None:
    """LXD says the device is gone; the sockets of the host say that one port deep in it is not."""
    device = {"type": "proxy", "listen": "tcp:0.0.0.0:4200-6500", "connect": "tcp:127.0.0.1:25"}
    desk.instance(MAIL).devices["range"] = device
    plan = await desk.plan("containers.remove-port", container=MAIL, device="range")
    desk.instance("acme-alm").devices["left"] = {**device, "listen": "tcp:0.0.0.0:6400"}
    outcome = await desk.apply(plan)
    assert outcome.result == "failed", outcome.message
    assert "the host does not listen on tcp :4200-6500" in outcome.message


async def test_a_stop_names_a_range_as_one(desk: Desk) -> None:
    device = {"type": "proxy", "listen": "tcp:0.0.0.0:5000-60000", "connect": "tcp:127.0.0.1:25"}
    desk.instance(MAIL).devices["range"] = device
    plan = await desk.plan("containers.stop", container=MAIL)
    assert "tcp :4190, tcp :5000-60000 of acme-email" in plan.dark[0]
    assert len(plan.dark[0]) < 300


async def test_a_guides_port_that_was_added_is_not_taken_back_either(desk: Desk) -> None:
    del desk.instance(MAIL).devices["port-587"]
    plan = await desk.plan("containers.add-port", container=MAIL, listen="tcp:587")
    assert "never removed" in plan.steps[0].no_undo
    outcome = await desk.apply(plan)
    assert outcome.result == "done", outcome.message
    assert (await desk.undo(outcome)).result == "refused"
    assert "port-587" in desk.instance(MAIL).devices


@pytest.mark.parametrize(
    ("container", "device", "words"),
    [
        (MAIL, "nosuch", "has no device nosuch; its ports: port-110"),
        (MAIL, "eth0", "of type nic"),
        ("acme-alm-ci", "cache", "comes from a profile"),
        ("acme-drive", "objects", "containers.remove-mount"),
    ],
)
async def test_what_is_no_port_of_its_own(desk: Desk, container: str, device: str, words: str) -> None:
    assert words in refusal(await desk.plan("containers.remove-port", container=container, device=device))


async def test_changed_by_somebody_else_meanwhile(desk: Desk) -> None:
    plan = await desk.plan("containers.add-port", container=MAIL, listen="tcp:8025", connect="tcp:25")
    reply = await desk.host.lxd.get(f"instances/{MAIL}")
    theirs = {"type": "proxy", "listen": "tcp:0.0.0.0:8026", "connect": "tcp:127.0.0.1:25"}
    await desk.host.lxd.put(f"instances/{MAIL}", {"devices": {**reply.data["devices"], "mine": theirs}})
    assert (await desk.apply(plan)).result == "changed"
    assert "mine" in desk.instance(MAIL).devices
    assert not await listens(desk, 8025)


@given(st.text(max_size=60))
def test_endpoints_of_anything_are_ports_or_nothing(value: str) -> None:
    for end in endpoints(value):
        assert 0 < end.port <= 65535
        assert end.protocol in ("tcp", "udp")


@given(st.integers(1, 65535), st.integers(1, 65535), st.integers(1, 65535))
def test_a_range_holds_what_it_is_written_with_and_nothing_else(low: int, high: int, port: int) -> None:
    found = spans(f"tcp:0.0.0.0:{low}-{high}")
    assert bool(found) is (low <= high)
    for span in found:
        inside = low <= port <= high
        assert bool(span.holds((port,))) is inside
        assert span.meets(Endpoint("tcp", "127.0.0.1", port)) is inside
        assert not span.meets(Endpoint("udp", "127.0.0.1", port))


@given(st.binary(max_size=300))
def test_sockets_of_anything(data: bytes) -> None:
    for end in sockets(data, "tcp"):
        assert end.port >= 0


@given(st.integers(1, 65535), st.sampled_from(["tcp", "udp"]), st.sampled_from(["10.0.0.1", "::1"]))
def test_an_endpoint_is_read_back(port: int, protocol: str, address: str) -> None:
    end = Endpoint(protocol, address, port)
    assert endpoints(end.lxd()) == (end,)
    assert end.meets(end)


def test_sockets_of_a_real_host() -> None:
    lines = b"""LISTEN 0      4096      127.0.0.54:53   0.0.0.0:* users:(("systemd-resolve",pid=358,fd=21))
LISTEN 0      4096   127.0.0.53%lo:53   0.0.0.0:* users:(("systemd-resolve",pid=358,fd=19))
LISTEN 0      128             [::]:22      [::]:* users:(("sshd",pid=527,fd=7))
LISTEN 0      4096               *:80         *:* users:(("caddy",pid=488,fd=3))
"""
    found = sockets(lines, "tcp")
    assert [(end.address, end.port) for end in found] == [
        ("127.0.0.54", 53),
        ("127.0.0.53", 53),
        ("::", 22),
        ("*", 80),
    ]
    assert [end.wild for end in found] == [False, False, True, True]
