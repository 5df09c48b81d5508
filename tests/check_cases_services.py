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
        finds=(("services.health", "acme-system botserver"), ("cache.timeouts", "acme-system")),
        shows=("answers 503", "Connection timed out (os error 110)"),
        remedy=("services.health", "acme-system botserver"),
    ),
    Case(
        "cache-stopped",
        finds=(("cache.answers", "acme-system"),),
        shows=("Connection refused", "listening on 6379: nobody"),
        remedy=("cache.answers", "acme-system"),
    ),
    Case("cache-exposed", finds=(("cache.local", "acme-system"),), shows=("listens on 0.0.0.0:6379",)),
    Case(
        "rules-unsaved",
        finds=(("firewall.saved", "acme-system"),),
        shows=("only running, gone at the next boot: filter -A INPUT -p tcp -m tcp --dport 4444",),
        remedy=("firewall.saved", "acme-system"),
    ),
    Case("rules-not-restored", finds=(("firewall.saved", "acme-system boot"),), shows=("rules.v4",)),
    Case(
        "cache-port-open",
        finds=(("firewall.closed-ports", "acme-system port 6379"),),
        shows=("IPv4 INPUT 1 -i lo -j ACCEPT", "only Valkey's own bind address"),
        remedy=("firewall.closed-ports", "acme-system port 6379"),
    ),
    Case(
        "vault-sealed",
        finds=(("vault.open", "acme-system"),),
        shows=("sealed, 0 of 3 keys given",),
        remedy=("vault.open", "acme-system"),
    ),
    Case(
        "vault-keys-open",
        finds=(("vault.keys-private", "acme-system"),),
        shows=("mode 644", "init.json"),
        remedy=("vault.keys-private", "acme-system"),
    ),
    Case(
        "mail-stopped",
        finds=(("mail.greets", "acme-email"),),
        shows=("port 25:", "port 587:", "Connection refused"),
    ),
    Case(
        "runner-stopped",
        finds=(
            ("ci.runner", "acme-alm-ci alm-ci-runner.service"),
            ("containers.role-answers", "acme-alm-ci"),
        ),
        shows=("CI runner does not run: inactive",),
        remedy=("ci.runner", "acme-alm-ci alm-ci-runner.service"),
    ),
    Case(
        "runner-locked-out",
        finds=(("ci.runner-key", "acme-system"),),
        shows=("not authorised for gbuser in acme-system: ssh-ed25519", "does not know the host key"),
        remedy=("ci.runner-key", "acme-system"),
        lab=False,
    ),
    Case(
        "ci-no-cleanup",
        finds=(("ci.cleanup", "acme-alm-ci"),),
        shows=("grows: /home/gbuser/.cache/sccache",),
        remedy=("ci.cleanup", "acme-alm-ci"),
    ),
    Case(
        "ci-cache-full",
        finds=(("ci.cache-size", "acme-alm-ci"),),
        shows=("more than 32", "38.0 GiB /home/gbuser/.cargo/registry/cache"),
        remedy=("ci.cache-size", "acme-alm-ci"),
        lab=False,
    ),
    Case(
        "binary-of-root",
        finds=(("release.binary", "acme-system botserver"),),
        shows=("belongs to root, so that gbuser cannot replace it",),
    ),
    Case(
        "binary-leftover",
        finds=(("release.leftovers", "acme-system"),),
        shows=("/opt/gbo/bin/.botserver.gbtui-0123456789abcdef",),
    ),
    Case(
        "suggestions-lost",
        finds=(("services.suggestions", "acme-system"),),
        shows=("0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0f99",),
    ),
)
ELSEWHERE: dict[str, str] = dict.fromkeys(
    ("release.clean", "release.pushed", "release.pointer", "release.no-keys"), "test_checks_release.py"
)
"""A checkout is looked at where the profile names one."""
