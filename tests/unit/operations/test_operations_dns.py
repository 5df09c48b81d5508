"""CoreDNS through the real engine on the simulated host: who may ask for what, and what is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.demo import dns
from gbtui.demo.call import said
from gbtui.demo.host import DemoHost
from gbtui.demo.scripts import SCRIPTS
from gbtui.demo.state import Served
from gbtui.errors import BadInput
from gbtui.guard.plan import Exec, Plan, Replace
from tests.unit.guard.rig import Answers
from tests.unit.operations.hurried import engine, hasty, hurried, out, plan

BOX = "acme-dns"
ACL, RELOAD = "dns.apply-acl", "dns.reload"
GIVEN = {"container": BOX, "zone": "acme.test"}
YES = Answers(acknowledged=("client-address", "acl-replaced", "secondaries", "serial-newer", "undo-warning",
                            "answers-seen"))  # fmt: skip
NEEDED = ("A", "AAAA", "MX", "TXT", "CAA", "NS", "SOA", "SRV", "CNAME", "HTTPS")


def corefile(host: DemoHost) -> bytes:
    return host.state.places[BOX].files[dns.COREFILE].data


def edit(host: DemoHost, old: str, new: str, *, path: str = dns.COREFILE, read: bool = True) -> None:
    """Change a file as somebody by hand would; with `read` CoreDNS has read it, too."""
    place = host.state.places[BOX]
    assert old.encode() in place.files[path].data
    place.files[path].data = place.files[path].data.replace(old.encode(), new.encode())
    if read:
        dns.load(place)


def served(host: DemoHost) -> Served:
    return host.state.places[BOX].zones["acme.test"]


def answered(host: DemoHost, source: str) -> set[str]:
    """What a client at `source` gets an answer for, by the acl that is in force."""
    found = set()
    for kind in (*NEEDED, "ANY", "AXFR"):
        fitting = (rule[0] for rule in served(host).rules if dns._fits(rule, kind, source))
        found |= {kind} if next(fitting, "allow") == "allow" else set()
    return found


def refusals(made: Plan) -> list[str]:
    assert made.steps == ()
    return [verdict.guard for verdict in made.refused]


async def test_mail_gets_its_types_and_any_is_refused(tmp_path: Path) -> None:
    host = hurried("dns-acl-guide")
    before = corefile(host)
    assert answered(host, "198.51.100.7") == {"A", "AAAA", "MX"}
    assert answered(host, "10.77.0.60") == {"A", "AAAA", "MX", "ANY"}
    made = await plan(host, ACL, GIVEN)
    assert "from outside TXT, CAA, NS, SOA, SRV, CNAME, HTTPS refused; ANY answered" in made.why
    assert "SPF" in next(v.reason for v in made.verdicts if v.guard == "types-needed")
    working = engine(host, tmp_path)
    done = await working.apply(made, YES)
    assert done.result == "done", done.message
    assert answered(host, "198.51.100.7") == set(NEEDED)
    assert answered(host, "127.0.0.1") == set(NEEDED), "as which the proxy device brings the world in"
    assert answered(host, "10.77.0.60") == {*NEEDED, "ANY", "AXFR"}
    assert await host.read(f"{dns.COREFILE}.bak-20261123140322", instance=BOX) == before
    assert (await plan(host, ACL, GIVEN)).noop.startswith("already so")
    back = await working.undo(done.id, YES)
    assert back.result == "done", back.message
    assert corefile(host) == before
    assert answered(host, "198.51.100.7") == {"A", "AAAA", "MX"}


async def test_a_zone_without_acl_gets_one(tmp_path: Path) -> None:
    host = hurried("dns-acl-guide")
    whole = corefile(host).decode()
    acl = whole[whole.index("    acl {") : whole.index("    cache")]
    edit(host, acl, "")
    made = await plan(host, ACL, GIVEN)
    assert "has no acl" in made.why
    assert (await engine(host, tmp_path).apply(made, YES)).result == "done"
    assert "ANY" not in answered(host, "198.51.100.7")


async def test_with_addresses_kept_the_inside_is_the_guides() -> None:
    host = hurried("dns-acl-guide")
    for device in host.state.instances[BOX].devices.values():
        if device["type"] == "proxy":
            device["nat"] = "true"
    made = await plan(host, ACL, GIVEN)
    replace = made.steps[0].does
    assert isinstance(replace, Replace)
    assert b"block type" not in replace.after
    assert not made.warnings[:1] or made.warnings[0].guard != "client-address"


async def test_the_type_a_zone_holds_is_allowed_and_secondaries_stay(tmp_path: Path) -> None:
    host = hurried("dns-acl-guide")
    edit(host, "ns1.acme.test. 300", "acme.test. 300 IN TLSA 3 1 1 ab\nns1.acme.test. 300", path=dns.ZONE)
    edit(host, "    cache\n", "    transfer {\n        to 192.0.2.53\n    }\n    cache\n")
    made = await plan(host, ACL, GIVEN)
    assert (await engine(host, tmp_path).apply(made, YES)).result == "done"
    assert "AXFR" in answered(host, "192.0.2.53")
    assert "AXFR" not in answered(host, "198.51.100.7")
    assert b"TLSA" in corefile(host)


async def test_rules_of_its_own_are_named_before_they_go() -> None:
    host = hurried("dns-acl-guide")
    edit(host, "        block\n", "        allow net 192.168.7.0/24\n        block\n")
    made = await plan(host, ACL, GIVEN)
    assert "192.168.7.0/24" in next(v.reason for v in made.warnings if v.guard == "acl-replaced")


async def test_an_acl_that_is_written_and_not_in_force_is_only_read(tmp_path: Path) -> None:
    host = hurried("dns-acl-guide")
    assert (await engine(host, tmp_path).apply(await plan(host, ACL, GIVEN), YES)).result == "done"
    served(host).rules.clear()
    made = await plan(host, ACL, GIVEN)
    assert "not in force" in made.why
    assert isinstance(made.steps[0].does, Exec)
    assert (await engine(host, tmp_path).apply(made, YES)).result == "done"
    assert "ANY" not in answered(host, "198.51.100.7")


async def test_answers_that_do_not_come_put_the_file_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CoreDNS keeps what it had when it cannot take a Corefile: exit status 0, and nothing changed."""
    host = hurried("dns-acl-guide")
    before = corefile(host)
    made = hasty(await plan(host, ACL, GIVEN))
    monkeypatch.setattr(dns, "load", lambda place: None)
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "failed-undone", outcome.message
    assert corefile(host) == before


