"""Scripts that put a binary in place of another, each with a name and a documented answer (item 77).

SHA is the SHA-256 that was planned. FILE is the binary, NEW its temporary name beside it, OLD where
the previous one is kept ("" for none).

    gbtui-deploy-source PATH             "elf SIZE TYPE MACHINE SHA" · "missing" · "link" · "folder" · "empty"
                                         · "no-file" · "no-elf" · "not-executable"
    gbtui-deploy-target FILE USER UNIT   rows with a TAB: "folder yes", "file MODE USER:GROUP SHA", "free
                                         KIB", "machine M", "starts PATH", "kept N", "owned yes"
    gbtui-deploy-stage FROM PATH TO NEW SHA OWNER
                                         on the host: copies PATH of FROM ("host" or a container) to NEW in
                                         TO, compares, sets owner and mode, and has its libraries looked for
    gbtui-deploy-staged NEW FILE SHA     "yes" where one of both has SHA, else "no"
    gbtui-deploy-swap NEW FILE SHA OLD   keeps FILE as OLD and moves NEW into its place, in one move
    gbtui-deploy-back FILE SHA OLD       moves OLD back
    gbtui-deploy-running UNIT SHA        "runs" where UNIT's process is that binary, else why not
    gbtui-deploy-proof URL FILE COMMIT   "proven COMMIT": URL's answer names COMMIT, or (for "") one that
                                         FILE holds; else why not
"""

from __future__ import annotations

from gbtui.guard.plan import Exec, Probe

SOURCE = """
if [ -L "$1" ]; then echo link; exit; fi
if [ -d "$1" ]; then echo folder; exit; fi
if ! [ -e "$1" ]; then echo missing; exit; fi
if ! [ -f "$1" ]; then echo no-file; exit; fi
if ! [ -s "$1" ]; then echo empty; exit; fi
[ "$(od -An -tx1 -N4 -- "$1" | tr -d ' ')" = 7f454c46 ] || { echo no-elf; exit; }
[ -x "$1" ] || { echo not-executable; exit; }
set -- "$1" $(od -An -tx1 -j16 -N4 -- "$1")
echo "elf $(stat -c %s -- "$1") $2$3 $4$5 $(sha256sum <"$1" | cut -c 1-64)"
"""

TARGET = """
folder=$(dirname -- "$1")
[ -d "$folder" ] || exit 0
printf 'folder\\tyes\\n'
if [ -f "$1" ]; then
  printf 'file\\t%s %s\\n' "$(stat -L -c '%a %U:%G' -- "$1")" "$(sha256sum <"$1" | cut -c 1-64)"
fi
printf 'free\\t%s\\n' "$(df -Pk -- "$folder" | awk 'NR == 2 { print $4 }')"
printf 'machine\\t%s\\n' "$(od -An -tx1 -j18 -N2 "$(readlink -f /bin/sh)" | tr -d ' ')"
start=$(systemctl show -p ExecStart --value -- "$3" | sed -n 's/^{ path=\\([^ ;]*\\) .*/\\1/p')
printf 'starts\\t%s\\n' "$start"
printf 'kept\\t%s\\n' "$(find "$folder" -maxdepth 1 -name "$(basename -- "$1").bak-*" | wc -l)"
if id -u -- "$2" >/dev/null 2>&1; then printf 'owned\\tyes\\n'; fi
"""

#: No apostrophe in it: it stands in a pair of them. Nothing is written through a link: the name is
#: freed, and then taken only where it is free.
_RECEIVE = """
rm -f -- "$1"; set -C; umask 077
cat >"$1" || exit 1
wrong() { echo "$*" >&2; rm -f -- "$1"; exit 1; }
[ "$(sha256sum <"$1" | cut -c 1-64)" = "$2" ] || wrong "$1" is not the file that was planned
chown -- "$3" "$1" && chmod 755 -- "$1" && sync -- "$1" || exit 1
if command -v ldd >/dev/null; then
  lacks=$(ldd "$1" 2>&1 | grep "not found")
  [ -z "$lacks" ] || wrong "$1" "cannot run here: $lacks"
fi
"""
STAGE = f"""
if [ "$1" = host ]; then cat -- "$2"
else lxc exec "$1" --mode=non-interactive -- cat -- "$2" </dev/null; fi |
  lxc exec "$3" --mode=non-interactive -- sh -c '{_RECEIVE}' gbtui-deploy-receive "$4" "$5" "$6"
"""

