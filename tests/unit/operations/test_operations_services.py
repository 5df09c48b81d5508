"""Services through the real engine on the simulated host: port owners, order, flapping, environment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.demo import unit_files
from gbtui.demo.host import DemoHost
from gbtui.demo.state import File, Stray, Unit
from gbtui.errors import BadInput
from gbtui.guard.plan import Danger, Plan, Wait
from tests.unit.guard.rig import Answers
from tests.unit.operations.hurried import engine, hasty, hurried, out, plan

BOX = "acme-system"
RESTART, SET_URL = "services.restart", "services.set-botserver-url"
RIGHT, WRONG = "http://localhost:5858", "https://system.example.org"
DROP_IN = "/etc/systemd/system/ui.service.d/zz-botserver-url.conf"
YES = Answers(acknowledged=("services-restart", "unit-known", "restart-seals", "undo-warning"))


def box(host: DemoHost) -> dict[str, File]:
    return host.state.places[BOX].files


async def pid(host: DemoHost, unit: str) -> str:
    return await out(host, BOX, "systemctl", "show", "-p", "MainPID", "--value", "--", unit)


async def address(host: DemoHost) -> str:
    """What the running botui was started with."""
    unit = host.state.places[BOX].units["ui.service"]
    return unit.environment.get("BOTSERVER_URL", "")


def misdirect(host: DemoHost) -> None:
    """The guide's wrong address, in the unit's file and in the process."""
    place = host.state.places[BOX]
    file = place.files["/etc/systemd/system/ui.service"]
    file.data = file.data.replace(RIGHT.encode(), WRONG.encode())
    unit_files.reload(place)
    place.units["ui.service"].environment = dict(place.units["ui.service"].configured)


def refusals(made: Plan) -> list[str]:
    assert made.steps == ()
    return [verdict.guard for verdict in made.refused]


async def test_restarts_in_the_profiles_order_and_sees_them_run(tmp_path: Path) -> None:
    host = hurried()
    before = [await pid(host, unit) for unit in ("system.service", "ui.service")]
    made = await plan(host, RESTART, {"container": BOX})
    assert made.danger is Danger.DISRUPTIVE
    assert [step.title for step in made.steps if not isinstance(step.does, Wait)] == [
        "Restart botserver",
        "Restart botui",
    ]
    assert made.dark == ("botserver :5858, about 10 s", "botui :5859, about 10 s")
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "done", outcome.message
    after = [await pid(host, unit) for unit in ("system.service", "ui.service")]
    assert all(old != new for old, new in zip(before, after, strict=True))


async def test_a_restart_of_a_role_without_health_url_is_proven_by_what_the_role_does(tmp_path: Path) -> None:
    host = hurried()
    given = {"container": "acme-tables", "unit": "postgresql"}
    outcome = await engine(host, tmp_path).apply(await plan(host, RESTART, given), YES)
    assert outcome.result == "done", outcome.message
    del host.state.places["acme-tables"].units["postgresql.service"]
    other = {"container": "acme-tables", "unit": "cron"}
    host.state.places["acme-tables"].units["cron.service"] = Unit("cron.service")
    made = await plan(host, RESTART, other)
    made = replace(made, verify=tuple(replace(wait, timeout=0.6) for wait in made.verify[1:]))
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "failed-undone", outcome.message
    assert "acme-tables does its work (tables)" in outcome.message


async def test_restarts_what_is_named_in_the_order_given(tmp_path: Path) -> None:
    host = hurried()
    made = await plan(host, RESTART, {"container": BOX, "unit": "ui,valkey-server.service"})
    titles = [step.title for step in made.steps if not isinstance(step.does, Wait)]
    assert titles == ["Restart botui", "Restart valkey-server.service"]
    assert (await engine(host, tmp_path).apply(made, YES)).result == "done"


async def test_a_copy_started_by_hand_is_named_and_nothing_is_restarted(tmp_path: Path) -> None:
    host = hurried()
    host.state.places[BOX].strays[5858] = Stray(812, "gbuser", "botserver")
    made = await plan(host, RESTART, {"container": BOX})
    assert refusals(made) == ["port-owner"]
    assert "process 812 (botserver, user gbuser) started by hand" in made.refused[0].reason
    assert (await engine(host, tmp_path).apply(made, YES)).result == "refused"


async def test_another_units_process_on_the_port_is_named() -> None:
    host = hurried()
    cgroup = "/system.slice/legacy-botserver.service"
    host.state.places[BOX].strays[5858] = Stray(77, "root", "botserver", cgroup)
    made = await plan(host, RESTART, {"container": BOX})
    assert "of legacy-botserver.service" in made.refused[0].reason


async def test_a_copy_that_comes_after_the_preview_stops_it(tmp_path: Path) -> None:
    host = hurried()
    made = await plan(host, RESTART, {"container": BOX})
    host.state.places[BOX].strays[5858] = Stray(812, "gbuser", "botserver")
    outcome = await engine(host, tmp_path).apply(made, YES)
    assert outcome.result == "changed"
    assert "listeners" in outcome.message


async def test_flapping_is_a_failure_though_systemctl_said_yes(tmp_path: Path) -> None:
    host = hurried()
    made = await plan(host, RESTART, {"container": BOX, "unit": "valkey-server.service"})
    host.state.places[BOX].units["valkey-server.service"].flaps = True
    outcome = await engine(host, tmp_path).apply(hasty(made), YES)
    assert outcome.result != "done"
    assert "flapping" in outcome.message
    assert "this stays: Restart valkey-server.service" in outcome.message


async def test_a_first_one_that_stays_ill_keeps_the_second_untouched(tmp_path: Path) -> None:
    host = hurried("valkey-loopback")
    before = await pid(host, "ui.service")
    outcome = await engine(host, tmp_path).apply(hasty(await plan(host, RESTART, {"container": BOX})), YES)
    assert outcome.result != "done"
    assert "Wait for botserver" in outcome.message
    assert await pid(host, "ui.service") == before


@pytest.mark.parametrize(
    ("given", "guard", "words"),
    [
        ({"container": "acme-nothing"}, "instance-runs", "no container"),
        ({"container": "acme-drive"}, "unit-known", "name it with unit="),
        ({"container": BOX, "unit": "nosuch"}, "unit-known", "has no nosuch.service"),
        ({"container": "acme-proxy", "unit": "proxy"}, "reload-instead", "proxy.reload"),
    ],
)
async def test_refused_in_words(given: dict[str, str], guard: str, words: str) -> None:
    made = await plan(hurried(), RESTART, given)
    assert refusals(made) == [guard]
    assert words in made.refused[0].reason


async def test_vault_is_known_to_start_sealed() -> None:
    made = await plan(hurried(), RESTART, {"container": BOX, "unit": "vault"})
    assert "restart-seals" in [verdict.guard for verdict in made.warnings]


async def test_a_unit_that_is_off_is_said_to_be_started(tmp_path: Path) -> None:
    host = hurried()
    await out(host, BOX, "systemctl", "stop", "ui.service")
    made = await plan(host, RESTART, {"container": BOX, "unit": "ui"})
    assert "unit-known" in [verdict.guard for verdict in made.warnings]
    assert (await engine(host, tmp_path).apply(made, YES)).result == "done"
    assert await pid(host, "ui.service") != "0"


@pytest.mark.parametrize("unit", ["ui,ui.service", "ui.timer", "a,", ",".join("abcdefghi")])
async def test_bad_units(unit: str) -> None:
    with pytest.raises(BadInput, match="expected UNIT"):
        await plan(hurried(), RESTART, {"container": BOX, "unit": unit})


# BOTSERVER_URL


async def test_the_running_process_gets_the_address_and_undo_takes_it_back(tmp_path: Path) -> None:
    host = hurried()
    misdirect(host)
    unit_file = box(host)["/etc/systemd/system/ui.service"].data
    made = await plan(host, SET_URL, {"container": BOX})
    assert WRONG in made.why
    working = engine(host, tmp_path)
    done = await working.apply(made, YES)
    assert done.result == "done", done.message
    assert await address(host) == RIGHT
    assert box(host)[DROP_IN].data == b"[Service]\nEnvironment=BOTSERVER_URL=http://localhost:5858\n"
    assert box(host)["/etc/systemd/system/ui.service"].data == unit_file
    assert (await plan(host, SET_URL, {"container": BOX})).noop.startswith("already so")
    back = await working.undo(done.id, YES)
    assert back.result == "done", back.message
    assert DROP_IN not in box(host)
    assert await address(host) == WRONG


async def test_a_file_that_is_right_is_not_enough(tmp_path: Path) -> None:
    """The unit's file says so, the process was started before that: only a restart makes it so."""
    host = hurried()
    host.state.places[BOX].units["ui.service"].environment = {"BOTSERVER_URL": WRONG}
    made = await plan(host, SET_URL, {"container": BOX})
    assert not made.noop
    assert (await engine(host, tmp_path).apply(made, YES)).result == "done"
    assert await address(host) == RIGHT


