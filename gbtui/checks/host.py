"""The host: its release, LXD's package, SSH, the operator, ufw and forwarding (items 1-4, 27, 28, 89)."""

from __future__ import annotations

from collections.abc import Iterator

from gbtui.checks.base import Check, Failing, Severity, by_hand, operation
from gbtui.checks.firewall import RULES
from gbtui.checks.host_asks import FACTS, OPERATOR_RIGHTS, SERVER
from gbtui.errors import Failed
from gbtui.facts.firewall_types import Chain, Firewall
from gbtui.facts.survey import HOST, Need, Place, Survey

UPGRADE = by_hand("upgrade the host, or choose a profile that names its release")
TO_SNAP = by_hand("move to the snap in a window (lxd.migrate), or waive it with the reason")
HELD = by_hand("snap refresh --hold lxd; then refresh it in a window you choose: containers may restart")
KEYS_ONLY = by_hand(
    "set PasswordAuthentication no and KbdInteractiveAuthentication no where the evidence shows them, then "
    "`sshd -t && systemctl reload ssh`, with a second session open"
)
ENABLE = by_hand(
    "ufw allow 22/tcp first, then the ports of the guide, then `ufw enable`, with a second session"
)


def _release(survey: Survey, place: Place) -> Iterator[Failing]:
    found, profile = survey.of(FACTS).release, survey.profile
    if (found.get("ID"), found.get("VERSION_ID")) != (profile.host_os, profile.host_release):
        name = found.get("PRETTY_NAME") or found.get("ID") or "an unknown system"
        seen = tuple(f"{key}={found[key]}" for key in ("ID", "VERSION_ID") if key in found)
        message = f"the host runs {name}, not {profile.host_os} {profile.host_release}"
        yield Failing("host", message, seen or ("/etc/os-release says neither",), UPGRADE)


def _snap(survey: Survey, place: Place) -> Iterator[Failing]:
    server, snap = survey.of(SERVER), survey.of(FACTS).snap
    answers = f"{server.name} {server.version} answers on the socket"
    if server.name != "lxd":
        yield Failing("lxd", f"not LXD but {server.name} answers", (answers,), TO_SNAP)
    elif snap is None:
        seen = (answers, "snap list lxd: no such snap")
        yield Failing("lxd", "LXD is not installed as a snap", seen, TO_SNAP)


def _held(survey: Survey, place: Place) -> Iterator[Failing]:
    snap = survey.of(FACTS).snap
    if snap is not None and not snap.held:
        seen = (f"snap list lxd: {snap.version} {snap.tracking}, not held",)
        yield Failing(
            "lxd", "snapd refreshes LXD at a time of its own, which may restart containers", seen, HELD
        )


def _keys_only(survey: Survey, place: Place) -> Iterator[Failing]:
    sshd = survey.of(FACTS).sshd
    if sshd.why:
        raise Failed("sshd's effective configuration", why=sshd.why)
    if sshd.passwords:
        message = "sshd lets people in without a key"
        yield Failing("sshd", message, (*sshd.passwords, *sshd.lines), KEYS_ONLY)
    elif not sshd.keys:
        yield Failing("sshd", "sshd accepts no keys", ("pubkeyauthentication no",), KEYS_ONLY)


def _operator(survey: Survey, place: Place) -> Iterator[Failing]:
    who, group = survey.of(OPERATOR_RIGHTS), survey.profile.lxd_group
    if who.root:
        return
    if who.sudo:
        remedy = by_hand(f"give {who.user} sudo without a password for what gbtui runs (docs/install)")
        yield Failing(f"{who.user} sudo", f"{who.user} is no sudoer without a password", (who.sudo,), remedy)
    if not who.member:
        again = "log in again: the group lists you already" if who.listed else f"adduser {who.user} {group}"
        message = f"{who.user} is not in the group {group}"
        yield Failing(f"{who.user} group", message, (f"listed there: {who.listed}",), by_hand(again))


def _ufw_active(survey: Survey, place: Place) -> Iterator[Failing]:
    enabled, rules = survey.of(FACTS).ufw, survey.of(RULES)
    hooked = [chain.chain for chain in rules.chains if chain.chain.startswith("ufw-")]
    if enabled is None and not hooked:
        yield Failing("ufw", "ufw is not installed", ("no /etc/ufw/ufw.conf",), ENABLE)
    elif not enabled:
        now = "its rules run until then" if hooked else "none of its rules run"
        yield Failing("ufw", "ufw is not enabled: after a boot nothing is filtered", (now,), ENABLE)
    elif not hooked:
        seen = ("ENABLED=yes in /etc/ufw/ufw.conf", "no ufw-… chain in the packet filter")
        yield Failing("ufw", "ufw is enabled, and none of its rules run", seen, by_hand("ufw reload"))


def _forward_policy(survey: Survey, place: Place) -> Iterator[Failing]:
    facts, rules = survey.of(FACTS), survey.of(RULES)
    if not facts.ufw:
        return  # the check of ufw itself says so
    seen = []
    if facts.forward_policy != "ACCEPT":
        seen.append(f'/etc/default/ufw: DEFAULT_FORWARD_POLICY="{facts.forward_policy}"')
    seen += [
        f"-P FORWARD {chain.policy} ({'IPv4' if chain.family == 'ip' else 'IPv6'})"
        for chain in _forward(rules)
        if chain.policy not in ("ACCEPT", "")
    ]
    if seen:
        message = "the host does not forward by default: containers may be without internet"
        yield Failing("ufw", message, tuple(seen), operation("firewall.host-forward-accept"))


