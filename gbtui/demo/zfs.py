"""zfs and zpool on the simulated host: the reading half, in the tools' own columns.

What changes snapshots is in `gbtui.demo.zfs_change`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from gbtui.demo import zfs_change
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.demo.state import GIB, Dataset, State
from gbtui.demo.tenant import DAY, IMAGE

POOL = "default"
POOL_SIZE = 960 * GIB
DATASETS = f"{POOL}/containers"
_OTHER = ("buckets", "containers", "custom", "deleted", "images", "virtual-machines")


def snapshots(now: float) -> list[Dataset]:
    """Seven days of rolling raw snapshots of every container, LXD's own, a huge and a held one."""
    image = Dataset(f"{POOL}/images/{IMAGE}", "readonly", 0, 612 * 1024 * 1024, now - 212 * DAY)
    image.properties["clones"] = ",".join(f"{DATASETS}/acme-{role}" for role in ("proxy", "system"))
    found = [image]
    sizes = {
        "proxy": (38, 0.9), "system": (410, 18), "alm": (120, 9), "alm-ci": (2900, 74), "email": (640, 22),
        "dns": (2, 0.4), "drive": (1900, 96), "tables": (1100, 31), "table-editor": (45, 2),
        "webmail": (9, 1),
    }  # fmt: skip
    newest = now - (now - 3 * 3600) % DAY
    for role, (daily, refer) in sizes.items():
        dataset = f"{DATASETS}/acme-{role}"
        for ago in range(7 if role == "alm-ci" else 6, -1, -1):
            at = newest - ago * DAY
            used = int(daily * 1024 * 1024 * (0.55 + 0.13 * ((ago * 5 + len(role)) % 7)))
            if role == "alm-ci" and ago == 7:
                used = int(61.2 * GIB)
            shared = used // 4 if ago else 0
            found.append(Dataset(dataset, f"daily-{_day(at)}", used, int(refer * GIB), at, shared=shared))
    system, tables = f"{DATASETS}/acme-system", f"{DATASETS}/acme-tables"
    found += [
        Dataset(system, "snapshot-pre-upgrade", int(4.7 * GIB), 16 * GIB, now - 33 * DAY),
        Dataset(tables, "snapshot-pre-upgrade", int(7.9 * GIB), 27 * GIB, now - 33 * DAY),
        Dataset(system, "before-migration", int(2.1 * GIB), 17 * GIB, now - 58 * DAY),
    ]
    held = next(
        row for row in found if row.dataset == system and row.name == f"daily-{_day(newest - 2 * DAY)}"
    )
    held.holds.append(("keep", newest - 2 * DAY + 600))
    return sorted(found, key=lambda row: (row.dataset, row.created))


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def zfs(call: Call) -> Answer:
    """`zfs list|holds|version …`, and what `gbtui.demo.zfs_change` does."""
    words = list(call.arguments)
    if words and words[0] in zfs_change.VERBS:
        return zfs_change.VERBS[words[0]](call, words[1:])
    if words[:1] == ["list"]:
        return _list(call.state, words[1:])
    if words[:1] == ["holds"]:
        return _holds(call.state, words[1:])
    if words[:1] in (["version"], ["--version"]):
        return said("zfs-2.2.2-0ubuntu9.1\nzfs-kmod-2.2.2-0ubuntu9.1")
    if not words:
        return failed(
            2, "missing command\nusage: zfs command args ...\nwhere 'command' is one of the following:"
        )
    hint = "usage: zfs command args ...\nwhere 'command' is one of the following:"
    return failed(2, f"unrecognized command '{words[0]}'\n{hint}")


