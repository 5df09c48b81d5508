"""The simulated host as it stands when it starts: healthy, busy, three weeks into its month."""

from __future__ import annotations

from gbtui.demo import (
    caddy,
    ci,
    ci_keys,
    dns,
    fail2ban,
    git,
    lxd_devices,
    release,
    tenant,
    ufw_tool,
    unit_files,
    vault,
    zfs,
)
from gbtui.demo.clock import Clock
from gbtui.demo.proxy_config import CADDYFILE
from gbtui.demo.rules import Packet
from gbtui.demo.ruletext import load
from gbtui.demo.scripts_ci import furnish as furnish_ci
from gbtui.demo.scripts_host import furnish as furnish_host
from gbtui.demo.state import HOST, MIB, File, Flow, Place, State, Unit
from gbtui.demo.ufw import UFW, UFW6
from gbtui.demo.unit_switch import FileUnit

RULES_V4 = "/etc/iptables/rules.v4"
SYSTEM_RULES = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 6379 -j DROP
-A INPUT -p tcp -m tcp --dport 9000 -j DROP
COMMIT
"""
RESTORE_UNIT = f"""[Unit]
Description=Restore iptables rules
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/iptables-restore {RULES_V4}
[Install]
WantedBy=multi-user.target
"""
UI_UNIT = """[Unit]
Description=botui
[Service]
ExecStart=/opt/gbo/bin/botui
Environment=BOTSERVER_URL=http://localhost:5858
[Install]
WantedBy=multi-user.target
"""
FORWARD_UNIT = """[Unit]
Description=Let containers reach the network (forward rule for lxdbr0)
After=ufw.service lxd.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/iptables -I FORWARD -i lxdbr0 -j ACCEPT
ExecStop=/usr/sbin/iptables -D FORWARD -i lxdbr0 -j ACCEPT
[Install]
WantedBy=multi-user.target
"""
_UNITS = {
    "proxy": ("proxy.service", "fail2ban.service"),
    "system": (
        "system.service",
        "ui.service",
        "valkey-server.service",
        "vault.service",
        "tables-forward.service",
        "ssh.service",
    ),
    "alm": ("alm.service",),
    "alm-ci": ("alm-ci-runner.service", "cron.service"),
    "email": ("email.service", "fail2ban.service"),
    "dns": ("dns.service",),
    "drive": ("drive.service",),
    "tables": ("postgresql.service",),
    "table-editor": ("table-editor.service",),
    "webmail": ("webmail.service",),
}
_HOST_UNITS = ("ssh.service", "fail2ban.service", "ufw.service", "lxd-forward.service", "cron.service")
_MEMORY = {"system.service": 612 * MIB, "ui.service": 148 * MIB, "postgresql.service": 890 * MIB}


def build(clock: Clock, seed: int) -> State:
    """The whole state at the clock's time."""
    now = clock.now()
    instances = tenant.instances(now)
    places = {HOST: Place(HOST), **{name: Place(name) for name in instances}}
    profiles = {name: dict(profile) for name, profile in tenant.PROFILES.items()}
    state = State(clock, seed, places, instances, profiles, zfs.snapshots(now), settled=now)
    for place in places.values():
        _furnish(state, place, now)
    for one in instances.values():
        lxd_devices.boot(state, one)
    fail2ban.jails(state, now)
    _system(places["acme-system"], now)
    _proxy(places["acme-proxy"], now)
    dns.furnish(places["acme-dns"], now)
    vault.furnish(places["acme-system"], now)
    ci.furnish(places["acme-alm-ci"], now)
    git.furnish(places[HOST])
    release.furnish(places["acme-alm-ci"], places["acme-system"], now)
    ci_keys.furnish(places["acme-alm-ci"], places["acme-system"], now)
    furnish_ci(places["acme-alm-ci"], places["acme-system"], instances["acme-system"].ipv4, now)
    _host(places[HOST])
    state.life = [_flow, fail2ban.live]
    _flow(state, now - 3 * 86400, now)
    return state


def _furnish(state: State, place: Place, now: float) -> None:
    """What every place has: an identity, folders, units."""
    place.folders |= {"/etc", "/tmp", "/run", "/var/lib", "/opt/gbo/logs", "/opt/gbo/conf", "/root"}  # noqa: S108
    release = 'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\n'
    place.files["/etc/os-release"] = File(release.encode(), modified=now - 9e6)
    place.files["/etc/hostname"] = File(f"{place.name}\n".encode(), modified=now - 9e6)
    one = state.instances.get(place.name)
    names = _UNITS[one.role] if one is not None else _HOST_UNITS
    since = one.started if one is not None else now - 41.3 * 86400
    for name in names:
        oneshot = name in ("ufw.service", "lxd-forward.service")
        place.units[name] = Unit(name, since=since, oneshot=oneshot, memory=_MEMORY.get(name, 24 * MIB))


