"""What is asked of systemd: botserver, botui, the runner, Caddy and CoreDNS (items 6, 11, 36, 44, 61–63)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from gbtui.errors import MissingTool
from gbtui.facts.failure import failure
from gbtui.facts.services_live import SCRIPT, Live, Services, parse_services
from gbtui.facts.survey import PATIENCE, Ask, Place, Survey
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import Profile, Service

URL_KEY = "BOTSERVER_URL"


def services_at(profile: Profile, place: Place) -> tuple[Service, ...]:
    """The profile's services of a place, and those that have no URL of their own to ask."""
    units = {
        profile.runner_role: ("CI runner", profile.runner_unit),
        "proxy": ("Caddy", profile.proxy_unit),
        "dns": ("CoreDNS", profile.dns_unit),
    }
    own = (Service(place.role, *units[place.role], ""),) if place.role in units else ()
    return (*profile.services_of(place.role), *own)


def port_of(service: Service) -> int | None:
    """The port that its health URL is at."""
    return urlsplit(service.health).port if service.health else None


def _commands(profile: Profile, place: Place) -> Sequence[Command]:
    words = [
        word
        for one in services_at(profile, place)
        for word in (
            one.unit,
            str(port_of(one) or "-"),
            one.health or "-",
            URL_KEY if one.name == "botui" else "-",
        )
    ]
    return (Command(("sh", "-c", SCRIPT, "gbtui-services", *words), timeout=PATIENCE, limit=65536),)


def _read(done: Sequence[Completed], profile: Profile, place: Place) -> Services:
    if not done[0].ok:
        raise failure(done[0], f"services of {place.name}")
    return parse_services(done[0].stdout)


SERVICES: Ask[Services] = Ask("services", _commands, _read, patient=True)


def live(survey: Survey, place: Place) -> list[tuple[Service, Live]]:
    """Each service of a place as it runs."""
    found = survey.of(SERVICES, place)
    return [(one, found.unit(one.unit)) for one in services_at(survey.profile, place)]


def needs_ss(found: Services, place: Place) -> None:
    """Who holds a port is not known without ss."""
    if found.no_ss:
        raise MissingTool(
            "ss", why=f"not in {place.name}: who listens cannot be seen", hint="install iproute2"
        )


def needs_curl(found: Services, place: Place) -> None:
    """Nothing is known of a health URL without curl."""
    if found.no_curl:
        raise MissingTool("curl", why=f"not in {place.name}: health cannot be asked", hint="install curl")
