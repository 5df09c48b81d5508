"""The proxy's operations against a real Caddy of this machine, started as its unit would be."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import socket
import subprocess  # noqa: TID251 - Caddy is started and looked at from outside gbtui
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gbtui.guard.plan import Plan
from gbtui.guard.port import Outcome
from gbtui.hosts.base import LxdReply
from gbtui.operations.base import Context
from gbtui.operations.catalog import find
from gbtui.profiles import Profile, load
from tests.unit.guard.rig import Answers, Rig, build, end_timers
from tests.unit.operations.hurried import swift

CADDY = os.environ.get("GBTUI_CADDY") or shutil.which("caddy") or ""
NEEDED = ("curl", "setpriv", "getent", "runuser")
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not CADDY or not all(map(shutil.which, NEEDED)),
    reason=f"needs root, caddy and {', '.join(NEEDED)}",
)
USER = "nobody"
BOX = "acme-proxy"
CADDYFILE = """{
	admin localhost:%(admin)s
	http_port %(http)s
	https_port %(https)s
	auto_https disable_redirects
	skip_install_trust
}
(ok) {
	respond "{$GREETING} {host}"
}
http://a.test, http://b.test {
	import ok
}
https://c.test {
	tls internal
	import ok
}
http://d.test {
	import ok
}
"""
SYSTEMCTL = r"""
case "$*" in
  *MainPID*) cat "$RIG/caddy.pid" 2>/dev/null || echo 0 ;;
  *User*) echo nobody ;;
  *ActiveState*) if [ -e "$RIG/caddy.pid" ]; then echo active; else echo inactive; fi ;;
  *InvocationID*) cat "$RIG/caddy.pid" ;;
  *ActiveEnterTimestamp*) date -u -d "@$(stat -c %Y "$RIG/caddy.pid")" '+%a %Y-%m-%d %H:%M:%S UTC' ;;
  restart*) "$RIG/bin/again" ;;
esac
"""
AGAIN = r"""
if [ -e "$RIG/caddy.pid" ]; then
  pid=$(cat "$RIG/caddy.pid"); kill "$pid"
  while kill -0 "$pid" 2>/dev/null; do read -t 0.05 _ </dev/zero; done
  rm "$RIG/caddy.pid"
fi
export HOME="$RIG/home" GREETING=hello; : >"$RIG/log"
setsid setpriv --reuid=nobody --regid="$(id -g nobody)" --init-groups -- \
  "$CADDY" run --config "$RIG/conf/config" --adapter caddyfile </dev/null >"$RIG/log" 2>&1 &