def zpool(call: Call) -> Answer:
    """`zpool list [-Hp] [-o …]` and `zpool status [-x]`."""
    words = list(call.arguments)
    if words[:1] == ["status"]:
        well = call.state.pool_health == "ONLINE"
        return said("all pools are healthy" if "-x" in words and well else _status(call.state))
    options, names = _options(words[1:], ("-o", "-T"))
    unknown = next((name for name in names if name != POOL), None)
    if words[:1] != ["list"] or unknown:
        return failed(1, f"cannot open '{unknown}': no such pool")
    allocated = int(sum(row.used + row.shared for row in call.state.snapshots) + 0.55 * POOL_SIZE)
    allocated = min(allocated + call.state.pool_more, POOL_SIZE)
    numbers = {"size": POOL_SIZE, "allocated": allocated, "free": POOL_SIZE - allocated}
    exact = "p" in options.get("flags", "")
    values = {name: str(value) if exact else _human(value) for name, value in numbers.items()}
    percent = "" if exact else "%"
    values |= {"name": POOL, "health": call.state.pool_health}
    values["capacity"] = f"{allocated * 100 // POOL_SIZE}{percent}"
    values["freeing"] = "0"
    values |= {"fragmentation": f"11{percent}", "dedupratio": "1.00" if exact else "1.00x"}
    values |= {"alloc": values["allocated"], "cap": values["capacity"], "frag": values["fragmentation"]}
    default = "name,size,alloc,free,checkpoint,expandsize,frag,cap,dedupratio,health,altroot"
    columns = options.get("-o", default).split(",")
    known = {*values, "checkpoint", "expandsize", "altroot"}
    bad = next((name for name in columns if name not in known), None)
    if bad:
        return failed(2, f"bad property list: invalid property '{bad}'")
    return said(_table(columns, [[values.get(name, "-") for name in columns]], options))


_STATUS = f"""  pool: {POOL}
 state: ONLINE
config:

\tNAME        STATE     READ WRITE CKSUM
\t{POOL}     ONLINE       0     0     0
\t  nvme0n1p4 ONLINE       0     0     0

errors: No known data errors"""


def _status(state: State) -> str:
    """What a pool says of itself: of one that has lost a disk, what to do."""
    if state.pool_health == "ONLINE":
        return _STATUS
    lost = f""" state: {state.pool_health}
status: One or more devices could not be used because the label is missing or
\tinvalid.  Sufficient replicas exist for the pool to continue
\tfunctioning in a degraded state.
action: Replace the device using 'zpool replace'."""
    return _STATUS.replace(" state: ONLINE", lost, 1)


