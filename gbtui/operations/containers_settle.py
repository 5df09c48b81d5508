"""After a start of a container: services that look only then for what they need (guide item 36).

botserver looks for its cache once. Where it was up first it stays degraded until somebody restarts it,
and no wait brings it back: it is restarted as a step of whatever started its container.
"""

from __future__ import annotations

from gbtui.guard.plan import Exec, Probe, Step
from gbtui.operations import containers_scripts as scripts
from gbtui.operations.base import Context
from gbtui.operations.containers_look import Subject, services_of
from gbtui.profiles import Service

UP_WITHIN, _MARGIN = 90.0, 15.0

#: gbtui-settle UNIT URL SECONDS PORT…   restarts UNIT where URL answers something else than 200 while
#: each TCP port answers; at most SECONDS are waited for that. Whether it helped is for others to see.
SETTLE = """
unit=$1 url=$2 until=$(($(date +%s) + $3)); shift 3
there() {
  for port; do timeout 2 bash -c ': <"/dev/tcp/127.0.0.1/$0"' "$port" 2>/dev/null || return 1; done
}
while [ "$(date +%s)" -lt "$until" ]; do
  case $(curl -s -m 2 -o /dev/null -w '%{http_code}' "$url") in
    200) echo "$unit found what it needs"; exit 0 ;;
    [1-9]*) if there "$@"; then systemctl restart "$unit" && echo "$unit was up first: restarted"; exit; fi ;;
  esac
  sleep 1
done
echo "$unit is left as it is: it does not answer, or nothing does on $*"
"""

#: gbtui-health URL   the status it answers; 000 where nothing does, which is an answer, too
HEALTH = """
curl -s -m 2 -o /dev/null -w '%{http_code}\\n' "$1" || :
"""


def settled(context: Context, found: Subject) -> tuple[Step, ...]:
    """What follows a start of `found`: nothing for most containers."""
    return tuple(_step(found.name, service) for service in _late(context, found))


def settled_again(context: Context, found: Subject) -> tuple[Exec, ...]:
    """The same, behind a start that takes a stop of `found` back."""
    return tuple(settle(found.name, service) for service in _late(context, found))


def settle(name: str, service: Service, within: float = UP_WITHIN) -> Exec:
    """Restart the service of container `name` where it was up first; waits at most `within` seconds."""
    words = (service.unit, service.health, f"{within:.0f}", *map(str, service.starts_after))
    return scripts.run(name, "gbtui-settle", SETTLE, *words, timeout=within + _MARGIN)


def _late(context: Context, found: Subject) -> list[Service]:
    return [service for service in services_of(context, found) if service.starts_after]


def _step(name: str, service: Service) -> Step:
    ports = ", ".join(f":{port}" for port in service.starts_after)
    asked = scripts.run(name, "gbtui-health", HEALTH, service.health, timeout=10.0)
    return Step(
        title=f"Restart {service.unit} if it was up before {ports}",
        does=settle(name, service),
        done=Probe(f"{service.name} is healthy", asked, "stdout", "200"),
        no_undo=f"it comes up and goes down with {name}",
        part=True,
    )
