"""Suggestions as botserver stored them, and whose ids their keys carry (items 38–42)."""

from __future__ import annotations

from dataclasses import dataclass

from gbtui import text
from gbtui.errors import Failed, NotFound
from gbtui.facts.cache import BECOME

_LOOK = r"""
LC_ALL=C PGCONNECT_TIMEOUT=2; export LC_ALL PGCONNECT_TIMEOUT
PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=2000'; export PGOPTIONS
log=$1 client=$2 port=$3 psql=$4 database=$5 user=$6
[ -f "$log" ] || { echo absent; exit 0; }
ids=$(tail -c 1048576 -- "$log" | awk '
    /started successfully/ { split("", there); n = 0 }
    n < 20 && match($0, /Redis key: suggestions:[0-9a-fA-F-]*/) {
      id = tolower(substr($0, RSTART + 23, RLENGTH - 23))
      if (length(id) == 36 && !(id in there)) { there[id]; n++ }
    }
    END { for (id in there) print id }')
[ -n "$ids" ] || exit 0
ask() { timeout 4 "$psql" -w -X -h localhost -U "$user" -d "$database" -At -c "$1" 2>&1; }
list=$(printf '%s\n' "$ids" | sed "s/.*/'&'/" | paste -sd , -)
bots=$(ask "SELECT id FROM bots WHERE id::text IN ($list)") ||
  { [ "$?" != 124 ] || exit 124
    printf 'silent\t%s\n' "$(printf '%s' "$bots" | head -n 1 | head -c 300)"; exit 0; }
become "$client"
for id in $ids; do
  if printf '%s\n' "$bots" | grep -qxF "$id"; then printf 'bot\t%s\n' "$id"; continue; fi
  whose=$(ask "SELECT 'user' FROM users WHERE id::text = '$id' LIMIT 1" | grep -xF user)
  keys=$(timeout 2 $as "$client" -h 127.0.0.1 -p "$port" --scan --pattern "suggestions:$id:*" |
    head -n 100 | wc -l)
  printf 'other\t%s\t%s\t%s\n' "$id" "$whose" "$keys"
done
"""
SCRIPT = BECOME + _LOOK
"""gbtui-suggestions LOG CLIENT PORT PSQL DATABASE USER, of what botserver stored since its last start: with
TABs `bot ID`, or `other ID user|"" KEYS` for an id that is no bot's (KEYS of it in the cache, at most 100);
`silent WHY` where the database does not answer, `absent` where there is no log; status 124 where psql ran
out of its time. It reads only.

psql runs as root although its folder is the deployer's: the password that lets it in is in root's `.pgpass`,
where who types the guide's command has it. It is started only where botserver stored something."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An id that suggestions were stored under. `user`: it is a user's; `keys` lie under it."""

    id: str
    bot: bool
    user: bool = False
    keys: int = 0


def parse_suggestions(data: bytes, where: str) -> tuple[Stored, ...]:
    """What `SCRIPT` printed; a line that is none is left out.

    Raises:
        NotFound: there is no log. Failed: the database does not answer.
    """
    found: list[Stored] = []
    for row in text.text(data).splitlines():
        match row.split("\t"):
            case ["absent"]:
                raise NotFound(f"botserver's log in {where}", why="there is no such file")
            case ["silent", *why]:
                what = f"which bots there are in {where}"
                raise Failed(what, why=text.clean(" ".join(why))[:300] or "psql said nothing", hint="psql -l")
            case ["bot", id_]:
                found.append(Stored(id_, bot=True))
            case ["other", id_, whose, keys]:
                number = int(keys) if keys.isascii() and keys.isdecimal() and len(keys) < 6 else 0
                found.append(Stored(id_, bot=False, user=whose == "user", keys=number))
    return tuple(found)
