"""Scripts that look at Caddy in its container, each with a name and a documented answer.

    gbtui-caddy-adapted UNIT FILE URL   what FILE means: "api STATUS" and the answer of the running
                              Caddy's `/adapt` (no process to start, its own environment), or "adapt
                              STATUS" and what `caddy adapt` says, where the file imports others (the
                              API would look for them elsewhere) or the API does not answer
    gbtui-caddy-backups FILE  "now SECONDS", "file SECONDS" (its last change), "backup SECONDS NAME" each
    gbtui-caddy-floor FILE    as `gbtui-caddy-known` of the operations: the record of vhosts and the
                              newest ten backups that are newer, a name and base64 a line
    gbtui-caddy-leaves UNIT FOLDER…   for each FOLDER, and the one Caddy falls back to: "root FOLDER",
                              then "file PATH" and the first PEM block of each certificate in it
    gbtui-caddy-resolve URL   each name that is served: "found NAME", "none NAME" (no address), "slow NAME"
    gbtui-caddy-journal UNIT  lines about certificates since the service started, of the last hour

`caddy validate` is never used: it makes files, and as root it locks the service out of them.
"""

from __future__ import annotations

ADAPTED = r"""
unit=$1 file=$2 url=$3
[ -f "$file" ] && [ -r "$file" ] || { echo "$file is not there" >&2; exit 66; }
if ! grep -qE '^[[:space:]]*import[[:space:]]+[^[:space:]]*[/*.]' "$file"; then
  out=$(curl -sS -m 2 -H 'Content-Type: text/caddyfile' -w '\n%{http_code}' \
    --data-binary "@$file" "$url/adapt")
  status=${out##*
}
  case $status in 200|400) printf 'api %s\n%s\n' "$status" "${out%
*}"; exit 0;; esac
fi
program=caddy pid=$(systemctl show -p MainPID --value -- "$unit")
if [ "${pid:-0}" -gt 0 ]; then
  found=$(readlink "/proc/$pid/exe") && [ -x "$found" ] && program=$found
  while IFS= read -r pair; do
    name=${pair%%=*}
    case $name in ''|"$pair"|[0-9]*|*[!A-Za-z0-9_]*) ;; *) export "$name=${pair#*=}";; esac
  done <<END
$(tr '\0' '\n' <"/proc/$pid/environ")
END
fi
out=$("$program" adapt --config "$file" --adapter caddyfile 2>&1)
printf 'adapt %s\n%s\n' "$?" "$out"
"""

BACKUPS = r"""
[ -f "$1" ] || { echo "$1 is not there" >&2; exit 66; }
date +'now %s'
stat -c 'file %Y' -- "$1"
for one in "$1".bak-*; do [ ! -f "$one" ] || stat -c 'backup %Z %n' -- "$one"; done | tail -n 200
"""

FLOOR = r"""
record=$1.vhosts
told() { printf '%s ' "${1##*/}"; head -c 262144 -- "$1" | base64 -w 0; echo; }
[ ! -f "$record" ] || told "$record"
before=$1.bak-
set -- "$before"*
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

LEAVES = r"""
unit=$1; shift
pid=$(systemctl show -p MainPID --value -- "$unit")
if [ "${pid:-0}" -gt 0 ]; then
  value() { tr '\0' '\n' <"/proc/$pid/environ" | sed -n "s/^$1=//p" | head -n 1; }
  data=$(value XDG_DATA_HOME) home=$(value HOME)
  [ -n "$data" ] || data=${home:+$home/.local/share}
  set -- "$@" ${data:+"$data/caddy"}
fi
for root; do
  printf 'root %s\n' "$root"
  find "$root/certificates" -mindepth 3 -maxdepth 3 -type f -name '*.crt' -exec awk '
    FNR == 1 { print "file " FILENAME; on = 1 } on { print } /-----END CERTIFICATE-----/ { on = 0 }
    ' {} + 2>/dev/null
done
exit 0
"""

RESOLVE = r"""
out=$(curl -fsS -m 2 "$1/config/") || exit 1
printf '%s\n' "$out" | grep -o '"host":\[[^]]*\]' | sed 's/^"host"://' | tr -d '[]"' | tr 'A-Z,' 'a-z\n' |
  sort -u | grep -E '^[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?\.[a-z0-9-]+$' | head -n 1000 |
  xargs -r -n 1 -P 16 sh -c '
    timeout 3 getent ahosts "$1" >/dev/null 2>&1
    case $? in 0) echo "found $1";; 2) echo "none $1";; *) echo "slow $1";; esac' gbtui-getent
"""

JOURNAL = r"""
id=$(systemctl show -p InvocationID --value -- "$1")
[ -n "$id" ] || exit 0
journalctl -q --no-pager -o cat --since '-1 hour' -n 4000 "_SYSTEMD_INVOCATION_ID=$id" |
  grep -aF -e '"logger":"tls' -e '"load complete"' -e '"serving initial configuration"' |
  tail -n 400 | cut -c -1500
exit 0
"""
