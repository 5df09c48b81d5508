"""`bans.install-flood-jail` and `bans.install-mail-jail`: a jail that bans whom it should (items 30, 72–75).

The order matters (research 0.3): a working filter where every client looks like the host bans the
whole world at the first flood. So whose addresses the log shows is proven first, then that the filter
matches the failures in the live log and nothing else, and only then are files written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gbtui.facts.bans_sample import Sample, shown_clients
from gbtui.facts.bans_special import special
from gbtui.guard.execute import holds_file
from gbtui.guard.plan import Action, Danger, Exec, Plan, Probe, Replace, Step, Verdict, Wait
from gbtui.operations.assemble import assemble, relying
from gbtui.operations.bans_jails import DEBIAN, JailPlan, flood, mail, without_sshd
from gbtui.operations.bans_look import client, look_at
from gbtui.operations.bans_trial import Trial, jail_state, try_out
from gbtui.operations.base import Context, Guard, Operation
from gbtui.operations.parameters import CONTAINER

RELOAD = 60.0
SETTLES = 20.0

ANSWERS = Guard("fail2ban-answers", "the container is the right one, and fail2ban runs there", (30, 72))
FIDELITY = Guard("clients-are-seen", "the log shows clients' own addresses, more than one", (23, 72, 74))
MATCHES = Guard("filter-matches", "the filter matches the failures in the live log and nothing else", (73,))
PRIVATE = Guard("private-clients", "whoever installs it knows which clients come without address", (23, 72))
ELSEWHERE = Guard("one-definition", "no other file says what this jail is", (74, 75))


@dataclass(frozen=True, slots=True)
class Change:
    """One file as it is and as it is to be."""

    title: str
    path: str
    before: bytes | None
    after: bytes


async def install_flood(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to install the proxy's jail."""
    return await _plan(INSTALL_FLOOD, flood(context.profile), context, given)


async def install_mail(context: Context, given: Mapping[str, str]) -> Plan:
    """Plan to install the mail server's jail."""
    return await _plan(INSTALL_MAIL, mail(context.profile), context, given)


async def _plan(operation: Operation, jail: JailPlan, context: Context, given: Mapping[str, str]) -> Plan:
    where = given["container"]
    title = f"Install the jail {jail.name} in {where}"
    refused = await _answers(jail, context, where)
    if refused.verdict == "refuse":
        return assemble(operation, context, given, title, verdicts=(refused,))
    tried = await try_out(context, jail, where)
    verdicts = (refused, *_judge(jail, tried))
    if tried.running == jail.running():
        noop = f"already so: {jail.running()}"
        softened = tuple(v for v in verdicts if v.verdict != "refuse")
        return assemble(operation, context, given, title, verdicts=softened, noop=noop)
    if any(verdict.verdict == "refuse" for verdict in verdicts):
        return assemble(operation, context, given, title, verdicts=verdicts)
    steps = _steps(jail, context, where, _changes(jail, context, tried))
    return assemble(
        operation,
        context,
        given,
        title,
        verdicts=verdicts,
        steps=steps,
        verify=(Wait(_runs(jail, where), SETTLES),),
        relies_on=await relying(context, *_asked(jail, where)),
        why=_why(jail, tried),
        target=where,
        undo_warning=f"{jail.name} is as it was before: {tried.running}",
    )


async def _answers(jail: JailPlan, context: Context, where: str) -> Verdict:
    role = context.profile.split(where)[1]
    if role != jail.role:
        return ANSWERS.refuse(f"{where} is no {jail.role} container: the jail {jail.name} belongs into one")
    place = await look_at(context.host, where)
    return ANSWERS.refuse(place.why) if place.why else ANSWERS.allow(f"fail2ban of {where} answers")


# Guards


def _judge(jail: JailPlan, tried: Trial) -> tuple[Verdict, ...]:
    return (
        _fidelity(jail, tried.sample),
        *_private(tried.sample),
        _matches(jail, tried),
        *_elsewhere(jail, tried),
    )


def _fidelity(jail: JailPlan, sample: Sample) -> Verdict:
    public = {one for one in sample.clients if special(one) is None}
    if len(public) > 1:
        number = len(sample.lines)
        return FIDELITY.allow(f"{len(public)} public addresses in the last {number} lines")
    seen = f"all of the last {len(sample.lines)} lines come from {shown_clients(sample.clients)}"
    said = seen if sample.lines else "no line of the log says who came"
    return FIDELITY.refuse(
        f"{said}: {jail.name} would ban the host's own address, and with it everybody; "
        "nat=true on LXD's proxy devices (with a static address) keeps the client's address"
    )


