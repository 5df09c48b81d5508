"""How a role proves that it works, asked inside its container: one script, and its answers (items 6-15)."""

from __future__ import annotations

from dataclasses import dataclass

from gbtui.text import text

ROLE_ANSWERS = """
kind=$1 PATH=$PATH:/usr/sbin:/sbin:$2 LC_ALL=C; export PATH LC_ALL; shift 2
for target; do
  case $kind in
  http)
    command -v curl >/dev/null || { printf '%s\\t127\\tcurl: not found\\n' "$target"; continue; }
    said=$(curl -ksS -m 2 -o /dev/null -w '%{http_code}' -- "$target" 2>&1); status=$?
    case $status$said in 0[23]??) ;; 0*) status=22 ;; esac ;;
  process)
    status=1 said='no such process'
    for comm in /proc/[0-9]*/comm; do
      read -r name <"$comm" 2>/dev/null || continue
      [ "$name" = "$target" ] && { status=0 said=${comm#/proc/} said=${said%/comm}; break; }
    done ;;
  *) said=$(timeout 2 $target 2>&1); status=$? ;;
  esac
  printf '%s\\t%s\\t%s\\n' "$target" "$status" "$said" | head -c 600 | tr '\\n' ' '; echo
  [ "$status" != 0 ] || break
done
"""
"""`$1` is the kind, `$2` where the layout has its programs, the rest are targets; it ends at the first that
works. `-k`: it asks its own loopback."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one target said. `status` is 0 where it works, 127 where nothing there can ask it."""

    target: str
    status: int
    said: str

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.target}: {self.said.strip() or f'exit status {self.status}'}"


def parse_answers(data: bytes) -> tuple[Answer, ...]:
    """The script's lines, in order; one that is none is left out."""
    found = []
    for row in text(data).splitlines():
        target, _, rest = row.partition("\t")
        status, tab, said = rest.partition("\t")
        if tab and status.isascii() and status.isdecimal() and len(status) < 4:
            found.append(Answer(target, int(status), said.rstrip()))
    return tuple(found)
