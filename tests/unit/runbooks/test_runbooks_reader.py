"""Markdown → runbook: what is read, and what is malformed refused with file, line and the form."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbtui.errors import BadInput
from gbtui.runbooks.catalog import find, paths, runbooks
from gbtui.runbooks.lint import problems
from gbtui.runbooks.markdown import flowed
from gbtui.runbooks.reader import parse, read
from gbtui.runbooks.types import Condition, Look

PATH = Path("mine.md")
HEAD = '# Title\n\n```toml\nid = "mine"\n```\n\nIntro.\n'
STEP = '\n## One\n\nWhy.\n\n```toml\ncheck = "firewall.loopback-first"\n```\n'


def test_a_whole_one_is_read() -> None:
    book = read(next(path for path in paths() if path.stem == "valkey-timeout"))
    assert (book.id, book.title, book.parameters[0].role) == ("valkey-timeout", "Valkey times out", "system")
    assert [step.id for step in book.steps] == [
        *("cut-off", "accept", "does-valkey-answer", "served", "who-listens")
    ]
    first, second, third, fourth, _ = book.steps
    assert first.condition == Condition("firewall.loopback-first", "fails", "{container}")
    assert (second.operation, second.given) == ("firewall.accept-loopback", {"container": "{container}"})
    assert third.look is not None
    assert third.look.argv[-2:] == ("127.0.0.1", "ping")
    assert [one.leads_to for one in fourth.answers] == ["stop", "who-listens"]
    assert "```" not in first.text
    assert first.text.startswith("A DROP that stands before")


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_every_runbook_that_comes_with_gbtui_is_without_fault(path: Path) -> None:
    assert problems(read(path)) == ()


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("text only\n", 1, "one title"),
        ("# A\n\n# B\n", 1, "one title"),
        ("# Title\n\nno fence\n", 1, "does not say what it is"),
        ('# Title\n\n```toml\nid = "mine"\nsymptons = []\n```\n', 5, "unknown key"),
        ('# Title\n\n```toml\nid = "Not An Id"\n```\n', 4, "not an id"),
        ('# Title\n\n```toml\nid = "mine"\nsymptoms = "one"\n```\n', 5, "wrong type"),
        (HEAD, 1, "no step"),
        (HEAD + "\n## One\n\n```toml\nx = 1\n```\n", 12, "unknown key"),
        (HEAD + "\n## One\n\n```toml\nexpect = 'y'\n```\n", 9, "none of check"),
        (HEAD + "\n## One\n\n```toml\ncheck = 'a.b'\nask = 'y?'\n```\n", 9, "check and ask"),
        (HEAD + "\n## One\n\n```toml\ncheck = 'a.b'\nis = 'maybe'\n```\n", 13, "not a condition"),
        (HEAD + "\n## One\n\n```toml\ncommand = 'a \"b'\n```\n", 12, "No closing quotation"),
        (HEAD + "\n## One\n\n```toml\ncommand = 'a'\nmatches = '('\n```\n", 13, "unterminated"),
        (HEAD + "\n## One\n\n```toml\nwait = { check = 'a.b' }\nlimit = '10'\n```\n", 13, "length of time"),
        (HEAD + "\n## One\n\n```toml\nask = 'y?'\n```\n", 9, "without answers"),
        (HEAD + STEP + STEP, 17, "two steps one"),
        (HEAD + STEP.replace('loopback-first"', 'loopback-first"\notherwise = "x"'), 9, "no step x"),
        (HEAD + "\n## One\n\n```toml\ncheck = 'a.b'\n```\n\n```toml\n```\n", 15, "second TOML fence"),
    ],
)
def test_what_is_malformed_is_refused_with_its_line(source: str, line: int, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(source, PATH)
    assert f"mine.md, line {line}" in str(caught.value)
    assert says in str(caught.value)
    assert caught.value.hint


@given(st.text(max_size=400), st.text(alphabet="#`=\"'toml[]{}\n idcheckask", max_size=200))
def test_any_text_is_a_runbook_or_refused(source: str, more: str) -> None:
    for text in (source, HEAD + more, HEAD + STEP + source):
        with suppress(BadInput):
            assert parse(text, PATH).steps


def linted(step: str, head: str = HEAD) -> str:
    return "\n".join(problems(parse(f"{head}\n## One\n\nWhy.\n\n```toml\n{step}\n```\n", PATH)))


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ('check = "nosuch.check"', "no check nosuch.check"),
        ('operation = "nosuch.operation"', "nosuch.operation"),
        ('operation = "containers.start"', "containers.start needs container"),
        ('operation = "containers.start"\nwith = { container = "a", x = "b" }', "no parameter x"),
        ('command = "rm -rf /"', "rm is not among the commands that only look"),
        ('command = "cat {file}"', "{file} is no parameter"),
    ],
)
def test_lint_names_what_there_is_none_of(step: str, says: str) -> None:
    assert says in linted(step)


def test_lint_wants_a_parameter_used_and_a_reason_told() -> None:
    head = HEAD.replace('"mine"\n', '"mine"\nparameters = { file = { form = "a file" } }\n')
    assert "no step uses the parameter file" in linted('check = "containers.running"', head)
    assert "does not say why" in "\n".join(problems(parse(HEAD + STEP.replace("Why.", ""), PATH)))


def test_an_operators_own_stands_for_the_one_of_the_same_id(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text(HEAD.replace('"mine"', '"valkey-timeout"') + STEP)
    (tmp_path / "broken.md").write_text("no title")
    books, wrong = runbooks(tmp_path)
    assert {book.id: book.title for book in books}["valkey-timeout"] == "Title"
    assert [str(tmp_path / "broken.md") in str(error) for error in wrong] == [True]
    with pytest.raises(BadInput, match="one of: "):
        find("nosuch", tmp_path)


def test_paragraphs_flow_and_lists_keep_their_lines() -> None:
    assert flowed("a\nb\n\n- c\n  d\n- e\nf\n") == ("a b", "", "- c", "  d", "- e f")


def test_a_look_is_argv() -> None:
    book = parse(
        HEAD + "\n## One\n\nWhy.\n\n```toml\ncommand = \"grep 'a b' /x\"\nin = 'acme-dns'\n```\n", PATH
    )
    assert book.steps[0].look == Look(("grep", "a b", "/x"), "acme-dns")
