"""CoreDNS on the twin (its stand-in with the acl): who may ask for what, and which serial is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from .gbtui_over_ssh import Operator
from .twin.fixtures import Lab, full

pytestmark = [
    pytest.mark.timeout(900),
    full,
]
HERE = Path(__file__).parent
GIVEN = ("container=acme-dns", "zone=acme.test")
OUTSIDE = "10.0.2.15"
COREFILE, ZONE = "/opt/gbo/conf/Corefile", "/opt/gbo/data/acme.test.zone"
PUT = """
put() {{ lxc exec acme-dns -- sh -c "$1"; }}
put 'cd /opt/gbo/bin/standin && mv -n dns.py dns_plain.py && cat >dns.py' <<'PYTHON'
{code}
PYTHON
put 'systemctl restart dns.service' </dev/null
put 'until dig +short +time=1 +tries=1 @127.0.0.1 acme.test | grep -q .; do :; done' </dev/null
"""


@pytest.fixture
def operator(fresh_lab: Lab, tmp_path: Path) -> Operator:
    fresh_lab.script(PUT.format(code=(HERE / "coredns_acl.py").read_text()))
    return Operator(fresh_lab, tmp_path)


def statuses(lab: Lab, server: str, *types: str, role: str = "") -> list[str]:
    """rcodes by dig, from the host or from inside a container."""
    asked = " ".join(f"@{server} acme.test {kind}" for kind in types)
    argv = ("sh", "-c", f"dig +notcp +time=2 +tries=1 {asked} | sed -n 's/.*status: \\([A-Z]*\\),.*/\\1/p'")
    done = lab.inside(role, *argv) if role else lab.run(*argv)
    return done.stdout.split()


def serial(lab: Lab) -> str:
    return lab.run("dig", "+short", f"@{OUTSIDE}", "acme.test", "SOA").stdout.split()[2]


def test_the_acl_lets_mail_through_and_shuts_any_and_the_serial_follows(
    fresh_lab: Lab, operator: Operator
) -> None:
    lab = fresh_lab
    asked = ("A", "MX", "TXT", "CAA", "SOA", "ANY")
    guide = ["NOERROR", "NOERROR", "REFUSED", "REFUSED", "REFUSED", "NOERROR"]
    assert statuses(lab, OUTSIDE, *asked) == guide
    before = lab.inside("dns", "cat", COREFILE).stdout

    refused = operator.sure("apply", "dns.reload", *GIVEN)
    assert refused.returncode == 3
    assert "dns.apply-acl" in refused.stdout + refused.stderr

    done = operator.sure("apply", "dns.apply-acl", *GIVEN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert statuses(lab, OUTSIDE, *asked) == ["NOERROR"] * 5 + ["REFUSED"]
    address = lab.inside("dns", "hostname", "-I").stdout.split()[0]
    assert statuses(lab, address, "TXT", "ANY", role="email") == ["NOERROR", "NOERROR"], "the inside may"

    lab.inside("dns", "sed", "-i", "s/2026031801/2026031802/", ZONE)
    lab.inside("dns", "pkill", "-HUP", "-x", "coredns")
    assert serial(lab) == "2026031801", "the guide's HUP does nothing"
    reloaded = operator.sure("apply", "dns.reload", *GIVEN)
    assert reloaded.returncode == 0, reloaded.stdout + reloaded.stderr
    assert serial(lab) == "2026031802"

    op_id = operator.json("journal")["records"][0]["id"]
    undone = operator.sure("undo", op_id)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert lab.inside("dns", "cat", COREFILE).stdout == before
    assert statuses(lab, OUTSIDE, *asked) == guide
