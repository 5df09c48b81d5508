"""Scripts that look at CoreDNS and ask it real questions, each with a name and a documented answer.

They change nothing. As in `gbtui.guard.scripts`, arguments are never part of the text.

    gbtui-coredns                     a line for each coredns that runs: 1 or 0 (whether it catches
                                      SIGUSR1), its working directory, its -conf; TABs between
    gbtui-dig SERVER ZONE TYPE…       "TYPE STATUS" for each: the answer's rcode, "silent" for none
    gbtui-serial SERVER ZONE          the serial of the SOA that is answered; nothing where none is
"""

from __future__ import annotations

from collections.abc import Sequence

from gbtui.guard.plan import Exec

PROCESSES = """
for pid in $(pgrep -x coredns); do
  caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$pid/status")
  catches=0; if [ $((0x${caught#????????} & 0x200)) -ne 0 ]; then catches=1; fi
  config=$(tr '\\0' '\\n' <"/proc/$pid/cmdline" |
    sed -n '/^--\\{0,1\\}conf$/{n;p;}; s/^--\\{0,1\\}conf=//p' | head -n 1)
  printf '%s\\t%s\\t%s\\n' "$catches" "$(readlink "/proc/$pid/cwd")" "$config"
done
"""

#: One dig for all of them: a process for each takes longer than the answers do.
DIG = """
command -v dig >/dev/null || { echo 'dig: not found' >&2; exit 127; }
server=$1 zone=$2; shift 2
types=$*
for type in $types; do set -- "$@" "@$server" -q "$zone" -t "$type"; shift; done
dig +tries=1 +time=2 +notcp +noall +comments +question "$@" 2>/dev/null | awk -v types="$types" '
  /status: / { status = $0; sub(/.*status: /, "", status); sub(/,.*/, "", status) }
  /^;[^;]/ { said[$NF] = status }
  END { n = split(types, type, " ")
        for (i = 1; i <= n; i++) print type[i], (type[i] in said ? said[type[i]] : "silent") }'
"""

SERIAL = """
command -v dig >/dev/null || { echo 'dig: not found' >&2; exit 127; }
dig +tries=1 +time=2 +short "@$1" -q "$2" -t SOA 2>/dev/null | cut -d ' ' -f 3 | head -n 1
"""

RELOAD = ("pkill", "-USR1", "-x", "coredns")
"""What CoreDNS reads its Corefile and zones anew at; it ignores the guide's HUP."""


def processes(container: str) -> Exec:
    """The CoreDNS that runs, without its pid: a fact a plan can rest on."""
    return Exec(container, ("sh", "-c", PROCESSES, "gbtui-coredns"))


def dig(where: str, server: str, zone: str, types: Sequence[str]) -> Exec:
    """Ask `server` for each of `types` of `zone`, from `where`."""
    return Exec(where, ("sh", "-c", DIG, "gbtui-dig", server, zone, *types), 60.0)


def serial(where: str, server: str, zone: str) -> Exec:
    """The serial that `server` answers for `zone`."""
    return Exec(where, ("sh", "-c", SERIAL, "gbtui-serial", server, zone))