@pytest.mark.parametrize(
    ("given", "guard", "words"),
    [
        ({"container": "acme-nothing"}, "instance-runs", "no container"),
        ({"container": "acme-email"}, "is-dns", "not the profile's dns container"),
        ({"zone": "other.test"}, "zone-served", "acme.test:53"),
    ],
)
@pytest.mark.parametrize("operation", [ACL, RELOAD])
async def test_refused_in_words(operation: str, given: dict[str, str], guard: str, words: str) -> None:
    made = await plan(hurried("dns-acl-guide"), operation, {**GIVEN, **given})
    assert refusals(made) == [guard]
    assert words in made.refused[0].reason


async def test_a_corefile_that_is_not_understood_stays_untouched() -> None:
    host = hurried("dns-acl-guide")
    edit(host, "    cache\n", "    cache { success 5 }\n")
    made = await plan(host, ACL, GIVEN)
    assert refusals(made) == ["config-read"]
    assert "line 10" in made.refused[0].reason


async def test_a_coredns_that_is_down_is_said_to_be() -> None:
    host = hurried("dns-acl-guide")
    await out(host, BOX, "systemctl", "stop", "dns.service")
    made = await plan(host, ACL, GIVEN)
    assert refusals(made) == ["is-dns"]
    assert "services.restart" in made.refused[0].reason


