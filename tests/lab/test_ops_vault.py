"""Vault on the twin: opened with the keys of its file, which nothing but Vault ever sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .gbtui_over_ssh import CONTAINER, Operator
from .twin.fixtures import Lab, full

pytestmark = pytest.mark.timeout(900)
KEYS = "/opt/gbo/bin/botserver-stack/conf/vault/init.json"


@pytest.fixture
def operator(fresh_lab: Lab, tmp_path: Path) -> Operator:
    return Operator(fresh_lab, tmp_path)


@full
def test_opens_it_keeps_the_keys_and_their_file_to_itself(fresh_lab: Lab, operator: Operator) -> None:
    lab = fresh_lab
    lab.fault("vault-sealed")
    lab.inside("system", "chmod", "644", KEYS)

    protected = operator.sure("apply", "vault.protect-init", CONTAINER)
    assert protected.returncode == 0, protected.stdout + protected.stderr
    assert lab.inside("system", "stat", "-c", "%a %U", KEYS).stdout.split() == ["600", "root"]
    (op_id,) = {record["id"] for record in operator.json("journal")["records"]}
    undone = operator.sure("undo", op_id)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert lab.inside("system", "stat", "-c", "%a %U", KEYS).stdout.split() == ["644", "root"]
    again = operator.sure("apply", "vault.protect-init", CONTAINER)
    assert again.returncode == 0, again.stdout + again.stderr
    assert lab.inside("system", "stat", "-c", "%a %U", KEYS).stdout.split() == ["600", "root"]

    done = operator.sure("apply", "vault.unseal", CONTAINER)
    assert done.returncode == 0, done.stdout + done.stderr
    status = lab.inside("system", "curl", "-sk", "https://127.0.0.1:8200/v1/sys/health").stdout
    assert json.loads(status)["sealed"] is False

    keys = json.loads(lab.inside("system", "cat", KEYS).stdout)["unseal_keys_b64"]
    ours = b"".join(path.read_bytes() for path in operator.home.rglob("*") if path.is_file()).decode()
    logs = lab.run("sudo", "journalctl", "--no-pager", "-b", "-n", "4000").stdout
    seen = ours + logs + done.stdout + done.stderr
    assert not [key for key in keys if key in seen]
