"""What the checks ask of Caddy in its container. Nothing here changes anything.

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

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gbtui import text
from gbtui.errors import Malformed, NotFound
from gbtui.facts.failure import failure
from gbtui.facts.proxy_config import ProxyConfig, parse_config
from gbtui.facts.proxy_floor import Known, parse_known
from gbtui.facts.proxy_tls import Attempt, Managed, Store, managed, parse_attempts, parse_stores
from gbtui.facts.survey import Ask, Place
from gbtui.hosts.base import MIB, Command, Completed
from gbtui.profiles import Profile

ADAPTING = 10.0
"""Seconds for a `caddy adapt`, where the API cannot do it: a big program on a slow host."""
RESOLVING = 20.0

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


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the file means to Caddy; `config` None: it cannot be read, and `error` says why."""

    config: ProxyConfig | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """What Caddy runs, and the names it keeps certificates for."""

    config: ProxyConfig
    managed: Managed


@dataclass(frozen=True, slots=True)
class Backups:
    """Epoch seconds: now, the file's last change, and when each backup was made (by its name)."""

    now: float
    changed: float
    backups: Mapping[str, float]


def _running(profile: Profile, place: Place) -> Sequence[Command]:
    return (Command(("curl", "-fsS", "-m", "2", f"{profile.proxy_admin}/config/"), timeout=3.0),)


def _read_running(done: Sequence[Completed], profile: Profile, place: Place) -> Running:
    if not done[0].ok:
        hint = "proxy.restart starts Caddy with the file it has"
        why = text.line(done[0].stderr) or f"status {done[0].status}"
        raise NotFound(f"Caddy's admin API at {profile.proxy_admin}", why=why, hint=hint)
    what = f"{profile.proxy_admin}/config/"
    return Running(parse_config(done[0].stdout, what), managed(done[0].stdout, what))


def _script(name: str, script: str, *words: str, timeout: float = 2.0, limit: int = 4 * MIB) -> Command:
    return Command(("sh", "-c", script, name, *words), timeout=timeout, limit=limit)


def _adapted(profile: Profile, place: Place) -> Sequence[Command]:
    words = (profile.proxy_unit, profile.proxy_config, profile.proxy_admin)
    return (_script("gbtui-caddy-adapted", ADAPTED, *words, timeout=ADAPTING),)


def _read_adapted(done: Sequence[Completed], profile: Profile, place: Place) -> Meaning:
    if done[0].status == 66:
        return Meaning(None, f"{profile.proxy_config} is not there")
    if not done[0].ok:
        raise failure(done[0], "what the Caddyfile means")
    head, _, body = done[0].stdout.partition(b"\n")
    way, _, status = text.line(head).partition(" ")
    if way == "api":
        return _by_api(body, profile.proxy_config)
    if status != "0":
        return Meaning(None, _complaint(body))
    lines = [row for row in body.split(b"\n") if row.startswith(b"{")]
    return Meaning(parse_config(b"\n".join(lines[-1:]), profile.proxy_config))


def _by_api(body: bytes, what: str) -> Meaning:
    document = text.decode_json(body, what=what)
    if not isinstance(document, dict):
        raise Malformed(what, why="the answer of /adapt is not understood")
    if "error" in document:
        return Meaning(None, _complaint(str(document["error"]).encode()))
    return Meaning(parse_config(json.dumps(document.get("result")).encode(), what))


def _complaint(said: bytes) -> str:
    """Caddy's own sentence, without what it says of how it came there."""
    lines = text.text(said, limit=20_000).splitlines()
    errors = [line for line in lines if line.startswith("Error: ")] or lines[-1:] or ["no word of why"]
    words = errors[-1].removeprefix("Error: ")
    for prefix in ("adapting config using caddyfile adapter: ", "adapting config using caddyfile: "):
        words = words.removeprefix(prefix)
    return text.clean(words)[:300]


def _backups(profile: Profile, place: Place) -> Sequence[Command]:
    return (_script("gbtui-caddy-backups", BACKUPS, profile.proxy_config, limit=64 * 1024),)


def _read_backups(done: Sequence[Completed], profile: Profile, place: Place) -> Backups:
    if not done[0].ok:
        raise failure(done[0], f"backups of {profile.proxy_config}")
    now, changed, made = 0.0, 0.0, dict[str, float]()
    for row in text.text(done[0].stdout).splitlines():
        what, at, name = (*row.split(" ", 2), "", "")[:3]
        seconds = float(at) if at.isdecimal() else 0.0
        if what == "backup":
            made[name.rpartition("/")[2]] = seconds
        elif what in ("now", "file"):
            now, changed = (seconds, changed) if what == "now" else (now, seconds)
    return Backups(now, changed, made)


def _floor(profile: Profile, place: Place) -> Sequence[Command]:
    return (_script("gbtui-caddy-floor", FLOOR, profile.proxy_config),)


def _read_floor(done: Sequence[Completed], profile: Profile, place: Place) -> Known:
    if not done[0].ok:
        raise failure(done[0], "the vhosts there were")
    return parse_known(done[0].stdout, datetime.now(UTC))


def _leaves(profile: Profile, place: Place) -> Sequence[Command]:
    return (_script("gbtui-caddy-leaves", LEAVES, profile.proxy_unit, profile.proxy_storage, timeout=5.0),)


def _read_leaves(done: Sequence[Completed], profile: Profile, place: Place) -> tuple[Store, ...]:
    if not done[0].ok:
        raise failure(done[0], "certificates in Caddy's storage")
    return parse_stores(done[0].stdout)


def _resolve(profile: Profile, place: Place) -> Sequence[Command]:
    return (_script("gbtui-caddy-resolve", RESOLVE, profile.proxy_admin, timeout=RESOLVING),)


def _read_resolve(done: Sequence[Completed], profile: Profile, place: Place) -> Mapping[str, str]:
    if not done[0].stdout and not done[0].ok:
        raise failure(done[0], "addresses of the vhosts")
    rows = [row.split(" ") for row in text.text(done[0].stdout).splitlines()]
    return {row[1]: row[0] for row in rows if len(row) == 2}


def _journal(profile: Profile, place: Place) -> Sequence[Command]:
    return (_script("gbtui-caddy-journal", JOURNAL, profile.proxy_unit, timeout=5.0, limit=MIB),)


def _read_journal(done: Sequence[Completed], profile: Profile, place: Place) -> tuple[Attempt, ...]:
    if not done[0].ok:
        raise failure(done[0], "Caddy's journal")
    return parse_attempts(done[0].stdout)


RUNNING: Ask[Running] = Ask("what Caddy runs", _running, _read_running)
FILE: Ask[Meaning] = Ask("what the Caddyfile means", _adapted, _read_adapted)
BESIDE: Ask[Backups] = Ask("backups of the Caddyfile", _backups, _read_backups)
KNOWN: Ask[Known] = Ask("the vhosts there were", _floor, _read_floor, 120.0)
STORES: Ask[tuple[Store, ...]] = Ask("certificates in Caddy's storage", _leaves, _read_leaves, 600.0)
RESOLVED: Ask[Mapping[str, str]] = Ask("addresses of the vhosts", _resolve, _read_resolve, 300.0)
ATTEMPTS: Ask[tuple[Attempt, ...]] = Ask("Caddy's journal", _journal, _read_journal, 60.0)
