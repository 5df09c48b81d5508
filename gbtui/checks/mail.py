"""Mail: Stalwart greets on the ports where a mail server speaks first (items 10, 17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gbtui import text
from gbtui.checks.base import Check, Failing, Severity, by_hand
from gbtui.checks.scopes import MAIL
from gbtui.errors import MissingTool, TimedOut
from gbtui.facts.failure import failure
from gbtui.facts.survey import PATIENCE, Ask, Need, Place, Survey
from gbtui.hosts.base import Command, Completed
from gbtui.profiles import Profile

GREETINGS = ("220", "* OK", "+OK", '"IMPLEMENTATION"')
"""SMTP, IMAP, POP3, ManageSieve."""
SCRIPT = r"""
LC_ALL=C; export LC_ALL
command -v bash >/dev/null || { echo nobash; exit 0; }
for port; do
  (said=$(timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" && head -n 1 <&3' "$port" 2>&1 | tail -n 1 |
    head -c 200 | tr -d '\r'); printf '%s\t%s\n' "$port" "$said") &
done
wait
"""
"""gbtui-greetings PORT…: `PORT LINE`, a TAB between, of each: what it says first, or the shell's word on
why there is no connection; nothing behind the TAB where it is silent for two seconds."""


def _commands(profile: Profile, place: Place) -> Sequence[Command]:
    ports = map(str, profile.mail_greets)
    return (Command(("sh", "-c", SCRIPT, "gbtui-greetings", *ports), timeout=PATIENCE, limit=8192),)


def _read(done: Sequence[Completed], profile: Profile, place: Place) -> Mapping[int, str]:
    if not done[0].ok:
        raise failure(done[0], f"mail ports of {place.name}")
    return parse_greetings(done[0].stdout, place.name)


def parse_greetings(data: bytes, where: str) -> Mapping[int, str]:
    """Each port's first line; "" where it says nothing. Raises MissingTool without bash."""
    rows = [row.partition("\t") for row in text.text(data).splitlines()]
    if ("nobash", "", "") in rows:
        raise MissingTool("bash", why=f"not in {where}: ports cannot be tried", hint="install bash")
    return {int(port[:5]): said for port, _, said in rows if port.isascii() and port.isdecimal()}


GREETED: Ask[Mapping[int, str]] = Ask("greetings of the mail server", _commands, _read, patient=True)


def greets(survey: Survey, place: Place) -> Iterator[Failing]:
    """Every port greets; together they are one finding, as they are one server."""
    found = survey.of(GREETED, place)
    missing = [str(port) for port in survey.profile.mail_greets if port not in found]
    if missing:
        raise TimedOut(f"mail ports of {place.name}", why=f"{', '.join(missing)} was not asked in time")
    wrong = [
        f"port {port}: {found[port] or 'silent for 2 s'}"
        for port in survey.profile.mail_greets
        if not found[port].startswith(GREETINGS)
    ]
    if wrong:
        words = f"lxc exec {place.name} -- systemctl status email stalwart says why; services.restart unit=…"
        message = f"the mail server does not greet on {len(wrong)} of {len(survey.profile.mail_greets)} ports"
        yield Failing(place.name, message, tuple(wrong), by_hand(words))


CHECKS = (
    Check(
        id="mail.greets",
        items=(10, 17),
        sentence="the mail server greets on 25 and 587 from inside its container",
        severity=Severity.ERROR,
        scope=MAIL,
        needs=(Need(GREETED, MAIL),),
        judge=greets,
        remedy="restart the mail server's unit",
        certain=False,
    ),
)
