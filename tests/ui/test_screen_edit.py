"""The Caddyfile in the operator's editor: its plan opens afterwards, and nothing typed is lost.

The editor is a real program on a real file. Only the terminal that the app leaves to it is missing where
it runs without one; `test_the_editor_has_the_terminal` has it.
"""

from __future__ import annotations

import contextlib
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.errors import Unreachable
from gbtui.guard.journal import Journal
from gbtui.hosts.base import Command, Completed
from screens.app import CockpitApp
from screens.choose import ChoiceList
from screens.plan import PlanScreen
from tests.terminal import Terminal
from tests.ui.screen_stage import cockpit, demo, see, session, toasts, until

CONFIG, PROXY = "/opt/gbo/conf/config", "acme-proxy"
SITE = "http://new.acme.example {\\n\\trespond new\\n}\\n"
WithEditor = Callable[[str], Path]


@pytest.fixture
def with_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WithEditor:
    """Sets an editor: a script whose last argument is the file."""

    def made(body: str) -> Path:
        path = tmp_path / "my editor"
        path.write_text(f'#!/bin/sh\nfor file; do :; done\necho "$@" >>"{tmp_path}/opened"\n{body}\n')
        path.chmod(0o755)
        monkeypatch.setenv("EDITOR", f"'{path}' --wait")
        return tmp_path / "opened"

    @contextlib.contextmanager
    def suspended(app: CockpitApp) -> Iterator[None]:
        yield

    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setattr(CockpitApp, "suspend", suspended)
    return made


def kept(state: Path) -> list[Path]:
    return [p for p in (state / "edited").rglob("*") if p.is_file() and p.suffix != ".before"]


async def test_an_edit_opens_its_plan_and_is_served(tmp_path: Path, with_editor: WithEditor) -> None:
    opened = with_editor(f"printf '{SITE}' >>\"$file\"")
    host = demo()
    before = await host.read(CONFIG, instance=PROXY)
    async with cockpit(session(tmp_path / "state", host)) as (app, pilot):
        await pilot.press("E")
        await see(app, pilot, "apply the edited configuration", "+ new.acme.example", "still-as-edited")
        (path,) = kept(tmp_path / "state")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert opened.read_text() == f"--wait {path}\n"
        await pilot.press("d")
        await see(app, pilot, "+http://new.acme.example {")
        await pilot.press("y")
        await see(app, pilot, "done and verified")
        assert (await host.read(CONFIG, instance=PROXY)).startswith(before)
        assert not kept(tmp_path / "state")
        assert app.farewell == []


async def test_the_cockpit_stays_awake_and_polls_nothing_meanwhile(
    tmp_path: Path, with_editor: WithEditor
) -> None:
    opened = with_editor(f'until [ -e "{tmp_path}/closed" ]; do sleep 0.1; done')
    async with cockpit(session(tmp_path / "state")) as (app, pilot):
        feeds = [feed for name, feed in app.root.feeds.items() if app.root.panes[name].display]
        await until(pilot, lambda: all(feed.reading.value is not None for feed in feeds))
        await pilot.press("E")
        await until(pilot, opened.exists)
        await until(pilot, lambda: app.aside and not any(feed.polls for feed in feeds))
        (tmp_path / "closed").touch()
        await until(pilot, lambda: "nothing was changed" in toasts(app))
        assert not app.aside
        assert all(feed.polls for feed in feeds)


async def test_an_unchanged_file_says_so(tmp_path: Path, with_editor: WithEditor) -> None:
    with_editor("")
    async with cockpit(session(tmp_path / "state")) as (app, pilot):
        await pilot.press("E")
        await until(pilot, lambda: "nothing was changed" in toasts(app))
        assert not isinstance(app.screen, PlanScreen)
        assert not kept(tmp_path / "state")


