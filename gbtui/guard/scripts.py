"""The few shell scripts that run on the host, each a constant with a name and a documented answer.

They run as `("sh", "-c", SCRIPT, NAME, *arguments)`: arguments are never part of the text (R9). A
simulated host recognises a script by its NAME, and answers as documented here. Shell is used where
several steps must be one for the kernel, or must go on when the link to the operator is cut.

    gbtui-lock RUN HOLDER S      holds the host's lock until stdin ends, or is silent for S seconds.
                                 "held", then "." for each byte · "busy HOLDER" (exit 75)
    gbtui-lock-look RUN          who holds it: HOLDER's line, or nothing
    gbtui-backup PATH BACKUP     copies, never over another file; prints `sha256sum BACKUP`
    gbtui-same PATH SHA256       "same" or "differs" (also where there is no PATH)
    gbtui-put PATH               replaces PATH by stdin in one move, owner and mode kept
    gbtui-paste PATH OLD BACKUP  in a preview only: what a replacement does, contents as base64 on stdin
    gbtui-revert-prepare DIR     makes DIR (0700) and its parent
    gbtui-revert-arm DIR UNIT S  (re)starts the timer: "armed EPOCH" · the outcome (exit 76) when too late
    gbtui-revert-disarm DIR      "disarmed" · "none" (nothing there) · the outcome (exit 76) when too late
    gbtui-revert-now DIR         reverts at once and prints the outcome; once more where it had failed
    gbtui-revert-list ROOT       one line per operation: ID, STATE, EPOCH, TITLE, separated by TABs
    gbtui-revert-reported DIR    marks the outcome as told to somebody

DIR holds, per operation: `revert.sh` and its files, `about` (title), `unit` (the timer now in force),
`armed` (epoch at which it fires), `outcome` ("reverted TIME" or "failed TIME", then its output),
`reported`. Everything that decides between keeping and reverting does so under DIR/lock, so the
timer and the operator cannot both win.
"""

from __future__ import annotations

from gbtui.hosts.base import Command

BUSY = 75
"""Exit status: somebody else holds it (sysexits' EX_TEMPFAIL)."""
OVER = 76
"""Exit status: too late, the host has reverted; its outcome is on stdout."""

LOCK = """
umask 077; mkdir -p "$1" || exit 70
exec 9>>"$1/lock" || exit 70
flock -n 9 || { sleep 0.2; flock -n 9; } || {
  printf 'busy '; cat "$1/holder" 2>/dev/null || echo; exit 75; }
printf '%s\\n' "$2" >"$1/holder.new" && mv -f "$1/holder.new" "$1/holder" || exit 70
echo held
while [ -n "$(timeout "$3" head -c 1 9>&-)" ]; do echo .; done
rm -f "$1/holder"
"""

LOCK_LOOK = """
[ -e "$1/lock" ] || exit 0
exec 9<"$1/lock" || exit 70
flock -n 9 || cat "$1/holder"
"""

#: `ln` is what never overwrites: it fails when the name is taken, also by a link or in a race.
BACKUP = """
umask 077; new="$2.$$.new"
if ! [ -e "$2" ]; then
  cp -p -- "$1" "$new" && sync -- "$new" && ln -T -- "$new" "$2"; status=$?
  rm -f -- "$new"; [ "$status" = 0 ] || exit "$status"
fi
sha256sum -- "$2"
"""

SAME = """
if [ "$(sha256sum 2>/dev/null <"$1" | cut -c 1-64)" = "$2" ]; then echo same; else echo differs; fi
"""

PUT = """
set -e; umask 077; new="$1.$$.new"
if [ -e "$1" ]; then cp -p -- "$1" "$new"; fi
cat >"$new"; sync -- "$new"; mv -f -T -- "$new" "$1"
"""

