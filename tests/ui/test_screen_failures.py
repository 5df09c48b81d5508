"""What breaks stays in its place: words instead of a crash, and a crash without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.errors import Denied
from gbtui.guard.plan import Plan
from gbtui.guard.port import Outcome
from gbtui.hosts.base import Command, Completed
from gbtui.hosts.errors import SUDO_HINT
from screens import crash
from screens.app import CockpitApp
from screens.journal import JournalScreen
from screens.leave import Leave
from screens.terminal import settle
from tests.ui.screen_stage import cockpit, demo, see, session, toasts, until

SECRET = "hvs.CAESIJ4f0n7uA5r3Tq8WvXyZ0123456789"


async def test_a_worker_that_fails_is_words_and_the_rest_lives_on(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):

        async def denied() -> None:
            raise Denied("read rules", why="sudo: a password is required", hint="grant NOPASSWD for iptables")

        async def broken() -> None:
            raise ValueError(f"token={SECRET}")

        app.operator.spawn(denied())
        await until(pilot, lambda: "a password is required (grant NOPASSWD for iptables)" in toasts(app))
        app.operator.spawn(broken())
        await until(pilot, lambda: "ValueError" in toasts(app))
        assert SECRET not in toasts(app)
        await see(app, pilot, "acme-proxy")


async def test_a_screens_own_worker_that_fails_is_words_too(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path)) as (app, pilot):

        async def denied() -> None:
            raise Denied("keep the walk", why="the disk is full", hint="free space")

        await pilot.press("J")
        await until(pilot, lambda: isinstance(app.screen, JournalScreen))
        app.screen.run_worker(denied(), exit_on_error=False)
        await until(pilot, lambda: "the disk is full (free space)" in toasts(app))


class NoSudo(DemoHost):
    """A host that knows the operator, and gives no root."""

    async def run(self, command: Command) -> Completed:
        if command.root:
            raise Denied("running it", why="sudo wants a password or does not allow it", hint=SUDO_HINT)
        return await super().run(command)


async def test_who_may_change_nothing_is_told_so_before_trying(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path, NoSudo()), ready=False) as (app, pilot):
        await see(app, pilot, "acme-proxy", "read-only")
        await pilot.press("a")
        await see(app, pilot, "not now: read-only: no permission for root: sudo wants a password")


async def test_a_crash_prints_neither_locals_nor_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = CockpitApp(session(tmp_path))

    def fall() -> None:
        vault_token = SECRET
        raise RuntimeError(f"token {vault_token}")

    async def run() -> None:
        async with app.run_test() as pilot:
            await see(app, pilot, "acme-proxy")
            app.call_later(fall)
            await until(pilot, lambda: not app.is_running)

    with pytest.raises(RuntimeError):
        await run()
    said = "".join(capsys.readouterr())
    assert "RuntimeError" in said
    assert "test_screen_failures.py" in said
    assert SECRET not in said
    assert "vault_token" not in said


@pytest.mark.parametrize(
    "words",
    [f"token {SECRET}", f"password={SECRET}", f"unseal-key: {SECRET}", f"({SECRET})", f"secret '{SECRET}'"],
)
def test_what_looks_like_a_secret_is_taken_out(words: str) -> None:
    assert SECRET not in crash.redact(words)
    assert "•••" in crash.redact(words)


def test_plain_words_stay_as_they_are() -> None:
    assert crash.redact("no such file: /etc/iptables/rules.v4") == "no such file: /etc/iptables/rules.v4"


async def test_quitting_with_something_pending_says_so(tmp_path: Path) -> None:
    async with cockpit(session(tmp_path, demo("valkey-loopback"))) as (app, pilot):
        plan: Plan = await app.session.plan("firewall.accept-loopback", {"container": "acme-system"})

        async def held(desk: object) -> Outcome:
            answer = await app.operator.desk.keep(plan, "x", 60.0)  # type: ignore[union-attr] # it is open
            return Outcome("x", "done", answer, plan)

        app.operator.engage(held)
        await see(app, pilot, "without an answer the host puts it back")
        await pilot.press("Q")
        await until(pilot, lambda: isinstance(app.screen, Leave))
        await see(app, pilot, "armed", "Stay")
        await pilot.press("Q", "enter")  # neither the key that opened it nor Enter leaves
        await until(pilot, lambda: not isinstance(app.screen, Leave))
        assert app.return_code is None
        await pilot.press("Q")
        await until(pilot, lambda: isinstance(app.screen, Leave))
        await pilot.press("y")
        await until(pilot, lambda: app.return_code == 0)


def test_the_environment_is_settled_unless_chosen() -> None:
    local: dict[str, str] = {}
    settle(local)
    assert local["TEXTUAL_ANIMATIONS"] == "none"
    assert "TEXTUAL_FPS" not in local
    remote = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
    settle(remote)
    assert remote["TEXTUAL_FPS"] == "15"
    chosen = {"SSH_CONNECTION": "x", "TEXTUAL_FPS": "30", "TEXTUAL_ANIMATIONS": "full"}
    settle(chosen)
    assert (chosen["TEXTUAL_FPS"], chosen["TEXTUAL_ANIMATIONS"]) == ("30", "full")
