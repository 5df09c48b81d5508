"""How a program is made to end with whoever asked for it, and within its time.

Ending a remote program from the outside is not possible in general: sshd delivers no signals to a
privileged session, and an operator may not signal what `sudo` started. What always works is the
other side ending it by itself: `timeout` (its own process group, TERM then KILL) bounds it, and a
guardian that holds stdin ends it when stdin closes, which is what a lost link looks like there.
"""

from __future__ import annotations

import math

from gbtui.hosts.base import Command

#: Seconds between TERM and KILL where the program runs.
KILL_AFTER = 5

#: What `timeout` answers when the time was up, and when even TERM did not help.
KILLED = 137

#: sbin and snap are not on the PATH of a non-interactive login; messages must be in English.
PATH_EXTRA = "/usr/local/sbin:/usr/sbin:/sbin:/snap/bin"
LOCALE = "C.UTF-8"

#: sh -c GUARD gbtui-guard BYTES PROGRAM [ARGUMENT…]
#:
#: The first BYTES of stdin are the program's own; after them stdin stays open, and its end means
#: that nobody waits any more: the program gets TERM, which `timeout` passes on to its whole group
#: (KILL follows). Three parts: the feeder reads stdin, the keeper starts the program and ends the
#: feeder after it, the shell itself waits for both (dash waits for a pipeline as a whole, so the
#: keeper must end the feeder, whose process id comes as the first line). The feeder signals its
#: parent only while that is still its parent: a recycled process id is never hit. It does so again
#: every second, and the keeper ends the group once more at the end: a signal that comes between a
#: fork and an exec is lost on the shell, and makes `timeout` leave without its child. The shells'
#: own output is closed while they wait: dash says "Terminated" on stderr.
GUARD = f"""\
PATH=$PATH:{PATH_EXTRA} LC_ALL={LOCALE}; export PATH LC_ALL
bytes=$1; shift; pid= gone=
trap 'gone=1; [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null' HUP INT TERM
await() {{
  [ -z "$gone" ] || kill -TERM "$pid" 2>/dev/null
  wait "$pid"; status=$?
  while kill -0 "$pid" 2>/dev/null; do wait "$pid"; status=$?; done
}}
exec 3<&0
{{
  read -r me _ </proc/self/stat; echo "$me"
  [ "$bytes" = 0 ] || head -c "$bytes"
  exec >/dev/null 2>&1
  read -r _
  while read -r _ _ _ parent _ </proc/self/stat && [ "$parent" = $$ ]; do kill -TERM $$; sleep 1; done
}} <&3 3<&- | {{
  trap 'gone=1; [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null' HUP INT TERM
  read -r feeder
  exec 3<&0
  "$@" <&3 3<&- & pid=$!
  exec 3<&- </dev/null >/dev/null 2>&1
  await
  [ -z "$gone" ] || {{ kill -TERM "-$pid" && {{ sleep 0.5 || sleep 1; }} && kill -KILL "-$pid"; }} 2>/dev/null
  kill "$feeder" 2>/dev/null
  exit "$status"
}} & pid=$!
exec 3<&- </dev/null >/dev/null 2>&1
await
exit "$status"
"""


def bounded(argv: tuple[str, ...], seconds: float) -> tuple[str, ...]:
    """`argv` under `timeout`: TERM to its whole group after `seconds`, KILL a little later.

    0 seconds means no bound, and still one group that a TERM reaches as a whole (coreutils).
    """
    return ("timeout", "-k", str(KILL_AFTER), f"{math.ceil(seconds * 1000) / 1000:g}", *argv)


def guarded(argv: tuple[str, ...], stdin: bytes | None, *, sudo: bool) -> tuple[str, ...]:
    """`argv` under the guardian. sudo stands outside: only root may end what root runs."""
    prefix = ("sudo", "-n", "--") if sudo else ()
    return (*prefix, "sh", "-c", GUARD, "gbtui-guard", str(len(stdin or b"")), *argv)


def ends_by_itself(command: Command) -> bool:
    """Whether a stream needs no guardian: bare `tail -F` notices a closed pipe, and a program
    whose stdin is held open watches its holder by its own means."""
    return command.hold_stdin or command.argv[:2] == ("tail", "-F")
