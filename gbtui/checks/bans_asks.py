"""What the checks ask of fail2ban and of the host's own addresses. Nothing here changes anything.

    gbtui-bans-trial JAIL LOG WANTED SAMPLE   the filter of JAIL (of the jail that reads LOG, where JAIL
                              is "") tried by fail2ban-regex on the last 60 lines of LOG that match the
                              extended regular expression WANTED, on SAMPLE, and on 60 others: jail,
                              filter, failures, others, matched, right (matched and wanted), error:
                              `name=value` a line. SAMPLE "" is the last line with the status 404.
    gbtui-bans-logs           each jail and the logs it reads, TAB between

The lines tried lie in memory (/dev/shm) while fail2ban-regex reads them: it takes no pipe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gbtui.checks.host_asks import STEADY
from gbtui.errors import GbtuiError
from gbtui.facts import bans_own
from gbtui.facts.bans_own import Own
from gbtui.facts.bans_parse import ASK
from gbtui.facts.bans_watch import Trial, Watch, parse_logs, parse_trial, parse_watch, questions
from gbtui.facts.failure import failure
from gbtui.facts.survey import Ask, Place
from gbtui.hosts.base import MIB, Command, Completed
from gbtui.profiles import Profile

CLIENT = 30.0
"""Seconds for a start of fail2ban's client: Python on a slow container takes a while."""
TRIAL_EVERY, TRIAL = 600.0, 20.0
WATCHED_EVERY = 60.0
SETTINGS = ("maxretry", "findtime", "bantime")

TRIAL_SCRIPT = r"""
jail=$1 log=$2 wanted=$3 sample=$4
command -v fail2ban-regex >/dev/null || { echo 'fail2ban-regex: not found' >&2; exit 127; }
tail -n 1 -- "$log" >/dev/null || exit 1
cd /etc/fail2ban || exit 1
set -- $(cat jail.conf jail.d/*.conf jail.local jail.d/*.local 2>/dev/null |
  awk -v jail="$jail" -v path="$log" '
  /^\[/ { name = $0; sub(/^\[/, "", name); sub(/\].*/, "", name); on = 0 }
  function value() { sub(/^[^=:]*[=:][ \t]*/, ""); sub(/[ \t]+$/, ""); return $0 }
  /^filter[ \t]*[=:]/ { of[name] = value(); sub(/\[.*/, "", of[name]) }
  /^logpath[ \t]*[=:]/ { if (index(value(), path)) reads = name }
  END { if (jail == "") jail = reads; f = of[jail]; if (f == "" || f ~ /%/) f = jail; print jail, f }')
jail=$1 filter=$2
printf 'jail=%s\nfilter=%s\n' "$jail" "$filter"
lines=$(mktemp -p /dev/shm) || exit 1
trap 'rm -f -- "$lines"' EXIT
[ -n "$sample" ] || sample=$(tail -n 300 -- "$log" | grep -a '^{.*"status":[0-9]' | tail -n 1 |
  sed -E 's/"status":[0-9]+/"status":404/')
{
  [ -z "$sample" ] || printf '%s\n' "$sample"
  tail -n 3000 -- "$log" | grep -aE -- "$wanted" | tail -n 60
} >"$lines"
failures=$(grep -c '' <"$lines")
tail -n 3000 -- "$log" | grep -avE -- "$wanted" | grep -a . | tail -n 60 >>"$lines"
printf 'failures=%s\nothers=%s\n' "$failures" $(($(grep -c '' <"$lines") - failures))
said=$(fail2ban-regex --no-check-all --print-all-matched "$lines" "$PWD/filter.d/$filter.conf" 2>&1)
matched=$(printf '%s\n' "$said" | sed -n 's/^Lines: .* ignored, \([0-9]*\) matched.*/\1/p')
right=$(printf '%s\n' "$said" | sed -n 's/^|  //p' | grep -acE -- "$wanted")
[ "$right" -le "${matched:-0}" ] || right=$matched
printf 'matched=%s\nright=%s\n' "${matched:-0}" "${right:-0}"
[ -n "$matched" ] || printf 'error=%s\n' "$(printf '%s\n' "$said" | grep -a . | tail -n 1 | cut -c 1-300)"
"""

LOGS_SCRIPT = r"""
status=$(fail2ban-client status) || exit $?
list=$(printf '%s\n' "$status" | sed -n 's/.*Jail list:[[:space:]]*//p' | tr -d ' ' | tr ',' ' ')
for jail in $list; do printf 'get %s logpath\n' "$jail"; done | { cat; echo quit; } | fail2ban-client -i |
  awk -v list="$list" '
    BEGIN { n = split(list, name, " ") }
    /^fail2ban> / { at++ ; sub(/^fail2ban> /, "") }
    at && /^[|`]- \// { sub(/^[|`]- /, ""); logs[at] = logs[at] " " $0 }
    END { for (i = 1; i <= n; i++) print name[i] "\t" substr(logs[i], 2) }'
"""

