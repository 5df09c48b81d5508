"""Plans as exact JSON, for the journal: what `to_json` wrote, `from_json` gives back equal.

A plan carries only text that can be shown (R1: what was previewed is what runs): a string with a
control, bidi or zero-width character in it is refused on the way in, so that nothing hidden can
run and the one door (`gbtui.text`) leaves every journaled plan as it is. File contents are base64.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from gbtui.errors import BadInput, Malformed
from gbtui.guard.plan import (
    Action,
    Amend,
    Danger,
    Exec,
    Plan,
    Probe,
    Reliance,
    Replace,
    Setting,
    Step,
    Verdict,
    Wait,
)
from gbtui.text import UNSAFE

Json = dict[str, Any]
T = TypeVar("T")


def to_json(plan: Plan) -> Json:
    """`plan` as JSON values, nothing lost.

    Raises:
        BadInput: a string in it cannot be shown as it is.
    """
    return {
        "operation": _shown(plan.operation),
        "parameters": [[_shown(name), _shown(value)] for name, value in plan.parameters],
        "title": _shown(plan.title),
        "why": _shown(plan.why),
        "danger": plan.danger.value,
        "steps": [_step(step) for step in plan.steps],
        "verify": [_action(wait) for wait in plan.verify],
        "verdicts": [_verdict(verdict) for verdict in plan.verdicts],
        "relies_on": [reliance_json(reliance) for reliance in plan.relies_on],
        "fingerprint": plan.fingerprint,
        "revert_after": plan.revert_after,
        "dark": [_shown(dark) for dark in plan.dark],
        "noop": _shown(plan.noop),
        "host": _shown(plan.host),
        "items": list(plan.items),
        "target": _shown(plan.target),
        "undo_warning": _shown(plan.undo_warning),
    }


def from_json(value: Any) -> Plan:
    """The plan `to_json` made `value` from.

    Raises:
        Malformed: it is not such a value; `why` names the place.
    """
    read = _Reader(value, "plan")
    return Plan(
        operation=read.text("operation"),
        parameters=tuple(_pair(item) for item in read.list("parameters")),
        title=read.text("title"),
        why=read.text("why"),
        danger=read.one_of("danger", Danger),
        steps=tuple(_read_step(item) for item in read.list("steps")),
        verify=tuple(_read_wait(item) for item in read.list("verify")),
        verdicts=tuple(_read_verdict(item) for item in read.list("verdicts")),
        relies_on=tuple(_read_reliance(item) for item in read.list("relies_on")),
        fingerprint=read.text("fingerprint"),
        revert_after=read.number("revert_after"),
        dark=read.texts("dark"),
        noop=read.text("noop"),
        host=read.text("host"),
        items=read.integers("items"),
        target=read.text("target"),
        undo_warning=read.text("undo_warning"),
    )


def _shown(value: str) -> str:
    found = UNSAFE.search(value.replace("\n", " ").replace("\t", " "))
    if found:
        why = f"U+{ord(found.group()):04X} at {found.start()}"
        raise BadInput("a plan cannot hold text that cannot be shown", why=why)
    return value


def exec_json(run: Exec) -> Json:
    """One program of a plan as JSON values."""
    argv = [_shown(word) for word in run.argv]
    secret = {"secret": _shown(run.secret)} if run.secret else {}
    return {"kind": "exec", "where": _shown(run.where), "argv": argv, "timeout": run.timeout, **secret}


def _probe(probe: Probe) -> Json:
    return {
        "title": _shown(probe.title),
        "run": exec_json(probe.run),
        "expect": probe.expect,
        "value": _shown(probe.value),
        "negate": probe.negate,
    }


def _action(action: Action) -> Json:
    if isinstance(action, Exec):
        return exec_json(action)
    if isinstance(action, Wait):
        limits = {"timeout": action.timeout, "interval": action.interval}
        return {"kind": "wait", "probe": _probe(action.probe), **limits}
    if isinstance(action, Amend):
        return {
            "kind": "amend",
            "instance": _shown(action.instance),
            "section": action.section,
            "key": _shown(action.key),
            "before": _setting(action.before),
            "after": _setting(action.after),
        }
    return {
        "kind": "replace",
        "where": _shown(action.where),
        "path": _shown(action.path),
        "before": None if action.before is None else _base64(action.before),
        "after": _base64(action.after),
        "backup": _shown(action.backup),
    }


def _setting(value: Setting | None) -> str | Json | None:
    if value is None or isinstance(value, str):
        return value if value is None else _shown(value)
    return {_shown(key): _shown(one) for key, one in value.items()}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")  # one-door: base64 of our own making


def _step(step: Step) -> Json:
    return {
        "title": _shown(step.title),
        "does": _action(step.does),
        "done": None if step.done is None else _probe(step.done),
        "undo": [_action(action) for action in step.undo],
        "no_undo": _shown(step.no_undo),
        "armed": step.armed,
        "loses": _shown(step.loses),
        "undo_loses": _shown(step.undo_loses),
        "undo_dark": [_shown(dark) for dark in step.undo_dark],
        "part": step.part,
        "publishes": _shown(step.publishes),
        "undone": None if step.undone is None else _probe(step.undone),
    }


def _verdict(verdict: Verdict) -> Json:
    return {
        "guard": _shown(verdict.guard),
        "verdict": verdict.verdict,
        "reason": _shown(verdict.reason),
        "items": list(verdict.items),
        "unless_typed": _shown(verdict.unless_typed),
    }


def reliance_json(reliance: Reliance) -> Json:
    """One fact the plan relies on as JSON values."""
    return {
        "title": _shown(reliance.title),
        "run": exec_json(reliance.run),
        "sha256": reliance.sha256,
    }


class _Reader:
    """Typed access to one JSON object; what does not fit is Malformed with its place."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, Mapping):
            raise Malformed("journaled plan", why=f"{where} is not an object")
        self._value = value
        self._where = where

    def raw(self, key: str) -> Any:
        if key not in self._value:
            raise self._bad(key, "missing")
        return self._value[key]

    def optional(self, key: str) -> Any:
        """None for a key that is not there: plans of an earlier release did not have it."""
        return self._value.get(key)

    def text(self, key: str, missing: str | None = None) -> str:
        """`missing` stands in for a key that plans of an earlier release did not have."""
        if missing is not None and key not in self._value:
            return missing
        value = self.raw(key)
        if not isinstance(value, str):
            raise self._bad(key, "not text")
        return value

    def number(self, key: str) -> float:
        value = self.raw(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._bad(key, "not a number")
        return float(value)

    def flag(self, key: str, missing: bool | None = None) -> bool:
        value = self._value.get(key, missing) if missing is not None else self.raw(key)
        if not isinstance(value, bool):
            raise self._bad(key, "not true or false")
        return value

    def list(self, key: str) -> list[Any]:
        value = self.raw(key)
        if not isinstance(value, list):
            raise self._bad(key, "not a list")
        return value

    def texts(self, key: str, missing: tuple[str, ...] | None = None) -> tuple[str, ...]:
        if missing is not None and key not in self._value:
            return missing
        values = self.list(key)
        if not all(isinstance(value, str) for value in values):
            raise self._bad(key, "not a list of texts")
        return tuple(values)

    def integers(self, key: str) -> tuple[int, ...]:
        values = self.list(key)
        if not all(isinstance(value, int) for value in values):
            raise self._bad(key, "not a list of numbers")
        return tuple(values)

    def setting(self, key: str) -> Setting | None:
        value = self.raw(key)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values()):
            return dict(value)
        raise self._bad(key, "neither text nor texts by name")

    def data(self, key: str) -> bytes:
        try:
            return base64.b64decode(self.text(key), validate=True)
        except (binascii.Error, ValueError):
            raise self._bad(key, "not base64") from None

    def one_of(self, key: str, make: Callable[[str], T]) -> T:
        try:
            return make(self.text(key))
        except (ValueError, KeyError):
            raise self._bad(key, "not one of the known words") from None

    def _bad(self, key: str, why: str) -> Malformed:
        return Malformed("journaled plan", why=f"{self._where}.{key} is {why}")


