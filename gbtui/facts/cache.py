"""Valkey as it answers on loopback, who it is, and where it listens (items 31, 35, 64)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from gbtui import text
from gbtui.facts.services import unit_of

BECOME = r"""
become() {
  as= owner=$(stat -c '%u %g' -- "$1" 2>/dev/null)
  case $owner in ''|0\ *) return;; esac
  ! command -v setpriv >/dev/null || as="setpriv --reuid=${owner% *} --regid=${owner#* } --clear-groups --"
}
"""
"""A shell function: `become FILE` sets `$as` to what starts a program as the owner of its file. Who delivers
botserver may replace what lies beside it, and is not to be root by that."""

SCRIPT = (
    BECOME
    + r"""
LC_ALL=C; export LC_ALL
port=$1 client=$2 unit=
command -v ss >/dev/null || echo noss
while read -r _ _ _ local _ rest; do
  [ -n "$local" ] || continue
  printf 'listen\t%s\n' "$local"
  case $rest in *pid=*) ;; *) continue;; esac
  rest=${rest#*pid=}
  while IFS= read -r row; do case $row in 0::*) unit=${row#0::};; esac; done <"/proc/${rest%%,*}/cgroup"
  printf 'unit\t%s\n' "$unit"
done <<END
$(ss -Hltnp "sport = :$port" 2>/dev/null)
END
if [ -z "$unit" ]; then
  set -- valkey-server.service valkey.service redis-server.service redis.service
  systemctl show -p Id,LoadState -- "$@" 2>/dev/null |
    while IFS== read -r name value; do
      case $name=$value in Id=*) unit=$value;; LoadState=loaded) printf 'unit\t/%s\n' "$unit";; esac
    done
fi
become "$client"
said=$(timeout 2 $as "$client" -h 127.0.0.1 -p "$port" ping 2>&1); status=$?
read -r said <<END
$said
END
printf 'ping\t%s\t%.200s\n' "$status" "$said"
"""
)
"""gbtui-cache PORT CLIENT: lines with TABs: `listen ADDRESS:PORT`, `unit CGROUP` of who listens (else of a
unit of Valkey's that is installed), `ping STATUS SAID` (124: no answer within two seconds); `noss`."""

_UP = ("PONG", "NOAUTH")


@dataclass(frozen=True, slots=True)
class Cache:
    """`status` and `said` are the client's answer to PING; `addresses` those it listens on (`*`: all)."""

    status: int | None
    said: str
    addresses: tuple[str, ...]
    unit: str = ""
    no_ss: bool = False

    @property
    def up(self) -> bool:
        """It answers; wanting a password is an answer, too."""
        return self.said.startswith(_UP)

    @property
    def beyond_loopback(self) -> tuple[str, ...]:
        """The addresses by which others could reach it."""
        return tuple(one for one in self.addresses if not is_loopback(one))


def is_loopback(address: str) -> bool:
    """Whether an address as ss prints it (`[::1]`, `127.0.0.1%lo`, `*`) is the machine's own."""
    try:
        found = ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def split_local(local: str) -> tuple[str, int | None]:
    """(address, port) of ss's `ADDRESS:PORT`; None for a port that is none."""
    address, _, port = local.rpartition(":")
    return address, int(port) if port.isascii() and port.isdecimal() and len(port) < 6 else None


def parse_cache(data: bytes) -> Cache:
    """What `SCRIPT` printed; a line that is none is left out."""
    addresses: list[str] = []
    units: list[str] = []
    status, said, rows = None, "", text.text(data).splitlines()
    for row in rows:
        match row.split("\t", 2):
            case ["listen", local]:
                addresses.append(split_local(local)[0])
            case ["unit", cgroup]:
                units.append(unit_of(cgroup))
            case ["ping", number, words] if number.isascii() and number.isdecimal():
                status, said = int(number[:3]), words
    unit = next(filter(None, units), "")
    return Cache(status, said, tuple(dict.fromkeys(addresses)), unit, "noss" in rows)
