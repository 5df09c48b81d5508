"""The CI runner looked at: its caches, what cleans them, and who lets it in (items 78, 79)."""

from __future__ import annotations

from dataclasses import dataclass

from gbtui import text
from gbtui.facts.ci_keys import Key, parse_key

CACHES = r"""
LC_ALL=C; export LC_ALL
for folder; do
  [ -d "$folder" ] && ! [ -L "$folder" ] || continue
  printf 'cache\t%s\t%s\n' "$(du -sk -- "$folder" | cut -f 1)" "$folder"
done; true
"""
"""gbtui-ci-sizes FOLDER…: `cache KIB FOLDER`, TABs between, of each that is there."""

CLEANERS = r"""
LC_ALL=C; export LC_ALL
for folder; do [ -d "$folder" ] && printf 'cache\t\t%s\n' "$folder"; done
words='sccache|\.cargo|cargo-(cache|sweep)|gbtui-ci-cleanup'
cd /etc && grep -rlsE "$words" /etc/crontab cron.d cron.daily cron.hourly cron.weekly /var/spool/cron |
  sed 's/^/cron\t\t/'
for service in $(grep -lsE "$words" /etc/systemd/system/*.service); do
  service=${service##*/} timer=${service%.service}.timer
  [ -e "/etc/systemd/system/$timer" ] || continue
  systemctl show -p Id,ActiveState,Result -- "$timer" "$service" | tr '\n' ' ' | sed "s/^/timer\t\t/"; echo
done; true
"""
"""gbtui-ci-cleaners FOLDER…: `cache  FOLDER` of each cache that is there, `cron  FILE` of cron's files that
name one, `timer  PROPERTIES` of each timer with a service that does (its own and the service's)."""

RUNNER_KEYS = r"""
home=$(getent passwd "$1" | cut -d : -f 6); [ -n "$home" ] || exit 0
for kind in ed25519 ecdsa rsa; do
  file=$home/.ssh/id_$kind
  [ -r "$file" ] && [ -r "$file.pub" ] && printf 'key\t%s\n' "$(head -c 4000 "$file.pub" | head -n 1)"
done
head -c 262144 "$home/.ssh/known_hosts" 2>/dev/null |
  awk '{ for (i = 1; i < NF; i++) if ($i ~ /^(ssh|ecdsa)-/) print "known\t" $i " " $(i + 1) }'
true
"""
"""gbtui-ci-runner-keys USER: `key LINE` of each public key that has its private one, `known TYPE KEY` of the
host keys that the user knows."""

TARGET_KEYS = r"""
home=$(getent passwd "$1" | cut -d : -f 6); [ -n "$home" ] || exit 0
[ -z "$(ss -Hltn 'sport = :22')" ] || printf 'ssh\tyes\n'
for kind in ed25519 ecdsa rsa; do
  file=/etc/ssh/ssh_host_${kind}_key.pub
  [ -r "$file" ] && printf 'key\t%s\n' "$(head -n 1 "$file")"
done
head -c 262144 "$home/.ssh/authorized_keys" 2>/dev/null | grep -v '^[ \t]*#' |
  awk '{ for (i = 1; i < NF; i++) if ($i ~ /^(ssh|ecdsa)-/) print "known\t" $i " " $(i + 1) }'
true
"""
"""gbtui-ci-target-keys USER: `ssh yes` where something listens on 22, `key LINE` of the host's own keys,
`known TYPE KEY` of those that may log in as the user."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Caches that are there: (folder, bytes)."""

    caches: tuple[tuple[str, int], ...] = ()

    @property
    def total(self) -> int:
        return sum(size for _, size in self.caches)


@dataclass(frozen=True, slots=True)
class Cleaners:
    """What cleans the `caches`: cron's `files`, `timers` that are on; services whose last run `failed`."""

    caches: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    timers: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """One end of the way that a release takes: its own `keys`, those it knows, and whether sshd listens."""

    keys: tuple[Key, ...] = ()
    known: tuple[Key, ...] = ()
    ssh: bool = False

    def knows(self, other: End) -> bool:
        """Whether one of the other's own keys is among those known here."""
        return bool({key.blob for key in other.keys} & {key.blob for key in self.known})


def parse_sizes(data: bytes) -> Sizes:
    """The answer of `CACHES`; a line that is none is left out."""
    rows = [row.split("\t", 2) for row in text.text(data).splitlines()]
    good = [row for row in rows if len(row) == 3 and row[0] == "cache" and _number(row[1]) is not None]
    return Sizes(tuple((row[2], (_number(row[1]) or 0) * 1024) for row in good))


def parse_cleaners(data: bytes) -> Cleaners:
    """The answer of `CLEANERS`; a line that is none is left out."""
    caches: list[str] = []
    files: list[str] = []
    timers: list[str] = []
    off: list[str] = []
    failed: list[str] = []
    for row in text.text(data).splitlines():
        kind, _, rest = (*row.split("\t", 2), "", "")[:3]
        if kind == "cache":
            caches.append(rest)
        elif kind == "cron":
            files.append(rest)
        elif kind == "timer":
            for name, active, result in _units(rest):
                if name.endswith(".timer"):
                    (timers if active == "active" else off).append(name)
                elif result not in ("", "success"):
                    failed.append(f"{name}: {result}")
    return Cleaners(tuple(caches), tuple(files), tuple(timers), tuple(off), tuple(failed))


def _units(words: str) -> list[tuple[str, str, str]]:
    """(Id, ActiveState, Result) of each unit; Result comes before its unit's Id."""
    found: list[tuple[str, str, str]] = []
    result = ""
    for word in words.split():
        key, _, value = word.partition("=")
        if key == "Result":
            result = value
        elif key == "Id":
            found.append((value, "", result))
            result = ""
        elif key == "ActiveState" and found:
            found[-1] = (found[-1][0], value, found[-1][2])
    return found


def parse_end(data: bytes) -> End:
    """The answer of `RUNNER_KEYS` or `TARGET_KEYS`; a line that is none is left out."""
    rows = [row.partition("\t")[::2] for row in text.text(data).splitlines()]
    return End(
        keys=tuple(key for name, value in rows if name == "key" and (key := parse_key(value))),
        known=tuple(key for name, value in rows if name == "known" and (key := parse_key(value))),
        ssh=("ssh", "yes") in rows,
    )


def _number(word: str) -> int | None:
    return int(word[:15]) if word.isascii() and word.isdecimal() else None
