"""How services really run: units, who holds their ports, health, the program they are (36, 44, 61–63).

One script reads it all in one process start, and this is its parser; what it prints is in the
docstring of `SCRIPT`. Of an environment only the one variable that is asked for is read out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gbtui import text
from gbtui.errors import Malformed
from gbtui.facts.services import Listener, UnitState, parse_units, unit_of

SCRIPT = r"""
TZ=UTC LC_ALL=C; export TZ LC_ALL
set -f; tab=$(printf '\t') units= ports= urls= keys= number=0
while [ $# -gt 3 ]; do
  units="$units $1"; number=$((number + 1))
  [ "$2" = - ] || ports="$ports${ports:+ or }sport = :$2"
  [ "$3" = - ] || urls="$urls -o /dev/null $3"
  [ "$4" = - ] || keys="$number:$4"
  shift 4
done
shown=$(systemctl show -p Id,LoadState,ActiveState,SubState,Type,MainPID,NRestarts,InvocationID \
  -p DropInPaths,EnvironmentFiles,UnitFileState,ActiveEnterTimestamp,ExecMainStartTimestamp,Result \
  -p Environment -- $units) || exit 1
echo "now $(date +%s)"
number=1 exes= later= files= key=${keys#*:}
while IFS= read -r row; do
  case $row in
    '') number=$((number + 1));;
    MainPID=0) ;;
    MainPID=*) exes="$exes /proc/${row#*=}/exe"; [ "$number" != "${keys%%:*}" ] || main=${row#*=};;
    EnvironmentFiles=*)
      file=${row#*=}; [ "$number" != "${keys%%:*}" ] || files="$files ${file% (*}";;
  esac
  case $row in
    Environment=*) [ "$number" != "${keys%%:*}" ] || for word in ${row#*=}; do
        word=${word#\"}
        case $word in "$key="*) later=${word#*=} later=${later%\"};; esac
      done;;
    *) printf '%s\n' "$row";;
  esac
done <<END
$shown
END
echo ==
if [ -n "$exes" ]; then
  found=$(find $exes -maxdepth 0 -printf '%p\t%l\n' 2>/dev/null)
  printf '%s\n' "$found" | sed 's/^/exe\t/'
  paths=$(while IFS=$tab read -r _ path; do printf '%s\n' "${path% (deleted)}"; done <<END
$found
END
)
  IFS='
'; stat -L -c 'file%%%Y%%%n' -- $paths 2>/dev/null; unset IFS
fi
if [ -n "$keys" ]; then
  now=$([ -z "$main" ] || grep -az "^$key=" "/proc/$main/environ" 2>/dev/null)
  for file in $files; do
    found=$(grep -sh "^$key=" -- "$file") && later=${found##*"$key="} later=${later#\"} later=${later%\"}
  done
  printf 'env\t%s\t%s\t%s\n' "${keys%%:*}" "${now#*=}" "$later"
fi
if ! command -v ss >/dev/null; then echo noss
elif [ -n "$ports" ]; then
  seen=
  while read -r _ _ _ local _ rest; do
    [ -n "$local" ] || continue
    case $rest in *pid=*) ;; *) printf 'holder\t%s\t0\t\t\n' "${local##*:}";; esac
    while case $rest in *pid=*) ;; *) false;; esac; do
      rest=${rest#*pid=} pid=${rest%%,*} cgroup= program=
      while IFS= read -r row; do case $row in 0::*) cgroup=${row#0::};; esac; done <"/proc/$pid/cgroup"
      read -r program <"/proc/$pid/comm"
      printf 'holder\t%s\t%s\t%s\t%s\n' "${local##*:}" "$pid" "$program" "$cgroup"
      seen="$seen /proc/$pid"
    done
  done <<END
$(ss -Hltnp "( $ports )" 2>/dev/null)
END
  [ -z "$seen" ] || stat -c 'user%%%n%%%U' -- $seen 2>/dev/null
fi
if ! command -v curl >/dev/null; then echo nocurl
elif [ -n "$urls" ]; then
  curl -sZ -m 2 -w 'health %{http_code} %{url_effective}\n' $urls || [ $? != 2 ] || echo nocurl
fi
exit 0
"""
"""gbtui-services (UNIT PORT URL KEY)…: `now EPOCH`, what `systemctl show` says of the units without their
environments, `==`, then lines: `exe`, `/proc/PID/exe` and where it leads, TABs between (" (deleted)" at the
end: another file lies there now); `file%MTIME%PATH`; `env N NOW LATER`, TABs, of the Nth unit, with a KEY;
`holder PORT PID PROGRAM CGROUP`, TABs, and `user%/proc/PID%USER`; `health CODE URL` (000: no answer);
`noss` and `nocurl` where they are missing. "-" stands for no port, URL or key. It changes nothing, and
starts as few programs as can be: it is asked every half minute."""

_HEALTH = re.compile(r"health (\d{3}) (\S+)")
_PROCESS = re.compile(r"/proc/(\d{1,9})/")
_STAMP = re.compile(r"[A-Z][a-z]{2} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")


@dataclass(frozen=True, slots=True)
class Live:
    """One unit as it runs. Times are epochs, None where nothing runs or nothing says.

    `program` is what its main process executes, `replaced` whether that file is another one by now,
    and `changed` when the file there was written. `now` and `later` are the variable asked for, in the
    running process and at the next start.
    """

    state: UnitState
    since: float | None = None
    started: float | None = None
    enabled: str = ""
    result: str = ""
    program: str = ""
    replaced: bool = False
    changed: float | None = None
    now: str = ""
    later: str = ""

    @property
    def runs(self) -> bool:
        return self.state.active == "active"


@dataclass(frozen=True, slots=True)
class Services:
    """Units in the order asked, and all that listens on their ports. `at` is the place's clock.

    `health` is the HTTP status of each URL asked ("000": no answer).
    """

    at: float
    units: tuple[Live, ...]
    holders: tuple[Listener, ...] = ()
    health: Mapping[str, str] = field(default_factory=dict)
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
    units = [one for piece in pieces for one in _units(piece)]
    said = _Said()
    for row in text.text(lines).splitlines():
        said.take(row)
    holders = tuple(replace(one, user=said.users.get(one.pid, "")) for one in said.holders)
    each = tuple(said.of(one, str(number)) for number, one in enumerate(units, 1))
    return Services(at, each, holders, said.codes, said.no_ss, said.no_curl)


class _Said:
    """The lines behind the units."""

    def __init__(self) -> None:
        self.programs: dict[int, str] = {}
        self.changed: dict[str, float] = {}
        self.users: dict[int, str] = {}
        self.codes: dict[str, str] = {}
        self.holders: list[Listener] = []
        self.env = ("", "", "")
        self.no_ss = self.no_curl = False

    def take(self, row: str) -> None:
        """One line; one that is none is left out."""
        match row.split("\t"):
            case ["exe", path, program] if (pid := _process(path)) is not None:
                self.programs[pid] = program
            case ["env", number, now, later]:
                self.env = (number, now, later)
            case ["holder", port, pid_, program, cgroup] if _epoch(port) and _epoch(pid_) is not None:
                listener = Listener(int(port[:9]), int(pid_[:9]), "", program, unit_of(cgroup))
                self.holders.append(listener)
            case ["noss"]:
                self.no_ss = True
            case ["nocurl"]:
                self.no_curl = True
            case [one]:
                self._plain(one)

    def _plain(self, row: str) -> None:
        kind, _, rest = row.partition("%")
        first, _, last = rest.partition("%")
        epoch, pid = _epoch(first), _process(f"{first}/")
        if kind == "file" and epoch is not None:
            self.changed[last] = epoch
        elif kind == "user" and pid is not None:
            self.users[pid] = last
        elif found := _HEALTH.fullmatch(row):
            self.codes[found[2]] = found[1]

    def of(self, one: Live, number: str) -> Live:
        """A unit with what was said of it and of its process."""
        if number == self.env[0]:
            one = replace(one, now=self.env[1], later=self.env[2])
        said = self.programs.get(one.state.pid, "") if one.state.pid else ""
        program = said.removesuffix(" (deleted)")
        return replace(one, program=program, replaced=said != program, changed=self.changed.get(program))


def _process(path: str) -> int | None:
    match = _PROCESS.match(path)
    return int(match[1]) if match else None


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