@pytest.mark.parametrize(
    ("process", "guard", "words"),
    [
        ("0\t/opt/gbo/bin\t/opt/gbo/conf/Corefile", "catches-usr1", "would be ended by it"),
        ("1\t/opt/gbo/bin\t/etc/coredns/Corefile", "config-read", "reads /etc/coredns/Corefile"),
        ("1\t/opt/gbo/bin\tCorefile", "config-read", "reads /opt/gbo/bin/Corefile"),
    ],
)
async def test_another_coredns_than_the_profiles_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, process: str, guard: str, words: str
) -> None:
    monkeypatch.setitem(SCRIPTS, "gbtui-coredns", lambda call: said(process))
    made = await plan(hurried("dns-acl-guide"), ACL, GIVEN)
    assert refusals(made) == [guard]
    assert words in made.refused[0].reason


async def test_no_dig_anywhere_is_a_refusal_and_one_inside_is_enough(tmp_path: Path) -> None:
    host = hurried("dns-acl-guide")
    host.state.host.missing.add("dig")
    made = await plan(host, ACL, GIVEN)
    assert "answers-seen" in [verdict.guard for verdict in made.warnings]
    assert (await engine(host, tmp_path).apply(made, YES)).result == "done"
    host.state.places[BOX].missing.add("dig")
    assert refusals(await plan(host, ACL, GIVEN)) == ["answers-seen"]


@pytest.mark.parametrize("zone", ["Acme.test", "acme", "-acme.test", "acme.test.", "acme..test", "a.b/../c"])
async def test_bad_zones(zone: str) -> None:
    with pytest.raises(BadInput, match="expected NAME"):
        await plan(hurried("dns-acl-guide"), ACL, {**GIVEN, "zone": zone})


# Reload


async def _open(host: DemoHost, path: Path) -> None:
    assert (await engine(host, path).apply(await plan(host, ACL, GIVEN), YES)).result == "done"


async def test_the_serial_of_the_file_is_answered(tmp_path: Path) -> None:
    host = hurried("dns-acl-guide")
    await _open(host, tmp_path)
    assert (await plan(host, RELOAD, GIVEN)).noop == (
        f"already so: serial 2026031801 of {dns.ZONE} is what is answered"
    )
    edit(host, "2026031801", "2026031802", path=dns.ZONE, read=False)
    await out(host, BOX, "pkill", "-HUP", "-x", "coredns")
    assert served(host).serial == "2026031801", "the guide's HUP does nothing"
    made = await plan(host, RELOAD, GIVEN)
    done = await engine(host, tmp_path).apply(made, YES)
    assert done.result == "done", done.message
    assert served(host).serial == "2026031802"
    assert (await engine(host, tmp_path).plan_undo(done.id)).refused


async def test_an_older_serial_is_a_warning(tmp_path: Path) -> None:
    host = hurried("dns-acl-guide")
    await _open(host, tmp_path)
    edit(host, "2026031801", "2026031701", path=dns.ZONE, read=False)
    made = await plan(host, RELOAD, GIVEN)
    assert "secondaries never take it" in made.warnings[0].reason


async def test_a_refused_soa_cannot_prove_anything() -> None:
    made = await plan(hurried("dns-acl-guide"), RELOAD, GIVEN)
    assert refusals(made) == ["serial-seen"]
    assert "dns.apply-acl" in made.refused[0].reason


async def test_a_zone_file_without_soa_is_refused(tmp_path: Path) -> None:
    host = hurried("dns-acl-guide")
    await _open(host, tmp_path)
    edit(host, "IN SOA", "IN NONE", path=dns.ZONE, read=False)
    assert refusals(await plan(host, RELOAD, GIVEN)) == ["serial-newer"]
