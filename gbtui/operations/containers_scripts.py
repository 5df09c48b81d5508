"""The fixed scripts of operations on containers; arguments are positional and never part of the text.

gbtui-device NAME DEVICE KEY     the value of a device's KEY, "none" where there is no such device
gbtui-listens PORT…              "all" when something listens on each TCP port, else the first that lacks
gbtui-works KIND BIN TARGET…     ends well where one target of the role's probe works, or where nothing there
                                 can ask any; prints what each said (`ROLE_ANSWERS`)
gbtui-writable FOLDER            "writable" when a file can be made and removed in FOLDER and in each
                                 folder in it; else what could not be written
gbtui-room DATASET SNAP FOLDER   bytes written to DATASET since SNAP, and bytes free at FOLDER
gbtui-restore NAME SNAP DATASET FILE MARK RUNS
                                 stops NAME cleanly, keeps in FILE what was written since SNAP (not for
                                 an empty FILE), has LXD put SNAP back, starts NAME where RUNS is yes
gbtui-restored DATASET SNAP MARK "restored" or "not"
gbtui-unrestore NAME SNAP DATASET FILE MARK RUNS
                                 the way back: applies FILE on top of SNAP
"""

from __future__ import annotations

from collections.abc import Sequence

from gbtui.facts.containers_listen import sockets
from gbtui.facts.containers_role import ROLE_ANSWERS
from gbtui.guard.plan import Exec, Probe
from gbtui.profiles import Probe as RoleProbe

ABSENT = "absent"

DEVICE = """
names=$(lxc config device list "$1") || exit 1
printf '%s\\n' "$names" | grep -qxF -- "$2" || { echo absent; exit 0; }
lxc config device get "$1" "$2" "$3"
"""

#: Without ss the kernel's own table is read: what listens has state 0A.
LISTENS = """
seen() {
  if command -v ss >/dev/null 2>&1; then ss -Hltn "sport = :$1"; return; fi
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    grep -E "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F]+:[0-9A-F]{4} 0A " || :
}
for port; do
  found=$(seen "$port") || exit 1
  [ -n "$found" ] || { echo "nothing listens on $port"; exit 0; }
done
echo all
"""

WORKS = f"""
answers() {{ {ROLE_ANSWERS} }}
said=$(answers "$@"); printf '%s\\n' "$said"
tab=$(printf '\\t')
has() {{ printf '%s\\n' "$said" | grep -q "$@"; }}
has "${{tab}}0${{tab}}" || ! has -v "${{tab}}127${{tab}}"
"""

WRITABLE = """
for folder in "$1" "$1"/*/; do
  [ -d "$folder" ] || continue
  new=$(mktemp "${folder%/}/.gbtui-XXXXXXXX" 2>/dev/null) && rm -f -- "$new" ||
    { echo "not: $folder"; exit 0; }
done
if [ -d "$1" ]; then echo writable; else echo "not there: $1"; fi
"""

ROOM = """
written=$(zfs get -Hp -o value "written@$2" "$1") || exit 1
while ! [ -d "$3" ]; do set -- "$1" "$2" "$(dirname "$3")"; done
echo "$written $(df --output=avail -B1 -- "$3" | tail -n 1 | tr -d ' ')"
"""

#: The newest snapshot is looked at before anything is touched: ZFS rolls back to no other. A restore
#: that failed after its rollback is marked done and left stopped: undoing it puts everything back.
RESTORE = """
name=$1 snap=$2 dataset=$3 file=$4 mark=$5 runs=$6 keep=$3@gbtui-$5
newest() { zfs list -H -o name -s createtxg -t snapshot -d 1 "$dataset" | tail -n 1; }
again() { if [ "$runs" = yes ]; then lxc start "$name"; fi; }
[ "$(newest)" = "$dataset@snapshot-$snap" ] || { echo "$(newest) is newer and in the way" >&2; exit 1; }
if [ "$runs" = yes ]; then lxc stop "$name" --timeout 60 || exit 1; fi
if [ -n "$file" ]; then
  umask 077; mkdir -p -- "$(dirname "$file")" &&
  zfs snapshot "$keep" && zfs send -i "@snapshot-$snap" "$keep" >"$file.new" && sync -- "$file.new" &&
  mv -f -T -- "$file.new" "$file" && zfs destroy "$keep" ||
    { zfs destroy "$keep"; rm -f -- "$file.new"; again; exit 1; }
fi
zfs set "gbtui:restored=$mark begun" "$dataset" || { again; exit 1; }
if lxc restore "$name" "$snap"; then zfs set "gbtui:restored=$mark done" "$dataset"; again; exit; fi
if [ -n "$file" ] && [ "$(zfs get -Hp -o value "written@snapshot-$snap" "$dataset")" = 0 ]; then
  zfs set "gbtui:restored=$mark done" "$dataset"; exit 1
fi
zfs inherit gbtui:restored "$dataset"; if [ -n "$file" ]; then rm -f -- "$file"; fi
again; exit 1
"""