REFUSED = r'"status":4[0-9][0-9]'
GUESSED = r"\((auth\.failed|auth\.too-many-attempts)\)"
GUESS = (
    "2026-01-01T00:00:00Z INFO Authentication failed (auth.failed) "
    'listenerId = "imaptls", localPort = 993, remoteIp = 203.0.113.1, remotePort = 40000'
)
"""A line as Stalwart writes it: its log may well have no failed login in it."""


@dataclass(frozen=True, slots=True)
class Never:
    """Whom no ban may hit: the host's `own` addresses, and the `people` logged in on it."""

    own: tuple[Own, ...]
    people: tuple[Own, ...]


def _on_host(place: Place) -> bool:
    return place.role == "host"


def _client(asked: Sequence[tuple[str, ...]], place: Place) -> Command:
    lines = (" ".join(argv[1:]) for argv in asked)
    argv = ("sh", "-c", ASK, "gbtui-bans", *lines)
    return Command(argv, root=_on_host(place), timeout=CLIENT, limit=MIB)


def _names(profile: Profile, place: Place) -> tuple[str, ...]:
    return SETTINGS if place.role == "proxy" else ()


def _ask_watch(profile: Profile, place: Place) -> Sequence[Command]:
    return (_client(questions(profile.flood_jail, _names(profile, place)), place),)


def _read_watch(done: Sequence[Completed], profile: Profile, place: Place) -> Watch:
    return parse_watch(done[0], _names(profile, place))


def _ask_never(profile: Profile, place: Place) -> Sequence[Command]:
    return (
        Command(bans_own.ADDRESSES, timeout=2.0),
        Command(bans_own.GATEWAYS, timeout=2.0),
        Command(bans_own.GATEWAYS6, timeout=2.0),
        Command(bans_own.LOGINS, root=True, timeout=2.0),
        Command(bans_own.WHO, timeout=2.0),
        Command(bans_own.SELF, timeout=2.0),
    )


def _read_never(done: Sequence[Completed], profile: Profile, place: Place) -> Never:
    addresses, gateways, gateways6, logins, who, self = done
    for one, what in ((addresses, "addresses of the host"), (logins, "logins on the host")):
        if not one.ok:
            raise failure(one, what)
    own = [*bans_own.parse_addresses(addresses.stdout)]
    own += [one for ask in (gateways, gateways6) if ask.ok for one in _gateways(ask)]
    people = [*bans_own.parse_logins(logins.stdout), *bans_own.parse_who(who.stdout)]
    return Never(tuple(own), (*people, *(bans_own.parse_self(self.stdout) if self.ok else ())))


def _gateways(done: Completed) -> tuple[Own, ...]:
    try:
        return bans_own.parse_gateways(done.stdout)
    except GbtuiError:
        return ()


def _trial(jail: str, log: str, wanted: str, sample: str) -> Command:
    argv = ("sh", "-c", TRIAL_SCRIPT, "gbtui-bans-trial", jail, log, wanted, sample)
    return Command(argv, timeout=TRIAL, limit=64 * 1024)


def _ask_flood(profile: Profile, place: Place) -> Sequence[Command]:
    return (_trial(profile.flood_jail, profile.access_log, REFUSED, ""),)


def _ask_mail(profile: Profile, place: Place) -> Sequence[Command]:
    return (_trial("", profile.mail_log, GUESSED, GUESS),)


def _read_trial(done: Sequence[Completed], profile: Profile, place: Place) -> Trial:
    return parse_trial(done[0])


def _ask_logs(profile: Profile, place: Place) -> Sequence[Command]:
    return (Command(("sh", "-c", LOGS_SCRIPT, "gbtui-bans-logs"), timeout=CLIENT, limit=MIB),)


def _read_logs(
    done: Sequence[Completed], profile: Profile, place: Place
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return parse_logs(done[0])


WATCH: Ask[Watch] = Ask("fail2ban", _ask_watch, _read_watch, WATCHED_EVERY)
NEVER: Ask[Never] = Ask("addresses that no ban may hit", _ask_never, _read_never, WATCHED_EVERY)
FLOOD_TRIAL: Ask[Trial] = Ask("a dry run of the flood filter", _ask_flood, _read_trial, TRIAL_EVERY)
MAIL_TRIAL: Ask[Trial] = Ask("a dry run of the mail filter", _ask_mail, _read_trial, TRIAL_EVERY)
LOGS: Ask[tuple[tuple[str, tuple[str, ...]], ...]] = Ask(
    "logs that jails read", _ask_logs, _read_logs, STEADY
)
