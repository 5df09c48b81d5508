"""What the tests of the proxy's operations share: the demo's proxy, changes to it, and looks past gbtui's."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from gbtui.demo.host import DemoHost
from gbtui.guard.plan import Plan
from gbtui.guard.port import Outcome
from gbtui.hosts.base import Command, inside
from tests.unit.guard.rig import Answers
from tests.unit.operations.hurried import engine, hurried, out, plan

PROXY = "acme-proxy"
CONFIG = "/opt/gbo/conf/config"
BACKUP = f"{CONFIG}.bak-20261123140322"
STORE = "/opt/gbo/data/caddy"
NEW = b"http://new.acme.example {\n\trespond new\n}\n"
CDN = b"\ncdn.acme.example {\n\timport access\n\treverse_proxy http://10.77.0.185:5859\n}\n"

__all__ = ["engine", "hurried", "out", "plan"]


async def config(host: DemoHost) -> bytes:
    return await host.read(CONFIG, instance=PROXY)


async def served(host: DemoHost) -> set[str]:
    """The names in what Caddy itself says it runs, as soon as it answers: it may be starting."""
    printed = ""
    async with asyncio.timeout(10):
        while not printed:
            printed = await out(host, PROXY, "curl", "-fsS", "http://localhost:2019/config/")
            await asyncio.sleep(0)
    servers = json.loads(printed)["apps"]["http"]["servers"].values()
    matches = [match for one in servers for route in one["routes"] for match in route.get("match", ())]
    return {name for match in matches for name in match["host"]}


async def run(host: DemoHost, *argv: str) -> bool:
    return (await host.run(inside(PROXY, Command(argv)))).ok


async def write(host: DemoHost, data: bytes, *, reload: bool = False) -> None:
    """Somebody edits the file by hand."""
    await host.write(CONFIG, data, instance=PROXY)
    if reload:
        assert await run(host, "caddy", "reload", "--config", CONFIG, "--adapter", "caddyfile")


def paths(host: DemoHost, prefix: str) -> dict[str, tuple[bytes, str]]:
    """Files by what follows `prefix`: bytes and owner."""
    files = host.state.places[PROXY].files
    return {name[len(prefix) :]: (f.data, f.owner) for name, f in files.items() if name.startswith(prefix)}


def yes(made: Plan) -> Answers:
    return Answers(acknowledged=tuple(verdict.guard for verdict in made.warnings))


async def applied(host: DemoHost, path: Path, made: Plan) -> Outcome:
    return await engine(host, path).apply(made, yes(made))


async def undone(host: DemoHost, path: Path, op_id: str) -> Outcome:
    working = engine(host, path)
    return await working.undo(op_id, yes(await working.plan_undo(op_id)))


def file(folder: Path, data: bytes) -> str:
    """A file on the operator's machine."""
    path = folder / "new.caddy"
    path.write_bytes(data)
    return str(path)


def refusals(made: Plan) -> dict[str, str]:
    return {verdict.guard: verdict.reason for verdict in made.refused}
