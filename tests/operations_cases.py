"""One way to need each operation: what the crash matrix, the fast share of it and the paste test run.

Add a case for every operation (more than one where its plans differ in kind):

    Case("firewall.accept-loopback", {"container": "acme-system"}, faults=("valkey-loopback",))

`faults` are drills that the demo host and the lab know by the same name. What else makes the
operation needed goes into `prepare`, which gets the open `Host` (demo or lab) and may use all of it.
The matrix holds every step to its word: after a kill the step's `done` must tell the truth, finishing
must give the same host as an undisturbed run, undoing the same as before (all of the demo's state is
compared, but times, counters and backups).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gbtui.demo.dns import GUIDE_ACL, corefile
from gbtui.hosts.base import Command, Host


async def nothing(host: Host) -> None:
    """The faults alone make it needed."""


@dataclass(frozen=True)
class Case:
    """An operation, its parameters, and what makes it needed.

    `stays`: why the host is not byte for byte as before once a step without undo was begun ("what
    was destroyed stays destroyed"); "" where undoing leads all the way back. `lab`: the twin can be
    brought into that state, too; then the commands of its preview are pasted there and have to do
    the same. `looks` are commands (as root on the host) that show the effect there, beside a plan
    that finds nothing more to do.
    """

    operation: str
    parameters: Mapping[str, str]
    faults: tuple[str, ...] = ()
    prepare: Callable[[Host], Awaitable[None]] = field(default=nothing)
    stays: str = ""
    lab: bool = True
    looks: tuple[tuple[str, ...], ...] = ()

    @property
    def name(self) -> str:
        """For people: the operation as it is typed."""
        return " ".join((self.operation, *(f"{key}={value}" for key, value in self.parameters.items())))


def inside(container: str, *argv: str) -> tuple[str, ...]:
    """A look inside a container."""
    return ("lxc", "exec", container, "--mode=non-interactive", "--", *argv)


async def misdirected(host: Host) -> None:
    """botui's unit file and its running process say the address outside (guide 63)."""
    path = "/etc/systemd/system/ui.service"
    unit = await host.read(path, instance="acme-system")
    wrong = unit.replace(b"http://localhost:5858", b"https://system.acme.test")
    await host.write(path, wrong, instance="acme-system")
    for argv in (("systemctl", "daemon-reload"), ("systemctl", "restart", "ui.service")):
        await host.run(Command(inside("acme-system", *argv)))


async def one_rule_more(host: Host) -> None:
    """A rule runs in the system container that is not saved."""
    rule = ("INPUT", "-p", "tcp", "-m", "tcp", "--dport", "9100", "-j", "ACCEPT")
    done = await host.run(Command(inside("acme-system", "iptables", "-w", "-A", *rule)))
    assert done.ok, done.stderr


async def not_forwarding(host: Host) -> None:
    """ufw as it comes: the host forwards nothing by default."""
    path = "/etc/default/ufw"
    text = await host.read(path)
    changed = text.replace(b'FORWARD_POLICY="ACCEPT"', b'FORWARD_POLICY="DROP"')
    await host.write(path, changed)
    done = await host.run(Command(("ufw", "reload"), root=True, timeout=60.0))
    assert done.ok, done.stderr


async def no_forward_unit(host: Host) -> None:
    """Nothing puts LXD's forward rule in."""
    unit = "lxd-forward.service"
    for argv in (
        ("systemctl", "stop", unit),
        ("systemctl", "disable", unit),
        ("rm", "-f", f"/etc/systemd/system/{unit}"),
        ("systemctl", "daemon-reload"),
    ):
        done = await host.run(Command(argv, root=True, timeout=60.0))
        assert done.ok, done.stderr


async def six_used(host: Host) -> None:
    """IPv6's table is there: an empty one stays when its last rule goes."""
    for verb in ("-N", "-X"):
        done = await host.run(Command(inside("acme-system", "ip6tables", "-w", verb, "case")))
        assert done.ok, done.stderr


CI = "default/containers/acme-alm-ci"


async def two_to_destroy(host: Host) -> None:
    """A raw snapshot and one of LXD's, of different containers."""
    for argv in (("zfs", "snapshot", f"{CI}@case"), ("lxc", "snapshot", "acme-dns", "case")):
        done = await host.run(Command(argv, root=True, timeout=60.0))
        assert done.ok, done.stderr


def listed(dataset: str) -> tuple[str, ...]:
    """A look at the names of a dataset's snapshots."""
    return ("zfs", "list", "-H", "-d", "1", "-t", "snapshot", "-o", "name", dataset)


async def extra_port(host: Host) -> None:
    """A proxy device that the guide does not ask for."""
    device = {"type": "proxy", "listen": "tcp:0.0.0.0:8025", "connect": "tcp:127.0.0.1:25"}
    reply = await host.lxd.get("instances/acme-email")
    body = {key: reply.data[key] for key in _WRITTEN if key in reply.data}
    await host.lxd.put(
        "instances/acme-email",
        {**body, "devices": {**reply.data["devices"], "extra": device}},
        etag=reply.etag,
    )


PROXY, FLOOD, STRANGER = "acme-proxy", "caddy-http-flood", "203.0.113.77"
REJECT = ("-s", STRANGER, "-j", "REJECT", "--reject-with", "icmp-port-unreachable")
F2B_RULES = inside(PROXY, "iptables", "-w", "-S", f"f2b-{FLOOD}")


async def _ban(host: Host, verb: str, address: str) -> None:
    """Ban or unban, and wait for the packet filter: fail2ban answers before its action ran."""
    done = await host.run(Command(inside(PROXY, "fail2ban-client", "set", FLOOD, verb, address)))
    assert done.ok, done.stderr
    async with asyncio.timeout(60):
        while True:
            rules = await host.run(Command(F2B_RULES, root=True))
            if (address.encode() in rules.stdout) is (verb == "banip"):
                return
            await asyncio.sleep(0.2)


async def ban_chain(host: Host) -> None:
    """The jail's chain is there, as after its first ban."""
    await _ban(host, "banip", "192.0.2.200")
    await _ban(host, "unbanip", "192.0.2.200")


async def orphaned(host: Host) -> None:
    """A rule for an address that no jail has."""
    await ban_chain(host)
    rule = Command(inside(PROXY, "iptables", "-w", "-I", f"f2b-{FLOOD}", "1", *REJECT))
    assert (await host.run(rule)).ok


async def banned(host: Host) -> None:
    """An address is banned, and has a second rule that no ban stands behind."""
    await orphaned(host)
    done = await host.run(Command(inside(PROXY, "fail2ban-client", "set", FLOOD, "banip", STRANGER)))
    assert done.ok, done.stderr
    twice = " ".join(("-s", f"{STRANGER}/32", *REJECT[2:])).encode()
    async with asyncio.timeout(60):
        while (await host.run(Command(F2B_RULES, root=True))).stdout.count(twice) < 2:
            await asyncio.sleep(0.2)


PROXY_CONFIG = "/opt/gbo/conf/config"
NEW_SITE = b"http://new.acme.example {\n\trespond new\n}\n"


async def site_by_hand(host: Host) -> None:
    """Somebody has added a site to the proxy's file, and not reloaded."""
    data = await host.read(PROXY_CONFIG, instance="acme-proxy")
    await host.write(PROXY_CONFIG, data + NEW_SITE, instance="acme-proxy")


VHOSTS = f"{PROXY_CONFIG}.vhosts"


async def gone_by_hand(host: Host) -> None:
    """A vhost is remembered that somebody took out by hand."""
    await host.write(VHOSTS, b"gone.acme.example\n", instance="acme-proxy", mode=0o644)


async def proxy_backup(host: Host) -> None:
    """A backup of the proxy's file in which one site more is."""
    data = await host.read(PROXY_CONFIG, instance="acme-proxy")
    await host.write(f"{PROXY_CONFIG}.bak-202611010905", data + NEW_SITE, instance="acme-proxy")


SERVED = inside("acme-proxy", "curl", "-fsS", "http://localhost:2019/config/apps/http")
PROXY_FILE = inside("acme-proxy", "cat", PROXY_CONFIG)


async def without_jail(host: Host) -> None:
    """The proxy's fail2ban as its package leaves it: the jail sshd, and no other."""
    for argv in (
        ("rm", "-f", f"/etc/fail2ban/jail.d/{FLOOD}.conf", f"/etc/fail2ban/filter.d/{FLOOD}.conf"),
        ("rm", "-f", "/etc/fail2ban/jail.d/defaults-debian.conf"),
        ("fail2ban-client", "reload"),
    ):
        done = await host.run(Command(inside(PROXY, *argv), timeout=60.0))
        assert done.ok, done.stderr


LISTED_DRIVE = ("lxc", "list", "--format", "csv", "-c", "ns", "^acme-drive$")
LISTED_SYSTEM = ("lxc", "list", "--format", "csv", "-c", "ns", "^acme-system$")
HEALTH = ("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:5858/health")
LISTED = ("lxc", "list", "--format", "csv", "-c", "ns", "^acme-webmail$")
_WRITTEN = ("architecture", "config", "description", "devices", "ephemeral", "profiles", "stateful")


async def one_of_lxds(host: Host) -> None:
    """A snapshot that LXD took."""
    done = await host.run(Command(("lxc", "snapshot", "acme-dns", "case"), root=True, timeout=60.0))
    assert done.ok, done.stderr


ZONE = {"container": "acme-dns", "zone": "acme.test"}


async def acl_of_the_guide(host: Host) -> None:
    """CoreDNS with the acl that the guide has."""
    await host.write("/opt/gbo/conf/Corefile", corefile(GUIDE_ACL).encode(), instance="acme-dns")
    await host.run(Command(inside("acme-dns", "pkill", "-USR1", "-x", "coredns")))


async def serial_raised(host: Host) -> None:
    """The zone's file is ahead of what CoreDNS has read, and its acl lets SOA through."""
    corefile, zone = "/opt/gbo/conf/Corefile", "/opt/gbo/data/acme.test.zone"
    edits = ((corefile, b"allow type MX", b"allow type SOA"), (zone, b"2026031801", b"2026031802"))
    for path, old, new in edits:
        data = await host.read(path, instance="acme-dns")
        await host.write(path, data.replace(old, new), instance="acme-dns")
        if path == corefile:
            await host.run(Command(inside("acme-dns", "pkill", "-USR1", "-x", "coredns")))


async def written_since(host: Host) -> None:
    """A snapshot that LXD took, and a file written after it."""
    await one_of_lxds(host)
    await host.write("/opt/gbo/conf/written-since", b"x\n", instance="acme-dns", mode=0o644)


async def up_before_its_cache(host: Host) -> None:
    """botserver looked for its cache while that was down, and does not look again (guide 36)."""
    for verb, unit in (("stop", "valkey-server"), ("restart", "system"), ("start", "valkey-server")):
        await host.run(Command(inside("acme-system", "systemctl", verb, f"{unit}.service")))


KEYS = "/opt/gbo/bin/botserver-stack/conf/vault/init.json"


async def keys_open(host: Host) -> None:
    """Everybody may read the unseal keys."""
    await host.run(Command(inside("acme-system", "chmod", "644", KEYS)))


ANEW = """
now=$(systemctl show -p InvocationID --value -- "$1") || exit 1
if [ "$now" = "$(cat "$2")" ]; then echo the same; else echo anew; fi
"""


def invocation(unit: str) -> str:
    """Where the invocation that ran before is kept."""
    return f"/run/case-{unit}"


def invoked(container: str, *units: str) -> Callable[[Host], Awaitable[None]]:
    """Keeps in the container which invocation of each unit runs now."""

    async def keep(host: Host) -> None:
        for unit in units:
            asked = inside(container, "systemctl", "show", "-p", "InvocationID", "--value", "--", unit)
            done = await host.run(Command(asked))
            assert done.stdout.strip(), (unit, done.stderr)
            await host.write(invocation(unit), done.stdout, instance=container, mode=0o644)

    return keep


def anew(container: str, *units: str) -> tuple[tuple[str, ...], ...]:
    """Whether each runs as another invocation than before: the same two runs say the same."""
    return tuple(inside(container, "sh", "-c", ANEW, "case-anew", unit, invocation(unit)) for unit in units)


async def old_snapshots(host: Host) -> None:
    """Raw snapshots of days ago: ZFS dates one by the clock, and the simulated host has such ones."""
    if host.kind == "demo":
        return
    script = (
        "now=$(date +%s); for ago in 12 11; do date -s @$((now - ago * 86400)) >/dev/null\n"
        f"  zfs snapshot {CI}@daily-2026-01-$ago; done; date -s @$((now + 5)) >/dev/null\n"
    )
    done = await host.run(Command(("sh", "-c", script), root=True, timeout=60.0))
    assert done.ok, done.stderr


RUNNER = {"container": "acme-alm-ci"}
BUILT = "acme-alm-ci:/opt/gbo/ci/botserver/target/release/botserver"

CASES: tuple[Case, ...] = (
    Case(
        "firewall.accept-loopback",
        {"container": "acme-system"},
        faults=("valkey-loopback",),
        looks=(
            inside("acme-system", "iptables", "-w", "-S"),
            inside("acme-system", "grep", "^[-*]", "/etc/iptables/rules.v4"),
        ),
    ),
    Case(
        "firewall.delete-rule",
        {"container": "acme-system", "rule": "-p tcp -m tcp --dport 9000 -j DROP"},
        looks=(
            inside("acme-system", "iptables", "-w", "-S"),
            inside("acme-system", "grep", "^[-*]", "/etc/iptables/rules.v4"),
        ),
    ),
    Case(
        "firewall.save",
        {"container": "acme-system"},
        prepare=one_rule_more,
        looks=(inside("acme-system", "cat", "/etc/iptables/rules.v4"),),
    ),
    Case(
        "firewall.restore-saved",
        {"container": "acme-system"},
        prepare=one_rule_more,
        looks=(inside("acme-system", "iptables", "-w", "-S"),),
    ),
    Case(
        "firewall.host-forward-accept",
        {},
        prepare=not_forwarding,
        looks=(("iptables", "-w", "-S", "FORWARD"), ("grep", "FORWARD", "/etc/default/ufw")),
    ),
    Case(
        "firewall.persist-lxd-forward",
        {},
        prepare=no_forward_unit,
        looks=(
            ("iptables", "-w", "-S", "FORWARD"),
            ("ip6tables", "-w", "-S", "FORWARD"),
            ("systemctl", "is-enabled", "lxd-forward.service"),
        ),
    ),
    Case(
        "firewall.drop-port",
        {"container": "acme-system", "port": "9100"},
        prepare=six_used,
        looks=(
            inside("acme-system", "iptables", "-w", "-S"),
            inside("acme-system", "ip6tables", "-w", "-S"),
            inside("acme-system", "cat", "/etc/iptables/rules.v4", "/etc/iptables/rules.v6"),
        ),
    ),
    Case(
        "firewall.drop-port",
        {"container": "acme-system", "port": "9125", "protocol": "udp"},
        prepare=six_used,
        looks=(
            inside("acme-system", "iptables", "-w", "-S"),
            inside("acme-system", "ip6tables", "-w", "-S"),
            inside("acme-system", "cat", "/etc/iptables/rules.v4", "/etc/iptables/rules.v6"),
        ),
    ),
    Case(
        "bans.ban",
        {"container": PROXY, "jail": FLOOD, "address": STRANGER},
        prepare=ban_chain,
        looks=(F2B_RULES,),
    ),
    Case(
        "bans.unban",
        {"container": PROXY, "jail": FLOOD, "address": STRANGER},
        prepare=banned,
        looks=(F2B_RULES,),
    ),
    Case("bans.install-flood-jail", {"container": PROXY}, prepare=without_jail, lab=False),
    Case("bans.install-mail-jail", {"container": "acme-email"}, lab=False),
    Case("bans.clear-orphans", {"container": PROXY}, prepare=orphaned, looks=(F2B_RULES,)),
    Case(
        "services.restart",
        {"container": "acme-system"},
        prepare=invoked("acme-system", "system.service", "ui.service"),
        stays="a restart",
        looks=anew("acme-system", "system.service", "ui.service"),
    ),
    Case(
        "services.set-botserver-url",
        {"container": "acme-system"},
        prepare=misdirected,
        looks=(inside("acme-system", "systemctl", "show", "-p", "Environment", "ui.service"),),
    ),
    Case(
        "snapshots.destroy",
        {"snapshots": f"{CI}@case,acme-dns/case"},
        prepare=two_to_destroy,
        stays="what was destroyed stays destroyed",
        looks=(listed(CI), ("lxc", "query", "/1.0/instances/acme-dns/snapshots")),
    ),
    Case("containers.stop", {"container": "acme-webmail"}, looks=(LISTED,)),
    Case(
        "containers.stop", {"container": "acme-system"}, looks=(LISTED_SYSTEM, inside("acme-system", *HEALTH))
    ),
    Case("containers.start", {"container": "acme-webmail"}, faults=("container-stop",), looks=(LISTED,)),
    Case("containers.restart", {"container": "acme-webmail"}, looks=(LISTED,)),
    Case(
        "containers.restart",
        {"container": "acme-system"},
        prepare=up_before_its_cache,
        looks=(LISTED_SYSTEM, inside("acme-system", *HEALTH)),
    ),
    Case(
        "containers.force-stop",
        {"container": "acme-webmail"},
        stays="what was killed stays stopped",
        looks=(LISTED,),
    ),
    Case(
        "containers.set-privileged",
        {"container": "acme-drive", "value": "true"},
        looks=(
            ("lxc", "config", "get", "acme-drive", "security.privileged"),
            LISTED_DRIVE,
            inside("acme-drive", "cat", "/proc/self/uid_map"),
        ),
    ),
    Case(
        "containers.add-port",
        {"container": "acme-email", "listen": "tcp:8025", "connect": "tcp:25"},
        looks=(("lxc", "config", "device", "show", "acme-email"), ("ss", "-Hltn", "sport = :8025")),
    ),
    Case(
        "containers.remove-port",
        {"container": "acme-email", "device": "extra"},
        prepare=extra_port,
        looks=(("lxc", "config", "device", "show", "acme-email"), ("ss", "-Hltn", "sport = :8025")),
    ),
    Case(
        "proxy.apply-config",
        {"file": str(Path(__file__).parent / "fixtures/facts/proxy-applied.caddy")},
        lab=False,
    ),
    Case(
        "proxy.restore",
        {"backup": "config.bak-202611010905"},
        prepare=proxy_backup,
        looks=(SERVED, PROXY_FILE),
    ),
    Case(
        "proxy.reload",
        {},
        prepare=site_by_hand,
        stays="what ran before is in no file",
        looks=(SERVED,),
    ),
    Case(
        "proxy.restart",
        {"reason": "a case"},
        prepare=invoked(PROXY, "proxy.service"),
        stays="a restart",
        looks=anew(PROXY, "proxy.service"),
    ),
    Case("proxy.remove-domain", {"domain": "www.acme.example"}, looks=(SERVED, PROXY_FILE)),
    Case(
        "proxy.remove-domain",
        {"domain": "gone.acme.example"},
        prepare=gone_by_hand,
        looks=(SERVED, PROXY_FILE, inside("acme-proxy", "grep", "-v", "^#", VHOSTS)),
    ),
    Case(
        "proxy.set-storage",
        {"root": "/opt/gbo/data/caddy2"},
        looks=(PROXY_FILE, inside("acme-proxy", "ls", "/opt/gbo/data/caddy2")),
    ),
    Case(
        "snapshots.prune",
        {"keep": "1d", "dataset": CI},
        prepare=old_snapshots,
        stays="what was destroyed stays destroyed",
        looks=(listed(CI),),
    ),
    Case("snapshots.take", {"dataset": CI}, looks=(listed(CI),)),
    Case(
        "snapshots.forget-orphan",
        {"snapshots": "acme-webmail/orphan"},
        faults=("snapshot-orphans",),
        stays="LXD's record is gone",
        looks=(("lxc", "query", "/1.0/instances/acme-webmail/snapshots"),),
    ),
    Case(
        "snapshots.forget-orphan",
        {"snapshots": "default/containers/acme-webmail@snapshot-nightly"},
        faults=("snapshot-orphans",),
        lab=False,
    ),
    Case(
        "containers.remove-mount",
        {"container": "acme-alm-ci", "device": "cache"},
        looks=(
            ("lxc", "config", "device", "show", "acme-alm-ci"),
            inside("acme-alm-ci", "ls", "/var/cache/ci"),
        ),
    ),
    Case(
        "containers.snapshot",
        {"container": "acme-dns", "snapshot": "case"},
        looks=(listed("default/containers/acme-dns"),),
    ),
    Case(
        "containers.delete-snapshot",
        {"container": "acme-dns", "snapshot": "case"},
        prepare=one_of_lxds,
        stays="what was deleted stays deleted",
        looks=(
            listed("default/containers/acme-dns"),
            ("lxc", "query", "/1.0/instances/acme-dns/snapshots"),
        ),
    ),
    Case("dns.apply-acl", ZONE, prepare=acl_of_the_guide, lab=False),
    Case("dns.reload", ZONE, prepare=serial_raised, stays="what CoreDNS has read", lab=False),
    Case(
        "vault.unseal",
        {"container": "acme-system"},
        faults=("vault-sealed",),
        stays="what Vault was given",
        looks=(inside("acme-system", "curl", "-sk", "https://127.0.0.1:8200/v1/sys/seal-status"),),
    ),
    Case(
        "vault.protect-init",
        {"container": "acme-system"},
        prepare=keys_open,
        looks=(inside("acme-system", "stat", "-c", "%a %U", KEYS),),
    ),
    Case("ci.clean-cache", RUNNER, stays="what was removed is fetched again", lab=False),
    Case(
        "ci.install-cleanup",
        RUNNER,
        looks=(inside("acme-alm-ci", "systemctl", "is-enabled", "gbtui-ci-cleanup.timer"),),
    ),
    Case("ci.authorise-runner", RUNNER, faults=("runner-locked-out",), lab=False),
    Case("release.deploy", {"container": "acme-system", "binary": BUILT}, lab=False),
    Case(
        "release.push",
        {"checkout": "/home/ops/gb", "submodule": "botserver"},
        stays="what was pushed is everybody's",
        lab=False,
    ),
    Case(
        "snapshots.install-rolling",
        {},
        stays="the snapshots of the first round stay",
        looks=(
            ("systemctl", "show", "gbtui-rolling.timer", "-p", "ActiveState,UnitFileState"),
            ("lxc", "query", "/1.0/instances/acme-dns/snapshots"),
        ),
    ),
    Case(
        "containers.restore-snapshot",
        {"container": "acme-dns", "snapshot": "case"},
        prepare=written_since,
        looks=(inside("acme-dns", "ls", "/opt/gbo/conf"),),
    ),
)
