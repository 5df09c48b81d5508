"""Faults of containers, their ports and mounts: what the checks find of them."""

from __future__ import annotations

from tests.check_case import Case

ANSWERS = "containers.role-answers"


def _down(fault: str, container: str, *shows: str) -> Case:
    """A role that has ended: its probe says so."""
    return Case(fault, finds=((ANSWERS, container),), shows=shows)


def _remedied(fault: str, check: str, subject: str, *shows: str) -> Case:
    """A fault whose finding brings an operation that puts it right."""
    return Case(fault, finds=((check, subject),), shows=shows, remedy=(check, subject))


CASES: tuple[Case, ...] = (
    _down("forgejo-down", "acme-alm", "http://127.0.0.1:3000/api/healthz"),
    _down("minio-down", "acme-drive", "/minio/health/live"),
    _down("postgres-down", "acme-tables", "pg_isready"),
    _down("nocodb-down", "acme-table-editor", "http://127.0.0.1:8080/"),
    _down("roundcube-down", "acme-webmail", "http://127.0.0.1:80/"),
    _remedied("no-address", "containers.address", "acme-table-editor", "without an IPv4 address"),
    _remedied("port-missing", "containers.ports-present", "acme-email tcp:993", "port-587: tcp:0.0.0.0:587"),
    _remedied("dns-tcp-only", "containers.ports-present", "acme-dns udp:53", "no proxy device leads udp:53"),
    Case(
        "dns-kept-out",
        finds=(("containers.ports-admitted", "acme-dns"),),
        shows=("tcp :53, udp :53", "from outside: DROP by policy of INPUT"),
    ),
    _remedied("port-deaf", "containers.ports-listened", "acme-email", "port-993: tcp:0.0.0.0:993"),
    Case(
        "port-astray",
        finds=(("containers.ports-answered", "acme-email"),),
        shows=("tcp:0.0.0.0:993 → tcp:127.0.0.1:9993",),
    ),
    _remedied("tables-exposed", "containers.internal-only", "acme-tables port-5432", "tcp:0.0.0.0:5432"),
    _remedied("runner-exposed", "containers.internal-only", "acme-alm-ci port-2222", "and it is internal"),
    _remedied("dnat-double", "containers.by-devices", "acme-proxy tcp:443", "past its device port-443"),
    Case(
        "network-forward",
        finds=(("containers.by-devices", "lxdbr0 203.0.113.10"),),
        shows=("a network forward of lxdbr0",),
    ),
    _remedied("unprivileged", "containers.system-privileged", "acme-system", "security.privileged: unset"),
    Case(
        "gbo-shifted",
        finds=(("containers.gbo-owned", "acme-system"),),
        shows=("/opt/gbo/conf: uid 1000999",),
    ),
    _remedied("runner-mount", "containers.no-cross-mounts", "acme-alm-ci deploy", "is acme-system's"),
)
