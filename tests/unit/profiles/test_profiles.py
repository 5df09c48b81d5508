"""Profiles: the guide's, a later layout over it, a user's file, and every wrong key refused with its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gbtui.checks.containers import COMPLETE
from gbtui.checks.judge import judge
from gbtui.demo.host import DemoHost
from gbtui.errors import BadInput
from gbtui.profiles import load, shipped
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