def _forward(rules: Firewall) -> list[Chain]:
    return [
        one for one in rules.chains if (one.source, one.table, one.chain) == ("iptables", "filter", "FORWARD")
    ]


def _lxd_forward(survey: Survey, place: Place) -> Iterator[Failing]:
    facts, bridge = survey.of(FACTS), survey.profile.bridge
    if facts.no_systemd:
        raise Failed("units of the host", why=facts.no_systemd)
    own = {line.partition(":")[0].rpartition("/")[2] for line in facts.forward_lines}
    units = [unit for name in sorted(own) if (unit := facts.unit(name)) is not None]
    there = any(
        f"-i {bridge} " in f"{rule.spec} " and "-j ACCEPT" in rule.spec
        for chain in _forward(survey.of(RULES))
        for rule in chain.rules
    )
    seen = [*facts.forward_lines, *(f"{unit.name}: {unit.enabled}, {unit.active}" for unit in units)]
    seen += [] if there else [f"FORWARD has no rule -i {bridge} -j ACCEPT now"]
    if not units:
        message = f"no systemd unit brings the forward rule for {bridge} back after a boot"
    elif not any(unit.enabled == "enabled" for unit in units):
        message = f"{units[0].name} is not enabled: the forward rule for {bridge} is lost at a boot"
    elif not there:
        message = f"the forward rule for {bridge} is not there, although {units[0].name} is enabled"
    else:
        return
    yield Failing(bridge, message, tuple(seen), operation("firewall.persist-lxd-forward"))


def _answers(survey: Survey, place: Place) -> Iterator[Failing]:
    if survey.unseen is not None:
        remedy = by_hand("snap services lxd; journalctl -u snap.lxd.daemon; then restart that unit")
        yield Failing("lxd", "LXD does not say which instances there are", (str(survey.unseen),), remedy)
        return
    server = survey.of(SERVER)
    if not server.trusted:
        yield Failing("lxd", "LXD answers, and does not trust this operator", (f"{server.name}: untrusted",))


RELEASE = Check(
    id="host.release",
    items=(1,),
    sentence="the host runs the release that the guide is written for",
    severity=Severity.WARNING,
    scope=HOST,
    needs=(Need(FACTS),),
    judge=_release,
    remedy=UPGRADE.words,
)
SNAP = Check(
    id="host.lxd-snap",
    items=(2,),
    sentence="LXD is the snap",
    severity=Severity.WARNING,
    scope=HOST,
    needs=(Need(FACTS), Need(SERVER)),
    judge=_snap,
    remedy=TO_SNAP.words,
)
LXD_HELD = Check(
    id="host.lxd-held",
    items=(2,),
    sentence="LXD's snap is refreshed when an operator says so",
    severity=Severity.NOTICE,
    scope=HOST,
    needs=(Need(FACTS),),
    judge=_held,
    remedy=HELD.words,
)
SSH = Check(
    id="host.ssh-keys-only",
    items=(3,),
    sentence="SSH lets people in by key alone",
    severity=Severity.ERROR,
    scope=HOST,
    needs=(Need(FACTS),),
    judge=_keys_only,
    remedy="set PasswordAuthentication and KbdInteractiveAuthentication to no, and reload sshd",
    departs="what counts is sshd's effective configuration (`sshd -T`) and the Match blocks beside it, not "
    "one line of one file: a drop-in read earlier wins",
)
RIGHTS = Check(
    id="host.operator",
    items=(4,),
    sentence="the operator is a sudoer and in LXD's group",
    severity=Severity.ERROR,
    scope=HOST,
    needs=(Need(OPERATOR_RIGHTS),),
    judge=_operator,
    remedy="adduser NAME lxd, and a sudoers file for it",
)
UFW = Check(
    id="host.ufw-active",
    items=(27,),
    sentence="ufw is active on the host",
    severity=Severity.ERROR,
    scope=HOST,
    needs=(Need(FACTS), Need(RULES)),
    judge=_ufw_active,
    remedy="ufw allow 22/tcp first, then `ufw enable`",
)
POLICY = Check(
    id="host.forward-policy",
    items=(27,),
    sentence="ufw's default forward policy is ACCEPT, in its file and in effect",
    severity=Severity.ERROR,
    scope=HOST,
    needs=(Need(FACTS), Need(RULES)),
    judge=_forward_policy,
    remedy="firewall.host-forward-accept",
)
FORWARD = Check(
    id="host.lxd-forward",
    items=(28,),
    sentence="a systemd unit keeps the forward rule for LXD's bridge over a boot, and the rule is there",
    severity=Severity.ERROR,
    scope=HOST,
    needs=(Need(FACTS), Need(RULES)),
    judge=_lxd_forward,
    remedy="firewall.persist-lxd-forward",
)
ANSWERS = Check(
    id="host.lxd-answers",
    items=(89,),
    sentence="LXD answers, and trusts the operator",
    severity=Severity.ERROR,
    scope=HOST,
    needs=(Need(SERVER),),
    judge=_answers,
    remedy="look at LXD's daemon in the journal, restart its unit; add the operator to its group",
)
CHECKS = (RELEASE, SNAP, LXD_HELD, SSH, RIGHTS, UFW, POLICY, FORWARD, ANSWERS)
