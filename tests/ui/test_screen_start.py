"""The start: painted before anything heavy is imported, nothing jumps, and what fails is one line."""

from __future__ import annotations

import subprocess  # noqa: TID251 - a fresh interpreter shows what an import brings along
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from gbtui.errors import BadInput
from gbtui.session import Session
from screens.app import CockpitApp
from screens.first_frame import FirstFrame, places
from tests.terminal import Terminal
from tests.ui.screen_stage import cockpit, see, session

LEAVE_ALTERNATE_SCREEN = b"\x1b[?1049l"


class Framed(App[None]):
    """Only the first frame."""

    def get_default_screen(self) -> FirstFrame:
        return FirstFrame()


def _edges(app: App[Any]) -> list[str]:
    """The lines of the screen with only their corners and sides."""
    strips = app.screen._compositor.render_strips()
    lines = ["".join(segment.text for segment in strip) for strip in strips]
    return ["".join(sign if sign in "┌┐└┘" else " " for sign in line) for line in lines]


HEAVY = {"msgspec", "asyncssh", "pylxd", "gbtui.session", "gbtui.config", "widgets.pane", "screens.cockpit"}


def test_the_first_frame_imports_nothing_heavy() -> None:
    probe = f"import sys, gbtui.cli.cockpit, screens.app; sys.exit(str({HEAVY!r} & set(sys.modules) or 0))"
    found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert found.stderr.strip() == "0"


@pytest.mark.parametrize("size", [(160, 50), (161, 49), (120, 24), (137, 31), (80, 24), (119, 40), (60, 16)])
async def test_frames_stand_where_the_panes_will(tmp_path: Path, size: tuple[int, int]) -> None:
    framed = Framed()
    async with framed.run_test(size=size) as pilot:
        await pilot.pause()
        edges = _edges(framed)
    async with cockpit(session(tmp_path), size, ready=False) as (app, pilot):
        await pilot.pause()
        assert _edges(app) == edges
        real = {name: pane.region for name, pane in app.root.panes.items() if pane.display}
        assert {place.name: place[1:] for place in places(*size)} == {n: tuple(r) for n, r in real.items()}


async def test_the_cockpit_takes_the_place_of_the_first_frame(tmp_path: Path) -> None:
    def built() -> tuple[Session, Mapping[str, str]]:
        return session(tmp_path), {"cockpit.zoom": "f6"}

    app = CockpitApp(built)
    async with app.run_test(size=(160, 50)) as pilot:
        await see(app, pilot, "acme-proxy", "f6 zoom")
        await pilot.press("f6")
        assert app.root.zoomed


async def test_what_cannot_be_built_ends_the_app_with_its_error() -> None:
    def refused() -> tuple[Session, Mapping[str, str]]:
        raise BadInput("--drill x", why="no such drill")

    app = CockpitApp(refused)
    async with app.run_test() as pilot:
        while app.is_running:
            await pilot.pause(0.01)
    assert isinstance(app.refused, BadInput)


@pytest.mark.parametrize(
    ("arguments", "config", "words"),
    [
        (["--drill", "x"], "", "--drill x: no such drill"),
        (["--demo"], '[keys]\n"cockpit.zom" = "f6"\n', "there is no such action"),
        (["--demo"], "= 1\n", "configuration"),
    ],
)
def test_a_refused_start_is_one_line_and_status_2(
    tmp_path: Path, arguments: list[str], config: str, words: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(config)
    env = {"GBTUI_CONFIG": str(file), "GBTUI_STATE": str(tmp_path)}
    with Terminal([sys.executable, "-m", "gbtui", *arguments], env=env) as terminal:
        while terminal.process.poll() is None:
            terminal.pump(0.1)
        terminal.pump(0.2)
        assert terminal.process.returncode == 2
        farewell = bytes(terminal.raw).rpartition(LEAVE_ALTERNATE_SCREEN)[2].decode()
        assert farewell.count("gbtui: ") == 1
        assert words in farewell
        assert "Traceback" not in farewell
