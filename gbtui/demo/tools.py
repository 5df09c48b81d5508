"""Which fake answers which program, and the wrappers a command may stand behind (sudo, timeout)."""

from __future__ import annotations

from dataclasses import replace

from gbtui.demo import (
    caddy,
    ci_keys,
    database,
    dns,
    fail2ban,
    files,
    iptables,
    lxc,
    network,
    nft,
    resolver,
    restore,
    scripts,
    services,
    sockets,
    syslog,
    systemd,
    ufw_tool,
    vault,
    zfs,
)
from gbtui.demo.call import Answer, Call, Tool, failed, not_found, said

CACHE_CLIENT = "/opt/gbo/bin/botserver-stack/bin/cache/bin/valkey-cli"
DATABASE_CLIENT = "/opt/gbo/bin/botserver-stack/bin/tables/bin/psql"


def _identity(call: Call) -> Answer:
    return said("0" if call.root else "1000")


def _true(_: Call) -> Answer:
    return said()


def _false(_: Call) -> Answer:
    return Answer(1)


def _echo(call: Call) -> Answer:
    return Answer(0, " ".join(call.arguments).encode() + b"\n")


def _sleep(call: Call) -> Answer:
    return said(takes=float(call.arguments[0]))


def _hostname(call: Call) -> Answer:
    return said("acme-host" if call.place is call.state.host else call.place.name)


def _whoami(call: Call) -> Answer:
    return said("root" if call.root else "ops")


TOOLS: dict[str, Tool] = {
    "logger": syslog.logger,
    "journalctl": syslog.journalctl,
    "iptables": iptables.iptables,
    "ip6tables": iptables.iptables,
    "iptables-save": iptables.save,
    "ip6tables-save": iptables.save,
    "iptables-restore": restore.restore,
    "ip6tables-restore": restore.restore,
    "nft": nft.nft,
    "ufw": ufw_tool.ufw,
    "zfs": zfs.zfs,
    "zpool": zfs.zpool,
    "fail2ban-client": fail2ban.client,
    "systemctl": systemd.systemctl,
    "systemd-run": systemd.systemd_run,
    "lxc": lxc.lxc,
    "pkill": dns.pkill,
    "chmod": vault.change_mode,
    "chown": vault.change_owner,
    "git": vault.git,
    "ss": sockets.ss,
    "valkey-cli": services.valkey_cli,
    "pg_isready": services.pg_isready,
    "psql": database.psql,
    "curl": services.curl,
    "caddy": caddy.caddy,
    "getent": resolver.getent,
    "runuser": ci_keys.as_user,
    "sh": scripts.shell,
    "cat": files.cat,
    "tail": files.tail,
    "test": files.test,
    "[": files.test,
    "sha256sum": files.sha256sum,
    "stat": files.stat,
    "date": files.date,
    "ls": files.ls,
    "rm": files.remove,
    "rmdir": files.remove_folder,
    "mkdir": files.make_folder,
    "mv": files.move,
    "cp": files.move,
    "grep": files.grep,
    "ip": network.ip,
    "who": network.who,
    "printenv": network.printenv,
    "id": _identity,
    "hostname": _hostname,
    "whoami": _whoami,
    "echo": _echo,
    "sleep": _sleep,
    "true": _true,
    "false": _false,
}
#: Programs that only some places have (the host has those of its own).
_ONLY = {
    "caddy": {"acme-proxy"},
    "valkey-cli": {"acme-system"},
    "psql": {"acme-system"},
    "zfs": {"host"},
    "ufw": {"host"},
    "zpool": {"host"},
    "lxc": {"host"},
    "pg_isready": {"acme-system", "acme-tables"},
}


def installed(call: Call) -> Tool | None:
    """The fake behind `argv[0]` at its place; None where no such program is installed."""
    path = call.argv[0]
    name = path.rsplit("/", 1)[-1]
    if name in call.place.missing or call.place.name not in _ONLY.get(name, {call.place.name}):
        return None
    if path.startswith("/opt/") and path not in (CACHE_CLIENT, DATABASE_CLIENT):
        return None
    return TOOLS.get(name)


def answer(call: Call) -> Answer:
    """What the host answers to a command line."""
    argv = call.argv
    if not argv:
        return failed(2, "no command")
    if argv[0] == "sudo":
        rest = argv[1:]
        while rest and rest[0] in ("-n", "--"):
            rest = rest[1:]
        inner = replace(call, argv=rest, root=True)
        if installed(inner) is None and rest[:1] not in (("timeout",), ("env",)):
            return failed(1, f"sudo: {rest[0] if rest else ''}: command not found")
        return answer(inner)
    if argv[0] == "timeout":
        return _bounded(call)
    tool = installed(call)
    if tool is not None:
        return tool(call)
    if call.place is call.state.host:
        return not_found(argv[0])
    return failed(1, "Error: Command not found")


def _bounded(call: Call) -> Answer:
    """`timeout [-k S] SECONDS PROGRAM …`: 124 when its time is up."""
    words = list(call.arguments)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in ("-k", "-s") and words:
            words.pop(0)
    seconds = float(words.pop(0).rstrip("s")) if words else 0.0
    inner = replace(call, argv=tuple(words))
    if words and installed(inner) is None and words[0] not in ("timeout", "sudo"):
        return failed(127, f"timeout: failed to run command ‘{words[0]}’: No such file or directory")
    found = answer(inner)
    if seconds and found.takes > seconds:
        return replace(found, status=124, takes=seconds)
    return found