echo $! >"$RIG/caddy.pid"
until grep -q 'serving initial configuration' "$RIG/log"; do kill -0 $! || exit 1; done
"""


class Instances:
    """The two LXD calls a plan makes."""

    async def get(self, path: str, params: object = None) -> LxdReply:
        return LxdReply([{"name": BOX}] if path == "instances" else {"status": "Running"})


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Proxy:
    """A "container" that is this machine, and its Caddy."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ports = {"admin": _free(), "http": _free(), "https": _free()}
        self.rig = Rig(root)
        self.rig.host.lxd = Instances()  # type: ignore[assignment]  # the only calls that are made
        self.file = root / "conf/config"
        self.profile: Profile = replace(
            load(),
            proxy_config=str(self.file),
            proxy_admin=f"http://localhost:{self.ports['admin']}",
            proxy_storage=str(root / "data/caddy"),
        )

    async def plan(self, operation: str, given: Mapping[str, str]) -> Plan:
        now = datetime(2026, 11, 23, 14, 3, 22, tzinfo=UTC)
        return swift(await find(operation).plan(Context(self.rig.host, self.profile, now=lambda: now), given))

    async def apply(self, made: Plan) -> Outcome:
        answers = Answers(acknowledged=tuple(verdict.guard for verdict in made.warnings))
        return await self.rig.engine().apply(made, answers)

    async def undo(self, op_id: str) -> Outcome:
        engine = self.rig.engine()
        back = await engine.plan_undo(op_id)
        return await engine.undo(op_id, Answers(acknowledged=tuple(v.guard for v in back.warnings)))

    def page(self, name: str) -> str:
        url = f"http://{name}:{self.ports['http']}/"
        resolve = f"{name}:{self.ports['http']}:127.0.0.1"
        return subprocess.run(
            ["curl", "-sS", "-m", "5", "--resolve", resolve, url], capture_output=True, text=True, check=False
        ).stdout

    def keys(self, folder: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.root / folder).rglob("*.key")}


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder that Caddy's user may enter (pytest closes its own to others)."""
    made = Path(tempfile.mkdtemp(prefix="gbtui-caddy-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def proxy(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    build(root)
    (root / "instances" / BOX).mkdir()
    for folder in ("conf", "home", "data"):
        (root / folder).mkdir()
    shutil.copy(CADDY, root / "bin/caddy")
    made = Proxy(root)
    made.file.write_text(CADDYFILE % made.ports)
    head = f"#!/bin/bash\nRIG={shlex.quote(str(root))} CADDY={shlex.quote(str(root / 'bin/caddy'))}\n"
    for name, body in (("systemctl", SYSTEMCTL), ("again", AGAIN), ("journalctl", 'cat "$RIG/log"\n')):
        (root / "bin" / name).write_text(head + body.lstrip())
        (root / "bin" / name).chmod(0o755)
    shutil.chown(root / "home", USER)
    monkeypatch.setenv("PATH", f"{root / 'bin'}:{os.environ['PATH']}")
    monkeypatch.delenv("GREETING", raising=False)
    subprocess.run([root / "bin/again"], check=True)
    try:
        yield made
    finally:
        os.kill(int((root / "caddy.pid").read_text()), signal.SIGTERM)
        end_timers(root)


def owned_by_root(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.stat().st_uid == 0]


async def test_a_file_is_loaded_with_the_services_environment(proxy: Proxy, tmp_path: Path) -> None:
    before = proxy.file.read_text()
    new = tmp_path / "new"
    new.write_text(before + "http://e.test {\n\timport ok\n}\n")
    done = await proxy.apply(await proxy.plan("proxy.apply-config", {"file": str(new)}))
    assert done.result == "done", done.message
    assert proxy.page("e.test") == "hello e.test"
    assert owned_by_root(proxy.root / "home") == []
    back = await proxy.undo(done.id)
    assert back.result == "done", back.message
    assert (proxy.page("e.test"), proxy.file.read_text()) == ("", before)


async def test_what_caddy_cannot_run_is_put_back(proxy: Proxy, tmp_path: Path) -> None:
    """Caddy reads it, and its listener is taken: nothing of it stays."""
    before = proxy.file.read_text()
    new = tmp_path / "new"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        new.write_text(
            before + f"http://e.test:{taken.getsockname()[1]} {{\n\tbind 127.0.0.1\n\timport ok\n}}\n"
        )
        outcome = await proxy.apply(await proxy.plan("proxy.apply-config", {"file": str(new)}))
    assert outcome.result == "failed-undone", outcome.message
    assert "address already in use" in outcome.message
    assert proxy.file.read_text() == before
    assert proxy.page("a.test") == "hello a.test"


async def test_one_name_of_a_block_goes_with_a_restart(proxy: Proxy) -> None:
    before = proxy.file.read_text()
    pid = (proxy.root / "caddy.pid").read_text()
    done = await proxy.apply(await proxy.plan("proxy.remove-domain", {"domain": "b.test"}))
    assert done.result == "done", done.message
    assert proxy.file.read_text() == before.replace("http://a.test, http://b.test", "http://a.test")
    assert (proxy.page("a.test"), proxy.page("b.test")) == ("hello a.test", "")
    assert (proxy.root / "caddy.pid").read_text() != pid
    back = await proxy.undo(done.id)
    assert back.result == "done", back.message
    assert proxy.page("b.test") == "hello b.test"


async def test_certificates_move_from_the_home_folder(proxy: Proxy) -> None:
    home = "home/.local/share/caddy"
    async with asyncio.timeout(30):
        while "c.test.key" not in proxy.keys(home):
            await asyncio.sleep(0.1)
    kept = proxy.keys(home)
    done = await proxy.apply(await proxy.plan("proxy.set-storage", {}))
    assert done.result == "done", done.message
    assert proxy.keys("data/caddy") == kept
    assert owned_by_root(proxy.root / "data/caddy") == []
    assert (await proxy.plan("proxy.set-storage", {})).noop
    back = await proxy.undo(done.id)
    assert back.result == "done", back.message
    assert proxy.keys(home) == kept
