"""The scripts of the checks on bans (`gbtui.checks.bans_asks`) on the simulated host."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from gbtui.demo import (
    fail2ban,
    fail2ban_config,
    files,
    scripts_checks_dns,
    scripts_checks_log,
    scripts_checks_proxy,
)
from gbtui.demo.call import Answer, Call, failed, said
from gbtui.text import text

_HOST = r"(?P<host>(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]+)"
_MOST = 60


def _trial(call: Call) -> Answer:
    """fail2ban-regex on the end of the log, with the filter that the jail's files name."""
    jail, log, wanted, sample = call.arguments
    data = files.content(call.state, call.place, log)
    if data is None:
        return failed(1, f"tail: cannot open '{log}' for reading: No such file or directory")
    every = fail2ban_config.read(call.place)[0]
    found = every.get(jail) or next((one for one in every.values() if one.log == log), None)
    if found is None:
        return said("jail=\nfilter=\nfailures=0\nothers=0\nmatched=0\nright=0")
    lines = [line for line in text(data).split("\n") if line][-3000:]
    records = [one for one in lines[-300:] if re.match(r'\{.*"status":\d', one)]
    sample = sample or next((re.sub(r'"status":\d+', '"status":404', one) for one in records[-1:]), "")
    failing = [*([sample] if sample else []), *[one for one in lines if re.search(wanted, one)][-_MOST:]]
    others = [one for one in lines if not re.search(wanted, one)][-_MOST:]
    right, wrong = (_matched(found.regex, some) for some in (failing, others))
    counts = f"failures={len(failing)}\nothers={len(others)}\nmatched={right + wrong}\nright={right}"
    return said(f"jail={found.name}\nfilter={found.filter}\n{counts}", takes=0.3)


def _matched(regexes: Sequence[str], lines: Sequence[str]) -> int:
    every = [re.compile(one.replace("<HOST>", _HOST)) for one in regexes]
    return sum(any(one.search(undated(line)) for one in every) for line in lines)


def undated(line: str) -> str:
    """fail2ban takes the time out of a line before it looks for failures."""
    return re.sub(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z", "", line)


def _logs(call: Call) -> Answer:
    """Each jail that runs, and its logs."""
    answer = fail2ban.client(replace(call, argv=("fail2ban-client", "status")))
    if answer.status:
        return answer
    rows = (f"{jail.name}\t{_files(jail.source)}" for jail in call.place.jails.values())
    return said("\n".join(rows))


def _files(source: str) -> str:
    return source.removeprefix("File list:\t") if source.startswith("File list:") else ""


SCRIPTS: dict[str, Callable[[Call], Answer]] = {
    "gbtui-bans-trial": _trial,
    "gbtui-bans-logs": _logs,
    **scripts_checks_proxy.SCRIPTS,
    **scripts_checks_log.SCRIPTS,
    **scripts_checks_dns.SCRIPTS,
}
