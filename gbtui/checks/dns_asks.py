"""What the checks ask of CoreDNS in its container: its files, and real questions. Nothing changes anything.

    gbtui-dns-look COREFILE TYPE=NUMBER…   "corefile BASE64"; for each zone that has a file "zone NAME AGE
                        PATH BASE64" (seconds since its change, its first 4 KiB); then for each of these
                        zones and types, asked at 127.0.0.1: "answer ZONE TYPE RCODE RECORDS SERIAL"
                        (RCODE a number, or "silent"; SERIAL of an SOA, else 0)

The questions are Perl's, which every Debian and Ubuntu has; dig is a package that a container may lack.
Asked from inside, at 127.0.0.1: as that every client arrives where LXD's proxy device keeps no address.
"""

from __future__ import annotations

from collections.abc import Sequence

from gbtui.facts.dns_watch import TYPES, DnsLook, parse_look
from gbtui.facts.failure import failure
from gbtui.facts.survey import PATIENCE, Ask, Place
from gbtui.hosts.base import MIB, Command, Completed
from gbtui.profiles import Profile

EVERY = 60.0
"""Seconds for which the look is good; that its unit runs is asked every time (`dns.running`)."""

LOOK = r"""
corefile=$1; shift
[ -f "$corefile" ] || { echo "$corefile is not there" >&2; exit 66; }
printf 'corefile %s\n' "$(head -c 262144 -- "$corefile" | base64 -w 0)"
now=$(date +%s)
cwd=$(readlink "/proc/$(pgrep -x coredns | head -n 1)/cwd")
zones=$(awk '
  { sub(/#.*/, "") }
  depth == 0 { for (i = 1; i <= NF; i++) if ($i != "{") keys = keys " " $i }
  depth == 1 && $1 == "root" { root = $2 }
  depth == 1 && $1 == "file" { file = $2; if (NF > 2 && $3 != "{") { keys = ""; for (i = 3; i <= NF; i++)
    if ($i != "{") keys = keys " " $i } }
  { depth += gsub(/[{]/, "{") - gsub(/[}]/, "}") }
  depth == 0 && /[}]/ {
    n = split(keys, key, " ")
    for (i = 1; i <= n && file != ""; i++) {
      sub(/^[a-z+]*:\/\//, "", key[i]); sub(/,$/, "", key[i])
      sub(/:[0-9]*$/, "", key[i]); sub(/[.]$/, "", key[i])
      if (key[i] ~ /^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$/)
        print tolower(key[i]), file, (root == "" ? "-" : root)
    }
    keys = file = root = ""
  }' "$corefile" | head -n 40)
printf '%s\n' "$zones" | while read -r zone file root; do
  [ -n "$zone" ] || continue
  for path in "$file" "$root/$file" "$cwd/$file"; do
    case $path in /*) ;; *) continue;; esac
    [ -f "$path" ] || continue
    age=$((now - $(stat -c %Y -- "$path")))
    printf 'zone %s %s %s %s\n' "$zone" "$age" "$path" "$(head -c 4096 -- "$path" | base64 -w 0)"
    break
  done
done
names=$(printf '%s\n' "$zones" | cut -d ' ' -f 1 | sort -u | tr '\n' ' ')
exec perl -MIO::Socket::INET -MIO::Select -e '
  my ($names, @types) = @ARGV;
  my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 53, Proto => "udp") or exit 0;
  my $ready = IO::Select->new($socket);
  my (@asked, %said);
  sub hear {
    my ($wait) = @_;
    while (keys %said < @asked && $ready->can_read($wait)) {
      defined $socket->recv(my $data, 4096) or last;
      next if length $data < 12;
      my ($id, $flags, undef, $records) = unpack "n4", $data;
      next unless $asked[$id];
      my ($at, $serial) = (12 + length($asked[$id][2]) + 4, 0);
      if ($asked[$id][1] eq "SOA" && $records) {
        while ($at < length $data) {
          my $n = ord substr($data, $at, 1);
          if ($n >= 192) { $at += 2; last }
          $at += $n + 1;
          last unless $n;
        }
        my $size = unpack "n", substr($data, $at + 8, 2);
        $serial = unpack "N", substr($data, $at + 10 + $size - 20, 4) if $at + 10 + $size <= length $data;
      }
      $said{$id} = join " ", $flags & 15, $records, $serial;
    }
  }
  for my $zone (split " ", $names) {
    my $name = join("", map { pack "C/a*", $_ } split /[.]/, $zone) . "\0";
    for my $type (@types) {
      my ($word, $number) = split /=/, $type;
      push @asked, [$zone, $word, $name];
      $socket->send(pack("n6", $#asked, 0, 1, 0, 0, 0) . $name . pack("n2", $number, 1));
    }
    hear(0);
  }
  hear(0.5) for 1 .. 2;
  print "answer $asked[$_][0] $asked[$_][1] ", ($said{$_} // "silent 0 0"), "\n" for 0 .. $#asked;
' "$names" "$@"
"""


def _ask(profile: Profile, place: Place) -> Sequence[Command]:
    types = (f"{name}={number}" for name, number in TYPES.items())
    argv = ("sh", "-c", LOOK, "gbtui-dns-look", profile.corefile, *types)
    return (Command(argv, timeout=PATIENCE, limit=4 * MIB),)


def _read(done: Sequence[Completed], profile: Profile, place: Place) -> DnsLook:
    if not done[0].ok:
        raise failure(done[0], "CoreDNS")
    return parse_look(done[0].stdout)


DNS: Ask[DnsLook] = Ask("CoreDNS", _ask, _read, EVERY, patient=True)
