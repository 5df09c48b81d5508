"""How each runbook is walked by itself: parameters, what is answered to its questions, what hands do.

Every runbook that comes with gbtui has a row; every drill it names is walked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gbtui.demo.proxy_config import CADDYFILE


@dataclass(frozen=True)
class Row:
    """A runbook's walk.

    `values`: its parameters. `says`: step → answer; a question that is not there is answered by its
    first. `hands`: steps that stand for what an operator does by hand or what comes by itself: the fault
    is taken back there. `wrong`: answers of somebody who takes the other branch (then `says` again).
    `files`: text for a parameter that is a file of this machine. `prepared`: a command of the host that
    makes what the runbook works with.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    hands: frozenset[str] = frozenset()
    wrong: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    prepared: tuple[str, ...] = ()


SYSTEM, PROXY = {"container": "acme-system"}, {"container": "acme-proxy"}
DEPLOYED = {
    **SYSTEM,
    "runner": "acme-alm-ci",
    "binary": "/opt/gbo/ci/botserver/target/release/botserver",
    "submodule": "botserver",
}
ROWS: Mapping[str, Row] = {
    "botserver-unreachable": Row(
        SYSTEM, hands=frozenset({"end", "again"}), wrong={"end": "no: somebody needs it", "served": "no"}
    ),
    "caddyfile-partial": Row(PROXY, wrong={"served": "no"}),
    "certificates-lost": Row(PROXY),
    "change-caddyfile": Row(
        files={"file": f"# mine\n{CADDYFILE}"}, wrong={"wanted": "no: my file replaces it"}
    ),
    "container-restore": Row(
        {"container": "acme-webmail", "snapshot": "good"},
        says={"last": "no: it works, or somebody looks at it by day"},
        wrong={"dispensable": "no: a restart may do", "last": "yes"},
        prepared=("lxc", "snapshot", "acme-webmail", "good"),
    ),
    "coredns-hardening": Row(),
    "dead-domain": Row(wrong={"owner": "no: its DNS is put right"}),
    "deploy-fix": Row(
        DEPLOYED | {"checkout": "/home/ops/gb"},
        says={"who": "by hand: the built binary lies there"},
        wrong={"works": "no: the binary of before has to come back"},
    ),
    "disk-space": Row(
        hands=frozenset({"destroy", "add"}),
        wrong={"destroy": "no: they are needed", "add": "no: whoever owns the host is called"},
    ),
    "http-flood": Row(
        PROXY,
        hands=frozenset({"nat"}),
        wrong={"nat": "no: not now", "ends": "it is not the flood's jail: look again"},
    ),
    "mail-dark": Row(
        {"server": "acme-email"},
        hands=frozenset({"connect"}),
        wrong={"connect": "no: leave it", "outside": "no"},
    ),
    "no-internet": Row(hands=frozenset({"enable"}), wrong={"reaches": "no"}),
    "privileged-lost": Row(SYSTEM, hands=frozenset({"chown"}), wrong={"chown": "no: somebody else will"}),
    "runner-cannot-deploy": Row(
        {"runner": "acme-alm-ci", "target": "acme-system"},
        hands=frozenset({"chown", "remove"}),
        wrong={"chown": "no: leave it", "remove": "no: leave them"},
    ),
    "suggestions-missing": Row(
        DEPLOYED | {"bot": "announcer"},
        says={"shows": "no", "verdict": "a user's id, or nobody's: the fix has to be deployed"},
        wrong={"verdict": "a bot's id: botserver stores them rightly"},
    ),
    "valkey-timeout": Row(SYSTEM, wrong={"served": "no"}),
    "vault-sealed": Row(SYSTEM, wrong={"served": "no"}),
}
