"""Scripts for the CI runner's container, each with a name and a documented answer (guide 79).

A cache is `FOLDER:DEPTH`: its entries lie DEPTH levels below FOLDER, and each is kept or removed
whole. CUTOFF is an epoch: entries last written or used before it are old.

    gbtui-ci-jobs UNIT CACHE …          PID, NAME, WHY, TABs between, of each process that is a job's:
                                        of UNIT's cgroup beside its main process, a compiler or its
                                        like, or one with a cache's file open. sccache's server alone
                                        is none. Nothing where no job runs, so that a plan can rest on it
    gbtui-ci-list CUTOFF CACHE …        per cache: "cache FOLDER KIB COUNT OLDKIB", TABs between, COUNT
                                        and OLDKIB of its old entries, then "old EPOCH ENTRY" of the
                                        oldest three; "link FOLDER" for one that is reached by a link
    gbtui-ci-left CUTOFF CACHE …        how many old entries there are
    gbtui-ci-clean UNIT CUTOFF CACHE …  with UNIT stopped meanwhile: removes old entries, oldest first,
                                        as their folder's owner; exit status 75 while a job runs
    gbtui-ci-others                     files of cron that name sccache or cargo, one a line
"""

from __future__ import annotations

from collections.abc import Iterable

from gbtui.guard.plan import Exec, Probe
from gbtui.profiles import Profile

BUSY = 75

BUILDERS = "cargo|rustc|rustdoc|clippy-driver|cc1|cc1plus|ld|ld.lld|ld.bfd|mold|make|ninja|cmake|npm|node"
"""Names of processes that build."""

#: `sed` takes the process from /proc/PID/…; a process that has ended meanwhile is none.
_JOBS = f"""
jobs() {{
  unit=$1; shift
  main=$(systemctl show -p MainPID --value -- "$unit") || return 1
  {{
    grep -lsE "/$unit(/|\\$)" /proc/[0-9]*/cgroup | sed 's|^/proc/\\([0-9]*\\)/.*|\\1 started by the runner|'
    grep -lsxE '{BUILDERS}' /proc/[0-9]*/comm | sed 's|^/proc/\\([0-9]*\\)/.*|\\1 builds|'
    for cache; do
      find /proc/[0-9]*/fd /proc/[0-9]*/cwd -maxdepth 1 \\
        \\( -lname "${{cache%:*}}" -o -lname "${{cache%:*}}/*" \\) -printf '%p\\n' 2>/dev/null |
        sed 's|^/proc/\\([0-9]*\\)/.*|\\1 has files of the cache open|'
    done
  }} | sort -n -u -k 1,1 | while read -r pid why; do
    name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
    case $pid/$name in "$main"/* | */sccache) ;; *) printf '%s\\t%s\\t%s\\n' "$pid" "$name" "$why";; esac
  done
}}
"""

#: A folder's time of use is not looked at: measuring it is a use.
_EACH = """
plain() { [ -d "$1" ] && [ "$(realpath -- "$1")" = "$1" ]; }
old() {
  find "$1" -mindepth "$2" -maxdepth "$2" ! -newermt "@$3" '(' -type d -o ! -newerat "@$3" ')' -printf "$4" |
    sort -z -n
}
"""

JOBS = f"""{_JOBS}
jobs "$@"
"""

LIST = f"""{_EACH}
cutoff=$1; shift
for cache; do
  folder=${{cache%:*}} depth=${{cache##*:}}
  [ -d "$folder" ] || continue
  plain "$folder" || {{ printf 'link\\t%s\\n' "$folder"; continue; }}
  count=$(old "$folder" "$depth" "$cutoff" 'x\\0' | tr -dc '\\0' | wc -c)
  kib=$(old "$folder" "$depth" "$cutoff" '%p\\0' | xargs -0 -r du -sk -- |
    awk '{{ s += $1 }} END {{ print s + 0 }}')
  printf 'cache\\t%s\\t%s\\t%s\\t%s\\n' "$folder" "$(du -sk -- "$folder" | cut -f 1)" "$count" "$kib"
  old "$folder" "$depth" "$cutoff" '%Ts\\t%P\\0' | tr '\\n\\0' '?\\n' | head -n 3 | sed 's/^/old\\t/'
done
"""

