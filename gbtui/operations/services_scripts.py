"""Scripts that look at services inside a container, each with a name and a documented answer.

They change nothing. As in `gbtui.guard.scripts`, arguments are never part of the text.

    gbtui-strangers PORT UNIT …       PORT, PID, USER, PROGRAM, cgroup, TABs between, of each that listens
                                      and is not of UNIT; PID 0 where the kernel shows none. Nothing
                                      where all is well, so that a plan can rest on it
    gbtui-steady UNIT SECONDS [PORT]  "steady": runs that long without a restart, and PORT is its own;
                                      else one line that says what is not so
    gbtui-environment UNIT KEY        KEY's value in the environment of UNIT's running process, or nothing
    gbtui-configured UNIT KEY         KEY's value in the environment that UNIT's next start gets, or nothing
"""

from __future__ import annotations

from collections.abc import Iterable

from gbtui.guard.plan import Exec, Probe

STRANGERS = """
command -v ss >/dev/null || { echo 'ss: not found' >&2; exit 127; }
while [ $# -gt 1 ]; do
  port=$1 unit=$2; shift 2
  found=$(ss -Hltnp "sport = :$port") || exit 1
  [ -n "$found" ] || continue
  pids=$(printf '%s\\n' "$found" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un)
  [ -n "$pids" ] || printf '%s\\t0\\t\\t\\t\\n' "$port"
  for pid in $pids; do
    cgroup=$(sed -n 's/^0:://p' "/proc/$pid/cgroup") || continue
    case $cgroup in */"$unit" | */"$unit"/*) continue;; esac
    printf '%s\\t%s\\t%s\\t%s\\t%s\\n' "$port" "$pid" "$(stat -c %U "/proc/$pid")" \\
      "$(tr '\\t' ' ' <"/proc/$pid/comm")" "$cgroup"
  done
done
"""

STEADY = """
unit=$1 least=$2 port=$3 state= restarts=0 since= kind= result=
while IFS== read -r key value; do
  case $key in
    ActiveState) state=$value;; NRestarts) restarts=$value;; ActiveEnterTimestamp) since=$value;;
    Type) kind=$value;; Result) result=$value;;
  esac
done <<END
$(systemctl show -p ActiveState,NRestarts,ActiveEnterTimestamp,Type,Result -- "$unit")
END
if [ "$kind/$state/$result" = oneshot/inactive/success ]; then echo steady; exit 0; fi
if [ "$restarts" != 0 ]; then echo "flapping: $restarts restarts, $state"; exit 0; fi
if [ "$state" != active ]; then echo "is $state"; exit 0; fi
for_=$(($(date +%s) - $(date -d "$since" +%s)))
if [ "$for_" -lt "$least" ]; then echo "runs for $for_ s"; exit 0; fi
if [ -n "$port" ]; then
  found=$(ss -Hltnp "sport = :$port") || exit 1
  [ -n "$found" ] || { echo "port $port: nobody listens"; exit 0; }
  pids=$(printf '%s\\n' "$found" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un)
  for pid in ${pids:-0}; do
    case $(sed -n 's/^0:://p' "/proc/$pid/cgroup" 2>/dev/null) in
      */"$unit" | */"$unit"/*) ;;
      *) echo "port $port: held by process $pid"; exit 0;;
    esac
  done
fi
echo steady
"""

ENVIRONMENT = """
pid=$(systemctl show -p MainPID --value -- "$1") || exit 1
[ "${pid:-0}" -gt 0 ] || { echo "$1 does not run" >&2; exit 3; }
grep -az "^$2=" "/proc/$pid/environ" | tr '\\0' '\\n' | head -n 1 | cut -d= -f2-
"""

CONFIGURED = """
systemctl show -p Environment --value -- "$1" | tr ' ' '\\n' | tr -d '"' | grep -m 1 "^$2=" | cut -d= -f2-
"""

STEADY_FOR = 4
"""Seconds without a restart after which a service counts as steady: longer than the usual RestartSec."""


def strangers(container: str, ports: Iterable[tuple[int, str]]) -> Exec:
    """Who listens on a unit's port and is not of that unit; `ports` are (port, unit)."""
    words = [word for port, unit in ports for word in (str(port), unit)]
    return Exec(container, ("sh", "-c", STRANGERS, "gbtui-strangers", *words))


def steady(container: str, unit: str, port: int | None) -> Probe:
    """`unit` runs for some seconds, was not restarted by systemd, and is who listens on `port`."""
    words = (unit, str(STEADY_FOR), *(() if port is None else (str(port),)))
    run = Exec(container, ("sh", "-c", STEADY, "gbtui-steady", *words))
    return Probe(f"{unit} runs steadily", run, "stdout", "steady")


def environment(container: str, unit: str, key: str) -> Exec:
    """`key` in the environment of `unit`'s process; nothing else of it is read out."""
    return Exec(container, ("sh", "-c", ENVIRONMENT, "gbtui-environment", unit, key))


def configured(container: str, unit: str, key: str) -> Exec:
    """`key` as systemd will give it to `unit` at its next start; nothing else is read out."""
    return Exec(container, ("sh", "-c", CONFIGURED, "gbtui-configured", unit, key))
