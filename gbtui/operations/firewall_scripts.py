"""Scripts of the firewall operations, each a constant with a name and a documented answer.

They run as `("sh", "-c", SCRIPT, NAME, argument…)`, arguments never part of the text (R9).

    gbtui-rehearse INSIDE PORT[/udp] (COUNT WORD…)…   the present rules restored in a network namespace of its
                              own, then the commands given, each as its number of words and its words
    gbtui-rules PROGRAM TEXT [OPTION…]          feeds TEXT to iptables-restore or ip6tables-restore
    gbtui-rules-around PROGRAM TEXT             the same with --noflush; the rules that lead to fail2ban's
                              chains, and LXD's, are those that run now, whatever TEXT has of them
    gbtui-rule PROGRAM TABLE CHAIN LINE         how many rules of CHAIN read exactly LINE: a number
    gbtui-own PROGRAM TABLE…                    SHA-256 of the rules that are neither fail2ban's nor LXD's
    gbtui-connect ADDRESS PORT                  "open" · "refused" · "silent" (dropped) · "unknown"
    gbtui-datagram ADDRESS PORT                 the same over UDP: "open" where an answer came (to a question
                              for the root's name servers on port 53, to an empty line elsewhere),
                              "refused" where nobody listens and the packet went through, "silent" where
                              it was dropped, or whoever listens says nothing
    gbtui-dropped PROGRAM LINE                  "dropped" where the rule LINE of table filter has met a packet
    gbtui-ufw-with TEXT                         ufw stopped and started with TEXT for /etc/default/ufw, which
                              stays as it is: only to be run inside gbtui-rehearse

gbtui-rehearse answers "impossible" (and why), "unrestored" or "failed N" (and the command's words), or
"rehearsed"; then `before FAMILY WORD` and `after FAMILY WORD`: what a connection to PORT on loopback came
to in there (a datagram, with /udp), in gbtui-connect's words; then `== FAMILY` with what iptables-save
says in there. It never touches the rules outside: whatever it does, it does to a namespace that ends
with it.
"""

from __future__ import annotations

from gbtui.guard.plan import Exec, Probe
from gbtui.text import text

_CONNECT = """
connect() {
  said=$(LC_ALL=C timeout 4 bash -c ': <"/dev/tcp/$0/$1"' "$1" "$2" 2>&1); status=$?
  case $status/$said in
    0/*) echo open;; 124/*) echo silent;; */*refused*) echo refused;; *) echo unknown;;
  esac
}
"""

#: 17 bytes: a whole question, the root's NS. Any answer counts, a refusal as well.
_DATAGRAM = r"""
datagram() {
  said=$(LC_ALL=C timeout 5 bash -c '
    exec 3<>"/dev/udp/$0/$1" || exit 3
    if [ "$1" = 53 ]; then printf "gb\1\0\0\1\0\0\0\0\0\0\0\0\2\0\1"; else echo; fi >&3 || exit 3
    timeout 2 head -c 1 <&3 | od -An -tx1' "$1" "$2" 2>&1); status=$?
  case $status/$said in
    */*refused*) echo refused;; 0/) echo silent;; "0/ "[0-9a-f][0-9a-f]) echo open;; *) echo unknown;;
  esac
}
"""

CONNECT = _CONNECT + 'connect "$1" "$2"\n'
DATAGRAM = _DATAGRAM + 'datagram "$1" "$2"\n'

DROPPED = r"""
counted=$("$1-save" -c -t filter) || exit 1
if printf '%s\n' "$counted" | grep -v '^\[0:' | sed 's/^\[[0-9:]*\] //' | grep -qxF -e "$2"; then
  echo dropped
else
  echo 'not yet'
fi
"""

REHEARSE = """
umask 077; PATH=$PATH:/usr/sbin:/sbin; export PATH
inside=$1; shift
why=$(unshare -n true 2>&1) || { echo "impossible $why"; exit 0; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf -- "$dir"' EXIT
iptables-save >"$dir/ip" || exit 1
ip6tables-save >"$dir/ip6" 2>/dev/null || : >"$dir/ip6"
unshare -n sh -c "$inside" gbtui-rehearse-inside "$dir" "$@"
"""