_HAS = """
has() { [ "$(sha256sum 2>/dev/null <"$1" | cut -c 1-64)" = "$2" ]; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
"""
STAGED = f"""{_HAS}
if has "$1" "$3" || has "$2" "$3"; then echo yes; else echo no; fi
"""
SWAP = f"""{_HAS}
if ! there "$1" && has "$2" "$3"; then exit 0; fi
has "$1" "$3" || {{ echo "$1 is not the file that was planned" >&2; exit 1; }}
if [ -n "$4" ] && ! there "$4"; then ln -P -T -- "$2" "$4" || exit 1; fi
mv -f -T -- "$1" "$2" && sync -- "$(dirname -- "$2")"
"""
BACK = f"""{_HAS}
if [ -n "$3" ] && there "$3"; then
  if [ "$3" -ef "$1" ] && ! [ -L "$1" ]; then rm -f -- "$3"; exit; fi
  mv -f -T -- "$3" "$1" && sync -- "$(dirname -- "$1")"; exit
fi
has "$1" "$2" || exit 0
if [ -n "$3" ]; then echo "$3 is gone: there is nothing to put back" >&2; exit 1; fi
rm -f -- "$1"
"""
RUNNING = """
pid=$(systemctl show -p MainPID --value -- "$1") || exit 1
[ "${pid:-0}" -gt 0 ] || { echo "not: $1 does not run"; exit; }
sum=$(sha256sum <"/proc/$pid/exe" | cut -c 1-64)
if [ "$sum" = "$2" ]; then echo runs; else echo "not: process $pid runs $(readlink "/proc/$pid/exe")"; fi
"""
PROOF = """
said=$(curl -fsS -m 5 "$1" 2>&1) || { echo "not: $said"; exit; }
commit=$(printf %s "$said" | tr -d ' \\n' | grep -o '"commit":"[0-9a-f]*"' | head -n 1 | cut -d '"' -f 4)
[ "${#commit}" -ge 7 ] || { echo 'not: it names no commit'; exit; }
if [ -z "$3" ]; then
  grep -qaF -e "$commit" -- "$2" || { echo "not: it names $commit, which is not in the binary"; exit; }
else
  case $commit in "$3"*) ;; *) case $3 in "$commit"*) ;; *) echo "not: it is $commit"; exit;; esac;; esac
fi
echo "proven $commit"
"""


def _run(where: str, name: str, text: str, *words: str, timeout: float = 60.0) -> Exec:
    return Exec(where, ("sh", "-c", text, name, *words), timeout)


def source(where: str, path: str) -> Exec:
    """What the file is that is to be deployed."""
    return _run(where, "gbtui-deploy-source", SOURCE, path)


def target(container: str, file: str, owner: str, unit: str) -> Exec:
    """What is there now, and whether there is room."""
    return _run(container, "gbtui-deploy-target", TARGET, file, owner, unit)


def stage(source: tuple[str, str], container: str, new: str, sha256: str, owner: str) -> Exec:
    """Copy `source` (where it is, its path) beside, and compare."""
    words = (*source, container, new, sha256, owner)
    return _run("host", "gbtui-deploy-stage", STAGE, *words, timeout=300.0)


def staged(container: str, new: str, file: str, sha256: str) -> Probe:
    """It lies beside, or is in place already."""
    run = _run(container, "gbtui-deploy-staged", STAGED, new, file, sha256)
    return Probe("the copy is the file that was planned", run, "stdout", "yes")


def swap(container: str, new: str, file: str, sha256: str, old: str) -> Exec:
    """Keep the previous one, and move the new one into its place."""
    return _run(container, "gbtui-deploy-swap", SWAP, new, file, sha256, old)


def back(container: str, file: str, sha256: str, old: str) -> Exec:
    """Move the previous one back."""
    return _run(container, "gbtui-deploy-back", BACK, file, sha256, old)


def running(container: str, unit: str, sha256: str) -> Probe:
    """The unit's process is that binary, not an older one whose file is gone."""
    run = _run(container, "gbtui-deploy-running", RUNNING, unit, sha256)
    return Probe(f"{unit} runs the new binary", run, "stdout", "runs")


def proof(container: str, url: str, file: str, commit: str) -> Probe:
    """The service names that commit, or for "" one that the binary holds."""
    run = _run(container, "gbtui-deploy-proof", PROOF, url, file, commit)
    what = f"commit {commit}" if commit else "a commit that is in the binary"
    return Probe(f"{url} names {what}", run, "contains", "proven ")
