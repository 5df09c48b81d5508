"""Scripts for SSH keys inside containers, each with a name and a documented answer (item 78).

What is in a user's home is read and written as that user: a link of theirs leads nowhere that they
could not go themselves.

    gbtui-key-runner USER NAME …          "home PATH", "folder" and "file" (known_hosts), "ssh yes", "key
                                          LINE" of each public key that has its private one, "known NAME
                                          TYPE KEY" of host keys known for NAME; a TAB behind the first word
    gbtui-key-target USER                 "home PATH", "home-state", "folder", "file" (authorized_keys), "ssh
                                          yes" where something listens on 22, "key LINE" of the host's keys
    gbtui-line-count FILE USER LINE       how often FILE has LINE
    gbtui-key-lines FILE USER TYPE KEY    how many lines of FILE, options before it or not, hold the key
    gbtui-line-add FILE USER LINE         adds LINE unless it is there
    gbtui-line-remove FILE USER LINE NEW  takes LINE out; with NEW "new" an empty FILE goes, too
    gbtui-runner-reaches USER PEER        "reached", or why `ssh PEER true` does not get there unasked

States are "MODE USER", "missing" or "link".
"""

from __future__ import annotations

from gbtui.guard.plan import Exec, Probe

_AS = """
as() { user=$1; shift; if [ "$user" = "$(id -un)" ]; then "$@"; else runuser -u "$user" -- "$@"; fi; }
"""
_HOME = """
home=$(getent passwd "$1" | cut -d : -f 6); [ -n "$home" ] || exit 0
printf 'home\\t%s\\n' "$home"
state() {
  if [ -L "$2" ]; then echo link; elif [ -e "$2" ]; then stat -c '%a %U' -- "$2"; else echo missing; fi |
    sed "s/^/$1\\t/"
}
"""

RUNNER = f"""{_AS}{_HOME}
state folder "$home/.ssh"; state file "$home/.ssh/known_hosts"
if command -v ssh >/dev/null && command -v ssh-keygen >/dev/null; then printf 'ssh\\tyes\\n'; fi
for kind in ed25519 ecdsa rsa; do
  file=$home/.ssh/id_$kind
  if as "$1" test -r "$file" && as "$1" test -r "$file.pub"; then
    printf 'key\\t%s\\n' "$(as "$1" head -c 4000 "$file.pub" | head -n 1)"
  fi
done
user=$1; shift
for name; do
  as "$user" ssh-keygen -F "$name" -f "$home/.ssh/known_hosts" 2>/dev/null | sed -n '/^#/!s/^/known\\t/p'
done; true
"""

TARGET = f"""{_HOME}
state home-state "$home"; state folder "$home/.ssh"; state file "$home/.ssh/authorized_keys"
[ -z "$(ss -Hltn 'sport = :22')" ] || printf 'ssh\\tyes\\n'
for kind in ed25519 ecdsa rsa; do
  file=/etc/ssh/ssh_host_${{kind}}_key.pub
  if [ -r "$file" ]; then printf 'key\\t%s\\n' "$(head -n 1 "$file")"; fi
done
"""

LINE_COUNT = f"""{_AS}
as "$2" sh -c 'if [ -e "$1" ]; then grep -cxF -e "$2" -- "$1"; else echo 0; fi' line "$1" "$3" || true
"""

KEY_COUNT = f"""{_AS}
count='!/^[ \\t]*#/ {{ for (i = 1; i < NF; i++) if ($i == t && $(i + 1) == k) {{ n++; next }} }}
END {{ print n + 0 }}'
as "$2" sh -c '[ -e "$1" ] || exec echo 0; exec awk -v t="$2" -v k="$3" "$4" "$1"' key "$1" "$3" "$4" "$count"
"""

#: No apostrophe in these two: they stand in a pair of them.
_ADD = """
if [ -L "$1" ]; then echo "$1 is a link" >&2; exit 1; fi
if grep -qsxF -e "$2" -- "$1"; then exit 0; fi
umask 077; new=$(mktemp -- "$1.XXXXXX") || exit 1
if [ -e "$1" ]; then
  cp -p -- "$1" "$new" || exit 1
  if [ -s "$new" ] && [ "$(tail -c 1 -- "$new" | wc -l)" = 0 ]; then echo >>"$new"; fi
fi
printf "%s\\n" "$2" >>"$new" && sync -- "$new" && mv -f -T -- "$new" "$1"
"""
_REMOVE = """
if ! grep -qsxF -e "$2" -- "$1"; then exit 0; fi
umask 077; new=$(mktemp -- "$1.XXXXXX") && cp -p -- "$1" "$new" || exit 1
grep -vxF -e "$2" -- "$1" >"$new"; [ $? -le 1 ] || exit 1
if [ "$3" = new ] && ! [ -s "$new" ]; then rm -f -- "$new" "$1"; exit; fi
sync -- "$new" && mv -f -T -- "$new" "$1"
"""
LINE_ADD = f"""{_AS}
as "$2" sh -c '{_ADD}' gbtui-line "$1" "$3"
"""
LINE_REMOVE = f"""{_AS}
as "$2" sh -c '{_REMOVE}' gbtui-line "$1" "$3" "$4"
"""

REACHES = f"""{_AS}
set -- "$1" ssh -n -T -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=10 -- "$2" true
if said=$(as "$@" 2>&1); then echo reached; exit; fi
printf 'no: %s\\n' "$(printf '%s\\n' "$said" | tail -n 1)"
"""


def _run(where: str, name: str, text: str, *words: str, timeout: float = 30.0) -> Exec:
    return Exec(where, ("sh", "-c", text, name, *words), timeout)


def runner(container: str, user: str, names: tuple[str, ...]) -> Exec:
    """The runner's keys, and the host keys it knows for `names`."""
    return _run(container, "gbtui-key-runner", RUNNER, user, *names)


def target(container: str, user: str) -> Exec:
    """Where the key is to stand, and the target's host keys."""
    return _run(container, "gbtui-key-target", TARGET, user)


def has_line(container: str, file: str, user: str, line: str) -> Probe:
    """The line stands in the file, once."""
    run = _run(container, "gbtui-line-count", LINE_COUNT, file, user, line)
    return Probe(f"{file} has the line once", run, "stdout", "1")


def key_count(container: str, file: str, user: str, kind: str, blob: str) -> Exec:
    """How often the key stands in the file, with options or without."""
    return _run(container, "gbtui-key-lines", KEY_COUNT, file, user, kind, blob)


def add(container: str, file: str, user: str, line: str) -> Exec:
    """Add the line, as the file's user."""
    return _run(container, "gbtui-line-add", LINE_ADD, file, user, line)


def remove(container: str, file: str, user: str, line: str, *, new: bool) -> Exec:
    """Take exactly this line out; the file as well where it was `new` and is empty then."""
    return _run(container, "gbtui-line-remove", LINE_REMOVE, file, user, line, "new" if new else "old")


def reaches(container: str, user: str, peer: str) -> Probe:
    """The runner's user gets to `peer` (user@address) without being asked anything."""
    run = _run(container, "gbtui-runner-reaches", REACHES, user, peer)
    return Probe(f"{user} in {container} reaches {peer} by its key", run, "stdout", "reached")
