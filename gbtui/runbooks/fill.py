"""Parameters put into a step: `{container}` in its words, arguments and text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gbtui.errors import BadInput
from gbtui.runbooks.types import Condition, Look, Parameter, Runbook, Step
from gbtui.text import clean

_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def checked(book: Runbook, given: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """All parameters of `book`: as given, else the default, else the instance of its role (`defaults`).

    Raises:
        BadInput: one is unknown, missing or not of its form.
    """
    known = {parameter.name for parameter in book.parameters}
    for name in given:
        if name not in known:
            said = ", ".join(sorted(known)) or "none"
            raise BadInput(f"runbook {book.id} has no parameter {clean(name)!r}", hint=f"it has: {said}")
    return {one.name: _value(book, one, given, defaults) for one in book.parameters}


def _value(book: Runbook, one: Parameter, given: Mapping[str, str], defaults: Mapping[str, str]) -> str:
    value = given.get(one.name, "") or one.default or defaults.get(one.role, "")
    if not value:
        raise BadInput(f"runbook {book.id} needs {one.name}=", hint=f"expected {one.name}={one.form}")
    if value != clean(value) or not re.fullmatch(one.pattern, value):
        raise BadInput(f"{one.name}={clean(value)}", why="not of its form", hint=f"expected {one.form}")
    return value


def filled(step: Step, values: Mapping[str, str]) -> Step:
    """`step` with the values in the places of their names. Arguments stay arguments: nothing is split."""

    def put(text: str) -> str:
        return _NAME.sub(lambda match: values.get(match[1], match[0]), text)

    def condition(one: Condition | None) -> Condition | None:
        return one and replace(one, at=put(one.at))

    def look(one: Look | None) -> Look | None:
        if one is None:
            return None
        pattern = _NAME.sub(
            lambda match: re.escape(values[match[1]]) if match[1] in values else match[0], one.matches
        )
        argv = tuple(map(put, one.argv))
        return replace(one, argv=argv, where=put(one.where), contains=put(one.contains), matches=pattern)

    return replace(
        step,
        text=put(step.text),
        title=put(step.title),
        question=put(step.question),
        expect=put(step.expect),
        given={name: put(value) for name, value in step.given.items()},
        look=look(step.look),
        condition=condition(step.condition),
        when=condition(step.when),
        verify=condition(step.verify),
    )


def learned(step: Step) -> Iterator[str]:
    """The names that a step gives values to, for the steps after it."""
    yield from step.takes
    if step.look is not None:
        yield from re.compile(step.look.matches).groupindex


def names(step: Step) -> Iterator[str]:
    """The parameters that a step's machine part names."""
    texts = [*step.given.values(), step.question, step.expect]
    texts += [one.at for one in (step.condition, step.when, step.verify) if one]
    if step.look:
        texts += [*step.look.argv, step.look.where, step.look.contains, step.look.matches]
    for text in texts:
        yield from _NAME.findall(text)
