"""A Markdown file → a `Runbook`; what is not understood is refused with file, line and what was expected.

The first TOML fence, below the title, says what the runbook is. Every `##` is a step: its text is for
people, its TOML fence says what is done.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gbtui.errors import BadInput
from gbtui.runbooks.markdown import Fence, Part, parts
from gbtui.runbooks.types import STOP, Answer, Condition, Look, Parameter, Runbook, Step
from gbtui.text import clean
from gbtui.toml_lines import Key, TomlFile

WHAT = "runbook"
LARGEST = 200_000
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SPAN = re.compile(r"(\d{1,4}) ?(s|m|h)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_KINDS = ("check", "operation", "command", "ask", "wait")
_HEAD: Mapping[str, type] = {
    "id": str,
    "symptoms": list,
    "findings": list,
    "items": list,
    "drills": list,
    "parameters": dict,
}
_STEP: Mapping[str, type] = {
    **dict.fromkeys(("id", "check", "is", "at", "operation", "in", "contains", "matches"), str),
    **dict.fromkeys(("ask", "expect", "undo", "otherwise", "limit", "every", "command", "input"), str),
    **dict.fromkeys(("with", "when", "verify", "answers", "wait"), dict),
    "status": int,
    "takes": list,
}


def read(path: Path) -> Runbook:
    """The runbook at `path`.

    Raises:
        BadInput: it cannot be read, or is malformed.
    """
    try:
        source = path.read_text("utf-8")[:LARGEST]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{WHAT} {path}", why=clean(str(error))) from error
    return parse(source, path)


def parse(source: str, path: Path) -> Runbook:
    """The runbook in `source`; `path` is for its words.

    Raises:
        BadInput: with file, line and what was expected.
    """
    head, sections = parts(source, path)
    if not head.fences:
        raise BadInput(f"{path}, line {head.line}", why="it does not say what it is", hint=_HEAD_FORM)
    file = TomlFile(head.fences[0].source, path, WHAT, first=head.fences[0].line)
    _typed(file, file.table, _HEAD, ())
    if not _ID.fullmatch(file.table.get("id", "")):
        raise file.error(("id",), "not an id", 'id = "small-words-with-hyphens"')
    steps = tuple(_step(section, path) for section in sections if section.fences)
    if not steps:
        raise BadInput(f"{path}, line {head.line}", why="it has no step", hint="expected `## Step` with TOML")
    book = Runbook(
        id=file.table["id"],
        title=head.title,
        intro=head.text,
        symptoms=_strings(file, "symptoms"),
        findings=_strings(file, "findings"),
        items=tuple(file.table.get("items", ())),
        drills=_strings(file, "drills"),
        parameters=_parameters(file),
        steps=steps,
        path=path,
    )
    _whole(book)
    return book


_HEAD_FORM = 'expected a ```toml fence below the title with id = "…" and symptoms = ["…"]'


def _typed(file: TomlFile, table: Mapping[str, Any], forms: Mapping[str, type], at: Key) -> None:
    for key, value in table.items():
        if key not in forms:
            raise file.error((*at, key), "unknown key", f"one of {', '.join(forms)}")
        if type(value) is not forms[key]:
            raise file.error((*at, key), "wrong type", forms[key].__name__)


def _strings(file: TomlFile, key: str) -> tuple[str, ...]:
    values = file.table.get(key, [])
    if not all(isinstance(one, str) and one for one in values):
        raise file.error((key,), "wrong type", "a list of texts")
    return tuple(values)


def _parameters(file: TomlFile) -> tuple[Parameter, ...]:
    found = []
    for name, entry in file.table.get("parameters", {}).items():
        at = ("parameters", name)
        if not isinstance(entry, dict) or "form" not in entry:
            raise file.error(at, "not a parameter", 'NAME = { form = "…" } with default, role or pattern')
        _typed(file, entry, dict.fromkeys(("form", "default", "role", "pattern"), str), at)
        try:
            re.compile(entry.get("pattern", ""))
        except re.error as error:
            raise file.error((*at, "pattern"), str(error), "a regular expression") from error
        found.append(Parameter(name, **entry))
    return tuple(found)


def _step(section: Part, path: Path) -> Step:
    fence: Fence = section.fences[0]
    if len(section.fences) > 1:
        line = section.fences[1].line - 1
        raise BadInput(f"{path}, line {line}", why="a second TOML fence in one step", hint="expected one")
    file = TomlFile(fence.source, path, WHAT, first=fence.line)
    table = file.table
    _typed(file, table, _STEP, ())
    kinds = [kind for kind in _KINDS if kind in table]
    if len(kinds) != 1:
        said = " and ".join(kinds) or "none"
        where = f"{path}, line {section.line}: {clean(section.title)}"
        raise BadInput(where, why=f"{said} of {', '.join(_KINDS)}", hint="expected exactly one of them")
    id_ = table.get("id", _slug(section.title))
    if not _ID.fullmatch(id_) or id_ == STOP:
        raise file.error(("id",), "not an id", 'id = "small-words-with-hyphens"')
    kind: Any = kinds[0]
    waits = table.get("wait", {})
    return Step(
        id=id_,
        title=section.title,
        text=section.text,
        kind=kind,
        line=section.line,
        condition=_condition(file, {k: table[k] for k in ("check", "is", "at") if k in table}, ())
        if kind == "check"
        else _condition(file, waits, ("wait",))
        if kind == "wait"
        else None,
        operation=table.get("operation", ""),
        given=_texts(file, table.get("with", {}), ("with",)),
        look=_look(file, table) if kind == "command" else None,
        question=table.get("ask", ""),
        answers=tuple(
            Answer(text, to) for text, to in _texts(file, table.get("answers", {}), ("answers",)).items()
        ),
        limit=_span(file, table, "limit", 600.0 if kind == "wait" else 0.0),
        every=_span(file, table, "every", 5.0),
        when=_condition(file, table["when"], ("when",)) if "when" in table else None,
        verify=_condition(file, table["verify"], ("verify",)) if "verify" in table else None,
        expect=table.get("expect", ""),
        undo=table.get("undo", ""),
        otherwise=table.get("otherwise", ""),
        takes=_strings(file, "takes"),
    )


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]


def _texts(file: TomlFile, table: Mapping[str, Any], at: Key) -> dict[str, str]:
    for key, value in table.items():
        if not isinstance(value, str):
            raise file.error((*at, key), "wrong type", "a text")
    return dict(table)


def _condition(file: TomlFile, table: Mapping[str, Any], at: Key) -> Condition:
    _typed(file, table, dict.fromkeys(("check", "is", "at"), str), at)
    expects = table.get("is", "holds")
    if "check" not in table or expects not in {"holds", "fails"}:
        raise file.error((*at, "is"), "not a condition", 'check = "ID", is = "holds" or "fails"')
    return Condition(table["check"], expects, table.get("at", ""))


def _look(file: TomlFile, table: Mapping[str, Any]) -> Look:
    try:
        argv = tuple(shlex.split(table["command"]))
    except ValueError as error:
        raise file.error(("command",), str(error), "words as in a shell, without a shell's syntax") from error
    pattern = table.get("matches", "")
    try:
        re.compile(pattern)
    except re.error as error:
        raise file.error(("matches",), str(error), "a regular expression") from error
    where, contains = table.get("in", "host"), table.get("contains", "")
    return Look(argv, where, contains, pattern, table.get("status", 0), table.get("input", ""))


def _span(file: TomlFile, table: Mapping[str, Any], key: str, default: float) -> float:
    if key not in table:
        return default
    found = _SPAN.fullmatch(table[key])
    if found is None:
        raise file.error((key,), "not a length of time", '"30s", "10m" or "1h"')
    return int(found[1]) * _SECONDS[found[2]]


def _whole(book: Runbook) -> None:
    """Ids are unique, branches lead somewhere."""
    ids = [step.id for step in book.steps]
    for number, step in enumerate(book.steps):
        where = f"{book.path}, line {step.line}: {clean(step.title)}"
        if step.id in ids[:number]:
            raise BadInput(where, why=f"there are two steps {step.id}", hint='expected another id = "…"')
        for to in (step.otherwise, *(answer.leads_to for answer in step.answers)):
            if to and to not in (*ids, STOP):
                raise BadInput(
                    where, why=f"there is no step {to}", hint=f"expected {STOP} or {', '.join(ids)}"
                )
        if step.kind == "ask" and not step.answers:
            raise BadInput(where, why="a question without answers", hint='expected answers = { yes = "" }')
