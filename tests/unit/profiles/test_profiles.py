"""Profiles: the guide's, a later layout over it, a user's file, and every wrong key refused with its line."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from gbtui.checks.containers import COMPLETE
from gbtui.checks.judge import judge
from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput
from gbtui.profiles import load, shipped
from gbtui.profiles.values import FORMS
from gbtui.toml_lines import Key
from tests.unit.checks.inspected import pairs, survey


def user(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_profile_loads_and_is_named_as_its_file(name: str) -> None:
    assert load(name).id == name


def test_a_users_file_overrides_single_values(tmp_path: Path) -> None:
    mine = load(user(tmp_path, '[proxy]\nunit = "caddy.service"\n[roles.dns]\nexposed = ["udp:53"]\n'))
    guide = load()
    roles = tuple(replace(r, exposed=("udp:53",)) if r.name == "dns" else r for r in guide.roles)
    assert mine == replace(guide, proxy_unit="caddy.service", roles=roles)


def test_a_role_of_another_name_may_be_added(tmp_path: Path) -> None:
    mine = load(user(tmp_path, '[roles.vault]\npurpose = "Vault"\nexposed = []\n'))
    assert mine.split("acme-vault") == ("acme", "vault")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('title = "x"\nunits = 3\n', 2, "unknown key"),
        ('[proxy]\n\nunti = "caddy.service"\n', 3, "unknown key"),
        ("[proxy]\nunit = 5\n", 2, "not text"),
        ('[cache]\nport = "6379"\n', 2, "not a whole number"),
        ("prefixed = 1\n", 1, "not true or false"),
        ('[roles.vault]\npurpose = "Vault"\n', 1, "exposed is missing"),
        ('[[services]]\nrole = "system"\nname = "x"\n', 1, "is missing"),
        ('[[services]]\nrole = "system"\nname = "x"\nunit = "x"\nhealth = "x"\nport = 1\n', 6, "unknown key"),
        ("[bans]\nroles = [1]\n", 2, "not text"),
        ('[bans]\nroles = "proxy"\n', 2, "not a list"),
        ('base = "nosuch"\n', 1, ""),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    path = user(tmp_path, text)
    with pytest.raises(BadInput) as caught:
        load(path)
    if says:
        assert f"{path}, line {line}: " in str(caught.value)
        assert says in caught.value.why
    assert caught.value.hint


def test_a_profile_may_not_be_its_own_base(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'base = "{path}"\n')
    with pytest.raises(BadInput, match="not another profile"):
        load(str(path))


def test_no_such_profile_names_those_there_are() -> None:
    with pytest.raises(BadInput, match="guide, upstream-2026-05"):
        load("nosuch")


async def test_in_the_later_layout_instances_have_no_tenant_in_their_names() -> None:
    later = load("upstream-2026-05")
    assert later.split("proxy") == ("", "proxy")
    assert later.split("acme-proxy") == ("", "")
    found = await survey(DemoHost(), (COMPLETE,))
    named = [replace(one, name=one.role, tenant="") for one in found.containers if one.role != "dns"]
    assert pairs(judge((COMPLETE,), replace(found, profile=later, containers=tuple(named)))) == (
        ("containers.complete", "dns"),
    )


@pytest.mark.parametrize(
    ("text", "line", "form"),
    [
        ('forwarding = "routes"', 1, "devices or dnat"),
        ('[[probes]]\nrole = "alm"\nkind = "ping"\ntargets = ["x"]', 3, "http or process or command"),
        ("[snapshots]\nkeep = 7\npool_error = 101", 3, "1 to 100"),
        ("[snapshots]\nkeep = 0", 2, "1 or more"),
        ('[roles.dns]\nexposed = ["53"]', 2, "tcp:PORT or udp:PORT"),
        ('[roles.dns]\nexposed = ["udp:70000"]', 2, "tcp:PORT or udp:PORT"),
        ("[cache]\nport = 0", 2, "1 to 65535"),
        ("[firewall]\nclosed_ports = [6379, 99999]", 2, "1 to 65535"),
        ("[bans]\nflood_limits = [100, 60]", 2, "three numbers"),
        ("[bans]\nflood_limits = [100, 60, -1]", 2, "1 or more"),
        ("[proxy]\nvhost_floor = -1", 2, "0 or more"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_line(
    text: str, line: int, form: str, tmp_path: Path
) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(BadInput, match=rf"own.toml, line {line}: ") as refused:
        load(str(file))
    assert form in refused.value.hint


@pytest.mark.parametrize("pattern", FORMS)
def test_every_rule_for_a_value_is_about_a_value_that_profiles_have(pattern: Key) -> None:
    def reached(value: Any, rest: Key) -> bool:
        if not rest:
            return True
        if isinstance(value, list):
            return rest[0] == "*" and any(reached(one, rest[1:]) for one in value)
        if not isinstance(value, dict):
            return False
        inner = list(value.values()) if rest[0] == "*" else [value[rest[0]]] if rest[0] in value else []
        return any(reached(one, rest[1:]) for one in inner)

    guide = tomllib.loads((files("gbtui.profiles") / "guide.toml").read_text("utf-8"))
    assert reached(guide, pattern)
