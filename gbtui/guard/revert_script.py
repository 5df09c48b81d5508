"""The undo script left on the host before a change that could lock its operator out (R5).

It is made from the plan alone and is right whatever happened in between: an undo runs only where
its step's `done` probe says the step took effect, and afterwards the probe must deny it. So it may
run when none, some or all of the armed steps were done, and twice.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from gbtui.guard.amend import as_argv
from gbtui.guard.plan import Action, Amend, Exec, Plan, Probe, Replace, Step
from gbtui.guard.preview import command
from gbtui.guard.scripts import PUT

_HEAD = r"""#!/bin/sh
# gbtui operation {op_id}: {title}
# Puts the armed steps back when nobody said "keep" in time. Started by a transient timer.
dir={dir}
PATH=$PATH:/usr/sbin:/sbin:/usr/local/bin:/snap/bin; HOME=${{HOME:-/root}}; export PATH HOME
umask 077
exec 9>"$dir/lock" || exit 1
flock 9 || exit 1
[ -e "$dir/armed" ] || exit 0
[ -e "$dir/outcome" ] && exit 0
say() {{ printf '%s\n' "$*"; }}
# holds WANT HOW VALUE COMMAND…: WANT is + (must say it) or - (must not); status 2: it could not look
holds() {{
  want=$1 how=$2 value=$3; shift 3
  out=$("$@" 2>/dev/null </dev/null); status=$?
  case $how in
    status) [ "$status" = "$value" ] ;;
    stdout) [ "$status" = 0 ] || return 2
            out=$(printf '%s' "$out" | sed 's/^[[:space:]]*//;s/[[:space:]]*$//')
            [ "$out" = "$value" ] ;;
    contains) [ "$status" = 0 ] || return 2; case $out in *"$value"*) true ;; *) false ;; esac ;;
  esac
  said=$?
  if [ "$want" = + ]; then return "$said"; fi
  [ "$said" != 0 ]
}}
"""

_TAIL = r"""
word=failed
: >"$dir/output"
for pause in 1 2 3 5 8 13 0; do
  if work >>"$dir/output" 2>&1 9>&-; then word=reverted; break; fi
  say "not all of it worked: again in $pause s" >>"$dir/output"; sleep "$pause"
done
{ printf '%s %s\n' "$word" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"; head -c 4000 "$dir/output"; } >"$dir/outcome.new"
sync -- "$dir/outcome.new"; mv -f "$dir/outcome.new" "$dir/outcome"; sync -- "$dir"
rm -f "$dir/armed"
logger -t gbtui -- "$word ${dir##*/} by the host itself" 2>/dev/null
[ "$word" = reverted ]
"""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is written to the operation's directory on the host: name → contents."""

    files: tuple[tuple[str, bytes], ...]


def bundle(plan: Plan, op_id: str, directory: str) -> Bundle:
    """The script and its files for the armed steps of `plan`, to be kept in `directory`."""
    files: list[tuple[str, bytes]] = []
    body = ["work() {", "failed=0"]
    for number, step in reversed(list(enumerate(plan.steps))):
        if step.armed:
            body += _undo(number, step, files)
    for number, step in enumerate(plan.steps):
        if step.armed and step.back is not None:
            why = shlex.quote(f"step {number + 1} is not undone: {step.title}")
            body.append(f"holds {_holds(step.back)} || {{ say {why}; failed=1; }}")
    body += ["return $failed", "}"]
    head = _HEAD.format(op_id=op_id, title=plan.title.replace("\n", " "), dir=shlex.quote(directory))
    script = head + "\n".join(body) + "\n" + _TAIL
    about = f"{plan.title}\n".encode()
    return Bundle((("about", about), ("revert.sh", script.encode()), *files))


def _undo(number: int, step: Step, files: list[tuple[str, bytes]]) -> list[str]:
    name = shlex.quote(f"step {number + 1} ({step.title})")
    lines = [_do(action, f"undo-{number}-{i}", files) for i, action in enumerate(step.undo)]
    together = " && ".join(lines) or "true"
    done = f"if holds {_holds(step.done)}; then" if step.done is not None else "if true; then"
    return [
        done,
        f"  if {{ {together}; }} </dev/null; then say {name}: undone",
        f"  else say {name}: undo failed; failed=1; fi",
        f"else say {name}: was not done; fi",
    ]


def _holds(probe: Probe) -> str:
    sign = "-" if probe.negate else "+"
    return shlex.join((sign, probe.expect, probe.value, *_argv(probe.run)))


def _argv(run: Exec) -> tuple[str, ...]:
    return ("timeout", "-k", "5", f"{run.timeout:g}", *command(run).argv)


def _do(action: Action, name: str, files: list[tuple[str, bytes]]) -> str:
    if isinstance(action, Exec):
        return shlex.join(_argv(action))
    if isinstance(action, Amend):
        return shlex.join(_argv(Exec("host", as_argv(action))))
    if isinstance(action, Replace):
        files.append((name, action.after))
        put = Exec(action.where, ("sh", "-c", PUT, "gbtui-put", action.path))
        return f'{shlex.join(_argv(put))} <"$dir"/{shlex.quote(name)}'
    probe = _holds(action.probe)
    tries = " ".join(map(str, range(max(1, int(action.timeout)))))
    return f"{{ for n in {tries}; do holds {probe} && break; sleep 1; done; holds {probe}; }}"
