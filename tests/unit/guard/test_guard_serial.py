"""Plans survive the journal byte for byte, and what cannot be shown cannot be planned."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbtui.errors import BadInput, Malformed
from gbtui.guard.plan import Action, Amend, Danger, Exec, Plan, Probe, Reliance, Replace, Step, Verdict, Wait
from gbtui.guard.preview import commands, diff, public
from gbtui.guard.serial import from_json, to_json
from gbtui.text import UNSAFE, decode_json

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), max_size=12).filter(
    lambda value: not UNSAFE.search(value)
)
SECONDS = st.floats(0, 1e6)
EXEC = st.builds(Exec, TEXT, st.lists(TEXT, min_size=1, max_size=4).map(tuple), SECONDS)
PROBE = st.builds(Probe, TEXT, EXEC, st.sampled_from(["status", "stdout", "contains"]), TEXT, st.booleans())
REPLACE = st.builds(Replace, TEXT, TEXT, st.none() | st.binary(max_size=40), st.binary(max_size=40), TEXT)
WAIT = st.builds(Wait, PROBE, SECONDS, SECONDS)
SETTING = st.none() | TEXT | st.dictionaries(TEXT, TEXT, max_size=3)
AMEND = st.builds(Amend, TEXT, st.sampled_from(["config", "devices"]), TEXT, SETTING, SETTING)
ACTION = EXEC | REPLACE | WAIT | AMEND
STEP = st.builds(
    Step,
    TEXT,
    ACTION,
    st.none() | PROBE,
    st.lists(ACTION, max_size=2).map(tuple),
    TEXT,
    st.booleans(),
    TEXT,
    TEXT,
    st.lists(TEXT, max_size=2).map(tuple),
    st.booleans(),
    TEXT,
    st.none() | PROBE,
)
VERDICT = st.builds(
    Verdict,
    TEXT,
    st.sampled_from(["allow", "warn", "refuse"]),
    TEXT,
    st.lists(st.integers(1, 95), max_size=2).map(tuple),
    TEXT,
)
PLAN = st.builds(
    Plan,
    operation=TEXT,
    parameters=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
    title=TEXT,
    why=TEXT,
    danger=st.sampled_from(list(Danger)),
    steps=st.lists(STEP, max_size=3).map(tuple),
    verify=st.lists(WAIT, max_size=2).map(tuple),
    verdicts=st.lists(VERDICT, max_size=2).map(tuple),
    relies_on=st.lists(st.builds(Reliance, TEXT, EXEC, TEXT), max_size=2).map(tuple),
    fingerprint=TEXT,
    revert_after=SECONDS,
    dark=st.lists(TEXT, max_size=2).map(tuple),
    noop=TEXT,
    host=TEXT,
    items=st.lists(st.integers(1, 95), max_size=3).map(tuple),
    target=TEXT,
    undo_warning=TEXT,
)


@settings(deadline=None)
@given(PLAN)
def test_a_plan_survives_the_journal_exactly(plan: Plan) -> None:
    written = json.dumps(to_json(plan)).encode()
    assert from_json(decode_json(written, what="test")) == plan


@settings(deadline=None)
@given(PLAN, st.data())
def test_a_plan_with_a_missing_key_is_refused_with_its_place(plan: Plan, data: st.DataObject) -> None:
    value = to_json(plan)
    key = data.draw(st.sampled_from(sorted(value)))
    del value[key]
    with pytest.raises(Malformed, match=key):
        from_json(value)


def test_a_plan_of_an_earlier_release_is_read() -> None:
    """Before steps could lose data, and refusals be overridden."""
    value = to_json(replace(_plan(Exec("host", ("true",))), verdicts=(Verdict("g", "allow", "ok"),)))
    del value["steps"][0]["loses"]
    del value["steps"][0]["undone"]
    del value["verdicts"][0]["unless_typed"]
    assert from_json(value).steps[0].loses == ""
    value["steps"][0]["loses"] = 3
    with pytest.raises(Malformed, match="loses is not text"):
        from_json(value)


@pytest.mark.parametrize("value", [3, ["a"], {"a": 1}, True])
def test_an_amendments_value_is_text_or_texts_by_name(value: object) -> None:
    whole = to_json(_plan(Amend("c1", "devices", "web", None, {"type": "proxy"})))
    assert from_json(whole).steps[0].does == Amend("c1", "devices", "web", None, {"type": "proxy"})
    whole["steps"][0]["does"]["after"] = value
    with pytest.raises(Malformed, match=r"amend\.after"):
        from_json(whole)


def test_a_diff_masks_what_looks_like_a_secret_and_counts_it_all_the_same() -> None:
    change = Replace("host", "/etc/x", b"password=old-one\na\n", b"password=new-one\nb\n", "")
    shown = public(_plan(change))["steps"][0]
    assert "old-one" not in diff(change) + str(shown["diff"])
    assert "new-one" not in diff(change) + str(shown["diff"])
    assert "-password=***\n+password=***" in diff(change).replace("-a\n", "").replace("+b\n", "")
    assert shown["does"].startswith("/etc/x +2 −2")
    assert from_json(to_json(_plan(change))).steps[0].does == change, "what runs is not masked"


@pytest.mark.parametrize("hidden", ["\x1b[2J", "\u202e", "\u200b", "\x00", "\r"])
def test_hidden_characters_never_enter_a_plan(hidden: str) -> None:
    with pytest.raises(BadInput, match="cannot be shown"):
        to_json(_plan(Exec("host", ("echo", f"a{hidden}b"))))


@pytest.mark.parametrize("value", [None, [], "x", {"kind": "exec"}, {"operation": 3}])
def test_what_is_no_plan_is_malformed(value: object) -> None:
    with pytest.raises(Malformed):
        from_json(value)


def _plan(*does: Action) -> Plan:
    steps = tuple(Step("step", action) for action in does)
    return Plan("a.b", (("container", "acme-system"),), "T", "w", Danger.SAFE, steps, (), (), (), "f")


def test_the_public_form_is_the_documented_one() -> None:
    replace = Replace("acme-system", "/etc/x", b"old\nsame\n", b"new\nsame\n", "/etc/x.bak")
    shown = public(_plan(Exec("acme-system", ("iptables", "-m", "a b")), replace))
    assert {"schema", "operation", "parameters", "danger", "verdicts", "steps", "fingerprint"} <= set(shown)
    assert shown["parameters"] == {"container": "acme-system"}
    first, second = shown["steps"]
    assert {"where", "does", "undo"} <= set(first)
    assert first["does"] == "iptables -m 'a b'"
    assert first["command"] == "lxc exec acme-system --mode=non-interactive -- iptables -m 'a b'"
    assert "-old\n+new\n" in second["diff"]
    assert second["does"].startswith("/etc/x +1 −1")
    json.dumps(shown)


def test_a_diff_shows_file_text_cleaned_and_the_missing_newline() -> None:
    shown = diff(Replace("host", "/f", b"a\x1b]52;c;x\x07\n", b"b", ""))
    assert "\x1b" not in shown
    assert "No newline" in shown
    assert diff(Replace("host", "/f", None, b"b\n", "")).startswith("--- /dev/null")


def test_commands_can_be_pasted_on_the_host() -> None:
    plan = _plan(Exec("host", ("zfs", "list")), Exec("c1", ("true",)))
    assert commands(plan) == ("sudo zfs list", "lxc exec c1 --mode=non-interactive -- true")