#: `first N WORD…` runs the first N words; sets of addresses are not in a new namespace, so rules on
#: them are left out where the rest could not be restored.
INSIDE = (
    _CONNECT
    + _DATAGRAM
    + """
tried() { case $2 in */udp) datagram "$1" "${2%/udp}";; *) connect "$1" "$2";; esac; }
dir=$1 port=$2; shift 2; number=0
first() {
  n=$1; shift; all=$#
  for word; do [ "$n" -gt 0 ] || break; set -- "$@" "$word"; n=$((n - 1)); done
  shift "$all"; "$@"
}
tell() {
  printf '%s ip %s\\n' "$1" "$(tried 127.0.0.1 "$port")"
  printf '%s ip6 %s\\n' "$1" "$(tried ::1 "$port")"
}
ip link set lo up 2>/dev/null
for family in ip ip6; do
  program=iptables; [ "$family" = ip ] || program=ip6tables
  [ -s "$dir/$family" ] || continue
  "$program-restore" <"$dir/$family" 2>"$dir/said" || {
    grep -v -e --match-set <"$dir/$family" >"$dir/less"
    "$program-restore" <"$dir/less" 2>"$dir/said" || { echo unrestored; cat "$dir/said"; exit 0; }
  }
done
tell before >"$dir/told"
while [ $# -gt 0 ]; do
  count=$1; shift; number=$((number + 1))
  first "$count" "$@" >"$dir/said" 2>&1 </dev/null || { echo "failed $number"; cat "$dir/said"; exit 0; }
  shift "$count"
done
tell after >>"$dir/told"
echo rehearsed; cat "$dir/told"
echo '== ip'; iptables-save
echo '== ip6'; ip6tables-save 2>/dev/null
exit 0
"""
)

RULES = """
program=$1 text=$2; shift 2
printf '%s' "$text" | "$program" -w "$@"
"""

#: A jail may have started or stopped since TEXT was made. Where a chain's own such rules are the same
#: still, they stay where TEXT has them; else those that run now come first in their chain.
AROUND = r"""
program=$1 text=$2
now=$("${program%restore}save") || exit
{ printf '%s\n' "$now"; echo '== text'; printf '%s' "$text"; } | awk '
  function theirs(line) {
    if (line ~ /^-A (f2b|fail2ban)-/) return 0
    return line ~ / -[jg] (f2b|fail2ban)-/ || line ~ /--comment "generated for LXD/
  }
  function now_first(key, i) { for (i = 1; i <= count[key]; i++) print run[key, i]; told[key] = 1 }
  function close_chain(key, i, same, many) {
    if (chain == "") return
    key = table SUBSEP chain; same = 1; many = 0
    for (i = 1; i <= held; i++) if (theirs(group[i])) { many++; mine[key, group[i]]++ }
    for (i = 1; i <= count[key]; i++) if (mine[key, run[key, i]] != tally[key, run[key, i]]) same = 0
    same = same && many == count[key] + 0
    if (!same) now_first(key)
    told[key] = 1
    for (i = 1; i <= held; i++) if (same || !theirs(group[i])) print group[i]
    chain = ""; held = 0
  }
  $0 == "== text" { reading = 1; next }
  !reading {
    if (/^\*/) table = $0
    if (/^-A / && theirs($0)) { key = table SUBSEP $2; run[key, ++count[key]] = $0; tally[key, $0]++ }
    next
  }
  /^-A / { if ($2 != chain) { close_chain(); chain = $2 }; group[++held] = $0; next }
  { close_chain() }
  /^\*/ { table = $0 }
  /^:/ { name = substr($1, 2); order[++named] = name; known[named] = table }
  $0 == "COMMIT" {
    for (n = 1; n <= named; n++)
      if (known[n] == table && !told[table SUBSEP order[n]]) now_first(table SUBSEP order[n])
  }
  { print }
' | "$program" -w --noflush
"""