def _system(place: Place, now: float) -> None:
    place.rules["ip"] = load(SYSTEM_RULES)
    place.folders.add("/etc/iptables")
    place.files[RULES_V4] = File(SYSTEM_RULES.encode(), modified=now - 2e6)
    place.units["iptables-restore.service"] = Unit("iptables-restore.service", since=now - 1e6, oneshot=True)
    for folder in ("", "multi-user.target.wants/"):
        name = f"/etc/systemd/system/{folder}iptables-restore.service"
        place.files[name] = File(RESTORE_UNIT.encode(), modified=now - 2e6)
    place.files["/etc/systemd/system/ui.service"] = File(UI_UNIT.encode(), modified=now - 2e6)
    unit_files.reload(place)
    for unit in place.units.values():
        unit.environment = dict(unit.configured)
    started = "INFO botserver:BotServer started successfully on port 5858\n"
    key = (
        "INFO basic: Adding suggestion to Redis key: suggestions:0d9ad75f-2c58-4f1a-9f0d-3f1a7d5e0001:demo\n"
    )
    place.files["/opt/gbo/logs/error.log"] = File((started + key).encode(), modified=now - 4e5)
    place.flows += [
        Flow(Packet("lo", "tcp", 6379, "127.0.0.1"), 64, 57),
        Flow(Packet("lo", "tcp", 5858, "127.0.0.1", "ESTABLISHED"), 31, 310),
        Flow(Packet("eth0", "tcp", 5858, "10.77.0.30", "ESTABLISHED"), 44, 420),
        Flow(Packet("eth0", "tcp", 5859, "10.77.0.30", "ESTABLISHED"), 38, 510),
        Flow(Packet("eth0", "tcp", 6379, "10.77.0.41"), 0.02, 60),
    ]


def _proxy(place: Place, now: float) -> None:
    place.files["/opt/gbo/logs/access.log"] = File(b"", 0o644, "caddy:caddy", now)
    place.files["/opt/gbo/conf/config"] = File(CADDYFILE.encode(), 0o644, "root:root", now - 8e5)
    caddy.start(place, now)
    caddy.storage(place, now)
    place.rules["ip"].table("filter")
    place.flows += [
        Flow(Packet("eth0", "tcp", 443, "198.51.100.7"), 160, 840),
        Flow(Packet("eth0", "tcp", 80, "198.51.100.9"), 9, 410),
        Flow(Packet("eth0", "tcp", 443, "203.0.113.7"), 3, 60),
        Flow(Packet("lo", "tcp", 2019, "127.0.0.1"), 0.5, 220),
    ]


def _host(place: Place) -> None:
    place.folders |= {"/usr/local/sbin", "/etc/systemd/system"}
    place.rules = {"ip": load(UFW), "ip6": load(UFW6)}
    for folder in ("", "multi-user.target.wants/"):
        name = f"/etc/systemd/system/{folder}lxd-forward.service"
        place.files[name] = File(FORWARD_UNIT.encode(), modified=place.units["ssh.service"].since)
    place.units["lxd-forward.service"] = FileUnit(
        "lxd-forward.service", since=place.units["ssh.service"].since, oneshot=True
    )
    ufw_tool.furnish(place, place.units["ssh.service"].since)
    furnish_host(place, place.units["ssh.service"].since)
    place.units["snap.lxd.daemon.service"] = Unit(
        "snap.lxd.daemon.service", since=place.units["ssh.service"].since
    )
    place.flows += [
        Flow(Packet("lo", "tcp", 8125, "127.0.0.1"), 4, 180),
        Flow(Packet("eth0", "tcp", 22, "198.51.100.2", "ESTABLISHED"), 6, 120),
        Flow(Packet("eth0", "tcp", 443, "198.51.100.7"), 11, 60),
        Flow(Packet("eth0", "tcp", 993, "198.51.100.31"), 1.2, 60),
        Flow(Packet("eth0", "tcp", 23, "203.0.113.9"), 0.3, 44),
        Flow(Packet("lxdbr0", "udp", 53, "10.77.0.50"), 2, 74),
    ]


def _flow(state: State, before: float, now: float) -> None:
    """Traffic since `before` through every INPUT chain; what is dropped comes back slower."""
    for place in state.places.values():
        for flow in place.flows:
            dropped = flow.packet.iface == "lo" and place.rules["ip"].judge(flow.packet, count=0) == "DROP"
            rate = 14.0 if dropped else flow.rate
            place.rules["ip"].judge(flow.packet, count=rate * (now - before), size=flow.size)