def _pair(value: Any) -> tuple[str, str]:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value):
        return value[0], value[1]
    raise Malformed("journaled plan", why="plan.parameters holds something that is not a pair of texts")


def _read_exec(value: Any) -> Exec:
    read = _Reader(value, "exec")
    secret = read.text("secret") if "secret" in value else ""
    return Exec(read.text("where"), read.texts("argv"), read.number("timeout"), secret)


_EXPECT: dict[str, Literal["status", "stdout", "contains"]] = {
    "status": "status",
    "stdout": "stdout",
    "contains": "contains",
}
_VERDICT: dict[str, Literal["allow", "warn", "refuse"]] = {
    "allow": "allow",
    "warn": "warn",
    "refuse": "refuse",
}


def _read_probe(value: Any) -> Probe:
    read = _Reader(value, "probe")
    return Probe(
        title=read.text("title"),
        run=_read_exec(read.raw("run")),
        expect=read.one_of("expect", _EXPECT.__getitem__),
        value=read.text("value"),
        negate=read.flag("negate"),
    )


def _read_wait(value: Any) -> Wait:
    read = _Reader(value, "wait")
    return Wait(_read_probe(read.raw("probe")), read.number("timeout"), read.number("interval"))


def _read_replace(value: Any) -> Replace:
    read = _Reader(value, "replace")
    before = None if read.raw("before") is None else read.data("before")
    return Replace(read.text("where"), read.text("path"), before, read.data("after"), read.text("backup"))