LEFT = f"""{_EACH}
cutoff=$1; shift
for cache; do
  plain "${{cache%:*}}" && old "${{cache%:*}}" "${{cache##*:}}" "$cutoff" 'x\\0'
done | tr -dc '\\0' | wc -c
"""

#: No apostrophe in it: it stands in a pair of them.
_REMOVE = (
    'find "$1" -mindepth "$2" -maxdepth "$2" ! -newermt "@$3" "(" -type d -o ! -newerat "@$3" ")"'
    ' -printf "%T@ %p\\0" | sort -z -n | cut -z -d " " -f 2- | xargs -0 -r rm -rf --'
)

CLEAN = f"""{_JOBS}{_EACH}
clean() {{
  unit=$1 cutoff=$2 status=0; shift 2
  running=$(jobs "$unit" "$@") || return 1
  if [ -n "$running" ]; then echo "a job runs: $running" >&2; return {BUSY}; fi
  if [ "$(systemctl show -p ActiveState --value -- "$unit")" = active ]; then
    trap 'systemctl start -- "$unit"' EXIT; trap 'exit 143' HUP INT TERM
    systemctl stop -- "$unit" || return 1
  fi
  for cache; do
    folder=${{cache%:*}} depth=${{cache##*:}}
    plain "$folder" || continue
    owner=$(stat -c %U -- "$folder") before=$(du -sk -- "$folder" | cut -f 1)
    set -- sh -c '{_REMOVE}' gbtui-ci-remove "$folder" "$depth" "$cutoff"
    if [ "$owner" != "$(id -un)" ]; then set -- runuser -u "$owner" -- "$@"; fi
    "$@" || status=1
    echo "$folder: $before KiB before, $(du -sk -- "$folder" | cut -f 1) KiB after"
  done
  return $status
}}
"""

CLEAN_NOW = f"""{CLEAN}
clean "$@"
"""

OTHERS = """
grep -rlsE 'sccache|\\.cargo|cargo-(cache|sweep)' /etc/crontab /etc/cron.d /etc/cron.daily /etc/cron.hourly \\
  /etc/cron.weekly /var/spool/cron; true
"""


def caches(profile: Profile) -> tuple[str, ...]:
    """The runner's caches as the scripts take them."""
    return tuple(f"{path}:{depth}" for path, depth in profile.runner_caches)


def _run(container: str, name: str, text: str, *words: str, timeout: float = 60.0) -> Exec:
    return Exec(container, ("sh", "-c", text, name, *words), timeout)


def jobs(container: str, profile: Profile) -> Exec:
    """Processes of jobs in the runner's container; nothing where none runs."""
    return _run(container, "gbtui-ci-jobs", JOBS, profile.runner_unit, *caches(profile))


def listing(container: str, cutoff: int, profile: Profile) -> Exec:
    """The caches with their sizes, and what in them is old."""
    return _run(container, "gbtui-ci-list", LIST, str(cutoff), *caches(profile), timeout=120.0)


def clean(container: str, cutoff: int, paths: Iterable[str], profile: Profile) -> Exec:
    """Remove old entries of these caches (as `caches` names them) while the runner is stopped."""
    words = (profile.runner_unit, str(cutoff), *paths)
    return _run(container, "gbtui-ci-clean", CLEAN_NOW, *words, timeout=900.0)


def none_left(container: str, cutoff: int, paths: Iterable[str]) -> Probe:
    """No old entry is left in these caches."""
    run = _run(container, "gbtui-ci-left", LEFT, str(cutoff), *paths, timeout=120.0)
    return Probe("nothing that old is left", run, "stdout", "0")


def others(container: str) -> Exec:
    """Files of cron that clean the caches already."""
    return _run(container, "gbtui-ci-others", OTHERS)
