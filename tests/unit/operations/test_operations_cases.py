"""The looks of the cases can tell a run from none: what is pasted on the twin is held to them."""

from __future__ import annotations

import os
import subprocess  # noqa: TID251 - the shell under test is another process
from pathlib import Path

import pytest

from tests.operations_cases import ANEW, CASES


@pytest.mark.parametrize(("before", "said"), [("1a2b", "the same"), ("3c4d", "anew")])
def test_a_unit_that_was_not_restarted_is_told_from_one_that_was(
    tmp_path: Path, before: str, said: str
) -> None:
    (tmp_path / "systemctl").write_text("#!/bin/sh\necho 1a2b\n")
    (tmp_path / "systemctl").chmod(0o755)
    (tmp_path / "kept").write_text(f"{before}\n")
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    argv = ["sh", "-c", ANEW, "case-anew", "x.service", str(tmp_path / "kept")]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == said


def test_every_case_that_the_twin_knows_has_something_to_look_at() -> None:
    assert [case.name for case in CASES if case.lab and not case.looks] == []
