"""Faults of botserver, botui, Valkey, Vault, mail, CI and release, and what the checks must find of them."""

from __future__ import annotations

from tests.check_case import Case

UI = "acme-system ui.service"
CASES: tuple[Case, ...] = (
    Case(
        "ui-stopped",
        finds=(("services.running", UI),),
        shows=("botui does not run: inactive", "ActiveState=inactive"),
        remedy=("services.running", UI),
    ),
    Case("ui-flapping", finds=(("services.running", UI),), shows=("restarts it", "NRestarts=")),
    Case(
        "ui-by-hand",
        finds=(("services.owner", "acme-system port 5859"),),
        shows=("not held by ui.service", "started by hand", "botui"),
    ),
    Case(
        "ui-outside-url",
        finds=(("services.botserver-url", UI),),
        shows=("running with BOTSERVER_URL=https://system.acme.test", "next start with"),
        remedy=("services.botserver-url", UI),
    ),
    Case(
        "binary-replaced",
        finds=(("services.current", "acme-system system.service"),),
        shows=("(deleted)", "file written"),
        remedy=("services.current", "acme-system system.service"),
    ),
    Case(
        "cache-too-late",
        finds=(("services.health", "acme-system botserver"),),
        shows=("answers 503",),
        remedy=("services.health", "acme-system botserver"),
    ),
)
ELSEWHERE: dict[str, str] = {}