async def test_a_later_drop_in_that_wins_is_found_by_the_effect(tmp_path: Path) -> None:
    host = hurried()
    misdirect(host)
    later = f"{DROP_IN.rpartition('/')[0]}/zzz.conf"
    box(host)[later] = File(f"[Service]\nEnvironment=BOTSERVER_URL={WRONG}\n".encode())
    outcome = await engine(host, tmp_path).apply(hasty(await plan(host, SET_URL, {"container": BOX})), YES)
    assert outcome.result == "failed-undone", outcome.message
    assert DROP_IN not in box(host)
    assert await address(host) == WRONG


async def test_an_environment_file_would_win_and_is_not_read_out() -> None:
    host = hurried()
    unit = box(host)["/etc/systemd/system/ui.service"]
    unit.data = unit.data.replace(b"[Install]", b"EnvironmentFile=-/opt/gbo/bin/.env\n[Install]")
    box(host)["/opt/gbo/bin/.env"] = File(f"TOKEN=hush\nBOTSERVER_URL={WRONG}\n".encode(), 0o600)
    made = await plan(host, SET_URL, {"container": BOX})
    assert refusals(made) == ["environment-file"]
    assert "hush" not in repr(made)


@pytest.mark.parametrize(
    "url", [WRONG, "https://localhost:5858", "http://acme-system:5858", "http://localhost"]
)
async def test_an_address_that_is_not_loopback_is_refused(url: str) -> None:
    made = await plan(hurried(), SET_URL, {"container": BOX, "url": url})
    assert refusals(made) == ["url-local"]


async def test_only_where_botui_is() -> None:
    assert refusals(await plan(hurried(), SET_URL, {"container": "acme-email"})) == ["has-botui"]


async def test_a_name_and_password_in_the_old_address_stay_unsaid() -> None:
    host = hurried()
    host.state.places[BOX].units["ui.service"].environment = {"BOTSERVER_URL": "https://me:hush@x.test"}
    made = await plan(host, SET_URL, {"container": BOX})
    assert "hush" not in repr(made)
    assert "https://…@x.test" in made.why
