"""Layers of a profile: the guide's own values, and a file that overrides single ones.

The guide's file is the schema: another may say only what it says, with values of the same kind.
Tables are merged; lists are replaced as a whole; roles may have other names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gbtui.profiles.values import fitting
from gbtui.toml_lines import Key, TomlFile

KINDS = {str: "text", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}
ROLES = ("roles",)
Table = Mapping[str, Any]


def merged(base: Table, file: TomlFile, schema: Table) -> dict[str, Any]:
    """`base` with what `file` says instead (but for its `base =` line).

    Raises:
        BadInput: an unknown key, another kind of value or one that cannot be, with file, line and the
            expected form.
    """
    said = {key: value for key, value in file.table.items() if key != "base"}
    return _table(base, said, schema, file, ())


def _table(base: Table, said: Table, schema: Table, file: TomlFile, at: Key) -> dict[str, Any]:
    result = dict(base)
    for key, value in said.items():
        here = (*at, key)
        pattern = _example(schema.values()) if at == ROLES else schema.get(key)
        if pattern is None:
            raise file.error(here, "unknown key", f"one of {', '.join(schema)}")
        result[key] = _value(base.get(key), value, pattern, file, here)
    return result


def _value(base: Any, said: Any, pattern: Any, file: TomlFile, at: Key) -> Any:
    if type(said) is not type(pattern):
        raise file.error(at, f"not {KINDS[type(pattern)]}", KINDS[type(pattern)])
    if isinstance(pattern, dict):
        found = _table(base or {}, said, pattern, file, at)
        _complete(found, [base] if base else _each_role(at, pattern), file, at)
        return found
    if isinstance(pattern, list):
        entries = [_entry(one, pattern, file, (*at, str(number))) for number, one in enumerate(said)]
        return fitting(entries, file, at)
    return fitting(said, file, at)


def _entry(said: Any, patterns: list[Any], file: TomlFile, at: Key) -> Any:
    """One entry of a list: of the kind of the schema's entries, which are all of one kind."""
    pattern: Any = _example(patterns) if patterns and isinstance(patterns[0], dict) else patterns[:1]
    if not isinstance(pattern, dict):
        kind = pattern[0] if pattern else ""
        if type(said) is not type(kind):
            raise file.error(at, f"not {KINDS[type(kind)]}", KINDS[type(kind)])
        return fitting(said, file, at)
    found = _value(None, said, pattern, file, at)
    _complete(found, patterns, file, at)
    return found


def _complete(found: Table, examples: list[Any], file: TomlFile, at: Key) -> None:
    """What every example has must be there."""
    needed = set.intersection(*(set(one) for one in examples)) if examples else set()
    for key in sorted(needed - set(found)):
        raise file.error(at, f"{key} is missing", f"{key} = …")


def _each_role(at: Key, pattern: Table) -> list[Any]:
    return [{"purpose", "exposed"}] if at[:-1] == ROLES else []


def _example(tables: Any) -> dict[str, Any]:
    """Every key that any of the tables has."""
    return {key: value for table in tables for key, value in table.items()}