#: OLD is the SHA-256 of what is there now, "none" for nothing; BACKUP may be "".
PASTE = """
set -e; umask 077; now=none
if [ -e "$1" ]; then now=$(sha256sum <"$1" | cut -c 1-64); fi
[ "$now" = "$2" ] || { echo "$1 is not the file this was planned from" >&2; exit 1; }
if [ -n "$3" ]; then [ -e "$3" ] || cp -p -- "$1" "$3"; echo "$2  $3" | sha256sum --status -c -; fi
new=$(mktemp -- "$1.XXXXXX"); if [ "$now" = none ]; then chmod 644 "$new"; else cp -p -- "$1" "$new"; fi
base64 -d >"$new"; sync -- "$new"; mv -f -T -- "$new" "$1"
"""

PREPARE = """
umask 077; mkdir -p -- "$1" && chmod 700 -- "$1"
"""

ARM = """
umask 077; dir=$1 unit=$2
exec 9>"$dir/lock" || exit 70
flock -w 30 9 || exit 75
if [ -e "$dir/outcome" ]; then cat "$dir/outcome"; exit 76; fi
old=; if [ -e "$dir/unit" ]; then old=$(cat "$dir/unit"); unit=$unit-$(date +%s%N); fi
systemd-run --quiet --unit="$unit" --on-active="$3" --timer-property=AccuracySec=1s --collect \\
  /bin/sh "$dir/revert.sh" 9>&- || exit 1
systemctl is-active --quiet "$unit.timer" || exit 1
printf '%s\\n' "$unit" >"$dir/unit.new" && mv -f "$dir/unit.new" "$dir/unit" || exit 1
echo $(($(date +%s) + $3)) >"$dir/armed.new" && mv -f "$dir/armed.new" "$dir/armed" || exit 1
sync -- "$dir"/* "$dir"
if [ -n "$old" ]; then systemctl stop "$old.timer" 2>/dev/null; fi
printf 'armed '; cat "$dir/armed"
"""

DISARM = """
dir=$1
[ -d "$dir" ] || { echo none; exit 0; }
exec 9>"$dir/lock" || exit 70
flock -w 60 9 || exit 75
if [ -e "$dir/outcome" ]; then cat "$dir/outcome"; exit 76; fi
if [ -e "$dir/unit" ]; then
  unit=$(cat "$dir/unit")
  systemctl stop "$unit.timer"
  if systemctl is-active --quiet "$unit.timer"; then echo "$unit.timer is still there" >&2; exit 1; fi
fi
rm -f "$dir/armed"; rm -rf -- "$dir"
echo disarmed
"""

NOW = """
if grep -q '^failed' "$1/outcome" 2>/dev/null; then echo 0 >"$1/armed"; rm -f "$1/outcome" "$1/reported"; fi
/bin/sh "$1/revert.sh" || exit 1
if [ -e "$1/unit" ]; then systemctl stop "$(cat "$1/unit").timer" 2>/dev/null; fi
cat "$1/outcome"
"""

LIST = """
for dir in "$1"/*/; do
  [ -e "${dir}about" ] && ! [ -e "${dir}reported" ] || continue
  epoch=0; unit=; if [ -e "${dir}unit" ]; then unit=$(cat "${dir}unit"); fi
  if [ -e "${dir}outcome" ]; then
    read -r state rest <"${dir}outcome"; epoch=$(stat -c %Y "${dir}outcome")
  elif [ -e "${dir}armed" ]; then
    epoch=$(cat "${dir}armed")
    if ! flock -n "${dir}lock" true; then state=reverting
    elif systemctl is-active --quiet "$unit.timer"; then state=armed
    elif [ -e "${dir}outcome" ]; then read -r state rest <"${dir}outcome"
    else state=lost; fi
  else state=prepared; fi
  printf '%s\\t%s\\t%s\\t%s\\n' "$(basename "$dir")" "$state" "$epoch" "$(head -n 1 "${dir}about")"
done
"""

REPORTED = """
: >"$1/reported"
"""


def script(
    name: str,
    text: str,
    *arguments: str,
    stdin: bytes | None = None,
    timeout: float = 15.0,
    hold: bool = False,
) -> Command:
    """`text` as a root command on the host, known by `name` (its `$0`)."""
    argv = ("sh", "-c", text, name, *arguments)
    return Command(argv, root=True, stdin=stdin, hold_stdin=hold, timeout=timeout)