def _private(sample: Sample) -> tuple[Verdict, ...]:
    private = [one for one in sample.lines if special(one.client) is not None]
    if not private:
        return ()
    clients = shown_clients({one.client for one in private})
    return (
        PRIVATE.warn(
            f"{len(private)} of {len(sample.lines)} lines come from private addresses ({clients}): "
            "bridges' and loopback's are never banned, and whoever hides behind them neither"
        ),
    )


def _matches(jail: JailPlan, tried: Trial) -> Verdict:
    said = (
        f"fail2ban-regex matches {tried.right} of {tried.failures} {jail.failures} lines and "
        f"{tried.wrong} of {tried.others} others in the end of {tried.log}"
    )
    if not tried.failures:
        return MATCHES.refuse(f"no {jail.failures} in the end of {tried.log}: {jail.provoke}, and plan again")
    if tried.right != tried.failures or tried.wrong:
        return MATCHES.refuse(f"{said}: the log is not written as the filter expects it")
    return MATCHES.allow(said)


def _elsewhere(jail: JailPlan, tried: Trial) -> tuple[Verdict, ...]:
    if tried.sshd_forced:
        why = f"{tried.sshd_forced} switches the jail sshd on and is read after {DEBIAN}; take that out first"
        return (ELSEWHERE.refuse(why),)
    if tried.elsewhere:
        names = ", ".join(tried.elsewhere)
        return (ELSEWHERE.warn(f"{names} defines {jail.name}, too: {jail.jail_path} is read last and wins"),)
    return (ELSEWHERE.allow(f"nothing else defines {jail.name}"),)


def _why(jail: JailPlan, tried: Trial) -> str:
    state = "there is no such jail" if tried.running == "absent" else f"now: {tried.running}"
    return f"{jail.maxretry} {jail.failures} in {jail.findtime} s ban for {jail.bantime // 3600} h; {state}"


# Steps


def _changes(jail: JailPlan, context: Context, tried: Trial) -> tuple[Change, ...]:
    text = jail.jail_text(tried.ignored, tried.action)
    wanted = [
        Change(f"Write the filter {jail.name}", jail.filter_path, tried.filter_file, jail.filter_text()),
        Change(f"Write the jail {jail.name}", jail.jail_path, tried.jail_file, text),
    ]
    if jail.sshd_off:
        after = without_sshd(tried.debian_file)
        wanted.insert(1, Change("Switch the jail sshd off", DEBIAN, tried.debian_file, after))
    return tuple(change for change in wanted if change.before != change.after)


def _steps(jail: JailPlan, context: Context, where: str, changes: tuple[Change, ...]) -> tuple[Step, ...]:
    """Files, then a reload. Undone from the last to the first: the first file's undo reloads again."""
    reload = client(where, "reload")
    reload = Exec(where, reload.argv, RELOAD)
    steps = []
    for number, change in enumerate(changes):
        backup = f"{change.path}.bak-{context.now():%Y%m%d%H%M%S}" if change.before is not None else ""
        back: Action = Exec(where, ("rm", "-f", "--", change.path))
        if change.before is not None:
            back = Replace(where, change.path, change.after, change.before, "")
        steps.append(
            Step(
                change.title,
                Replace(where, change.path, change.before, change.after, backup),
                holds_file(where, change.path, change.after, new=change.before is None),
                (back, reload) if number == 0 else (back,),
            )
        )
    steps.append(Step("Reload fail2ban; bans stay", reload, _runs(jail, where), (reload,)))
    return tuple(steps)


def _runs(jail: JailPlan, where: str) -> Probe:
    return Probe(f"{jail.name} runs as it should", jail_state(jail, where), "stdout", jail.running())


def _asked(jail: JailPlan, where: str) -> tuple[tuple[str, Exec], ...]:
    paths = (jail.filter_path, jail.jail_path, DEBIAN)
    return (
        ("files of the jail", Exec(where, ("sha256sum", "--", *paths))),
        (f"{jail.name} as it runs", jail_state(jail, where)),
    )


_GUARDS = (ANSWERS, FIDELITY, PRIVATE, MATCHES, ELSEWHERE)
INSTALL_FLOOD = Operation(
    id="bans.install-flood-jail",
    title="Install the HTTP flood jail",
    summary="the proxy's jail for 4xx floods, after proof that it sees clients' own addresses and matches 4xx"
    " alone",
    subject="bans",
    parameters=(CONTAINER,),
    guards=_GUARDS,
    danger=Danger.REVERSIBLE,
    items=(72, 73, 74, 75),
    make=install_flood,
)
INSTALL_MAIL = Operation(
    id="bans.install-mail-jail",
    title="Install the mail jail",
    summary="the mail container's jail for failed logins, after proof that it sees clients and matches those"
    " alone",
    subject="bans",
    parameters=(CONTAINER,),
    guards=_GUARDS,
    danger=Danger.REVERSIBLE,
    items=(30,),
    make=install_mail,
)