RESTORED = """
mark=$(zfs get -H -o value gbtui:restored "$1") || exit 1
written=$(zfs get -Hp -o value "written@snapshot-$2" "$1") || exit 1
case $mark in
  "$3 done") echo restored ;;
  "$3 begun") if [ "$written" = 0 ]; then echo restored; else echo not; fi ;;
  *) echo not ;;
esac
"""

UNRESTORE = r"""
name=$1 snap=$2 dataset=$3 file=$4 mark=$5 runs=$6
newest() { zfs list -H -o name -s createtxg -t snapshot -d 1 "$dataset" | tail -n 1; }
again() { if [ "$runs" = yes ]; then lxc start "$name"; fi; }
state=$(lxc list --format csv -c s "^$name\$") || exit 1
[ "$(newest)" = "$dataset@snapshot-$snap" ] || { echo "$(newest) is newer and in the way" >&2; exit 1; }
[ -s "$file" ] || { echo "$file is not there" >&2; exit 1; }
if [ "$state" = RUNNING ]; then runs=yes; lxc stop "$name" --timeout 60 || exit 1; fi
zfs receive -F "$dataset" <"$file" || { again; exit 1; }
zfs inherit gbtui:restored "$dataset" && zfs destroy "$dataset@gbtui-$mark" && rm -f -- "$file"
again
"""


def run(where: str, name: str, text: str, *arguments: str, timeout: float = 30.0) -> Exec:
    """`text` at `where`, known by `name` (its `$0`)."""
    return Exec(where, ("sh", "-c", text, name, *arguments), timeout)


def device(instance: str, name: str, key: str, value: str) -> Probe:
    """The instance has that device with that value of one key; `ABSENT`: it has no such device."""
    asked = run("host", "gbtui-device", DEVICE, instance, name, key)
    title = f"{instance} has no device {name}" if value == ABSENT else f"device {name} has {key} {value}"
    return Probe(title, asked, "stdout", value)


def listens(where: str, ports: Sequence[int]) -> Probe:
    """Something inside listens on each of the TCP ports."""
    words = tuple(str(port) for port in ports)
    title = f"{where} listens on {', '.join(words)}"
    return Probe(title, run(where, "gbtui-listens", LISTENS, *words), "stdout", "all")


def works(where: str, probe: RoleProbe, programs: str) -> Probe:
    """The role does what it is for, asked inside as the checks ask it."""
    asked = run(where, "gbtui-works", WORKS, probe.kind, programs, *probe.targets, timeout=10.0)
    return Probe(f"{where} does its work ({probe.role})", asked, "status", "0")


def writable(where: str, folder: str) -> Probe:
    """A file can be made and removed in a folder and the folders in it."""
    asked = run(where, "gbtui-writable", WRITABLE, folder)
    return Probe(f"{folder} is writable inside {where}", asked, "stdout", "writable")


def ports_in(data: bytes) -> set[int]:
    """TCP ports in `ss -Hltn`."""
    return {socket.port for socket in sockets(data, "tcp")}


def room(dataset: str, snapshot: str, folder: str) -> Exec:
    """Bytes written since one of LXD's snapshots, and bytes free at a folder of the host."""
    return run("host", "gbtui-room", ROOM, dataset, f"snapshot-{snapshot}", folder)


def restored(dataset: str, snapshot: str, mark: str) -> Probe:
    """The restore known by `mark` took effect, and nobody has taken it back."""
    asked = run("host", "gbtui-restored", RESTORED, dataset, snapshot, mark)
    return Probe(f"{dataset} was put back to {snapshot}", asked, "stdout", "restored")
