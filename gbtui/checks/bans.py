"""fail2ban: it runs, its filters match, and nobody is banned who is everybody (items 29, 30, 72-75)."""

from __future__ import annotations

from collections.abc import Iterator

from gbtui.checks.bans_asks import FLOOD_TRIAL, LOGS, MAIL_TRIAL, NEVER, SETTINGS, WATCH, Never
from gbtui.checks.base import Check, Failing, Remedy, Severity, by_hand, operation
from gbtui.checks.scopes import GUARDED, MAIL, PROXY
from gbtui.errors import Malformed
from gbtui.facts.bans_filter import Network, as_network
from gbtui.facts.bans_own import Own
from gbtui.facts.bans_special import WIDEST, overlapping, special
from gbtui.facts.bans_watch import Trial, Watch
from gbtui.facts.survey import HOST, Need, Place, Survey


def _down(watch: Watch, place: Place) -> Failing:
    where = "the host" if place.role == "host" else place.name
    if "not installed" in watch.down or place.role == "host":
        remedy = by_hand(f"on {where}: apt-get install fail2ban; systemctl enable --now fail2ban")
    else:
        remedy = operation("services.restart", container=place.name, unit="fail2ban.service")
    return Failing(place.name, f"fail2ban does not run on {where}: nobody is banned", (watch.down,), remedy)


def _host(survey: Survey, place: Place) -> Iterator[Failing]:
    watch = survey.of(WATCH, place)
    if watch.down:
        yield _down(watch, place)
    elif "sshd" not in watch.jails:
        found = (f"jails: {', '.join(watch.jails) or 'none'}",)
        remedy = by_hand("enable the jail sshd on the host: [sshd] enabled = true in /etc/fail2ban/jail.d/")
        yield Failing(place.name, "no jail sshd: guesses at SSH passwords are not stopped", found, remedy)


def _flood(survey: Survey, place: Place) -> Iterator[Failing]:
    watch, jail = survey.of(WATCH, place), survey.profile.flood_jail
    if watch.down:
        yield _down(watch, place)
    elif jail not in watch.jails:
        found = (f"jails: {', '.join(watch.jails) or 'none'}",)
        yield Failing(
            place.name, f"no jail {jail}: nothing stops a flood of HTTP errors", found, _install(place)
        )


def _install(place: Place) -> Remedy:
    name = "bans.install-mail-jail" if place.role in MAIL else "bans.install-flood-jail"
    return operation(name, container=place.name)


def _limits(survey: Survey, place: Place) -> Iterator[Failing]:
    watch, jail = survey.of(WATCH, place), survey.profile.flood_jail
    if jail not in watch.jails:
        return  # bans.flood-jail says so
    wanted = dict(zip(SETTINGS, map(str, survey.profile.flood_limits), strict=True))
    other = [
        f"{name} {watch.settings.get(name, '?')}, not {value}"
        for name, value in wanted.items()
        if watch.settings.get(name) != value
    ]
    if other:
        message = f"{jail} is not the guide's {'/'.join(wanted.values())} (errors/seconds/ban)"
        yield Failing(place.name, message, tuple(other), _install(place))


def _no_sshd(survey: Survey, place: Place) -> Iterator[Failing]:
    watch = survey.of(WATCH, place)
    if "sshd" in watch.jails:
        message = "the jail sshd is on, and no SSH server is here: without its log fail2ban does not start"
        yield Failing(place.name, message, (f"jails: {', '.join(watch.jails)}",), _install(place))


def _filter(survey: Survey, place: Place) -> Iterator[Failing]:
    if survey.profile.flood_jail in survey.of(WATCH, place).jails:
        yield from _tried(survey.of(FLOOD_TRIAL, place), place, "lines with a status 4xx")


def _mail(survey: Survey, place: Place) -> Iterator[Failing]:
    watch, log = survey.of(WATCH, place), survey.profile.mail_log
    if watch.down:
        yield _down(watch, place)
        return
    logs = survey.of(LOGS, place)
    if any(log in read for _, read in logs):
        yield from _tried(survey.of(MAIL_TRIAL, place), place, "failed logins")
        return
    seen = tuple(f"{jail} reads {' '.join(read) or 'no file'}" for jail, read in logs) or ("no jail",)
    yield Failing(place.name, f"no jail reads the mail server's log, {log}", seen, _install(place))


def _tried(trial: Trial, place: Place, what: str) -> Iterator[Failing]:
    """What a dry run says: the filter matches what it should, and nothing else."""
    if trial.error:
        message = f"fail2ban cannot use the filter {trial.filter} of {trial.jail}"
        yield Failing(place.name, message, (trial.error,), _install(place))
        return
    if not trial.failures:
        raise Malformed("a dry run of the jail's filter", why="the log has no line to try it on yet")
    seen = (
        f"matched {trial.right} of {trial.failures} {what}",
        f"matched {trial.wrong} of {trial.others} other lines",
    )
    if trial.right < trial.failures:
        message = f"the filter {trial.filter} of {trial.jail} does not match the log it reads"
        yield Failing(place.name, message, seen, _install(place))
    elif trial.wrong:
        message = f"the filter {trial.filter} of {trial.jail} counts what is no failure"
        yield Failing(place.name, message, seen, _install(place))


