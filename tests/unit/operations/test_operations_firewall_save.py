"""`firewall.save` and `firewall.restore-saved` on the simulated host, through the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.demo.state import File
from gbtui.guard.plan import Danger, Plan
from tests.unit.guard.rig import Answers
from tests.unit.operations.firewall_rig import BOX, V4, V6, YES, rules, saved, sh, word
from tests.unit.operations.hurried import engine, hurried
from tests.unit.operations.hurried import plan as planned

ACCEPT = ("-p", "tcp", "-m", "tcp", "--dport", "9100", "-j", "ACCEPT")
LINE = f"-A INPUT {' '.join(ACCEPT)}"


async def save(host: DemoHost, container: str = BOX) -> Plan:
    return await planned(host, "firewall.save", {"container": container})


async def restore(host: DemoHost, container: str = BOX) -> Plan:
    return await planned(host, "firewall.restore-saved", {"container": container})


async def add(host: DemoHost, program: str = "iptables", where: str = BOX) -> None:
    await sh(host, where, program, "-w", "-A", "INPUT", *ACCEPT)


# Saving


async def test_what_runs_is_saved_for_both_families_and_the_old_file_kept(tmp_path: Path) -> None:
    host = hurried()
    files = await saved(host)
    for program in ("iptables", "ip6tables"):
        await add(host, program)
    done = await engine(host, tmp_path).apply(await save(host), YES)
    assert done.result == "done", done.message
    assert all(file is not None and LINE.encode() in file for file in await saved(host))
    assert await host.read(f"{V4}.bak-20261123140322", instance=BOX) == files[0]
    assert (await save(host)).noop.startswith("already so")
    assert (await engine(host, tmp_path).undo(done.id, YES)).result == "done"
    assert await saved(host) == files


async def test_the_folder_is_made_and_fail2bans_rules_stay_out_of_the_file(tmp_path: Path) -> None:
    host = hurried()
    assert "f2b-" in await rules(host, "acme-proxy")
    done = await engine(host, tmp_path).apply(await save(host, "acme-proxy"), YES)
    assert done.result == "done", done.message
    file = (await saved(host, "acme-proxy"))[0]
    assert file is not None
    assert b"f2b" not in file
    assert (await engine(host, tmp_path).undo(done.id, YES)).result == "done"
    assert "/etc/iptables" not in host.state.places["acme-proxy"].folders


async def test_saved_corpses_of_fail2ban_are_a_reason_to_save_again() -> None:
    host = hurried()
    file = host.state.places[BOX].files[V4]
    file.data = file.data.replace(b"COMMIT", b":f2b-x - [0:0]\n-A f2b-x -j RETURN\nCOMMIT")
    assert "rules of fail2ban" in (await save(host)).why


async def test_rules_that_cut_off_loopback_are_not_kept_for_the_next_boot(tmp_path: Path) -> None:
    host = hurried("valkey-loopback")
    await add(host)
    made = await save(host)
    assert "accept-loopback" in word(made, "worth-saving").reason
    files = await saved(host)
    assert (await engine(host, tmp_path).apply(made, YES)).result == "refused"
    assert await saved(host) == files


async def test_no_rules_at_all_do_not_replace_those_that_are_saved() -> None:
    host = hurried()
    host.state.places[BOX].rules["ip"].tables.clear()
    assert "restore-saved" in word(await save(host), "worth-saving").reason


async def test_on_the_host_ufw_is_named_as_the_keeper() -> None:
    assert word(await save(hurried(), "host"), "ufw-keeps").verdict == "warn"


# Restoring


async def test_the_saved_rules_are_in_force_and_the_others_come_back(tmp_path: Path) -> None:
    host = hurried()
    await add(host)
    before = await rules(host)
    made = await restore(host)
    assert all(step.armed for step in made.steps)
    done = await engine(host, tmp_path).apply(made, YES)
    assert done.result == "done", done.message
    assert LINE not in await rules(host)
    assert (await restore(host)).noop.startswith("already so")
    assert (await engine(host, tmp_path).undo(done.id, YES)).result == "done"
    assert await rules(host) == before


async def test_bans_stay_in_force(tmp_path: Path) -> None:
    host, box = hurried(), "acme-proxy"
    place = host.state.places[box]
    place.files[V4] = File(
        b"*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:web - [0:0]\n"
        b"-A INPUT -i lo -j ACCEPT\n-A INPUT -j web\n-A web -p tcp -m tcp --dport 443 -j ACCEPT\nCOMMIT\n"
    )
    before = await rules(host, box)
    bans = [line for line in before.splitlines() if "f2b-" in line]
    assert bans
    made = await restore(host, box)
    assert made.dark == ("tcp :80, tcp :2019 of acme-proxy from elsewhere, until it is undone",)
    assert made.danger is Danger.DISRUPTIVE
    assert (await engine(host, tmp_path).apply(made, YES)).result == "refused", "nobody has read it"
    sure = Answers(acknowledged=(*YES.acknowledged, "closes"))
    done = await engine(host, tmp_path).apply(made, sure)
    assert done.result == "done", done.message
    now = (await rules(host, box)).splitlines()
    assert [line for line in now if "f2b-" in line] == bans
    assert now.index(next(line for line in now if "-j f2b-" in line)) < now.index("-A INPUT -i lo -j ACCEPT")
    assert "-P INPUT DROP" in now
    assert (await engine(host, tmp_path).undo(done.id, YES)).result == "done"
    assert await rules(host, box) == before


async def test_nobody_keeps_it_and_the_host_puts_the_running_rules_back(tmp_path: Path) -> None:
    host = hurried()
    await add(host)
    before = await rules(host)
    answers = Answers(keeps="revert", acknowledged=YES.acknowledged)
    assert (await engine(host, tmp_path).apply(await restore(host), answers)).result == "reverted"
    assert await rules(host) == before


REST = b":FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
SSHLESS = b"*filter\n:INPUT DROP [0:0]\n" + REST + b"-A INPUT -i lo -j ACCEPT\nCOMMIT\n"
CUT = b"*filter\n:INPUT ACCEPT [0:0]\n" + REST + b"-A INPUT -p tcp -j DROP\nCOMMIT\n"


@pytest.mark.parametrize(
    ("where", "file", "guard"),
    [
        ("host", SSHLESS, "ssh-stays"),
        (BOX, CUT, "rehearsed"),
        (BOX, b"*filter\n-A INPUT -j ACCEPT\n", "saved-whole"),
        (BOX, b"rubbish\n", "saved-whole"),
        (BOX, b"", "saved-whole"),
        (BOX, CUT.replace(b"-j DROP", b"-j nosuch"), "rehearsed"),
        (BOX, CUT.replace(b"-j DROP", b"-m comment --comment \xff -j ACCEPT"), "saved-whole"),
    ],
)
async def test_a_file_that_must_not_be_restored(tmp_path: Path, where: str, file: bytes, guard: str) -> None:
    host = hurried()
    host.state.places[where].folders.add("/etc/iptables")
    host.state.places[where].files[V4] = File(file)
    made = await restore(host, where)
    assert guard in [verdict.guard for verdict in made.refused]
    before = await rules(host, where)
    assert (await engine(host, tmp_path).apply(made, YES)).result == "refused"
    assert await rules(host, where) == before


async def test_where_nothing_is_saved_it_says_what_to_do() -> None:
    assert "firewall.save" in word(await restore(hurried(), "acme-drive"), "saved-whole").reason


async def test_without_a_namespace_it_warns_and_works(tmp_path: Path) -> None:
    host = hurried()
    host.state.places[BOX].no_namespaces = True
    await add(host)
    host.state.places[BOX].files[V6] = File(host.state.places[BOX].files[V4].data)
    made = await restore(host)
    assert word(made, "rehearsed").verdict == "warn"
    done = await engine(host, tmp_path).apply(made, YES)
    assert done.result == "done", done.message
    assert LINE not in await rules(host)
    assert (await rules(host)).count("--dport 6379") == 2