_SECTION: dict[str, Literal["config", "devices"]] = {"config": "config", "devices": "devices"}


def _read_amend(value: Any) -> Amend:
    read = _Reader(value, "amend")
    return Amend(
        instance=read.text("instance"),
        section=read.one_of("section", _SECTION.__getitem__),
        key=read.text("key"),
        before=read.setting("before"),
        after=read.setting("after"),
    )


_ACTIONS: dict[str, Callable[[Any], Action]] = {
    "exec": _read_exec,
    "wait": _read_wait,
    "replace": _read_replace,
    "amend": _read_amend,
}


def _read_action(value: Any) -> Action:
    return _Reader(value, "action").one_of("kind", _ACTIONS.__getitem__)(value)


def _read_step(value: Any) -> Step:
    read = _Reader(value, "step")
    done, undone = read.raw("done"), read.optional("undone")
    return Step(
        title=read.text("title"),
        does=_read_action(read.raw("does")),
        done=None if done is None else _read_probe(done),
        undo=tuple(_read_action(item) for item in read.list("undo")),
        no_undo=read.text("no_undo"),
        armed=read.flag("armed"),
        loses=read.text("loses", ""),
        undo_loses=read.text("undo_loses", ""),
        undo_dark=read.texts("undo_dark", ()),
        part=read.flag("part", False),
        publishes=read.text("publishes", ""),
        undone=None if undone is None else _read_probe(undone),
    )


def _read_verdict(value: Any) -> Verdict:
    read = _Reader(value, "verdict")
    verdict = read.one_of("verdict", _VERDICT.__getitem__)
    return Verdict(
        guard=read.text("guard"),
        verdict=verdict,
        reason=read.text("reason"),
        items=read.integers("items"),
        unless_typed=read.text("unless_typed", ""),
    )


def _read_reliance(value: Any) -> Reliance:
    read = _Reader(value, "reliance")
    return Reliance(read.text("title"), _read_exec(read.raw("run")), read.text("sha256"))