def _radius(survey: Survey, place: Place) -> Iterator[Failing]:
    watch, never = survey.of(WATCH, place), survey.of(NEVER)
    containers = [
        Own(at, f"the container {one.name}")
        for one in survey.containers
        for _, _, address in one.network
        if (at := as_network(address)) is not None and not at.is_loopback
    ]
    for jail, address in watch.banned:
        why, severity = _hits(as_network(address), never, containers)
        if why:
            lift = operation("bans.unban", container=place.name, jail=jail, address=address)
            evidence = (f"{jail} of {place.name} bans {address}",)
            subject = f"{place.name} {jail} {address}"
            words = f"there: fail2ban-client set {jail} unbanip '{address}'"
            remedy = lift if as_network(address) else by_hand(words)
            yield Failing(subject, f"{jail} bans {why}", evidence, remedy, severity)


def _hits(network: Network | None, never: Never, containers: list[Own]) -> tuple[str, Severity]:
    """Whom a ban hits beside its target, in words; "" for nobody."""
    if network is None:
        return "what is no address: that ban does nothing", Severity.NOTICE
    known = overlapping(network, (*never.people, *containers, *never.own))
    if known is not None:
        return f"{network.network_address}, {known.what}", Severity.ERROR
    touched = special(network)
    if touched is not None:
        return f"{network}, of the private range {touched}: behind it is never one client", Severity.ERROR
    if network.prefixlen < WIDEST[network.version]:
        return f"{network}, {network.num_addresses:,} addresses at once", Severity.WARNING
    return "", Severity.NOTICE


INSTALLS = "bans.install-flood-jail"
HOST_JAIL = Check(
    id="bans.host-sshd",
    items=(29,),
    sentence="fail2ban runs on the host, with a jail for SSH",
    severity=Severity.ERROR,
    scope=HOST,
    needs=(Need(WATCH, HOST),),
    judge=_host,
    remedy="install and start fail2ban on the host, with the jail sshd",
)
FLOOD_JAIL = Check(
    id="bans.flood-jail",
    items=(72,),
    sentence="the proxy's container has a fail2ban of its own, with the jail for HTTP floods",
    severity=Severity.ERROR,
    scope=PROXY,
    needs=(Need(WATCH, PROXY),),
    judge=_flood,
    remedy=INSTALLS,
)
FLOOD_LIMITS = Check(
    id="bans.flood-limits",
    items=(74,),
    sentence="the flood jail bans for 1 h after 100 errors in 60 s, as it runs and not only in its file",
    severity=Severity.WARNING,
    scope=PROXY,
    needs=(Need(WATCH, PROXY),),
    judge=_limits,
    remedy=INSTALLS,
)
FLOOD_FILTER = Check(
    id="bans.flood-filter",
    items=(73,),
    sentence="the flood jail's filter matches the errors 4xx in the access log, and nothing else",
    severity=Severity.ERROR,
    scope=PROXY,
    needs=(Need(WATCH, PROXY), Need(FLOOD_TRIAL, PROXY)),
    judge=_filter,
    remedy=INSTALLS,
    departs="a filter that is installed may never match: it is tried by fail2ban-regex on the live log "
    "(the one that upstream ships cannot even be compiled)",
)
NO_SSHD = Check(
    id="bans.no-sshd-in-proxy",
    items=(75,),
    sentence="the jail sshd is off in the proxy's container, where no SSH server runs",
    severity=Severity.WARNING,
    scope=PROXY,
    needs=(Need(WATCH, PROXY),),
    judge=_no_sshd,
    remedy=INSTALLS,
)
MAIL_JAIL = Check(
    id="bans.mail-jail",
    items=(30,),
    sentence="fail2ban in the mail server's container reads that server's log, and matches failed logins",
    severity=Severity.ERROR,
    scope=MAIL,
    needs=(Need(WATCH, MAIL), Need(LOGS, MAIL), Need(MAIL_TRIAL, MAIL)),
    judge=_mail,
    remedy="bans.install-mail-jail",
    departs="upstream installs jails for postfix and dovecot, which never match what Stalwart writes",
)
RADIUS = Check(
    id="bans.blast-radius",
    items=(29, 72, 74),
    sentence="nobody is banned behind whose address are many: this host, its bridges, its operators",
    severity=Severity.ERROR,
    scope=GUARDED,
    needs=(Need(WATCH, GUARDED), Need(NEVER, HOST)),
    judge=_radius,
    remedy="bans.unban",
    departs="the guide bans whoever floods; where the proxy devices hide the clients, that is everybody",
)
HOST_RADIUS = Check(
    id="bans.host-blast-radius",
    items=(29,),
    sentence="no operator, and no address of the host's own, is banned on the host",
    severity=Severity.ERROR,
    scope=HOST,
    needs=(Need(WATCH, HOST), Need(NEVER, HOST)),
    judge=_radius,
    remedy="bans.unban",
)
CHECKS = (HOST_JAIL, FLOOD_JAIL, FLOOD_LIMITS, FLOOD_FILTER, NO_SSHD, MAIL_JAIL, RADIUS, HOST_RADIUS)
