"""A secret asked for in the middle of an operation: typed unseen, and given to nothing but the host."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from gbtui.demo.host import DemoHost
from gbtui.demo.state import Vault
from screens.app import CockpitApp
from screens.ask import AskText
from screens.plan import PlanScreen
from tests.ui.screen_stage import AppPilot, cockpit, demo, screen_text, see, session, until

TYPED = {"container": "acme-system", "keys": "prompt"}


def vault(host: DemoHost) -> Vault:
    found = host.state.places["acme-system"].vault
    assert found is not None
    return found


def left(app: CockpitApp, screen: object) -> bool:
    return app.screen is not screen


def everything(folder: Path) -> bytes:
    """All that the journal holds."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def approve(app: CockpitApp, pilot: AppPilot) -> PlanScreen:
    app.operator.start("vault.unseal", TYPED)
    await until(pilot, lambda: isinstance(app.screen, PlanScreen) and app.screen.stage == "asking")
    await see(app, pilot, "Unseal Vault in acme-system")
    screen = app.screen
    assert isinstance(screen, PlanScreen)
    await pilot.press("y")
    return screen


async def test_three_keys_are_typed_unseen(tmp_path: Path) -> None:
    host = demo("vault-sealed")
    async with cockpit(session(tmp_path, host)) as (app, pilot):
        screen = await approve(app, pilot)
        for number in (1, 2, 3):
            await until(pilot, lambda: isinstance(app.screen, AskText))
            await see(app, pilot, f"Vault unseal key {number} of 3")
            key = vault(host).keys[number]
            await pilot.press(*key)
            assert key not in screen_text(app)
            assert key[:6] not in screen_text(app)
            asked = app.screen
            await pilot.press("enter")
            await until(pilot, partial(left, app, asked))
        await until(pilot, lambda: screen.stage == "ended")
        assert screen.outcome is not None
        assert screen.outcome.result == "done", screen.outcome.message
    assert not vault(host).sealed
    written = everything(tmp_path)
    assert b"unseal key 3 of 3" in written
    assert not [key for key in vault(host).keys if key.encode() in written]


async def test_leaving_the_box_ends_it_in_words(tmp_path: Path) -> None:
    host = demo("vault-sealed")
    async with cockpit(session(tmp_path, host)) as (app, pilot):
        screen = await approve(app, pilot)
        await until(pilot, lambda: isinstance(app.screen, AskText))
        await pilot.press("escape")
        await until(pilot, lambda: screen.stage == "ended")
        assert screen.outcome is not None
        assert "nothing was given" in screen.outcome.message
    assert vault(host).sealed
