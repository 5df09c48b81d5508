"""What a step finds is a value for those after it: a remedy's parameters, named groups of an output."""

from __future__ import annotations

from pathlib import Path

import pytest

from gbtui.demo.host import DemoHost
from gbtui.demo.state import File
from gbtui.hosts.base import Command, Completed
from gbtui.runbooks.fill import filled
from gbtui.runbooks.lint import problems
from gbtui.runbooks.reader import parse
from gbtui.runbooks.types import Look, Runbook, Step
from gbtui.runbooks.walker import observe
from tests.unit.runbooks.walking import session, told, walked


def book(*steps: str) -> Runbook:
    head = '# Mine\n\n```toml\nid = "mine"\n```\n'
    parts = (f"\n## Step {n}\n\nWhy.\n\n```toml\n{step}\n```\n" for n, step in enumerate(steps, 1))
    return parse(head + "".join(parts), Path("mine.md"))


async def nobody(step: Step) -> str:
    raise AssertionError(step.id)


async def test_a_findings_remedy_names_the_values_of_a_later_step(tmp_path: Path) -> None:
    mine = book(
        'check = "proxy.dead-domains"\nis = "fails"\ntakes = ["domain"]',
        'command = "grep -F {domain} /opt/gbo/conf/config"\nin = "acme-proxy"\ncontains = "{domain}"',
    )
    assert problems(mine) == ()
    walk = await walked(session(tmp_path, "caddy-dead-domain"), mine, {}, nobody)
    assert walk.values == {"domain": "old.customer.example"}
    assert walk.ended, told(walk)


async def test_a_finding_whose_remedy_has_no_such_parameter_is_not_passed_over(tmp_path: Path) -> None:
    mine = book('check = "proxy.dead-domains"\nis = "fails"\ntakes = ["backup"]')
    walk = await walked(session(tmp_path, "caddy-dead-domain"), mine, {}, nobody)
    assert walk.records[-1].note == "the finding names no backup"


async def test_a_named_group_is_a_value_and_stands_in_a_later_pattern_as_it_is(tmp_path: Path) -> None:
    url = "curl -sS http://127.0.0.1:5858/health"
    mine = book(
        f'command = "{url}"\nin = "acme-system"\nmatches = \'"version": "(?P<version>[^"]+)"\'',
        f'command = "{url}"\nin = "acme-system"\nmatches = \'"version": "{{version}}"\'',
    )
    assert problems(mine) == ()
    walk = await walked(session(tmp_path), mine, {}, nobody)
    assert (walk.values, walk.ended) == ({"version": "6.3.0-demo"}, True)
    last = filled(mine.steps[1], walk.values).look
    assert last is not None
    assert "6\\.3\\.0" in last.matches


async def test_what_could_not_stand_in_a_command_is_no_value(tmp_path: Path) -> None:
    mine = book("command = \"echo '-rf /'\"\nmatches = '(?P<file>.*)'")
    assert any("echo" in problem for problem in problems(mine))
    walk = await walked(session(tmp_path), mine, {}, nobody)
    assert "nothing that can stand in a command" in walk.records[-1].note


@pytest.mark.parametrize("step", ['takes = "domain"', "takes = [1]"])
def test_takes_is_a_list_of_names(step: str) -> None:
    with pytest.raises(Exception, match="wrong type"):
        book(f'check = "proxy.dead-domains"\n{step}')


def test_values_are_found_where_there_is_a_finding_and_under_a_name_of_their_own() -> None:
    assert "only a check" in problems(book('command = "uptime"\ntakes = ["domain"]'))[0]
    named = '# Mine\n\n```toml\nid = "mine"\nparameters = { domain = { form = "one" } }\n```\n'
    does = 'check = "proxy.dead-domains"\nat = "{domain}"\ntakes = ["domain"]'
    step = f"\n## One\n\nWhy.\n\n```toml\n{does}\n```\n"
    assert "a parameter already" in problems(parse(named + step, Path("mine.md")))[0]


def test_a_question_has_no_condition() -> None:
    step = 'ask = "so?"\nanswers = { yes = "" }\nwhen = { check = "containers.running" }'
    assert "always asked" in problems(book(step))[0]


def test_a_name_that_nothing_gives_a_value_to_is_named() -> None:
    assert "no step finds it" in problems(book('command = "cat {file}"'))[0]


async def test_a_command_with_a_limit_is_tried_until_it_is_so(tmp_path: Path) -> None:
    hands, asked = session(tmp_path), list[tuple[float, float]]()
    await hands.open(events=False)
    there = "/opt/gbo/there"
    mine = book(f"command = 'cat {there}'\ncontains = 'yes'\nlimit = '1m'\nevery = '0s'")

    def waiting(elapsed: float, limit: float) -> None:
        asked.append((elapsed, limit))
        assert isinstance(hands.host, DemoHost)
        hands.host.state.host.files[there] = File(b"yes\n")

    result = await observe(hands, mine.steps[0], waiting)
    assert result.state == "done"
    assert [limit for _, limit in asked] == [60.0]


async def test_psql_is_given_its_input_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Command] = []

    async def run(command: Command) -> Completed:
        given.append(command)
        return Completed(command, 0, b"1\n", b"", 0.0)

    mine = book(
        "command = \"psql -w -v name={bot}\"\ninput = \"SELECT '{bot}', :'name'\"\nin = 'acme-system'"
    )
    step = filled(mine.steps[0], {"bot": "x"})
    assert step.look == Look(("psql", "-w", "-v", "name=x"), "acme-system", stdin="SELECT '{bot}', :'name'")
    hands = session(tmp_path)
    monkeypatch.setattr(hands.host, "run", run)
    assert (await observe(hands, step)).state == "done"
    assert given[0].stdin == b"SELECT '{bot}', :'name'"
    assert given[0].argv[:3] == ("lxc", "exec", "acme-system")
