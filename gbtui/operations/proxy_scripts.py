"""Scripts for Caddy inside the proxy's container, each with a name and a documented answer.

gbtui-caddy VERB UNIT FILE          Caddy's own `adapt`, `validate` or `reload` with the environment of
                                    the running service; FILE - is stdin (adapt). `adapt` is pure and
                                    runs as root; the others run as the service's user, because
                                    `caddy validate` makes files, and root's lock the service out
gbtui-caddy-service UNIT            user, pid, state, home, data: one `name=value` a line
gbtui-caddy-running URL             SHA-256 of the configuration that runs, without its line end
gbtui-caddy-serves URL NAME…        "as planned", or what is missing and what is served beyond
gbtui-caddy-silent UNIT NAME AGE    "silent": UNIT runs for AGE seconds and no line of its journal since
                                    then has certificates of NAME to do; else what is not so
gbtui-caddy-certificates FOLDER     how many certificates and keys lie there, and a hash of them all
gbtui-caddy-copy FROM TO            copies a storage with its owners in one move; TO is new or empty
gbtui-caddy-aside FOLDER NAME       renames FOLDER to NAME where it is there
gbtui-caddy-known FILE              the record of FILE's vhosts and the newest ten backups that are newer than
                                    it (all, where there is none): a name and base64 a line
gbtui-caddy-filled FOLDER           "filled" or "empty" (also where it is not there)
"""

from __future__ import annotations

from gbtui.guard.plan import Exec, Probe

CADDY = """
verb=$1 unit=$2 file=$3 program=caddy
pid=$(systemctl show -p MainPID --value -- "$unit")
user=$(systemctl show -p User --value -- "$unit")
if [ "${pid:-0}" -gt 0 ]; then
  found=$(readlink "/proc/$pid/exe") && [ -x "$found" ] && program=$found
  while IFS= read -r pair; do
    name=${pair%%=*}
    case $name in ''|"$pair"|[0-9]*|*[!A-Za-z0-9_]*) ;; *) export "$name=${pair#*=}";; esac
  done <<END
$(tr '\\0' '\\n' <"/proc/$pid/environ")
END
fi
if [ "$file" = - ]; then cat | "$program" "$verb" --config /dev/stdin --adapter caddyfile; exit; fi
[ "$verb" != adapt ] || exec "$program" adapt --config "$file" --adapter caddyfile
if [ -z "$user" ] || [ "$user" = root ]; then
  exec "$program" "$verb" --config "$file" --adapter caddyfile
fi
exec setpriv --reuid="$user" --regid="$(id -g -- "$user")" --init-groups -- \\
  "$program" "$verb" --config "$file" --adapter caddyfile
"""

SERVICE = """
unit=$1
pid=$(systemctl show -p MainPID --value -- "$unit") || exit 1
printf 'user=%s\\n' "$(systemctl show -p User --value -- "$unit")"
printf 'pid=%s\\nstate=%s\\n' "$pid" "$(systemctl show -p ActiveState --value -- "$unit")"
[ "${pid:-0}" -gt 0 ] || exit 0
value() { tr '\\0' '\\n' <"/proc/$pid/environ" | sed -n "s/^$1=//p" | head -n 1; }
printf 'home=%s\\ndata=%s\\n' "$(value HOME)" "$(value XDG_DATA_HOME)"
"""

RUNNING = """
out=$(curl -fsS -m 5 "$1/config/") || exit 1
printf %s "$out" | sha256sum | cut -c 1-64
"""

SERVES = """
url=$1; shift
out=$(curl -fsS -m 5 "$url/config/") || exit 1
found=" $(printf '%s\\n' "$out" | grep -o '"host":\\[[^]]*\\]' | sed 's/^"host"://' | tr -d '[]"' \\
  | tr 'A-Z,' 'a-z\\n' | sort -u | tr '\\n' ' ')"
wanted=" $* " missing= beyond=
for name; do case $found in *" $name "*) ;; *) missing="$missing $name";; esac; done
set -f
for name in $found; do case $wanted in *" $name "*) ;; *) beyond="$beyond $name";; esac; done
if [ -z "$missing$beyond" ]; then echo 'as planned'; exit 0; fi
[ -z "$missing" ] || echo "not served:$missing"
[ -z "$beyond" ] || echo "not planned:$beyond"
"""

SILENT = """
unit=$1 name=$2 least=$3
id=$(systemctl show -p InvocationID --value -- "$unit")
since=$(TZ=UTC systemctl show -p ActiveEnterTimestamp --value -- "$unit")
[ -n "$id" ] && [ -n "$since" ] || { echo "$unit does not run"; exit 0; }
age=$(($(date +%s) - $(date -d "$since" +%s)))
[ "$age" -ge "$least" ] || { echo "runs for $age s only"; exit 0; }
out=$(journalctl -q --no-pager -o cat "_SYSTEMD_INVOCATION_ID=$id") || exit 1
lines=$(printf '%s\\n' "$out" | grep -F -e '"logger":"tls' -e acme | grep -c -F -e "\\"$name\\"" -e "[$name]")
if [ "$lines" = 0 ]; then echo silent; else echo "$lines lines about $name"; fi
"""