RULE = """
rules=$("$1" -w -t "$2" -S "$3") || exit
printf '%s\\n' "$rules" | grep -cxF -e "$4" || true
"""

#: Order counts within a chain, not among chains; policies count, fail2ban's and LXD's own rules do not.
OWN = """
program=$1; shift
for table; do
  rules=$("$program" -w -t "$table" -S) || exit
  echo "$table"
  printf '%s\\n' "$rules" | grep '^-[PNA] ' | grep -v -e ' f2b-' -e ' fail2ban-' -e 'generated for LXD' |
    LC_ALL=C sort -s -k 2,2
done | sha256sum | cut -c 1-64
"""

#: The kernel's own settings are left out, and so are an administrator's own hooks: what they do need not
#: stay in the namespace.
UFW_WITH = """
dir=$(mktemp -d) || exit 1
trap 'rm -rf -- "$dir"' EXIT
printf '%s\\nIPT_SYSCTL=\\n' "$1" >"$dir/ufw"; : >"$dir/hook"; chmod 644 "$dir/hook"
init=/usr/lib/ufw/ufw-init; [ -x "$init" ] || init=/lib/ufw/ufw-init
unshare -m sh -c '
  mount --bind "$1/ufw" /etc/default/ufw || exit 1
  for hook in /etc/ufw/before.init /etc/ufw/after.init; do
    ! [ -e "$hook" ] || mount --bind "$1/hook" "$hook" || exit 1
  done
  "$2" force-stop && "$2" start
' gbtui-ufw-inside "$dir" "$init"
"""


def datagram(where: str, address: str, port: str) -> Exec:
    """A UDP packet from `where`, and in one word what came back."""
    return Exec(where, ("sh", "-c", DATAGRAM, "gbtui-datagram", address, port), 10.0)


def dropped(where: str, program: str, line: str) -> Probe:
    """Whether a rule of INPUT has met a packet."""
    run = Exec(where, ("sh", "-c", DROPPED, "gbtui-dropped", program, f"-A INPUT {line}"))
    return Probe(f"-A INPUT {line} has dropped it ({program})", run, "stdout", "dropped")


def connect(where: str, address: str, port: str) -> Exec:
    """A TCP connection from `where`, in one word."""
    return Exec(where, ("sh", "-c", CONNECT, "gbtui-connect", address, port), 10.0)


def rules(where: str, program: str, given: str, *options: str) -> Exec:
    """`given` to iptables-restore or ip6tables-restore."""
    return Exec(where, ("sh", "-c", RULES, "gbtui-rules", f"{program}-restore", given, *options))


def rules_around(where: str, program: str, given: str) -> Exec:
    """`given` in place of the rules that run, around fail2ban's and LXD's own."""
    return Exec(where, ("sh", "-c", AROUND, "gbtui-rules-around", f"{program}-restore", given))


def rule_there(
    where: str, program: str, chain: str, spec: str, count: int, *, table: str = "filter"
) -> Probe:
    """The probe that exactly `count` rules of `chain` read `-A chain spec`."""
    line = f"-A {chain} {spec}"
    run = Exec(where, ("sh", "-c", RULE, "gbtui-rule", program, table, chain, line))
    often = "is there" if count == 1 else "is not there" if not count else f"is there {count} times"
    return Probe(f"{line} {often} ({program})", run, "stdout", str(count))


def own(where: str, program: str, tables: tuple[str, ...]) -> Exec:
    """The hash of the rules that belong neither to fail2ban nor to LXD."""
    return Exec(where, ("sh", "-c", OWN, "gbtui-own", program, *tables))


def ufw_with(settings: bytes) -> Exec:
    """ufw stopped and started with these settings, for a rehearsal."""
    return Exec("host", ("sh", "-c", UFW_WITH, "gbtui-ufw-with", text(settings)), 60.0)
