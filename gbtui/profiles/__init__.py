"""The guide's constants as data: roles, ports, units, paths (TOML beside this file)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from gbtui.errors import BadInput
from gbtui.profiles.merge import merged
from gbtui.text import clean
from gbtui.toml_lines import TomlFile, read_toml

GUIDE = "guide"
WHAT = "profile"


@dataclass(frozen=True, slots=True)
class Role:
    """A container role. `exposed` are the ports it must offer to the world (`tcp:443`).

    `named` is what its instances are called in this layout: checks and operations know the role by `name`.
    """

    name: str
    purpose: str
    exposed: tuple[str, ...]
    privileged: bool
    named: str


@dataclass(frozen=True, slots=True)
class Service:
    """A unit in a role's container and the URL that proves it healthy from inside.

    `starts_after`: TCP ports inside that it looks for when it starts, and never again.
    """

    role: str
    name: str
    unit: str
    health: str
    starts_after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """How a role proves that it works: `kind` is http, process or command; one target suffices."""

    role: str
    kind: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """One layout of a production host.

    `vhost_floor` is the fewest vhosts the proxy may ever serve; 0 leaves it to what was learned
    (`gbtui.facts.proxy_floor`).
    Instances are named `<tenant>-<role>`, or by the role alone where it is not `prefixed`. `root` is where
    a container's own files are, `tenants` the host's folder of those that are mounted into them.
    `forwarding` is how ports reach a container: "devices" or "dnat". `runner_caches` are folders of
    the CI runner, each with the depth at which its entries lie: an entry is kept or removed whole;
    `runner_cache_limit` is what they may hold, in GiB. `closed_ports` of the release's role are for
    the container itself alone. `release_checkout` is the root repository's working tree on the host
    ("": none is looked at), `release_submodule` where in it the submodule lies.
    """

    id: str
    title: str
    roles: tuple[Role, ...]
    services: tuple[Service, ...]
    access_log: str
    proxy_config: str
    saved_rules: str
    cache_client: str
    cache_port: int
    ban_roles: tuple[str, ...]
    proxy_unit: str = "proxy.service"
    proxy_admin: str = "http://localhost:2019"
    proxy_storage: str = "/opt/gbo/data/caddy"
    vhost_floor: int = 0
    corefile: str = "/opt/gbo/conf/Corefile"
    dns_unit: str = "dns.service"
    vault_address: str = "https://127.0.0.1:8200"
    vault_keys: str = "/opt/gbo/bin/botserver-stack/conf/vault/init.json"
    runner_role: str = "alm-ci"
    runner_unit: str = "alm-ci-runner.service"
    runner_user: str = "gbuser"
    runner_caches: tuple[tuple[str, int], ...] = ()
    release_role: str = "system"
    release_folder: str = "/opt/gbo/bin"
    release_owner: str = "gbuser"
    release_branch: str = "main"
    release_remotes: tuple[str, ...] = ("origin", "alm")
    release_root_remote: str = "alm"
    prefixed: bool = True
    root: str = "/opt/gbo"
    tenants: str = "/opt/gbo/tenants"
    forwarding: str = "devices"
    host_os: str = "ubuntu"
    host_release: str = "24.04"
    lxd_group: str = "lxd"
    bridge: str = "lxdbr0"
    forward_unit: str = "lxd-forward.service"
    pool_warning: int = 80
    pool_error: int = 90
    held_share: int = 20
    rolling_hours: int = 36
    keep_days: int = 7
    probes: tuple[Probe, ...] = ()
    closed_ports: tuple[int, ...] = (6379, 9000, 9001)
    botserver_log: str = "/opt/gbo/logs/error.log"
    database_client: str = "/opt/gbo/bin/botserver-stack/bin/tables/bin/psql"
    database: str = "botserver"
    database_user: str = "gbuser"
    mail_greets: tuple[int, ...] = (25, 587)
    mail_log: str = "/opt/gbo/logs/email.log"
    flood_jail: str = "caddy-http-flood"
    flood_limits: tuple[int, int, int] = (100, 60, 3600)
    backup_within: int = 86400
    log_quiet: int = 21600
    runner_cache_limit: int = 32
    release_checkout: str = ""
    release_submodule: str = "botserver"

    def split(self, instance: str) -> tuple[str, str]:
        """(tenant, role) of an instance name; ("", "") where it fits no role, "" for a tenant not named."""
        if not self.prefixed:
            return "", next((role.name for role in self.roles if role.named == instance), "")
        for role in sorted(self.roles, key=lambda r: -len(r.named)):
            if instance.endswith(f"-{role.named}") and len(instance) > len(role.named) + 1:
                return instance[: -len(role.named) - 1], role.name
        return "", ""

    def instance(self, tenant: str, role: str) -> str:
        """The name of the instance that has a role (of one that is not known, by its own name)."""
        named = next((one.named for one in self.roles if one.name == role), role)
        return f"{tenant}-{named}" if self.prefixed else named

    def services_of(self, role: str) -> tuple[Service, ...]:
        return tuple(service for service in self.services if service.role == role)


def shipped() -> tuple[str, ...]:
    """The names of the profiles that come with gbtui."""
    names = (one.name for one in files(__package__).iterdir() if one.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml") for name in names))


def load(name: str = GUIDE) -> Profile:
    """The profile `name`: one that comes with gbtui, or the path of a file that overrides single values.

    Raises:
        BadInput: there is none, or it says something that is not understood (with file and line).
    """
    return _profile(_layered(name))


def _layered(name: str, above: tuple[str, ...] = ()) -> dict[str, Any]:
    """A profile's values, over those of its `base`; without one, the guide's."""
    file = _file(name)
    if name == GUIDE:
        return file.table
    base = file.table.get("base", GUIDE)
    if not isinstance(base, str) or base in (*above, name):
        raise file.error(("base",), "not another profile", f"one of {', '.join(shipped())}, or a path")
    return merged(_layered(base, (*above, name)), file, _file(GUIDE).table)


def _file(name: str) -> TomlFile:
    if name in shipped():
        return TomlFile((files(__package__) / f"{name}.toml").read_text("utf-8"), Path(f"{name}.toml"), WHAT)
    path = Path(name).expanduser()
    try:
        return read_toml(path, WHAT)
    except FileNotFoundError:
        hint = f"one of {', '.join(shipped())}, or the path of a TOML file"
        raise BadInput(f"{WHAT} {clean(name)!r}", why="there is none of that name", hint=hint) from None


def _role(name: str, table: dict[str, Any]) -> Role:
    exposed, privileged = tuple(table["exposed"]), table.get("privileged", False)
    return Role(name, table["purpose"], exposed, privileged, table.get("named", name))


def _service(table: dict[str, Any]) -> Service:
    return Service(**{**table, "starts_after": tuple(table.get("starts_after", ()))})


def _profile(table: dict[str, Any]) -> Profile:
    return Profile(
        id=table["id"],
        title=table["title"],
        prefixed=table["prefixed"],
        forwarding=table["forwarding"],
        root=table["layout"]["root"],
        tenants=table["layout"]["tenants"],
        host_os=table["host"]["os"],
        host_release=table["host"]["release"],
        lxd_group=table["host"]["lxd_group"],
        bridge=table["host"]["bridge"],
        forward_unit=table["host"]["forward_unit"],
        pool_warning=table["snapshots"]["pool_warning"],
        pool_error=table["snapshots"]["pool_error"],
        held_share=table["snapshots"]["held"],
        rolling_hours=table["snapshots"]["rolling_hours"],
        keep_days=table["snapshots"]["keep"],
        probes=tuple(Probe(one["role"], one["kind"], tuple(one["targets"])) for one in table["probes"]),
        roles=tuple(_role(name, role) for name, role in table["roles"].items()),
        services=tuple(_service(service) for service in table["services"]),
        access_log=table["proxy"]["access_log"],
        proxy_config=table["proxy"]["config"],
        saved_rules=table["firewall"]["saved_rules"],
        cache_client=table["cache"]["client"],
        cache_port=table["cache"]["port"],
        ban_roles=tuple(table["bans"]["roles"]),
        corefile=table["dns"]["corefile"],
        dns_unit=table["dns"]["unit"],
        vault_address=table["vault"]["address"],
        vault_keys=table["vault"]["keys"],
        proxy_unit=table["proxy"]["unit"],
        proxy_admin=table["proxy"]["admin"],
        proxy_storage=table["proxy"]["storage"],
        vhost_floor=table["proxy"]["vhost_floor"],
        runner_role=table["ci"]["role"],
        runner_unit=table["ci"]["unit"],
        runner_user=table["ci"]["user"],
        runner_caches=tuple((cache["path"], cache["depth"]) for cache in table["ci"]["caches"]),
        release_role=table["release"]["role"],
        release_folder=table["release"]["folder"],
        release_owner=table["release"]["owner"],
        release_branch=table["release"]["branch"],
        release_remotes=tuple(table["release"]["remotes"]),
        release_root_remote=table["release"]["root_remote"],
        closed_ports=tuple(table["firewall"]["closed_ports"]),
        botserver_log=table["release"]["log"],
        database_client=table["release"]["database_client"],
        database=table["release"]["database"],
        database_user=table["release"]["database_user"],
        mail_greets=tuple(table["mail"]["greets"]),
        mail_log=table["mail"]["log"],
        flood_jail=table["bans"]["flood_jail"],
        flood_limits=tuple(table["bans"]["flood_limits"]),
        backup_within=table["proxy"]["backup_within"],
        log_quiet=table["proxy"]["log_quiet"],
        runner_cache_limit=table["ci"]["cache_limit"],
        release_checkout=table["release"]["checkout"],
        release_submodule=table["release"]["submodule"],
    )