def _options(words: list[str], valued: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """Options with values, all single-letter flags under "flags", and the names."""
    options, names = {"flags": ""}, list[str]()
    while words:
        word = words.pop(0)
        if word == "--":
            names += words
            break
        if word in valued and words:
            options[word] = words.pop(0)
        elif word.startswith("-"):
            options["flags"] += word[1:]
        else:
            names.append(word)
    return options, names


def _list(state: State, words: list[str]) -> Answer:
    options, names = _options(words, ("-t", "-o", "-s", "-S", "-d"))
    kinds = options.get("-t", "filesystem").split(",")
    rows = [*_filesystems(state)] if {"filesystem", "all"} & set(kinds) else []
    if {"snapshot", "snap", "all"} & set(kinds):
        rows += state.snapshots
    absent = [name for name in names if name not in _known(state)]
    if names:
        deep = "r" in options["flags"] or options.get("-d", "1") not in ("0", "1")
        near = "-d" in options or kinds == ["snapshot"]
        rows = [row for row in rows if any(_under(row, name, deep=deep, near=near) for name in names)]
    columns = options.get("-o", "name,used,avail,refer,mountpoint").split(",")
    bad = next((column for column in columns if column not in _COLUMNS), None)
    if bad:
        return failed(2, f"bad property list: invalid property '{bad}'")
    exact = "p" in options["flags"]
    words_ = "\n".join(f"cannot open '{name}': dataset does not exist" for name in absent)
    if not rows:
        none = "" if "H" in options["flags"] else "no datasets available"
        return failed(1, words_) if absent else failed(0, none)
    table = _table(columns, [[_COLUMNS[c](row, exact) for c in columns] for row in rows], options)
    return failed(1, words_, stdout=table) if absent else said(table)


def _under(row: Dataset, name: str, *, deep: bool, near: bool) -> bool:
    """Whether a row is listed for a name: itself, its snapshots (`near`), everything below (`deep`)."""
    full = f"{row.dataset}@{row.name}" if row.name else row.dataset
    if full == name or (deep and full.startswith((f"{name}/", f"{name}@"))):
        return True
    return near and row.name != "" and row.dataset == name


def _known(state: State) -> set[str]:
    """Every name that can be opened: filesystems and snapshots."""
    rows = [*_filesystems(state), *state.snapshots]
    return {row.dataset for row in rows} | {f"{row.dataset}@{row.name}" for row in rows if row.name}


def _filesystems(state: State) -> list[Dataset]:
    first = min(row.created for row in state.snapshots)
    containers = sum(instance.disk for instance in state.instances.values())
    rows = [Dataset(POOL, "", containers, 24576, first)]
    rows += [Dataset(f"{POOL}/{name}", "", 24576, 24576, first) for name in _OTHER]
    for instance in state.instances.values():
        dataset = f"{DATASETS}/{instance.name}"
        held = sum(row.used + row.shared for row in state.snapshots if row.dataset == dataset)
        rows.append(Dataset(dataset, "", instance.disk, instance.disk, instance.created, shared=held))
    return sorted(rows, key=lambda row: row.dataset)


def _size(value: int, exact: bool) -> str:
    return str(value) if exact else _human(value)


_COLUMNS: dict[str, Callable[[Dataset, bool], str]] = {
    "name": lambda row, _: f"{row.dataset}@{row.name}" if row.name else row.dataset,
    "used": lambda row, exact: _size(row.used, exact),
    "refer": lambda row, exact: _size(row.refer, exact),
    "referenced": lambda row, exact: _size(row.refer, exact),
    "avail": lambda row, exact: "-" if row.name else _size(POOL_SIZE // 3, exact),
    "mountpoint": lambda row, _: "-" if row.name else "legacy",
    "type": lambda row, _: "snapshot" if row.name else "filesystem",
    "creation": lambda row, exact: str(int(row.created)) if exact else _date(row.created),
    "userrefs": lambda row, _: str(len(row.holds)) if row.name else "-",
    "written": lambda row, exact: _size(row.used, exact),
    "clones": lambda row, _: row.properties.get("clones", "-"),
    "guid": lambda row, _: str(row.guid),
    "createtxg": lambda row, _: str(int(row.created) // 5),
    "available": lambda row, exact: "-" if row.name else _size(POOL_SIZE // 3, exact),
    "defer_destroy": lambda row, _: "off" if row.name else "-",
    "origin": lambda row, _: "-",
    "usedbysnapshots": lambda row, exact: "-" if row.name else _size(row.shared, exact),
}


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%a %b %e %H:%M %Y")


def _human(value: int) -> str:
    """A size as ZFS shortens it: three figures, no space."""
    power = min(max(value.bit_length() - 1, 0) // 10, 4)
    if power == 0:
        return f"{value}B"
    return f"{value / 1024**power:.2f}"[:4].rstrip(".") + " KMGT"[power]


def _holds(state: State, words: list[str]) -> Answer:
    options, names = _options(words, ())
    rows = []
    for name in names:
        found = next((row for row in state.snapshots if f"{row.dataset}@{row.name}" == name), None)
        if found is None:
            return failed(1, f"cannot open '{name}': dataset does not exist")
        for tag, at in found.holds:
            rows.append([name, tag, str(int(at)) if "p" in options["flags"] else _date(at)])
    if not rows:
        return said()
    return said(_table(["name", "tag", "timestamp"], rows, options))


def _table(columns: list[str], rows: list[list[str]], options: dict[str, str]) -> str:
    if "H" in options["flags"]:
        return "\n".join("\t".join(row) for row in rows)
    short = {"checkpoint": "CKPOINT", "expandsize": "EXPANDSZ", "dedupratio": "DEDUP", "referenced": "REFER"}
    heads = [short.get(name, name.upper()) for name in columns]
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(columns))]
    left = {"name", "mountpoint", "tag", "timestamp", "health", "type"}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for cell, width, column in zip(row, widths, columns, strict=True)
        ).rstrip()
        for row in [heads, *rows]
    )