@pytest.mark.parametrize(
    ("body", "words", "keeps"),
    [
        ("exit 3", "it ended with status 3", False),
        (': >"$file"', "it left an empty file", False),
        ('rm "$file"', "it left no file", False),
        ('echo "# mine" >>"$file"; exit 1', "it ended with status 1", True),
        ('head -c 1048577 /dev/zero >"$file"', "more than 1048576 bytes", True),
    ],
)
async def test_an_editor_that_fails_is_said_in_words(
    tmp_path: Path, with_editor: WithEditor, body: str, words: str, keeps: bool
) -> None:
    with_editor(body)
    async with cockpit(session(tmp_path / "state")) as (app, pilot):
        await pilot.press("E")
        await until(pilot, lambda: words in toasts(app))
        assert ("kept in" in toasts(app)) is keeps
        assert len(kept(tmp_path / "state")) == keeps
        assert not app.operator.busy


async def test_read_only_is_refused_before_the_editor_opens(tmp_path: Path, with_editor: WithEditor) -> None:
    opened = with_editor("")
    async with cockpit(session(tmp_path / "state", read_only="started with --read-only")) as (app, pilot):
        await pilot.press("E")
        await until(pilot, lambda: "read-only: started with" in toasts(app))
        assert not opened.exists()


async def test_no_editor_is_said_in_words(
    tmp_path: Path, with_editor: WithEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "no-such-editor -n")
    async with cockpit(session(tmp_path / "state")) as (app, pilot):
        await pilot.press("E")
        await until(pilot, lambda: "no-such-editor is not installed" in toasts(app))


async def test_cancelling_the_plan_keeps_the_text(tmp_path: Path, with_editor: WithEditor) -> None:
    with_editor(f"printf '{SITE}' >>\"$file\"")
    host = demo()
    before = await host.read(CONFIG, instance=PROXY)
    async with cockpit(session(tmp_path / "state", host)) as (app, pilot):
        await pilot.press("E")
        await see(app, pilot, "apply the edited configuration")
        await pilot.press("enter")  # Cancel
        await until(pilot, lambda: "kept in" in toasts(app) and not app.operator.busy)
    (path,) = kept(tmp_path / "state")
    assert path.read_bytes().startswith(before)
    assert b"new.acme.example" in path.read_bytes()
    assert app.farewell == [
        f"the edited text is kept in {path}; go on with it: gbtui apply proxy.apply-config file={path}"
    ]
    assert await host.read(CONFIG, instance=PROXY) == before


async def test_quitting_at_the_plan_keeps_the_text(tmp_path: Path, with_editor: WithEditor) -> None:
    with_editor(f"printf '{SITE}' >>\"$file\"")
    async with cockpit(session(tmp_path / "state")) as (app, pilot):
        await pilot.press("E")
        await see(app, pilot, "apply the edited configuration")
    (path,) = kept(tmp_path / "state")
    assert str(path) in app.farewell[0]


async def test_vhosts_that_go_are_stated_or_refused(tmp_path: Path, with_editor: WithEditor) -> None:
    """The last site is cut out; named, it goes; not named, the plan is refused and the text kept."""
    with_editor('sed -i "/^cdn.acme.example {/,/^}/d" "$file"')
    host = demo()
    async with cockpit(session(tmp_path / "state", host)) as (app, pilot):
        await pilot.press("E")
        await see(app, pilot, "1 vhosts would go: cdn.acme.example")
        await pilot.press("escape")
        await see(app, pilot, "kept in", "no-shrink")
        (path,) = kept(tmp_path / "state")
        await pilot.press("q")
        await pilot.press("E")
        await see(app, pilot, "1 vhosts would go: cdn.acme.example")
        await pilot.press(*"cdn.acme.example", "enter")
        await see(app, pilot, "apply the edited configuration", "− cdn.acme.example")
        await pilot.press("y")
        await see(app, pilot, "done and verified")
        assert kept(tmp_path / "state") == [path]


class Meanwhile(DemoHost):
    """Somebody else changes the file as soon as it was read."""

    touched = False

    async def read(self, path: str, *, instance: str | None = None, limit: int = 1 << 23) -> bytes:
        data = await super().read(path, instance=instance, limit=limit)
        if path == CONFIG and not self.touched:
            self.touched = True
            await self.write(path, data + b"# theirs\n", instance=instance)
        return data