CERTIFICATES = """
cd "$1/certificates" 2>/dev/null || { echo 0; exit 0; }
list=$(find . -type f '(' -name '*.crt' -o -name '*.key' ')' -exec sha256sum {} + | LC_ALL=C sort -k 2)
[ -n "$list" ] || { echo 0; exit 0; }
printf '%s\\n' "$list" | wc -l
printf '%s\\n' "$list" | sha256sum | cut -c 1-64
"""

#: Locks of the running Caddy stay behind: in a copy they would be somebody else's.
COPY = """
set -e
new="$2.$$.new"
trap 'rm -rf -- "$new"' EXIT
mkdir -p -- "$(dirname -- "$2")"
cp -a -T -- "$1/." "$new"
rm -rf -- "$new/locks"
[ ! -d "$2" ] || rmdir -- "$2"
sync -f "$new"
mv -T -- "$new" "$2"
trap - EXIT
"""

ASIDE = """
[ -e "$2" ] || exit 0
if diff -rq -x locks -- "$1" "$2" >/dev/null; then rm -rf -- "$2"; else mv -T -- "$2" "$3"; fi
"""

FILLED = """
if [ -n "$(ls -A -- "$1" 2>/dev/null)" ]; then echo filled; else echo empty; fi
"""

#: Backups that an undo has made hold what was taken back: they say nothing of what there was.
KNOWN = """
record=$1.vhosts
told() { printf '%s ' "${1##*/}"; head -c 262144 -- "$1" | base64 -w 0; echo; }
[ ! -f "$record" ] || told "$record"
set -- "$1.bak-" "$1".bak-*
before=$1; shift
for one; do
  shift
  case ${one#"$before"} in ''|*[!0-9]*) continue;; esac
  [ -f "$one" ] || continue
  if [ -f "$record" ] && ! [ "$one" -nt "$record" ]; then continue; fi
  set -- "$@" "$one"
done
while [ $# -gt 10 ]; do shift; done
for one; do told "$one"; done
"""


def known(file: str) -> tuple[str, ...]:
    """argv that tells of the vhosts there were."""
    return ("sh", "-c", KNOWN, "gbtui-caddy-known", file)


def caddy(container: str, verb: str, unit: str, file: str, timeout: float = 60.0) -> Exec:
    """`caddy VERB` as its service would do it."""
    return Exec(container, ("sh", "-c", CADDY, "gbtui-caddy", verb, unit, file), timeout)


def service(unit: str) -> tuple[str, ...]:
    """argv that tells of the service."""
    return ("sh", "-c", SERVICE, "gbtui-caddy-service", unit)


def running(container: str, admin: str) -> Exec:
    """The hash of what runs."""
    return Exec(container, ("sh", "-c", RUNNING, "gbtui-caddy-running", admin))


def runs(container: str, admin: str, sha256: str) -> Probe:
    """Whether exactly this configuration runs."""
    return Probe("Caddy runs the planned configuration", running(container, admin), "stdout", sha256)


def serves(container: str, admin: str, names: tuple[str, ...]) -> Probe:
    """Whether the admin API serves these names and no others."""
    argv = ("sh", "-c", SERVES, "gbtui-caddy-serves", admin, *names)
    title = f"Caddy serves the {len(names)} planned names"
    return Probe(title, Exec(container, argv), "stdout", "as planned")


def silent(container: str, unit: str, name: str, least: int) -> Probe:
    """Whether Caddy, up for `least` seconds, leaves certificates of `name` alone."""
    argv = ("sh", "-c", SILENT, "gbtui-caddy-silent", unit, name, str(least))
    return Probe(f"Caddy's log is silent about {name}", Exec(container, argv), "stdout", "silent")


def certificates(container: str, folder: str) -> Exec:
    """How many certificates and keys there are, and their hash."""
    return Exec(container, ("sh", "-c", CERTIFICATES, "gbtui-caddy-certificates", folder))


def copy(container: str, source: str, target: str) -> Exec:
    """Copy a storage, owners kept."""
    return Exec(container, ("sh", "-c", COPY, "gbtui-caddy-copy", source, target), 120.0)


def aside(container: str, source: str, folder: str, name: str) -> Exec:
    """Take a copy away, and nothing that is not one."""
    return Exec(container, ("sh", "-c", ASIDE, "gbtui-caddy-aside", source, folder, name))


def filled(container: str, folder: str) -> Probe:
    """Whether something is in a folder."""
    argv = ("sh", "-c", FILLED, "gbtui-caddy-filled", folder)
    return Probe(f"{folder} is filled", Exec(container, argv), "stdout", "filled")
