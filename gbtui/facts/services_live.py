"""How services really run: units, who holds their ports, health, the program they are (36, 44, 61–63).

One script reads it all in one process start, and this is its parser; what it prints is in the
docstring of `SCRIPT`. Of an environment only the one variable that is asked for is read out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gbtui import text
from gbtui.errors import Malformed
from gbtui.facts.services import Listener, UnitState, parse_units, unit_of

SCRIPT = r"""
TZ=UTC LC_ALL=C; export TZ LC_ALL
key=$1; shift
set -f; units= number=0
for word; do
  [ $((number % 3)) != 0 ] || units="$units $word"
  number=$((number + 1))
done
shown=$(systemctl show -p Id,LoadState,ActiveState,SubState,Type,MainPID,NRestarts,InvocationID \
  -p DropInPaths,EnvironmentFiles,UnitFileState,ActiveEnterTimestamp,ExecMainStartTimestamp,Result \
  -p Environment -- $units) || exit 1
echo "now $(date +%s)"
printf '%s\n' "$shown" | grep -v '^Environment='
echo ==
command -v ss >/dev/null || echo noss
command -v curl >/dev/null || echo nocurl
number=0
while [ $# -gt 2 ]; do
  unit=$1 port=$2 url=$3; shift 3; number=$((number + 1))
  block=$(printf '%s\n' "$shown" | awk -v n="$number" 'BEGIN { RS = "" } NR == n')
  main=$(printf '%s\n' "$block" | sed -n 's/^MainPID=//p')
  if [ "${main:-0}" != 0 ] && exe=$(readlink "/proc/$main/exe"); then
    printf 'exe\t%s\t%s\t%s\n' "$unit" "$exe" "$(stat -L -c %Y -- "${exe% (deleted)}" 2>/dev/null)"
  fi
  if [ "$key" != - ]; then
    now=$([ "${main:-0}" = 0 ] || grep -az "^$key=" "/proc/$main/environ" | tr '\0' '\n' | head -n 1)
    later=$(printf '%s\n' "$block" | sed -n 's/^Environment=//p' | tr ' ' '\n' | tr -d '"' | grep "^$key=")
    for file in $(printf '%s\n' "$block" | sed -n 's/^EnvironmentFiles=\(.*\) (.*/\1/p'); do
      found=$(grep -sh "^$key=" -- "$file" | tail -n 1) && [ -n "$found" ] && later=$found
    done
    printf 'env\t%s\t%s\t%s\n' "$unit" "${now#*=}" "${later#*=}"
  fi
  [ "$port" != - ] || continue
  if [ "$url" != - ]; then
    (code=$(curl -s -m 2 -o /dev/null -w '%{http_code}' -- "$url") || :
      printf 'health\t%s\t%s\n' "$unit" "$code") &
  fi
  found=$(ss -Hltnp "sport = :$port" 2>/dev/null)
  [ -n "$found" ] || continue
  pids=$(printf '%s\n' "$found" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un)
  [ -n "$pids" ] || printf 'holder\t%s\t0\t\t\t\n' "$port"
  for pid in $pids; do
    cgroup=$(sed -n 's/^0:://p' "/proc/$pid/cgroup") || continue
    printf 'holder\t%s\t%s\t%s\t%s\t%s\n' "$port" "$pid" "$(stat -c %U "/proc/$pid")" \
      "$(tr '\t' ' ' <"/proc/$pid/comm")" "$cgroup"
  done
done
wait
"""
"""gbtui-services KEY (UNIT PORT URL)…: `now EPOCH`, what `systemctl show` says of the units without
their environments, `==`, then lines with TABs: `exe UNIT PATH MTIME` (of its main process; the path
ends in " (deleted)" where the file was replaced), `env UNIT NOW LATER` (of KEY alone), `health UNIT
CODE` (000: no answer), `holder PORT PID USER PROGRAM CGROUP`; `noss` and `nocurl` where they are
missing. "-" stands for no key, port or URL. It changes nothing."""

_STAMP = re.compile(r"[A-Z][a-z]{2} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")


@dataclass(frozen=True, slots=True)
class Live:
    """One unit as it runs. Times are epochs, None where nothing runs or nothing says.

    `program` is what its main process executes, `replaced` whether that file is another one by now,
    and `changed` when the file there was written. `health` is the HTTP status ("" where none was
    asked for, "000": no answer). `now` and `later` are the variable asked for, in the running process
    and at the next start.
    """

    state: UnitState
    since: float | None = None
    started: float | None = None
    enabled: str = ""
    result: str = ""
    program: str = ""
    replaced: bool = False
    changed: float | None = None
    health: str = ""
    now: str = ""
    later: str = ""

    @property
    def runs(self) -> bool:
        return self.state.active == "active"


@dataclass(frozen=True, slots=True)
class Services:
    """Units in the order asked, and all that listens on their ports. `at` is the place's clock."""

    at: float
    units: tuple[Live, ...]
    holders: tuple[Listener, ...] = ()
    no_ss: bool = False
    no_curl: bool = False

    def unit(self, name: str) -> Live:
        """The unit of that name. Raises Malformed where it was not asked for."""
        found = next((one for one in self.units if one.state.name == name), None)
        if found is None:
            raise Malformed(f"unit {name}", why="systemd did not speak of it")
        return found


def parse_services(data: bytes) -> Services:
    """What `SCRIPT` printed; a line that is none costs that line.

    Raises:
        Malformed: it does not begin with the clock, or a block of a unit is none.
    """
    first, _, rest = data.partition(b"\n")
    blocks, _, lines = rest.partition(b"\n==\n")
    at = _epoch(text.line(first).removeprefix("now "))
    if at is None:
        raise Malformed("state of services", why=f"it begins {text.line(first, limit=60)!r}")
    pieces = [piece + b"\n" for piece in blocks.split(b"\n\n") if piece.strip()]
    units = {one.state.name: one for piece in pieces for one in _units(piece)}
    holders: list[Listener] = []
    rows = text.text(lines).splitlines()
    for row in rows:
        match row.split("\t"):
            case ["exe", unit, path, changed] if unit in units:
                replaced = path.endswith(" (deleted)")
                program = path.removesuffix(" (deleted)")
                units[unit] = replace(
                    units[unit], program=program, replaced=replaced, changed=_epoch(changed)
                )
            case ["env", unit, now, later] if unit in units:
                units[unit] = replace(units[unit], now=now, later=later)
            case ["health", unit, code] if unit in units:
                units[unit] = replace(units[unit], health=code[:3])
            case ["holder", port, pid, user, program, cgroup] if _epoch(port) and _epoch(pid) is not None:
                holders.append(Listener(int(port[:9]), int(pid[:9]), user, program, unit_of(cgroup)))
    return Services(at, tuple(units.values()), tuple(holders), "noss" in rows, "nocurl" in rows)


def _units(piece: bytes) -> tuple[Live, ...]:
    pairs = dict(row.partition("=")[::2] for row in text.text(piece).splitlines())
    return tuple(
        Live(
            state,
            since=_time(pairs.get("ActiveEnterTimestamp", "")),
            started=_time(pairs.get("ExecMainStartTimestamp", "")),
            enabled=pairs.get("UnitFileState", ""),
            result=pairs.get("Result", ""),
        )
        for state in parse_units(piece)
    )


def _time(value: str) -> float | None:
    """systemd's time, printed in UTC."""
    match = _STAMP.fullmatch(value)
    try:
        return (
            datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
            if match
            else None
        )
    except ValueError:
        return None


def _epoch(word: str) -> float | None:
    return float(word) if word.isascii() and word.isdecimal() and len(word) < 13 else None
