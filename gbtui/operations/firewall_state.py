"""What the firewall operations look at, in one round trip: rules of both families, saved files, boot."""

from __future__ import annotations

from dataclasses import dataclass

from gbtui.facts.failure import absent, failure
from gbtui.facts.firewall_boot import PERSISTENT, names, path6, restored_by
from gbtui.facts.firewall_parse import Tables, parse_save
from gbtui.facts.firewall_saved import is_others, saved_text
from gbtui.facts.firewall_types import Chain, Rule
from gbtui.guard.execute import holds_file
from gbtui.guard.plan import Exec, Replace, Step, Verdict
from gbtui.hosts.base import Command, Completed
from gbtui.operations.base import Context, Guard
from gbtui.operations.peers import peers
from gbtui.operations.running import runs

HOST = "host"
BOOT = Guard("survives-reboot", "the saved rules are restored at the next boot", (34, 67))
_PER_FAMILY = 3


@dataclass(frozen=True, slots=True)
class Family:
    """One address family of a place. `output` is iptables-save's, None where its program is not there.

    `file` is what is saved for the next boot (None: nothing), `restores` what brings it back ("").
    """

    name: str
    output: bytes | None
    running: Tables
    path: str
    file: bytes | None
    restores: str

    @property
    def program(self) -> str:
        """`iptables` or `ip6tables`."""
        return "iptables" if self.name == "ip" else "ip6tables"

    @property
    def label(self) -> str:
        """For people."""
        return "IPv4" if self.name == "ip" else "IPv6"

    def chain(self, table: str, name: str) -> Chain | None:
        """One chain, None where there is none: a table that nobody has used has none."""
        return next((c for c in self.running.chains if (c.table, c.chain) == (table, name)), None)

    def rules(self, table: str, chain: str) -> tuple[Rule, ...]:
        """The rules of one chain."""
        found = self.chain(table, chain)
        return found.rules if found is not None else ()

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables in use, filter always among them."""
        return tuple(dict.fromkeys(["filter", *(c.table for c in self.running.chains)]))


@dataclass(frozen=True, slots=True)
class Rules:
    """A place's rules. `folder` is whether the saved files' folder exists, `ufw` whether ufw is active."""

    where: str
    ip: Family
    ip6: Family
    folder: bool
    ufw: bool

    @property
    def families(self) -> tuple[Family, ...]:
        """Those whose program is there."""
        return tuple(one for one in (self.ip, self.ip6) if one.output is not None)


async def there(context: Context, where: str) -> tuple[Verdict, ...]:
    """The first guard: a container must run; the host does."""
    return () if where == HOST else (await runs(context, where),)


async def read_rules(context: Context, where: str) -> Rules:
    """Look at `where`, "host" or a running container.

    Raises:
        MissingTool: no iptables there. Failed: its rules or a saved file could not be read.
    """
    path, root = context.profile.saved_rules, where == HOST
    asked: list[tuple[str, ...]] = []
    for program, file in (("iptables", path), ("ip6tables", path6(path))):
        asked += [(f"{program}-save",), ("test", "-e", file), ("cat", "--", file)]
        asked.append(names(file))
    asked.append(("test", "-d", path.rpartition("/")[0]))
    asked.append(PERSISTENT)
    asked.append(("ufw", "status"))
    commands = tuple(Command(argv, root=root) for argv in asked)
    done = await context.host.run_many(commands, instance=None if root else where)
    folder, persistent, ufw = done[-3:]
    ip = _family("ip", path, where, done[:4], persistent)
    if ip.output is None:
        raise failure(done[0], f"firewall rules of {where}")
    ip6 = _family("ip6", path6(path), where, done[4:8], persistent)
    return Rules(where, ip, ip6, folder.ok, ufw.ok and b"Status: active" in ufw.stdout)


def _family(name: str, path: str, where: str, done: tuple[Completed, ...], persistent: Completed) -> Family:
    save, exists, file, places = done
    if not save.ok and not absent(save) and name == "ip":
        raise failure(save, f"firewall rules of {where}")
    if exists.ok and not file.ok:
        raise failure(file, path)
    output = save.stdout if save.ok else None
    running = parse_save(output or b"", where, name)
    saved = file.stdout if exists.ok else None
    return Family(name, output, running, path, saved, restored_by(places, persistent))


def facts(rules: Rules) -> list[tuple[str, Exec]]:
    """What a plan on these rules rests on: each chain that is ours (bans come and go), and the files; on
    the host who is logged in, too."""
    asked = [peers()] if rules.where == HOST else []
    for family in rules.families:
        for table in family.tables:
            chains = [c.chain for c in family.running.chains if c.table == table]
            ours = [chain for chain in chains if not is_others(chain, "")]
            for chain in [""] if ours == chains else ours:
                argv = (family.program, "-w", "-t", table, "-S", *((chain,) if chain else ()))
                asked.append((f"{family.label} rules, {table} {chain}".rstrip(), Exec(rules.where, argv)))
        asked.append((family.path, Exec(rules.where, ("sha256sum", "--", family.path))))
    return asked


def save_step(context: Context, rules: Rules, family: Family, after: bytes, *, armed: bool = True) -> Step:
    """`after` as the family's saved file, the one before kept as a backup (R6)."""
    stamp = f"{context.now():%Y%m%d%H%M%S}"
    backup = f"{family.path}.bak-{stamp}" if family.file is not None else ""
    undo = (
        Replace(rules.where, family.path, after, family.file, "")
        if family.file is not None
        else Exec(rules.where, ("rm", "-f", "--", family.path))
    )
    return Step(
        title=f"Save the {family.label} rules in {family.path}",
        does=Replace(rules.where, family.path, family.file, after, backup),
        done=holds_file(rules.where, family.path, after, new=family.file is None),
        undo=(undo,),
        armed=armed,
    )


def own_text(family: Family) -> bytes:
    """What would be saved of the running rules."""
    return saved_text(family.output or b"")


def boot(rules: Rules, families: tuple[Family, ...]) -> Verdict:
    """Whether what is saved comes back at the next boot."""
    if not rules.folder:
        folder = rules.ip.path.rpartition("/")[0]
        return BOOT.warn(
            f"{folder} does not exist: not saved, and gone at the next boot (firewall.save makes it)"
        )
    lost = [family.path for family in families if not family.restores]
    if lost:
        return BOOT.warn(
            f"nothing restores {' and '.join(lost)} at boot: saved, and not in force after a reboot"
        )
    return BOOT.allow("; ".join(f"{family.restores} restores {family.path}" for family in families))
