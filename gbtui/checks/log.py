"""The access log: it is there, Caddy writes it, as JSON, and clients' own addresses stand in it (23, 91)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gbtui.checks.base import Check, Failing, Severity, by_hand
from gbtui.checks.scopes import PROXY
from gbtui.errors import NotFound
from gbtui.facts.bans_sample import shown_clients
from gbtui.facts.failure import failure
from gbtui.facts.log_watch import LogLook, parse_log
from gbtui.facts.survey import Ask, Need, Place, Survey
from gbtui.hosts.base import MIB, Command, Completed
from gbtui.profiles import Profile

LINES = 300
ENOUGH, MANY = 20, 100
"""Lines from which on it says something that all clients are private, or all the same."""

LOOK = r"""
unit=$1 path=$2 count=$3
date +'now %s'
if [ -d "$path" ]; then kind=folder; elif [ -f "$path" ]; then kind=file; else kind=none; fi
echo "kind $kind"
[ "$kind" != file ] || stat -c 'changed %Y' -- "$path"
pid=$(systemctl show -p MainPID --value -- "$unit")
if [ "${pid:-0}" -gt 0 ]; then
  find "/proc/$pid/fd" -type l -lname "${path%.*}*" -printf 'open %l\n' 2>/dev/null | sort -u
fi
[ "$kind" = file ] || exit 0
tail -n "$count" -- "$path" | LC_ALL=C sed -nE '
  s/^[{].*"ts":([^,]{1,40}),.*"remote_ip":"([0-9A-Fa-f:.]{2,45})".*[}]$/ok \1 \2/p
  t
  s/^(.{0,160}).*/bad \1/p'
"""
"""gbtui-log-look UNIT LOG COUNT: "now SECONDS", "kind file|folder|none", "changed SECONDS", "open FILE"
for what the service holds open under that name; then of the last COUNT lines "ok TIME CLIENT" or
"bad BEGINNING" each. The lines themselves stay where they are: they may hold anything."""


def _ask(profile: Profile, place: Place) -> Sequence[Command]:
    words = (profile.proxy_unit, profile.access_log, str(LINES))
    return (Command(("sh", "-c", LOOK, "gbtui-log-look", *words), timeout=2.0, limit=MIB),)


def _read(done: Sequence[Completed], profile: Profile, place: Place) -> LogLook:
    if not done[0].stdout:
        raise failure(done[0], "the access log")
    return parse_log(done[0].stdout)


LOG: Ask[LogLook] = Ask("the access log", _ask, _read)


def _there(survey: Survey, place: Place) -> Iterator[Failing]:
    log, path = survey.of(LOG, place), survey.profile.access_log
    seen = tuple(f"{survey.profile.proxy_unit} writes {one}" for one in log.opened)
    if log.kind != "file":
        what = "a folder stands in its place" if log.kind == "folder" else "it is not there"
        remedy = by_hand(f"in {place.name}: put a file of Caddy's user at {path}, and restart Caddy")
        yield Failing(place.name, f"the access log cannot be read: {what}", (path, *seen), remedy)
    elif log.opened and path not in log.opened:
        message = "Caddy writes its access log elsewhere: the file was moved or deleted under it"
        remedy = by_hand(
            f"gbtui apply proxy.restart reason='it writes a log that is gone' container={place.name}"
        )
        yield Failing(place.name, message, seen, remedy)


def _looked(survey: Survey, place: Place) -> LogLook:
    """The log, where it can be read at all. Raises NotFound (log.access-log says so)."""
    log = survey.of(LOG, place)
    if log.kind != "file":
        raise NotFound(survey.profile.access_log, why="it cannot be read")
    return log


def _json(survey: Survey, place: Place) -> Iterator[Failing]:
    log = _looked(survey, place)
    if not log.bad:
        return
    every = len(log.bad) + len(log.clients)
    message = f"{len(log.bad)} of the last {every} lines of the access log are no records in JSON"
    severity = Severity.WARNING if len(log.bad) * 2 > every else Severity.NOTICE
    words = by_hand("`format json` in the Caddyfile's log; see who else writes there")
    yield Failing(place.name, message, log.bad[-5:], words, severity)


def _lately(survey: Survey, place: Place) -> Iterator[Failing]:
    log = _looked(survey, place)
    quiet = log.now - max(log.newest, log.changed)
    if quiet > survey.profile.log_quiet:
        message = f"nothing was written to the access log for {quiet / 3600:.0f} h"
        words = by_hand(f"ask a vhost from outside, and see whether a line comes in {place.name}")
        yield Failing(place.name, message, (f"last change {quiet:.0f} s ago",), words)


def _clients(survey: Survey, place: Place) -> Iterator[Failing]:
    log = _looked(survey, place)
    number, public = len(log.clients), log.public
    if number < ENOUGH or len(public) > 1 or (public and number < MANY):
        return
    message = f"every client of the last {number} requests is {shown_clients(set(log.clients))}"
    if not public:
        message += ": where they come from is lost on the way"
    devices = [
        f"device {one.name}: {one.listen} → {one.connect}, nat {'on' if one.nat else 'off'}"
        for container in survey.containers
        if container.name == place.name
        for one in container.proxies
    ]
    words = (
        f"a static address for {place.name} (ipv4.address of its NIC), then nat=true on its proxy devices: "
        "lxc config device set; a flood jail would ban everybody until then"
    )
    severity = Severity.WARNING if public else None
    yield Failing(place.name, message, tuple(devices), by_hand(words), severity)


NEEDS = (Need(LOG, PROXY),)
THERE = Check(
    id="log.access-log",
    items=(91,),
    sentence="the access log can be read, and Caddy writes to it",
    severity=Severity.ERROR,
    scope=PROXY,
    needs=NEEDS,
    judge=_there,
    remedy="put a file in its place, and restart Caddy",
)
JSON = Check(
    id="log.json-lines",
    items=(73, 91),
    sentence="every line of the access log is a record in JSON, as fail2ban's filter expects it",
    severity=Severity.NOTICE,
    scope=PROXY,
    needs=NEEDS,
    judge=_json,
    remedy="format json in the Caddyfile's log",
    certain=False,
)
LATELY = Check(
    id="log.written-lately",
    items=(91,),
    sentence="the access log goes on: a proxy of the world is never silent for long",
    severity=Severity.NOTICE,
    scope=PROXY,
    needs=NEEDS,
    judge=_lately,
    remedy="ask a vhost from outside, and see whether a line comes",
    certain=False,
)
CLIENTS = Check(
    id="log.client-addresses",
    items=(23, 72, 74),
    sentence="clients' own addresses stand in the access log",
    severity=Severity.ERROR,
    scope=PROXY,
    needs=NEEDS,
    judge=_clients,
    remedy="nat=true on the proxy devices, with a static address",
    departs="the guide's proxy devices make every client 127.0.0.1: its flood jail would ban nobody, or all",
)
CHECKS = (THERE, JSON, LATELY, CLIENTS)