async def test_a_file_changed_meanwhile_is_refused_and_shown(tmp_path: Path, with_editor: WithEditor) -> None:
    with_editor(f"printf '{SITE}' >>\"$file\"")
    async with cockpit(session(tmp_path / "state", Meanwhile())) as (app, pilot):
        await pilot.press("E")
        shown = await see(app, pilot, "somebody else has changed the file", "kept in")
        assert "+# theirs" in shown
    assert len(kept(tmp_path / "state")) == 1


class Lost(DemoHost):
    """The link breaks during the edit, and comes back a little later."""

    lost = False
    asked_in_vain = 0

    async def read(self, path: str, *, instance: str | None = None, limit: int = 1 << 23) -> bytes:
        data = await super().read(path, instance=instance, limit=limit)
        self.lost = path == CONFIG and not self.asked_in_vain
        return data

    async def run_many(
        self, commands: Sequence[Command], *, instance: str | None = None
    ) -> tuple[Completed, ...]:
        if self.lost:
            self.lost, self.asked_in_vain = False, 1
            raise Unreachable("the host", why="the link broke")
        return await super().run_many(commands, instance=instance)


async def test_a_link_lost_during_the_edit_is_waited_for(tmp_path: Path, with_editor: WithEditor) -> None:
    with_editor(f"printf '{SITE}' >>\"$file\"")
    host = Lost()
    async with cockpit(session(tmp_path / "state", host)) as (app, pilot):
        await pilot.press("E")
        await see(app, pilot, "apply the edited configuration", "+ new.acme.example")
        assert host.asked_in_vain


async def test_the_menu_of_the_proxy_has_it(tmp_path: Path, with_editor: WithEditor) -> None:
    opened = with_editor("")
    async with cockpit(session(tmp_path / "state")) as (app, pilot):
        await pilot.press("1")
        table = app.root.panes["containers"].table
        await until(pilot, lambda: table.rows)
        while getattr(app.root.panes["containers"].selected, "role", "") != "proxy":
            await pilot.press("down")
        await pilot.press("a")
        await see(app, pilot, "What to do with acme-proxy")
        choices = app.screen.query_one(ChoiceList)
        choices.highlighted = choices.get_option_index("edit")
        await pilot.press("enter")
        await until(pilot, lambda: "nothing was changed" in toasts(app))
        assert opened.exists()


def test_the_editor_has_the_terminal(tmp_path: Path) -> None:
    """In a pty: the editor reads keys and draws; the cockpit comes back with the plan, and says at the
    end where the text is that was not applied."""
    editor = tmp_path / "editor"
    editor.write_text(
        f'#!/bin/sh\necho editing with $1; read line; printf \'{SITE}# %s\\n\' "$line" >>"$1"\n'
    )
    editor.chmod(0o755)
    argv = [sys.executable, "-m", "gbtui", "--demo"]
    env = {"VISUAL": str(editor), "GBTUI_STATE": str(tmp_path / "s"), "XDG_CONFIG_HOME": str(tmp_path)}
    with Terminal(argv, env=env) as terminal:
        terminal.until(lambda text: "acme-alm " in text)
        terminal.send("E")
        terminal.until(lambda _: b"editing with " in terminal.raw)
        terminal.send("Qy typed\r")
        terminal.until(lambda text: "apply the edited configuration" in text and "run it" in text)
        (path,) = kept(tmp_path / "s")
        assert path.read_text().endswith("# Qy typed\n")
        while "kept in" not in terminal.text():  # the plan takes no key before it was seen
            terminal.send("q")
            terminal.pump(0.3)
        terminal.send("Q")
        while terminal.process.poll() is None:
            terminal.pump(0.1)
        terminal.pump(0.2)
        assert f"file={path}".encode() in bytes(terminal.raw).rsplit(b"\x1b[?1049l", maxsplit=1)[1]
    assert not Journal(tmp_path / "s").entries()
