"""The fixed scripts of the snapshots' operations: identity is compared and used in one go on the host.

They run as `("sh", "-c", SCRIPT, NAME, *arguments)`, arguments never part of the text (R9). KEY is a
ZFS property that tells a snapshot from another of its name: `guid`, or the mark set when taking it.

    gbtui-snapshot-state FULL KEY VALUE      "there" · "other" (that name, not that snapshot) · "gone"
    gbtui-snapshot-destroy FULL KEY VALUE    destroys FULL while it is that snapshot; 76 when it is not
    gbtui-snapshot-rename OLD NEW GUID       renames OLD while it has GUID; 76 when it has not
    gbtui-snapshot-delete INSTANCE/NAME FULL GUID
                                             has LXD delete it while FULL has GUID or is gone, else 76
    gbtui-snapshot-both INSTANCE NAME FULL GUID
                                             "there" · "gone": "gone" when neither side has it
    gbtui-snapshots-left DATASET GUID…       those still listed, then "listed"

A name is taken for gone only when ZFS says so while its pool (for a deletion: its dataset) answers:
a pool that is not imported, or a module that is not loaded, is "could not look" (exit status 1).
"""

from __future__ import annotations

from gbtui.facts.snapshots_types import Pool
from gbtui.guard.plan import Exec, Probe

STATE = """
if said=$(LC_ALL=C zfs get -Hp -o value -- "$2" "$1" 2>&1); then
  if [ "$said" = "$3" ]; then echo there; else echo other; fi; exit 0
fi
case $said in *"does not exist"*) ;; *) echo "$said" >&2; exit 1;; esac
zfs list -H -o name -- "${1%%[/@]*}" >/dev/null && echo gone
"""

DESTROY = """
case $1 in *?@?*) [ "$(zfs get -Hp -o value -- "$2" "$1")" = "$3" ] && exec zfs destroy -- "$1";; esac
echo "$1 is not the snapshot planned" >&2; exit 76
"""

RENAME = """
[ "$(zfs get -Hp -o value guid "$1")" = "$3" ] && exec zfs rename -- "$1" "$2"
echo "$1 is not the snapshot planned" >&2; exit 76
"""

#: With "-" as GUID only a record whose dataset is gone is deleted: no snapshot has that guid.
DELETE = """
listed=$(zfs list -H -d 1 -t snapshot -o name,guid -- "${2%%@*}") || exit 1
guid=$(echo "$listed" | grep -F "$2	" | cut -f 2)
case $guid in "$3"|"") exec lxc delete -- "$1";; esac
echo "$2 is not the snapshot planned" >&2; exit 76
"""

BOTH = """
listed=$(zfs list -H -d 1 -t snapshot -o name,guid -- "${3%%@*}") || exit 1
records=$(lxc query "/1.0/instances/$1/snapshots") || exit 1
if echo "$listed" | grep -qxF "$3	$4"; then echo there; exit 0; fi
case $records in *"/snapshots/$2\\""*) echo there;; *) echo gone;; esac
"""

LEFT = """
listed=$(zfs list -H -d 1 -t snapshot -o guid,name -- "$1") || exit 1
shift; for guid; do echo "$listed" | grep "^$guid	"; done; echo listed
"""


def state(full: str, key: str, value: str, wanted: str, title: str) -> Probe:
    """The probe that the snapshot stands as `wanted` ("there", or "gone": it may be another now)."""
    run = Exec("host", ("sh", "-c", STATE, "gbtui-snapshot-state", full, key, value))
    if wanted == "gone":
        return Probe(title, run, "stdout", "there", negate=True)
    return Probe(title, run, "stdout", wanted)


def destroy(full: str, key: str, value: str, timeout: float = 120.0) -> Exec:
    """Destroy the snapshot while its `key` is `value`."""
    return Exec("host", ("sh", "-c", DESTROY, "gbtui-snapshot-destroy", full, key, value), timeout)


def rename(old: str, new: str, guid: str) -> Exec:
    """Rename the snapshot while it has `guid`."""
    return Exec("host", ("sh", "-c", RENAME, "gbtui-snapshot-rename", old, new, guid))


def delete(instance: str, name: str, full: str, guid: str) -> Exec:
    """Have LXD delete its snapshot while `full` has `guid` or is gone."""
    argv = ("sh", "-c", DELETE, "gbtui-snapshot-delete", f"{instance}/{name}", full, guid)
    return Exec("host", argv, 180.0)


def records_of(instance: str) -> Exec:
    """LXD's own list of the snapshots of an instance, as names."""
    return Exec("host", ("lxc", "query", f"/1.0/instances/{instance}/snapshots"))


def row_gone(instance: str, name: str) -> Probe:
    """The probe that LXD, asked again, has no record of it."""
    title = f"LXD lists no {instance}/{name}"
    return Probe(title, records_of(instance), "contains", f'/snapshots/{name}"', negate=True)


def both_gone(instance: str, name: str, full: str, guid: str) -> Probe:
    """The probe that neither ZFS nor LXD has it."""
    run = Exec("host", ("sh", "-c", BOTH, "gbtui-snapshot-both", instance, name, full, guid))
    return Probe(f"neither LXD nor ZFS has {instance}/{name}", run, "stdout", "gone")


def none_left(dataset: str, guids: tuple[str, ...]) -> Probe:
    """The probe that the dataset, listed again, has none of these snapshots."""
    run = Exec("host", ("sh", "-c", LEFT, "gbtui-snapshots-left", dataset, *guids), 60.0)
    return Probe(f"{dataset} listed again has none of them", run, "stdout", "listed")


def free_now(pool: Pool) -> Probe:
    """Reads what is free afterwards into the record. It always holds: space may come back later."""
    run = Exec("host", ("zpool", "list", "-Hp", "-o", "name,free,freeing", pool.name))
    return Probe(f"free space of {pool.name}, {pool.free} bytes before", run, "status", "0")
